"""ESMM (Ma et al., SIGIR 2018): two heads, click and like, learned over everything that was shown.

`p(like) = p(click) p(like | click)`. The second factor is never trained by itself on clicked rows alone, which would
not be the rows that are served; both heads share the embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp


class Esmm(nn.Module):
    """Inputs by name, each of one row a candidate, to two logits, `[rows]` each: click, and like if clicked."""

    def __init__(
        self, features: Sequence[Feature], width: int = 16, hidden: Sequence[int] = (64, 32), dropout: float = 0.2
    ):
        super().__init__()
        self.features = list(features)
        self.fields = Fields(self.features, width)
        self.click = Mlp(len(self.features) * width, hidden, "relu", dropout)
        self.like = Mlp(len(self.features) * width, hidden, "relu", dropout)

    def forward(self, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        flat = self.fields(self.features, inputs).flatten(start_dim=1)
        return self.click(flat).squeeze(1), self.like(flat).squeeze(1)

    def probabilities(self, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """p(click) and p(like), `[rows]` each."""
        click, like = self(inputs)
        clicked = torch.sigmoid(click)
        return clicked, clicked * torch.sigmoid(like)
