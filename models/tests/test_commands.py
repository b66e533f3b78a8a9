"""The commands on a small data set of the same form; no download."""

import numpy as np
import pytest

from podium_models import movielens, recipes
from podium_models.__main__ import main

_GENRES = ("Action", "Comedy", "Drama", "War")


def _write(path, header, rows):
    lines = ["\t".join(header), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def data(tmp_path):
    """40 users who rate 25 of 60 films each; some are the users that the catalogue shows."""
    random = np.random.default_rng(5)
    folder = tmp_path / "data"
    folder.mkdir()
    users = [38, 37, 843, 599, 567, *range(1, 36)]
    films = range(1, 61)
    _write(
        folder / "ml-100k.user",
        ["user_id:token", "age:token", "gender:token", "occupation:token", "zip_code:token"],
        [(user, 18 + user % 50, "FM"[user % 2], ("artist", "other")[user % 2], f"{user:05}") for user in users],
    )
    _write(
        folder / "ml-100k.item",
        ["item_id:token", "movie_title:token_seq", "release_year:token", "class:token_seq"],
        [(film, f"Film {film}", 1950 + film % 45, _GENRES[film % 4]) for film in films],
    )
    _write(
        folder / "ml-100k.inter",
        ["user_id:token", "item_id:token", "rating:float", "timestamp:float"],
        [
            (user, film, random.integers(1, 6), 880_000_000 + 60 * random.integers(0, 10**5))
            for user in users
            for film in random.permutation(films)[:25]
        ],
    )
    return folder


def _run(tmp_path, *command):
    return main([*map(str, command), "--runs", str(tmp_path / "runs"), "--data", str(tmp_path / "data")])


def _said(capsys):
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_a_model_is_trained_and_exported_and_twice_the_same(tmp_path, data, capsys):
    for name in ("a", "b"):
        assert _run(tmp_path, "train", "fnn", "fm", "--seeds", 3, "--workers", 1) == 0
        assert _run(tmp_path, "export", "fnn", "--seed", 3, "--out", tmp_path / name) == 0
    assert "fnn seed 3 logloss 0." in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["fm-3.json", "fm-3.pt", "fnn-3.json", "fnn-3.pt"]
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert {str(path) for path in files} > {f"movies-fnn/{n}" for n in ("README.md", "model.yaml", "1/golden.jsonl")}
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes(), path


@pytest.mark.parametrize("command", ["train", "export"])
@pytest.mark.parametrize(
    ("models", "line"),
    [
        (["dinn"], f"model 'dinn' (expected: {', '.join(recipes.RECIPES)}"),
        ([], "no model named (expected: --all, or some of lr, "),
        (["lr", "--all"], "--all and lr (expected: one of the two)"),
    ],
)
def test_a_wrong_choice_of_models_is_one_line(tmp_path, data, capsys, command, models, line):
    assert _run(tmp_path, command, *models) == 1
    assert _said(capsys).startswith(f"podium_models {command}: {line}")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_export_names_the_model_that_is_not_trained_and_writes_nothing(tmp_path, data, capsys):
    assert _run(tmp_path, "export", "lr", "--out", tmp_path / "out") == 1
    assert _said(capsys) == "podium_models export: model 'lr' is not trained with seed 1 (run: train lr --seeds 1)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_variant_is_not_exported(tmp_path, data, capsys):
    assert _run(tmp_path, "export", "din-decay") == 1
    assert _said(capsys).startswith("podium_models export: model 'din-decay' (expected: lr, ")


def test_a_model_that_starts_from_another_says_that_the_other_is_missing(tmp_path, data, capsys):
    assert _run(tmp_path, "train", "fnn", "--seeds", 1, "--workers", 1) == 1
    assert _said(capsys) == "podium_models train: model 'fm' is not trained with seed 1 (run: train fm --seeds 1)\n"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("inter", "rating:float", "stars:float", "ml-100k.inter: no column 'rating' (it has: user_id, item_id, stars, "),
        ("user", "gender:token", "sex:token", "ml-100k.user: no column 'gender' (it has: user_id, age, sex, "),
        ("item", "class:token_seq", "kind:token_seq", "ml-100k.item: no column 'class' (it has: item_id, "),
        ("item", "Film 1\t", "Film 1\tone\t", "ml-100k.item: line 2 has 5 columns (expected: 4)"),
        ("item", "\n60\t", "\nsixty\t", "ml-100k.item: line 61, 'item_id': 'sixty' (expected: 1 to 1682)"),
        ("user", "\n38\t", "\n3800\t", "ml-100k.user: line 2, 'user_id': '3800' (expected: 1 to 943)"),
        ("user", "\n38\t", "\n39\t", "ml-100k.inter: user_id 38 is not in ml-100k.user"),
        ("item", "\n60\t", "\n61\t", "ml-100k.inter: item_id 60 is not in ml-100k.item"),
    ],
)
def test_what_is_wrong_with_the_training_data_is_one_line_and_nothing_is_written(
    tmp_path, data, capsys, file, old, new, line
):
    path = data / f"ml-100k.{file}"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert _run(tmp_path, "train", "lr", "--workers", 1) == 1
    assert _said(capsys).startswith(f"podium_models train: {line}")
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_file_that_is_not_there_is_named(tmp_path, data, capsys):
    (data / "ml-100k.user").unlink()
    assert _run(tmp_path, "train", "lr") == 1
    assert "ml-100k.user" in _said(capsys)


def test_the_split_follows_time_and_a_history_sees_only_what_came_before(data):
    loaded = movielens.load(data)
    split = movielens.split(loaded)
    ratings = loaded.ratings
    part = movielens.parts(ratings)
    for user in np.unique(ratings.user_id):
        times = [ratings.time[(ratings.user_id == user) & (part == index)] for index in range(3)]
        assert times[0].max() <= times[1].min() and times[1].max() <= times[2].min()
    rated = split.test.rated.numpy()
    for row in np.flatnonzero(rated):
        user, film = int(split.test.user_id[row]), int(split.test.inputs["film_id"][row])
        mine = ratings.user_id == user
        now = ratings.time[mine & (ratings.film_id == film)][0]
        before = mine & (ratings.time < now) & (ratings.rating >= 4)
        history = split.test.inputs["history_film"][row].numpy()
        assert history[history > 0].tolist() == ratings.film_id[before].tolist()[-movielens.HISTORY :]
    seen = {(int(u), int(f)) for u, f in zip(ratings.user_id, ratings.film_id, strict=True)}
    for row in np.flatnonzero(~rated):
        assert (int(split.test.user_id[row]), int(split.test.inputs["film_id"][row])) not in seen


def test_the_report_keeps_what_stands_around_it(tmp_path):
    from podium_models import report

    runs = [
        {"model": name, "seed": seed, "test": dict.fromkeys(("auc", "gauc", "logloss", "auc_rated"), 0.5 + seed / 100 + bonus),
         "curve": [{"valid_auc": 0.6}, {"valid_auc": 0.7}]}
        for name, bonus in (("din-base", 0.0), ("din", 0.1))
        for seed in (1, 2)
    ]  # fmt: skip
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write(runs, tmp_path)
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "| DIN | 1, 2 | 0.6150 ± 0.0071 |" in text
    assert "- DIN against DIN base model: AUC +0.1000, more than the spread (0.0071)." in text
    plots = {path.name: path.read_bytes() for path in (tmp_path / "plots").iterdir()}
    assert sorted(plots) == ["auc.svg", "curves.svg"]
    report.write(runs, tmp_path)
    assert plots == {path.name: path.read_bytes() for path in (tmp_path / "plots").iterdir()}


def test_a_report_of_nothing_is_one_line(tmp_path, capsys):
    assert main(["report", "--runs", str(tmp_path)]) == 1
    assert _said(capsys) == "podium_models report: no training run found (run: train --all)\n"


def test_a_page_without_the_marks_is_left_as_it_is(tmp_path):
    from podium_models import report

    (tmp_path / "README.md").write_text("no marks\n")
    with pytest.raises(ValueError, match="marks missing"):
        report.write([], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "no marks\n"
