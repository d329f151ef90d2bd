"""A feed of trains that ride on with one another as the tables of a railway.

Trains become timetable grids in local time, days become words, tied trips become coaches. What
grids cannot say goes to gtfs/*.txt: whole trips, or single columns. Whether the tables give the
same feed is for the caller to see (`gtfsgen.importing`).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from gtfsgen.compile import Compiled, compile_source
from gtfsgen.dates import EPOCH
from gtfsgen.faults import Fault, errors
from gtfsgen.importing.draft import Draft
from gtfsgen.importing.extras import Extras
from gtfsgen.importing.given import Given, Row
from gtfsgen.importing.trains import Clocks, Train, Trip, links_of, read_trip, rideable, trains_of
from gtfsgen.render.service import day_of, union
from gtfsgen.source import read_source
from gtfsgen.source.heads import HEADER_WORDS
from gtfsgen.source.model import Source
from gtfsgen.source.stations import zone_faults
from gtfsgen.source.words import folded

MAX_PERIOD_DAYS = 3660
"""The longest period that feed.toml may have."""
MAX_ROUNDS = 6
"""How often the tables are read again after trips were taken out of them."""
NOT_UNDERSTOOD = "the tables do not read it as it is"


@dataclass
class Railway:
    """What became of a feed."""

    files: dict[str, str]
    """Path below the source folder -> text."""
    trains: int
    timetables: int
    coaches: int
    passed: Counter[str]
    """Why trips are passed through whole -> how many."""
    remarks: list[str]
    """What could not be kept, in words."""


class Importer:
    """One import: tables are written into `root`, read, compiled, and mended until they hold."""

    def __init__(self, given: Given, today: date, root: Path, remarks: list[str]) -> None:
        self.given, self.today, self.root, self.remarks = given, today, root, remarks
        self.passed: dict[str, str] = {}
        """Trips that are passed through whole -> why."""
        self.bad_stops: set[str] = set()
        self.clipped_to: tuple[date, date] | None = None
        self.lost_cells: set[tuple[str, int, str]] = set()
        """File, line and column of cells that the built tables contradict."""

    def run(self) -> Railway:
        for _ in range(MAX_ROUNDS):
            draft = self.draft()
            faults = self.compiled(draft, {})
            if not self.took_out(draft, faults):
                break
        extra = Extras(self.given, draft, self.built)
        for _ in range(MAX_ROUNDS):
            gtfs = extra.files(self.lost_cells)
            faults = self.compiled(draft, gtfs)
            clashes = {(f.path, f.line, f.column) for f in errors(faults) if f.code == "said_twice"}
            if clashes <= self.lost_cells:
                break
            self.lost_cells |= clashes
        self.remarks += [f"{fault} (the tables need mending)" for fault in errors(faults)[:5]]
        if self.lost_cells:
            files = Counter(path for path, _, _ in self.lost_cells)
            told = ", ".join(f"{count} of {path}" for path, count in sorted(files.items()))
            self.remarks.append(f"cells that the timetables say otherwise are left out: {told}")
        return Railway(
            files={**draft.files, **gtfs},
            trains=sum(len(grid.trains) for grid in draft.grids),
            timetables=len(draft.grids),
            coaches=len(draft.coaches),
            passed=Counter(self.passed.values()),
            remarks=self.remarks,
        )

    # ---------------------------------------------------------------------------- a first version

    def draft(self) -> Draft:
        """Tables of all trips that have not been found to be beyond them."""
        given = self.given
        labels = self.labels()
        frequent = {row.get("trip_id") for row in given.rows("frequencies")}
        trips: dict[str, Trip] = {}
        for trip_id, row in given.trips.items():
            if trip_id in self.passed:
                continue
            dates = given.services.get(row.get("service_id", ""))
            if trip_id in frequent:
                found: Trip | str = "it repeats by frequencies.txt"
            else:
                found = read_trip(row, given.calls.get(trip_id, []), dates, given.routes, labels)
            if isinstance(found, str):
                self.passed[trip_id] = found
            else:
                trips[trip_id] = found
        period = self.period(trips)
        links = links_of(trips, given.rails, given.rows("transfers"))
        ways = rideable(trips, links)
        zones = {stop: given.zone_of(stop) for stop in labels}
        clocks = Clocks(given.zone, zones, tuple((day - EPOCH).days for day in period))  # type: ignore[arg-type]
        self.leave_late_blocks(trips, {trip for way in ways for trip in way})
        trains, coaches = trains_of(trips, ways, clocks)
        period = self.widened(period, trains)
        return Draft(given, self.today, trains, coaches, ways, labels, period)

    def labels(self) -> dict[str, str]:
        """Stops that tables can have -> what grids call them: the name if it is the only one, the
        id, or an alias of both.
        """
        usable = {key: row for key, row in self.given.stops.items() if self.is_station(key, row)}
        named: Counter[str] = Counter()
        for key, row in usable.items():
            own = {row["stop_name"], key, *self.given.names.get(key, {}).values()}
            named.update({folded(name) for name in own})
        found: dict[str, str] = {}
        for key, row in usable.items():
            name = row["stop_name"]
            choices = [name] if named[folded(name)] == 1 else []
            choices += [key, f"{name} ({key})"]
            found[key] = next((each for each in choices if is_station_label(each)), "")
        return {key: label for key, label in found.items() if label}

    def is_station(self, stop_id: str, row: Row) -> bool:
        """Whether stations.csv takes a stop: a name, a position, the zone that is there."""
        if stop_id in self.bad_stops or stop_id[0] == "#" or not row.get("stop_name"):
            return False
        if row.get("location_type", "") not in ("", "0"):
            return False
        try:
            lat, lon = float(row.get("stop_lat", "")), float(row.get("stop_lon", ""))
        except ValueError:
            return False
        if not (abs(lat) <= 90 and abs(lon) <= 180) or (abs(lat) < 1 and abs(lon) < 1):
            return False
        place = {"lat": lat, "lon": lon, "path": "", "line": 0}
        try:
            found = zone_faults(place, self.given.zone_of(stop_id), {}, *self.zone_days)
        except (KeyError, ValueError, OSError):
            return False
        return not errors(found)

    @cached_property
    def zone_days(self) -> tuple[date, date]:
        """A year of the feed in which zones are compared."""
        running = union(self.given.services.values())
        first = running.first if running else self.today
        return first, min(running.last if running else first, first + timedelta(days=366))

    def period(self, trips: Mapping[str, Trip]) -> tuple[date, date]:
        """The days of feed_info and those on which a trip of the tables runs; else all."""
        info = [day_of(self.given.info.get(f"feed_{end}_date")) for end in ("start", "end")]
        known = [day for day in info if day]
        running = union(trip.dates for trip in trips.values())
        if not running and not known:
            running = union(self.given.services.values())
        known += [running.first, running.last] if running else []
        return (min(known), max(known)) if known else (self.today, self.today)

    def clipped(self, first: date, last: date) -> tuple[date, date]:
        """No more than ten years: from a year ago if the feed runs today, else its last."""
        if (last - first).days <= MAX_PERIOD_DAYS:
            return first, last
        if first <= self.today <= last:
            first = max(first, self.today - timedelta(days=365))
        else:
            first = last - timedelta(days=MAX_PERIOD_DAYS)
        last = min(last, first + timedelta(days=MAX_PERIOD_DAYS))
        self.clipped_to = first, last
        self.remark(f"the feed runs for more than ten years; the tables have {first} to {last}")
        return first, last

    def widened(self, period: tuple[date, date], trains: Iterable[Train]) -> tuple[date, date]:
        """The period with the local dates of trains that leave after midnight of its last day."""
        running = union(train.dates for train in trains if not train.linked)
        if not running:
            return self.clipped(*period)
        return self.clipped(min(period[0], running.first), max(period[1], running.last))

    def remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    def leave_late_blocks(self, trips: dict[str, Trip], riding: set[str]) -> None:
        """A block's trip after midnight would get the next date in a grid, and leave its block."""
        late = [
            trip_id
            for trip_id, trip in trips.items()
            if trip_id not in riding and trip.row.get("block_id") and trip.starts >= 86_400
        ]
        for trip_id in late:
            self.passed[trip_id] = "it belongs to a block and leaves after midnight"
            del trips[trip_id]

    # ---------------------------------------------------------------------------- trying it out

    def compiled(self, draft: Draft, gtfs: Mapping[str, str]) -> list[Fault]:
        """Write, read and compile the tables; all faults. The feed is in `built`."""
        shutil.rmtree(self.root, ignore_errors=True)
        for path, text in {**draft.files, **gtfs}.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        self.source: Source = read_source(self.root)
        self.built: Compiled = compile_source(self.source)
        return [*self.source.faults, *self.built.faults]

    def took_out(self, draft: Draft, faults: Iterable[Fault]) -> bool:
        """Pass through what the tables do not take: the trips of a column, those of a station."""
        before = len(self.passed), len(self.bad_stops)
        for fault in errors(faults):
            if fault.path == "stations.csv" and fault.line > 1:
                self.bad_stops.add(draft.stations[fault.line - 2])
            elif fault.path in draft.by_path:
                grid = draft.by_path[fault.path]
                index = column_number(fault.column) - 2
                columns = grid.trains[index : index + 1] if index >= 0 else grid.trains
                for train in columns:
                    self.passed |= dict.fromkeys(train.trips, NOT_UNDERSTOOD)
            elif fault.path == "coaches.csv" and 2 <= fault.line <= len(draft.coaches) + 1:
                riding = set(draft.coaches[fault.line - 2].trains)
                for train in draft.trains:
                    if train.linked and train.label in riding:
                        self.passed |= dict.fromkeys(train.trips, NOT_UNDERSTOOD)
        return before != (len(self.passed), len(self.bad_stops))


def is_station_label(text: str) -> bool:
    """Whether a row of a grid that begins with it is a station's."""
    word = folded(text) in HEADER_WORDS or text.lower().startswith(("#", "x_"))
    return not word and not set(text) & set(";|")


def column_number(letters: str) -> int:
    """A spreadsheet's column from 0; -1 for none."""
    value = 0
    for character in letters:
        value = value * 26 + ord(character) - 64
    return value - 1
