#!/usr/bin/env python3
"""models/repository and models/catalogue against what the package makes of the data, and LR trained once more.

    .ci/models_again.py FOLDER      the folder is emptied, and used for the new training

Run in the Python environment of .ci/check_models.sh. Rules, vocabularies, requests and the catalogue must be the same to
the byte. Weights depend on the kind of processor, so a new LR must come to the same figures but for a little.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium_models import movielens

# What compares needs no torch, so that its tests don't either: torch and the package are imported where they are used.

MODELS = Path(__file__).resolve().parent.parent / "models"
# Of LR trained on two machines, scores differed by 1e-7 and AUC not at all.
SCORE_TOLERANCE = 0.001
AUC_TOLERANCE = 0.001


def differing(ours: Path, made: Path) -> list[str]:
    """The files that only one of two folders has, or that differ; but for README.md, scores and weights."""
    names = {
        str(path.relative_to(root))
        for root in (ours, made)
        for path in root.rglob("*")
        if path.is_file() and path.name != "README.md" and path.parent.name != "1"
    }
    alike = lambda name: all((root / name).is_file() for root in (ours, made)) and same(ours / name, made / name)
    return sorted(name for name in names if not alike(name))


def same(a: Path, b: Path) -> bool:
    return a.read_bytes() == b.read_bytes()


def golden(model: Path) -> list[dict]:
    return [json.loads(line) for line in (model / "1/golden.jsonl").read_text(encoding="utf-8").splitlines()]


def check_rules(data: movielens.MovieLens, work: Path) -> list[str]:
    """A folder for each recipe, with new weights, compared in all that weights don't change."""
    import torch
    from podium_models import catalogue, folder, movielens, recipes

    known, requests = movielens.features(data), catalogue.golden_requests(data)
    wrong = []
    for name, recipe in recipes.RECIPES.items():
        ours, made = MODELS / "repository" / f"movies-{name}", work / "rules" / f"movies-{name}"
        if not ours.is_dir():
            wrong.append(f"movies-{name}: not in models/repository")
            continue
        torch.manual_seed(0)
        model = recipe.build(known).eval()
        taken = catalogue.known_to(model.features, requests)
        outputs = {output: output for output in recipe.outputs}
        folder.write(made, folder.Scores(model).eval(), model.features, outputs, recipe.description, taken)
        wrong += [f"movies-{name}/{file}: not as the package writes it" for file in differing(ours, made)]
        if [line["request"] for line in golden(ours)] != [line["request"] for line in golden(made)]:
            wrong.append(f"movies-{name}/1/golden.jsonl: other requests than the package writes")
        print(f"movies-{name}: rules, vocabularies and requests as the package writes them")
    catalogue.write(data, work / "catalogue")
    wrong += [f"catalogue/{file}: not as the package writes it" for file in differing(MODELS / "catalogue", work / "catalogue")]
    return wrong


def auc(card: Path) -> float:
    return float(re.search(r"^\| AUC \| (\d\.\d+) ", card.read_text(encoding="utf-8"), re.MULTILINE)[1])


def check_training(source: Path, work: Path) -> list[str]:
    from podium_models.__main__ import main as podium_models

    common = ["lr", "--data", str(source), "--runs", str(work / "runs")]
    if podium_models(["train", *common, "--seeds", "1"]) or podium_models(["export", *common, "--out", str(work / "again")]):
        return ["lr: not trained or not exported"]
    ours, made = MODELS / "repository/movies-lr", work / "again/movies-lr"
    distance = max(
        abs(a - b)
        for first, second in zip(golden(ours), golden(made), strict=True)
        for a, b in zip(first["scores"]["ctr"], second["scores"]["ctr"], strict=True)
    )
    gain = auc(made / "README.md") - auc(ours / "README.md")
    bytes_ = "the same bytes" if same(ours / "1/model.onnx", made / "1/model.onnx") else "other bytes"
    print(f"lr trained once more: {bytes_}, scores differ by up to {distance:.1e}, AUC by {gain:+.4f}")
    ok = distance <= SCORE_TOLERANCE and abs(gain) <= AUC_TOLERANCE
    return [] if ok else [f"lr: expected at most {SCORE_TOLERANCE} and {AUC_TOLERANCE}"]


def main() -> int:
    import torch
    from podium_models import movielens

    work = Path(sys.argv[1])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    torch.set_num_threads(1)
    source = movielens.download(MODELS / "build")
    wrong = check_rules(movielens.load(source), work) + check_training(source, work)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
