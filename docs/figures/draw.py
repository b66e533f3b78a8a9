#!/usr/bin/env python3
"""Writes the figures' pages and plots beside this file, and the tables of docs/performance.md and README.md, from the JSON
files here.

    docs/figures/draw.py            writes
    docs/figures/draw.py --check    fails if that would change anything
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import plots

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PERFORMANCE = ROOT / "docs/performance.md"
README = ROOT / "README.md"

# Targets of `podium bench`: bare CPU ÷ server CPU.
WANTED = {
    ("deepfm", 10, 1): 0.45, ("deepfm", 10, 8): 0.8, ("deepfm", 500, 4): 1.6, ("deepfm", 1000, 2): 1.7,
    ("din", 10, 1): 0.75, ("din", 10, 8): 1.0, ("din", 500, 4): 2.8, ("din", 1000, 2): 3.0,
}
MODELS = {"deepfm": "DeepFM", "din": "DIN"}
STRESS = {
    "overload": "Overload", "fairness": "Fairness", "parallelism": "Parallelism", "small": "Small requests",
    "expiry": "Expiry", "soak": "Soak", "kill": "Kill",
}
# Of the exported graph against the served one, in the README.
README_ROWS = (10, 100, 500, 1000, 2000)

Row = dict[str, Any]


@dataclass
class Page:
    """A generated page, and its row in docs/performance.md."""

    name: str
    title: str
    command: str
    body: str
    shows: str
    figure: str
    targets: str = "–"
    pictures: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return (f"# {self.title}\n\nMeasured by `{self.command}`, written by [draw.py](draw.py). Don't edit it: measure again.\n"
                f"[performance.md](../performance.md) says what it means.\n\n{self.body}\n")


def read(name: str) -> Any:
    """A file's content, or None if it is not there."""
    file = HERE / f"{name}.json"
    if not file.exists():
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        sys.exit(f"draw.py: {file.name}: {error} (expected: what a command wrote with --json)")


def number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value).replace("|", "\\|")
    size = abs(value)
    if isinstance(value, int) or size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 100 else f"{value:.2f}" if size >= 0.1 or value == 0 else f"{value:.3g}"


def table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *[[number(cell) for cell in row] for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def span(values: list[float]) -> str:
    return f"{number(min(values))} to {number(max(values))}" if values else "–"


def verdict(judged: list[tuple[str, bool]]) -> str:
    """How many targets were met, and each that was missed."""
    missed = [name for name, met in judged if not met]
    met = len(judged) - len(missed)
    return f"{met} of {len(judged)} met" + (f"; **missed**: {'; '.join(missed)}" if missed else "") if judged else "–"


def place(row: Row) -> tuple[str, int, int]:
    return row["model"], row["candidates"], row["callers"]


def place_name(where: tuple[str, int, int]) -> str:
    return f"{MODELS.get(where[0], where[0])} {where[1]:,} × {where[2]}"


def machine(report: Any) -> str:
    found = report["machine"]
    line = f"{found['cpu']}, {found['cores']} cores, {found['os'].split()[0]}, Java {found['java']}"
    versions = report.get("versions", {})
    return line + (f", ONNX Runtime {versions['onnxruntime']}" if "onnxruntime" in versions else "") + "."


def moves(row: Row) -> str:
    rounds = row.get("ratio_rounds") or []
    return f"{min(rounds):.2f} to {max(rounds):.2f}" if rounds else "–"


def by_model(rows: list[Row]) -> str:
    """The span of ratios of each model."""
    models = dict.fromkeys(row["model"] for row in rows)
    ratios = {model: [r["ratio"] for r in rows if r["model"] == model and r["ratio"] is not None] for model in models}
    return ", ".join(f"{MODELS.get(model, model)}: {span(values)}" for model, values in ratios.items())


def judge_bench(rows: list[Row]) -> list[tuple[str, bool]]:
    judged = []
    for row in rows:
        wanted = WANTED.get(place(row)) if row["system"] == "podium" else None
        if wanted is not None:
            judged.append((f"{place_name(place(row))}: {number(row['ratio'])} (at least {number(wanted)})", row["ratio"] >= wanted))
    return judged


def bench(report: Any) -> Page:
    rows = [row for row in report["rows"] if row["system"] != "bare"]
    head = ["model", "candidates", "callers", "server", "bare ÷ server", "in its rounds", "wanted", "server CPU ms",
            "bare CPU ms", "candidates/s", "p50 ms", "p99 ms", "heap KB a request"]
    lines = []
    for row in rows:
        heap = row.get("heap_bytes_per_request")
        wanted = WANTED.get(place(row)) if row["system"] == "podium" else None
        lines.append([
            MODELS.get(row["model"], row["model"]), row["candidates"], row["callers"], row["system"], row["ratio"], moves(row),
            wanted, row["cpu_ms_per_request"], row["bare_cpu_ms_per_request"], row["candidates_per_s"], row["p50_ms"],
            row["p99_ms"], heap / 1024 if heap is not None else None,
        ])
    picture = plots.bars("bare CPU ÷ server CPU (Triton, DJL Serving: on another machine)", grouped(rows, with_rivals=True))
    return Page(
        "bench", "The server beside a bare session", "./podium bench --json docs/figures/bench.json",
        f"{machine(report)}\n\n{table(head, lines)}\n\n![Ratio of bare CPU to server CPU](bench.svg)",
        "CPU time of the bare session ÷ of the server", by_model(rows), verdict(judge_bench(rows)), {"bench": picture})


def off(report: Any) -> Page:
    rows = [row for row in report["rows"] if row["system"] != "bare"]
    systems = list(dict.fromkeys(row["system"] for row in rows))
    ratios = {(place(row), row["system"]): row["ratio"] for row in rows}
    lines = [[MODELS.get(where[0], where[0]), where[1], where[2], *[ratios.get((where, name)) for name in systems]]
             for where in dict.fromkeys(place(row) for row in rows)]
    picture = plots.bars("bare CPU ÷ server CPU", grouped(rows, with_rivals=False))
    without = [row for row in rows if row["system"] == "podium:no-compiler"]
    return Page(
        "off", "With compiler and tiles off", "./podium bench --off --json docs/figures/off.json",
        f"{machine(report)}\n\n{table(['model', 'candidates', 'callers', *systems], lines)}\n\n"
        "![Ratio with compiler and tiles switched off](off.svg)",
        "the same ratio without the compiler", by_model(without), pictures={"off": picture})


def grouped(rows: list[Row], with_rivals: bool) -> list[tuple[str, list[tuple[str, float]]]]:
    """Bars by place: each system's ratio, the rivals' beside it."""
    rivals = read("rivals") if with_rivals else None
    groups = []
    for where in dict.fromkeys(place(row) for row in rows):
        bars = [(row["system"], row["ratio"]) for row in rows if place(row) == where and row["ratio"] is not None]
        for rival in (rivals or {"rows": []})["rows"]:
            if place(rival) == where:
                bars.append((rival["system"], rival["ratio"]))
        groups.append((place_name(where), bars))
    return groups


def rivals(report: Any) -> Page:
    places = list(dict.fromkeys(place(row) for row in report["rows"]))
    systems = list(dict.fromkeys(row["system"] for row in report["rows"]))
    ratios = {(place(row), row["system"]): row["ratio"] for row in report["rows"]}
    lines = [[MODELS[where[0]], where[1], where[2], *[ratios.get((where, name)) for name in systems]] for where in places]
    spans = [f"{name}: {span([r['ratio'] for r in report['rows'] if r['system'] == name and r['ratio'] is not None])}"
             for name in systems]
    return Page(
        "rivals", "Other servers beside a bare session", "./podium bench --peer NAME=HOST:PORT,PID",
        f"Measured by us on another machine, each against a bare session in the same run.\n\n"
        f"{table(['model', 'candidates', 'callers', *systems], lines)}",
        "the same ratio for other servers, on another machine", ", ".join(spans))


def inspect(reports: dict[str, Any]) -> Page:
    rows = []
    curves = []
    for model, report in reports.items():
        execution = report["execution"]
        for speed in execution["speeds"]:
            rows.append([MODELS[model], speed["rows"], speed["exported_micros"], speed["served_micros"], speed["ratio"],
                         speed["form"]])
        curves.append((MODELS[model], [(speed["rows"], speed["ratio"]) for speed in execution["speeds"]]))
    notes = []
    for model, report in reports.items():
        execution = report["execution"]
        line = f"- {MODELS[model]}: largest difference of a score {execution['largest_difference']:.1g} on {execution['probes']} probes"
        if "after" in execution:
            before, after = execution["before"], execution["after"]
            line += (f"; multiply-adds a row {before['multiply_adds_per_row']:,} → {after['multiply_adds_per_row']:,},"
                     f" a request {after['multiply_adds_per_request']:,}")
        for dropped in execution["dropped"]:
            line += f"; not used, {dropped}"
        notes.append(line + ".")
    return Page(
        "inspect", "The served form beside the exported graph", "./podium inspect models/bench/MODEL --output json",
        table(["model", "rows", "exported µs", "served µs", "ratio", "form"], rows) + "\n\n" + "\n".join(notes)
        + "\n\n![Gain of the served form by rows](inspect.svg)",
        "time of the exported graph ÷ of the served form, 10 rows and more",
        ", ".join(f"{name}: {span([ratio for count, ratio in points if count >= 10])}" for name, points in curves),
        pictures={"inspect": plots.lines("rows of a request", "exported ÷ served", curves)})


def imports(reports: dict[str, Any]) -> Page:
    sizes = list(dict.fromkeys(speed["rows"] for report in reports.values() for speed in report["execution"]["speeds"]))
    rows = []
    for model, report in reports.items():
        execution = report["execution"]
        ratios = {speed["rows"]: speed["ratio"] for speed in execution["speeds"]}
        rows.append([model, *[ratios.get(size) for size in sizes], f"{execution['largest_difference']:.0e}"])
    largest = [row[-2] for row in rows if row[-2] is not None]
    return Page(
        "imports", "Other packages' exports", "docs/figures/measure.sh imports",
        table(["model", *[f"{size:,} rows" for size in sizes], "largest difference"], rows),
        f"the same for {len(rows)} exports of other packages, {sizes[-1]:,} rows", span(largest))


def stress(name: str, report: Any) -> Page:
    columns = list(report["rows"][0])
    parts = [table(columns, [[row[column] for column in columns] for row in report["rows"]])]
    parts += [f"Note: {note}." for note in report["notes"]]
    criteria = report["criteria"]
    if criteria:
        parts.append(table(["", "target", "figure", "wanted"],
                           [["met" if one["passed"] else "missed", one["name"], one["figure"], bound(one)] for one in criteria]))
    judged = [(f"{one['name']}: {number(one['figure'])} ({bound(one)})", one["passed"]) for one in criteria]
    pictures = {}
    points = [(load, row["÷ capacity"]) for row in report["rows"]
              if name == "overload" and (load := as_number(row.get("load"))) is not None and "÷ capacity" in row]
    if points:
        pictures["overload"] = plots.lines("offered load ÷ capacity", "answered in time ÷ capacity", [("Podium", points)])
        parts.append("![Answered in time by offered load](overload.svg)")
    first = criteria[0] if criteria else {"name": "–", "figure": None}
    return Page(
        name, f"{STRESS[name]} under stress", f"./podium stress {name} --json docs/figures/stress-{name}.json",
        "\n\n".join(parts), first["name"], number(first["figure"]), verdict(judged), pictures)


def bound(criterion: dict[str, Any]) -> str:
    return "; ".join(f"{key.replace('_', ' ')} {number(criterion[key])}" for key in ("at_least", "at_most") if key in criterion)


def as_number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def profile(reports: list[Any]) -> Page:
    parts = []
    for report in reports:
        rows = [[part["part"], f"{100 * part['share']:.1f} %"] for part in report["parts"] if part["share"] >= 0.005]
        parts.append(f"**{report['name']}**, {number(report['cpu_ms_per_request'])} ms of CPU a request ({report['cpu_s']:.1f} s of CPU in {report['seconds']:.0f} s), Java {report['java']}:\n\n"
                     + table(["where", "share of the process's CPU"], rows))
    picture = plots.stacked([(report["name"], [(part["part"], part["share"]) for part in report["parts"]]) for report in reports])
    parts.append("![Where CPU time goes](profile.svg)")
    runtime = [100 * part["share"] for report in reports if report["name"].startswith("server")
               for part in report["parts"] if part["part"] == "ONNX Runtime"]
    return Page(
        "profile", "Where CPU time goes", "docs/figures/measure.sh profile", "\n\n".join(parts),
        "share of the server's CPU time in ONNX Runtime, %", span(runtime), pictures={"profile": picture})


# ---- the pages ---------------------------------------------------------------------------------------------------------


def pages() -> list[Page]:
    found: list[Page] = []
    single: dict[str, Callable[[Any], Page]] = {"bench": bench, "rivals": rivals, "off": off}
    found += [write(report) for name, write in single.items() if (report := read(name))]
    models = {model: report for model in MODELS if (report := read(f"inspect-{model}"))}
    if models:
        found.append(inspect(models))
    packages = {file.stem.removeprefix("imports-"): read(file.stem) for file in sorted(HERE.glob("imports-*.json"))}
    if packages:
        found.append(imports(packages))
    profiles = [read(file.stem) for file in sorted(HERE.glob("profile-*.json"))]
    if profiles:
        found.append(profile(profiles))
    return found + [stress(name, report) for name in STRESS if (report := read(f"stress-{name}"))]


def summary(found: list[Page]) -> str:
    return table(
        ["page", "shows", "figure", "targets", "command"],
        [[f"[{page.name}](figures/{page.name}.md)", page.shows, page.figure, page.targets, f"`{page.command}`"]
         for page in found])


def readme_table() -> str | None:
    """The compiler's gain by candidates; None without figures of both models."""
    reports = {name: read(f"inspect-{model}") for model, name in MODELS.items()}
    if not all(reports.values()):
        return None
    gains = {name: {speed["rows"]: speed["ratio"] for speed in report["execution"]["speeds"]} for name, report in reports.items()}
    rows = [[f"{count:,}", *[gains[name].get(count) for name in reports]] for count in README_ROWS]
    rows.append(["largest difference of a score",
                 *[f"{report['execution']['largest_difference']:.1e}" for report in reports.values()]])
    return table(["candidates", *reports], rows)


def replaced(file: Path, name: str, text: str) -> str:
    """A page's content with this text between the markers of a name."""
    content = file.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(content):
        sys.exit(f"{file.name}: no <!-- {name} --> … <!-- /{name} -->")
    return pattern.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", content)


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print("draw.py: expected: nothing, or --check", file=sys.stderr)
        return 2
    found = pages()
    wanted = {PERFORMANCE: replaced(PERFORMANCE, "summary", summary(found))}
    gains = readme_table()
    if gains:
        wanted[README] = replaced(README, "gains", gains)
    for page in found:
        wanted[HERE / f"{page.name}.md"] = page.text()
        wanted.update({HERE / f"{name}.svg": text for name, text in page.pictures.items()})
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if check:
        for file in stale:
            print(f"{file.name}: not what docs/figures/draw.py makes of the JSON files", file=sys.stderr)
        return 1 if stale else 0
    for file in stale:
        file.write_text(wanted[file], encoding="utf-8")
    print(f"wrote {', '.join(file.name for file in stale) or 'nothing: all is up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
