"""DCN-v2 (Wang et al., WWW 2021): crossing layers of bounded degree beside a tower.

`x_{l+1} = x_0 * (W_l x_l + b_l) + x_l` over the flattened embeddings x_0; the logit is linear in `[x_L, tower]`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp


class DcnV2(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(
        self,
        features: Sequence[Feature],
        width: int = 16,
        crosses: int = 2,
        hidden: Sequence[int] = (128, 64),
        dropout: float = 0.2,
    ):
        super().__init__()
        self.features = list(features)
        self.fields = Fields(self.features, width)
        flat = len(self.features) * width
        self.crosses = nn.ModuleList([nn.Linear(flat, flat) for _ in range(crosses)])
        self.deep = Mlp(flat, hidden, "relu", dropout, output=False)
        self.last = nn.Linear(flat + hidden[-1], 1)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        first = self.fields(self.features, inputs).flatten(start_dim=1)
        crossed = first
        for cross in self.crosses:
            crossed = first * cross(crossed) + crossed
        return self.last(torch.cat([crossed, self.deep(first)], dim=1)).squeeze(1)
