"""Wide & Deep (Cheng et al., DLRS 2016): a linear model over ids beside a tower over embeddings, trained together."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp
from podium_models.zoo.linear import Lr


class WideDeep(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(
        self,
        wide_features: Sequence[Feature],
        deep_features: Sequence[Feature],
        width: int = 16,
        hidden: Sequence[int] = (128, 64),
        dropout: float = 0.2,
    ):
        super().__init__()
        self.deep_features = list(deep_features)
        self.features = list(dict.fromkeys([*wide_features, *deep_features]))
        self.wide = Lr(wide_features)
        self.fields = Fields(self.deep_features, width)
        self.deep = Mlp(len(self.deep_features) * width, hidden, "relu", dropout)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        deep = self.fields(self.deep_features, inputs).flatten(start_dim=1)
        return self.wide(inputs) + self.deep(deep).squeeze(1)
