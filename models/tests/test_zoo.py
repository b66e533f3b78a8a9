import pytest
import torch

from podium_models.features import Feature
from podium_models.layers import BatchDice, RowDice, second_order
from podium_models.zoo.din import ActivationUnit


def test_second_order_is_the_sum_over_pairs():
    vectors = torch.randn(4, 5, 3)
    pairs = sum((vectors[:, i] * vectors[:, j]).sum(dim=1) for i in range(5) for j in range(i + 1, 5))
    assert torch.allclose(second_order(vectors).squeeze(1), pairs, atol=1e-5)


def test_row_dice_takes_its_statistics_from_the_row():
    x = torch.randn(3, 8)
    dice = RowDice()
    p = torch.sigmoid((x - x.mean(1, keepdim=True)) / torch.sqrt(((x - x.mean(1, keepdim=True)) ** 2 + 1e-3).sum(1, keepdim=True)))
    assert torch.allclose(dice(x), p * x + (1 - p) * 0.25 * x, atol=1e-6)


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
