"""MovieLens-100K as features and labels.

The data set is GroupLens's: F. Maxwell Harper and Joseph A. Konstan, "The MovieLens Datasets: History and Context",
ACM Transactions on Interactive Intelligent Systems 5(4), 2015. It is read out of the wheel of RecBole, which carries
it, and is not part of this repository.
"""

from __future__ import annotations

import math
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from podium_models.features import Feature

WHEEL = "recbole==1.2.1"
HISTORY = 50
FAVOURITES = 3
USERS, FILMS = 943, 1682
AGE_GROUPS = ("under 18", "18-24", "25-34", "35-44", "45-49", "50-55", "56+")
_AGE_BOUNDS = (18, 25, 35, 45, 50, 56)
DEFAULT_YEAR = 1995.0


@dataclass(frozen=True)
class Film:
    """One film; genres run from the rarest of the catalogue to the commonest, so the first says most."""

    film_id: int
    title: str
    year: int | None
    genres: tuple[str, ...]


@dataclass(frozen=True)
class User:
    """One user's profile."""

    user_id: int
    age: int
    gender: str
    occupation: str
    zip_code: str

    def profile(self) -> dict[str, Any]:
        """The values that a client sends."""
        return {
            "user_id": self.user_id,
            "gender": self.gender,
            "age_group": AGE_GROUPS[sum(self.age >= bound for bound in _AGE_BOUNDS)],
            "occupation": self.occupation,
            "region": self.zip_code[:3],
        }


@dataclass(frozen=True)
class Ratings:
    """Parallel arrays, in the order of time."""

    user_id: np.ndarray
    film_id: np.ndarray
    rating: np.ndarray
    time: np.ndarray
    """Seconds since 1970, UTC."""


@dataclass(frozen=True)
class MovieLens:
    films: dict[int, Film]
    users: dict[int, User]
    ratings: Ratings


def context_of(time: float) -> dict[str, Any]:
    """Hour (0 to 23) and weekday (0 is Monday), UTC."""
    moment = datetime.fromtimestamp(time, timezone.utc)
    return {"hour": moment.hour, "weekday": moment.weekday()}


def download(cache: Path) -> Path:
    """The wheel that carries the data, fetched with pip unless `cache` has it."""
    found = sorted(cache.glob("recbole-*.whl"))
    if not found:
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), WHEEL]
        subprocess.run(command, check=True)
        found = sorted(cache.glob("recbole-*.whl"))
    return found[0]


def _table(source: Path, suffix: str, columns: dict[str, Callable[[str], Any]]) -> list[list[Any]]:
    """The columns asked for, converted, of the one file that ends so, in a wheel or a folder."""
    name = f"ml-100k.{suffix}"
    if source.is_dir():
        text = (source / name).read_text(encoding="utf-8")
    else:
        try:
            with zipfile.ZipFile(source) as wheel:
                member = next((m for m in wheel.namelist() if m.endswith(f"ml-100k/{name}")), None)
                if member is None:
                    raise ValueError(f"{source.name}: no file '{name}' in it")
                text = wheel.read(member).decode("utf-8")
        except zipfile.BadZipFile as error:
            raise ValueError(f"{source.name}: neither a wheel nor a folder") from error
    lines = [line.split("\t") for line in text.splitlines() if line]
    header = [column.split(":")[0] for column in lines[0]] if lines else []
    for column in columns:
        if column not in header:
            raise ValueError(f"{name}: no column '{column}' (it has: {', '.join(header) or 'none'})")
    wanted = [(column, header.index(column), convert) for column, convert in columns.items()]
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise ValueError(f"{name}: line {number} has {len(line)} columns (expected: {len(header)})")
        row = []
        for column, position, convert in wanted:
            try:
                row.append(convert(line[position]))
            except ValueError as error:
                raise ValueError(f"{name}: line {number}, '{column}': '{line[position]}' (expected: {error})") from None
        rows.append(row)
    return rows


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number") from None


def _id(most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise ValueError(f"1 to {most}")
        return int(text)

    return convert


def load(source: Path) -> MovieLens:
    """Reads the data from a wheel or from a folder with the three files."""
    user, film = _id(USERS), _id(FILMS)
    items = _table(source, "item", {"item_id": film, "movie_title": str, "release_year": str, "class": str.split})
    counts = Counter(genre for _, _, _, genres in items for genre in genres)
    films = {}
    for film_id, title, year, genres in items:
        ordered = sorted((g for g in genres if g != "unknown"), key=lambda genre: (counts[genre], genre))
        films[film_id] = Film(film_id, title, int(year) if year.isdigit() else None, tuple(ordered))
    people = {"user_id": user, "age": _number, "gender": str, "occupation": str, "zip_code": str}
    users = {row[0]: User(row[0], int(row[1]), *row[2:]) for row in _table(source, "user", people)}
    rows = _table(source, "inter", {"user_id": user, "item_id": film, "rating": _number, "timestamp": _number})
    for place, known, kind in ((0, users, "user"), (1, films, "item")):
        strangers = {row[place] for row in rows} - known.keys()
        if strangers:
            raise ValueError(f"ml-100k.inter: {kind}_id {min(strangers)} is not in ml-100k.{kind}")
    columns = np.asarray(rows, dtype=np.float64).reshape(-1, 4).T
    order = np.argsort(columns[3], kind="stable")
    user_id, film_id = columns[0, order].astype(np.int64), columns[1, order].astype(np.int64)
    return MovieLens(films, users, Ratings(user_id, film_id, columns[2, order], columns[3, order]))


def features(data: MovieLens) -> dict[str, Feature]:
    """Every feature that the movie models choose from, by name."""
    genres = tuple(sorted({genre for film in data.films.values() for genre in film.genres}))
    occupations = tuple(sorted({user.occupation for user in data.users.values()}))

    def text(name: str, entries: tuple[str, ...], default: str | None = None) -> Feature:
        return Feature(
            name,
            "context",
            len(entries) + 1,
            vocabulary=entries,
            first_id=1,
            default=default,
            out_of_vocabulary=0,
        )

    history = {"kind": "sequence", "length": HISTORY, "truncation": "left", "padding_side": "left"}
    genre = {"vocabulary": genres, "first_id": 1, "out_of_vocabulary": 0}
    listed = [
        Feature("user_id", "context", USERS + 1, default=0, out_of_vocabulary=0),
        text("gender", ("F", "M")),
        text("age_group", AGE_GROUPS),
        text("occupation", occupations, default="other"),
        Feature("region", "context", 101, hash_seed=0, first_id=1, default=""),
        Feature("hour", "context", 24),
        Feature("weekday", "context", 7),
        Feature("favourite_genres", "context", len(genres) + 1, "sequence", FAVOURITES, **genre),
        Feature("history_film", "context", FILMS + 1, table="film_id", out_of_vocabulary=0, **history),
        Feature("history_genre", "context", len(genres) + 1, table="genre", **genre, **history),
        Feature("film_id", "candidate", FILMS + 1, out_of_vocabulary=0),
        Feature("year", "candidate", kind="dense", default=DEFAULT_YEAR, centre=1988.0, scale=14.0),
        Feature("genre", "candidate", len(genres) + 1, **genre),
        Feature("genres", "candidate", len(genres) + 1, "sequence", 4, table="genre", **genre),
    ]
    return {feature.name: feature for feature in listed}


def film_values(film: Film) -> dict[str, Any]:
    """The values that a client sends for one candidate."""
    return {
        "film_id": film.film_id,
        "year": float(film.year) if film.year else DEFAULT_YEAR,
        "genre": first_genre(film),
        "genres": list(film.genres),
    }


def first_genre(film: Film) -> str:
    return film.genres[0] if film.genres else ""


def genre_shares(films: dict[int, Film]) -> dict[str, float]:
    """The share of the catalogue's films that have each genre."""
    counts = Counter(genre for film in films.values() for genre in film.genres)
    return {genre: count / len(films) for genre, count in sorted(counts.items())}


def favourite_genres(liked: Sequence[Film], shares: dict[str, float]) -> list[str]:
    """Up to three genres that these films have more often than the catalogue, the most striking first.

    By the standard score of the count, `(count - n share) / sqrt(n share)`.
    """
    counts = Counter(genre for film in liked for genre in film.genres)
    scores = {g: (counts[g] - len(liked) * share) / math.sqrt(len(liked) * share) for g, share in shares.items() if liked}
    ranked = sorted(scores, key=lambda genre: (-scores[genre], genre))
    return [genre for genre in ranked[:FAVOURITES] if scores[genre] > 0]


def history_values(films: list[Film], shares: dict[str, float]) -> dict[str, Any]:
    """The values that a client sends for the films that a viewer liked, oldest first."""
    return {
        "favourite_genres": favourite_genres(films, shares),
        "history_film": [film.film_id for film in films],
        "history_genre": [first_genre(film) for film in films],
    }


@dataclass(frozen=True)
class Examples:
    """Graph inputs and labels, row by row."""

    inputs: dict[str, Tensor]
    label: Tensor
    user_id: Tensor
    rated: Tensor
    """False for the films that a user never rated."""

    def __len__(self) -> int:
        return len(self.label)

    def only(self, features: Iterable[Feature]) -> Examples:
        """The same rows with the inputs of these features alone."""
        return replace(self, inputs={feature.name: self.inputs[feature.name] for feature in features})

    def rows(self, chosen: Tensor) -> Examples:
        inputs = {name: value[chosen] for name, value in self.inputs.items()}
        return Examples(inputs, self.label[chosen], self.user_id[chosen], self.rated[chosen])


@dataclass(frozen=True)
class Split:
    """Each user's ratings in the order of time: the first four fifths, a tenth, a tenth."""

    train: Examples
    valid: Examples
    test: Examples


def parts(ratings: Ratings) -> np.ndarray:
    """0, 1 or 2 for each rating: train, valid or test, by its place among its user's ratings."""
    part = np.zeros(len(ratings.time), dtype=np.int64)
    for user in np.unique(ratings.user_id):
        mine = np.flatnonzero(ratings.user_id == user)
        tenth = max(1, len(mine) // 10)
        part[mine[-2 * tenth : -tenth]] = 1
        part[mine[-tenth:]] = 2
    return part


def split(data: MovieLens) -> Split:
    """One row a rating, and one film that the user never rated for each that he liked.

    The label is rating >= 4. Users rate what they chose to see, so ratings alone say what is good and little about who
    wants to see it; the unrated films stand for what was shown and not wanted. A history holds the films that the user
    liked strictly before the rating's second, so that ratings entered together do not see each other.
    """
    ratings = data.ratings
    part = parts(ratings)
    liked = ratings.rating >= 4
    sources = np.concatenate([np.arange(len(liked)), np.flatnonzero(liked)])
    shown = np.concatenate([ratings.film_id, _never_rated(ratings, np.flatnonzero(liked))])
    rated = np.arange(len(sources)) < len(liked)
    label = np.where(rated, liked[sources], False).astype(np.float32)
    inputs = {name: value[sources] for name, value in _context_inputs(data).items()} | _film_inputs(data, shown)
    every = Examples(
        {name: torch.from_numpy(value) for name, value in inputs.items()},
        torch.from_numpy(label),
        torch.from_numpy(ratings.user_id[sources]),
        torch.from_numpy(rated),
    )
    return Split(*(every.rows(torch.from_numpy(np.flatnonzero(part[sources] == index))) for index in range(3)))


def _never_rated(ratings: Ratings, rows: np.ndarray, seed: int = 0) -> np.ndarray:
    """For each of these ratings a film that its user rated at no time.

    Drawn with a film's number of ratings to the power 0.75 as weight: between all films alike, which would teach
    little but popularity, and films as often as they are seen, which would teach nothing of it.
    """
    random = np.random.default_rng(seed)
    weight = np.bincount(ratings.film_id, minlength=FILMS + 1) ** 0.75
    seen = np.zeros((USERS + 1, FILMS + 1), dtype=bool)
    seen[ratings.user_id, ratings.film_id] = True
    users = ratings.user_id[rows]
    drawn = random.choice(FILMS + 1, len(rows), p=weight / weight.sum())
    while (again := np.flatnonzero(seen[users, drawn])).size:
        drawn[again] = random.choice(FILMS + 1, again.size, p=weight / weight.sum())
    return drawn


def _film_inputs(data: MovieLens, shown: np.ndarray) -> dict[str, np.ndarray]:
    known = features(data)
    films = sorted(data.films)
    values = [film_values(data.films[film]) for film in films]
    rows = np.searchsorted(films, shown)
    return {name: known[name].assemble([value[name] for value in values])[rows] for name in values[0]}


def _context_inputs(data: MovieLens) -> dict[str, np.ndarray]:
    known = features(data)
    ratings = data.ratings
    users = sorted(data.users)
    profiles = [data.users[user].profile() for user in users]
    rows = np.searchsorted(users, ratings.user_id)
    inputs = {name: known[name].assemble([p[name] for p in profiles])[rows] for name in profiles[0]}
    shares = genre_shares(data.films)
    histories = [history_values([data.films[film] for film in liked], shares) for liked in _liked_before(data)]
    for values in ([context_of(time) for time in ratings.time], histories):
        inputs |= {name: known[name].assemble([value[name] for value in values]) for name in values[0]}
    return inputs


def _liked_before(data: MovieLens) -> list[list[int]]:
    """For each rating the last films, up to 50, that its user had liked before its second."""
    ratings = data.ratings
    films: list[list[int]] = [[] for _ in ratings.time]
    for user in data.users:
        mine = np.flatnonzero(ratings.user_id == user)
        times = ratings.time[mine]
        liked = ratings.rating[mine] >= 4
        liked_before = np.concatenate([[0], np.cumsum(liked)])[np.searchsorted(times, times, side="left")]
        liked_films = ratings.film_id[mine[liked]].tolist()
        for row, end in zip(mine, liked_before, strict=True):
            films[row] = liked_films[max(0, end - HISTORY) : end]
    return films
