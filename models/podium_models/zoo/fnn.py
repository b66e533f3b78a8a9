"""FNN (Zhang et al., ECIR 2016): a tower over embeddings that start from a trained factorization machine.

A field's part of the first layer is its FM weight beside its FM vector, `z_i = [w_i, v_i]`; both go on learning.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp
from podium_models.zoo.linear import Fm


class Fnn(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(
        self, features: Sequence[Feature], width: int = 16, hidden: Sequence[int] = (128, 64), dropout: float = 0.2
    ):
        super().__init__()
        self.features = list(features)
        self.weights = Fields(self.features, 1)
        self.fields = Fields(self.features, width)
        self.deep = Mlp(len(self.features) * (width + 1), hidden, "relu", dropout)

    def start_from(self, trained: Fm) -> None:
        """Copies the weights and vectors of a factorization machine over the same features and width."""
        self.weights.load_state_dict(trained.linear.weights.state_dict())
        self.fields.load_state_dict(trained.fields.state_dict())

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        weights, vectors = self.weights(self.features, inputs), self.fields(self.features, inputs)
        return self.deep(torch.cat([weights, vectors], dim=2).flatten(start_dim=1)).squeeze(1)
