"""The law every feed is held to: each date of each train occurs in it exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from gtfsgen.clocks import DAY, NOON, Zone
from gtfsgen.compile.calendars import DAY_NAMES
from gtfsgen.compile.timing import service_day_start
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.model import Run, Source


def service_dates(tables: Mapping[str, pl.DataFrame]) -> dict[str, Dates]:
    """The dates of each service, read back from calendar.txt and calendar_dates.txt."""
    found: dict[str, Dates] = {}
    regular: dict[tuple[Any, ...], Dates] = {}
    for row in tables["calendar"].iter_rows(named=True) if "calendar" in tables else ():
        flags = tuple(i for i, day in enumerate(DAY_NAMES) if row[day] == "1")
        key = (flags, row["start_date"], row["end_date"])
        if key not in regular:
            regular[key] = Dates.weekdays(flags, _date(key[1]), _date(key[2]))
        found[row["service_id"]] = regular[key]
    for row in tables["calendar_dates"].iter_rows(named=True) if "calendar_dates" in tables else ():
        day = Dates.of([_date(row["date"])])
        known = found.get(row["service_id"], Dates())
        found[row["service_id"]] = known | day if row["exception_type"] == "1" else known - day
    return found


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def dates_doubled_or_lost(source: Source, tables: Mapping[str, pl.DataFrame]) -> list[Fault]:
    """Compare the dates each train has in the feed, by its first station's clock, with its days.

    A train whose first departure is not known is left out: nothing in the feed tells its dates.
    """
    if not source.runs:
        return []  # all trips are passed through from gtfs/
    own = {
        name: tables[name].filter(~pl.col("path").fill_null("").str.starts_with("gtfs/"))
        for name in ("calendar", "calendar_dates")
        if name in tables
    }
    services = service_dates(own)
    # By the agency's clock, days are service days as written, of services that may be of gtfs/.
    written = [run.run_id for run in source.runs.values() if run.by_agency]
    starts = _first_departures(source).filter(~pl.col("run_id").is_in(written))
    if not starts.height:
        return []
    found, doubled = _dates_in_feed(source, tables, starts, services)
    within = (1 << ((source.settings.last_day - EPOCH).days + 1)) - 1
    faults = []
    for run_id in starts["run_id"]:
        run = source.runs.get(run_id)
        if run is None:
            continue
        present = found.get(run_id, 0) & within
        odd = Dates((run.dates.bits & within ^ present) | doubled.get(run_id, 0))
        if odd:
            faults.append(_fault(run, odd))
    return faults


def _first_departures(source: Source) -> pl.DataFrame:
    """The first call of each run, if its time is known, with the zone of its clock."""
    zones = source.stations.select("station_id", pl.col("timezone").replace("", None).alias("zone"))
    return (
        source.calls.filter(~pl.col("passes"))
        .group_by("run_id", maintain_order=True)
        .agg(
            pl.col("order").first(),
            pl.col("station_id").first(),
            pl.col("railway_time").first(),
            departs=pl.coalesce("departure_s", "arrival_s").first(),
        )
        .filter(pl.col("departs").is_not_null())
        .join(zones, on="station_id", how="left", maintain_order="left")
        .with_columns(
            pl.when("railway_time")
            .then(None)
            .otherwise("zone")
            .fill_null(source.settings.agency_timezone)
            .alias("zone")
        )
    )


def _dates_in_feed(
    source: Source,
    tables: Mapping[str, pl.DataFrame],
    starts: pl.DataFrame,
    services: Mapping[str, Dates],
) -> tuple[dict[str, int], dict[str, int]]:
    """Bits of the dates on which each run leaves its first station, and those doubled."""
    departures = (
        tables["stop_times"]
        .select("trip_id", "departure_time", run_id="departure_run", order="departure_order")
        .join(starts.select("run_id", "order", "zone", "departs"), on=["run_id", "order"])
        .join(tables["trips"].select("trip_id", "service_id"), on="trip_id")
    )
    days = [dates for dates in services.values() if dates]
    first = min((dates.first for dates in days), default=EPOCH) - timedelta(days=3)
    last = max((dates.last for dates in days), default=EPOCH) + timedelta(days=40)
    names = {source.settings.agency_timezone, *starts["zone"]}
    clocks = {name: Zone(name, (first - EPOCH).days, (last - EPOCH).days) for name in names}
    agency = clocks[source.settings.agency_timezone]
    found: dict[str, int] = {}
    doubled: dict[str, int] = {}
    columns = ("run_id", "service_id", "departure_time", "zone", "departs")
    for run, service, time, zone, departs in departures.select(columns).iter_rows():
        dates = services[service]
        day = (dates.first - EPOCH).days
        hours, minutes, seconds = map(int, time.split(":"))
        instant = service_day_start(agency, day) + hours * 3600 + minutes * 60 + seconds
        # Nearest, not equal: a printed time that a clock change skips is shown a little later.
        there = (clocks[zone].wall(instant) - departs + NOON) // DAY
        bits = dates.shift(there - day).bits
        doubled[run] = doubled.get(run, 0) | found.get(run, 0) & bits
        found[run] = found.get(run, 0) | bits
    return found, doubled


def _fault(run: Run, odd: Dates) -> Fault:
    more = f" and {len(odd) - 1} more dates" if len(odd) > 1 else ""
    return Fault(
        Severity.ERROR,
        "train_date_lost_or_doubled",
        run.path,
        run.line,
        run.column,
        f"train {run.train} of {odd.first}{more} is not in the feed exactly once",
        hint="this is a fault of gtfsgen; please report it with the tables",
    )
