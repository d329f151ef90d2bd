"""What a feed offers, by day, line, stop and calendar, from the timetable room.

A departure is a trip on a day; a trip with headways departs as often as they say. Days are service
days. Kilometres are along the shape where a trip has one and straight from stop to stop where it
has none, both on the WGS84 ellipsoid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gtfsgen.dates import EPOCH
from gtfsgen.feed import Feed, read
from gtfsgen.feed.tolerant import text_tables
from gtfsgen.timetable import Timetable, timetable_of, timetable_of_tables

NEEDED = ("stops", "routes", "trips", "stop_times")
ALSO = ("agency", "calendar", "calendar_dates", "frequencies", "shapes")
DAY_HEADWAYS = (7 * 3600, 19 * 3600)
"""Headways are those of departures from 7:00 to 19:00."""
BUSIEST = 50
"""So many stops are listed in the terminal and on the page; CSV and JSON have all."""


@dataclass
class Statistics:
    """Frames with plain columns; units stand in their names.

    `reference_day` is the first of the days with most departures: headways and stops are its.
    """

    feed: str
    totals: dict[str, Any] = field(default_factory=dict)
    days: pl.DataFrame = field(default_factory=pl.DataFrame)
    lines: pl.DataFrame = field(default_factory=pl.DataFrame)
    lines_by_day: pl.DataFrame = field(default_factory=pl.DataFrame)
    stops: pl.DataFrame = field(default_factory=pl.DataFrame)
    calendars: pl.DataFrame = field(default_factory=pl.DataFrame)
    reference_day: date | None = None
    remarks: list[str] = field(default_factory=list)


def statistics(
    path: str | Path | Feed, first: date | None = None, days: int | None = None
) -> Statistics:
    """The statistics of a feed, of all its days or of `days` days from `first` on.

    Raises `gtfsgen.budget.UnreadableInput` where there is no feed.
    """
    found = Statistics(path.source if isinstance(path, Feed) else str(path))
    timetable, shapes = _timetable(path, found.remarks)
    trips = _trips(timetable, shapes)
    groups = (
        trips.group_by("route", "dates")
        .agg(
            pl.col("departures").sum(),
            (pl.col("km") * pl.col("departures")).sum().alias("km"),
            (pl.col("seconds") * pl.col("departures")).sum().alias("seconds"),
            pl.col("first").min(),
            pl.col("last").max(),
        )
        .sort("route", "dates")
    )
    running = _days(timetable, groups["dates"].unique().sort().to_list(), first, days)
    by_day = groups.join(running, on="dates", how="inner")
    found.lines_by_day = _named(by_day, timetable)
    found.days = (
        by_day.group_by("date")
        .agg(
            pl.col("departures").sum(),
            pl.col("route").n_unique().alias("lines"),
            pl.col("km").sum().round(1),
            (pl.col("seconds").sum() / 3600).round(1).alias("hours"),
            _clock(pl.col("first").min()).alias("first"),
            _clock(pl.col("last").max()).alias("last"),
        )
        .sort("date")
    )
    if found.days.height:
        most = found.days["departures"].max()
        found.reference_day = found.days.filter(pl.col("departures") == most)["date"][0]
    on_day = _on_day(trips, running, found.reference_day)
    found.lines = _lines(by_day, on_day, timetable)
    found.stops = _stops(on_day, timetable)
    found.calendars = _calendars(timetable, trips, running)
    found.totals = _totals(found, trips, by_day, timetable)
    return found


def _timetable(source: str | Path | Feed, remarks: list[str]) -> tuple[Timetable, pl.DataFrame]:
    """The feed as validate reads it; where a table that is needed cannot be read so, as text."""
    feed = source if isinstance(source, Feed) else read(source)
    whole = all(feed.tables[name].status.value == "LOADED" for name in NEEDED)
    if not whole and not isinstance(source, Feed):
        tables = text_tables(Path(source), (*NEEDED, *ALSO), required=())
        remarks += tables.remarks
        if all(name in tables for name in ("trips", "stop_times")):
            remarks.append("the feed has faults; rows that cannot be read are not counted")
            shapes = tables.get("shapes", pl.DataFrame())
            timetable = timetable_of_tables({n: f for n, f in tables.items() if n != "shapes"})
            return timetable, _shape_lengths(shapes)
    return timetable_of(feed), _shape_lengths(feed["shapes"])


def _shape_lengths(shapes: pl.DataFrame) -> pl.DataFrame:
    """`shape_id` and `shape_km`."""
    needed = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    empty = pl.DataFrame(schema={"shape_id": pl.String, "shape_km": pl.Float64})
    if not shapes.height or any(name not in shapes.columns for name in needed):
        return empty
    points = (
        shapes.select(
            pl.col("shape_id").cast(pl.String),
            lat=pl.col("shape_pt_lat").cast(pl.Float64, strict=False),
            lon=pl.col("shape_pt_lon").cast(pl.Float64, strict=False),
            order=pl.col("shape_pt_sequence").cast(pl.Int64, strict=False),
        )
        .drop_nulls()
        .sort("shape_id", "order", maintain_order=True)
    )
    legs = points.with_columns(
        metres=_legs(points["lat"].to_numpy(), points["lon"].to_numpy()),
        same=pl.col("shape_id") == pl.col("shape_id").shift(),
    )
    return legs.group_by("shape_id").agg(
        shape_km=pl.col("metres").filter(pl.col("same").fill_null(False)).sum() / 1000
    )


def _legs(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Metres from each point's predecessor; 0 for the first and where one is no place on Earth."""
    from pyproj import Geod

    found = np.zeros(len(lat))
    if len(lat) > 1:
        good = np.isfinite(lat) & np.isfinite(lon) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
        both = good[1:] & good[:-1]
        a_lon, a_lat = np.where(both, lon[:-1], 0), np.where(both, lat[:-1], 0)
        b_lon, b_lat = np.where(both, lon[1:], 0), np.where(both, lat[1:], 0)
        found[1:] = Geod(ellps="WGS84").inv(a_lon, a_lat, b_lon, b_lat)[2]
    return found


def _trips(timetable: Timetable, shapes: pl.DataFrame) -> pl.DataFrame:
    """A row a trip with calls: route, dates, pattern, departures, km, seconds, first and last."""
    calls = timetable.calls.join(
        timetable.stops.select("stop", "lat", "lon"), on="stop", how="left", maintain_order="left"
    )
    placed = calls.filter(pl.col("lat").is_not_null() & pl.col("lon").is_not_null())
    lengths = (
        placed.with_columns(
            metres=_legs(placed["lat"].to_numpy(), placed["lon"].to_numpy()),
            same=(pl.col("pattern") == pl.col("pattern").shift()).fill_null(False),
        )
        .group_by("pattern")
        .agg(straight_km=pl.col("metres").filter("same").sum() / 1000)
    )
    times = timetable.headways.with_columns(
        runs=pl.max_horizontal(
            1, ((pl.col("end") - pl.col("start")) / pl.col("headway")).ceil()
        ).cast(pl.Int64)
    )
    every = times.group_by("trip").agg(
        pl.col("runs").sum(), opens=pl.col("start").min(), closes=pl.col("end").max()
    )
    trips = timetable.trips.filter(pl.col("pattern").is_not_null())
    trips = trips.with_columns(
        route=pl.col("route_id").cast(pl.String), shape=pl.col("shape_id").cast(pl.String)
    )
    length = pl.col("end") - pl.col("start")
    return (
        trips.join(lengths, on="pattern", how="left", maintain_order="left")
        .join(shapes, left_on="shape", right_on="shape_id", how="left", maintain_order="left")
        .join(every, on="trip", how="left", maintain_order="left")
        .select(
            "trip",
            "route",
            "direction_id",
            "dates",
            "pattern",
            "start",
            "first_station",
            departures=pl.col("runs").fill_null(1),
            repeats=pl.col("runs").is_not_null(),
            km=pl.coalesce("shape_km", "straight_km").fill_null(0.0),
            seconds=length.fill_null(0).cast(pl.Int64),
            first=pl.coalesce("opens", "start"),
            last=pl.coalesce(pl.col("closes") + length, "end"),
        )
    )


def _days(
    timetable: Timetable, sets: list[int], first: date | None, days: int | None
) -> pl.DataFrame:
    """`dates` (a set) and `date`, of the days that are asked for."""
    start = (first - EPOCH).days if first else None
    rows: list[tuple[int, date]] = []
    for number in sets:
        for day in timetable.dates(number).numbers():
            if start is not None and (day < start or (days and day >= start + days)):
                continue
            rows.append((number, EPOCH + timedelta(days=day)))
    frame = pl.DataFrame(rows, schema={"dates": pl.UInt32, "date": pl.Date}, orient="row")
    if days and first is None and frame.height:
        begin = frame["date"].min()
        assert isinstance(begin, date)
        frame = frame.filter(pl.col("date") < begin + timedelta(days=days))
    return frame


def _route_names(timetable: Timetable) -> pl.DataFrame:
    routes = timetable.routes
    names = [c for c in ("route_short_name", "route_long_name") if c in routes.columns]
    identity = pl.col("route_id").cast(pl.String)
    name = pl.coalesce(*names, identity) if names else identity
    if not names and "name" in routes.columns:
        name = pl.coalesce("name", identity)
    return routes.select(route=identity, line=name).unique("route", keep="first")


def _named(by_day: pl.DataFrame, timetable: Timetable) -> pl.DataFrame:
    return (
        by_day.group_by("date", "route")
        .agg(
            pl.col("departures").sum(),
            pl.col("km").sum().round(1),
            _clock(pl.col("first").min()).alias("first"),
            _clock(pl.col("last").max()).alias("last"),
        )
        .join(_route_names(timetable), on="route", how="left")
        .select(
            "date",
            "line",
            route_id="route",
            departures="departures",
            km="km",
            first="first",
            last="last",
        )
        .sort("date", "line", "route_id", nulls_last=True)
    )


def _clock(seconds: pl.Expr) -> pl.Expr:
    """07:05, and 25:40 for 1:40 of the next day, as in stop_times.txt."""
    hours = (seconds // 3600).cast(pl.String).str.zfill(2)
    minutes = (seconds // 60 % 60).cast(pl.String).str.zfill(2)
    return pl.concat_str(hours, pl.lit(":"), minutes)


def _on_day(trips: pl.DataFrame, running: pl.DataFrame, day: date | None) -> pl.DataFrame:
    sets = running.filter(pl.col("date") == day)["dates"] if day else running["dates"].head(0)
    return trips.filter(pl.col("dates").is_in(sets.implode()))


def _lines(by_day: pl.DataFrame, on_day: pl.DataFrame, timetable: Timetable) -> pl.DataFrame:
    hours = pl.col("seconds").sum() / 3600
    lines = by_day.group_by("route").agg(
        days=pl.col("date").n_unique(),
        departures=pl.col("departures").sum(),
        km=pl.col("km").sum().round(1),
        hours=hours.round(1),
        speed_kmh=pl.when(hours > 0).then(pl.col("km").sum() / hours).round(1),
        first=_clock(pl.col("first").min()),
        last=_clock(pl.col("last").max()),
    )
    return (
        lines.join(_headways(on_day, timetable), on="route", how="left")
        .join(_route_names(timetable), on="route", how="left")
        .select(
            "line",
            pl.col("route").alias("route_id"),
            "days",
            "departures",
            (pl.col("departures") / pl.col("days")).round(1).alias("departures_a_day"),
            "km",
            "hours",
            "speed_kmh",
            "first",
            "last",
            "headway_min",
        )
        .sort("line", "route_id", nulls_last=True)
    )


def _headways(on_day: pl.DataFrame, timetable: Timetable) -> pl.DataFrame:
    """The median minutes between departures of a line by day, from the station and in the
    direction with most of them; `route` and `headway_min`."""
    single = on_day.filter(~pl.col("repeats") & pl.col("start").is_not_null())
    times = timetable.headways.join(on_day.filter("repeats").select("trip"), on="trip")
    repeated = (
        times.filter((pl.col("headway") > 0) & (pl.col("end") > pl.col("start")))
        .with_columns(start=pl.int_ranges("start", "end", "headway"))
        .select("trip", "start")
        .explode("start")
        .join(on_day.drop("start"), on="trip")
    )
    keys = ["route", "direction_id", "first_station"]
    columns = [*keys, pl.col("start").cast(pl.Int64)]
    all_starts = pl.concat([single.select(columns), repeated.select(columns)])
    by_day = all_starts.filter(pl.col("start").is_between(*DAY_HEADWAYS))
    gaps = (
        by_day.unique()
        .sort(*keys, "start")
        .group_by(keys, maintain_order=True)
        .agg(number=pl.len(), headway_min=(pl.col("start").diff().median() / 60).round(1))
    )
    return (
        gaps.sort("number", descending=True, maintain_order=True)
        .unique("route", keep="first", maintain_order=True)
        .select("route", "headway_min")
    )


def _stops(on_day: pl.DataFrame, timetable: Timetable) -> pl.DataFrame:
    """Stations by departures and arrivals on the reference day, busiest first."""
    served = on_day.group_by("pattern").agg(pl.col("departures").sum())
    calls = timetable.calls.filter(pl.col("stop").is_not_null()).join(served, on="pattern")
    by_station = calls.join(
        timetable.stops.select("stop", "station_id", "station_name"), on="stop", how="left"
    )
    return (
        by_station.group_by(pl.col("station_id").cast(pl.String), "station_name")
        .agg(calls=pl.col("departures").sum())
        .select(
            station=pl.coalesce("station_name", "station_id"), stop_id="station_id", calls="calls"
        )
        .sort("calls", "station", "stop_id", descending=[True, False, False])
    )


def _calendars(timetable: Timetable, trips: pl.DataFrame, running: pl.DataFrame) -> pl.DataFrame:
    used = trips.group_by("dates").agg(trips=pl.len(), departures=pl.col("departures").sum())
    spans = running.group_by("dates").agg(
        days=pl.len(), first=pl.col("date").min(), last=pl.col("date").max()
    )
    services = timetable.services.group_by("dates").agg(
        services=pl.col("service_id").cast(pl.String).sort().str.join(", ")
    )
    return (
        used.join(spans, on="dates", how="inner")
        .join(services, on="dates", how="left")
        .select("services", "days", "first", "last", "trips", "departures")
        .sort("departures", "services", descending=[True, False])
    )


def _totals(
    found: Statistics, trips: pl.DataFrame, by_day: pl.DataFrame, timetable: Timetable
) -> dict[str, Any]:
    hours = float(by_day["seconds"].sum() or 0) / 3600
    km = float(by_day["km"].sum() or 0)
    return {
        "lines": by_day["route"].n_unique(),
        "trips": trips.height,
        "stops": timetable.stops.height,
        "stations_served": found.stops.height,
        "first_day": found.days["date"].min() if found.days.height else None,
        "last_day": found.days["date"].max() if found.days.height else None,
        "days_with_service": found.days.height,
        "departures": int(by_day["departures"].sum() or 0),
        "km": round(km, 1),
        "hours": round(hours, 1),
        "speed_kmh": round(km / hours, 1) if hours else None,
    }
