"""Logistic regression and the factorization machine (Rendle, ICDM 2010), which adds the crossings.

LR: `w0 + sum_i w_i x_i`. FM: LR plus `sum_{i<j} <v_i, v_j> x_i x_j`, summed as
`1/2 sum_d [(sum_i v_id x_i)^2 - sum_i (v_id x_i)^2]`. A categorical field has x = 1 at its id; a sequence's values
share x = 1 evenly.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, second_order


class Lr(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(self, features: Sequence[Feature]):
        super().__init__()
        self.features = list(features)
        self.weights = Fields(self.features, 1)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return self.weights(self.features, inputs).sum(dim=(1, 2)) + self.bias


class Fm(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(self, features: Sequence[Feature], width: int = 16):
        super().__init__()
        self.features = list(features)
        self.linear = Lr(features)
        self.fields = Fields(self.features, width)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return self.linear(inputs) + second_order(self.fields(self.features, inputs)).squeeze(1)
