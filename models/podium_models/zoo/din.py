"""DIN (Zhou et al., KDD 2018): each history is pooled with weights that depend on the candidate.

Pooling a history to one vector ignores what the candidate is. An activation unit gives position l the weight
`a_l = MLP([t, h_l, t - h_l, t * h_l])` between the target vector t and the position's vector h_l, and the history
becomes `sum_l a_l h_l`. Weights need not sum to one unless `softmax` is set. The tower takes the pooled histories, the
targets and the remaining fields. A history and its target share their table.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.layers import Fields, Mlp, mask_of


class ActivationUnit(nn.Module):
    """Pools a history `[rows, length, width]` by a target `[rows, width]` to `[rows, width]`.

    Padded positions, where the mask `[rows, length]` is 0, have weight 0, with softmax too: a history of 3 that is
    padded to 50 pools as a history of 3.
    """

    def __init__(self, width: int, units: Sequence[int] = (36,), activate: str = "row_dice", softmax: bool = False):
        super().__init__()
        self.width = width
        self.softmax = softmax
        self.weigh = Mlp(4 * width, units, activate)

    def _weigh(self, target: Tensor, history: Tensor) -> Tensor:
        """Vectors of the same shape, `[..., width]`, to one weight a pair, flat."""
        crossed = torch.cat([target, history, target - history, target * history], dim=-1)
        return self.weigh(crossed.view(-1, 4 * self.width)).view(-1)

    def forward(self, history: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        length = history.size(1)
        if self.training:
            # Only real positions: padding would blur the batch statistics, and costs as much as they do.
            row, position = (mask > 0).nonzero(as_tuple=True)
            weights = torch.zeros_like(mask)
            if len(row):
                weights = weights.index_put((row, position), self._weigh(target[row], history[row, position]))
        else:
            target = target.unsqueeze(1).expand(-1, length, -1)
            weights = self._weigh(target, history).view(-1, length)
        if self.softmax:
            # A row without history has equal weights here, and none after the mask.
            weights = torch.softmax(weights + (mask - 1) * 1e9, dim=1)
        return ((weights * mask).unsqueeze(-1) * history).sum(dim=1)


class Din(nn.Module):
    """Inputs by name, each of one row a candidate, to the logit, `[rows]`."""

    def __init__(
        self,
        profile: Sequence[Feature],
        histories: Sequence[Feature],
        targets: Sequence[Feature],
        width: int = 16,
        hidden: Sequence[int] = (80, 40),
        activate: str = "row_dice",
        units: Sequence[int] = (36,),
        softmax: bool = False,
        dropout: float = 0.2,
    ):
        super().__init__()
        if len(histories) != len(targets):
            raise ValueError(f"{len(histories)} histories, {len(targets)} targets (expected: as many)")
        self.profile, self.histories, self.targets = list(profile), list(histories), list(targets)
        self.features = [*self.profile, *self.histories, *self.targets]
        self.fields = Fields(self.features, width)
        self.attention = nn.ModuleList([ActivationUnit(width, units, activate, softmax) for _ in histories])
        self.mlp = Mlp(len(self.features) * width, hidden, activate, dropout)

    def pool(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        pooled = []
        for unit, history, target in zip(self.attention, self.histories, self.targets, strict=True):
            ids = inputs[history.name]
            vectors = self.fields.look_up(history, ids)
            pooled.append(unit(vectors, self.fields.look_up(target, inputs[target.name]), mask_of(ids)))
        return pooled

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        targets = self.fields(self.targets, inputs).flatten(start_dim=1)
        profile = self.fields(self.profile, inputs).flatten(start_dim=1)
        return self.mlp(torch.cat([*self.pool(inputs), targets, profile], dim=1)).squeeze(1)
