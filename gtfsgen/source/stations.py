"""Stations by any of their names, and whether they can lie where the table puts them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

import polars as pl

from gtfsgen.clocks import same_clock, zone_names, zones_within
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.words import Words, folded, some

EARTH_KM = 6371.0088
MAX_KMH = 400.0
"""No train is faster as the crow flies."""
ZONE_TOLERANCE_KM = 1.5
"""Zone polygons are simplified and borders are rivers: a zone found this near is believed."""

CellFault = Callable[..., Fault]


class Stations:
    """The stations of a project: look-up by id or name, distance, zone."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.zone: dict[str, str] = {}
        self.position: dict[str, tuple[float, float]] = {}
        self.spelling: dict[str, str] = {}
        """A name in print for hints: folded name -> as written."""
        self.by_name: dict[str, set[str]] = {}
        self.ids: set[str] = set()
        self.distances: dict[tuple[str, str], float | None] = {}
        self.least: dict[tuple[str, str], float] = {}
        self.too_far: set[tuple[str, str]] = set()
        """Legs that a train of some timetable would have to fly."""
        names = [c for c in frame.columns if c == "name" or c.startswith("name_")]
        for row in frame.iter_rows(named=True):
            station = row["station_id"]
            self.ids.add(station)
            self.zone[station] = row["timezone"]
            if row["lat"] is not None and row["lon"] is not None:
                self.position[station] = (row["lat"], row["lon"])
            aliases = row["aliases"].replace("|", ";").split(";")
            for name in (*(row[c] for c in names), *aliases, station):
                if name.strip():
                    self.by_name.setdefault(folded(name), set()).add(station)
                    self.spelling.setdefault(folded(name), name.strip())
        self.words = Words(self.spelling.values())
        self.answers: dict[str, tuple[str | None, str, str]] = {}
        self.words_and_heads: Words | None = None

    def find(self, name: str) -> tuple[str | None, str, str]:
        """Station id, or None with what is wrong and a hint. The id of another wins over a name."""
        if name not in self.answers:
            self.answers[name] = self.look_up(name)
        return self.answers[name]

    def look_up(self, name: str) -> tuple[str | None, str, str]:
        if name in self.ids:
            return name, "", ""
        found = self.by_name.get(folded(name), set())
        if len(found) == 1:
            return next(iter(found)), "", ""
        if found:
            return None, "Several stations have this name.", f"write one id: {some(sorted(found))}"
        return None, "There is no such station.", self.words.hint(name, "add it to stations.csv")

    def hint_among(self, name: str, heads: Iterable[str], otherwise: str) -> str:
        """What was probably meant by the label of a row: a station or one of `heads`, which are
        the same each time.
        """
        if self.words_and_heads is None:
            self.words_and_heads = Words((*self.spelling.values(), *heads))
        return self.words_and_heads.hint(name, otherwise)

    def guess(self, name: str) -> str | None:
        """The station that was probably meant, so that reading can go on behind a fault."""
        found = self.by_name.get(folded(name), set())
        if found:
            return min(found)
        near = self.words.nearest(name)
        return min(self.by_name[folded(near)]) if near else None

    def km(self, a: str, b: str) -> float | None:
        """Great-circle kilometres, None if a position is unknown."""
        key = (a, b)
        if key not in self.distances:
            here, there = self.position.get(a), self.position.get(b)
            self.distances[key] = None if here is None or there is None else km(here, there)
        return self.distances[key]

    def least_seconds(self, a: str, b: str) -> float:
        """The time below which no train gets from `a` to `b`; 0 if a position is unknown.

        A printed minute is up to a minute off.
        """
        key = (a, b)
        if key not in self.least:
            self.least[key] = (self.km(a, b) or 0.0) * 3600 / MAX_KMH - 60
        return self.least[key]


def km(a: tuple[float, float], b: tuple[float, float]) -> float:
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half = math.sin((lat_b - lat_a) / 2) ** 2 + (
        math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


# ---------------------------------------------------------------------------------------- checking


def with_positions(
    frame: pl.DataFrame, letters: dict[str, str], faults: list[Fault]
) -> pl.DataFrame:
    """`lat` and `lon` as numbers, null where they are missing or impossible, which is a fault."""
    columns: dict[str, list[float | None]] = {"lat": [], "lon": []}
    for row in frame.iter_rows(named=True):
        pair: list[float | None] = []
        for name, limit in (("lat", 90.0), ("lon", 180.0)):
            value = number(row[name])
            if row[name] and (value is None or not -limit <= value <= limit):
                faults.append(
                    fault_at(
                        row,
                        letters,
                        name,
                        "impossible_position",
                        f"The {name} is no number from {-limit:g} to {limit:g}.",
                        "write degrees such as 39.9011",
                    )
                )
                value = None
            pair.append(value)
        if None not in pair and abs(pair[0]) < 1 and abs(pair[1]) < 1:  # type: ignore[arg-type]
            faults.append(
                fault_at(
                    row,
                    letters,
                    "lat",
                    "impossible_position",
                    "The station lies at 0, 0 in the Atlantic.",
                    "look the position up",
                )
            )
            pair = [None, None]
        columns["lat"].append(pair[0])
        columns["lon"].append(pair[1])
    return frame.with_columns(
        pl.Series("lat", columns["lat"], dtype=pl.Float64),
        pl.Series("lon", columns["lon"], dtype=pl.Float64),
    )


def number(text: str) -> float | None:
    """A decimal with a point, or with a comma as half of Europe types it."""
    try:
        value = float(text.replace(",", ".", 1) if text.count(",") == 1 else text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def fault_at(
    row: dict[str, Any],
    letters: dict[str, str],
    column: str,
    code: str,
    message: str,
    hint: str = "",
    severity: Severity = Severity.ERROR,
) -> Fault:
    """A fault at a named column of a table's row."""
    found = row[column] if isinstance(row.get(column), str) else str(row.get(column) or "")
    return Fault(
        severity, code, row["path"], row["line"], letters.get(column, ""), message, found, hint
    )


def check_names(frame: pl.DataFrame, letters: dict[str, str]) -> Iterator[Fault]:
    """Two stations with one full name and no way to tell them apart in a table are doubtful."""
    seen: dict[str, str] = {}
    for row in frame.iter_rows(named=True):
        name = folded(row["name"])
        if name and name in seen:
            yield fault_at(
                row,
                letters,
                "name",
                "duplicate_station_name",
                f"Station {seen[name]} has this name too.",
                "timetables must name it by id",
                Severity.WARNING,
            )
        seen.setdefault(name, row["station_id"])


def check_zones(
    frame: pl.DataFrame, letters: dict[str, str], first: date, last: date, faults: list[Fault]
) -> pl.DataFrame:
    """Zones that do not exist become UTC, and a fault; so is one not at the position."""
    known = zone_names()
    words = Words(known)
    zones: list[str] = []
    for row in frame.iter_rows(named=True):
        zone = row["timezone"]
        if zone and zone not in known:
            faults.append(
                fault_at(
                    row,
                    letters,
                    "timezone",
                    "unknown_timezone",
                    "There is no such time zone.",
                    words.hint(zone, "write Asia/Shanghai"),
                )
            )
            zone = ""
        elif not zone:
            zone = zone_at(row, letters, first, last, faults)
        if zone and row["lat"] is not None and row["lon"] is not None:
            faults += zone_faults(row, zone, letters, first, last)
        zones.append(zone or "UTC")
    return frame.with_columns(pl.Series("timezone", zones, dtype=pl.String))


def zone_at(
    row: dict[str, Any], letters: dict[str, str], first: date, last: date, faults: list[Fault]
) -> str:
    """The zone at a station's position, where its cell is blank; "" and a fault if none is sure."""
    lat, lon = row["lat"], row["lon"]
    here = [] if lat is None or lon is None else zones_within(lat, lon, 0.0)
    if here and all(same_clock(here[0], other, first, last) for other in here[1:]):
        return here[0]
    several = f"Its position is in several: {', '.join(here)}." if here else "No position tells it."
    message = f"The timezone is missing. {several}"
    faults.append(fault_at(row, letters, "timezone", "zone_not_told", message, "write it"))
    return ""


def zone_faults(
    row: dict[str, Any], zone: str, letters: dict[str, str], first: date, last: date
) -> list[Fault]:
    """A station's zone against its position: wrong, or right only across a border close by."""
    here = zones_within(row["lat"], row["lon"], 0.0)
    if not here or any(same_clock(zone, other, first, last) for other in here):
        return []
    near = zones_within(row["lat"], row["lon"], ZONE_TOLERANCE_KM)
    close = any(same_clock(zone, other, first, last) for other in near)
    message = f"Clocks at {row['lat']:g}, {row['lon']:g} go by {here[0]}, not by {zone}."
    hint = "mend the zone or the position"
    if close:
        message, hint = f"{message} The border is near.", "is the station on this side of it?"
    return [
        fault_at(
            row,
            letters,
            name,
            "zone_not_at_position",
            message,
            hint,
            Severity.WARNING if close else Severity.ERROR,
        )
        for name in (("timezone",) if close else ("timezone", "lat", "lon"))
    ]


def check_way(
    frame: pl.DataFrame, letters: dict[str, str], calls: pl.DataFrame, stations: Stations
) -> Iterator[Fault]:
    """A station that trains reach only by a great detour, or by flying, is perhaps its namesake."""
    ways: dict[str, list[tuple[str | None, str | None]]] = {}
    legs = (
        calls.sort("run_id", "order")
        .select(
            "station_id",
            before=pl.col("station_id").shift(1).over("run_id"),
            after=pl.col("station_id").shift(-1).over("run_id"),
        )
        .unique(maintain_order=True)
    )
    for station, before, after in legs.iter_rows():
        ways.setdefault(station, []).append((before, after))
    for row in frame.iter_rows(named=True):
        station = row["station_id"]
        around = ways.get(station, [])
        near = [stations.position[s] for way in around for s in way if s in stations.position]
        if station not in stations.position or not near:
            continue
        between = [(a, b) for a, b in around if a and b and a != b]
        aside = bool(between) and all(is_detour(stations, a, station, b) for a, b in between)
        if aside or all((s, station) in stations.too_far for way in around for s in way if s):
            excess = [
                max(
                    min(other[axis] for other in near) - here,
                    here - max(other[axis] for other in near),
                )
                for axis, here in enumerate(stations.position[station])
            ]
            yield fault_at(
                row,
                letters,
                "lat" if excess[0] >= excess[1] else "lon",
                "station_off_the_way",
                "Trains make a great detour to come here, or could not come in time.",
                "is it a place of the same name?",
                Severity.WARNING,
            )


DETOUR_KM = 100.0
DETOUR_FACTOR = 2.0


def is_detour(stations: Stations, a: str, via: str, b: str) -> bool:
    """Whether a way by `via` is more than twice as long as the straight one, and 100 km longer."""
    first, second, straight = stations.km(a, via), stations.km(via, b), stations.km(a, b)
    if first is None or second is None or straight is None:
        return False
    return first + second > max(DETOUR_FACTOR * straight, straight + DETOUR_KM)
