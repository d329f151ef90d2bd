"""What riders must be able to do, as a journeys.csv says it, and whether a planner lets them.

    name,date,from,to,depart,arrive,trains,changes,expect,note
    through coach,2026-12-10,Beijing,Pyongyang,17:26,18:07+1,K27 95 52,0,found,

Times are local at their station; `+1` counts days from `date`, the date at the origin. `changes` is
how often the rider may get up at most.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path

from gtfsgen.faults import Fault
from gtfsgen.files import UnreadableFile, read_text
from gtfsgen.planners import Answers, Itinerary, Question
from gtfsgen.planners.timetable import Timetable
from gtfsgen.source.cells import Sheet, is_comment, read_csv
from gtfsgen.source.day_words import WEEKDAY_WORDS, DaysError
from gtfsgen.source.days import parse
from gtfsgen.source.times import Cell, Manner, TimeError, parse_cell
from gtfsgen.source.words import did_you_mean, folded

COLUMNS = ("name", "date", "from", "to", "depart", "arrive", "trains", "changes", "expect", "note")
REQUIRED = ("date", "from", "to")
EXPECTATIONS = ("found", "none")
MOST_READINGS = 1000
"""How many combinations of like-timed trains are compared before giving up."""


TWELVE_OR_24 = Manner("?")
"""A single letter behind a time is not taken for am or pm: nothing in the row says so."""
CLOCK_HINT = "write it as 18:07, 6:07 pm, or 18:07+1 on the next day"


@dataclass(frozen=True)
class Journey:
    """A row of journeys.csv. Instants are UTC seconds; two where a clock change repeats it."""

    name: str
    line: int
    day: date
    origin: tuple[str, ...]
    destination: tuple[str, ...]
    departures: tuple[int, ...]
    """Empty: any time on that day."""
    arrivals: tuple[int, ...]
    """Empty: any time."""
    trains: tuple[str, ...]
    """Words of the train numbers in order; empty: any trains."""
    changes: int
    found: bool
    """Whether it must be found, or must not be."""
    question: Question
    note: str = ""


@dataclass(frozen=True)
class JourneyFile:
    journeys: list[Journey]
    faults: list[Fault]


def read_journeys(file: Path, timetable: Timetable) -> JourneyFile:
    """Read journeys.csv against the feed it is about; rows with faults are left out."""
    faults: list[Fault] = []
    sheet = read_csv(file, file.name, faults)
    if sheet is None:
        return JourneyFile([], faults)
    start = next((row for row, cells in enumerate(sheet.rows) if not is_comment(cells)), None)
    if start is None:
        faults.append(sheet.fault("empty_table", -1, None, "The file has no header and no rows."))
        return JourneyFile([], faults)
    position = header(sheet, start, faults)
    if any(column not in position for column in REQUIRED):
        return JourneyFile([], faults)
    journeys: list[Journey] = []
    for row in range(start + 1, len(sheet.rows)):
        if not is_comment(sheet.rows[row]):
            journey = RowReader(sheet, row, position, timetable, faults).journey()
            if journey:
                journeys.append(journey)
    return JourneyFile(numbered(journeys), faults)


def header(sheet: Sheet, row: int, faults: list[Fault]) -> dict[str, int]:
    """Column name -> position; unknown, doubled and missing ones are faults."""
    position: dict[str, int] = {}
    for column, cell in enumerate(sheet.rows[row]):
        name = folded(cell)
        if name in position:
            faults.append(
                sheet.fault("duplicated_column", row, column, "The column is there twice.", cell)
            )
        elif name in COLUMNS or name.startswith("x_"):
            position[name] = column
        else:
            hint = did_you_mean(cell, COLUMNS)
            faults.append(
                sheet.fault(
                    "unknown_column", row, column, "journeys.csv has no such column.", cell, hint
                )
            )
    faults += [
        sheet.fault("missing_column", row, None, f"The column {column!r} is missing.")
        for column in REQUIRED
        if column not in position
    ]
    return position


def numbered(journeys: list[Journey]) -> list[Journey]:
    """Nameless journeys are called by their line."""
    return [replace(each, name=each.name or f"line {each.line}") for each in journeys]


@dataclass
class RowReader:
    """One row on its way to a `Journey`; what cannot be understood is a fault at its cell."""

    sheet: Sheet
    row: int
    position: dict[str, int]
    timetable: Timetable
    faults: list[Fault]

    def cell(self, column: str) -> str:
        place = self.position.get(column)
        return "" if place is None else self.sheet.rows[self.row][place]

    def fault(self, code: str, column: str, message: str, hint: str = "") -> None:
        cell = self.cell(column)
        place = self.position.get(column)
        self.faults.append(self.sheet.fault(code, self.row, place, message, cell, hint))

    def journey(self) -> Journey | None:
        before = len(self.faults)
        day = self.day()
        origin, destination = self.place("from"), self.place("to")
        changes, found = self.changes(), self.found()
        departure, arrival = self.clock("depart"), self.clock("arrive")
        if day is None or not origin or not destination or len(self.faults) > before:
            return None
        departures = self.instants("depart", day, departure, origin)
        arrivals = self.instants("arrive", day, arrival, destination)
        if departures and arrivals and max(arrivals) <= min(departures):
            self.fault(
                "arrival_before_departure",
                "arrive",
                "The journey arrives before it leaves.",
                "write the days later behind the time, such as 18:07+1",
            )
        if len(self.faults) > before:
            return None
        return Journey(
            self.cell("name"),
            self.row + 1,
            day,
            origin,
            destination,
            departures,
            arrivals,
            tuple(re.findall(r"[^\s>,;+]+", self.cell("trains"))),
            changes,
            found,
            Question(origin, destination, *self.span(day, departures, origin)),
            self.cell("note"),
        )

    def day(self) -> date | None:
        """A date as timetables print it, with its weekday before an ISO date or without."""
        text = self.cell("date")
        match = re.fullmatch(r"(?:([^\W\d_]+)[.,]*\s+)?(.*\d.*)", text)
        weekday = match[1] if match and match[1] and match[1].casefold() in WEEKDAY_WORDS else ""
        try:
            printed = parse(match[2] if match and weekday else text).base
        except DaysError as error:
            self.fault("unreadable_date", "date", error.message, "write it as 2026-12-10")
            return None
        if len(printed.singles) != 1 or printed.narrows:
            self.fault("unreadable_date", "date", "This is no date.", "write it as 2026-12-10")
            return None
        day = next(iter(printed.singles))
        if weekday and WEEKDAY_WORDS[weekday.casefold()] != day.weekday():
            self.fault("wrong_weekday", "date", f"{day} is a {day:%A}.")
        return day

    def place(self, column: str) -> tuple[str, ...]:
        text = self.cell(column)
        stops = self.timetable.place(text) if text else ()
        if not stops:
            known = (stop.name for stop in self.timetable.stops.values())
            hint = did_you_mean(text, known, "give a stop_id or a name of the feed") if text else ""
            self.fault("unknown_stop", column, "The feed has no such stop.", hint)
        return stops

    def changes(self) -> int:
        text = self.cell("changes") or "0"
        if not re.fullmatch(r"\d{1,2}", text):
            self.fault(
                "unreadable_number", "changes", "This is no number of changes.", "write 0, 1, ..."
            )
            return 0
        return int(text)

    def found(self) -> bool:
        text = folded(self.cell("expect")) or "found"
        if text not in EXPECTATIONS:
            negative = re.search(r"\b(not|no|never|nothing|nicht|kein\w*|without)\b|不|无", text)
            hint = "did you mean 'none'?" if negative else did_you_mean(text, EXPECTATIONS)
            self.fault("unknown_word", "expect", "Write found or none.", hint)
        return text == "found"

    def clock(self, column: str) -> tuple[int, time] | None:
        """Days after the journey's date, and the time on the wall."""
        text = self.cell(column)
        if not text:
            return None
        try:
            cell = parse_cell(text, TWELVE_OR_24)
        except TimeError as error:
            self.fault("unreadable_time", column, error.message, CLOCK_HINT)
            return None
        plain = Cell(cell.clock, cell.day, text=text) if cell is not None else None
        if cell is None or cell.clock is None or cell != plain:
            self.fault("unreadable_time", column, "This is no local time.", CLOCK_HINT)
            return None
        minute, second = divmod(cell.clock, 60)
        return cell.day or 0, time(minute // 60, minute % 60, second)

    def instants(
        self, column: str, day: date, clock: tuple[int, time] | None, stops: tuple[str, ...]
    ) -> tuple[int, ...]:
        """When the clock there shows that time: once, or twice or never in a night of change."""
        if clock is None:
            return ()
        zone = self.timetable.zone_of(stops[0])
        shown = datetime.combine(day + timedelta(days=clock[0]), clock[1])
        found = instants_shown(shown, zone)
        if not found:
            self.fault(
                "time_does_not_exist", column, f"The clocks skip that time on {shown:%F} there."
            )
        return found

    def span(
        self, day: date, departures: tuple[int, ...], origin: tuple[str, ...]
    ) -> tuple[int, int]:
        """First and last instant to ask about."""
        if departures:
            return min(departures), max(departures)
        zone = self.timetable.zone_of(origin[0])
        midnights = [
            datetime.combine(day + timedelta(days=ahead), time(), zone) for ahead in (0, 1)
        ]
        return int(midnights[0].timestamp()), int(midnights[1].timestamp()) - 60


def instants_shown(shown: datetime, zone: tzinfo) -> tuple[int, ...]:
    instants = {int(shown.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)}
    return tuple(
        sorted(
            instant
            for instant in instants
            if datetime.fromtimestamp(instant, zone).replace(tzinfo=None) == shown
        )
    )


# ----------------------------------------------------------------------------------------- verdicts


class Outcome(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    LIMIT = "known limit"
    """It fails, as a known limit of this planner says it would."""


@dataclass(frozen=True)
class Verdict:
    journey: Journey
    outcome: Outcome
    found: str
    """What the planner found, in a few words: what was asked for or the nearest to it."""
    reason: str
    """Why it fails, or the cause of the limit; "" if it holds."""


@dataclass(frozen=True)
class Limit:
    """A shortcoming of a planner that no feed can mend, and the journeys it costs."""

    planner: str
    journey: str
    """A journey's name, or a pattern such as `Wien-Amsterdam*`."""
    cause: str


def read_limits(policy: Path) -> list[Limit]:
    """The `[[known_limits]]` of a policy.toml: planner, journey, cause.

    Raises ValueError with the file and what is wrong in it.
    """
    if not policy.exists():
        return []
    try:
        rows = tomllib.loads(read_text(policy)).get("known_limits", [])
    except (UnreadableFile, ValueError, RecursionError) as error:
        raise ValueError(f"{policy}: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{policy}: known_limits is no list; write [[known_limits]] before each")
    limits = []
    for number, row in enumerate(rows, 1):
        words = [row.get(key) for key in ("planner", "journey", "cause")]
        if not all(isinstance(word, str) and word for word in words):
            raise ValueError(
                f"{policy}: known_limits no. {number} needs the texts planner, journey and cause."
            )
        limits.append(Limit(*words))
    return limits


def verdicts(
    journeys: Sequence[Journey],
    answers: Answers,
    timetable: Timetable,
    limits: Sequence[Limit] = (),
    planner: str = "",
) -> list[Verdict]:
    """Compare what a planner answered with what was asked for, journey by journey."""
    found = []
    for journey, itineraries in zip(journeys, answers.itineraries, strict=True):
        verdict = judged(journey, itineraries, timetable)
        cause = next(
            (
                limit.cause
                for limit in limits
                if limit.planner.casefold() == planner.casefold()
                and fnmatchcase(journey.name, limit.journey)
            ),
            "",
        )
        if cause and verdict.outcome is Outcome.FAILS:
            verdict = replace(verdict, outcome=Outcome.LIMIT, reason=cause)
        found.append(verdict)
    return found


def judged(journey: Journey, itineraries: list[Itinerary], timetable: Timetable) -> Verdict:
    checks = {
        itinerary: differences(journey, itinerary, timetable)
        for itinerary in sorted(itineraries, key=lambda each: (each.departure, each.arrival))
    }
    matching = [itinerary for itinerary, wrong in checks.items() if not wrong]
    nearest = min(checks, key=lambda each: len(checks[each]), default=None)
    if journey.found:
        if matching:
            return Verdict(journey, Outcome.HOLDS, told(matching[0], timetable, journey.day), "")
        if nearest is None:
            return Verdict(journey, Outcome.FAILS, "nothing", "no itinerary was found")
        seen = told(nearest, timetable, journey.day)
        return Verdict(journey, Outcome.FAILS, seen, "; ".join(checks[nearest]))
    if not matching:
        return Verdict(journey, Outcome.HOLDS, "nothing of the kind", "")
    seen = told(matching[0], timetable, journey.day)
    return Verdict(journey, Outcome.FAILS, seen, "there should be none")


def differences(journey: Journey, itinerary: Itinerary, timetable: Timetable) -> list[str]:
    """How an itinerary differs from the journey asked for; empty if it is that journey."""
    wrong = []
    if journey.departures and itinerary.departure not in journey.departures:
        wrong.append("leaves at another time")
    if not journey.departures and itinerary.departure > journey.question.latest:
        wrong.append("leaves on another day")
    if journey.found and itinerary.pushed_out:
        wrong.append("found only if nothing that leaves later is looked at")
    if journey.arrivals and itinerary.arrival not in journey.arrivals:
        wrong.append("arrives at another time")
    if itinerary.changes > journey.changes:
        allowed = "no change" if not journey.changes else f"{journey.changes} allowed"
        wrong.append(f"{counted(itinerary.changes)}, {allowed}")
    if journey.trains and not rides_trains(journey.trains, itinerary, timetable):
        known = all(leg.rides for leg in itinerary.legs)
        wrong.append("other trains" if known else "its trains could not be told from the feed")
    return wrong


def rides_trains(words: Sequence[str], itinerary: Itinerary, timetable: Timetable) -> bool:
    """Whether an itinerary rides these trains in order, in any reading of its legs."""
    names = {}

    def readings(trip_id: str) -> list[list[str]]:
        if trip_id not in names:
            names[trip_id] = spellings(timetable.train_names(trip_id))
        return names[trip_id]

    wanted = tuple(part for word in words for part in word.casefold().split("/") if part)
    legs = [leg.rides for leg in itinerary.legs]
    for number, choice in enumerate(product(*legs)):
        if number == MOST_READINGS:
            return False
        trips = [trip_id for ride in choice for trip_id in ride]
        # A train cut into three trips is told once; who writes it three times is right too.
        trains = [trip_id for ride in choice for trip_id in timetable.trains(ride)]
        if spelt(wanted, trains, readings) or spelt(wanted, trips, readings):
            return True
    return False


def spellings(names: Sequence[str]) -> list[list[str]]:
    """Names as lists of words. A trip named K27/95/52 goes by each stretch of those too."""
    found = []
    for name in names:
        parts = [part.casefold().split() for part in name.split("/")]
        for first in range(len(parts)):
            for last in range(len(parts), first, -1):
                found.append([word for part in parts[first:last] for word in part])
    return found


def spelt(
    words: tuple[str, ...], trips: list[str], readings: Callable[[str], list[list[str]]]
) -> bool:
    """Whether the words are the names of these trips, one after the other."""
    if not trips:
        return not words
    return any(
        list(words[: len(name)]) == name and spelt(words[len(name) :], trips[1:], readings)
        for name in readings(trips[0])
        if name
    )


# -------------------------------------------------------------------------------------------- words


def told(itinerary: Itinerary, timetable: Timetable, day: date) -> str:
    """`17:26 K27 > 95 > 52, 18:07+1, no change` in local times, with days counted from `day`."""
    first, last = itinerary.legs[0], itinerary.legs[-1]
    departure = clock_told(itinerary.departure, first.from_stop, timetable, day)
    arrival = clock_told(itinerary.arrival, last.to_stop, timetable, day)
    trains = " / ".join(ride_told(leg.rides, timetable) for leg in itinerary.legs)
    return f"{departure} {trains} {arrival}, {counted(itinerary.changes)}"


def ride_told(rides: Sequence[Sequence[str]], timetable: Timetable) -> str:
    if not rides:
        return "?"
    trains = timetable.trains(rides[0])
    return " > ".join((timetable.train_names(trip_id) or [trip_id])[0] for trip_id in trains)


def clock_told(instant: int, stop_id: str, timetable: Timetable, day: date) -> str:
    local = timetable.local(instant, stop_id)
    days = (local.date() - day).days
    return f"{local:%H:%M}" + (f"{days:+d}" if days else "")


def counted(changes: int) -> str:
    return {0: "no change", 1: "1 change"}.get(changes, f"{changes} changes")
