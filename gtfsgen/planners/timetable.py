"""A feed as riders know it: places by name, local clocks, and which trains a ride is made of.

MOTIS's engine answers with stops and times and names no trip, so the trains are looked up here: the
trip that leaves that stop at that instant, and the trips its vehicle goes on as, until one arrives.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache, cached_property
from pathlib import Path

import polars as pl

from gtfsgen.budget import UnreadableInput
from gtfsgen.clocks import UnknownZone, zone_info
from gtfsgen.dates import EPOCH
from gtfsgen.feed.copying import copy_entries
from gtfsgen.feed.tolerant import TextRows, TextTables, text_tables
from gtfsgen.source.words import folded
from gtfsgen.timetable import Timetable as Room
from gtfsgen.timetable import timetable_of_tables

LONGEST_TRIP_DAYS = 10
"""How long before a call a trip's service day may have been."""
MOST_TRAINS = 12
"""More trains than any vehicle runs as without turning back."""
STEMS = (
    "agency",
    "stops",
    "routes",
    "trips",
    "stop_times",
    "calendar",
    "calendar_dates",
    "transfers",
    "translations",
    "frequencies",
)
"""Tables that trains are looked up in."""


@dataclass(frozen=True)
class Stop:
    stop_id: str
    name: str
    zone: str
    station: str
    """The parent station's id, or its own."""
    is_station: bool


@dataclass(frozen=True)
class Run:
    """A trip on one service day."""

    trip_id: str
    day: date


class Timetable:
    """The tables of one feed, read when they are first needed.

    Raises `UnreadableInput` if `feed` is neither a GTFS zip nor a folder with GTFS tables.
    """

    def __init__(self, feed: Path) -> None:
        self.path = feed_path(feed)

    def table(self, name: str, *wanted: str) -> pl.DataFrame:
        """The wanted columns as text, "" where a cell or column is missing; no table, no rows."""
        return TextRows(self._tables).frame(name, *wanted).with_columns(pl.all().fill_null(""))

    @cached_property
    def _tables(self) -> TextTables:
        return text_tables(self.path, STEMS, required=())

    # ------------------------------------------------------------------------------------ places

    @cached_property
    def zone(self) -> str:
        """The agencies' time zone, in which all times of the feed are written."""
        zones = self.table("agency", "agency_timezone")["agency_timezone"].to_list()
        if not zones:
            raise UnreadableInput(f"{self.path}: agency.txt names no time zone.")
        return known_zone(zones[0])

    @cached_property
    def stops(self) -> dict[str, Stop]:
        rows = self.table(
            "stops", "stop_id", "stop_name", "stop_timezone", "parent_station", "location_type"
        ).rows()
        zones = {stop_id: zone for stop_id, _, zone, _, _ in rows}
        return {
            stop_id: Stop(
                stop_id,
                name,
                known_zone(zones.get(parent) or zone or self.zone),
                parent or stop_id,
                kind == "1",
            )
            for stop_id, name, zone, parent, kind in rows
        }

    @cached_property
    def stations(self) -> dict[str, tuple[str, ...]]:
        """Station id -> it and its platforms."""
        members: dict[str, list[str]] = {}
        for stop in self.stops.values():
            members.setdefault(stop.station, []).append(stop.stop_id)
        return {station: tuple(stops) for station, stops in members.items()}

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Folded name, in any language of the feed -> stations that bear it."""
        found: dict[str, dict[str, None]] = {}
        for stop in self.stops.values():
            found.setdefault(folded(stop.name), {})[stop.station] = None
        for stop_id, text in self._translations():
            if stop_id in self.stops:
                found.setdefault(folded(text), {})[self.stops[stop_id].station] = None
        return {name: tuple(stations) for name, stations in found.items()}

    def _translations(self) -> Iterator[tuple[str, str]]:
        rows = self.table(
            "translations", "table_name", "field_name", "record_id", "field_value", "translation"
        ).filter((pl.col("table_name") == "stops") & (pl.col("field_name") == "stop_name"))
        by_name: dict[str, list[str]] = {}
        for stop in self.stops.values():
            by_name.setdefault(stop.name, []).append(stop.stop_id)
        for _, _, record_id, value, text in rows.iter_rows():
            for stop_id in [record_id] if record_id else by_name.get(value, []):
                yield stop_id, text

    def place(self, text: str) -> tuple[str, ...]:
        """The stops meant by a stop id or a name; empty if there are none."""
        if text in self.stops:
            return (text,)
        return self.names.get(folded(text), ())

    def zone_of(self, stop_id: str) -> tzinfo:
        stop = self.stops.get(stop_id)
        return zone_info(stop.zone if stop else self.zone)

    def local(self, instant: int, stop_id: str) -> datetime:
        """The wall clock at a stop."""
        return datetime.fromtimestamp(instant, self.zone_of(stop_id))

    def name(self, stop_id: str) -> str:
        stop = self.stops.get(stop_id)
        return stop.name if stop else stop_id

    # ------------------------------------------------------------------------------------ trains

    @cached_property
    def trips(self) -> dict[str, tuple[str, str, str, str]]:
        """trip_id -> route_id, service_id, block_id, trip_short_name."""
        rows = self.table(
            "trips", "trip_id", "route_id", "service_id", "block_id", "trip_short_name"
        ).rows()
        return {trip_id: rest for trip_id, *rest in rows}  # type: ignore[misc]

    @cached_property
    def routes(self) -> dict[str, tuple[str, str]]:
        """route_id -> short name, long name."""
        rows = self.table("routes", "route_id", "route_short_name", "route_long_name").rows()
        return {route_id: (short, long) for route_id, short, long in rows}

    def train_names(self, trip_id: str) -> list[str]:
        """What a printed timetable may call this trip, the likeliest first."""
        route_id, _, _, number = self.trips.get(trip_id, ("", "", "", ""))
        short, long = self.routes.get(route_id, ("", ""))
        names = [number, short, f"{short} {number}" if short and number else "", long, trip_id]
        return list(dict.fromkeys(name for name in names if name))

    @cached_property
    def room(self) -> Room:
        """The feed's trains, links and dates."""
        return timetable_of_tables(self._tables)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """trip_id -> its row in the room's trips."""
        ids = self.room.trips["trip_id"].cast(pl.String).to_list()
        return {trip_id: number for number, trip_id in enumerate(ids)}

    @cached_property
    def _heads(self) -> dict[str, str]:
        """trip_id -> the first trip of the train it is a piece of."""
        ids = self.room.trips["trip_id"].cast(pl.String)
        pieces = self.room.ride_trips
        pairs = zip(ids.gather(pieces["trip"]), ids.gather(pieces["ride"]), strict=True)
        return dict(pairs)

    def trains(self, trip_ids: Iterable[str]) -> list[str]:
        """The trains that trips ridden one after another are of, each by one of its trips: a train
        that had to be cut into several trips is one.
        """
        found: list[str] = []
        for trip_id in trip_ids:
            head = self._heads.get(trip_id, trip_id)
            if not found or self._heads.get(found[-1], found[-1]) != head:
                found.append(trip_id)
        return found

    def calls_of(self, trip_id: str) -> list[tuple[str, int | None, int | None]]:
        """Stop, arrival and departure seconds of a trip's calls in order."""
        if trip_id not in self._calls_of:
            self._calls_of[trip_id] = self._calls(trip_id)
        return self._calls_of[trip_id]

    @cached_property
    def _calls_of(self) -> dict[str, list[tuple[str, int | None, int | None]]]:
        return {}

    def _calls(self, trip_id: str) -> list[tuple[str, int | None, int | None]]:
        pattern, start = self.room.trips.select("pattern", "start").row(self._numbers[trip_id])
        if pattern is None:
            return []
        first, count = self.room.patterns.select("first_call", "calls").row(pattern)
        arrival, departure = pl.col("arrival_offset"), pl.col("departure_offset")
        return (
            self.room.calls.slice(first, count)
            .select(
                pl.col("stop_id").cast(pl.String).fill_null(""),
                pl.coalesce(arrival, departure) + start,
                (pl.coalesce(departure, arrival) + start).alias("departure"),
            )
            .rows()
        )

    @cached_property
    def period(self) -> tuple[date, date]:
        """The first and the last date on which a trip runs."""
        if not self.room.trips.filter(pl.col("dates") > 0).height:
            raise UnreadableInput(f"{self.path}: no calendar names a day on which anything runs.")
        first, last = self.room.period
        return EPOCH + timedelta(days=first), EPOCH + timedelta(days=last)

    def runs_on(self, trip_id: str, day: date) -> bool:
        return day in self.room.dates(self.room.trips["dates"][self._numbers[trip_id]])

    def instant(self, day: date, second: int) -> int:
        """When that second of a service day is: GTFS counts from noon minus twelve hours."""
        noon = datetime.combine(day, time(12), zone_info(self.zone))
        return int(noon.timestamp()) - 43200 + second

    def rides(
        self, from_stop: str, departure: int, to_stop: str, arrival: int
    ) -> list[tuple[str, ...]]:
        """Every chain of trip ids that takes a rider there in one seat at these instants."""
        return [
            chain
            for run, position in self._boardings(from_stop, departure)
            for chain in self._chains(run, position, to_stop, arrival, MOST_TRAINS)
        ]

    def _platforms(self, stop_id: str) -> tuple[str, ...]:
        stop = self.stops.get(stop_id)
        return self.stations[stop.station] if stop else (stop_id,)

    def _boardings(self, stop_id: str, departure: int) -> Iterator[tuple[Run, int]]:
        """Runs that leave there at that instant, and the position of that call in the run."""
        today = datetime.fromtimestamp(departure, zone_info(self.zone)).date()
        days = [today - timedelta(days=back) for back in range(-1, LONGEST_TRIP_DAYS + 1)]
        day_of_second = {departure - self.instant(day, 0): day for day in days}
        platforms = self._platforms(stop_id)
        calls = self.room.calls.filter(pl.col("stop_id").cast(pl.String).is_in(platforms))
        trips = self.room.trips.filter(pl.col("pattern").is_in(calls["pattern"].implode()))
        for trip_id in trips["trip_id"].cast(pl.String).to_list():
            for position, (stop, _, second) in enumerate(self.calls_of(trip_id)):
                if stop not in platforms or second not in day_of_second:
                    continue
                day = day_of_second[second]
                if self.runs_on(trip_id, day):
                    yield Run(trip_id, day), position

    def _chains(
        self, run: Run, position: int, to_stop: str, arrival: int, trains_left: int
    ) -> Iterator[tuple[str, ...]]:
        platforms = self._platforms(to_stop)
        for stop, second, _ in self.calls_of(run.trip_id)[position + 1 :]:
            if (
                stop in platforms
                and second is not None
                and self.instant(run.day, second) == arrival
            ):
                yield (run.trip_id,)
                return
        if trains_left == 1:
            return
        for onward in self._onward(run):
            for chain in self._chains(onward, 0, to_stop, arrival, trains_left - 1):
                yield (run.trip_id, *chain)

    def _onward(self, run: Run) -> list[Run]:
        """The runs that a run's vehicle, or parts of it, goes on as."""
        return [
            Run(trip_id, run.day + timedelta(days=later))
            for trip_id, later, dates in self._links.get(run.trip_id, ())
            if run.day in self.room.dates(dates)
        ]

    @cached_property
    def _links(self) -> dict[str, list[tuple[str, int, int]]]:
        """trip_id -> the trips its riders may stay aboard for, days later, and a set of dates."""
        names = self.room.trips["trip_id"].cast(pl.String).to_list()
        rows = self.room.links.filter(pl.col("in_seat") & (pl.col("dates") > 0))
        links: dict[str, list[tuple[str, int, int]]] = {}
        for before, after, later, dates in rows.select(
            "from_trip", "to_trip", "days_later", "dates"
        ).iter_rows():
            links.setdefault(names[before], []).append((names[after], later, dates))
        return links


def feed_path(feed: Path) -> Path:
    """The zip or folder that holds the tables: a folder that `gtfsgen build` wrote holds both."""
    if feed.is_dir():
        if (feed / "stop_times.txt").exists():
            return feed
        if (feed / "gtfs.zip").exists():
            return feed / "gtfs.zip"
        raise UnreadableInput(f"{feed} holds no stop_times.txt and no gtfs.zip.")
    if not feed.exists():
        raise UnreadableInput(f"{feed} does not exist.")
    if not feed.is_file() or not zipfile.is_zipfile(feed):
        raise UnreadableInput(f"{feed} is neither a zip nor a folder.")
    return feed


def zipped(feed: Path, target: Path) -> Path:
    """The feed as one zip: itself, or a folder's tables packed as `target`."""
    feed = feed_path(feed)
    if not feed.is_dir():
        return feed
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        copy_entries(feed, archive)
    return target


@cache
def known_zone(name: str) -> str:
    try:
        zone_info(name)
    except UnknownZone:
        raise UnreadableInput(
            f"The feed names a time zone that does not exist: {name!r}."
        ) from None
    return name
