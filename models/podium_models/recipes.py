"""Which movie models there are, what each is made of, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from podium_models.features import Feature
from podium_models.train import Settings
from podium_models.zoo.deepfm import DeepFm
from podium_models.zoo.din import Din

Known = dict[str, Feature]

_PROFILE = ("user_id", "gender", "age_group", "occupation", "region", "hour", "weekday", "favourite_genres")


@dataclass(frozen=True)
class Recipe:
    """One movie model: how to build it from the features known, and how to train it."""

    title: str
    build: Callable[[Known], nn.Module]
    settings: Settings = Settings()


def _pick(known: Known, *names: str) -> list[Feature]:
    return [known[name] for name in names]


def _deepfm(known: Known) -> nn.Module:
    return DeepFm(_pick(known, *_PROFILE, "film_id", "year", "genres"))


def _din(known: Known) -> nn.Module:
    return Din(
        profile=_pick(known, *_PROFILE, "year", "genres"),
        histories=_pick(known, "history_film", "history_genre"),
        targets=_pick(known, "film_id", "genre"),
        width=8,
        softmax=True,
    )


RECIPES: dict[str, Recipe] = {
    "deepfm": Recipe("DeepFM", _deepfm, Settings(weight_decay=1e-4, batch=1024, learning_rate=2e-3)),
    "din": Recipe("DIN", _din, Settings(weight_decay=1e-4, batch=1024, learning_rate=3e-3, epochs=10)),
}


def recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise ValueError(f"model '{name}' (expected: {', '.join(RECIPES)})")
    return RECIPES[name]
