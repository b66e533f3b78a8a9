"""`python -m podium_models COMMAND`: see `--help`."""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path
from typing import Any

_MODELS = Path(__file__).resolve().parent.parent
_BUILD = _MODELS / "build"


def _bench(arguments: argparse.Namespace) -> None:
    from podium_models import bench

    for path in bench.write(arguments.out, arguments.vocabulary, arguments.external_data):
        print(path)


def _chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    from podium_models import recipes

    if not arguments.models and not arguments.all:
        raise ValueError(f"no model named (expected: --all, or some of {', '.join(recipes.RECIPES)})")
    return dict(recipes.RECIPES) if arguments.all else {name: recipes.recipe(name) for name in arguments.models}


def _train(arguments: argparse.Namespace) -> None:
    import torch

    from podium_models import movielens, results, train

    torch.set_num_threads(arguments.threads)
    chosen = _chosen(arguments)
    data = movielens.load(arguments.data or movielens.download(_BUILD))
    known, split = movielens.features(data), movielens.split(data)
    for seed in arguments.seeds:
        for name, recipe in chosen.items():
            torch.manual_seed(seed)
            model = recipe.build(known)
            if recipe.starts_from is not None:
                model.start_from(results.load(_BUILD, recipe.starts_from, seed, known))
            start = time.monotonic()
            result = train.fit(model, split, seed, recipe.settings, name)
            results.save(_BUILD, name, seed, model, result, time.monotonic() - start)
            print(f"{name} seed {seed}", *(f"{metric} {value:.4f}" for metric, value in result.test.items()), flush=True)


def _export(arguments: argparse.Namespace) -> None:
    from podium_models import catalogue, folder, movielens, results

    data = movielens.load(arguments.data or movielens.download(_BUILD))
    known = movielens.features(data)
    requests = catalogue.golden_requests(data)
    for name, recipe in _chosen(arguments).items():
        model = results.load(_BUILD, name, arguments.seed, known)
        taken = {feature.name for feature in model.features}
        golden = [({k: v for k, v in values.items() if k in taken}, count) for values, count in requests]
        target = arguments.out / f"movies-{name}"
        description = f"{recipe.title} over MovieLens-100K, label rating >= 4"
        outputs = {output: output for output in recipe.outputs}
        folder.write(target, folder.Scores(model).eval(), model.features, outputs, description, golden)
        print(target)
    catalogue.write(data, _MODELS / "catalogue")


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="podium_models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    bench = commands.add_parser("bench", help="write the models with random weights that load tests use")
    bench.add_argument("--out", type=Path, default=_MODELS / "bench", help="folder to write (default: models/bench)")
    bench.add_argument("--vocabulary", type=int, help="write only din, with this many items (500000 makes 90 MB)")
    bench.add_argument("--external-data", action="store_true", help="keep the weights in model.onnx.data")
    bench.set_defaults(run=_bench)

    train = commands.add_parser("train", help="train movie models; the weights go to models/build/weights")
    train.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="default: 1 2 3")
    train.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default: 1)")
    train.set_defaults(run=_train)

    export = commands.add_parser("export", help="write the model folders of trained movie models, and the catalogue")
    export.add_argument("--seed", type=int, default=1, help="the training run to export (default: 1)")
    export.add_argument("--out", type=Path, default=_MODELS / "repository", help="default: models/repository")
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
        command.add_argument("--all", action="store_true", help="every movie model")
        command.add_argument("--data", type=Path, help="a RecBole wheel or a folder with the ml-100k files")
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (ValueError, OSError) as error:
        print(f"podium_models {arguments.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
