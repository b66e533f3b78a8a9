import pytest
import torch

from podium_models.features import Feature
from podium_models.layers import Fields
from podium_models.regularisation import MiniBatchAware

_FEATURES = [
    Feature("item", "candidate", 5),
    Feature("history", "context", 5, "sequence", 3, table="item"),
    Feature("price", "candidate", kind="dense"),
]
_TRAIN = {
    "item": torch.tensor([1, 1, 2, 3]),
    "history": torch.tensor([[2, 2, 0], [1, 0, 0], [0, 0, 0], [4, 2, 0]]),
    "price": torch.zeros(4),
}


def test_only_the_ids_of_the_batch_are_punished_by_how_often_training_has_them():
    torch.manual_seed(0)
    fields = Fields(_FEATURES, 4, std=1.0)
    aware = MiniBatchAware(_FEATURES, _TRAIN)
    batch = {name: value[:1] for name, value in _TRAIN.items()}
    penalty = aware.penalty(fields, batch)
    rows = fields.tables["item"].weight
    # Id 1 occurs in 2 of the 4 rows and id 2 in 3; twice in one row counts once.
    expected = 0.5 * (rows[1].pow(2).sum() / 2 + rows[2].pow(2).sum() / 3)
    assert penalty.item() == pytest.approx(expected.item())
    penalty.backward()
    assert rows.grad[[0, 3, 4]].abs().sum() == 0
    assert rows.grad[1].tolist() == pytest.approx((rows[1] / 2).tolist())
