"""The tables of any feed as text, for rooms that read and do not judge.

Validation has its own reader, exact to the byte. Here a table that is damaged loses the damaged
rows and nothing else, so that a page can be drawn of every feed.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

TABLES = (
    "agency",
    "stops",
    "routes",
    "trips",
    "stop_times",
    "calendar",
    "calendar_dates",
    "shapes",
    "frequencies",
    "transfers",
    "feed_info",
    "translations",
    "attributions",
)
"""What pages and shapes are made from."""


class FeedUnreadable(Exception):
    """No feed can be read there; the message says why."""


def text_tables(path: Path, stems: Iterable[str] = TABLES) -> dict[str, pl.DataFrame]:
    """The tables of a zip or folder by name without `.txt`; absent cells are null.

    Raises `FeedUnreadable` if `path` is neither.
    """
    try:
        if path.is_dir():
            found = {p.name: p.read_bytes() for p in path.glob("*.txt")}
            zips = sorted(path.glob("*.zip"))
            if not found and len(zips) == 1:
                return text_tables(zips[0], stems)
        else:
            with zipfile.ZipFile(path) as archive:
                wanted = {f"{stem}.txt" for stem in stems}
                found = {
                    name.rpartition("/")[2]: archive.read(name)
                    for name in archive.namelist()
                    if name.rpartition("/")[2] in wanted
                }
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise FeedUnreadable(f"{path} cannot be read as a feed: {error}") from error
    tables = {stem: _frame(found[f"{stem}.txt"]) for stem in stems if f"{stem}.txt" in found}
    missing = [s for s in ("stops", "routes", "trips", "stop_times") if s not in tables]
    if missing:
        raise FeedUnreadable(f"{path} is no GTFS feed: it has no {', '.join(missing)}")
    return tables


def _frame(content: bytes) -> pl.DataFrame:
    if not content.strip():
        return pl.DataFrame()
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        frame = pl.read_csv(
            io.BytesIO(content),
            infer_schema=False,
            encoding="utf8-lossy",
            truncate_ragged_lines=True,
            ignore_errors=True,
        )
    except pl.exceptions.PolarsError:
        frame = _patient_frame(content.decode("utf-8", "replace"))
    renamed = frame.rename({name: name.strip() for name in frame.columns}, strict=False)
    return renamed.with_columns(pl.all().str.strip_chars().replace("", None))


def _patient_frame(text: str) -> pl.DataFrame:
    """Text whose quotes or header polars does not accept, cell by cell."""
    header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    names = {name: place for place, name in enumerate(header) if name}
    width = len(header)
    full = [row + [""] * (width - len(row)) for row in rows if row]
    return pl.DataFrame(
        {name: [row[place] for row in full] for name, place in names.items()},
        schema=dict.fromkeys(names, pl.String),
    )


class Rows:
    """Text tables that never lack a column: what is absent is null."""

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        self.tables = tables

    def frame(self, stem: str, *columns: str) -> pl.DataFrame:
        """The columns asked for, as text, of a table that may not exist."""
        try:
            given = self.tables[stem]
        except KeyError:
            given = None
        if given is None:
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        return given.select(
            pl.col(name).cast(pl.String).replace("", None)
            if name in given.columns
            else pl.lit(None, pl.String).alias(name)
            for name in columns
        )

    def rows(self, stem: str, *columns: str) -> list[tuple[str | None, ...]]:
        return self.frame(stem, *columns).rows()
