"""Training runs on disk: a folder of `NAME-SEED.pt`, each with the run's metrics and curve beside it as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from podium_models import files, recipes
from podium_models.features import Feature
from podium_models.train import Fit


Run = dict[str, Any]
"""`model`, `seed`, `cpu_seconds`, `test` (metrics by name) and `curve` (an entry an epoch)."""


def _path(folder: Path, name: str, seed: int, suffix: str) -> Path:
    return folder / f"{name}-{seed}.{suffix}"


def save(folder: Path, name: str, seed: int, model: nn.Module, fit: Fit, cpu_seconds: float) -> Run:
    """Writes one run; the weights first, so that metrics never stand beside the weights of another run."""
    run = {"model": name, "seed": seed, "cpu_seconds": round(cpu_seconds, 1), "test": fit.test, "curve": fit.curve}
    weights, metrics = _path(folder, name, seed, "pt"), _path(folder, name, seed, "json")
    weights.parent.mkdir(parents=True, exist_ok=True)
    metrics.unlink(missing_ok=True)
    with files.replacing(weights) as part:
        torch.save(model.state_dict(), part)
    files.write_text(metrics, json.dumps(run))
    return run


def load(folder: Path, name: str, seed: int, known: dict[str, Feature]) -> nn.Module:
    """The trained model of one run."""
    weights = _path(folder, name, seed, "pt")
    if not weights.is_file():
        raise ValueError(f"model '{name}' is not trained with seed {seed} (run: train {name} --seeds {seed})")
    model = recipes.recipe(name).build(known)
    model.load_state_dict(torch.load(weights))
    return model.eval()


def in_order(runs: Iterable[Run]) -> list[Run]:
    """By the recipes' order and then by seed; without those whose recipe is gone."""
    order = {name: position for position, name in enumerate(recipes.RECIPES | recipes.VARIANTS)}
    return sorted((run for run in runs if run["model"] in order), key=lambda r: (order[r["model"]], r["seed"]))


def runs(folder: Path) -> list[Run]:
    """Every finished run."""
    return in_order(json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-*.json"))
