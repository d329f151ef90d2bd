"""Time zones: which one a stop keeps, whether its place agrees, and times that forgot about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date
from datetime import datetime, time, timedelta
from functools import cache

import polars as pl

from gtfsgen import route_types
from gtfsgen.clocks import DAY, UnknownZone, zone_info, zones_within
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules.speeds import MAX_SPEED_KMH, speed_limit
from gtfsgen.validation.rules.stops import STATION, STOP
from gtfsgen.validation.scans.distances import point_distance_m

BORDER_KM = 0.5
"""A stop so near to another zone may keep its time: borders of zones are drawn no more exactly."""
FAST_RAIL_KMH = 250
"""No train is faster between two stops, as the crow flies, where it changes its zone."""
SLOW_KMH = 10
"""A ride slower than this is odd,"""
SLOWEST_KMH = 5
"""and one slower than this is not plausible either."""


@cache
def offset_s(zone: str, day: Date) -> int | None:
    """Seconds by which clocks of a zone are ahead of UTC at noon; None if the zone is not known."""
    try:
        offset = datetime.combine(day, time(12), zone_info(zone)).utcoffset()
    except UnknownZone:
        return None
    return int(offset.total_seconds()) if offset is not None else None


@cache
def clocks(zone: str, year: int) -> tuple[int | None, ...]:
    """The offsets of a zone on each week of a year and the next: equal for zones with one clock."""
    return tuple(offset_s(zone, Date(year, 1, 1) + timedelta(weeks=week)) for week in range(105))


def _agency_zone(feed: Feed) -> str | None:
    zones = feed.agency.select("agency_timezone").drop_nulls().head(1).collect()
    return zones.item() if zones.height else None


def _zones(feed: Feed) -> pl.LazyFrame:
    """The zone that each stop keeps: `stop_id`, `zone`, `station` (its topmost parent) and the
    `station_zone`.

    A stop with a parent keeps its station's zone whatever its own cell says; a station or a stop
    without a parent that has none keeps the agency's.
    """
    agency_zone = pl.lit(_agency_zone(feed), dtype=pl.String)
    stops = feed.first_stops.select(
        "stop_id", parent="parent_station", own=pl.col("stop_timezone").fill_null(agency_zone)
    )
    parents = stops.select(parent="stop_id", grandparent="parent")
    tops = (
        stops.join(parents, on="parent", how="left", maintain_order="left")
        .with_columns(station=pl.coalesce("grandparent", "parent"))
        .join(
            stops.select(station="stop_id", station_zone="own"),
            on="station",
            how="left",
            maintain_order="left",
        )
    )
    return (
        tops.select("stop_id", "station", "station_zone", zone=pl.coalesce("station_zone", "own"))
        .collect()
        .lazy()
    )


def _clock_numbers(feed: Feed, zones: Iterable[str]) -> pl.LazyFrame:
    """`zone` -> `clock`, a number that zones share if their clocks agree this year and the next."""
    names = sorted(set(zones))
    seen: dict[tuple[int | None, ...], int] = {}
    numbers = [seen.setdefault(clocks(name, feed.today.year), len(seen)) for name in names]
    return pl.LazyFrame({"zone": names, "clock": numbers}, {"zone": pl.String, "clock": pl.Int32})


@rule(Severity.WARNING, "stops", "agency", group="gtfsgen")
def stop_timezone_on_child_ignored(feed: Feed) -> Rows | list[Rows]:
    """A stop within a station has a time zone of its own, which is not applied.

    A stop keeps the zone of its station, or the agency's if that has none. Move the zone to the
    station. Zones whose clocks agree are taken for one.
    """
    if not feed.has("stops", "stop_timezone"):
        return []
    rows = (
        feed.stops.filter(pl.col("stop_timezone").is_not_null())
        .select("csv_row_number", "stop_id", "stop_timezone")
        .join(
            feed.shared(_zones).drop_nulls("station_zone"),
            on="stop_id",
            maintain_order="left",
        )
        .filter(pl.col("stop_timezone") != pl.col("station_zone"))
        .collect()
    )
    numbers = _clock_numbers(feed, [*rows["stop_timezone"], *rows["station_zone"]])
    for name in ("stop_timezone", "station_zone"):
        rows = rows.join(
            numbers.rename({"zone": name, "clock": f"{name}_clock"}).collect(),
            on=name,
            maintain_order="left",
        )
    return Rows(
        rows.lazy()
        .filter(pl.col("stop_timezone_clock") != pl.col("station_zone_clock"))
        .select("csv_row_number", "stop_id", "stop_timezone", "station", "station_zone"),
        {"filename": "stops.txt"},
    )


@rule(Severity.WARNING, "stops", "agency", group="gtfsgen")
def stop_timezone_disagrees_with_location(feed: Feed) -> Rows:
    """A stop keeps another time zone than its place.

    Riders read its times in the wrong zone, and rules in local time misfire. Give the stop its
    stop_timezone: without one it keeps the agency's. Zones whose clocks agree are taken for one.
    Told of stations and of stops without a station, because stops within one keep its zone.
    """
    rows = (
        feed.first_stops.filter(pl.col("location_type").fill_null(STOP).is_in([STOP, STATION]))
        .drop_nulls(["stop_lat", "stop_lon"])
        .join(
            feed.shared(_zones).filter(pl.col("station_zone").is_null()),
            on="stop_id",
            maintain_order="left",
        )
        .drop_nulls("zone")
        .select("csv_row_number", "stop_id", "zone", "stop_lat", "stop_lon")
        .collect()
    )
    places = rows.select("stop_lat", "stop_lon", "zone").unique(maintain_order=True)
    local = [_other_zone(feed.today.year, *place) for place in places.iter_rows()]
    found = places.with_columns(pl.Series("zone_at_location", local, pl.String)).drop_nulls()
    return Rows(
        rows.join(found, on=["stop_lat", "stop_lon", "zone"], maintain_order="left")
        .select("csv_row_number", "stop_id", "zone", "zone_at_location", "stop_lat", "stop_lon")
        .lazy(),
        {"filename": "stops.txt"},
    )


def _other_zone(year: int, lat: float, lon: float, zone: str) -> str | None:
    """The zone at a position if its clocks differ from those of `zone`, also a short way off; else
    None.

    None too where only the high seas are, or where one of the zones is not known.
    """
    from tzfpy import get_tzs

    kept = clocks(zone, year)
    if kept[0] is None:
        return None

    def differing(zones: Iterable[str]) -> str | None:
        lands = [name for name in zones if not name.startswith("Etc/")]
        known = [name for name in lands if clocks(name, year)[0] is not None]
        return (
            None if any(clocks(name, year) == kept for name in known) else next(iter(known), None)
        )

    if differing(get_tzs(lon, lat)) is None:
        return None
    return differing(zones_within(lat, lon, BORDER_KM))


@rule(
    Severity.WARNING,
    "stops",
    "agency",
    "routes",
    "trips",
    "stop_times",
    "calendar",
    "calendar_dates",
    group="gtfsgen",
)
def stop_time_suspected_local_time(feed: Feed) -> Rows | list[Rows]:
    """A ride into another time zone makes sense only if its times are local ones.

    All times of a feed are in agency_timezone, whatever the zone of the stop. As written this ride
    goes back in time, or is faster or much slower than any train; with the difference of the zones
    taken out it is an ordinary one. Convert the times behind the border to agency_timezone:
    stop_timezone is for display alone.
    """
    zones = feed.shared(_zones).drop_nulls("zone")
    kept = zones.select("zone").unique().collect()["zone"]
    numbers = _clock_numbers(feed, kept)
    if numbers.select(pl.col("clock").n_unique()).collect().item() < 2:
        return []
    rides = _crossings(feed, zones.join(numbers, on="zone").select("stop_id", "zone", "clock"))
    return Rows(
        _suspects(feed, rides).select(
            "csv_row_number",
            "trip_id",
            "stop_id",
            "stop_sequence",
            "zone",
            "other_csv_row_number",
            "other_stop_id",
            "other_zone",
            written_minutes=pl.col("written_s") // 60,
            true_minutes=pl.col("true_s") // 60,
            distance_km=pl.col("distance_km").round(3),
        ),
        {"filename": "stop_times.txt"},
    )


def _crossings(feed: Feed, zones: pl.LazyFrame) -> pl.DataFrame:
    """Rides from one timed stop to the next with other clocks; the stop before as `other_`."""
    before = ("csv_row_number", "stop_id", "zone", "clock")
    trip = pl.col("trip_id").to_physical()
    return (
        feed.ordered_stop_times.select(
            "csv_row_number",
            "trip_id",
            "stop_id",
            "stop_sequence",
            arrival_s=pl.coalesce("arrival_time", "departure_time"),
            departure_s=pl.coalesce("departure_time", "arrival_time"),
        )
        .drop_nulls("arrival_s")
        .join(zones, on="stop_id", maintain_order="left")
        .with_columns(
            *(pl.col(name).shift(1).alias(f"other_{name}") for name in before),
            written_s=pl.col("arrival_s") - pl.col("departure_s").shift(1),
        )
        .filter(trip == trip.shift(1), pl.col("clock") != pl.col("other_clock"))
        .collect()
    )


def _suspects(feed: Feed, rides: pl.DataFrame) -> pl.LazyFrame:
    """Rides that are not plausible as written but are without the difference of the zones."""
    limits = MAX_SPEED_KMH | {route_types.RAIL: FAST_RAIL_KMH}
    limit = speed_limit(limits)
    rows = (
        rides.lazy()
        .join(feed.first_trips.select("trip_id", "route_id", "service_id"), on="trip_id")
        .join(feed.first_routes.select("route_id", limit_kmh=limit), on="route_id")
        .join(feed.service_spans.select("service_id", day="first_date"), on="service_id")
    )
    for prefix in ("", "other_"):
        rows = rows.join(
            feed.stop_positions.select(pl.all().name.prefix(prefix)), on=f"{prefix}stop_id"
        )
    rows = rows.join(_differences(rows), on=["zone", "other_zone", "day"]).with_columns(
        true_s=pl.col("written_s") - pl.col("ahead_s"),
        distance_km=point_distance_m("other_lat", "other_lon", "lat", "lon") / 1000,
    )

    def kmh(seconds: str) -> pl.Expr:
        return pl.col("distance_km") / (pl.col(seconds) / 3600)

    impossible = (pl.col("written_s") <= 0) | (kmh("written_s") > pl.col("limit_kmh"))
    slow = (kmh("written_s") < SLOW_KMH) & (pl.col("ahead_s") > 0)
    plausible = (pl.col("true_s") > 0) & kmh("true_s").is_between(SLOWEST_KMH, pl.col("limit_kmh"))
    return rows.filter(impossible | slow, plausible).sort("csv_row_number")


def _differences(rows: pl.LazyFrame) -> pl.LazyFrame:
    """`zone`, `other_zone`, `day` -> `ahead_s`, by how much the first zone's clocks are ahead of
    the other's."""
    wanted = rows.select("zone", "other_zone", "day").unique().collect()
    ahead = [
        None if (here := offset_s(zone, day)) is None or (there := offset_s(other, day)) is None
        else here - there
        for zone, other, day in wanted.iter_rows()
    ]  # fmt: skip
    return wanted.lazy().with_columns(pl.Series("ahead_s", ahead, pl.Int32)).drop_nulls("ahead_s")


@rule(
    Severity.INFO,
    "stops",
    "agency",
    "trips",
    "stop_times",
    "calendar",
    "calendar_dates",
    group="gtfsgen",
)
def service_date_differs_from_local_date(feed: Feed) -> Rows:
    """A trip starts on another date than its service date, by the clock of its first stop.

    Legal: service days go on after midnight, and the first stop may be in another zone than the
    agency. Listed for review, because riders look for the trip on the date of the clock.
    `serviceDate` is the first such date.
    """
    agency_zone = pl.lit(_agency_zone(feed), dtype=pl.String)
    trips = (
        feed.first_trips.select("csv_row_number", "trip_id", "service_id")
        .join(
            feed.trip_spans.select(
                "trip_id",
                stop_id="first_stop_id",
                departure_time=pl.coalesce("first_departure_time", "first_arrival_time"),
            ),
            on="trip_id",
            maintain_order="left",
        )
        .drop_nulls("departure_time")
        .join(
            feed.shared(_zones).select("stop_id", "zone"),
            on="stop_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("zone").fill_null(agency_zone))
        .collect()
        .lazy()
    )
    shifts = _shifts(feed, trips.select("zone", "service_id").unique())
    days = (pl.col("departure_time") + pl.col("ahead_s")) // DAY
    return Rows(
        trips.join(shifts, on=["zone", "service_id"], maintain_order="left")
        .with_columns(local_date=pl.col("service_date") + pl.duration(days=days))
        .filter(pl.col("local_date") != pl.col("service_date"))
        .sort("csv_row_number", "service_date")
        .unique("csv_row_number", keep="first", maintain_order=True)
        .select(
            "csv_row_number",
            "trip_id",
            "stop_id",
            "departure_time",
            "zone",
            "service_date",
            "local_date",
        ),
        {"filename": "trips.txt"},
    )


def _shifts(feed: Feed, wanted: pl.LazyFrame) -> pl.LazyFrame:
    """`zone`, `service_id` -> `ahead_s`, by how much the zone's clocks are ahead of the agency's,
    and the first `service_date` with that difference. A zone may have two of them within a service,
    winter's and summer's."""
    agency_zone = _agency_zone(feed)
    home = wanted.filter(pl.col("zone").eq_missing(pl.lit(agency_zone, dtype=pl.String))).join(
        feed.service_spans.select("service_id", service_date="first_date"), on="service_id"
    )
    away = wanted.filter(pl.col("zone") != pl.lit(agency_zone, dtype=pl.String)).join(
        feed.service_days.rename({"date": "service_date"}), on="service_id"
    )
    days = away.select("zone", other_zone=pl.lit(agency_zone, dtype=pl.String), day="service_date")
    differences = _differences(days).select("zone", "ahead_s", service_date="day")
    columns = ["zone", "service_id", "ahead_s", "service_date"]
    return pl.concat(
        [
            home.with_columns(ahead_s=pl.lit(0, dtype=pl.Int32)).select(columns),
            away.join(differences, on=["zone", "service_date"])
            .group_by("zone", "service_id", "ahead_s")
            .agg(pl.col("service_date").min())
            .select(columns),
        ]
    )
