"""Notices of the validator on a feed that was just compiled, told at the curator's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from gtfsgen.compile import Compiled
from gtfsgen.faults import Fault, Severity
from gtfsgen.findings import gtfs_name
from gtfsgen.notices import kinds
from gtfsgen.source.model import ORIGIN

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SHOWN_PER_CODE = 1000
"""More notices of one code are told as a number."""

ROW_NUMBERS = {
    "tripCsvRowNumber": "trips", "stopCsvRowNumber": "stops", "routeCsvRowNumber": "routes",
    "shapeCsvRowNumber": "shapes",
}  # fmt: skip
IDS = (
    ("tripId", "trips", "trip_id"),
    ("stopId", "stops", "stop_id"),
    ("routeId", "routes", "route_id"),
    ("serviceId", "calendar", "service_id"),
    ("agencyId", "agency", "agency_id"),
)
"""Particulars that name a row, and the table and column they name it in."""
NAMES_AT_EITHER_END = ("fromTripId", "toTripId", "tripIdA", "tripIdB", "tripId1", "stopId1")


def notices(compiled: Compiled, report: Report) -> list[Fault]:
    """The notices of a report on the compiled feed, each at the row of the tables it comes from."""
    found = []
    for (code, severity), groups in report.graded().items():
        summary = kinds()[code].summary
        samples = report.samples(code, SHOWN_PER_CODE, severity)
        found += [_notice(compiled, code, severity, summary, entry) for entry in samples]
        more = sum(map(len, groups)) - len(samples)
        if more > 0:
            found.append(Fault(severity, code, "feed", 0, "", f"{summary} ({more} more)"))
    for code, count in report.system_errors.items():
        message = f"validation could not be completed: {count} times {code}"
        found.append(Fault(Severity.WARNING, code, "feed", 0, "", message))
    found += [replace(remark, path=f"validation/{remark.path}") for remark in report.remarks]
    return found


def ignored_notices(compiled: Compiled, report: Report) -> list[tuple[Fault, str]]:
    """The first notices of each kind that a policy took out, at their rows, with its reasons."""
    found = []
    for ignored in report.ignored:
        summary = kinds()[ignored.code].summary
        left = SHOWN_PER_CODE
        for rows in ignored.rows:
            for entry in rows.particulars(left):
                fault = _notice(compiled, ignored.code, ignored.severity, summary, entry)
                found.append((fault, ignored.reason))
                left -= 1
    return found


def _notice(
    compiled: Compiled, code: str, severity: Severity, summary: str, entry: Mapping[str, Any]
) -> Fault:
    filename, row = row_of(compiled, entry)
    path, line, column = origin_of(compiled, filename, row) or (f"feed/{filename}", row, "")
    said = ", ".join(
        f"{gtfs_name(key)}={value}" for key, value in entry.items() if key not in PLACES
    )
    return Fault(severity, code, path, line, column, summary, said)


PLACES = frozenset(("filename", "csvRowNumber", *ROW_NUMBERS))


def row_of(compiled: Compiled, entry: Mapping[str, Any]) -> tuple[str, int]:
    """File and row (the header is 1) that the particulars of a notice speak of; row 0 if none."""
    if entry.get("filename") and entry.get("csvRowNumber"):
        return str(entry["filename"]), int(entry["csvRowNumber"])
    for key, table in ROW_NUMBERS.items():
        if entry.get(key):
            return f"{table}.txt", int(entry[key])
    ids = dict(entry)
    for key in NAMES_AT_EITHER_END:
        if key in entry:
            ids.setdefault("stopId" if key.startswith("stop") else "tripId", entry[key])
    sequence = next((v for k, v in entry.items() if k.startswith("stopSequence")), None)
    if "tripId" in ids and sequence is not None:
        here = (pl.col("trip_id") == str(ids["tripId"])) & (
            pl.col("stop_sequence") == str(sequence)
        )
        if row := _first(compiled, "stop_times", here):
            return "stop_times.txt", row
    for key, table, column in IDS:
        if key in ids and (row := _first(compiled, table, pl.col(column) == str(ids[key]))):
            return f"{table}.txt", row
    return str(entry.get("filename", "")), 0


def _first(compiled: Compiled, table: str, here: pl.Expr) -> int:
    if table not in compiled.tables:
        return 0
    rows = compiled.tables[table].with_row_index("row", offset=2).filter(here)
    return int(rows["row"][0]) if rows.height else 0


def origin_of(compiled: Compiled, filename: str, csv_row: int) -> tuple[str, int, str] | None:
    """The curator's cell behind a row of the written feed; `csv_row` counts the header as 1.

    None for a file or row that the feed does not have, or that no table of the curator's led to.
    """
    if filename in compiled.files:
        return f"gtfs/{filename}", 0, ""
    table = compiled.tables.get(filename.removesuffix(".txt"))
    if table is None or not 2 <= csv_row <= table.height + 1 or "path" not in table.columns:
        return None
    path, line, column = table.select(ORIGIN).row(csv_row - 2)
    return (path, line or 0, column or "") if path else None
