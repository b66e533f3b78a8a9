import pytest
import torch

from podium_models import train
from podium_models.features import Feature
from podium_models.layers import Fields
from podium_models.regularisation import MiniBatchAware
from podium_models.zoo.linear import Fm

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


def test_without_padding_id_0_counts_as_any_other_and_an_id_that_training_lacks_as_seen_once():
    feature = Feature("user", "context", 4)
    fields = Fields([feature], 3, std=1.0)
    aware = MiniBatchAware([feature], {"user": torch.tensor([0, 0, 0, 1])})
    rows = fields.tables["user"].weight
    penalty = aware.penalty(fields, {"user": torch.tensor([0, 0, 3])})
    assert penalty.item() == pytest.approx((0.5 * (rows[0].pow(2).sum() / 3 + rows[3].pow(2).sum())).item())


def test_over_an_epoch_the_penalties_are_the_papers_sum():
    """`1/2 sum_m sum_j alpha_mj / n_j |w_j|^2` over mini-batches m, alpha_mj = 1 where j occurs in m (section 5.1)."""
    torch.manual_seed(0)
    feature = Feature("item", "candidate", 20)
    fields = Fields([feature], 3, std=1.0)
    items = torch.randint(0, 20, (64,))
    aware = MiniBatchAware([feature], {"item": items})
    batches = items.split(8)
    expected = sum(
        0.5 * fields.tables["item"].weight[j].pow(2).sum() / (items == j).sum()
        for batch in batches
        for j in range(20)
        if j in batch
    )
    total = sum(aware.penalty(fields, {"item": batch}) for batch in batches)
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_penalty_takes_the_place_of_the_tables_weight_decay():
    model = Fm([Feature("item", "candidate", 5), Feature("price", "candidate", kind="dense")], 3)
    plain = train.groups(model, train.Settings(weight_decay=0.1))
    aware = train.groups(model, train.Settings(weight_decay=0.1, mini_batch_aware=1.0))
    assert [(len(group["params"]), group["weight_decay"]) for group in plain] == [(5, 0.1)]
    others, tables = aware
    assert (others["weight_decay"], tables["weight_decay"]) == (0.1, 0.0)
    assert [p is model.fields.tables["item"].weight for p in tables["params"]] == [True]
    assert len(others["params"]) == 4
