"""PNN (Qu et al., ICDM 2016): a tower over the linear signals z and the products p of the fields.

z are the embeddings as they are. Inner product: `p_ij = <e_i, e_j>` for i < j. Outer product: by superposition
`p = sum_ij e_i e_j^T = (sum_i e_i)(sum_j e_j)^T`, d x d numbers whatever the number of fields.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp


class Pnn(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(
        self,
        features: Sequence[Feature],
        product: str = "inner",
        width: int = 16,
        hidden: Sequence[int] = (128, 64),
        dropout: float = 0.2,
    ):
        super().__init__()
        if product not in ("inner", "outer"):
            raise ValueError(f"product '{product}' (expected: inner or outer)")
        self.features = list(features)
        self.product = product
        self.fields = Fields(self.features, width)
        fields = len(self.features)
        first, second = torch.triu_indices(fields, fields, offset=1)
        self.register_buffer("pairs", first * fields + second, persistent=False)
        products = len(first) if product == "inner" else width * width
        self.deep = Mlp(fields * width + products, hidden, "relu", dropout)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        vectors = self.fields(self.features, inputs)
        if self.product == "inner":
            gram = torch.bmm(vectors, vectors.transpose(1, 2)).flatten(start_dim=1)
            products = gram.index_select(1, self.pairs)
        else:
            total = vectors.sum(dim=1)
            products = (total.unsqueeze(2) * total.unsqueeze(1)).flatten(start_dim=1)
        return self.deep(torch.cat([vectors.flatten(start_dim=1), products], dim=1)).squeeze(1)
