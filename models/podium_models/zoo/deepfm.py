"""DeepFM (Guo et al., IJCAI 2017): first order, FM and a deep tower side by side on shared embeddings.

`sigmoid(linear + fm + deep)` with, over F_fm fields of width d,

- linear: one linear layer on the flattened vectors of the FM fields (F_fm d to 1),
- fm: `1/2 sum_d [(sum_i v_id)^2 - sum_i v_id^2]` (Rendle, ICDM 2010),
- deep: blocks of Linear, BatchNorm, ReLU and Dropout on the flattened vectors of the deep fields, then Linear to 1.

FM and tower exist side by side because a tower alone misses low-order crossings and an FM alone misses high-order
ones. The fields of the two parts may differ; a field in both has one table.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp, second_order


class DeepFm(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(
        self,
        fm_features: Sequence[Feature],
        deep_features: Sequence[Feature] | None = None,
        width: int = 16,
        hidden: Sequence[int] = (128, 64),
        dropout: float = 0.2,
    ):
        super().__init__()
        self.fm_features = list(fm_features)
        self.deep_features = list(fm_features if deep_features is None else deep_features)
        self.features = list(dict.fromkeys([*self.fm_features, *self.deep_features]))
        self.fields = Fields(self.features, width)
        self.linear = nn.Linear(len(self.fm_features) * width, 1)
        self.deep = Mlp(len(self.deep_features) * width, hidden, "relu", dropout)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        crossed = self.fields(self.fm_features, inputs)
        same = self.deep_features == self.fm_features
        deep = crossed if same else self.fields(self.deep_features, inputs)
        first_order = self.linear(crossed.flatten(start_dim=1))
        logit = first_order + second_order(crossed) + self.deep(deep.flatten(start_dim=1))
        return logit.squeeze(1)
