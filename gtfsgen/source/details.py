"""gtfs/details/: how an imported feed writes what the tables say, and what it says beyond them.

`columns.csv` lists the files and columns of the feed in their order, each with what it writes where
the tables leave the cell open (`unsaid`: `*` is what gtfsgen writes itself). The other files are
tables of GTFS by key: a cell there stands where the tables leave it open or say the same. A project
with this folder has gtfs/ read to the letter: no blank is taken off, no row left out.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.model import ORIGIN

FOLDER = "details"
COLUMNS = "columns.csv"
HEADER = ("file", "column", "unsaid")
AS_BUILT = "*"
"""In the column `unsaid`: what gtfsgen writes where nothing is said."""


@dataclass
class Details:
    """What gtfs/details/ holds."""

    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    """File without .txt -> its columns in order -> what stands where the tables leave it open. A
    file without columns is not written."""
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    """File without .txt -> rows by key, text columns plus `ORIGIN`."""

    def unsaid(self, name: str, column: str) -> str:
        return self.columns.get(name, {}).get(column, AS_BUILT)


def read_details(folder: Path, faults: list[Fault]) -> Details | None:
    """The details in `folder`, gtfs/details of a project; None if it has none."""
    place = folder / COLUMNS
    if not place.is_file():
        return None
    found = Details()
    path = f"gtfs/{FOLDER}/{COLUMNS}"
    for line, row in enumerate(csv.reader(io.StringIO(_text(place.read_bytes()))), start=1):
        if not any(row) or tuple(row) == HEADER:
            continue
        if len(row) != len(HEADER):
            message = f"The row has {len(row)} cells, the header {len(HEADER)}."
            faults.append(Fault(Severity.ERROR, "ragged_row", path, line, "A", message))
            continue
        columns = found.columns.setdefault(row[0], {})
        if row[1]:
            columns[row[1]] = row[2]
    for file in sorted(folder.glob("*.txt")):
        table = read_to_the_letter(file, f"gtfs/{FOLDER}/{file.name}")
        if table is not None:
            found.tables[file.stem] = table
        else:
            path = f"gtfs/{FOLDER}/{file.name}"
            message = "The file is no table."
            faults.append(Fault(Severity.ERROR, "unreadable_file", path, 0, "", message))
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace")


def read_to_the_letter(file: Path, path: str) -> pl.DataFrame | None:
    """The cells of a CSV file as they are, plus `ORIGIN`; None if it is no table of text."""
    data = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        return None
    header = next(csv.reader(io.StringIO(_text(data[: 1 << 20]), newline="")), [])
    if len(set(header)) < len(header) or set(header) & set(ORIGIN) or "" in header:
        return None
    try:
        table = pl.read_csv(data, infer_schema=False).with_columns(pl.all().fill_null(""))
    except pl.exceptions.PolarsError:
        return None
    if table.columns != header:
        return None
    return table.with_columns(
        pl.lit(path).alias("path"),
        (pl.int_range(pl.len(), dtype=pl.Int32) + 2).alias("line"),
        pl.lit("A").alias("column"),
    )
