import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from podium_models import importer
from podium_models.__main__ import main

_ROWS = "rows"


def _table(name, rows, width=2):
    return numpy_helper.from_array(np.arange(rows * width, dtype=np.float32).reshape(rows, width), name)


def _save(path, inputs, nodes, tables, output_shape=(_ROWS, 2), opset=18, domain=""):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, output_shape)],
        tables,
    )
    imports = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), str(path))
    return path


def _two_fields(path, item_shape=(_ROWS,), item_kind=TensorProto.INT64):
    """user and item, each looked up, added."""
    nodes = [
        helper.make_node("Gather", ["user_table", "user"], ["u"]),
        helper.make_node("Gather", ["item_table", "item"], ["i"]),
        helper.make_node("Add", ["u", "i"], ["score"]),
    ]
    inputs = [("user", TensorProto.INT64, (_ROWS,)), ("item", item_kind, item_shape)]
    return _save(path, inputs, nodes, [_table("user_table", 7), _table("item_table", 9)])


def _matrix(path):
    """One float matrix: column 0 looked up as `shop`, 1 to 3 as a history of it, 3 a number."""
    numbers = {"z": [0], "one": [1], "three": [3], "four": [4]}
    constants = [numpy_helper.from_array(np.array(v, np.int64), k) for k, v in numbers.items()]
    nodes = [
        helper.make_node("Slice", ["X", "z", "one", "one"], ["a"]),
        helper.make_node("Slice", ["X", "one", "three", "one"], ["b"]),
        helper.make_node("Slice", ["X", "three", "four", "one"], ["c"]),
        helper.make_node("Cast", ["a"], ["a_ids"], to=TensorProto.INT64),
        helper.make_node("Cast", ["b"], ["b_ids"], to=TensorProto.INT64),
        helper.make_node("Gather", ["tables.shop.weight", "a_ids"], ["a_vectors"]),
        helper.make_node("Gather", ["tables.shop.weight", "b_ids"], ["b_vectors"]),
        helper.make_node("Concat", ["a_vectors", "b_vectors"], ["vectors"], axis=1),
        helper.make_node("ReduceSum", ["vectors", "one"], ["pooled"], keepdims=0),
        helper.make_node("Mul", ["pooled", "c"], ["score"]),
    ]
    return _save(path, [("X", TensorProto.FLOAT, (_ROWS, 4))], nodes, [_table("tables.shop.weight", 11), *constants])


def test_the_tables_give_the_sizes_and_the_caller_the_roles(tmp_path):
    importer.write(_two_fields(tmp_path / "m.onnx"), tmp_path / "m", ["user"])
    rules = yaml.safe_load((tmp_path / "m/model.yaml").read_text())
    assert rules["features"] == [
        {"name": "user", "role": "context", "kind": "categorical", "vocabulary": {"size": 7}},
        {"name": "item", "role": "candidate", "kind": "categorical", "vocabulary": {"size": 9}},
    ]
    assert rules["outputs"] == [{"name": "score"}]
    assert (tmp_path / "m/1/model.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()


def test_the_columns_of_a_matrix_become_features(tmp_path):
    importer.write(_matrix(tmp_path / "m.onnx"), tmp_path / "m", [], names={"shop_1": "history", "X_3": "price"})
    features = yaml.safe_load((tmp_path / "m/model.yaml").read_text())["features"]
    assert [(f["name"], f["input"], f["columns"], f["kind"]) for f in features] == [
        ("shop", "X", [0, 1], "categorical"),
        ("history", "X", [1, 3], "sequence"),
        ("price", "X", [3, 4], "dense"),
    ]
    assert [f.get("vocabulary") for f in features] == [{"size": 11}, {"size": 11}, None]
    assert features[1]["length"] == 2


def test_fields_that_share_one_table_have_the_size_of_their_part(tmp_path):
    nodes = [
        helper.make_node("Unsqueeze", ["user", "one"], ["u"]),
        helper.make_node("Unsqueeze", ["item", "one"], ["i"]),
        helper.make_node("Concat", ["u", "i"], ["ids"], axis=1),
        helper.make_node("Add", ["ids", "offsets"], ["shifted"]),
        helper.make_node("Gather", ["table", "shifted"], ["vectors"]),
        helper.make_node("ReduceSum", ["vectors", "one"], ["score"], keepdims=0),
    ]
    constants = [numpy_helper.from_array(np.array([1], np.int64), "one")]
    constants.append(numpy_helper.from_array(np.array([[0, 5]], np.int64), "offsets"))
    inputs = [(name, TensorProto.INT64, (_ROWS,)) for name in ("user", "item")]
    path = _save(tmp_path / "m.onnx", inputs, nodes, [_table("table", 12), *constants])
    # The first field's part ends where the second's begins; its ids must not reach the other's rows.
    assert [(f.name, f.size) for f in importer.read(path)[1]] == [("user", 5), ("item", 7)]


def _pooled(path, last):
    """The vector of one field, summed, and a last node over it."""
    nodes = [
        helper.make_node("Gather", ["table", "user"], ["u"]),
        helper.make_node("ReduceSum", ["u", "one"], ["pooled"], keepdims=0),
        last,
    ]
    constants = [numpy_helper.from_array(np.array([n], np.int64), k) for k, n in (("one", 1), ("ten", 10))]
    return _save(path, [("user", TensorProto.INT64, (_ROWS,))], nodes, [_table("table", 7), *constants], None)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda p: _pooled(p, helper.make_node("Squeeze", ["pooled"], ["score"])), "shape [] for 1 row"),
        (lambda p: _pooled(p, helper.make_node("ReduceSum", ["pooled"], ["score"])), "shape [1] for 3 rows"),
        (lambda p: _pooled(p, helper.make_node("Reshape", ["pooled", "ten"], ["score"])), "the graph fails on 1 row: "),
        (lambda p: _pooled(p, helper.make_node("Smooth", ["pooled"], ["score"])), "is refused by ONNX Runtime: "),
        (lambda p: _two_fields(p, (3,)), "input 'item': 3 rows, fixed (expected: any number"),
        (lambda p: _two_fields(p, (_ROWS, 2, 2)), "input 'item': shape [?, 2, 2] (expected: [rows] or [rows, columns])"),
        (lambda p: _two_fields(p, (_ROWS,), TensorProto.BOOL), "input 'item': bool (expected: int64"),
        (lambda p: _two_fields(p, (_ROWS, "length")), "feature 'item': the graph leaves its length open"),
        (lambda p: p.write_bytes(b"no model") and p, "m.onnx: "),
        (
            lambda p: _save(
                p,
                [("user", TensorProto.INT64, (_ROWS,))],
                [helper.make_node("Magic", ["user"], ["score"], domain="com.example")],
                [],
                domain="com.example",
            ),
            "the graph is refused by ONNX Runtime: ",
        ),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line_and_nothing_is_written(tmp_path, capsys, make, line):
    path = make(tmp_path / "m.onnx")
    assert main(["import", str(path), "--context", ""]) == 1
    said = capsys.readouterr().err
    assert said.startswith("podium_models import: ") and line in said
    assert said.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


@pytest.mark.parametrize("option", [["--context", "usr"], ["--context", "", "--length", "usr=3"]])
def test_a_feature_that_is_not_there_is_named(tmp_path, capsys, option):
    path = _two_fields(tmp_path / "m.onnx")
    assert main(["import", str(path), *option]) == 1
    assert "usr: no such feature (expected: item, user)" in capsys.readouterr().err


def test_without_a_terminal_the_roles_must_be_given(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["import", str(_two_fields(tmp_path / "m.onnx"))]) == 1
    assert "--context is missing (expected: those of user, item" in capsys.readouterr().err


def test_weights_outside_the_file_come_along_and_are_missed(tmp_path):
    path = _two_fields(tmp_path / "m.onnx")
    proto = onnx.load(str(path))
    onnx.save_model(proto, str(path), save_as_external_data=True, location="w.data", size_threshold=0)
    importer.write(path, tmp_path / "m", ["user"])
    assert sorted(p.name for p in (tmp_path / "m/1").iterdir()) == ["model.onnx", "w.data"]
    (tmp_path / "w.data").unlink()
    with pytest.raises(ValueError, match=r"m\.onnx: no file 'w\.data' beside it"):
        importer.write(path, tmp_path / "n", ["user"])
