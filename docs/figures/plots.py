"""Plots as SVG: grouped bars, lines over a logarithmic axis, stacked bars. Colours suit light and dark pages."""

from __future__ import annotations

import math

CUT = ("#0969da", "#9a6700", "#8250df", "#1a7f37", "#cf222e", "#bf3989", "#1b7c83", "#57606a", "#bc4c00", "#4d2d00")
INK = ("#0969da", "#9a6700", "#8250df", "#57606a", "#1a7f37")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def svg(title: str, width: int, height: int, body: list[str]) -> str:
    style = ("text{fill:#1f2328;font-size:12px}.soft{fill:#57606a}.grid{stroke:#d0d7de}.back{fill:#fff}"
             "@media (prefers-color-scheme: dark){text{fill:#e6edf3}.soft{fill:#9198a1}.grid{stroke:#30363d}.back{fill:#0d1117}}")
    return "\n".join([
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


def bars(title: str, groups: list[tuple[str, list[tuple[str, float]]]]) -> str:
    """Horizontal bars by group, with a line at 1."""
    names = list(dict.fromkeys(system for _, group in groups for system, _ in group))
    most = max((value for _, group in groups for _, value in group), default=1) * 1.1
    left, width, y = 150, 800, 50
    scale = (width - left - 60) / most
    body = [f'<text x="10" y="20" font-weight="600">{escape(title)}</text>', *legend(names, left, 38)]
    top = y
    for label, group in groups:
        body.append(f'<text x="{left - 8}" y="{y + 7 * len(group) + 4:.0f}" text-anchor="end">{escape(label)}</text>')
        for system, value in group:
            ink = INK[names.index(system) % len(INK)]
            body.append(f'<rect x="{left}" y="{y}" width="{value * scale:.1f}" height="12" fill="{ink}"/>'
                        f'<text class="soft" x="{left + value * scale + 5:.1f}" y="{y + 10}">{value:.2f}</text>')
            y += 14
        y += 10
    one = left + scale
    body.append(f'<line class="grid" x1="{one:.1f}" x2="{one:.1f}" y1="{top - 4}" y2="{y - 6}" stroke-dasharray="4 3"/>'
                f'<text class="soft" x="{one:.1f}" y="{y + 8}" text-anchor="middle">1: the bare session</text>')
    return svg(title, width, y + 18, body)


def lines(x_title: str, y_title: str, curves: list[tuple[str, list[tuple[float, float]]]]) -> str:
    """Lines over a logarithmic x axis; y from 0."""
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
    return svg(y_title, width, height, body)


def stacked(processes: list[tuple[str, list[tuple[str, float]]]]) -> str:
    """One bar a process, cut by where its CPU time went; small parts are joined. A part has one colour in all bars."""
    width, left, least = 800, 10, 0.04
    names = list(dict.fromkeys(part for _, parts in processes for part, share in parts if share >= least))
    body = ['<text x="10" y="20" font-weight="600">Share of the process\'s CPU time</text>']
    y = 38
    for start in range(0, len(names), 4):
        for index, part in enumerate(names[start:start + 4], start):
            x = left + 195 * (index - start)
            body.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{CUT[index % len(CUT)]}"/>'
                        f'<text x="{x + 14}" y="{y}">{escape(part)}</text>')
        y += 18
    y += 10
    for title, parts in processes:
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
    return svg("Share of the process's CPU time", width, y - 10, body)
