"""The parts that the models are put together from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature


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


class Embeddings(nn.Module):
    """One table for each feature that does not share another's.

    The row of id 0 stays zero in the tables of sequences, where id 0 is the padding.
    """

    def __init__(self, features: Iterable[Feature], width: int):
        super().__init__()
        self.width = width
        features = list(features)
        padded = {feature.table_name for feature in features if feature.kind == "sequence"}
        self.tables = nn.ModuleDict()
        for feature in features:
            if feature.kind != "dense" and feature.table is None:
                padding = 0 if feature.name in padded else None
                self.tables[feature.name] = nn.Embedding(feature.size, width, padding_idx=padding)
                nn.init.normal_(self.tables[feature.name].weight, std=0.01)
                if padding is not None:
                    nn.init.zeros_(self.tables[feature.name].weight[0:1].detach())

    def forward(self, feature: Feature, ids: Tensor) -> Tensor:
        """`[rows]` to `[rows, width]`; `[rows, length]` to `[rows, length, width]`."""
        return self.tables[feature.table_name](ids)


def second_order(vectors: Tensor) -> Tensor:
    """Sum of the inner products of all pairs of fields (Rendle, ICDM 2010), in time linear in the fields.

    `1/2 sum_d [(sum_i v_id)^2 - sum_i v_id^2]`: `[rows, fields, width]` to `[rows, 1]`.
    """
    difference = torch.pow(vectors.sum(dim=1), 2) - torch.pow(vectors, 2).sum(dim=1)
    return 0.5 * difference.sum(dim=1, keepdim=True)
