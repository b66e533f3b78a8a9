"""The film catalogue and a few viewers, as the demonstration and the golden requests use them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from podium_models import files
from podium_models.features import Feature
from podium_models.movielens import HISTORY, Film, MovieLens, context_of, film_values, genre_shares, history_values, parts

# Users of the data set whose likes lean to one side, so that a look at a ranking tells whether it makes sense.
_VIEWERS = {
    "family": (38, "Animation and children's films"),
    "action": (37, "Action and adventure"),
    "science fiction": (843, "Science fiction and horror"),
    "romance": (599, "Romance and comedy"),
    "classics": (567, "Classics and film noir"),
}


@dataclass(frozen=True)
class Viewer:
    """A person to rank films for."""

    name: str
    taste: str
    profile: dict[str, Any]
    context: dict[str, Any]
    liked: tuple[int, ...]
    """Film ids, oldest first."""


def viewers(data: MovieLens) -> list[Viewer]:
    """The viewers as they were before the test part of the data; their likes are the last 50 until then."""
    ratings = data.ratings
    seen = parts(ratings) < 2
    chosen = []
    for name, (user, taste) in _VIEWERS.items():
        mine = np.flatnonzero((ratings.user_id == user) & seen)
        liked = ratings.film_id[mine[ratings.rating[mine] >= 4]][-HISTORY:]
        context = context_of(ratings.time[mine[-1]])
        chosen.append(Viewer(name, taste, data.users[user].profile(), context, tuple(liked.tolist())))
    return chosen


def request(films: dict[int, Film], viewer: Viewer, candidates: list[int]) -> dict[str, Any]:
    """Every value that a client can send for one viewer and some films; a model takes those that it knows."""
    rows = [film_values(films[film]) for film in candidates]
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    history = history_values([films[film] for film in viewer.liked], genre_shares(films))
    return {**viewer.profile, **viewer.context, **history, **columns}


def golden_requests(data: MovieLens, seed: int = 0) -> list[tuple[dict[str, Any], int]]:
    """For each viewer requests of 1, 2 and 7 films, for the first three a longer one, which fills several tiles.

    Those of 2 and 7 films leave out some of what has a default. Few in all, as every model folder holds them.
    """
    random = np.random.default_rng(seed)
    films = np.asarray(sorted(data.films))
    requests = []
    for viewer, more in itertools.zip_longest(viewers(data), (300, 64, 64)):
        for count in (1, 2, 7, *([more] if more else [])):
            candidates = random.permutation(films)[:count].tolist()
            values = request(data.films, viewer, candidates)
            for name in {2: ("user_id", "occupation"), 7: ("region", "year")}.get(count, ()):
                del values[name]
            requests.append((values, len(candidates)))
    return requests


def known_to(features: Iterable[Feature], requests: list[tuple[dict[str, Any], int]]) -> list[tuple[dict[str, Any], int]]:
    """The requests with the values that a model with these features takes."""
    names = {feature.name for feature in features}
    return [({name: v for name, v in values.items() if name in names}, count) for values, count in requests]


def write(data: MovieLens, out: Path) -> None:
    """Writes `films.jsonl` and `viewers.jsonl`, whose keys are the features' names.

    Films of which neither year nor genre is known are left out.
    """
    out.mkdir(parents=True, exist_ok=True)
    film_lines = [
        {"title": film.title, **film_values(film)}
        for film in data.films.values()
        if film.year is not None and film.genres
    ]
    viewer_lines = [
        {
            "name": viewer.name,
            "taste": viewer.taste,
            "liked": list(viewer.liked),
            "context": request(data.films, viewer, []),
        }
        for viewer in viewers(data)
    ]
    for name, lines in (("films.jsonl", film_lines), ("viewers.jsonl", viewer_lines)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        files.write_text(out / name, text)
