"""Mini-batch aware regularisation (Zhou et al., KDD 2018)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from podium_models.features import Feature
from podium_models.layers import Fields


class MiniBatchAware:
    """The L2 penalty of the table rows that a mini-batch looks up, and of no others.

    A row's share is `|w_j|^2 / n_j`, n_j the number of training rows in which id j occurs: an id that is seen often
    is not punished more for it, and the cost is that of the batch and not of the table. Id 0 of a padded table is left
    out: it stands for no value.
    """

    def __init__(self, features: Sequence[Feature], inputs: dict[str, Tensor]):
        self._by_table: dict[str, list[Feature]] = defaultdict(list)
        for feature in features:
            if feature.kind != "dense":
                self._by_table[feature.table_name].append(feature)
        self._padded = {f.table_name for f in features if f.kind == "sequence"}
        self._seen = {name: self._count(name, inputs) for name in self._by_table}

    def _count(self, table: str, inputs: dict[str, Tensor]) -> Tensor:
        """In how many rows each id occurs, however often in one."""
        features = self._by_table[table]
        ids = torch.cat([inputs[f.name].reshape(len(inputs[f.name]), -1) for f in features], dim=1)
        rows = torch.arange(len(ids)).unsqueeze(1).expand_as(ids)
        pairs = torch.unique(torch.stack([rows.flatten(), ids.flatten()]), dim=1)
        return torch.bincount(pairs[1], minlength=max(f.size for f in features))

    def penalty(self, fields: Fields, inputs: dict[str, Tensor]) -> Tensor:
        """`1/2 sum_j |w_j|^2 / n_j` over the ids of these inputs, a scalar."""
        total = torch.zeros(())
        for table, features in self._by_table.items():
            ids = torch.unique(torch.cat([inputs[f.name].flatten() for f in features]))
            if table in self._padded:
                ids = ids[ids != 0]
            squares = fields.tables[table](ids).pow(2).sum(dim=1)
            total = total + 0.5 * (squares / self._seen[table][ids].clamp(min=1)).sum()
        return total
