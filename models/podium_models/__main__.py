"""`python -m podium_models COMMAND`: see `--help`."""

from __future__ import annotations

import argparse
import functools
import os
import re
import resource
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

_MOST_WORKERS = 4


def _models() -> Path:
    """The folder models/ of a checkout: the working folder, in it or around this package."""
    for folder in (Path("models"), Path(), Path(__file__).resolve().parent.parent):
        if (folder / "podium_models/recipes.py").is_file() and (folder / "README.md").is_file():
            return folder
    raise ValueError("no folder models of a checkout here (run this in the checkout, or give every path)")


def _bench(arguments: argparse.Namespace) -> None:
    from podium_models import bench

    for path in bench.write(arguments.out or _models() / "bench", arguments.vocabulary, arguments.external_data):
        print(path)


def _chosen(arguments: argparse.Namespace, variants: bool = False) -> dict[str, Any]:
    from podium_models import recipes

    if arguments.models and arguments.all:
        raise ValueError(f"--all and {', '.join(arguments.models)} (expected: one of the two)")
    if not arguments.models and not arguments.all:
        raise ValueError(f"no model named (expected: --all, or some of {', '.join(recipes.RECIPES)})")
    named = {name: recipes.recipe(name, variants) for name in arguments.models}
    return dict(recipes.RECIPES) if arguments.all else named


def _runs(arguments: argparse.Namespace) -> Path:
    return arguments.runs or _models() / "build/weights"


def _data(arguments: argparse.Namespace) -> Path:
    from podium_models import movielens

    return arguments.data or movielens.download(_models() / "build")


def _train(arguments: argparse.Namespace) -> None:
    chosen = _chosen(arguments, variants=True)

    from podium_models import jobs

    todo = jobs.jobs(list(chosen), arguments.seeds)
    if arguments.all:
        _models()  # where the table goes: missing, it is said now and not when all is trained
    start = time.monotonic()
    say = functools.partial(print, flush=True)
    runs = jobs.work(todo, _data(arguments), _runs(arguments), arguments.workers, say)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in used)
    print(f"{len(runs)} runs in {time.monotonic() - start:.0f} s, {cpu:.0f} s of CPU")
    if arguments.all:
        _report(arguments)


def _report(arguments: argparse.Namespace) -> None:
    from podium_models import report, results

    runs = [run for run in results.runs(_runs(arguments)) if run["seed"] in arguments.seeds]
    if not runs:
        raise ValueError("no training run found (run: train --all)")
    report.write(runs, _models())


def _export(arguments: argparse.Namespace) -> None:
    chosen = _chosen(arguments)

    import torch

    from podium_models import catalogue, folder, movielens, report, results

    torch.set_num_threads(1)
    stored = _runs(arguments)
    out = arguments.out or _models() / "repository"
    films = arguments.catalogue or (_models() / "catalogue" if arguments.all and not arguments.out else None)
    runs = report.by_model(results.runs(stored))
    for name in chosen:
        if not any(run["seed"] == arguments.seed for run in runs.get(name, [])):
            raise ValueError(f"model '{name}' is not trained with seed {arguments.seed} (run: train {name} --seeds {arguments.seed})")
    data = movielens.load(_data(arguments))
    known = movielens.features(data)
    requests = catalogue.golden_requests(data)
    for name, recipe in chosen.items():
        model = results.load(stored, name, arguments.seed, known)
        golden = catalogue.known_to(model.features, requests)
        target = out / f"movies-{name}"
        outputs = {output: output for output in recipe.outputs}
        card = functools.partial(report.card, name, runs[name], arguments.seed)
        scores = folder.Scores(model).eval()
        folder.write(target, scores, model.features, outputs, recipe.description, golden, card=card)
        print(target)
    if films is not None:
        catalogue.write(data, films)


def _import(arguments: argparse.Namespace) -> None:
    from podium_models import importer

    context = arguments.context
    if context is None:
        names = dict(arguments.name)
        features = ", ".join(names.get(feature.name, feature.name) for feature in importer.read(arguments.file)[1])
        if not sys.stdin.isatty():
            raise ValueError(f"--context is missing (expected: those of {features} that a request sends once; '' for none)")
        context = _names(input(f"features: {features}\nwhich does a request send once, not for each candidate? "))
    target = arguments.out or arguments.file.parent / arguments.file.stem
    for feature in importer.write(arguments.file, target, context, dict(arguments.length), dict(arguments.name)):
        where = "" if feature.columns is None else f" {feature.input}[{feature.columns[0]}:{feature.columns[1]}]"
        size = "" if feature.size is None else f", ids 0 to {feature.size - 1}"
        role = "context" if feature.name in context else "candidate"
        print(f"  {feature.name}:{where} {role}, {feature.kind}{size}")
    print(target)


def _names(text: str) -> list[str]:
    return [name for name in re.split(r"[,\s]+", text) if name]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"'{text}' (expected: NAME=VALUE)")
    return name, value


def _length(text: str) -> tuple[str, int]:
    name, value = _pair(text)
    if not value.isdigit() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' (expected: NAME=POSITIONS, 1 or more)")
    return name, int(value)


def _workers(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' (expected: 1 or more)")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="podium_models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    bench = commands.add_parser("bench", help="write the models with random weights that load tests use")
    bench.add_argument("--out", type=Path, help="folder to write (default: models/bench)")
    bench.add_argument("--vocabulary", type=int, help="write only din, with this many items (500000 makes 90 MB)")
    bench.add_argument("--external-data", action="store_true", help="keep the weights in model.onnx.data")
    bench.set_defaults(run=_bench)

    train = commands.add_parser("train", help="train movie models; the weights go to models/build/weights")
    cores = min(os.cpu_count() or 1, _MOST_WORKERS)
    train.add_argument("--workers", type=_workers, default=cores, help="processes that train (default here: %(default)s)")
    train.set_defaults(run=_train)

    report = commands.add_parser("report", help="write the table and the plots of README.md from the runs that are kept")
    report.set_defaults(run=_report)

    export = commands.add_parser("export", help="write the model folders of trained movie models; --all: the catalogue, too")
    export.add_argument("--seed", type=int, default=1, help="the training run to export (default: 1)")
    export.add_argument("--out", type=Path, help="default: models/repository")
    export.add_argument("--catalogue", type=Path, help="default: models/catalogue, with --all and without --out")
    export.set_defaults(run=_export)

    importing = commands.add_parser("import", help="write a model folder around a graph that another package exported")
    importing.add_argument("file", type=Path, help="the ONNX file; external weights are taken from beside it")
    importing.add_argument("--out", type=Path, help="the model folder to write (default: FILE without .onnx)")
    importing.add_argument("--context", type=_names, help="features that a request sends once: NAME,NAME,...")
    importing.add_argument("--length", type=_length, action="append", default=[], help="history length: NAME=POSITIONS")
    importing.add_argument("--name", type=_pair, action="append", default=[], help="rename a feature: SEEN=NAME")
    importing.set_defaults(run=_import)

    for command in (train, export):
        command.add_argument("models", nargs="*")
        command.add_argument("--all", action="store_true", help="every movie model; train then writes the table and the plots of README.md")
        command.add_argument("--data", type=Path, help="a RecBole wheel or a folder with the ml-100k files")
    for command in (train, export, report):
        command.add_argument("--runs", type=Path, help="folder of training runs (default: models/build/weights)")
    for command in (train, report):
        command.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="default: 1 2 3")
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (ValueError, OSError, BrokenExecutor) as error:
        print(f"podium_models {arguments.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
