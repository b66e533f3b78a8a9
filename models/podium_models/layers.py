"""The parts that the models are put together from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature


class _TrainedRowDice(torch.autograd.Function):
    """RowDice and its derivative with few temporaries: most of DIN's training is spent here.

    With c = x - m and r = 1 / sqrt(s): f = x w, w = alpha + (1 - alpha) sigmoid(r c).
    """

    @staticmethod
    def forward(ctx, x: Tensor, alpha: Tensor, epsilon: float) -> Tensor:
        c = x - x.mean(dim=1, keepdim=True)
        r = (torch.linalg.vecdot(c, c).unsqueeze(1) + epsilon * x.size(1)).rsqrt_()
        p = (c * r).sigmoid_()
        ctx.save_for_backward(x, alpha, c, r, p)
        return (p * (1 - alpha)).add_(alpha).mul_(x)

    @staticmethod
    def backward(ctx, g: Tensor) -> tuple[Tensor, Tensor, None]:
        x, alpha, c, r, p = ctx.saved_tensors
        gx = g * x
        of_alpha = gx.sum() - torch.linalg.vecdot(gx.flatten(), p.flatten())
        of_z = gx.mul_(torch.addcmul(p, p, p, value=-1)).mul_(1 - alpha)
        of_x = (p * (1 - alpha)).add_(alpha).mul_(g)
        of_x.addcmul_(of_z, r).sub_(r * of_z.mean(dim=1, keepdim=True))
        of_x.addcmul_(c, r.pow(3) * torch.linalg.vecdot(of_z, c).unsqueeze(1), value=-1)
        return of_x, of_alpha.reshape(1), None


class RowDice(nn.Module):
    """Dice with statistics over the units of one row, as torch-rechub computes it.

    `m = mean_u(x)`, `s = sum_u((x_u - m)^2 + epsilon)`, `p = sigmoid((x - m) / sqrt(s))`,
    `f = p x + (1 - p) alpha x` with one alpha. Input and output `[rows, units]`.
    """

    def __init__(self, epsilon: float = 1e-3, alpha: float = 0.25):
        super().__init__()
        self.epsilon = epsilon
        self.alpha = nn.Parameter(torch.tensor([alpha]))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return _TrainedRowDice.apply(x, self.alpha, self.epsilon)
        centred = x - x.mean(dim=1).unsqueeze(1)
        spread = (torch.pow(centred, 2) + self.epsilon).sum(dim=1).unsqueeze(1)
        p = torch.sigmoid(centred / torch.sqrt(spread))
        return p * x + (1 - p) * self.alpha * x


class BatchDice(nn.Module):
    """Dice of the DIN paper (Zhou et al., KDD 2018): statistics of each unit over the mini-batch.

    `p = sigmoid((x - E[x]) / sqrt(Var[x] + epsilon))`, `f = p x + (1 - p) alpha x`, one alpha a unit. Running
    statistics take the batch's place outside training. Input and output `[rows, units]`.
    """

    def __init__(self, units: int, epsilon: float = 1e-8):
        super().__init__()
        self.normalise = nn.BatchNorm1d(units, eps=epsilon, affine=False)
        self.alpha = nn.Parameter(torch.full((units,), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        p = torch.sigmoid(self.normalise(x))
        return p * x + (1 - p) * self.alpha * x


def activation(name: str, units: int) -> nn.Module:
    """The activation called `relu`, `prelu`, `dice` (the paper's) or `row_dice` (torch-rechub's)."""
    if name == "relu":
        return nn.ReLU()
    if name == "prelu":
        return nn.PReLU(units)
    if name == "dice":
        return BatchDice(units)
    if name == "row_dice":
        return RowDice()
    raise ValueError(f"activation '{name}' (expected: relu, prelu, dice or row_dice)")


class Mlp(nn.Sequential):
    """Blocks of Linear, BatchNorm, activation and Dropout, then Linear to one unit if `output` is set."""

    def __init__(
        self, width: int, hidden: Sequence[int], activate: str = "relu", dropout: float = 0.0, output: bool = True
    ):
        blocks: list[nn.Module] = []
        for units in hidden:
            blocks += [nn.Linear(width, units), nn.BatchNorm1d(units), activation(activate, units), nn.Dropout(dropout)]
            width = units
        if output:
            blocks.append(nn.Linear(width, 1))
        super().__init__(*blocks)


def mask_of(ids: Tensor) -> Tensor:
    """1 where a sequence has a value and 0 where it is padded; id 0 is the padding."""
    return (ids != 0).to(torch.float32)


class Fields(nn.Module):
    """Turns each feature of a model into one vector of the same width.

    A categorical feature looks its id up; a sequence is the mean of its values' vectors; a dense feature is one vector
    times its value. Features that name another's table share it. The row of id 0 is zero, and stays so, in the tables
    of sequences, where id 0 is the padding.
    """

    def __init__(self, features: Iterable[Feature], width: int, std: float = 0.01):
        super().__init__()
        features = list(features)
        self.width = width
        padded = {feature.table_name for feature in features if feature.kind == "sequence"}
        self.tables = nn.ModuleDict()
        self.dense = nn.ParameterDict()
        for feature in features:
            name = feature.table_name
            if feature.kind == "dense":
                self.dense[name] = nn.Parameter(torch.randn(1, width) * std)
            elif name not in self.tables:
                table = nn.Embedding(feature.size, width, padding_idx=0 if name in padded else None)
                with torch.no_grad():
                    table.weight.normal_(std=std)
                    if name in padded:
                        table.weight[0].zero_()
                self.tables[name] = table

    def look_up(self, feature: Feature, ids: Tensor) -> Tensor:
        """`[rows]` to `[rows, width]`; `[rows, length]` to `[rows, length, width]`."""
        return self.tables[feature.table_name](ids)

    def vector(self, feature: Feature, value: Tensor) -> Tensor:
        """One feature's input to `[rows, width]`."""
        if feature.kind == "dense":
            return ((value - feature.centre) / feature.scale).unsqueeze(1) * self.dense[feature.name]
        vectors = self.look_up(feature, value)
        if feature.kind == "sequence":
            return vectors.sum(dim=1) / mask_of(value).sum(dim=1, keepdim=True).clamp(min=1.0)
        return vectors

    def forward(self, features: Iterable[Feature], inputs: dict[str, Tensor]) -> Tensor:
        """Inputs by name to `[rows, fields, width]`."""
        return torch.stack([self.vector(feature, inputs[feature.name]) for feature in features], dim=1)


def second_order(vectors: Tensor) -> Tensor:
    """Sum of the inner products of all pairs of fields (Rendle, ICDM 2010), in time linear in the fields.

    `1/2 sum_d [(sum_i v_id)^2 - sum_i v_id^2]`: `[rows, fields, width]` to `[rows, 1]`.
    """
    difference = torch.pow(vectors.sum(dim=1), 2) - torch.pow(vectors, 2).sum(dim=1)
    return 0.5 * difference.sum(dim=1, keepdim=True)
