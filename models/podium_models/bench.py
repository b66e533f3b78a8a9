"""Models with random weights at the sizes that load tests are quoted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from podium_models import folder
from podium_models.features import Feature
from podium_models.layers import Mlp, second_order

_SEED = 20261


class BenchDeepFm(nn.Module):
    """DeepFM in torch-rechub's form: first order as one linear layer over the flattened embeddings."""

    def __init__(self, features: list[Feature], width: int = 16, hidden: tuple[int, ...] = (256, 128, 64)):
        super().__init__()
        self.features = features
        self.tables = nn.ModuleDict({f.name: nn.Embedding(f.size, width) for f in features})
        self.linear = nn.Linear(width * len(features), 1)
        self.deep = Mlp(width * len(features), hidden)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Inputs of shape `[rows]` to the logit, `[rows]`."""
        vectors = torch.cat([self.tables[f.name](inputs[f.name]).unsqueeze(1) for f in self.features], dim=1)
        flat = vectors.flatten(start_dim=1)
        return (self.linear(flat) + second_order(vectors) + self.deep(flat)).squeeze(1)


class BenchAttention(nn.Module):
    """Activation unit: weights from `[t, h, t - h, t * h]`, no softmax, no mask."""

    def __init__(self, width: int, units: int = 36):
        super().__init__()
        self.width = width
        self.weigh = Mlp(4 * width, [units], "row_dice")

    def forward(self, history: Tensor, target: Tensor) -> Tensor:
        """`[rows, length, width]` and `[rows, width]` to `[rows, width]`."""
        length = history.size(1)
        target = target.unsqueeze(1).expand(-1, length, -1)
        crossed = torch.cat([target, history, target - history, target * history], dim=-1)
        weights = self.weigh(crossed.view(-1, 4 * self.width)).view(-1, length)
        return (weights.unsqueeze(-1) * history).sum(dim=1)


class BenchDin(nn.Module):
    """DIN in torch-rechub's form."""

    def __init__(
        self,
        profile: list[Feature],
        histories: list[Feature],
        targets: list[Feature],
        width: int = 32,
        hidden: tuple[int, ...] = (256, 128),
    ):
        super().__init__()
        self.profile, self.histories, self.targets = profile, histories, targets
        self.features = profile + histories + targets
        self.tables = nn.ModuleDict({f.name: nn.Embedding(f.size, width) for f in profile + targets})
        self.attention = nn.ModuleList([BenchAttention(width) for _ in histories])
        self.mlp = Mlp(width * len(self.features), hidden, "row_dice")

    def _embed(self, inputs: dict[str, Tensor], features: list[Feature]) -> Tensor:
        return torch.cat([self.tables[f.table_name](inputs[f.name]).unsqueeze(1) for f in features], dim=1)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Inputs of shape `[rows]` and, for histories, `[rows, length]`, to the logit, `[rows]`."""
        profile = self._embed(inputs, self.profile)
        histories = self._embed(inputs, self.histories)
        targets = self._embed(inputs, self.targets)
        pooled = [
            unit(histories[:, index, :, :], targets[:, index, :]).unsqueeze(1)
            for index, unit in enumerate(self.attention)
        ]
        parts = [torch.cat(pooled, dim=1), targets, profile]
        return self.mlp(torch.cat([part.flatten(start_dim=1) for part in parts], dim=1)).squeeze(1)


def deepfm() -> BenchDeepFm:
    """30 fields of width 16, 15 of the context and 15 of the candidate."""
    sizes = [100, 150, 200, 250, 300]
    context = [Feature(f"user_{k}", "context", sizes[k % 5]) for k in range(15)]
    candidate = [Feature(f"item_{k}", "candidate", sizes[k % 5]) for k in range(15)]
    return BenchDeepFm(context + candidate)


def din(vocabulary: int = 1000) -> BenchDin:
    """8 profile fields of width 32, two histories of 50 and the two targets that share their tables."""
    profile = [Feature(f"profile_{k}", "context", max(200, vocabulary // 25)) for k in range(8)]
    categories = max(200, vocabulary // 10)
    targets = [Feature("item", "candidate", vocabulary), Feature("category", "candidate", categories)]
    histories = [
        Feature(f"history_{t.name}", "context", t.size, "sequence", 50, table=t.name, truncation="left")
        for t in targets
    ]
    return BenchDin(profile, histories, targets)


def request(features: list[Feature], candidates: int, random: np.random.Generator) -> tuple[dict[str, Any], int]:
    """Random wire values for one request, and its number of candidates. One history in two is shorter than 50."""
    values: dict[str, Any] = {}
    shared_length = int(random.choice([50, random.integers(5, 50)]))
    for feature in features:
        if feature.kind == "sequence":
            values[feature.name] = random.integers(1, feature.size, shared_length).tolist()
        elif feature.role == "context":
            values[feature.name] = int(random.integers(0, feature.size))
        else:
            values[feature.name] = random.integers(0, feature.size, candidates).tolist()
    return values, candidates


def _randomise(model: nn.Module, random: np.random.Generator) -> None:
    """Sets the batch statistics from random rows, and scales the score so that it spreads over (0, 1)."""

    def rows(count: int) -> dict[str, Tensor]:
        shape = lambda f: (count, f.length) if f.kind == "sequence" else (count,)
        return {f.name: torch.from_numpy(random.integers(0, f.size, shape(f))) for f in model.features}

    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = None
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(std=0.2)
            elif isinstance(module, nn.Embedding):
                module.weight.normal_(std=0.3 if isinstance(model, BenchDin) else 0.1)
        model.train()
        for _ in range(4):
            model(rows(512))
        model.eval()
        # One candidate set a user: what must spread is the score inside a request.
        logits = []
        for _ in range(16):
            values, count = request(model.features, 128, random)
            logits.append(model(folder.tensors(model.features, values, count)))
        logits = torch.stack(logits)
        last = model.deep[-1] if isinstance(model, BenchDeepFm) else model.mlp[-1]
        gain = 1.0 / float(logits.std(dim=1).mean())
        last.weight.mul_(gain)
        last.bias.mul_(gain).sub_(gain * float(logits.mean()))


def write(out: Path, vocabulary: int | None = None, external_data: bool = False) -> list[Path]:
    """Writes `deepfm` and `din` under `out`, or with a vocabulary size of its own only `din`."""
    models: dict[str, Any] = {"din": lambda: din(vocabulary)} if vocabulary else {"deepfm": deepfm, "din": din}
    written = []
    for name, make in models.items():
        torch.manual_seed(_SEED)
        random = np.random.default_rng(_SEED)
        model = make()
        _randomise(model, random)
        scores = folder.Scores(model).eval()
        golden = [request(model.features, count, random) for count in (1, 2, 7, 64)]
        target = out / name
        folder.write(
            target,
            scores,
            model.features,
            outputs={"ctr": "output"},
            description=f"{name} with random weights, for load tests",
            golden=golden,
            external_data=external_data,
        )
        written.append(target)
    return written
