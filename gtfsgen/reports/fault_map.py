"""Where the faults are: a drawing of the feed's stops and of those that notices name."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from gtfsgen.faults import Severity

if TYPE_CHECKING:
    from gtfsgen.validation import Report

STOP_COLUMN = re.compile(r"(^|_)stop_id_?\d?$")
WIDTH, CELLS = 640, 60
"""Width of the drawing, and how many squares it is divided into across: what lies in one square is
one dot, so that two million notices are as small as two."""
MARGIN = 8
NARROWEST = 0.5
"""Degrees that are drawn around a feed of a few stops."""


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    r: float
    kind: str
    said: str = ""


@dataclass(frozen=True)
class FaultMap:
    """Dots in a box of WIDTH by `height`; `unplaced` notices name no stop with a position."""

    height: int
    dots: list[Dot]
    placed: int
    unplaced: int
    outside: int
    """Notices of stops too far from all others to be drawn with them."""


def fault_map(report: Report) -> FaultMap | None:
    """None where no notice names a stop that has a position."""
    if report.stops is None:
        return None
    stops = report.stops.drop_nulls().unique("stop_id", keep="first", maintain_order=True)
    found = _positions(report, stops)
    total = sum(sum(map(len, parts)) for parts in report.graded().values())
    if found.is_empty():
        return None
    placed = int(found["notices"].sum())
    near = _near(stops)
    stops, found = stops.filter(near), found.filter(near)
    outside = placed - int(found["notices"].sum())
    west, east = float(stops["stop_lon"].min()), float(stops["stop_lon"].max())  # type: ignore[arg-type]
    south, north = float(stops["stop_lat"].min()), float(stops["stop_lat"].max())  # type: ignore[arg-type]
    narrow = max(math.cos(math.radians((south + north) / 2)), 0.05)
    span = max((east - west) * narrow, (north - south), 1e-4)
    scale = (WIDTH - 2 * MARGIN) / span
    height = max(round((north - south) * scale) + 2 * MARGIN, 80)
    cell = span / CELLS

    def squares(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(
            column=((pl.col("stop_lon") - west) * narrow / cell).floor(),
            row=((north - pl.col("stop_lat")) / cell).floor(),
        )

    def x(column: float) -> float:
        middle = (WIDTH - (east - west) * narrow * scale) / 2
        return round(middle + (column + 0.5) * cell * scale, 1)

    def y(row: float) -> float:
        return round(MARGIN + (row + 0.5) * cell * scale, 1)

    dots = [
        Dot(x(column), y(row), 1.5, "stop")
        for column, row in squares(stops)
        .select("column", "row")
        .unique()
        .sort("row", "column")
        .rows()
    ]
    ranks = list(Severity)
    faults = (
        squares(found)
        .group_by("column", "row")
        .agg(pl.col("notices").sum(), pl.col("rank").min(), pl.col("code").unique().sort())
        .sort(pl.col("rank"), "row", "column", descending=[True, False, False])
    )
    for column, row, notices, rank, codes in faults.rows():
        radius = round(min(2.5 + math.log10(notices + 1) * 1.6, 11), 1)
        said = f"{notices:,} notices: {', '.join(codes[:6])}{' ...' if len(codes) > 6 else ''}"
        dots.append(Dot(x(column), y(row), radius, ranks[rank].lower(), said))
    return FaultMap(height, dots, placed, total - placed, outside)


def _near(stops: pl.DataFrame) -> pl.Expr:
    """Positions in the part of the world where the feed is. One stop at 0, 0 would make of a city a
    single dot.
    """
    near = pl.lit(value=True)
    for name in ("stop_lat", "stop_lon"):
        low, high = (float(stops[name].quantile(q, "nearest") or 0) for q in (0.02, 0.98))
        room = max(high - low, NARROWEST)
        near &= pl.col(name).is_between(low - room, high + room)
    return near


def _positions(report: Report, stops: pl.DataFrame) -> pl.DataFrame:
    """Stops that notices name, with the number by code: a notice stands at the first it names."""
    ranks = list(Severity)
    frames = []
    for (code, severity), parts in report.graded().items():
        for part in parts:
            columns = [name for name in part.frame.columns if STOP_COLUMN.search(name)]
            if columns:
                frames.append(
                    part.frame.lazy()
                    .select(stop_id=pl.col(columns[0]).cast(pl.String))
                    .group_by("stop_id")
                    .agg(notices=pl.len())
                    .join(stops.lazy(), on="stop_id")
                    .with_columns(code=pl.lit(code), rank=pl.lit(ranks.index(severity)))
                    .collect()
                )
    if frames:
        return pl.concat(frames)
    return stops.head(0).with_columns(
        notices=pl.lit(0, pl.UInt32), code=pl.lit(""), rank=pl.lit(0, pl.Int32)
    )
