"""Columns that stand for several trains.

A column of words such as `and at the same minutes past each hour until` repeats what stands left of
it until the train on its right, which must be one of them some hours later. A column headed by two
numbers, `7/27`, parts where titles between the stations name one of them.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.grids import Call, Column, Grid, top
from gtfsgen.source.times import DAY

UNTIL = r"(?: until| till| to| bis)?"
SAME_MINUTES = re.compile(
    r"(?:and |then )*(?:at )?(?:the )?(?:same|these) (?:minutes|times)(?: past)?(?: the)?"
    rf"(?: (?:each|every))?(?: hour)?{UNTIL}"
    r"|(?:and |then )*(?:hourly|(?:every|each) hour|stündlich|jede stunde|im stundentakt)"
    rf"{UNTIL}|(?:and |then )*(?:every|alle) (?P<step>\d{{1,2}}) ?(?:min|mins|minutes|minuten)\.?"
    rf"{UNTIL}",
    re.IGNORECASE,
)
MOST_TRAINS = 12
"""Trains of an hour that may repeat together."""


def step_of(texts: tuple[str, ...]) -> int | None:
    """Seconds after which a column of words says that trains return; None if it says no such."""
    said = " ".join(" ".join(texts).replace("...", " ").split())
    match = SAME_MINUTES.fullmatch(said)
    if match is None:
        return None
    return int(match["step"]) * 60 if match["step"] else 3600


def repeat(
    columns: list[Column], between: list[tuple[int, int, int]], train_row: int, faults: list[Fault]
) -> None:
    """Let the trains left of a column of words repeat until those on its right.

    `between`: how many trains stand left of it, the column's index, and the step in seconds.
    """
    for count, index, step in between:
        found = pattern(columns, count, step)
        if found is None:
            grid = columns[0].grid if columns else None
            if grid is not None:
                faults.append(
                    grid.fault(
                        "pattern_without_end",
                        train_row,
                        index,
                        "The train on the right of this column is none of those on its left some"
                        " hours later, so that what repeats is not said.",
                        "head the column with every 60 min until 21:00 behind each train",
                    )
                )
            continue
        trains, times = found
        for column in columns[count - trains : count]:
            start = first_clock(column.calls)
            if times > 1 and start is not None:
                column.every = (step, (start + (times - 1) * step) % DAY)


def pattern(columns: list[Column], count: int, step: int) -> tuple[int, int] | None:
    """How many trains left of `count` repeat, and after how many steps the next is the first."""
    if count >= len(columns):
        return None
    last = columns[count]
    for trains in range(1, min(count, MOST_TRAINS) + 1):
        first = columns[count - trains]
        if first.grid is not last.grid or first.days != last.days:
            continue
        if times := steps_between(first.calls, last.calls, step):
            return trains, times
    return None


def steps_between(first: list[Call], last: list[Call], step: int) -> int:
    """How many steps after the first train the last one goes, at all its stations; 0 for none."""
    if len(first) != len(last):
        return 0
    gaps = set()
    for a, b in zip(first, last, strict=True):
        if a.visit != b.visit:
            return 0
        for one, other in ((a.arrival, b.arrival), (a.departure, b.departure)):
            clocks = [None if cell is None else cell.clock for cell in (one, other)]
            if (clocks[0] is None) != (clocks[1] is None):
                return 0
            if clocks[0] is not None and clocks[1] is not None:
                gaps.add((clocks[1] - clocks[0]) % DAY)
    gap = gaps.pop() if len(gaps) == 1 else 0
    return 0 if gap % step else gap // step


def first_clock(calls: list[Call]) -> int | None:
    cells = [cell for call in calls for cell in (call.arrival, call.departure)]
    return next((cell.clock for cell in cells if cell is not None and cell.clock is not None), None)


TWO_NUMBERS = re.compile(r"([^\s/]+)\s*/\s*([^\s/]+)")


def parted(column: Column, faults: list[Fault]) -> list[Column]:
    """The trains of a column headed `7/27` whose stations stand under titles that name them."""
    match = TWO_NUMBERS.fullmatch(column.train)
    if match is None or not column.calls:
        return [column]
    owners = owners_of(column.grid, (match[1], match[2]))
    if not {match[1], match[2]} & set(owners.values()):
        return [column]
    common = [call for call in column.calls if not owners[call.visit]]
    trains: list[Column] = []
    for number in (match[1], match[2]):
        own = [call for call in column.calls if owners[call.visit] == number]
        if not own:
            continue
        leads = not trains
        start = common if leads else [replace_arrival(common[-1], None)] if common else []
        if (
            not leads
            and start
            and column.grid.visits[start[0].visit].station_id
            == (column.grid.visits[own[0].visit].station_id)
        ):
            start = []
        days = column.days if leads else f"as train {trains[0].train}"
        header = {**column.header, "days": days}
        trains.append(replace(column, train=number, days=days, calls=[*start, *own], header=header))
    if len(trains) > 1:
        row = column.grid.header["train"]
        message = f"Train {trains[1].train} begins where it parts from train {trains[0].train}."
        hint = "say in coaches.csv which coaches go through"
        faults.append(column.fault("column_parts", row, message, hint, Severity.INFO))
    return trains


def replace_arrival(call: Call, arrival: None) -> Call:
    return Call(call.visit, arrival, call.departure, call.single, call.platform)


def owners_of(grid: Grid, numbers: tuple[str, str]) -> dict[int, str]:
    """Visit -> the number that the title above it names; blank before the first such title."""
    titles = {}
    for row in grid.left_out:
        words = set(re.findall(r"[^\W_]+", grid.label(row)))
        named = [number for number in numbers if number in words]
        if len(named) == 1:
            titles[row] = named[0]
    owners, rows = {}, sorted(titles)
    for visit, each in enumerate(grid.visits):
        above = [row for row in rows if row < top(each)]
        owners[visit] = titles[above[-1]] if above else ""
    return owners
