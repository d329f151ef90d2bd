"""How time and memory grow with the feed: a picture and a table for docs/performance.md.

python -m benchmarks.curve [--largest 50000000] [--rounds N]
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import click

from benchmarks.bench import GURU, OURS, VALIDATORS, generated
from benchmarks.measure import Run, best, machine, replace_section, run, versions

PAGE = Path("docs/performance.md")
PICTURE = Path("docs/pictures/scaling.svg")
SIZES = (10_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 20_000_000, 50_000_000)
COLOURS = {OURS: "#0b6e4f", GURU: "#b5651d"}

WIDTH, HEIGHT = 360, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 30, 40

Curve = dict[int, Run]


def measured(sizes: Sequence[int], validator: str, rounds: int, limit_s: float) -> Curve:
    """Rows -> the best run; a validator that fails or takes too long is not asked for more rows."""
    curve: Curve = {}
    for size in sizes:
        feed = generated(size).feed
        taken = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="gtfsgen-curve-") as out:
                taken.append(run(VALIDATORS[validator](feed, Path(out)), limit_s))
        least = best(taken)
        if least.failed:
            break
        curve[size] = least
        click.echo(
            f"{validator:10} {size:>11,} {least.wall_s:8.2f} s {least.cpu_s:8.2f} s CPU"
            f" {least.peak_mb:8.0f} MB"
        )
    return curve


# ------------------------------------------------------------------------------------------ picture


def decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around some values."""
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def chart(left: float, title: str, curves: dict[str, Curve], figure: Callable[[Run], float]) -> str:
    """One chart with both axes in powers of ten, so that linear growth is a line of slope one."""
    xs = decades([size for curve in curves.values() for size in curve])
    ys = decades([figure(each) for curve in curves.values() for each in curve.values()])

    def x(value: float) -> float:
        part = (math.log10(value) - xs[0]) / (xs[1] - xs[0])
        return left + LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        part = (math.log10(value) - ys[0]) / (ys[1] - ys[0])
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text x="{left + LEFT}" y="18" class="title">{title}</text>']
    for power in range(xs[0], xs[1] + 1):
        at = x(10.0**power)
        parts.append(line((at, TOP), (at, HEIGHT - BOTTOM), "grid"))
        parts.append(text(at, HEIGHT - BOTTOM + 16, f"10{superscript(power)}", "middle"))
    for power in range(ys[0], ys[1] + 1):
        at = y(10.0**power)
        parts.append(line((left + LEFT, at), (left + WIDTH - RIGHT, at), "grid"))
        parts.append(text(left + LEFT - 6, at + 4, f"{10.0**power:g}", "end"))
    parts.append(text(left + (WIDTH + LEFT) / 2, HEIGHT - 6, "stop times", "middle"))
    for name, curve in curves.items():
        points = [(x(size), y(figure(each))) for size, each in sorted(curve.items())]
        colour = COLOURS[name]
        for first, second in pairwise(points):
            parts.append(line(first, second, "curve", f' stroke="{colour}"'))
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points]
    return "\n".join(parts)


def superscript(number: int) -> str:
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def line(first: tuple[float, float], second: tuple[float, float], kind: str, more: str = "") -> str:
    (a, b), (c, d) = first, second
    return f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" class="{kind}"{more}/>'


def text(x: float, y: float, content: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{content}</text>'


def picture(curves: dict[str, Curve]) -> str:
    legend = [
        f'<circle cx="{LEFT + number * 110}" cy="{HEIGHT + 12}" r="4" fill="{COLOURS[name]}"/>'
        + text(LEFT + 10 + number * 110, HEIGHT + 16, name, "start")
        for number, name in enumerate(curves)
    ]
    charts = [
        chart(0, "wall time in seconds", curves, lambda each: each.wall_s),
        chart(WIDTH, "peak memory in MB", curves, lambda each: each.peak_mb),
    ]
    style = (
        "text{font:12px sans-serif;fill:#333}.title{font-weight:bold}"
        ".grid{stroke:#ddd}.curve{stroke-width:2}"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT + 28}"'
            f' role="img" aria-label="Time and memory by size of the feed">',
            f"<style>{style}</style>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            *charts,
            *legend,
            "</svg>",
            "",
        ]
    )


def table(curves: dict[str, Curve]) -> list[str]:
    lines = ["| stop times | validator | wall s | CPU s | peak MB | µs a row |"]
    lines.append("|---:|---|---:|---:|---:|---:|")
    for size in sorted({size for curve in curves.values() for size in curve}):
        for name, curve in curves.items():
            if each := curve.get(size):
                figures = f"{each.wall_s:.2f} | {each.cpu_s:.2f} | {each.peak_mb:.0f}"
                per_row = each.wall_s / size * 1e6
                lines.append(f"| {size:,} | {name} | {figures} | {per_row:.2f} |")
    return lines


@click.command()
@click.option("--largest", default=SIZES[-1], show_default=True, help="Most stop times.")
@click.option("--largest-guru", default=10_000_000, show_default=True, help="... for gtfs-guru.")
@click.option("--rounds", default=1, show_default=True)
@click.option(
    "--limit", default=1800, show_default=True, help="Seconds after which a run is ended."
)
def main(largest: int, largest_guru: int, rounds: int, limit: int) -> None:
    """Measure feeds of growing size; draw the curve and write the table."""
    curves = {
        name: measured([size for size in SIZES if size <= most], name, rounds, limit)
        for name, most in ((OURS, largest), (GURU, min(largest, largest_guru)))
    }
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(curves), encoding="utf-8")
    told = [*table(curves), "", f"{machine()}. {versions('gtfsgen', 'polars', 'gtfs-guru')}."]
    replace_section(PAGE, "curve", told)


if __name__ == "__main__":
    main()
