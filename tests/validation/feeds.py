"""Small feeds and reports for the tests of reports and policies."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.findings import Rows
from gtfsgen.validation import Report

TABLES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,A,https://example.com,Etc/UTC\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nR,A,1,2\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nS,<b>South</b>,50,10\nN,North,50.5,10\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nD,1,1,1,1,1,1,1,20260101,20271231\n",
    "trips.txt": "route_id,service_id,trip_id\nR,D,T\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T,08:00:00,08:00:00,S,1\nT,09:00:00,09:00:00,N,2\n",
    "feed_info.txt": "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,"
    "feed_end_date,feed_contact_email\nA,https://example.com,en,20260101,20271231,a@example.com\n",
}


def write_feed(folder: Path, **changed: str) -> Path:
    """A feed in a folder; `stops="..."` replaces stops.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = TABLES | {f"{name}.txt": text for name, text in changed.items()}
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def report() -> Report:
    """A made-up report with each severity, constants, times, nulls, and text that needs escapes."""
    spots = pl.DataFrame({"csv_row_number": [2, 3, 4], "stop_id": ["S", "N", "S"]})
    late = pl.DataFrame(
        {
            "csv_row_number": [7],
            "trip_id": ['T"<1>\n%'],
            "departure_time": [90_061],
            "shape_id": pl.Series([None], dtype=pl.String),  # shown as an empty text
            "stop_sequence": pl.Series([None], dtype=pl.Int64),  # left out
        }
    )
    files = pl.DataFrame({"filename": ["x,y:z.txt"]})
    return Report(
        found={
            "stop_without_stop_time": [Rows(spots)],
            "missing_recommended_field": [
                Rows(
                    pl.DataFrame({"csv_row_number": [5]}),
                    {"filename": "feed_info.txt", "field_name": "feed_version"},
                    ("filename", "csv_row_number", "field_name"),
                )
            ],
            "forbidden_arrival_or_departure_time": [Rows(late)],
            "unknown_file": [Rows(files)],
        },
        severities={
            "stop_without_stop_time": Severity.WARNING,
            "missing_recommended_field": Severity.WARNING,
            "forbidden_arrival_or_departure_time": Severity.ERROR,
            "unknown_file": Severity.INFO,
        },
        skipped={"unused_shape": "shapes.txt has rows with errors"},
        seconds={"unused_trip": 0.25, "unknown_file": 0.5},
        summary={"counts": {"Stops": 2, "Agencies": 1}, "validatorVersion": "1"},
    )
