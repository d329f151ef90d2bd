"""The law every feed is held to: each date of each train occurs in it exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from gtfsgen.compile.calendars import DAY_NAMES
from gtfsgen.compile.timing import service_day_start
from gtfsgen.compile.zones import DAY, Zone
from gtfsgen.faults import Fault, Severity
from gtfsgen.service_days import EPOCH, Dates
from gtfsgen.source.model import Source


def service_dates(tables: Mapping[str, pl.DataFrame]) -> dict[str, Dates]:
    """The dates of each service, read back from calendar.txt and calendar_dates.txt."""
    found: dict[str, Dates] = {}
    regular: dict[tuple, Dates] = {}
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
    """Compare the dates each train has in the feed, by the clock of its first station, with its
    days.
    """
    services = service_dates(tables)
    first_calls = (
        source.calls.filter(~pl.col("passes"))
        .group_by("run_id", maintain_order=True)
        .agg(
            departure_order=pl.col("order").first(),
            station_id=pl.col("station_id").first(),
            railway_time=pl.col("railway_time").first(),
        )
    )
    zones = source.stations.select("station_id", "timezone") if source.stations.height else None
    starts = (
        tables["stop_times"]
        .join(
            first_calls,
            left_on=["departure_run", "departure_order"],
            right_on=["run_id", "departure_order"],
            how="inner",
        )
        .join(tables["trips"].select("trip_id", "service_id"), on="trip_id")
    )
    starts = starts.join(zones, on="station_id", how="left") if zones is not None else starts
    clocks: dict[str, Zone] = {}
    agency_name = source.settings.agency_timezone

    def zone(name: str) -> Zone:
        if name not in clocks:
            days = [dates for dates in services.values() if dates]
            first = min(dates.first for dates in days) - timedelta(days=3)
            last = max(dates.last for dates in days) + timedelta(days=40)
            clocks[name] = Zone(name, (first - EPOCH).days, (last - EPOCH).days)
        return clocks[name]

    found: dict[str, int] = {}
    doubled: dict[str, int] = {}
    columns = ("departure_run", "service_id", "departure_time", "timezone", "railway_time")
    for run, service, time, name, railway in starts.select(columns).iter_rows():
        dates = services[service]
        day = (dates.first - EPOCH).days
        hours, minutes, seconds = time.split(":")
        instant = service_day_start(zone(agency_name), day) + (
            int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        )
        clock = zone(agency_name if railway or not name else name)
        bits = dates.shift(clock.wall(instant) // DAY - day).bits
        doubled[run] = doubled.get(run, 0) | found.get(run, 0) & bits
        found[run] = found.get(run, 0) | bits
    departs = dict(
        source.calls.filter(~pl.col("passes"))
        .group_by("run_id")
        .agg(pl.coalesce("departure_s", "arrival_s").first())
        .iter_rows()
    )
    end = (source.settings.last_day - EPOCH).days
    within = (1 << (end + 1)) - 1
    faults = []
    for run_id, run in source.runs.items():
        ahead = (
            departs.get(run_id) or 0
        ) // DAY  # a first time written as 24:10 leaves a day later
        expected = run.dates.bits & within
        is_ = found.get(run_id, 0)
        is_ = is_ >> ahead if ahead >= 0 else is_ << -ahead
        if expected & ~is_ or doubled.get(run_id, 0) or is_ & ~run.dates.bits & within:
            odd = Dates((expected ^ (is_ & within)) | doubled.get(run_id, 0))
            faults.append(
                Fault(
                    Severity.ERROR,
                    "train_date_lost_or_doubled",
                    run.path,
                    run.line,
                    run.column,
                    f"train {run.train} of {odd.first} and {len(odd) - 1} more dates is not in the "
                    "feed exactly once",
                    hint="this is a fault of gtfsgen; please report it with the tables",
                )
            )
    return faults
