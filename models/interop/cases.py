"""What the exporters of this folder share: random weights whose scores vary, and the files that the check reads."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

CANDIDATES = 1000


@dataclass(frozen=True)
class Sizes:
    """Of one embedding, the histories, and the layers of the attention and of the rest."""

    embedding: int
    history: int
    attention: tuple[int, ...]
    hidden: tuple[int, ...]


SMALL = Sizes(embedding=8, history=12, attention=(32, 16), hidden=(64, 32))
# As the models of models/bench: what is measured with them can be laid beside those.
BENCH = Sizes(embedding=32, history=50, attention=(36,), hidden=(200, 80))


def arguments(description: str) -> tuple[Path, Sizes]:
    """Where to export to, and how large models are to be."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bench", action="store_true", help="the sizes of models/bench, for measurements")
    parsed = parser.parse_args()
    return parsed.out, BENCH if parsed.bench else SMALL


def spread(model: nn.Module, seed: int) -> None:
    """Weights and batch statistics far from their start, where many a term would be almost zero."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_(std=0.4, generator=random)
            elif isinstance(module, nn.Linear):
                module.weight.normal_(std=1.5 * module.in_features**-0.5, generator=random)
            elif isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_(std=0.2, generator=random)
                module.running_var.uniform_(0.5, 2.0, generator=random)
                if module.affine:
                    module.weight.uniform_(0.5, 1.5, generator=random)
                    module.bias.normal_(std=0.2, generator=random)
        for parameter in model.parameters():
            if parameter.dim() == 1 and float(parameter.detach().abs().max()) == 0:
                parameter.normal_(std=0.1, generator=random)
    model.eval()


def write(
    folder: Path, context: dict[str, Any], candidates: dict[str, np.ndarray], scores: Tensor, **options: Any
) -> None:
    """Writes the request, by the names that the import gives, and the scores that PyTorch gave for it.

    options: of the import: `length` and `name`, both dictionaries.
    """
    values = scores.detach().numpy().astype(np.float64).reshape(-1)
    if len(values) != CANDIDATES or not np.isfinite(values).all() or values.std() < 0.01:
        raise ValueError(f"{folder.name}: {len(values)} scores, deviation {values.std()} (expected: {CANDIDATES}, spread)")
    case = {
        "context": {name: np.asarray(value).tolist() for name, value in context.items()},
        "candidates": {name: np.asarray(value).tolist() for name, value in candidates.items()},
        "scores": values.tolist(),
        "options": options,
    }
    (folder / "case.json").write_text(json.dumps(case), encoding="utf-8")


def repeated(context: dict[str, Any]) -> dict[str, np.ndarray]:
    """The context's values once for each candidate."""
    return {name: np.repeat(np.asarray(value)[None], CANDIDATES, axis=0) for name, value in context.items()}
