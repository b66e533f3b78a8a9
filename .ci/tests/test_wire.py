"""How the independent reference turns wire values into what a graph sees."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from wire import Rule, rows_of


def rule(tmp_path, **config):
    (tmp_path / "words.txt").write_text("red\ngreen\n")
    return Rule(config, Path(tmp_path))


@pytest.mark.parametrize(
    ("config", "value", "id"),
    [
        ({}, 7, 7),
        ({"vocabulary": {"file": "words.txt", "first_id": 2}, "out_of_vocabulary": 0}, "green", 3),
        ({"vocabulary": {"file": "words.txt", "first_id": 2}, "out_of_vocabulary": 0}, "blue", 0),
        ({"vocabulary": {"size": 10}, "out_of_vocabulary": 9}, 10, 9),
        ({"vocabulary": {"size": 10}, "out_of_vocabulary": 9}, -1, 9),
        ({"vocabulary": {"size": 10}, "out_of_vocabulary": 9}, 3, 3),
        # XXH64 of the empty text with seed 0, as its authors publish it.
        ({"hash": {"function": "xxhash64", "buckets": 1000, "first_id": 1}}, "", 1 + 0xEF46DB3751D8E999 % 1000),
    ],
)
def test_a_value_becomes_an_id(tmp_path, config, value, id):
    assert rule(tmp_path, **config).number(value) == id


@pytest.mark.parametrize(
    ("config", "values", "row"),
    [
        ({}, [1, 2], [1, 2, 0, 0]),
        ({"padding": {"value": 9, "side": "left"}}, [1, 2], [9, 9, 1, 2]),
        ({}, [1, 2, 3, 4, 5], [2, 3, 4, 5]),
        ({"truncation": "right"}, [1, 2, 3, 4, 5], [1, 2, 3, 4]),
        ({}, [], [0, 0, 0, 0]),
    ],
)
def test_a_sequence_is_padded_and_cut(tmp_path, config, values, row):
    assert rule(tmp_path, kind="sequence", length=4, **config).row(values) == row


def test_one_value_is_a_row_of_one(tmp_path):
    assert rule(tmp_path).row(5) == [5]


def column(kind, **fields):
    return SimpleNamespace(WhichOneof=lambda _: kind, **{kind: SimpleNamespace(**fields)})


def test_a_ragged_column_is_cut_into_its_rows():
    assert rows_of(column("ragged_int64_values", values=[1, 2, 3], row_lengths=[2, 0, 1])) == [[1, 2], [], [3]]
    assert rows_of(column("int64_values", values=[1, 2])) == [1, 2]
