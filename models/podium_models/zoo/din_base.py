"""The base model of the DIN paper (Zhou et al., KDD 2018): embeddings, histories pooled by their sum, concat, MLP.

The paper sums; a sum of up to 50 vectors makes the input's scale follow the history's length, which the first
BatchNorm cannot undo row by row, so `mean` is offered beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp, mask_of


class DinBase(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(
        self,
        profile: Sequence[Feature],
        histories: Sequence[Feature],
        targets: Sequence[Feature],
        width: int = 8,
        hidden: Sequence[int] = (80, 40),
        activate: str = "prelu",
        pooling: str = "sum",
        dropout: float = 0.2,
    ):
        super().__init__()
        if pooling not in ("sum", "mean"):
            raise ValueError(f"pooling '{pooling}' (expected: sum or mean)")
        self.profile, self.histories, self.targets = list(profile), list(histories), list(targets)
        self.features = [*self.profile, *self.histories, *self.targets]
        self.pooling = pooling
        self.fields = Fields(self.features, width)
        self.mlp = Mlp(len(self.features) * width, hidden, activate, dropout)

    def _pool(self, history: Feature, ids: Tensor) -> Tensor:
        mask = mask_of(ids)
        total = (self.fields.look_up(history, ids) * mask.unsqueeze(-1)).sum(dim=1)
        return total if self.pooling == "sum" else total / mask.sum(dim=1, keepdim=True).clamp(min=1.0)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        pooled = [self._pool(history, inputs[history.name]) for history in self.histories]
        targets = self.fields(self.targets, inputs).flatten(start_dim=1)
        profile = self.fields(self.profile, inputs).flatten(start_dim=1)
        return self.mlp(torch.cat([*pooled, targets, profile], dim=1)).squeeze(1)
