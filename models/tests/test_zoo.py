import pytest
import torch

from podium_models.features import Feature
from podium_models.layers import BatchDice, RowDice, second_order
from podium_models.zoo.dcn_v2 import DcnV2
from podium_models.zoo.deepfm import DeepFm
from podium_models.zoo.din import ActivationUnit
from podium_models.zoo.esmm import Esmm
from podium_models.zoo.fnn import Fnn
from podium_models.zoo.linear import Fm
from podium_models.zoo.pnn import Pnn
from podium_models.zoo.wide_deep import WideDeep


def test_second_order_is_the_sum_over_pairs():
    vectors = torch.randn(4, 5, 3)
    pairs = sum((vectors[:, i] * vectors[:, j]).sum(dim=1) for i in range(5) for j in range(i + 1, 5))
    assert torch.allclose(second_order(vectors).squeeze(1), pairs, atol=1e-5)


def test_row_dice_takes_its_statistics_from_the_row():
    x = torch.randn(3, 8)
    dice = RowDice().eval()
    p = torch.sigmoid((x - x.mean(1, keepdim=True)) / torch.sqrt(((x - x.mean(1, keepdim=True)) ** 2 + 1e-3).sum(1, keepdim=True)))
    assert torch.allclose(dice(x), p * x + (1 - p) * 0.25 * x, atol=1e-6)


def test_row_dice_is_trained_by_the_derivative_of_what_is_exported():
    torch.manual_seed(0)
    dice = RowDice(alpha=0.3).double()
    x, g = torch.randn(5, 8, dtype=torch.float64, requires_grad=True), torch.randn(5, 8, dtype=torch.float64)
    results = []
    for mode in (True, False):
        y = dice.train(mode)(x)
        results.append((y, *torch.autograd.grad((y * g).sum(), (x, dice.alpha))))
    for trained, exported in zip(*results, strict=True):
        assert torch.allclose(trained, exported, atol=1e-12)


def test_batch_dice_takes_running_statistics_outside_training():
    dice = BatchDice(8)
    for _ in range(200):
        dice(torch.randn(64, 8) * 3 + 2)
    dice.eval()
    x = torch.randn(1, 8)
    p = torch.sigmoid((x - dice.normalise.running_mean) / torch.sqrt(dice.normalise.running_var + 1e-8))
    assert torch.allclose(dice(x), p * x + (1 - p) * 0.25 * x, atol=1e-6)
    assert dice.normalise.running_mean.mean() == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("activate", ["row_dice", "dice", "prelu", "relu"])
def test_a_padded_history_pools_as_the_short_one(softmax, activate):
    torch.manual_seed(0)
    unit = ActivationUnit(4, (6,), activate, softmax)
    unit(torch.randn(16, 7, 4), torch.randn(16, 4), torch.ones(16, 7))
    unit.eval()
    history, target = torch.randn(2, 3, 4), torch.randn(2, 4)
    padded = torch.cat([history, torch.randn(2, 47, 4)], dim=1)
    mask = torch.cat([torch.ones(2, 3), torch.zeros(2, 47)], dim=1)
    expected = unit(history, target, torch.ones(2, 3))
    assert torch.allclose(unit(padded, target, mask), expected, atol=1e-6)


@pytest.mark.parametrize("softmax", [False, True])
def test_training_and_evaluation_weigh_the_same_positions(softmax):
    torch.manual_seed(0)
    unit = ActivationUnit(4, (6,), "row_dice", softmax)
    for module in unit.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.eval()
    history, target = torch.randn(3, 5, 4), torch.randn(3, 4)
    mask = torch.tensor([[1.0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]])
    training = unit(history, target, mask)
    unit.eval()
    assert torch.allclose(training, unit(history, target, mask), atol=1e-6)
    assert torch.equal(training[2], torch.zeros(4))


_PLAIN = [Feature("user", "context", 6), Feature("film", "candidate", 9), Feature("year", "candidate", kind="dense")]
_INPUTS = {"user": torch.tensor([1, 5]), "film": torch.tensor([8, 2]), "year": torch.tensor([0.5, 2.0])}


def _spread_out(model):
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    return model.eval()


def test_lr_and_fm_are_their_formulas():
    fm = _spread_out(Fm(_PLAIN, 4))
    weights, vectors = fm.linear.weights.tables, fm.fields.tables
    for row in range(2):
        x = [1.0, 1.0, float(_INPUTS["year"][row])]
        ids = [(name, int(_INPUTS[name][row])) for name in ("user", "film")]
        w = [weights[name].weight[i, 0] for name, i in ids] + [fm.linear.weights.dense["year"][0, 0]]
        v = [vectors[name].weight[i] for name, i in ids] + [fm.fields.dense["year"][0]]
        first = fm.linear.bias[0] + sum(w[i] * x[i] for i in range(3))
        second = sum(v[i] @ v[j] * x[i] * x[j] for i in range(3) for j in range(i + 1, 3))
        assert fm.linear(_INPUTS)[row].item() == pytest.approx(first.item(), abs=1e-5)
        assert fm(_INPUTS)[row].item() == pytest.approx((first + second).item(), abs=1e-5)


def test_fnn_starts_from_a_factorization_machine():
    fm, fnn = _spread_out(Fm(_PLAIN, 4)), Fnn(_PLAIN, 4, (3,))
    fnn.start_from(fm)
    assert torch.equal(fnn.fields(_PLAIN, _INPUTS), fm.fields(_PLAIN, _INPUTS))
    assert torch.equal(fnn.weights(_PLAIN, _INPUTS), fm.linear.weights(_PLAIN, _INPUTS))


@pytest.mark.parametrize("product", ["inner", "outer"])
def test_pnn_takes_the_vectors_and_their_products(product):
    pnn = _spread_out(Pnn(_PLAIN, product, 4, (3,)))
    taken = []
    pnn.deep.register_forward_pre_hook(lambda _, inputs: taken.append(inputs[0]))
    pnn(_INPUTS)
    e = pnn.fields(_PLAIN, _INPUTS)
    if product == "inner":
        products = torch.stack([(e[:, i] * e[:, j]).sum(1) for i in range(3) for j in range(i + 1, 3)], dim=1)
    else:
        products = sum(torch.einsum("ra,rb->rab", e[:, i], e[:, j]) for i in range(3) for j in range(3)).flatten(1)
    assert torch.allclose(taken[0], torch.cat([e.flatten(1), products], dim=1), atol=1e-5)


def test_the_parts_of_deepfm_take_different_fields():
    model = _spread_out(DeepFm(_PLAIN[:2], _PLAIN[1:], 4, (3,)))
    assert [feature.name for feature in model.features] == ["user", "film", "year"]
    crossed, deep = model.fields(_PLAIN[:2], _INPUTS), model.fields(_PLAIN[1:], _INPUTS)
    expected = model.linear(crossed.flatten(1)) + second_order(crossed) + model.deep(deep.flatten(1))
    assert torch.allclose(model(_INPUTS), expected.squeeze(1))


def test_dcn_crosses_with_the_first_vector():
    model = _spread_out(DcnV2(_PLAIN, 4, 2, (3,)))
    first = model.fields(_PLAIN, _INPUTS).flatten(1)
    crossed = first
    for layer in model.crosses:
        crossed = first * (crossed @ layer.weight.T + layer.bias) + crossed
    expected = model.last(torch.cat([crossed, model.deep(first)], dim=1)).squeeze(1)
    assert torch.allclose(model(_INPUTS), expected, atol=1e-5)


def test_wide_and_deep_is_the_sum_of_both():
    model = _spread_out(WideDeep(_PLAIN[:2], _PLAIN, 4, (3,)))
    deep = model.deep(model.fields(_PLAIN, _INPUTS).flatten(1)).squeeze(1)
    assert torch.allclose(model(_INPUTS), model.wide(_INPUTS) + deep, atol=1e-6)


def test_a_like_in_esmm_is_a_click_and_a_like_of_what_was_clicked():
    model = _spread_out(Esmm(_PLAIN, 4, (3,)))
    click, like = model.probabilities(_INPUTS)
    logits = model(_INPUTS)
    assert torch.allclose(click, torch.sigmoid(logits[0]))
    assert torch.allclose(like, torch.sigmoid(logits[0]) * torch.sigmoid(logits[1]))


def test_the_activation_unit_weighs_each_position_by_the_target():
    unit = _spread_out(ActivationUnit(2, (3,), "relu"))
    history, target = torch.randn(1, 2, 2), torch.randn(1, 2)
    expected = sum(
        unit.weigh(torch.cat([t, h, t - h, t * h]).unsqueeze(0)).item() * h
        for t, h in zip(target.expand(2, 2), history[0], strict=True)
    )
    assert torch.allclose(unit(history, target, torch.ones(1, 2))[0], expected, atol=1e-6)
