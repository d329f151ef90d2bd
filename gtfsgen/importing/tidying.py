"""What hangs on deleted trains and stations, taken out of gtfs/ of a project that was imported."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from gtfsgen.compile import compile_source
from gtfsgen.compile.details import gone_trips, names_gone
from gtfsgen.compile.write import csv_bytes
from gtfsgen.schema import TABLES
from gtfsgen.source import read_source
from gtfsgen.source.model import ORIGIN
from gtfsgen.writing import write_file


def tidy_source(root: Path) -> dict[str, int]:
    """Take out the rows; path below the source folder -> how many.

    Raises `SourceUnreadable` if there is no project, OSError if a file cannot be written.
    """
    source = read_source(root)
    details = source.details
    if details is None:
        return {}
    tables = compile_source(source).tables
    gone = gone_trips(tables, details)
    found: dict[str, int] = {}

    def write(path: str, table: pl.DataFrame, kept: pl.DataFrame) -> None:
        if kept.height == table.height:
            return
        found[path] = table.height - kept.height
        if kept.height:
            write_file(root / path, csv_bytes(kept.drop(*ORIGIN)))
        else:
            (root / path).unlink()

    for name, table in sorted(source.gtfs.items()):
        write(f"gtfs/{name}.txt", table, table.filter(~names_gone(table, gone)))
    for name, table in sorted(details.tables.items()):
        key = [k for k in TABLES[name].primary_key if k in table.columns][:1]
        built = tables.get(name)
        if key and built is not None:
            write(f"gtfs/details/{name}.txt", table, table.join(built, on=key, how="semi"))
    return found
