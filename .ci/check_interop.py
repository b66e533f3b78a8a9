#!/usr/bin/env python3
"""Other packages' exports as they are: exported, imported, served, and the scores compared with the package's own.

Each package exports its models with random weights (models/interop) in an environment of its own under CI_WORK; then
`podium_models import` writes the folders, one server serves them all, and 1,000 candidates are ranked with each.
Needs grpcio and grpcio-tools; ./podium must be built or buildable. Traffic stays on 127.0.0.1.

    .ci/check_interop.py             small models
    .ci/check_interop.py --bench     of the sizes of models/bench, for docs/figures/measure.sh
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import harness
from harness import ROOT, serving, stubs

WORK = harness.WORK / "interop"
TOLERANCE = 1e-5

# Versions are those that the export was tried with. RecBole needs numpy < 2, and of its requirements only these.
BASE = ["torch-rechub==0.9.0", "deepctr-torch==0.3.0", "requests", "pandas", str(ROOT / "models")]
RECBOLE = ["recbole==1.2.1", "numpy==1.26.4", "pandas==2.2.3", "scipy==1.14.1", "colorlog==4.7.2", "colorama==0.4.4"]
RECBOLE += ["tensorboard", "tensorboard-data-server", "absl-py", "werkzeug", "markdown", "texttable", "tabulate", "pytz"]
RECBOLE += ["thop", "psutil"]

EXPORTERS = {"rechub": "base", "deepctr": "base", "recbole_zoo": "recbole"}
# The package's own defect: its low-rank DCN-v2 drops the rows' dimension where there is one row.
REFUSED = {"rechub-dcnv2mix": "1 row"}
EXPECTED = {
    "rechub-deepfm", "rechub-din", "rechub-widedeep", "rechub-dcnv2", "rechub-dcnv2mix",
    "deepctr-deepfm", "deepctr-din",
    "recbole-lr", "recbole-fm", "recbole-fnn", "recbole-pnn", "recbole-deepfm", "recbole-din",
}  # fmt: skip


def run(*command: str | Path) -> None:
    harness.run(*command, seconds=1200, cwd=WORK)


def python(name: str, packages: list[str], *options: str) -> Path:
    """An environment under WORK with these packages."""
    binary = WORK / name / "bin/python"
    if not binary.exists():
        run(sys.executable, "-m", "venv", WORK / name)
    run(binary, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options, *packages)
    return binary


def environments() -> dict[str, Path]:
    """torch is large: RecBole's environment finds it in the other one, behind its own older numpy."""
    base = python("base", BASE)
    recbole = python("recbole", RECBOLE, "--no-deps")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site, shared = (
        Path(subprocess.run([binary, "-c", where], check=True, capture_output=True, text=True).stdout.strip())
        for binary in (recbole, base)
    )
    (site / "shared.pth").write_text(f"{shared}\n", encoding="utf-8")
    return {"base": base, "recbole": recbole}


def import_all(base: Path, exported: Path, models: Path) -> dict[str, str]:
    """Imports every export; returns the line of each that was refused."""
    refused = {}
    for folder in sorted(exported.iterdir()):
        case = json.loads((folder / "case.json").read_text())
        command = [base, "-m", "podium_models", "import", next(folder.glob("*.onnx")), "--out", models / folder.name]
        command += ["--context", ",".join(case["context"])]
        for option, pairs in case["options"].items():
            for name, value in pairs.items():
                command += [f"--{option}", f"{name}={value}"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=WORK)
        if done.returncode != 0:
            refused[folder.name] = done.stderr.strip()
    return refused


def column(name: str, rows: list[Any]) -> dict[str, Any]:
    """One feature column in protobuf's JSON form; whole numbers are ids."""
    first = rows[0][0] if isinstance(rows[0], list) else rows[0]
    kind, text = ("nt64Values", str) if isinstance(first, int) else ("loatValues", float)
    letter = "i" if isinstance(first, int) else "f"
    if isinstance(rows[0], list):
        values = {"values": [text(value) for row in rows for value in row], "rowLengths": [len(row) for row in rows]}
        return {"name": name, f"ragged{letter.upper()}{kind}": values}
    return {"name": name, f"{letter}{kind}": {"values": [text(value) for value in rows]}}


def request(model: str, case: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": {"name": model},
        "context": [column(name, [value]) for name, value in case["context"].items()],
        "candidates": {
            "count": len(case["scores"]),
            "columns": [column(name, rows) for name, rows in case["candidates"].items()],
        },
    }


def difference(target: str, model: str, case: dict[str, Any]) -> float:
    """The largest distance of a served score from the package's own."""
    ranking, json_format = stubs()
    message = json_format.ParseDict(request(model, case), ranking.RankRequest())
    with grpc.insecure_channel(target) as channel:
        rank = channel.unary_unary("/podium.ranking.v1.RankingService/Rank")
        answer = ranking.RankResponse.FromString(rank(message.SerializeToString(), timeout=60))
    scores = list(answer.outputs[0].scores)
    if len(scores) != len(case["scores"]):
        raise RuntimeError(f"{len(scores)} scores (expected: {len(case['scores'])})")
    return max(abs(ours - theirs) for ours, theirs in zip(scores, case["scores"], strict=True))


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] not in ([], ["--bench"]):
        sys.exit(f"check_interop.py: {' '.join(sys.argv[1:])} (expected: nothing, or --bench)")
    size = "bench" if sys.argv[1:] else "small"
    exported, models = WORK / size / "exported", WORK / size / "models"
    for folder in (exported, models):
        shutil.rmtree(folder, ignore_errors=True)
    harness.build()
    interpreters = environments()
    for script, name in EXPORTERS.items():
        run(interpreters[name], ROOT / f"models/interop/{script}.py", exported, *sys.argv[1:])
    refused = import_all(interpreters["base"], exported, models)
    failures = 0
    with serving(models, log="interop/server") as server:
        print(f"{'package-model':18}  exported  imported  served  largest difference over 1,000 candidates")
        for name in sorted(EXPECTED | {folder.name for folder in exported.iterdir()}):
            row = [name, "no", "no", "no", ""]
            if (exported / name / "case.json").is_file():
                row[1] = "yes"
                if name in refused:
                    row[4] = refused[name]
                    failures += not (name in REFUSED and REFUSED[name] in refused[name])
                else:
                    row[2] = "yes"
                    try:
                        case = json.loads((exported / name / "case.json").read_text())
                        most = difference(server.target, name, case)
                        row[3], row[4] = "yes", f"{most:.1e}"
                        failures += not most <= TOLERANCE or name in REFUSED
                    except (grpc.RpcError, RuntimeError) as error:
                        row[4] = error.details() if isinstance(error, grpc.RpcError) else str(error)
                        failures += 1
            else:
                failures += 1
            print(f"{row[0]:18}  {row[1]:8}  {row[2]:8}  {row[3]:6}  {row[4]}")
    if failures:
        print(server.log()[-3000:], file=sys.stderr)
    print(f"{len(EXPECTED)} exports, {len(REFUSED)} of them refused as expected, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
