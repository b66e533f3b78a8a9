"""`python -m podium_models COMMAND`: see `--help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_MODELS = Path(__file__).resolve().parent.parent
_BUILD = _MODELS / "build"


def _bench(arguments: argparse.Namespace) -> None:
    from podium_models import bench

    for path in bench.write(arguments.out, arguments.vocabulary, arguments.external_data):
        print(path)


def _train(arguments: argparse.Namespace) -> None:
    import torch

    from podium_models import movielens, recipes, train

    torch.set_num_threads(arguments.threads)
    chosen = {name: recipes.recipe(name) for name in arguments.models}
    data = movielens.load(arguments.data or movielens.download(_BUILD))
    known, split = movielens.features(data), movielens.split(data)
    weights = _BUILD / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    for name, recipe in chosen.items():
        torch.manual_seed(arguments.seed)
        model = recipe.build(known)
        result = train.fit(model, split, arguments.seed, recipe.settings, name)
        torch.save(model.state_dict(), weights / f"{name}.pt")
        print(name, *(f"{metric} {value:.4f}" for metric, value in result.test.items()))


def _export(arguments: argparse.Namespace) -> None:
    import torch

    from podium_models import catalogue, folder, movielens, recipes

    data = movielens.load(arguments.data or movielens.download(_BUILD))
    known = movielens.features(data)
    requests = catalogue.golden_requests(data)
    for name in arguments.models:
        recipe = recipes.recipe(name)
        weights = _BUILD / "weights" / f"{name}.pt"
        if not weights.is_file():
            raise ValueError(f"model '{name}' is not trained (expected: {weights.name} from 'train {name}')")
        model = recipe.build(known)
        model.load_state_dict(torch.load(weights))
        taken = {feature.name for feature in model.features}
        golden = [({k: v for k, v in values.items() if k in taken}, count) for values, count in requests]
        target = arguments.out / f"movies-{name}"
        description = f"{recipe.title} over MovieLens-100K, label rating >= 4"
        folder.write(target, folder.Scores(model).eval(), model.features, {"ctr": "ctr"}, description, golden)
        print(target)
    catalogue.write(data, _MODELS / "catalogue")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="podium_models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    bench = commands.add_parser("bench", help="write the models with random weights that load tests use")
    bench.add_argument("--out", type=Path, default=_MODELS / "bench", help="folder to write (default: models/bench)")
    bench.add_argument("--vocabulary", type=int, help="write only din, with this many items (500000 makes 90 MB)")
    bench.add_argument("--external-data", action="store_true", help="keep the weights in model.onnx.data")
    bench.set_defaults(run=_bench)

    train = commands.add_parser("train", help="train movie models; the weights go to models/build/weights")
    train.add_argument("models", nargs="+")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default: 1)")
    train.set_defaults(run=_train)

    export = commands.add_parser("export", help="write the model folders of trained movie models, and the catalogue")
    export.add_argument("models", nargs="+")
    export.add_argument("--out", type=Path, default=_MODELS / "repository", help="default: models/repository")
    export.set_defaults(run=_export)

    for command in (train, export):
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
