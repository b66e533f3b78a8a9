import json

import numpy as np
import onnxruntime
import pytest
import torch
import yaml

from podium_models import bench, folder
from podium_models.features import Feature

_FEATURES = [
    Feature("user", "context", 10, default=0),
    Feature("genres", "candidate", 3, "sequence", 4, vocabulary=("Drama", "War"), first_id=1, out_of_vocabulary=0),
    Feature("year", "candidate", kind="dense", default=1995.0),
]


class _Sum(torch.nn.Module):
    def forward(self, inputs):
        genres = inputs["genres"].sum(dim=1).to(torch.float32)
        return inputs["user"].to(torch.float32) + genres + inputs["year"] / 1000


def _write(target, model=None, golden=None):
    values = {"user": 3, "genres": [["War"], ["Drama", "War", "Opera"]], "year": [1990.0, 2000.0]}
    folder.write(target, model or _Sum(), _FEATURES, {"ctr": "sum"}, "a sum", [(values, 2)] if golden is None else golden)


def test_a_folder_holds_graph_rules_vocabulary_and_golden_requests(tmp_path):
    _write(tmp_path / "sum")
    rules = yaml.safe_load((tmp_path / "sum/model.yaml").read_text())
    assert [feature["name"] for feature in rules["features"]] == ["user", "genres", "year"]
    assert rules["features"][1]["vocabulary"] == {"file": "vocabulary/genres.txt", "first_id": 1}
    assert rules["outputs"] == [{"name": "ctr", "output": "sum"}]
    assert (tmp_path / "sum/vocabulary/genres.txt").read_text() == "Drama\nWar\n"
    golden = json.loads((tmp_path / "sum/1/golden.jsonl").read_text())
    assert golden["request"] == {
        "context": [{"name": "user", "int64Values": {"values": ["3"]}}],
        "candidates": {
            "count": 2,
            "columns": [
                {"name": "genres", "raggedStringValues": {"values": ["War", "Drama", "War", "Opera"], "rowLengths": [1, 3]}},
                {"name": "year", "floatValues": {"values": [1990.0, 2000.0]}},
            ],
        },
    }
    assert golden["scores"]["ctr"] == pytest.approx([3 + 2 + 1.99, 3 + 3 + 2.0])


def test_the_graph_takes_any_number_of_rows_and_any_history_length(tmp_path):
    _write(tmp_path / "sum")
    session = onnxruntime.InferenceSession(tmp_path / "sum/1/model.onnx")
    for rows, length in ((0, 4), (1, 1), (9, 7)):
        fed = {
            "user": np.ones(rows, np.int64),
            "genres": np.ones((rows, length), np.int64),
            "year": np.zeros(rows, np.float32),
        }
        assert session.run(None, fed)[0].tolist() == [1.0 + length] * rows


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        _write(tmp_path / name)
    for file in ("model.yaml", "1/model.onnx", "1/golden.jsonl"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_failed_export_leaves_the_old_folder_and_nothing_else(tmp_path):
    _write(tmp_path / "sum")
    before = (tmp_path / "sum/1/golden.jsonl").read_text()
    with pytest.raises(ValueError, match="feature 'user'"):
        _write(tmp_path / "sum", golden=[({"user": 99, "genres": [[]], "year": [1.0]}, 1)])
    assert [path.name for path in tmp_path.iterdir()] == ["sum"]
    assert (tmp_path / "sum/1/golden.jsonl").read_text() == before


def test_the_bench_models_have_the_sizes_that_are_quoted():
    deepfm, din = bench.deepfm(), bench.din()
    assert len(deepfm.features) == 30 and sum(f.role == "context" for f in deepfm.features) == 15
    assert [m.out_features for m in deepfm.deep if isinstance(m, torch.nn.Linear)] == [256, 128, 64, 1]
    assert len(din.profile) == 8 and [f.length for f in din.histories] == [50, 50]
    assert [(m.in_features, m.out_features) for m in din.mlp if isinstance(m, torch.nn.Linear)] == [
        (384, 256),
        (256, 128),
        (128, 1),
    ]
    assert din.attention[0].weigh[0].weight.shape == (36, 128)
