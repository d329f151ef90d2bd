"""The trips of one feed in arrays: when they run, fingerprints of what they do, and their calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from gtfsgen.dates import EPOCH, Dates
from gtfsgen.diff import hashes
from gtfsgen.diff.fields import space_of
from gtfsgen.diff.pairing import Features, Given, Keys
from gtfsgen.diff.reading import Side, seconds_of

TIMES = ("arrival_time", "departure_time")
PLACES = ("stop_id", "location_group_id", "location_id")
DATA_CALLS = ("timepoint", "shape_dist_traveled")
NO_TIME = -(2**30)
"""A blank time; texts that are no time are below it, each its own number."""
DAY = 86_400
FEATURES_KEPT = 40
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(eq=False)
class Item:
    """A trip and those of its days that are not yet found on the other side."""

    trip: int
    start: int
    whole: int
    """Bits of all its days that are compared."""
    left: int
    partly: bool = False
    """Some of its days run on the other side exactly so."""


def services_of(side: Side) -> dict[str, Dates]:
    """The dates of every service that a calendar table or a trip names."""
    found: dict[str, Dates] = {}
    for name in side.frame("trips", "service_id")["service_id"].drop_nulls().unique().to_list():
        found[name] = Dates()
    for row in side.frame(
        "calendar", "service_id", "start_date", "end_date", *WEEKDAYS
    ).iter_rows():
        name, first, last = row[0], _day(row[1]), _day(row[2])
        if name is None:
            continue
        found.setdefault(name, Dates())
        if first and last and (last - first).days < 40_000:
            found[name] |= Dates.weekdays([n for n in range(7) if row[3 + n] == "1"], first, last)
    changed: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    columns = ("service_id", "date", "exception_type")
    known: dict[str | None, date | None] = {}
    for name, text, kind in side.frame("calendar_dates", *columns).iter_rows():
        if text not in known:
            known[text] = _day(text)
        day = known[text]
        if name is not None and day and kind in ("1", "2"):
            changed[name][kind == "2"].append((day - EPOCH).days)
    for name, (added, removed) in changed.items():
        dates = found.get(name, Dates())
        found[name] = (dates | _of_numbers(added)) - _of_numbers(removed)
    return found


def _of_numbers(numbers: Iterable[int]) -> Dates:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return Dates(bits)


def _day(text: str | None) -> date | None:
    try:
        day = (
            date(int(text[:4]), int(text[4:6]), int(text[6:8])) if text and len(text) == 8 else None
        )
    except ValueError:
        return None
    return day if day and day >= EPOCH + timedelta(days=14) else None


class Runs:
    """One feed's trips, by place in trips.txt (a repeated trip_id counts once, as its first)."""

    def __init__(self, side: Side, place: int) -> None:
        self.side = side
        self.place = place
        self.table = side.tables.get("trips", pl.DataFrame())
        if "trip_id" in self.table.columns:
            kept = self.table.filter(pl.col("trip_id").is_not_null())
            self.table = kept.unique("trip_id", keep="first", maintain_order=True)
        else:
            self.table = pl.DataFrame(schema={"trip_id": pl.String})
        self.ids: list[str] = self.table["trip_id"].to_list()
        self.services = services_of(side)
        if side.since is not None:
            late = Dates.between(side.since, date.max)
            self.services = {name: dates & late for name, dates in self.services.items()}
        self._sort_calls()
        self._normalize_days()

    def column(self, name: str) -> pl.Series:
        if name in self.table.columns:
            return self.table[name]
        return pl.Series(name, [None] * len(self.ids), dtype=pl.String)

    @property
    def count(self) -> int:
        return len(self.ids)

    def _sort_calls(self) -> None:
        calls = self.side.calls
        numbers = {name: n for n, name in enumerate(self.ids)}
        trips = self._looked_up("trip_id", [numbers.get(t, -1) for t in self._texts("trip_id")])
        order = [
            seconds if seconds is not None else 2**40
            for seconds in map(_whole, self._texts("stop_sequence"))
        ]
        sequence = self._looked_up("stop_sequence", order)
        kept = np.flatnonzero(trips >= 0)
        if len(kept) < len(trips):
            trips, sequence = trips[kept], sequence[kept]
        ordered = (trips[1:] > trips[:-1]) | (
            (trips[1:] == trips[:-1]) & (sequence[1:] >= sequence[:-1])
        )
        rows = kept
        if not ordered.all():
            by = np.lexsort((sequence, trips))
            trips, rows = trips[by], kept[by]
        self.orphans = calls.height - len(rows)
        self.trip_of_call = trips
        self.rows = rows
        """Rows of `side.calls`, in the order of trips and their calls."""
        self.counts = (
            np.bincount(trips, minlength=self.count)
            if len(trips)
            else np.zeros(self.count, np.int64)
        )
        self.starts = np.concatenate(([0], np.cumsum(self.counts)))
        self.positions = np.arange(len(rows)) - np.repeat(self.starts[:-1], self.counts)
        whole = len(rows) == calls.height and ordered.all()
        self.codes = {
            name: codes if whole else codes[rows]
            for name, codes in calls.codes.items()
            if name not in ("trip_id", "stop_sequence")
        }
        self.texts = {name: self._texts(name) for name in self.codes}
        calls.codes.clear()

    def _texts(self, name: str) -> list[str]:
        known = self.side.calls.texts.get(name)
        return [] if known is None else known.to_list()

    def _looked_up(self, name: str, values: list[int]) -> np.ndarray:
        codes = self.side.calls.codes.get(name)
        if codes is None:
            return np.full(self.side.calls.height, -1, np.int64)
        return np.array([*values, -1], np.int64)[codes]

    @cached_property
    def seconds(self) -> dict[str, np.ndarray]:
        """Arrival and departure of every call in seconds; `NO_TIME` for a blank."""
        found = {}
        for name in TIMES:
            if name not in self.codes:
                found[name] = np.full(len(self.rows), NO_TIME, np.int64)
                continue
            known = [
                value if (value := seconds_of(text)) is not None else NO_TIME - 1 - _stable(text)
                for text in self.texts[name]
            ]
            found[name] = np.array([*known, NO_TIME], np.int64)[self.codes[name]]
        if self.side.meant:  # a single time is taken for both
            one, other = (found[name] for name in TIMES)
            found = {
                TIMES[0]: np.where(one == NO_TIME, other, one),
                TIMES[1]: np.where(other == NO_TIME, one, other),
            }
        return found

    def _normalize_days(self) -> None:
        """Let each trip start between 0:00 and 24:00 of its day: 24:50 of Monday is 0:50 of
        Tuesday. `shifts` says by how many days a trip was moved. Trips with headways or windows
        stay as they are.
        """
        fixed = self.start > NO_TIME
        fixed[list(self.frequencies)] = False
        if "start_pickup_drop_off_window" in self.codes:
            timed = self.codes["start_pickup_drop_off_window"] >= 0
            fixed[self.trip_of_call[timed]] = False
        self.shifts = np.where(fixed, self.start // DAY, 0)
        if self.shifts.any():
            off = np.repeat(self.shifts * DAY, self.counts)
            for times in self.seconds.values():
                times -= np.where(times > NO_TIME, off, 0)
            del self.start

    @cached_property
    def start(self) -> np.ndarray:
        """When each trip first departs or arrives or its window opens; `NO_TIME` if never."""
        found = np.full(self.count, NO_TIME, np.int64)
        some = self.counts > 0
        at = self.starts[:-1][some]
        first = self.seconds["departure_time"][at]
        first = np.where(first > NO_TIME, first, self.seconds["arrival_time"][at])
        if "start_pickup_drop_off_window" in self.codes:
            known = [seconds_of(t) for t in self.texts["start_pickup_drop_off_window"]]
            table = np.array([*(NO_TIME if k is None else k for k in known), NO_TIME], np.int64)
            opens = table[self.codes["start_pickup_drop_off_window"][at]]
            first = np.where(first > NO_TIME, first, opens)
        found[some] = first
        return found

    def _per_trip(self, calls: np.ndarray, name: str) -> np.ndarray:
        """Fingerprints of calls added up by trip, each with its position."""
        with np.errstate(over="ignore"):
            placed = calls + self.positions.astype(np.uint64) * np.uint64(0x632BE59BD9B4E019)
            placed = hashes.mixed(placed ^ hashes.of_name(name))
        total = np.zeros(self.count, np.uint64)
        some = self.counts > 0
        if some.any():
            with np.errstate(over="ignore"):
                total[some] = np.add.reduceat(placed, self.starts[:-1][some])
        return total

    @cached_property
    def times_hash(self) -> np.ndarray:
        return hashes.combined(
            *(self._per_trip(self.seconds[name].astype(np.uint64), name) for name in TIMES)
        )

    @cached_property
    def given(self) -> Given:
        """What calls tell of stops, and trips of routes and services, without any id."""
        times = hashes.combined(*(self.seconds[name].astype(np.uint64) for name in TIMES))
        with np.errstate(over="ignore"):
            times = hashes.mixed(times + self.positions.astype(np.uint64))
        found: Given = {"stops.stop_id": {}, "routes.route_id": {}, "service": {}}
        for name in (*PLACES, "pickup_booking_rule_id", "drop_off_booking_rule_id"):
            if name in self.codes:
                space = space_of("stop_times", name)
                assert space is not None
                codes = self.codes[name]
                sums = hashes.summed(times, codes, len(self.texts[name]))
                found.setdefault(space, {}).update(
                    zip(self.texts[name], sums.tolist(), strict=True)
                )
        routes, numbers = numbered(self.column("route_id"))
        sums = hashes.summed(hashes.mixed(self.times_hash), numbers, len(routes))
        found["routes.route_id"] = dict(zip(routes, sums.tolist(), strict=True))
        served, numbers = numbered(self.column("service_id"))
        sums = hashes.summed(hashes.mixed(self.times_hash), numbers, len(served))
        running = dict(zip(served, sums.tolist(), strict=True))
        for name, dates in self.services.items():
            found["service"][name] = int(hashes.of_name(f"{dates.bits:x} {running.get(name, 0)}"))
        return found

    @cached_property
    def features(self) -> Features:
        """A sample of when trips call at stops and run on routes, the same whatever their ids."""
        found: Features = {"stops.stop_id": defaultdict(list), "routes.route_id": defaultdict(list)}
        if "stop_id" in self.codes and len(self.rows):
            times = hashes.combined(*(self.seconds[name].astype(np.uint64) for name in TIMES))
            frame = pl.DataFrame({"stop": self.codes["stop_id"], "time": times})
            kept = frame.unique().sort("time").group_by("stop").head(FEATURES_KEPT)
            for stop, time in kept.iter_rows():
                if stop >= 0:
                    found["stops.stop_id"][self.texts["stop_id"][stop]].append(("call", time))
        frame = pl.DataFrame({"route": self.column("route_id"), "times": self.times_hash})
        kept = frame.drop_nulls().unique().sort("times").group_by("route").head(FEATURES_KEPT)
        for route, times in kept.iter_rows():
            found["routes.route_id"][route].append(("trip", times))
        for service, dates in self.services.items():
            found.setdefault("service", {})[service] = [("dates", dates.bits)]
        return found

    def key_columns(self, keys: dict[str, Keys]) -> None:
        """Turn ids into keys that both feeds share, and make the fingerprints of trips."""
        self.keys = keys
        self.call_hash: dict[str, np.ndarray] = {}
        self.call_keys: dict[str, np.ndarray] = {}
        for name, codes in self.codes.items():
            if name in TIMES:
                continue
            space = space_of("stop_times", name)
            known = keys[space].of(self.place) if space in keys else None
            if known is not None:
                table = np.array([*(known.get(t, -1) for t in self.texts[name]), -1], np.int64)
                self.call_keys[name] = table[codes]
                values = hashes.mixed(self.call_keys[name].astype(np.uint64))
            else:
                told = [int(hashes.of_name(text)) for text in self.texts[name]]
                values = np.array([*told, 0], np.uint64)[codes]
            if (codes >= 0).any():
                self.call_hash[name] = self._per_trip(values, name)

    def fingerprint(self, *names: str) -> np.ndarray:
        """One number a trip for all of these: columns of stop_times or trips, `times`, `every`."""
        parts = [np.zeros(self.count, np.uint64)]
        for name in names:
            if name == "times":
                parts.append(self.times_hash)
            elif name == "every":
                parts.append(self.every_hash)
            elif name.startswith("calls."):
                parts.append(self.call_hash.get(name[6:], np.zeros(self.count, np.uint64)))
            else:
                parts.append(self.trip_hash(name))
        return hashes.combined(*parts)

    def trip_hash(self, name: str) -> np.ndarray:
        space = space_of("trips", name)
        texts = self.column(name)
        if space in self.keys:
            known = self.keys[space].of(self.place)
            texts = pl.Series(
                [None if t is None else str(known.get(t)) for t in texts.to_list()], dtype=pl.String
            )
        return hashes.of_texts(texts)

    @cached_property
    def frequencies(self) -> dict[int, list[tuple[str, str, str, str]]]:
        """Trip -> its rows of frequencies.txt: from, to, headway, exact; in order."""
        numbers = {name: n for n, name in enumerate(self.ids)}
        columns = ("trip_id", "start_time", "end_time", "headway_secs", "exact_times")
        found: dict[int, list[tuple[str, str, str, str]]] = defaultdict(list)
        for trip, first, last, headway, exact in self.side.frame(
            "frequencies", *columns
        ).iter_rows():
            if trip in numbers:
                row = (first or "", last or "", headway or "", exact or "")
                found[numbers[trip]].append(row)
        return {trip: sorted(rows) for trip, rows in found.items()}

    @cached_property
    def every_hash(self) -> np.ndarray:
        found = np.zeros(self.count, np.uint64)
        for trip, rows in self.frequencies.items():
            found[trip] = hashes.of_name(repr(rows))
        return found

    def departures(self, trip: int) -> int:
        """How often a trip departs on one of its days: more than once where it has headways."""
        total = 0
        for first, last, headway, _ in self.frequencies.get(trip, ()):
            start, end, every = seconds_of(first), seconds_of(last), _whole(headway)
            if start is not None and end is not None and every and end > start:
                total += -((start - end) // every)
        return total or 1

    def calls_of(self, trip: int) -> range:
        return range(int(self.starts[trip]), int(self.starts[trip + 1]))

    def cell(self, name: str, call: int) -> str | None:
        codes = self.codes.get(name)
        if codes is None or codes[call] < 0:
            return None
        return self.texts[name][codes[call]]

    def place_key(self, call: int) -> tuple[int, ...]:
        return tuple(
            int(self.call_keys[name][call]) if name in self.call_keys else -1 for name in PLACES
        )


def numbered(texts: pl.Series) -> tuple[list[str], np.ndarray]:
    distinct = texts.drop_nulls().unique().sort().to_list()
    places = {name: n for n, name in enumerate(distinct)}
    return distinct, np.array([places.get(t, -1) for t in texts.to_list()], np.int64)


def _whole(text: str | None) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        return None


def _stable(text: str) -> int:
    return int(hashes.of_name(text)) % 2**40
