"""The day of every time: midnight is inferred from the order of a train's calls.

Clocks are those of the stations, so order is judged by instants: at a border the clock may go back
though the train does not. What is found out is told at the cell that is probably wrong: the one
without which the rest of the train is in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtfsgen.faults import Severity
from gtfsgen.source.stations import Stations
from gtfsgen.source.times import DAY

AMBIGUOUS_GAP_S = 20 * 3600
"""From here on a gap could as well be a time that goes back: the day must be written."""
LONG_STOP_S = 12 * 3600
SLOW_GAP_S = 8 * 3600
SLOW_KMH = 20.0
PLAUSIBLE_KMH = 250.0
"""A reading slower than this is believed against a day mark that says otherwise."""


@dataclass(slots=True)
class Event:
    """An arrival or departure with a time."""

    station: str
    row: int
    """Of the grid, where a fault is told."""
    clock: int
    offset: int
    """Seconds that the clock is ahead of UTC."""
    day: int | None
    insists: bool


@dataclass(frozen=True)
class Problem:
    """Something between two events (of one row, if `first` is `second`)."""

    first: int
    second: int
    code: str
    message: str
    hint: str
    severity: Severity


def ordered(events: list[Event], stations: Stations) -> tuple[list[int], list[Problem]]:
    """Seconds since midnight of the first date for each event, and the problems found."""
    seconds: list[int] = []
    problems: list[Problem] = []
    before_utc = 0
    before_gap = 0
    for i, event in enumerate(events):
        at = event.clock - event.offset
        if i == 0:
            day = event.day or 0
            gap = 0
            if day > 1 and not event.insists:
                problems.append(late_start(day))
        else:
            day = -((at - before_utc) // DAY)
            gap = at + day * DAY - before_utc
            if event.day is not None and event.day != day:
                problem = disagreement(events, i, day, gap, stations)
                if problem is not None:
                    problems.append(problem)
                gap += (event.day - day) * DAY
                day = event.day
            elif event.day is None and gap >= AMBIGUOUS_GAP_S:
                problems.append(ambiguity(events, i, gap))
            elif event.day is None and before_gap + gap >= DAY and events[i - 1].day is None:
                problems.append(detour_in_time(i - 1))
            if gap >= 0 and (problem := pace(events, i, gap, stations)) is not None:
                problems.append(problem)
        seconds.append(event.clock + day * DAY)
        before_utc = at + day * DAY
        before_gap = gap
    return seconds, problems


def late_start(day: int) -> Problem:
    return Problem(
        0,
        0,
        "day_mark_disagrees",
        f"The train begins on day +{day} of its own running.",
        f"give the days of its departure, or write +{day}! if it is meant",
        Severity.ERROR,
    )


def disagreement(
    events: list[Event], i: int, inferred: int, gap: int, stations: Stations
) -> Problem | None:
    """A day mark against the order of calls; None where the mark is the better reading."""
    event = events[i]
    assert event.day is not None
    if event.day < inferred:
        return Problem(
            i,
            i,
            "time_goes_back",
            f"On day +{event.day} this is before the time above it.",
            f"the order of the calls suggests +{inferred}",
            Severity.ERROR,
        )
    if event.insists or gap >= AMBIGUOUS_GAP_S:
        return None
    distance = stations.km(events[i - 1].station, event.station)
    if distance is not None and distance * 3600 > PLAUSIBLE_KMH * (gap + 60):
        return None
    return Problem(
        i,
        i,
        "day_mark_disagrees",
        f"The mark says day +{event.day}, the order of the calls +{inferred}.",
        f"write +{inferred}, or +{event.day}! if the train really takes that long",
        Severity.ERROR,
    )


def ambiguity(events: list[Event], i: int, gap: int) -> Problem:
    back = DAY - gap
    if events[i - 1].station == events[i].station:
        message = f"The departure is {spoken(back)} before the arrival."
        code = "departure_before_arrival"
        hint = "mend one of the two, or write the day (+1) if the train stands that long"
    else:
        message = f"Either it is {spoken(gap)} later, the next day, or {spoken(back)} earlier."
        code = "ambiguous_midnight"
        hint = "write the day, such as +1, or mend the time"
    return Problem(i - 1, i, code, message, hint, Severity.ERROR)


def detour_in_time(i: int) -> Problem:
    return Problem(
        i,
        i,
        "ambiguous_midnight",
        "Without this time the train would be a day faster.",
        "write the day, such as +1, if it is right",
        Severity.WARNING,
    )


def pace(events: list[Event], i: int, gap: int, stations: Stations) -> Problem | None:
    """A train that flies, creeps or stands, unless the day is written."""
    a, b = events[i - 1].station, events[i].station
    if a == b:
        if gap > LONG_STOP_S and events[i].day is None:
            return Problem(
                i - 1,
                i,
                "long_stop",
                f"The train stands for {spoken(gap)}.",
                "write the day, such as +1, if it is right",
                Severity.WARNING,
            )
        return None
    distance = stations.km(a, b)
    if distance is None:
        return None
    if gap < stations.least_seconds(a, b):
        return Problem(
            i - 1,
            i,
            "impossible_speed",
            f"{distance:.0f} km in {spoken(gap)} are {distance * 3600 / max(gap, 60):.0f} km/h.",
            "mend the time, the station or its position",
            Severity.ERROR,
        )
    if gap > SLOW_GAP_S and distance * 3600 < SLOW_KMH * gap and events[i].day is None:
        return Problem(
            i - 1,
            i,
            "slow_train",
            f"The train takes {spoken(gap)} for {distance:.0f} km.",
            "write the day, such as +1, if it is right",
            Severity.WARNING,
        )
    return None


MOST_EVENTS = 1_000
"""Times of one train among which the wrong one of two is looked for: each costs a look at all."""


def culprits(events: list[Event], problem: Problem, stations: Stations) -> list[int]:
    """The events of a problem that are probably wrong: those without which least is amiss."""
    if problem.first == problem.second:
        return [problem.first]
    if len(events) > MOST_EVENTS:
        return [problem.first, problem.second]
    left: dict[int, int] = {}
    for i in (problem.first, problem.second):
        others = events[:i] + events[i + 1 :]
        left[i] = sum(
            2 if each.severity is Severity.ERROR else 1 for each in ordered(others, stations)[1]
        )
    least = min(left.values())
    return [i for i, count in left.items() if count == least]


def spoken(seconds: int) -> str:
    """`20 h 36 min`"""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
