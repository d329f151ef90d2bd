"""What reading the curated tables yields: the only thing `compile` knows of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.faults import Fault
from gtfsgen.source.manners import AGENCY

if TYPE_CHECKING:
    from gtfsgen.source.details import Details

ORIGIN = ("path", "line", "column")
"""Where a row comes from: file relative to the source folder, line from 1, spreadsheet letter."""

MARGIN_DAYS = 31
"""How far beyond the feed period `Run.around` looks."""


@dataclass(frozen=True)
class Settings:
    """feed.toml. `first_day`..`last_day` is the feed period, both included."""

    publisher_name: str
    publisher_url: str
    lang: str
    """feed_lang; names in other languages become translations."""
    agency_timezone: str
    first_day: date
    last_day: date
    as_of: date
    """Fixes the build's today, so that the same source gives the same bytes."""
    version: str = ""
    contact_email: str = ""
    contact_url: str = ""
    licence: str = ""
    default_lang: str = ""
    profile: str = "linked"
    motis_reservation: bool = False
    """Whether trips of trains with compulsory reservation say so by pickup_type, for MOTIS."""
    moved_days: dict[date, str] = field(default_factory=dict)
    """Dates that run like another weekday, as `Sa`, for all trains of weekdays."""
    raw: dict[str, Any] = field(default_factory=dict[str, Any])
    """All of feed.toml, for rooms with options of their own (shapes, render)."""
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    """Section and key of feed.toml -> line."""


@dataclass(frozen=True)
class Run:
    """One printed column of a timetable: a train on a set of days."""

    run_id: str
    """Unique and stable: the train number, with more words where it has several columns."""
    train: str
    """The train number as printed."""
    route_id: str
    dates: Dates
    """Local dates at the first station on which it departs there."""
    days: str
    """The days as printed, in canonical form."""
    headsign: str
    path: str
    line: int
    column: str
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further header rows: class, name, bikes, wheelchair, reservation, block, note letters (under
    "notes")."""
    around: Dates = field(default_factory=Dates)
    """Like `dates`, but reaching `MARGIN_DAYS` beyond the feed period on either side, so that a
    coach of the last evening finds the train that takes it over the next morning. Contains
    `dates`."""
    days_line: int = 0
    """Line and letter of the cell that says the days; the train's own if there is none."""
    days_column: str = ""

    @property
    def by_agency(self) -> bool:
        """Whether its times are those of the feed: by the agency's clock, on service days."""
        return self.extra.get("clock") == AGENCY


@dataclass(frozen=True)
class Ride:
    """A leg of a coach: one train of its chain."""

    train: str
    runs: tuple[str, ...]
    """run_ids of that train number; empty for a train of another feed (`K3 >> EN 123`)."""


@dataclass(frozen=True)
class Coach:
    """A row of coaches.csv: a coach, or group of coaches, that rides train after train."""

    coach_id: str
    name: str
    days: str
    dates: Dates
    """Local dates of its departure at `from_station`."""
    rides: tuple[Ride, ...]
    from_station: str
    to_station: str
    path: str
    line: int
    columns: dict[str, str]
    """Column name -> spreadsheet letter, so that a fault can name the cell."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Fare:
    """A row of fares.csv. A place is a station_id or the zone_id of several stations."""

    fare_id: str
    """Of its own column, or blank."""
    name: str
    from_place: str
    """Blank: anywhere."""
    to_place: str
    accommodation: str
    """The class: first class berth, hard seat."""
    amount: str
    """As GTFS writes it, with a point."""
    currency: str
    who: str
    days: str
    """In canonical form; blank for every day."""
    dates: Dates
    payment: str
    """`0` on board, `1` before boarding."""
    agency: str
    path: str
    line: int
    column: str


CALLS: dict[str, pl.DataType | type[pl.DataType]] = {
    "run_id": pl.String,
    "order": pl.Int32,  # from 0 along the run
    "station_id": pl.String,
    "arrival_s": pl.Int32,  # clock on the wall there + 86400 per day since the run's
    "departure_s": pl.Int32,  # first date; null where the cell is blank
    "railway_time": pl.Boolean,  # the clock is the agency's, not the station's
    "arrival_estimate": pl.Boolean,
    "departure_estimate": pl.Boolean,
    "passes": pl.Boolean,
    "on_request": pl.Boolean,
    "boards_only": pl.Boolean,
    "alights_only": pl.Boolean,
    "notes": pl.List(pl.String),  # note letters
    "path": pl.String,
    "arrival_line": pl.Int32,  # line of the arr cell, null if none; likewise departure
    "departure_line": pl.Int32,
    "column": pl.String,
    "arrival_column": pl.String,  # transposed grids have arr and dep in columns of one line
    "departure_column": pl.String,
    "arrival_text": pl.String,  # the cells as written
    "departure_text": pl.String,
}
"""Schema of `Source.calls`."""


@dataclass
class Source:
    """A project as read. Tables hold cells as written, with `ORIGIN` (column = first cell)."""

    root: Path
    settings: Settings
    agencies: pl.DataFrame
    stations: pl.DataFrame
    """station_id, name, name_<lang>, lat, lon, timezone, country, ...; lat and lon Float64."""
    routes: pl.DataFrame
    notes: pl.DataFrame
    runs: dict[str, Run]
    calls: pl.DataFrame
    coaches: list[Coach]
    gtfs: dict[str, pl.DataFrame]
    """source/gtfs/*.txt by file name without .txt: text columns plus ORIGIN."""
    columns: dict[str, dict[str, str]]
    """Table name -> column name -> spreadsheet letter, for faults found later."""
    faults: list[Fault]
    holidays: dict[str, dict[date, str]] = field(default_factory=dict)
    """Region -> date -> name, as resolved for this reading; `write_holidays` locks them."""
    holidays_locked: bool = True
    """Whether source/holidays.lock.csv has all of `holidays`."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Files of source/gtfs/ that are no tables by name, passed through as they are."""
    fares: list[Fare] = field(default_factory=list)
    """The rows of fares.csv."""
    details: Details | None = None
    """source/gtfs/details/, of a feed that was imported."""
