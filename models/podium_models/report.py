"""What the training runs came to: the table and the plots of models/README.md, and each model's card."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podium_models import files, recipes
from podium_models.results import Run

BEGIN, END = "<!-- results: written by `train --all` -->", "<!-- end of results -->"
_METRICS = {"auc": "AUC", "gauc": "GAUC", "logloss": "LogLoss", "auc_rated": "AUC, rated films"}
_CLAIMS = (("din", "din-base"), ("deepfm", "fm"), ("deepfm", "lr"))
_VARIANT_CLAIMS = (("din", "din-base-mean"), ("din", "din-decay"))


def by_model(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs of each model, in the order that they come in."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        grouped[run["model"]].append(run)
    return dict(grouped)


def spread(values: Sequence[float]) -> float | None:
    """Sample standard deviation; None for one value."""
    return statistics.stdev(values) if len(values) > 1 else None


def _cell(values: Sequence[float]) -> str:
    deviation = spread(values)
    mean = f"{statistics.fmean(values):.4f}"
    return mean if deviation is None else f"{mean} ± {deviation:.4f}"


def _row(title: str, runs: Sequence[Run]) -> str:
    if not runs:
        return f"| {title} | not trained yet |" + " – |" * len(_METRICS)
    cells = [_cell([run["test"][metric] for run in runs]) for metric in _METRICS]
    return f"| {title} | {', '.join(str(run['seed']) for run in runs)} | {' | '.join(cells)} |"


def table(runs: Sequence[Run], models: Mapping[str, recipes.Recipe] = recipes.RECIPES) -> str:
    """Markdown: a row a model, mean ± standard deviation over its seeds."""
    grouped = by_model(runs)
    head = [f"| model | seeds | {' | '.join(_METRICS.values())} |", "|---|---|" + "---|" * len(_METRICS)]
    return "\n".join(head + [_row(recipe.title, grouped.get(name, [])) for name, recipe in models.items()])


def verdict(runs: Sequence[Run], better: str, worse: str) -> str:
    """One sentence: whether the one model beats the other by more than the larger of their two spreads."""
    grouped = by_model(runs)
    first, second = recipes.recipe(better).title, recipes.recipe(worse).title
    if better not in grouped or worse not in grouped:
        return f"- {first} against {second}: not both trained."
    a, b = ([run["test"]["auc"] for run in grouped[name]] for name in (better, worse))
    gain = statistics.fmean(a) - statistics.fmean(b)
    known = [deviation for deviation in (spread(a), spread(b)) if deviation is not None]
    if len(known) < 2:
        return f"- {first} against {second}: AUC {gain:+.4f}, with one seed of one of them: no spread to hold it against."
    words = "more than" if gain > max(known) else "NOT more than"
    return f"- {first} against {second}: AUC {gain:+.4f}, {words} the spread ({max(known):.4f})."


def results(runs: Sequence[Run]) -> str:
    grouped = by_model(runs)
    claims = "\n".join(verdict(runs, better, worse) for better, worse in _CLAIMS)
    compared = {name: recipe for name, recipe in recipes.VARIANTS.items() if name in grouped}
    variants = ""
    if compared:
        said = [verdict(runs, better, worse) for better, worse in _VARIANT_CLAIMS if worse in compared]
        variants = f"Variants, not exported:\n\n{table(runs, compared)}\n\n" + "\n".join(said) + "\n\n"
    pictures = "![AUC by model](plots/auc.svg)\n\n![Validation AUC by epoch](plots/curves.svg)"
    return f"{table(runs)}\n\n{claims}\n\n{variants}{pictures}"


def put_between(text: str, part: str) -> str:
    """The text with what stands between the two marks replaced."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md: marks missing (expected: {BEGIN} and {END})")
    return f"{head}{BEGIN}\n\n{part}\n\n{END}{tail}"


def plots(runs: Sequence[Run], out: Path) -> None:
    """Writes `auc.svg` and `curves.svg`; the same runs give the same bytes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams.update({"svg.hashsalt": "podium", "svg.fonttype": "none", "font.size": 9})
    out.mkdir(parents=True, exist_ok=True)
    grouped = by_model([run for run in runs if run["model"] in recipes.RECIPES])
    titles = [recipes.recipe(name).title for name in grouped]

    figure, axes = pyplot.subplots(figsize=(7, 3.2))
    means = [statistics.fmean(run["test"]["auc"] for run in mine) for mine in grouped.values()]
    deviations = [spread([run["test"]["auc"] for run in mine]) or 0.0 for mine in grouped.values()]
    axes.barh(titles, means, xerr=deviations, color="#4c72b0")
    axes.invert_yaxis()
    axes.set_xlim(min(means) - 0.02, max(means) + 0.02)  # differences are small beside the whole
    axes.set_xlabel("AUC on the test part (axis cut off)")
    _save(figure, out / "auc.svg")

    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    for name, mine in grouped.items():
        curve = [epoch["valid_auc"] for epoch in mine[0]["curve"]]
        if curve:
            axes.plot(range(1, len(curve) + 1), curve, label=recipes.recipe(name).title)
    axes.set_xlabel("epoch")
    axes.set_ylabel("AUC on the validation part, first seed")
    axes.legend(fontsize=7)
    _save(figure, out / "curves.svg")


def _save(figure: Any, path: Path) -> None:
    from matplotlib import pyplot

    figure.tight_layout()
    with files.replacing(path) as part:
        figure.savefig(part, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def write(runs: Sequence[Run], models: Path) -> None:
    """Puts table, sentences and plots in their places under `models/`."""
    readme = models / "README.md"
    text = put_between(readme.read_text(encoding="utf-8"), results(runs))
    plots(runs, models / "plots")
    files.write_text(readme, text)


def card(name: str, runs: Sequence[Run], seed: int, sha256: str) -> str:
    """The card of the model that was trained with this seed, as the README.md of its folder.

    runs: all of this model, of which the table in models/README.md has the mean and the spread.
    """
    recipe = recipes.recipe(name)
    settings = recipe.settings
    run = next(run for run in runs if run["seed"] == seed)
    seeds = ", ".join(str(run["seed"]) for run in runs)
    measured = "\n".join(
        f"| {title} | {run['test'][metric]:.4f} | {_cell([each['test'][metric] for each in runs])} |"
        for metric, title in _METRICS.items()
    )
    start = f" Its embeddings start from `{recipe.starts_from}` trained with the same seed." if recipe.starts_from else ""
    heads = " and ".join(f"`{output}`" for output in recipe.outputs)
    embeddings = (
        f" (embeddings: mini-batch aware penalty {settings.mini_batch_aware:g} in its place)"
        if settings.mini_batch_aware
        else ""
    )
    return f"""# movies-{name}

{recipe.title}: the probability that a viewer likes a film (rating of 4 or 5). Output{"s" * (len(recipe.outputs) > 1)}: {heads}.

Data: MovieLens-100K (Harper and Konstan, 2015, doi:10.1145/2827872), with one unrated film drawn for each liked one;
each user's ratings in the order of time, four fifths to train, a tenth to validate, a tenth to test. What its terms
allow, and what the drawn films mean for the figures, stands in models/README.md.

Training: seed {seed}, Adam, learning rate {settings.learning_rate:g}, weight decay {settings.weight_decay:g}{embeddings}, \
batches of {settings.batch}, at most {settings.epochs} epochs, early stopping by validation AUC.{start}

| on the test part | this model | seeds {seeds} |
|---|---|---|
{measured}

SHA-256 of `1/model.onnx`: `{sha256}`
"""
