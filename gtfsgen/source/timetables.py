"""From the columns of all grids to runs and their calls."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from gtfsgen.clocks import offset_s
from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.agency_grids import agency_columns
from gtfsgen.source.books import Reader
from gtfsgen.source.calendars import Reading
from gtfsgen.source.columns import check_rows, columns_of
from gtfsgen.source.grids import MAX_REPEATS, Call, Column, Grid, Visit
from gtfsgen.source.manners import AGENCY
from gtfsgen.source.model import CALLS, Run, Settings
from gtfsgen.source.order import SLOW_GAP_S, Event, Problem, culprits, ordered
from gtfsgen.source.stations import Stations, fault_at
from gtfsgen.source.times import DAY, Cell
from gtfsgen.source.words import Words, did_you_mean, folded

Calendar = Callable[..., Reading]
"""Day words -> what they come to."""

Times = tuple[int, int, int | None, int | None]
"""A call: index of its visit, of its pair of cells, arrival and departure in seconds."""


@dataclass
class Draft:
    """A run before it has an id."""

    column: Column
    days: str
    dates: Dates
    around: Dates
    start: int
    """Seconds of its first time; tells apart what the days do not."""
    calls: list[Times]
    repeated: bool = False


@dataclass
class Pairs:
    """Distinct pairs of cells at a call, so that marks and notes are put together once."""

    index: dict[tuple[int, int], int] = field(default_factory=dict)
    """By the identity of the two cells; the reader keeps one for each text."""
    cells: list[tuple[Cell | None, Cell | None]] = field(default_factory=list)

    def of(self, arrival: Cell | None, departure: Cell | None) -> int:
        key = (id(arrival), id(departure))
        found = self.index.get(key)
        if found is None:
            found = self.index[key] = len(self.cells)
            self.cells.append((arrival, departure))
        return found

    def notes(self, pair: int) -> set[str]:
        """The notes of both cells; their days as words behind a blank, which no letter has."""
        cells = [cell for cell in self.cells[pair] if cell is not None]
        return {note for cell in cells for note in cell.notes} | {
            f" {cell.days}" for cell in cells if cell.days
        }


def read_runs(
    grids: Iterable[Grid],
    stations: Stations,
    settings: Settings,
    reader: Reader,
    calendar: Calendar,
    faults: list[Fault],
) -> tuple[dict[str, Run], pl.DataFrame]:
    """All runs by id, and the frame of their calls."""
    drafts: list[Draft] = []
    following: list[Column] = []
    pairs = Pairs()
    for grid in grids:
        if grid.by_agency:
            columns = agency_columns(grid, reader, faults)
        else:
            columns = columns_of(grid, reader, faults)
            check_rows(grid, columns, reader, faults)
        for column in columns:
            if AS_TRAIN.fullmatch(column.days.strip()):
                following.append(column)
                continue
            drafts += drafts_of(column, stations, settings, calendar, reader, pairs, faults)
        if not grid.by_agency:
            check_pairs(columns, faults)
    for column in following:
        with_train = days_with_train(column, drafts)

        def known(
            words: str, gb: bool = False, column: Column = column, said: Reading = with_train
        ) -> Reading:
            return said if words == column.days else calendar(words, gb)

        drafts += drafts_of(column, stations, settings, known, reader, pairs, faults)
    check_overlaps(drafts, faults)
    names = run_ids(drafts)
    runs = {
        name: run_of(name, draft, reader, faults) for name, draft in zip(names, drafts, strict=True)
    }
    return runs, calls_frame(names, drafts, pairs)


AS_TRAIN = re.compile(r"(?:as|like|with|whenever|wie)\s+(?:train|zug)\s+(.+?)(?:\s+runs)?", re.I)


def days_with_train(column: Column, drafts: list[Draft]) -> Reading:
    """`as train 7`: the dates on which that train is where this one begins.

    A portion that leaves after midnight so has the days of the train's first date.
    """
    number = AS_TRAIN.fullmatch(column.days.strip())[1]  # type: ignore[index]
    others = [draft for draft in drafts if folded(draft.column.train) == folded(number)]
    if not others:
        trains = {draft.column.train: None for draft in drafts}
        message = f"No train {number!r} has days of its own."
        return Reading(wrong=(message, did_you_mean(number, trains, "write the days themselves")))
    visits = column.grid.visits
    station = visits[column.calls[0].visit].station_id if column.calls else ""
    dates, around = Dates(), Dates()
    for draft in others:
        places = draft.column.grid.visits
        here = next((c for c in draft.calls if places[c[0]].station_id == station), None)
        if here is not None:
            later = day_there(here[2], here[3])
            dates, around = dates | draft.dates.shift(later), around | draft.around.shift(later)
    if not around:
        message = f"Train {number} does not call where this train begins."
        return Reading(wrong=(message, "write the days themselves"))
    return Reading(f"as train {number}", dates, around)


def drafts_of(
    column: Column,
    stations: Stations,
    settings: Settings,
    calendar: Calendar,
    reader: Reader,
    pairs: Pairs,
    faults: list[Fault],
) -> list[Draft]:
    """The runs of one column: one, or more if notes or an interval say so; none without calls."""
    grid = column.grid
    reading = calendar(column.days, grid.british)
    if reading.wrong is not None and "days" in grid.header:
        row = grid.header["days"]
        code = "unreadable_days" if column.days else "missing_days"
        faults.append(column.fault(code, row, *reading.wrong))
    elif reading.text and not reading.dates:
        faults.append(
            column.fault(
                "no_days",
                grid.header.get("days", grid.header["train"]),
                f"No day from {settings.first_day} to {settings.last_day} is meant.",
                "",
                Severity.WARNING,
            )
        )
    check_ends(column, faults)
    if not column.calls:
        return []
    start = reading.dates.first if reading.dates else settings.first_day
    if grid.by_agency:
        calls = timed_by_agency(column, pairs, faults)
    else:
        calls = timed(column, stations, settings, start, pairs, faults)
    draft = Draft(column, reading.text, reading.dates, reading.around, 0, calls)
    restrictions = {letter: calendar(days) for letter, days in reader.days_of.items()}
    in_cells = {cell.days for c in column.calls for cell in (c.arrival, c.departure) if cell}
    restrictions |= {f" {days}": calendar(days, grid.british) for days in in_cells if days}
    by_train = frozenset(letter for letter, each in reader.bindings.items() if each.by_train)
    drafts = restricted(draft, restrictions, pairs, by_train) if restrictions else [draft]
    return [settled(each) for draft in drafts for each in repeated(settled(draft))]


def settled(draft: Draft) -> Draft:
    """The same run with dates of its own first departure, whose time is then below 24:00."""
    first = next((t for _, _, *both in draft.calls for t in both if t is not None), 0)
    days = 0 if draft.column.grid.by_agency else first // DAY
    if not days:
        return replace(draft, start=first)
    calls = [(v, p, moved(a, -days * DAY), moved(d, -days * DAY)) for v, p, a, d in draft.calls]
    return replace(
        draft,
        dates=draft.dates.shift(days),
        around=draft.around.shift(days),
        start=first - days * DAY,
        calls=calls,
    )


def moved(seconds: int | None, by: int) -> int | None:
    return None if seconds is None else seconds + by


def repeated(draft: Draft) -> list[Draft]:
    """The run and those that follow it at an interval."""
    if draft.column.every is None:
        return [draft]
    step, until = draft.column.every
    if until < draft.start:
        until += DAY
    count = min((until - draft.start) // step + 1, MAX_REPEATS)
    return [
        replace(
            draft,
            calls=[(v, p, moved(a, k * step), moved(d, k * step)) for v, p, a, d in draft.calls],
            repeated=True,
        )
        for k in range(count)
    ]


def restricted(
    draft: Draft,
    days_of: dict[str, Reading],
    pairs: Pairs,
    by_train: frozenset[str] = frozenset(),
) -> list[Draft]:
    """Notes with days of their own: a train runs, or calls somewhere, on those days only.

    A call so restricted splits the run in two, with the call and without it. Its days are those of
    the date at that station; for the letters `by_train`, of the train's first date.
    """
    words = re.findall(r"[^\s,]+", draft.column.header.get("notes", ""))
    for letter in sorted(days_of.keys() & set(words)):
        days = days_of[letter]
        draft = replace(
            draft,
            days=days.text if draft.days == "daily" else draft.days,
            dates=draft.dates & days.dates,
            around=draft.around & days.around,
        )
    at_call = [
        {
            (letter, 0 if letter in by_train else day_there(arrival, departure))
            for letter in days_of.keys() & pairs.notes(pair)
        }
        for _, pair, arrival, departure in draft.calls
    ]
    drafts = [(draft, frozenset[tuple[str, int]]())]
    for key in sorted(set().union(*at_call)):
        days = days_of[key[0]]
        there = days.around.shift(-key[1])
        parts = []
        for part, without in drafts:
            kept = replace(part, dates=part.dates & there, around=part.around & there)
            rest = replace(part, dates=part.dates - there, around=part.around - there)
            if rest.around:
                kept = replace(kept, days=days.text if part.days == "daily" else part.days)
                rest = replace(rest, days=f"{part.days} not {days.text}")
            parts += [(kept, without), (rest, without | {key})]
        drafts = [(part, without) for part, without in parts if part.around]
    return [
        replace(
            part,
            calls=[
                call for call, own in zip(part.calls, at_call, strict=True) if not own & without
            ],
        )
        for part, without in drafts
    ]


def day_there(arrival: int | None, departure: int | None) -> int:
    """Days from the train's first date to the date at a call, by its departure if it has one."""
    at = departure if departure is not None else arrival
    return 0 if at is None else at // DAY


def timed(
    column: Column,
    stations: Stations,
    settings: Settings,
    day: date,
    pairs: Pairs,
    faults: list[Fault],
) -> list[Times]:
    """The calls of a column with their seconds."""
    visits = column.grid.visits
    ahead = [offset_s(stations.zone[visit.station_id], day) for visit in visits]
    railway = offset_s(settings.agency_timezone, day)
    times = plain_times(column, stations, ahead, railway)
    if times is None:
        times = examined_times(column, stations, ahead, railway, faults)
    calls: list[Times] = []
    last = len(times) - 1
    for i, (call, (arrival, departure)) in enumerate(zip(column.calls, times, strict=True)):
        if i and arrival is None:
            arrival = departure
        elif i != last and departure is None:
            departure = arrival
        calls.append((call.visit, pairs.of(call.arrival, call.departure), arrival, departure))
    return calls


def timed_by_agency(column: Column, pairs: Pairs, faults: list[Fault]) -> list[Times]:
    """The calls of a column by the agency's clock: hours past 24 as they are written.

    A time below 24:00 that would go back is of the first day on which it does not.
    """
    visits = column.grid.visits
    calls: list[Times] = []
    before = 0
    for call in column.calls:
        visit = visits[call.visit]
        both: list[int | None] = []
        for cell, row in ((call.arrival, visit.arrival_row), (call.departure, visit.departure_row)):
            if cell is None or cell.clock is None:
                both.append(None)
                continue
            if call.single and both:
                both.append(both[0])
                continue
            if cell.day is None:
                at = cell.clock + max(0, -((cell.clock - before) // DAY)) * DAY
            else:
                at = cell.clock + cell.day * DAY
            if at < before:
                message = "The train would be here before it left the station in front."
                hint = "mind the order of the stations, and the hours past 24"
                faults.append(column.fault("time_goes_back", row or 0, message, hint))
            before = max(before, at)
            both.append(at)
        calls.append((call.visit, pairs.of(call.arrival, call.departure), both[0], both[1]))
    return calls


def plain_times(
    column: Column, stations: Stations, ahead: list[int], railway: int
) -> list[tuple[int | None, int | None]] | None:
    """Seconds of a train that needs no closer look; None if it does.

    Most trains of a dense timetable have neither marks of days nor long or doubtful gaps.
    """
    visits = column.grid.visits
    times: list[tuple[int | None, int | None]] = []
    before = None
    here = ""
    for call in column.calls:
        visit = visits[call.visit]
        both: list[int | None] = []
        for cell in (call.arrival,) if call.single else (call.arrival, call.departure):
            if cell is None:
                both.append(None)
                continue
            if cell.clock is None or cell.day is not None:
                return None
            at = cell.clock - (railway if cell.railway else ahead[call.visit])
            day = 0
            if before is not None:
                day = -((at - before) // DAY)
                at += day * DAY
                gap = at - before
                if gap > SLOW_GAP_S or gap < stations.least_seconds(here, visit.station_id):
                    return None
            before = at
            here = visit.station_id
            both.append(cell.clock + day * DAY)
        times.append((both[0], both[-1]))
    return times


def examined_times(
    column: Column, stations: Stations, ahead: list[int], railway: int, faults: list[Fault]
) -> list[tuple[int | None, int | None]]:
    """Seconds of any train; what is wrong with them is a fault at the cell to blame."""
    visits = column.grid.visits
    events: list[Event] = []
    slots: list[tuple[int, int]] = []
    for number, call in enumerate(column.calls):
        visit = visits[call.visit]
        for which, cell in enumerate((call.arrival, call.departure)):
            if cell is None or cell.clock is None or (which and call.single):
                continue
            row = visit.departure_row if which else visit.arrival_row
            events.append(
                Event(
                    visit.station_id,
                    row if row is not None else 0,
                    cell.clock,
                    railway if cell.railway else ahead[call.visit],
                    cell.day,
                    cell.insists,
                )
            )
            slots.append((number, which))
    seconds, problems = ordered(events, stations)
    if reads_upward(events, problems, stations):
        faults.append(
            column.fault(
                "train_reads_upward",
                column.grid.header["train"],
                "The times of this train are in order when they are read upward.",
                "write read up in a row above the train, and read down above the others",
            )
        )
        problems = []
    told: set[tuple[int, str]] = set()
    for problem in problems:
        for guilty in culprits(events, problem, stations):
            row = events[guilty].row
            if (guilty, problem.code) not in told:
                told.add((guilty, problem.code))
                faults.append(
                    column.fault(problem.code, row, problem.message, problem.hint, problem.severity)
                )
            if problem.code == "impossible_speed":
                a, b = (events[i].station for i in (problem.first, problem.second))
                stations.too_far |= {(a, b), (b, a)}
                faults.append(
                    column.grid.fault(
                        "unlikely_station",
                        row,
                        0,
                        f"Train {column.train} could not get here in time.",
                        "is it the right station, at the right position?",
                        Severity.WARNING,
                    )
                )
    times: list[list[int | None]] = [[None, None] for _ in column.calls]
    for (number, which), second in zip(slots, seconds, strict=True):
        times[number][which] = second
        if column.calls[number].single:
            times[number][1] = second
    return [(arrival, departure) for arrival, departure in times]


FEWEST_UPWARD = 3
"""Times that go back, from which on a train is looked at from below."""


def reads_upward(events: list[Event], problems: list[Problem], stations: Stations) -> bool:
    """Whether the times go back again and again, and never when they are read upward."""
    back = [each for each in problems if each.code in ("ambiguous_midnight", "time_goes_back")]
    if len(back) < FEWEST_UPWARD:
        return False
    return not ordered(events[::-1], stations)[1]


# ------------------------------------------------------------------------------ arrival, departure


def check_ends(column: Column, faults: list[Fault]) -> None:
    """A train departs before it arrives anywhere, does both in between, and ends by arriving."""
    visits, calls = column.grid.visits, column.calls
    train_row = column.grid.header["train"]
    if not calls:
        faults.append(column.fault("no_calls", train_row, "The train has no times."))
        return
    first = calls[0]
    if len(calls) == 1:
        lone = first.departure is not None and not first.single
        row = row_after(column, first.visit) if lone else row_before(column, first.visit)
        faults.append(
            column.fault(
                "missing_call",
                row if row is not None else own_row(visits[first.visit]),
                "The train has a time at one station only.",
                "a train calls twice at least",
            )
        )
        return
    for call in calls:
        visit = visits[call.visit]
        if (
            call.arrival is not None
            and call.departure is not None
            and call.arrival.railway != call.departure.railway
        ):
            faults.append(
                column.fault(
                    "mixed_clocks",
                    visit.departure_row,  # type: ignore[arg-type]
                    "One of arrival and departure is railway time, the other is not.",
                    "mark both with < or neither",
                )
            )
    if not column.grid.by_agency:
        check_first(column, faults)
        check_last(column, faults)


MISSING = {"arrival": "missing_arrival", "departure": "missing_departure"}
PAIR_HINT = "fill the cell; write ? if the time is unknown"
HABIT = 3
"""Blank cells beside a time from which on the table is taken to leave them out on purpose."""


def check_pairs(columns: list[Column], faults: list[Fault]) -> None:
    """Arrivals and departures that are not printed beside the other time of the station.

    Where a line or dots fill the cell, where the station has one row only, or where the table does
    it again and again, the train is taken to stop for a moment, and one remark says how often. A
    single blank cell is more likely a slip, and an error.
    """
    printed: list[Fault] = []
    blank: list[Fault] = []
    for column in columns:
        for call in column.calls[1:]:
            if call.arrival is None and not passes(call):
                take_pair(column, call, "arrival", blank, printed)
        for call in column.calls[:-1]:
            if call.departure is None and not passes(call):
                take_pair(column, call, "departure", blank, printed)
    if len(blank) < HABIT:
        faults += blank
    else:
        printed += blank
    if printed:
        first = min(printed, key=lambda fault: (fault.line, len(fault.column), fault.column))
        count = "One time is" if len(printed) == 1 else f"{len(printed):,} times are"
        message = f"{count} not printed beside the arrival or departure; the same is taken."
        hint = "write ? where it is unknown"
        faults.append(
            replace(
                first, severity=Severity.INFO, code="time_not_printed", message=message, hint=hint
            )
        )


def take_pair(
    column: Column, call: Call, what: str, blank: list[Fault], printed: list[Fault]
) -> None:
    """File a missing time of a call under those that are left out on purpose, or slips."""
    visit = column.grid.visits[call.visit]
    row = visit.arrival_row if what == "arrival" else visit.departure_row
    if row is None:
        if what == "departure":
            printed.append(column.fault("time_not_printed", own_row(visit), "", "", Severity.INFO))
        return
    said = column.grid.rows[row][column.index] != ""
    fault = column.fault(MISSING[what], row, f"The {what} is missing.", PAIR_HINT)
    (printed if said else blank).append(fault)


def check_first(column: Column, faults: list[Fault]) -> None:
    call = column.calls[0]
    visit = column.grid.visits[call.visit]
    if passes(call):
        faults.append(
            column.fault(
                "passes_at_end", own_row(visit), "The train passes before it has departed."
            )
        )
    if call.single or call.arrival is None or same_time(call.arrival, call.departure):
        return
    row = row_before(column, call.visit)
    faults.append(
        column.fault(
            "missing_departure",
            row if row is not None else visit.arrival_row,  # type: ignore[arg-type]
            "The train arrives before it has departed anywhere.",
            "write where it comes from, or leave the arrival blank",
            Severity.WARNING,
        )
    )


def check_last(column: Column, faults: list[Fault]) -> None:
    call = column.calls[-1]
    visit = column.grid.visits[call.visit]
    if passes(call):
        faults.append(
            column.fault(
                "passes_at_end", own_row(visit), "The train passes and arrives nowhere after."
            )
        )
    if call.single or call.departure is None or same_time(call.arrival, call.departure):
        return
    row = row_after(column, call.visit)
    faults.append(
        column.fault(
            "missing_arrival",
            row if row is not None else visit.departure_row,  # type: ignore[arg-type]
            "The train departs and arrives nowhere after.",
            "write where it goes, or leave the departure blank",
            Severity.WARNING,
        )
    )


def passes(call: Call) -> bool:
    return any(cell is not None and cell.passes for cell in (call.arrival, call.departure))


def same_time(a: Cell | None, b: Cell | None) -> bool:
    return a is not None and b is not None and a.clock == b.clock


def own_row(visit: Visit) -> int:
    row = visit.departure_row if visit.departure_row is not None else visit.arrival_row
    assert row is not None
    return row


def row_before(column: Column, visit: int) -> int | None:
    """The nearest row above a visit in which a departure could stand."""
    rows = [v.departure_row for v in column.grid.visits[:visit] if v.departure_row is not None]
    return rows[-1] if rows else None


def row_after(column: Column, visit: int) -> int | None:
    rows = [v.arrival_row for v in column.grid.visits[visit + 1 :] if v.arrival_row is not None]
    return rows[0] if rows else None


# -------------------------------------------------------------------------------------------- runs


def check_overlaps(drafts: list[Draft], faults: list[Fault]) -> None:
    """One train number runs once a day: columns that share a day are faults at both numbers."""
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[folded(draft.column.train)].append(draft)
    for group in groups.values():
        taken = Dates()
        for i, draft in enumerate(group):
            shared = taken & draft.dates
            taken |= draft.dates
            if not shared:
                continue
            other = next(
                (d for d in group[:i] if d.column is not draft.column and d.dates & draft.dates),
                None,
            )
            if other is None:
                continue
            for a, b in ((draft, other), (other, draft)):
                line, letters = b.column.grid.place(b.column.grid.header["train"], b.column.index)
                where = f"{b.column.grid.sheet.path} line {line}, column {letters}"
                faults.append(
                    a.column.fault(
                        "duplicate_train",
                        a.column.grid.header["train"],
                        f"The train runs twice on {(a.dates & b.dates).first}: also in {where}.",
                        "give the columns different days or numbers",
                    )
                )


def run_ids(drafts: list[Draft]) -> list[str]:
    """The id in the row `trip`, or the train number; with its days, then its departure, where
    several columns have the same.
    """
    by_train: dict[str, list[int]] = defaultdict(list)
    names = [draft.column.header.get("trip", draft.column.train) for draft in drafts]
    for i, name in enumerate(names):
        by_train[name].append(i)
    for members in by_train.values():
        if len(members) > 1:
            columns = {id(drafts[i].column) for i in members}
            for i in members:
                days = f".{slug(drafts[i].days)}" if len(columns) > 1 else ""
                names[i] += days + (
                    f".{drafts[i].start // 60 // 60:02}{drafts[i].start // 60 % 60:02}"
                    if drafts[i].repeated
                    else ""
                )
    for members in colliding(names):
        for i in members:
            names[i] += f".{drafts[i].start // 3600:02}{drafts[i].start // 60 % 60:02}"
    for members in colliding(names):
        for i in members[1:]:
            visits = drafts[i].column.grid.visits
            text = repr([(visits[v].station_id, a, d) for v, _, a, d in drafts[i].calls])
            names[i] += "." + hashlib.sha1(text.encode()).hexdigest()[:6]
    for members in colliding(names):
        for k, i in enumerate(members[1:], start=2):  # equal in all but place, a fault already
            names[i] += f".{k}"
    return names


def colliding(names: list[str]) -> list[list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(names):
        groups[name].append(i)
    return [group for group in groups.values() if len(group) > 1]


def slug(days: str) -> str:
    """Days as part of an id."""
    text = re.sub(r"[^\w]+", "-", days).strip("-")
    if len(text) <= 40:
        return text
    return f"{text[:30].rstrip('-')}-{hashlib.sha1(days.encode()).hexdigest()[:6]}"


def run_of(name: str, draft: Draft, reader: Reader, faults: list[Fault]) -> Run:
    column = draft.column
    grid = column.grid
    line, letters = grid.place(grid.header["train"], column.index)
    days_line, days_letters = grid.place(
        grid.header.get("days", grid.header["train"]), column.index
    )
    extra: dict[str, object] = {
        key: text
        for key, text in column.header.items()
        if key not in ("train", "days", "route", "headsign", "notes", "trip")
    }
    if "number" in grid.header:
        extra["number"] = column.header.get("number", "")
    elif draft.repeated:
        extra["number"] = ""  # one word for many trains: a line, not the number of a train
    if "notes" in column.header:
        words = tuple(re.findall(r"[^\s,]+", column.header["notes"]))
        notes, wrong = reader.notes(words)
        extra["notes"] = list(notes)
        if wrong is not None:
            faults.append(column.fault("unknown_note", grid.header["notes"], *wrong))
    if grid.by_agency:
        extra["clock"] = AGENCY
    return Run(
        run_id=name,
        train=column.train,
        route_id=column.header.get("route", column.train),
        dates=draft.dates,
        days=draft.days,
        headsign=column.header.get("headsign", ""),
        path=grid.sheet.path,
        line=line,
        column=letters,
        extra=extra,
        around=draft.around,
        days_line=days_line,
        days_column=days_letters,
    )


def check_routes(
    runs: dict[str, Run],
    grids: Iterable[Grid],
    routes: pl.DataFrame,
    letters: dict[str, str],
    faults: list[Fault],
) -> dict[str, Run]:
    """Route cells by id or name; those that routes.csv does not have are faults.

    A route that no train is on is doubtful, and so is a train without a row where others have one.
    """
    names = {}
    for key in ("route_long_name", "route_short_name", "route_id"):  # ids win over others' names
        for row in routes.iter_rows(named=True):
            if row[key]:
                names[folded(row[key])] = row["route_id"]
    by_sheet = {grid.sheet.path: grid for grid in grids}
    words = Words(names)
    resolved = {}
    for name, run in runs.items():
        grid = by_sheet[run.path]
        index = grid.index_of(run.line, run.column)
        place = grid.header.get("route")
        if place is not None and grid.rows[place][index]:
            found = names.get(folded(run.route_id))
            if found is None:
                hint = words.hint(run.route_id, "add it to routes.csv")
                faults.append(
                    grid.fault("unknown_route", place, index, "There is no such route.", hint)
                )
            run = replace(run, route_id=found or run.route_id)
        resolved[name] = run
    used = {run.route_id for run in resolved.values()}
    listed = set(routes["route_id"])
    lacking, unused = Words(sorted(used - listed)), Words(sorted(listed - used))
    for row in routes.iter_rows(named=True):
        if row["route_id"] not in used:
            faults.append(
                fault_at(
                    row,
                    letters,
                    "route_id",
                    "unused_route",
                    "No train is on this route.",
                    lacking.hint(row["route_id"], " "),
                    Severity.WARNING,
                )
            )
    numbers = {run.train for run in runs.values()}
    if numbers & listed:
        for run in resolved.values():
            if run.route_id == run.train and run.route_id not in listed:
                faults.append(
                    Fault(
                        Severity.WARNING,
                        "train_without_route",
                        run.path,
                        run.line,
                        run.column,
                        "Other trains have a row in routes.csv, this one has none.",
                        run.train,
                        unused.hint(run.train, "add it"),
                    )
                )
    return resolved


# ------------------------------------------------------------------------------------------- calls


def calls_frame(names: list[str], drafts: list[Draft], pairs: Pairs) -> pl.DataFrame:
    """The calls of all runs in order, by the schema `CALLS`."""
    visits: list[tuple[Any, ...]] = []
    first_visit: dict[int, int] = {}
    columns: list[tuple[Any, ...]] = []
    run: list[int] = []
    order: list[int] = []
    visit: list[int] = []
    pair: list[int] = []
    arrival: list[int | None] = []
    departure: list[int | None] = []
    for number, (name, draft) in enumerate(zip(names, drafts, strict=True)):
        grid = draft.column.grid
        if id(grid) not in first_visit:
            first_visit[id(grid)] = len(visits)
            visits += [visit_place(grid, each) for each in grid.visits]
        base = first_visit[id(grid)]
        columns.append((name, *grid.place(0, draft.column.index)))
        run += [number] * len(draft.calls)
        order += range(len(draft.calls))
        for v, p, a, d in draft.calls:
            visit.append(base + v)
            pair.append(p)
            arrival.append(a)
            departure.append(d)
    times = {
        "order": pl.Series(order, dtype=pl.Int32),
        "arrival_s": pl.Series(arrival, dtype=pl.Int32),
        "departure_s": pl.Series(departure, dtype=pl.Int32),
    }
    frame = pl.concat(
        [
            pl.DataFrame(times),
            gathered(columns, COLUMN_SCHEMA, run),
            gathered(visits, VISIT_SCHEMA, visit),
            gathered([marks(*cells) for cells in pairs.cells], MARK_SCHEMA, pair),
        ],
        how="horizontal",
    )
    has_arrival, has_departure = pl.col("has_arrival"), pl.col("has_departure")
    lying = pl.col("lying")
    return (
        frame.with_columns(
            arrival_line=pl.when(has_arrival & lying).then("line").when(has_arrival).then("a_line"),
            departure_line=pl.when(has_departure & lying)
            .then("line")
            .when(has_departure)
            .then("d_line"),
            arrival_column=pl.when(has_arrival & ~lying)
            .then("letters")
            .when(has_arrival)
            .then("a_column"),
            departure_column=pl.when(has_departure & ~lying)
            .then("letters")
            .when(has_departure)
            .then("d_column"),
        )
        .with_columns(column=pl.coalesce("arrival_column", "departure_column"))
        .select(pl.col(name).cast(kind) for name, kind in CALLS.items())
    )


COLUMN_SCHEMA = {"run_id": pl.String, "line": pl.Int32, "letters": pl.String}
VISIT_SCHEMA = {
    "station_id": pl.String, "path": pl.String, "lying": pl.Boolean, "a_line": pl.Int32,
    "d_line": pl.Int32, "a_column": pl.String, "d_column": pl.String,
}  # fmt: skip
MARK_SCHEMA = {
    "has_arrival": pl.Boolean, "has_departure": pl.Boolean, "railway_time": pl.Boolean,
    "arrival_estimate": pl.Boolean, "departure_estimate": pl.Boolean, "passes": pl.Boolean,
    "on_request": pl.Boolean, "boards_only": pl.Boolean, "alights_only": pl.Boolean,
    "notes": pl.List(pl.String), "arrival_text": pl.String, "departure_text": pl.String,
}  # fmt: skip


def gathered(rows: list[tuple[Any, ...]], schema: dict[str, Any], index: list[int]) -> pl.DataFrame:
    """The rows of a small table at each of `index`: a join by position."""
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table[pl.Series(index, dtype=pl.UInt32)] if rows else table


def visit_place(grid: Grid, visit: Visit) -> tuple[Any, ...]:
    """Where a visit's cells are, as `VISIT_SCHEMA`: in lines, or in columns if trains are rows."""
    rows = (visit.arrival_row, visit.departure_row)
    lines = [None if row is None else grid.place(row, 0)[0] for row in rows]
    letters = [None if row is None else grid.place(row, 0)[1] for row in rows]
    return (visit.station_id, grid.sheet.path, grid.transposed, *lines, *letters)


def marks(arrival: Cell | None, departure: Cell | None) -> tuple[Any, ...]:
    """What the two cells of a call say besides the time, as `MARK_SCHEMA`."""
    cells = [cell for cell in (arrival, departure) if cell is not None]
    return (
        arrival is not None,
        departure is not None,
        any(cell.railway for cell in cells),
        arrival is not None and arrival.estimate,
        departure is not None and departure.estimate,
        any(cell.passes for cell in cells),
        any(cell.on_request for cell in cells),
        any(cell.boards_only for cell in cells),
        any(cell.alights_only for cell in cells),
        list(dict.fromkeys(note for cell in cells for note in cell.notes)),
        arrival.text if arrival is not None else "",
        departure.text if departure is not None else "",
    )
