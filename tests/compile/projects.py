"""Hand-made sources for the tests of the compiler, without files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.source.model import CALLS, Coach, Ride, Run, Settings, Source

FIRST, LAST = date(2026, 3, 12), date(2026, 6, 30)
WEEKDAYS = {"Mo": 0, "Tu": 1, "We": 2, "Th": 3, "Fr": 4, "Sa": 5, "Su": 6}


def days(words: str, first: date = FIRST, last: date = LAST) -> Dates:
    """`daily` or weekdays such as `Mo We`, within the period."""
    flags = range(7) if words == "daily" else [WEEKDAYS[word] for word in words.split()]
    return Dates.weekdays(flags, first, last)


def seconds(text: str) -> int | None:
    """`17:26`, `07:35+1`, or nothing."""
    clock, _, ahead = text.strip("~<|x^v").partition("+")
    if not clock:
        return None
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(ahead or 0) * 86400


def train(
    run_id: str, calls: Sequence[tuple[str, str, str]], dates: Dates, **fields: Any
) -> tuple[Any, ...]:
    """A run and its calls: station, arrival, departure as text with the marks of the grids."""
    run = Run(
        run_id, fields.get("train", run_id), fields.get("route_id", run_id), dates, "", "",
        "timetables/test.csv", 1, "C", fields.get("extra", {}), fields.get("around", dates),
    )  # fmt: skip
    return run, calls


def coach(coach_id: str, dates: Dates, trains: str, start: str, end: str, **fields: Any) -> Coach:
    rides = tuple(
        Ride(name, tuple(fields.get("runs", {}).get(name, (name,)))) for name in trains.split(" > ")
    )
    letters = {"coach": "A", "name": "B", "days": "C", "trains": "D", "from": "E", "to": "F"}
    return Coach(
        coach_id, coach_id, "", dates, rides, start, end, "coaches.csv", fields.get("line", 2),
        letters, fields.get("extra", {}),
    )  # fmt: skip


def source(
    trains: Sequence[tuple[Any, ...]],
    coaches: Sequence[Coach] = (),
    zones: Mapping[str, str] | None = None,
    agency_timezone: str = "Asia/Shanghai",
    first: date = FIRST,
    last: date = LAST,
) -> Source:
    """A source of these trains; stations are named after their ids, in `zones` or the agency's."""
    zones = zones or {}
    rows = []
    for run, calls in trains:
        for order, (station, arrival, departure) in enumerate(calls):
            marks = arrival + departure
            rows.append(
                {
                    "run_id": run.run_id,
                    "order": order,
                    "station_id": station,
                    "arrival_s": seconds(arrival),
                    "departure_s": seconds(departure),
                    "railway_time": "<" in marks,
                    "arrival_estimate": "~" in arrival,
                    "departure_estimate": "~" in departure,
                    "passes": "|" in marks,
                    "on_request": "x" in marks,
                    "boards_only": "^" in marks,
                    "alights_only": "v" in marks,
                    "notes": [],
                    "path": run.path,
                    "arrival_line": 2 * order + 3 if arrival else None,
                    "departure_line": 2 * order + 4 if departure else None,
                    "column": run.column,
                    "arrival_column": run.column,
                    "departure_column": run.column,
                    "arrival_text": arrival,
                    "departure_text": departure,
                }
            )
    stations = list(dict.fromkeys(row["station_id"] for row in rows))
    origin = {"path": "stations.csv", "line": 2, "column": "A"}
    settings = Settings(
        "Test", "https://example.org", "en", agency_timezone, first, last, date(2026, 3, 1)
    )
    return Source(
        root=Path("."),
        settings=settings,
        agencies=pl.DataFrame(
            [{"agency_id": "a", "agency_name": "A", "agency_url": "https://example.org", **origin}]
        ),
        stations=pl.DataFrame(
            [
                {"station_id": s, "name": s.title(), "name_zh": f"{s}站", "lat": 40.0 + n / 10,
                 "lon": 120.0, "timezone": zones.get(s, agency_timezone), **origin}
                for n, s in enumerate(stations)
            ]
        ),
        routes=pl.DataFrame(
            schema={"route_id": pl.String, "path": pl.String, "line": pl.Int32, "column": pl.String}
        ),
        notes=pl.DataFrame(schema={"letter": pl.String}),
        runs={run.run_id: run for run, _ in trains},
        calls=pl.DataFrame(rows, schema=CALLS),
        coaches=list(coaches),
        gtfs={},
        columns={},
        faults=[],
    )  # fmt: skip


def flagship(**fields: Any) -> Source:
    """Beijing-Pyongyang: K27 hands two coaches to 95 at Dandong and those to 52 at Sinuiju."""
    return source(
        [
            train("K27", [("beijing", "", "17:26"), ("tianjin", "~19:03", "~19:09"),
                          ("dandong", "07:35+1", "")], days("daily")),
            train("95", [("dandong", "", "10:00"), ("sinuiju", "~11:10", "")], days("daily")),
            train("52", [("sinuiju", "", "~13:10"), ("pyongyang", "18:07", "")], days("daily")),
        ],
        [coach("1", days("Mo We Th Sa"), "K27 > 95 > 52", "beijing", "pyongyang")],
        zones={"sinuiju": "Asia/Pyongyang", "pyongyang": "Asia/Pyongyang"},
        **fields,
    )  # fmt: skip
