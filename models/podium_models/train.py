"""Fits a model with early stopping."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from podium_models import metrics
from podium_models.movielens import Examples, Split
from podium_models.regularisation import MiniBatchAware
from podium_models.zoo.esmm import Esmm

UNKNOWN_USER_SHARE = 0.1


@dataclass(frozen=True)
class Settings:
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    batch: int = 512
    epochs: int = 30
    patience: int = 2
    """Epochs without a better validation AUC after which training ends."""
    mini_batch_aware: float = 0.0
    """Weight of the mini-batch aware penalty on the embeddings, in the place of their weight decay; 0 for none."""


@dataclass
class Fit:
    """What came of one training run; the model holds the weights of the best epoch."""

    curve: list[dict[str, float]] = field(default_factory=list)
    """Per epoch: training loss, validation LogLoss and AUC."""
    test: dict[str, float] = field(default_factory=dict)


def probability(model: nn.Module, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """p(like), `[rows]`."""
    return model.probabilities(inputs)[1] if isinstance(model, Esmm) else torch.sigmoid(model(inputs))


def loss_of(model: nn.Module, rows: Examples) -> torch.Tensor:
    """Mean negative log-likelihood of the likes; with two heads, that of the clicks is added."""
    if isinstance(model, Esmm):
        click, like = model.probabilities(rows.inputs)
        clicked = rows.rated.to(torch.float32)
        return functional.binary_cross_entropy(click, clicked) + functional.binary_cross_entropy(like, rows.label)
    return functional.binary_cross_entropy_with_logits(model(rows.inputs), rows.label)


def scores(model: nn.Module, rows: Examples, batch: int = 2048) -> np.ndarray:
    """Probabilities of a like, `[rows]`."""
    model.eval()
    with torch.no_grad():
        chunks = [
            probability(model, rows.rows(torch.arange(start, min(start + batch, len(rows)))).inputs)
            for start in range(0, len(rows), batch)
        ]
    return torch.cat(chunks).numpy()


def evaluate(model: nn.Module, rows: Examples) -> dict[str, float]:
    probability, label = scores(model, rows), rows.label.numpy()
    rated = rows.rated.numpy()
    return {
        "logloss": metrics.log_loss(label, probability),
        "auc": metrics.auc(label, probability),
        "gauc": metrics.gauc(label, probability, rows.user_id.numpy()),
        "auc_rated": metrics.auc(label[rated], probability[rated]),
    }


def groups(model: nn.Module, settings: Settings) -> list[dict[str, Any]]:
    """The model's parameters with their weight decay: none for tables that the mini-batch aware penalty is for."""
    tables = list(model.fields.tables.parameters()) if settings.mini_batch_aware else []
    others = [p for p in model.parameters() if all(p is not table for table in tables)]
    decayed = {"params": others, "weight_decay": settings.weight_decay}
    return [decayed, {"params": tables, "weight_decay": 0.0}] if tables else [decayed]


def fit(model: nn.Module, data: Split, seed: int, settings: Settings = Settings(), name: str = "", place: int = 0) -> Fit:
    """Minimises the mean negative log-likelihood with Adam; deterministic for a seed and one thread.

    A terminal shows the progress, on the line `place` below the cursor.
    """
    random = torch.Generator().manual_seed(seed)
    training, valid, test = (part.only(model.features) for part in (data.train, data.valid, data.test))
    optimizer = torch.optim.Adam(groups(model, settings), settings.learning_rate)
    aware = MiniBatchAware(model.features, training.inputs) if settings.mini_batch_aware else None
    result = Fit()
    best, best_state, since = -1.0, copy.deepcopy(model.state_dict()), 0
    title = f"{name} seed {seed}"
    bar = tqdm(total=settings.epochs, desc=title, unit="epoch", position=place, disable=None, leave=False)
    for _ in range(settings.epochs):
        model.train()
        total = 0.0
        order = torch.randperm(len(training), generator=random)
        for chosen in order.split(settings.batch):
            if len(chosen) < 2:
                continue
            rows = training.rows(chosen)
            # Some rows forget who the user is, so that id 0 comes to mean a viewer nobody knows.
            forgotten = torch.rand(len(chosen), generator=random) < UNKNOWN_USER_SHARE
            rows.inputs["user_id"] = rows.inputs["user_id"].masked_fill(forgotten, 0)
            optimizer.zero_grad()
            loss = loss_of(model, rows)
            penalty = settings.mini_batch_aware * aware.penalty(model.fields, rows.inputs) if aware else 0.0
            (loss + penalty).backward()
            optimizer.step()
            total += float(loss.detach()) * len(chosen)
        now = evaluate(model, valid)
        result.curve.append({"train_loss": total / len(order), "valid_logloss": now["logloss"], "valid_auc": now["auc"]})
        bar.update()
        bar.set_postfix(loss=f"{total / len(order):.4f}", auc=f"{now['auc']:.4f}")
        if now["auc"] > best:
            best, best_state, since = now["auc"], copy.deepcopy(model.state_dict()), 0
        else:
            since += 1
            if since > settings.patience:
                break
    bar.close()
    model.load_state_dict(best_state)
    model.eval()
    result.test = evaluate(model, test)
    return result
