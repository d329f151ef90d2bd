"""What pages are made from: the timetable of a feed, its other tables as text, its areas."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from gtfsgen.budget import UnreadableInput
from gtfsgen.csv.streams import DamagedEntry
from gtfsgen.feed.tolerant import TABLES, TextTables, open_files, text_tables
from gtfsgen.feed.tolerant import TextRows as Rows
from gtfsgen.timetable import Timetable, timetable_of, timetable_of_tables

PAGE_TABLES = (*TABLES, "booking_rules", "location_groups")
NEEDED = ("stops", "routes", "trips", "stop_times")
SHAPES = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")

__all__ = [
    "PAGE_TABLES",
    "TABLES",
    "PageTables",
    "Rows",
    "TextTables",
    "UnreadableInput",
    "flex_areas",
    "page_tables",
    "read_page_tables",
    "text_tables",
]


@dataclass
class PageTables:
    """A feed as pages ask about it. `rows` gives other tables than stop_times and shapes."""

    timetable: Timetable
    rows: Rows
    shape_rows: pl.DataFrame
    areas: Sequence[Mapping[str, Any]] = ()
    """The features of locations.geojson."""
    remarks: list[str] = field(default_factory=list)
    """What reading had to pass over."""

    @cached_property
    def shapes(self) -> pl.DataFrame:
        """`shape_id`, `lat`, `lon` of all points that can be drawn, in order."""
        given = self.shape_rows
        if any(name not in given.columns for name in SHAPES):
            return pl.DataFrame(
                schema={"shape_id": pl.String, "lat": pl.Float64, "lon": pl.Float64}
            )
        return (
            given.select(
                pl.col("shape_id").cast(pl.String),
                lat=pl.col("shape_pt_lat").cast(pl.Float64, strict=False),
                lon=pl.col("shape_pt_lon").cast(pl.Float64, strict=False),
                order=pl.col("shape_pt_sequence").cast(pl.Int64, strict=False),
            )
            .drop_nulls()
            .filter(pl.col("lat").abs() <= 90, pl.col("lon").abs() <= 180)
            .sort("shape_id", "order", maintain_order=True)
            .drop("order")
        )


def page_tables(
    tables: Mapping[str, pl.DataFrame], areas: Sequence[Mapping[str, Any]] = ()
) -> PageTables:
    """Tables of text by name without `.txt`; missing ones are empty."""
    timetable = timetable_of_tables({n: f for n, f in tables.items() if n != "shapes"})
    small = {n: f for n, f in tables.items() if n not in ("stop_times", "shapes")}
    return PageTables(timetable, Rows(small), tables.get("shapes", pl.DataFrame()), areas)


def read_page_tables(path: Path) -> PageTables:
    """A zip or folder: its tables as validation reads them or, where one that is needed cannot be
    read so, as text.

    Raises `UnreadableInput` as `text_tables` does.
    """
    from gtfsgen.feed import read

    areas = flex_areas(path)
    try:
        feed = read(path)
    except UnreadableInput:
        feed = None  # the tolerant reader takes more, or says what is wrong
    if feed and all(feed.tables[name].status.value == "LOADED" for name in NEEDED):
        small = {n: t.frame for n, t in feed.tables.items() if n not in ("stop_times", "shapes")}
        return PageTables(timetable_of(feed), Rows(small), feed.tables["shapes"].frame, areas)
    tables = text_tables(path, PAGE_TABLES)
    found = page_tables(tables, areas)
    found.remarks += tables.remarks
    return found


def flex_areas(path: Path) -> list[Mapping[str, Any]]:
    """The features of locations.geojson in a zip or folder; none where it cannot be read."""
    with open_files(path) as files:
        if "locations.geojson" not in files:
            return []
        try:
            found = json.loads(files.read("locations.geojson").decode("utf-8-sig"))
        except (ValueError, DamagedEntry, RecursionError):
            return []
    features = found.get("features") if isinstance(found, dict) else None
    return [f for f in features or [] if isinstance(f, dict)]
