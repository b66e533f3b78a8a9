#!/usr/bin/env python3
"""Writes the tables of docs/performance.md, between its markers, and the plots beside this file, from the JSON files here.

    docs/figures/draw.py            writes
    docs/figures/draw.py --check    fails if that would change anything
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "performance.md"

# Targets of `podium bench`: bare CPU ÷ server CPU.
WANTED = {
    ("deepfm", 10, 1): 0.45, ("deepfm", 10, 8): 0.8, ("deepfm", 500, 4): 1.6, ("deepfm", 1000, 2): 1.7,
    ("din", 10, 1): 0.75, ("din", 10, 8): 1.0, ("din", 500, 4): 2.8, ("din", 1000, 2): 3.0,
}
MODELS = {"deepfm": "DeepFM", "din": "DIN"}
CUT = ("#0969da", "#9a6700", "#8250df", "#1a7f37", "#cf222e", "#bf3989", "#1b7c83", "#57606a", "#bc4c00", "#4d2d00")
INK = ("#0969da", "#9a6700", "#8250df", "#57606a", "#1a7f37")

Row = dict[str, Any]


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


def place(row: Row) -> tuple[str, int, int]:
    return row["model"], row["candidates"], row["callers"]


def machine(report: Any) -> str:
    found = report["machine"]
    line = f"{found['cpu']}, {found['cores']} cores, {found['os'].split()[0]}, Java {found['java']}"
    versions = report.get("versions", {})
    return line + (f", ONNX Runtime {versions['onnxruntime']}" if "onnxruntime" in versions else "") + "."


def moves(row: Row) -> str:
    rounds = row.get("ratio_rounds") or []
    return f"{min(rounds):.2f} to {max(rounds):.2f}" if rounds else "–"


def bench(report: Any) -> str:
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
    picture("bench", "bare CPU ÷ server CPU (Triton, DJL Serving: on another machine)", grouped(rows, with_rivals=True))
    return f"{machine(report)}\n\n{table(head, lines)}\n\n![Ratio of bare CPU to server CPU](figures/bench.svg)"


def off(report: Any) -> str:
    rows = [row for row in report["rows"] if row["system"] != "bare"]
    systems = list(dict.fromkeys(row["system"] for row in rows))
    ratios = {(place(row), row["system"]): row["ratio"] for row in rows}
    lines = [[MODELS.get(where[0], where[0]), where[1], where[2], *[ratios.get((where, name)) for name in systems]]
             for where in dict.fromkeys(place(row) for row in rows)]
    picture("off", "bare CPU ÷ server CPU", grouped(rows, with_rivals=False))
    return (f"{machine(report)}\n\n{table(['model', 'candidates', 'callers', *systems], lines)}\n\n"
            "![Ratio with compiler and tiles switched off](figures/off.svg)")


def grouped(rows: list[Row], with_rivals: bool) -> list[tuple[str, list[tuple[str, float]]]]:
    """Bars by place: each system's ratio, the rivals' beside it."""
    rivals = read("rivals") if with_rivals else None
    groups = []
    for where in dict.fromkeys(place(row) for row in rows):
        bars = [(row["system"], row["ratio"]) for row in rows if place(row) == where and row["ratio"] is not None]
        for rival in (rivals or {"rows": []})["rows"]:
            if place(rival) == where:
                bars.append((rival["system"], rival["ratio"]))
        groups.append((f"{MODELS.get(where[0], where[0])} {where[1]:,} × {where[2]}", bars))
    return groups


def rivals(report: Any) -> str:
    places = list(dict.fromkeys(place(row) for row in report["rows"]))
    systems = list(dict.fromkeys(row["system"] for row in report["rows"]))
    ratios = {(place(row), row["system"]): row["ratio"] for row in report["rows"]}
    lines = [[MODELS[where[0]], where[1], where[2], *[ratios.get((where, name)) for name in systems]] for where in places]
    return table(["model", "candidates", "callers", *systems], lines)


def inspect(reports: dict[str, Any]) -> str:
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
    lines_plot("inspect", "rows of a request", "exported ÷ served", curves)
    return (table(["model", "rows", "exported µs", "served µs", "ratio", "form"], rows) + "\n\n" + "\n".join(notes)
            + "\n\n![Gain of the served form by rows](figures/inspect.svg)")


def imports(reports: dict[str, Any]) -> str:
    sizes = list(dict.fromkeys(speed["rows"] for report in reports.values() for speed in report["execution"]["speeds"]))
    rows = []
    for model, report in reports.items():
        execution = report["execution"]
        ratios = {speed["rows"]: speed["ratio"] for speed in execution["speeds"]}
        rows.append([model, *[ratios.get(size) for size in sizes], f"{execution['largest_difference']:.0e}"])
    return table(["model", *[f"{size:,} rows" for size in sizes], "largest difference"], rows)


def stress(reports: dict[str, Any]) -> str:
    parts = []
    for name, report in reports.items():
        judged = [["met" if one["passed"] else "missed", *[value for key, value in one.items() if key != "passed"]]
                  for one in report["criteria"]]
        head = ["", *[key for key in report["criteria"][0] if key != "passed"]] if report["criteria"] else []
        text = f"#### {name}\n\n"
        columns = list(report["rows"][0])
        text += table(columns, [[row[column] for column in columns] for row in report["rows"]])
        text += "".join(f"\n\nNote: {note}." for note in report["notes"])
        if head:
            text += "\n\n" + table(head, judged)
        parts.append(text)
    overload = reports.get("overload")
    if overload:
        points = []
        for row in overload["rows"]:
            try:
                points.append((float(row["load"]), row["÷ capacity"]))
            except (KeyError, ValueError):
                continue
        if points:
            lines_plot("overload", "offered load ÷ capacity", "answered in time ÷ capacity", [("Podium", points)])
            parts.append("![Answered in time by offered load](figures/overload.svg)")
    return "\n\n".join(parts)


def profile(reports: list[Any]) -> str:
    parts = []
    for report in reports:
        rows = [[part["part"], f"{100 * part['share']:.1f} %"] for part in report["parts"] if part["share"] >= 0.005]
        parts.append(f"**{report['name']}**, {number(report['cpu_ms_per_request'])} ms of CPU a request ({report['cpu_s']:.1f} s of CPU in {report['seconds']:.0f} s), Java {report['java']}:\n\n"
                     + table(["where", "share of the process's CPU"], rows))
    stacked("profile", [(report["name"], [(part["part"], part["share"]) for part in report["parts"]]) for report in reports])
    parts.append("![Where CPU time goes](figures/profile.svg)")
    return "\n\n".join(parts)


# ---- plots -------------------------------------------------------------------------------------------------------------

pictures: dict[str, str] = {}


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def svg(name: str, title: str, width: int, height: int, body: list[str]) -> None:
    style = ("text{fill:#1f2328;font-size:12px}.soft{fill:#57606a}.grid{stroke:#d0d7de}.back{fill:#fff}"
             "@media (prefers-color-scheme: dark){text{fill:#e6edf3}.soft{fill:#9198a1}.grid{stroke:#30363d}.back{fill:#0d1117}}")
    pictures[name] = "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" role="img"'
        f' aria-label="{escape(title)}">',
        f"  <style>{style}</style>", f'  <rect class="back" width="{width}" height="{height}"/>',
        *("  " + line for line in body), "</svg>", "",
    ])


def legend(names: list[str], x: float, y: float) -> list[str]:
    body = []
    for index, name in enumerate(names):
        body.append(f'<rect x="{x:.0f}" y="{y - 9:.0f}" width="10" height="10" fill="{INK[index % len(INK)]}"/>'
                    f'<text x="{x + 14:.0f}" y="{y:.0f}">{escape(name)}</text>')
        x += 30 + 7 * len(name)
    return body


def picture(name: str, title: str, groups: list[tuple[str, list[tuple[str, float]]]]) -> None:
    """Horizontal bars by group, with a line at 1."""
    names = list(dict.fromkeys(system for _, bars in groups for system, _ in bars))
    most = max((value for _, bars in groups for _, value in bars), default=1) * 1.1
    left, width, y = 150, 800, 50
    scale = (width - left - 60) / most
    body = [f'<text x="10" y="20" font-weight="600">{escape(title)}</text>', *legend(names, left, 38)]
    top = y
    for label, bars in groups:
        body.append(f'<text x="{left - 8}" y="{y + 7 * len(bars) + 4:.0f}" text-anchor="end">{escape(label)}</text>')
        for system, value in bars:
            ink = INK[names.index(system) % len(INK)]
            body.append(f'<rect x="{left}" y="{y}" width="{value * scale:.1f}" height="12" fill="{ink}"/>'
                        f'<text class="soft" x="{left + value * scale + 5:.1f}" y="{y + 10}">{value:.2f}</text>')
            y += 14
        y += 10
    one = left + scale
    body.append(f'<line class="grid" x1="{one:.1f}" x2="{one:.1f}" y1="{top - 4}" y2="{y - 6}" stroke-dasharray="4 3"/>'
                f'<text class="soft" x="{one:.1f}" y="{y + 8}" text-anchor="middle">1: the bare session</text>')
    svg(name, title, width, y + 18, body)


def lines_plot(name: str, x_title: str, y_title: str, curves: list[tuple[str, list[tuple[float, float]]]]) -> None:
    """Lines over a logarithmic x axis; y from 0."""
    import math

    width, height, left, bottom, top, right = 640, 300, 50, 44, 46, 20
    xs = [x for _, points in curves for x, _ in points]
    most = max(y for _, points in curves for _, y in points) * 1.15
    low, high = math.log(min(xs)), math.log(max(xs))

    def px(x: float) -> float:
        return left + (math.log(x) - low) / (high - low or 1) * (width - left - right)

    def py(y: float) -> float:
        return height - bottom - y / most * (height - bottom - top)

    body = [f'<text x="10" y="20" font-weight="600">{escape(y_title)}</text>', *legend([curve for curve, _ in curves], left, 38)]
    step = 0.25 if most <= 1.5 else 0.5 if most <= 3 else 1
    tick = 0.0
    while tick <= most:
        body.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{py(tick):.1f}" y2="{py(tick):.1f}"/>'
                    f'<text class="soft" x="{left - 6}" y="{py(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
        tick += step
    for x in sorted(set(xs)):
        body.append(f'<text class="soft" x="{px(x):.1f}" y="{height - bottom + 16}" text-anchor="middle">{x:g}</text>')
    body.append(f'<text class="soft" x="{(left + width - right) / 2:.0f}" y="{height - 8}" text-anchor="middle">{escape(x_title)}</text>')
    for index, (_, points) in enumerate(curves):
        ink = INK[index % len(INK)]
        path = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in points)
        body.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"/>')
        body.extend(f'<circle cx="{px(x):.1f}" cy="{py(y):.1f}" r="3" fill="{ink}"/>' for x, y in points)
    svg(name, y_title, width, height, body)


def stacked(name: str, bars: list[tuple[str, list[tuple[str, float]]]]) -> None:
    """One bar a process, cut by where its CPU time went; small parts are joined. A part has one colour in all bars."""
    width, left, least = 800, 10, 0.04
    names = list(dict.fromkeys(part for _, parts in bars for part, share in parts if share >= least))
    body = ['<text x="10" y="20" font-weight="600">Share of the process\'s CPU time</text>']
    y = 38
    for start in range(0, len(names), 4):
        for index, part in enumerate(names[start:start + 4], start):
            x = left + 195 * (index - start)
            body.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{CUT[index % len(CUT)]}"/>'
                        f'<text x="{x + 14}" y="{y}">{escape(part)}</text>')
        y += 18
    y += 10
    for title, parts in bars:
        large = [(part, share) for part, share in parts if share >= least]
        rest = max(0.0, 1 - sum(share for _, share in large))
        x = float(left)
        body.append(f'<text x="{left}" y="{y}">{escape(title)}</text>')
        for part, share in [*large, ("the rest", rest)]:
            wide = share * (width - 2 * left)
            ink = CUT[names.index(part) % len(CUT)] if part in names else "#9198a1"
            body.append(f'<rect x="{x:.1f}" y="{y + 6}" width="{wide:.1f}" height="22" fill="{ink}">'
                        f'<title>{escape(part)} {100 * share:.1f} %</title></rect>')
            if wide > 34:
                body.append(f'<text x="{x + 5:.1f}" y="{y + 21}" style="fill:#fff">{100 * share:.0f} %</text>')
            x += wide
        y += 52
    svg(name, "Share of the process's CPU time", width, y - 10, body)


# ---- the page ----------------------------------------------------------------------------------------------------------


def sections() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, write in {"bench": bench, "off": off, "rivals": rivals}.items():
        report = read(name)
        if report:
            found[name] = write(report)
    models = {model: report for model in MODELS if (report := read(f"inspect-{model}"))}
    if models:
        found["inspect"] = inspect(models)
    packages = {file.stem.removeprefix("imports-"): read(file.stem) for file in sorted(HERE.glob("imports-*.json"))}
    if packages:
        found["imports"] = imports(packages)
    programs = {name: report for name in ("overload", "fairness", "parallelism", "small", "expiry", "soak", "kill")
                if (report := read(f"stress-{name}"))}
    if programs:
        found["stress"] = stress(programs)
    profiles = [read(file.stem) for file in sorted(HERE.glob("profile-*.json"))]
    if profiles:
        found["profile"] = profile(profiles)
    return found


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print("draw.py: expected: nothing, or --check", file=sys.stderr)
        return 2
    page = PAGE.read_text(encoding="utf-8")
    for name, text in sections().items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(page):
            print(f"{PAGE.name}: no <!-- {name} --> … <!-- /{name} -->", file=sys.stderr)
            return 1
        page = pattern.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page)
    wanted = {PAGE: page, **{HERE / f"{name}.svg": text for name, text in pictures.items()}}
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
