import numpy as np
import pytest

from podium_models.features import Feature


def test_ids_pass_as_they_come_within_the_vocabulary():
    feature = Feature("user_id", "context", 3)
    assert feature.assemble([0, 2]).tolist() == [0, 2]


def test_an_id_outside_the_vocabulary_is_refused_without_a_rule():
    with pytest.raises(ValueError, match="feature 'user_id': value 3"):
        Feature("user_id", "context", 3).assemble([3])


def test_an_id_outside_the_vocabulary_becomes_the_out_of_vocabulary_id():
    assert Feature("user_id", "context", 3, out_of_vocabulary=1).assemble([3, -1, 2]).tolist() == [1, 1, 2]


def test_text_is_looked_up_from_the_first_id():
    feature = Feature("genre", "candidate", 3, vocabulary=("Drama", "War"), first_id=1, out_of_vocabulary=0)
    assert feature.assemble(["War", "Drama", "Opera"]).tolist() == [2, 1, 0]


def test_text_is_hashed_with_xxhash64():
    # XXH64 of no bytes with seed 0, from the specification: 0xEF46DB3751D8E999.
    feature = Feature("region", "context", 101, hash_seed=0, first_id=1)
    assert feature.assemble([""]).tolist() == [1 + 0xEF46DB3751D8E999 % 100]


@pytest.mark.parametrize(
    ("padding_side", "truncation", "short", "long"),
    [
        ("right", "right", [1, 2, 0], [1, 2, 3]),
        ("right", "left", [1, 2, 0], [2, 3, 4]),
        ("left", "right", [0, 1, 2], [1, 2, 3]),
        ("left", "left", [0, 1, 2], [2, 3, 4]),
    ],
)
def test_sequences_are_padded_and_cut_on_their_sides(padding_side, truncation, short, long):
    feature = Feature("h", "context", 9, "sequence", 3, padding_side=padding_side, truncation=truncation)
    assert feature.assemble([[1, 2], [1, 2, 3, 4], []]).tolist() == [short, long, [0, 0, 0]]


def test_the_end_is_cut_off_by_default():
    # As docs/model-folder.md, the server and the load test have it.
    assert Feature("h", "context", 9, "sequence", 3).assemble([[1, 2, 3, 4]]).tolist() == [[1, 2, 3]]


def test_dense_values_stay_numbers():
    assert Feature("year", "candidate", kind="dense").assemble([1995]).dtype == np.float32
