"""What is committed: the folders in repository/, their cards and the table in README.md tell the same."""

import hashlib
import itertools
import re
from pathlib import Path

import onnx
import pytest
import yaml

from podium_models import recipes, report

_MODELS = Path(__file__).resolve().parent.parent
_REPOSITORY = _MODELS / "repository"


def _cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def _table():
    """The results in README.md: a model's title to its seeds and figures."""
    text = (_MODELS / "README.md").read_text(encoding="utf-8").partition(report.BEGIN)[2].partition(report.END)[0]
    lines = itertools.takewhile(lambda line: line.startswith("|"), text.strip().splitlines()[2:])
    return {row[0]: row[1:] for row in map(_cells, lines)}


def test_every_recipe_has_a_folder_and_no_folder_is_without_a_recipe():
    assert {path.name for path in _REPOSITORY.iterdir()} == {f"movies-{name}" for name in recipes.RECIPES}


def test_the_table_has_every_model_with_three_seeds():
    table = _table()
    assert list(table) == [recipe.title for recipe in recipes.RECIPES.values()]
    assert {row[0] for row in table.values()} == {"1, 2, 3"}


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_the_card_has_the_graphs_hash_and_the_tables_figures(name):
    recipe, folder = recipes.recipe(name), _REPOSITORY / f"movies-{name}"
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith(f"# movies-{name}\n\n{recipe.title}: ")
    assert hashlib.sha256((folder / "1/model.onnx").read_bytes()).hexdigest() in card
    assert "MovieLens-100K" in card
    seeds, *figures = _table()[recipe.title]
    rows = [_cells(line) for line in card.splitlines() if re.match(r"\| [^|]+ \| ", line)]
    assert rows[0][2] == f"seeds {seeds}"
    assert [row[2] for row in rows[1:]] == figures
    assert all(re.fullmatch(r"0\.\d{4}", row[1]) for row in rows[1:])


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_the_graph_takes_any_rows_and_history_and_gives_the_outputs_of_the_rules(name):
    folder = _REPOSITORY / f"movies-{name}"
    graph = onnx.load(folder / "1/model.onnx").graph
    rules = yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8"))
    assert {value.name for value in graph.input} == {feature["name"] for feature in rules["features"]}
    assert all(dim.dim_param for value in graph.input for dim in value.type.tensor_type.shape.dim)
    assert [o["name"] for o in rules["outputs"]] == [o.name for o in graph.output] == list(recipes.recipe(name).outputs)
