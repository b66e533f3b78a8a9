"""Training runs on disk: `build/weights/NAME-SEED.pt` and, beside it, the run's metrics and curve as JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from podium_models import recipes
from podium_models.features import Feature
from podium_models.train import Fit


def _path(build: Path, name: str, seed: int, suffix: str) -> Path:
    return build / "weights" / f"{name}-{seed}.{suffix}"


def save(build: Path, name: str, seed: int, model: nn.Module, fit: Fit, seconds: float) -> None:
    """Writes one run; the weights first, so that metrics never stand beside the weights of another run."""
    run = {"model": name, "seed": seed, "seconds": round(seconds, 1), "test": fit.test, "curve": fit.curve}
    weights, metrics = _path(build, name, seed, "pt"), _path(build, name, seed, "json")
    weights.parent.mkdir(parents=True, exist_ok=True)
    metrics.unlink(missing_ok=True)
    for path, write in (
        (weights, lambda file: torch.save(model.state_dict(), file)),
        (metrics, lambda file: file.write_text(json.dumps(run), encoding="utf-8")),
    ):
        part = path.with_suffix(path.suffix + ".part")
        write(part)
        os.replace(part, path)


def load(build: Path, name: str, seed: int, known: dict[str, Feature]) -> nn.Module:
    """The trained model of one run."""
    weights = _path(build, name, seed, "pt")
    if not weights.is_file():
        raise ValueError(f"model '{name}' is not trained with seed {seed} (run: train {name} --seeds {seed})")
    model = recipes.recipe(name).build(known)
    model.load_state_dict(torch.load(weights))
    return model.eval()


def runs(build: Path) -> list[dict[str, Any]]:
    """Every finished run, by the recipes' order and then by seed."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (build / "weights").glob("*-*.json")]
    order = {name: position for position, name in enumerate(recipes.RECIPES)}
    return sorted((run for run in found if run["model"] in order), key=lambda r: (order[r["model"]], r["seed"]))
