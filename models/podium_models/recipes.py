"""Which movie models there are, what each is made of, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from podium_models.features import Feature
from podium_models.train import Settings
from podium_models.zoo.dcn_v2 import DcnV2
from podium_models.zoo.deepfm import DeepFm
from podium_models.zoo.din import Din
from podium_models.zoo.din_base import DinBase
from podium_models.zoo.esmm import Esmm
from podium_models.zoo.fnn import Fnn
from podium_models.zoo.linear import Fm, Lr
from podium_models.zoo.pnn import Pnn
from podium_models.zoo.wide_deep import WideDeep

Known = dict[str, Feature]

_PROFILE = ("user_id", "gender", "age_group", "occupation", "region", "hour", "weekday", "favourite_genres")
_FILM = ("film_id", "year", "genres")
_PLAIN = (*_PROFILE, *_FILM)


@dataclass(frozen=True)
class Recipe:
    """One movie model: how to build it from the features known, and how to train it."""

    title: str
    build: Callable[[Known], nn.Module]
    settings: Settings = Settings()
    starts_from: str | None = None
    """The recipe whose trained weights this one's embeddings start from; it must be trained before, with the seed."""
    outputs: tuple[str, ...] = ("ctr",)

    @property
    def description(self) -> str:
        """As `model.yaml` has it."""
        return f"{self.title} over MovieLens-100K, label rating >= 4"


def _pick(known: Known, *names: str) -> list[Feature]:
    return [known[name] for name in names]


def _over_plain_fields(model: Callable[..., nn.Module], **options: object) -> Callable[[Known], nn.Module]:
    """A model over the profile and the film, without the histories."""
    return lambda known: model(_pick(known, *_PLAIN), **options)


def _wide_deep(known: Known) -> nn.Module:
    return WideDeep(_pick(known, "user_id", "film_id", "favourite_genres", "genres"), _pick(known, *_PLAIN))


def _din_base(known: Known, pooling: str = "sum") -> nn.Module:
    return DinBase(
        profile=_pick(known, *_PROFILE, "year", "genres"),
        histories=_pick(known, "history_film", "history_genre"),
        targets=_pick(known, "film_id", "genre"),
        width=8,
        pooling=pooling,
    )


def _din(known: Known) -> nn.Module:
    return Din(
        profile=_pick(known, *_PROFILE, "year", "genres"),
        histories=_pick(known, "history_film", "history_genre"),
        targets=_pick(known, "film_id", "genre"),
        width=8,
        softmax=True,
    )


_FLAT = Settings(weight_decay=1e-4, batch=1024, learning_rate=2e-3)
_LINEAR = Settings(weight_decay=1e-5, batch=1024, learning_rate=5e-3)
_SEQUENCE = Settings(weight_decay=1e-4, batch=1024, learning_rate=3e-3, epochs=10)
_ATTENTION = Settings(weight_decay=0.0, mini_batch_aware=0.1, batch=1024, learning_rate=3e-3, epochs=10)

RECIPES: dict[str, Recipe] = {
    "lr": Recipe("LR", _over_plain_fields(Lr), _LINEAR),
    "fm": Recipe("FM", _over_plain_fields(Fm), _FLAT),
    "fnn": Recipe("FNN", _over_plain_fields(Fnn), _FLAT, starts_from="fm"),
    "pnn": Recipe("PNN (inner products)", _over_plain_fields(Pnn), _FLAT),
    "wide-deep": Recipe("Wide & Deep", _wide_deep, _FLAT),
    "dcn": Recipe("DCN-v2", _over_plain_fields(DcnV2), _FLAT),
    "deepfm": Recipe("DeepFM", _over_plain_fields(DeepFm), _FLAT),
    "esmm": Recipe("ESMM (two heads)", _over_plain_fields(Esmm), _FLAT, outputs=("click", "like")),
    "din-base": Recipe("DIN base model", _din_base, _SEQUENCE),
    "din": Recipe("DIN", _din, _ATTENTION),
}


VARIANTS: dict[str, Recipe] = {
    "din-base-mean": Recipe("DIN base model, mean pooling", lambda known: _din_base(known, "mean"), _SEQUENCE),
    "din-decay": Recipe("DIN, weight decay on the tables", _din, _SEQUENCE),
}
"""What the models are compared with in README.md; trained when named, and not exported."""


def recipe(name: str, variants: bool = True) -> Recipe:
    known = RECIPES | VARIANTS if variants else RECIPES
    if name not in known:
        raise ValueError(f"model '{name}' (expected: {', '.join(known)})")
    return known[name]
