"""Where a notice points: a file of the feed and a row in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gtfsgen.notices import kinds

ROW = "csv_row_number"
FILE_COLUMNS = ("filename", "child_filename", "file_name_a")
ROW_COLUMNS = {
    ROW: "",
    "row_number": "",
    "curr_csv_row_number": "",
    "new_csv_row_number": "",
    "end_csv_row_number": "",
    "csv_row_number2": "",
    "csv_row_number_b": "",
    "stop_time_csv_row_number": "stop_times.txt",
    "stop_time_csv_row_number2": "stop_times.txt",
    "stop_csv_row_number": "stops.txt",
    "route_csv_row_number": "routes.txt",
    "trip_csv_row_number": "trips.txt",
    "agency_csv_row_number": "agency.txt",
}
"""Particulars that give a row, the most telling first, and its file ("": the notice's own)."""


class Place(NamedTuple):
    """Names of the columns that hold the file and the row, or the file itself."""

    file_column: str
    filename: str
    row_column: str


def place_columns(code: str, columns: tuple[str, ...]) -> Place:
    """Where notices of a code with these particulars (in snake case) point."""
    file_column = next((name for name in FILE_COLUMNS if name in columns), "")
    row_column = next((name for name in ROW_COLUMNS if name in columns), "")
    filename = "" if file_column else ROW_COLUMNS.get(row_column) or _file_of(code)
    return Place(file_column, filename, row_column if file_column or filename else "")


def _file_of(code: str) -> str:
    kind = kinds().get(code)
    return kind.file if kind else ""


def place(code: str, entry: Mapping[str, Any]) -> tuple[str, int | None]:
    """File and row of one notice in canonical form; "" and None where it points nowhere."""
    from gtfsgen.findings import camel

    columns = {camel(name): name for name in (*FILE_COLUMNS, *ROW_COLUMNS)}
    here = place_columns(code, tuple(columns[name] for name in entry if name in columns))
    filename = entry[camel(here.file_column)] if here.file_column else here.filename
    row = entry[camel(here.row_column)] if here.row_column else None
    return str(filename), int(row) if row is not None else None


def place_text(code: str, entry: Mapping[str, Any]) -> str:
    """`stops.txt:7`, `stops.txt`, or nothing."""
    filename, row = place(code, entry)
    return f"{filename}:{row}" if filename and row else filename


def other_particulars(code: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The particulars of a notice without those that `place_text` says."""
    filename, row = place(code, entry)
    said = {"filename", "csvRowNumber", "rowNumber"}
    return {
        name: value
        for name, value in entry.items()
        if not (name in said and value in (filename, row))
    }
