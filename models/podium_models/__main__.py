"""`python -m podium_models COMMAND`: see `--help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_MODELS = Path(__file__).resolve().parent.parent


def _bench(arguments: argparse.Namespace) -> None:
    from podium_models import bench

    for path in bench.write(arguments.out, arguments.vocabulary, arguments.external_data):
        print(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="podium_models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    bench = commands.add_parser("bench", help="write the models with random weights that load tests use")
    bench.add_argument("--out", type=Path, default=_MODELS / "bench", help="folder to write (default: models/bench)")
    bench.add_argument("--vocabulary", type=int, help="write only din, with this many items (500000 makes 90 MB)")
    bench.add_argument("--external-data", action="store_true", help="keep the weights in model.onnx.data")
    bench.set_defaults(run=_bench)
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
