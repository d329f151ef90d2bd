"""coaches.csv: coaches, or groups of them, that ride train after train."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.faults import Fault
from gtfsgen.source.books import Reader
from gtfsgen.source.calendars import NO_DATES, Calendars, Reading
from gtfsgen.source.model import ORIGIN, Coach, Ride, Run
from gtfsgen.source.stations import Stations, fault_at
from gtfsgen.source.times import DAY
from gtfsgen.source.words import Words, folded, some

AS_TRAIN = re.compile(r"(?:as|like|with|whenever|wie)\s+(?:train|zug)\s+(.+?)(?:\s+runs)?", re.I)
AS_ALL = frozenset(
    (
        "as printed here", "as printed", "whenever the trains run", "when the trains run",
        "as the trains run", "as the trains", "wie die züge",
    )
)  # fmt: skip
LONGEST_WAIT_S = DAY - 60
"""Between two trains of a chain that runs whenever they do: the next day's train is another one."""

Timing = dict[str, dict[str, tuple[int, int]]]
"""Run -> station -> arrival and departure, in seconds of the clock there since its first date."""

ARROW = re.compile(r"\s*(>>|>|→|➔|➜)\s*")


class Trains:
    """The runs of each train number, and the numbers themselves for hints."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._by_number: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            self._by_number[folded(run.train)].append(run)
        self.words = Words(run.train for group in self._by_number.values() for run in group)

    def runs(self, number: str) -> list[Run]:
        """The runs of a train; none if no timetable has it."""
        return self._by_number.get(folded(number), [])


def read_coaches(
    frame: pl.DataFrame,
    letters: dict[str, str],
    runs: dict[str, Run],
    calls: pl.DataFrame,
    stations: Stations,
    calendars: Calendars,
    reader: Reader,
    faults: list[Fault],
) -> list[Coach]:
    """All coaches whose row can be understood. Whether trains meet is for `compile` to say."""
    if frame.is_empty():
        return []
    trains = Trains(runs.values())
    stops: dict[str, set[str]] = defaultdict(set)
    for run_id, station in calls.select("run_id", "station_id").unique().iter_rows():
        stops[run_id].add(station)
    timing = timing_of(calls)
    coaches: list[Coach] = []
    seen: dict[tuple[str, str], list[Coach]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found: list[Fault] = []
        coach = read_coach(row, letters, trains, stops, timing, stations, calendars, reader, found)
        faults += found
        if coach is None:
            continue
        others = seen[coach.coach_id, coach.rides[0].train]
        twin = next((other for other in others if coach.dates & other.dates), None)
        if twin is not None:
            faults.append(
                fault_at(
                    row,
                    letters,
                    "coach",
                    "duplicate_coach",
                    f"Line {twin.line} has this coach in the same train on the same days.",
                )
            )
        coaches.append(coach)
        others.append(coach)
    return coaches


def read_coach(
    row: dict[str, Any],
    letters: dict[str, str],
    trains: Trains,
    stops: dict[str, set[str]],
    timing: Timing,
    stations: Stations,
    calendars: Calendars,
    reader: Reader,
    faults: list[Fault],
) -> Coach | None:
    """One row; None if a cell it cannot do without is wrong."""

    def wrong(column: str, code: str, message: str, hint: str = "") -> None:
        faults.append(fault_at(row, letters, column, code, message, hint))

    rides = read_rides(row, letters, trains, faults)
    reading = days_of_trains(row, rides, trains, timing, stations) or calendars(row["days"])
    if row["days"] and reading.wrong is not None:
        wrong("days", "unreadable_days", *reading.wrong)
    elif row["days"] and not reading.dates:
        wrong("days", "no_days", "No day of the feed period is meant.")
    ends: dict[str, str | None] = {}
    for column, ride in (
        ("from", rides[0] if rides else None),
        ("to", rides[-1] if rides else None),
    ):
        ends[column] = None
        if not row[column]:
            continue
        station, message, hint = stations.find(row[column])
        if station is None:
            wrong(column, "unknown_station", message, hint)
        elif ride is not None and ride.runs and not any(station in stops[run] for run in ride.runs):
            here = {s for run in ride.runs for s in stops[run]}
            wrong(
                column,
                "station_not_on_train",
                f"Train {ride.train} does not call there.",
                f"it calls at {some(sorted(here))}",
            )
        else:
            ends[column] = station
    if sum(fault.code == "station_not_on_train" for fault in faults) == 2:
        wrong("trains", "station_not_on_train", "These trains call at neither end of the ride.")
    if row["notes"]:
        notes, unknown = reader.notes(tuple(re.findall(r"[^\s,]+", row["notes"])))
        if unknown is not None:
            wrong("notes", "unknown_note", *unknown)
    elif letters.get("note") and re.fullmatch(r"[a-z]", row.get("note", "")):
        notes = (row["note"],) if row["note"] in reader.letters else ()
        reader.used.update(notes)
    else:
        notes = ()
    if reading.wrong is not None or rides is None or ends["from"] is None or ends["to"] is None:
        return None
    known = {"coach", "name", "days", "trains", "from", "to", *ORIGIN}
    return Coach(
        coach_id=row["coach"],
        name=row["name"],
        days=reading.text,
        dates=reading.dates,
        rides=tuple(rides),
        from_station=ends["from"],
        to_station=ends["to"],
        path=row["path"],
        line=row["line"],
        columns=letters,
        extra={k: v for k, v in row.items() if k not in known and v} | {"notes": list(notes)},
    )


def timing_of(calls: pl.DataFrame) -> Timing:
    """When each run is at each station; times that are not known are left out."""
    found: Timing = defaultdict(dict)
    columns = calls.select("run_id", "station_id", "arrival_s", "departure_s")
    for run_id, station, arrival, departure in columns.iter_rows():
        arrival, departure = (
            arrival if arrival is not None else departure,
            departure if departure is not None else arrival,
        )
        if arrival is not None:
            found[run_id].setdefault(station, (arrival, departure))
    return found


def days_of_trains(
    row: dict[str, Any],
    rides: list[Ride] | None,
    trains: Trains,
    timing: Timing,
    stations: Stations,
) -> Reading | None:
    """Days said by trains: `as train 7`, `whenever the trains run`; None for other day words.

    They are dates at the station `from`, so that a train that is cancelled there is said once.
    """
    words = folded(row["days"])
    one = AS_TRAIN.fullmatch(row["days"].strip())
    if words not in AS_ALL and one is None:
        return None
    station, _, _ = stations.find(row["from"])
    if rides is None or station is None:
        return Reading(text=words)
    if one is not None:
        runs = trains.runs(one[1])
        if not runs:
            return Reading(
                wrong=(f"No timetable has a train {one[1]!r}.", trains.words.hint(one[1]))
            )
        chain = [runs]
    else:
        chain = [trains.runs(ride.train) for ride in rides if ride.runs]
    dates = NO_DATES
    around = NO_DATES
    for run in chain[0]:
        if station not in timing.get(run.run_id, {}):
            continue
        later = timing[run.run_id][station][1] // DAY
        reached = Dates.of(day for day in run.around if goes_on(day, run, chain[1:], timing))
        around |= reached.shift(later)
        dates |= (reached & run.dates).shift(later)
    if not around:
        message = "On no day these trains run one after the other from here."
        return Reading(wrong=(message, "write the days themselves"))
    return Reading(words, dates, around)


def goes_on(day: date, run: Run, rest: list[list[Run]], timing: Timing) -> bool:
    """Whether a coach of `run` on its first date `day` finds the trains after it."""
    for others in rest:
        best = first_after(day, run, others, timing)
        if best is None:
            return False
        _, day, run = best
    return True


def first_after(
    day: date, run: Run, others: list[Run], timing: Timing
) -> tuple[int, date, Run] | None:
    """The train that a coach of `run` finds first: seconds of waiting, its first date, itself."""
    arrivals = {s: clock(day, a) for s, (a, _) in timing.get(run.run_id, {}).items()}
    best: tuple[int, date, Run] | None = None
    for other in others:
        calls = timing.get(other.run_id, {})
        common = [station for station in arrivals if station in calls]
        if not common:
            continue
        station = next(iter(calls)) if next(iter(calls)) in arrivals else common[-1]
        departure = calls[station][1]
        for later in range(-1, LONGEST_WAIT_S // DAY + 3):
            start = date.fromordinal(arrivals[station] // DAY - departure // DAY + later)
            wait = clock(start, departure) - arrivals[station]
            if start in other.around and 0 <= wait <= LONGEST_WAIT_S:
                best = (wait, start, other) if best is None or wait < best[0] else best
    return best


def clock(day: date, seconds: int) -> int:
    return day.toordinal() * DAY + seconds


def read_rides(
    row: dict[str, Any],
    letters: dict[str, str],
    trains: Trains,
    faults: list[Fault],
) -> list[Ride] | None:
    """The trains of a chain; after `>>` a train of another feed."""
    if not row["trains"]:
        return None
    pieces = ARROW.split(row["trains"])
    rides: list[Ride] = []
    seen: set[str] = set()
    arrows = ["", *pieces[1::2]]
    for arrow, number in zip(arrows, pieces[::2], strict=True):
        problem = None
        if not number:
            problem = ("empty_chain", "A train is missing in the chain.", "write K27 > 95 > 52")
        elif arrow == ">>":
            seen.add(folded(number))
            rides.append(Ride(number, ()))
            continue
        elif not trains.runs(number):
            hint = trains.words.hint(number, ">> before a train of another feed")
            problem = ("unknown_train", f"No timetable has a train {number!r}.", hint)
        elif folded(number) in seen:
            problem = ("train_twice", f"Train {number!r} stands twice in the chain.", "")
        if problem is not None:
            faults.append(fault_at(row, letters, "trains", *problem))
            return None
        runs = trains.runs(number)
        seen.add(folded(number))
        rides.append(Ride(runs[0].train, tuple(run.run_id for run in runs)))
    if not rides[0].runs:
        faults.append(
            fault_at(row, letters, "trains", "unknown_train", "The first train is of this feed.")
        )
        return None
    return rides
