"""The timetables of a book as cells of text, which PDF and CSV write down each in their way.

A line whose trains are columns is a grid: stations down, trains across, the local time at each
station. A line told by the hour is a table of hours and minutes for each kind of day, as cities
print them; `grid_of_runs` gives it as a grid too, for those who want every call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from gtfsgen.dates import Dates
from gtfsgen.render.book import Book, BookLine
from gtfsgen.render.dense import Band, Direction, Run
from gtfsgen.render.markup import clock, letters
from gtfsgen.render.timetable import PrintedTime, is_coach, printed_time, whole_trains
from gtfsgen.render.trains import DAY_MINUTES, Call, Column, Service, Table, occurrences
from gtfsgen.render.words import (
    day_in_words,
    days_in_words,
    headway_message,
    translate,
    translate_plural,
    weekdays_in_words,
)

SHORT_DAYS = 12
"""Days in more letters than this stand below the table, and a letter in the head points there."""


@dataclass(frozen=True)
class PrintedRow:
    """A station's arrivals or departures. `label` is blank on a station's second row; a row of a
    time zone has no cells.
    """

    label: str
    others: str
    kind: str
    cells: tuple[PrintedTime | None, ...]


@dataclass
class Grid:
    """Stations down, trains across. `days` stands below the train numbers, all words in full."""

    title: str
    trains: list[str]
    kinds: list[str]
    """What stands above a train: the line, or that it is through coaches."""
    days: list[str]
    rows: list[PrintedRow]
    legend: list[str] = field(default_factory=list)


@dataclass
class Hours:
    """Departures from one station by the hour. An entry is (minute of the service day, notes)."""

    title: str
    days: str
    entries: list[tuple[int, str]]
    legend: list[str]


@dataclass
class Repeats:
    """Trains that repeat: (way, from, until, how often, days)."""

    title: str
    rows: list[tuple[str, str, str, str, str]]


@dataclass
class Way:
    """The stations of a direction with the minutes from the first; a span where trains differ."""

    title: str
    rows: list[tuple[str, str]]


@dataclass
class Untimed:
    """Trips of which no time is known: (how many, their days)."""

    title: str
    rows: list[tuple[str, str]]


PrintedTable = Grid | Hours | Repeats | Untimed | Way


class Printer:
    """Makes the tables of a book, in its own language or English."""

    def __init__(self, book: Book, language: str, day: date | None = None) -> None:
        self.book = book
        self.service: Service = book.service
        self.language = language
        self.day = day

    def say(self, message: str, **parts: object) -> str:
        return translate(message, self.language, **parts)

    def days_of(self, dates: Dates) -> str:
        return days_in_words(dates, self.language, self.service.period)

    def name(self, station_id: str) -> str:
        return self.service.stations[station_id].name

    def runs(self, dates: Dates) -> bool:
        return self.day is None or self.day in dates

    def tables(self, line: BookLine) -> Iterator[PrintedTable]:
        """What is printed of a line. Nothing, if it does not run on the chosen day."""
        yield from self._grids_of_columns(line)
        for direction in line.directions:
            yield from self._direction(direction)

    def grids(self, line: BookLine) -> Iterator[Grid]:
        """Every call of a line in grids, those told by the hour on paper too."""
        yield from self._grids_of_columns(line)
        for direction in line.directions:
            grid = self._grid_of_runs(direction)
            if grid.trains:
                yield grid

    # Grids

    def _grids_of_columns(self, line: BookLine) -> Iterator[Grid]:
        for table in line.line.tables if line.line else ():
            columns = [c for c in whole_trains(table.columns) if self.runs(c.dates)]
            if columns:
                yield self._grid(Table(table.stations, columns))

    def _grid(self, table: Table) -> Grid:
        stations = self.service.stations
        cells = [dict(zip(occurrences(c), c.calls, strict=True)) for c in table.columns]
        shown = [key for key in table.stations if any(key in cell for cell in cells)]
        zones = {stations[key].zone for key, _ in shown}
        rows: list[PrintedRow] = []
        zone = ""
        for key in shown:
            if len(zones) > 1 and stations[key[0]].zone != zone:
                zone = stations[key[0]].zone
                rows.append(PrintedRow(self._zone(zone), "", "zone", ()))
            rows += self._station_rows(key, table.columns, [cell.get(key) for cell in cells])
        return Grid(
            self._way(shown[0][0], shown[-1][0]),
            [column.label for column in table.columns],
            [self._kind(column) for column in table.columns],
            [self._days(column) for column in table.columns],
            rows,
            [*self._legend(rows), *([self._zone(zones.pop())] if len(zones) == 1 else [])],
        )

    def _station_rows(
        self, key: tuple[str, int], columns: Sequence[Column], calls: Sequence[Call | None]
    ) -> list[PrintedRow]:
        arrives = any(c and c.arrival is not None and c.arrival != c.departure for c in calls)
        departs = any(c and c.departure is not None and c.arrival != c.departure for c in calls)
        kinds = ["arr", "dep"] if arrives and departs else ["arr" if arrives else "dep"]
        others = " · ".join(name for _, name in self.service.names.others(key[0]))
        return [
            PrintedRow(
                "" if place else self.name(key[0]),
                "" if place else others,
                self.say(kind),
                tuple(
                    None if call is None else printed_time(call, column, kind, len(kinds) == 1)
                    for call, column in zip(calls, columns, strict=True)
                ),
            )
            for place, kind in enumerate(kinds)
        ]

    def _kind(self, column: Column) -> str:
        if is_coach(column):
            return self.say("Through coaches")
        name = self.service.route_names.get(column.route_id, "")
        return "" if name in (column.label, *column.numbers) else name

    def _days(self, column: Column) -> str:
        every = "; ".join(
            f"{self._headway(seconds, seconds)}, {clock(first)}–{clock(last)}"
            for first, last, seconds in column.every
        )
        return ", ".join(part for part in (self.days_of(column.dates), every) if part)

    def _legend(self, rows: Sequence[PrintedRow]) -> list[str]:
        times = [cell for row in rows for cell in row.cells if cell]
        signs = {time.sign for time in times}
        told = [
            ("~", "estimate", any(time.estimate for time in times)),
            ("+1", "a day later", any(time.day for time in times)),
            ("▲", "boarding only", "▲" in signs),
            ("▼", "alighting only", "▼" in signs),
            ("◇", "on request", "◇" in signs),
            ("×", "stops, not for passengers", "×" in signs),
            ("·", "calls, time not known", any(time.clock == "·" for time in times)),
        ]
        return [f"{sign} {self.say(message)}" for sign, message, there in told if there]

    def _zone(self, zone: str) -> str:
        return self.say("{place} time", place=zone.rpartition("/")[2].replace("_", " "))

    def _way(self, first: str, last: str) -> str:
        return f"{self.name(first)} → {self.name(last)}"

    # By the hour

    def _direction(self, direction: Direction) -> Iterator[PrintedTable]:
        runs = [run for run in direction.runs if self.runs(run.days)]
        bands = [
            (ends.split("\n"), [band for band in bands if self.runs(band.days)])
            for ends, bands in direction.bands
        ]
        title = self._way(*direction.ends)
        repeating = [
            (self._way(first, last), *self._band(band)) for (first, last), found in bands
            for band in found
        ]  # fmt: skip
        if repeating:
            yield Repeats(title, repeating)
        starts: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            starts[direction.patterns[run.pattern][0][0]].append(run)
        for station in sorted(starts, key=lambda key: (-len(starts[key]), key)):
            yield from self._hours(station, starts[station], direction)
        counts = Counter(run.days for run in direction.timeless if self.runs(run.days))
        if counts:
            rows = [(self._count(number), self.days_of(days)) for days, number in counts.items()]
            yield Untimed(title, rows)
        if runs or repeating:
            yield self._stations_on_the_way(direction)

    def _count(self, number: int) -> str:
        return translate_plural(
            "{n} trip without times", "{n} trips without times", self.language, n=number
        )

    def _band(self, band: Band) -> tuple[str, str, str, str]:
        every = self._headway(band.shortest_s, band.longest_s)
        return clock(band.start), clock(band.end), every, self.days_of(band.days)

    def _headway(self, shortest_s: int, longest_s: int) -> str:
        message, plural, parts = headway_message(shortest_s, longest_s)
        return translate_plural(message, plural, self.language, **parts)

    def _hours(self, station: str, runs: Sequence[Run], direction: Direction) -> Iterator[Hours]:
        """One table for each kind of weekday. Other last stations and days have letters."""
        lasts = Counter(direction.patterns[run.pattern][0][-1] for run in runs)
        usual_end = min(lasts, key=lambda key: (-lasts[key], key))
        title = f"{self.name(station)} → {self.name(usual_end)}"
        kinds = [range(7)] if self.day else weekday_kinds([run.days for run in runs])
        for weekdays in kinds:
            on = [run for run in runs if self.day or _on(run.days, weekdays)]
            seen = tuple(weekdays)
            sets = Counter(_as_seen_from(run.days, seen).bits for run in on)
            usual = min(sets, key=lambda bits: (-sets[bits], bits)) if sets else 0
            notes: dict[str, str] = {}
            entries = []
            for run in on:
                end = direction.patterns[run.pattern][0][-1]
                said = []
                if end != usual_end:
                    said.append(self.say("only to {station}", station=self.name(end)))
                if not self.day and _as_seen_from(run.days, seen).bits != usual:
                    said.append(self.days_of(run.days))
                signs = [notes.setdefault(text, letters(len(notes))) for text in said]
                entries.append((run.start, " ".join(signs)))
            words = (
                day_in_words(self.day, self.language)
                if self.day
                else weekdays_in_words(weekdays, self.language)
            )
            kept = Dates(usual)
            if not self.day and kept:
                words = (
                    self.days_of(kept) if kept_on(kept, seen) else f"{words} ({self.days_of(kept)})"
                )
            legend = [f"{sign} {text}" for text, sign in notes.items()]
            yield Hours(title, words, sorted(entries), legend)

    def _stations_on_the_way(self, direction: Direction) -> Way:
        first = direction.ends[0]
        spans: dict[str, list[int]] = {}
        for stations, after in direction.patterns.values():
            begin = dict(zip(stations, after, strict=True)).get(first)
            for station, minute in zip(stations, after, strict=True):
                if begin is not None and minute >= begin:
                    spans.setdefault(station, []).append(minute - begin)
        rows = []
        for station in dict.fromkeys(direction.stations):
            found = spans.get(station)
            low, high = (min(found), max(found)) if found else ("", "")
            rows.append((f"{low}" if low == high else f"{low}–{high}", self.name(station)))
        title = self.say("Stations, and minutes from {station}", station=self.name(first))
        return Way(title, rows)

    def _grid_of_runs(self, direction: Direction) -> Grid:
        """All trips of a direction, each a column; times are those of the service day."""
        runs = sorted(
            (run for run in direction.runs if self.runs(run.days)),
            key=lambda run: (run.start, run.trip_id),
        )
        cells = []
        for run in runs:
            seen: Counter[str] = Counter()
            own: dict[tuple[str, int], PrintedTime] = {}
            stations, after = direction.patterns[run.pattern]
            for station, minute in zip(stations, after, strict=True):
                moment = run.start + minute
                time = PrintedTime(clock(moment), moment // DAY_MINUTES)
                own[station, seen[station]] = time
                seen[station] += 1
            cells.append(own)
        places: dict[tuple[str, int], None] = {}
        for station in dict.fromkeys(direction.stations):
            times = max((key[1] for own in cells for key in own if key[0] == station), default=-1)
            places.update(((station, n), None) for n in range(times + 1))
        rows = [
            PrintedRow(self.name(key[0]), "", self.say("dep"), tuple(own.get(key) for own in cells))
            for key in places
        ]
        return Grid(
            self._way(*direction.ends),
            [run.trip_id for run in runs],
            [run.headsign for run in runs],
            [self.days_of(run.days) for run in runs],
            rows,
        )


def weekday_kinds(sets: Sequence[Dates]) -> list[list[int]]:
    """Weekdays (0 is Monday) on which the same trains run, together; those without any left out.

    A train runs on a weekday if it does so at least a quarter as often as on its commonest one:
    what runs on a holiday as on a Saturday is a train of Saturdays. What runs on less than a tenth
    of the days of the commonest train parts no weekdays: it stands among them with its days.

    >>> from datetime import date
    >>> work = Dates.weekdays(range(5), date(2026, 1, 1), date(2026, 12, 31))
    >>> weekday_kinds([work, Dates.weekdays([5], date(2026, 1, 1), date(2026, 12, 31))])
    [[0, 1, 2, 3, 4], [5]]
    """
    longest = max(map(len, sets), default=0)
    on = [_regular(days) for days in sets if 10 * len(days) >= longest]
    found: dict[tuple[bool, ...], list[int]] = {}
    for weekday in range(7):
        runs = tuple(flags[weekday] for flags in on)
        if any(runs):
            found.setdefault(runs, []).append(weekday)
    return list(found.values())


@lru_cache(maxsize=4096)
def _regular(days: Dates) -> tuple[bool, ...]:
    counts = days.by_weekday() if days else [0] * 7
    return tuple(number > 0 and 4 * number >= max(counts) for number in counts)


def _on(days: Dates, weekdays: Sequence[int]) -> bool:
    regular = _regular(days)
    return any(regular[weekday] for weekday in weekdays)


@lru_cache(maxsize=4096)
def _as_seen_from(days: Dates, weekdays: tuple[int, ...]) -> Dates:
    """The days without those that the tables of other weekdays tell."""
    if not days:
        return days
    others = [w for w, on in enumerate(_regular(days)) if on and w not in weekdays]
    return days - Dates.weekdays(others, days.first, days.last)


def kept_on(days: Dates, weekdays: Sequence[int]) -> bool:
    """Whether words for the days name these weekdays themselves."""
    return [w for w, on in enumerate(_regular(days)) if on] == list(weekdays)
