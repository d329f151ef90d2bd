"""Trains laid out as printed timetables: a grid per line and direction, times in local time."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from gtfsgen.clocks import DAY
from gtfsgen.importing.trains import CoachRow, Halt, Train
from gtfsgen.render.trains import SAME_LINE_SHARE
from gtfsgen.source.cells import clock
from gtfsgen.source.order import SLOW_GAP_S
from gtfsgen.source.words import folded

Key = tuple[str, int]
"""A stop and how many times the train has called there before."""


@dataclass
class Grid:
    """A timetable file: stops in order, trains as columns."""

    name: str
    order: list[Key] = field(default_factory=list)
    trains: list[Train] = field(default_factory=list)


def grids_of(
    trains: Iterable[Train],
    coaches: Iterable[CoachRow],
    rails: set[str],
    title: Callable[[Grid], str],
) -> list[Grid]:
    """The trains of a line in one grid for each way it goes; trains that a coach ties, in one too.

    A line is a route, or railways that share most of their stations. A train whose stops stand in
    another order than those of a grid begins another.
    """
    grids: list[Grid] = []
    for group in groups(list(trains), coaches, rails):
        own: list[Grid] = []
        by_pattern: dict[tuple[Key, ...], list[Train]] = defaultdict(list)
        for train in group:
            by_pattern[keys_of(train.halts)].append(train)
        for pattern in in_good_order(by_pattern):
            members, home = by_pattern[pattern], None
            stray = members[0].route_id in rails and not members[0].linked
            for grid in own:
                if stray and len(set(grid.order) & set(pattern)) < SAME_LINE_SHARE * len(pattern):
                    continue
                order = merged(grid.order, pattern)
                if order is not None:
                    grid.order, home = order, grid
                    break
            if home is None:
                home = Grid("", list(pattern))
                own.append(home)
            home.trains += members
        for grid in own:
            rank = {key: number for number, key in enumerate(grid.order)}
            grid.trains.sort(
                key=lambda t: (rank[keys_of(t.halts)[0]], t.halts[0].departure, t.label)
            )
        grids += own
    name_grids(grids, title)
    return grids


def groups(trains: list[Train], coaches: Iterable[CoachRow], rails: set[str]) -> list[list[Train]]:
    """Trains of one route and direction, that a coach rides, or all other railways."""
    leader: dict[object, object] = {}

    def top(each: object) -> object:
        while leader.setdefault(each, each) != each:
            each = leader[each]
        return each

    for coach in coaches:
        for label in coach.trains[1:]:
            leader[top(("linked", label))] = top(("linked", coach.trains[0]))
    found: dict[object, list[Train]] = defaultdict(list)
    for train in trains:
        way = dict(train.header).get("direction", "")
        key = ("", "rails") if train.route_id in rails else (train.route_id, way)
        found[top(("linked", train.label) if train.linked else key)].append(train)
    return list(found.values())


def keys_of(halts: Iterable[Halt]) -> tuple[Key, ...]:
    seen: Counter[str] = Counter()
    keys = []
    for halt in halts:
        keys.append((halt.stop_id, seen[halt.stop_id]))
        seen[halt.stop_id] += 1
    return tuple(keys)


MOST_ORDERED = 300
"""Patterns of one group among which those that meet are looked for."""


def in_good_order(patterns: Iterable[tuple[Key, ...]]) -> list[tuple[Key, ...]]:
    """Patterns of stops: the longest first, then those that meet what is there.

    So K27 and 52, which share no stop, find their places around 95, which meets both.
    """
    left = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
    if len(left) > MOST_ORDERED:
        return left
    known: set[Key] = set()
    ordered = []
    while left:
        place = next((i for i, pattern in enumerate(left) if known.intersection(pattern)), 0)
        pattern = left.pop(place)
        known.update(pattern)
        ordered.append(pattern)
    return ordered


def merged(order: list[Key], pattern: tuple[Key, ...]) -> list[Key] | None:
    """`order` with the new stops of `pattern` in their places; None if the two disagree."""
    rank = {key: number for number, key in enumerate(order)}
    places = [rank[key] for key in pattern if key in rank]
    if places != sorted(places):
        return None
    result = list(order)
    waiting: list[Key] = []
    last = -1
    for key in pattern:
        if key not in rank:
            waiting.append(key)
            continue
        at = result.index(key)
        # New stops before the first one that is known stand right in front of it.
        place = at if last < 0 else last + 1
        result[place:place] = waiting
        last = at + len(waiting)
        waiting = []
    place = last + 1 if last >= 0 else len(result)
    result[place:place] = waiting
    return result if stops_apart(result) else None


def stops_apart(order: list[Key]) -> bool:
    """Two rows of one stop side by side would be read as its arrival and departure."""
    return all(a[0] != b[0] for a, b in pairwise(order))


def name_grids(grids: list[Grid], title: Callable[[Grid], str]) -> None:
    """File names that say what is inside; the second of a name is told apart by a number."""
    taken: Counter[str] = Counter()
    for grid in grids:
        name = re.sub(r"[^\w]+", "-", title(grid).lower()).strip("-_")[:60] or "timetable"
        taken[name] += 1
        grid.name = name if taken[name] == 1 else f"{name}-{taken[name]}"


# ------------------------------------------------------------------------------------------- cells


def rows_of(
    grid: Grid,
    labels: Mapping[str, str],
    days: Mapping[int, str],
    trip_ids: Mapping[int, str],
    headsigns: Mapping[int, str],
) -> list[list[str]]:
    """The cells of a grid.

    `labels` names each stop; `days`, `trip_ids` and `headsigns` are by the identity of a train,
    blank where nothing need be said.
    """
    trains = grid.trains
    header = {
        "train": [train.label for train in trains],
        "trip": [trip_ids.get(id(train), "") for train in trains],
        "number": [train.number for train in trains],
        "route": [train.route_id for train in trains],
        "days": [days[id(train)] for train in trains],
        "headsign": [headsigns.get(id(train), "") for train in trains],
    }
    for name in ("direction", "wheelchair", "bikes", "block"):
        header[name] = [dict(train.header).get(name, "") for train in trains]
    if header["number"] == header["train"]:
        del header["number"]
    if header["route"] == header["train"]:
        del header["route"]
    rows = [[name, "", *cells] for name, cells in header.items() if name == "number" or any(cells)]
    if {folded(cell) for cell in rows[0]} & set(map(folded, labels.values())):
        rows.sort(key=lambda row: row[0] != "days")  # a first row of stops means trains as rows
    at: dict[Key, list[tuple[int, str, str]]] = defaultdict(list)
    waits: set[Key] = set()
    for index, train in enumerate(trains):
        keys = keys_of(train.halts)
        for key, cells in zip(keys, texts(train), strict=True):
            at[key].append((index, *cells))
        inner = zip(keys[1:-1], train.halts[1:-1], strict=True)
        waits |= {key for key, halt in inner if halt.arrival != halt.departure}
    for key in grid.order:
        arrivals, departures = [""] * len(trains), [""] * len(trains)
        for index, arrival, departure in at[key]:
            arrivals[index], departures[index] = arrival, departure
        label = labels[key[0]]
        if key not in waits:
            rows.append([label, "", *(a or d for a, d in zip(arrivals, departures, strict=True))])
        else:
            rows += [[label, "arr", *arrivals], [label, "dep", *departures]]
    return rows


def texts(train: Train) -> list[tuple[str, str]]:
    """Arrival and departure cells of each halt; the first has no arrival, the last no departure."""
    cells = []
    last = len(train.halts) - 1
    for number, halt in enumerate(train.halts):
        arrival_gap, departure_gap = train.gaps[2 * number : 2 * number + 2]
        arrival = cell(halt, halt.arrival, arrival_gap) if number else ""
        departure = cell(halt, halt.departure, departure_gap) if number != last else ""
        cells.append((arrival, departure))
    return cells


def cell(halt: Halt, seconds: int, gap: int) -> str:
    """`~x ^07:35 +1`. The day is written where it is long since the time before."""
    text = clock(seconds % DAY)
    if gap >= SLOW_GAP_S:
        text += f" +{seconds // DAY}" + ("!" if gap >= DAY else "")
    text = ("~" if halt.estimate else "") + (text if halt.mark == "()" else halt.mark + text)
    return f"({text})" if halt.mark == "()" else text
