"""Lines and the order of their stations.

Trains of a railway belong to one line where they share stations; others go by their route. The
stations of a direction stand in an order made from the trains themselves: a station comes after all
that some train calls at before it. A branch stands together. Where trains contradict one another,
the order of more of them holds.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import polars as pl

from gtfsgen.timetable.columns import highest, ranges, same

SAME_LINE_SHARE = 0.6
"""Trains belong to one line if this share of the stations of the shorter is on the longer."""
MOST_SEEDS = 400
"""So many lines of a railway are looked for by their stations; what is left goes by its route, and
is counted."""

Key = tuple[int, int]
"""A station and the how many-eth time a train calls there, from 0."""


def lines_of(
    trains: pl.DataFrame,
    courses: pl.DataFrame,
    calls: pl.DataFrame,
    stops: pl.DataFrame,
    routes: pl.DataFrame,
) -> tuple[pl.DataFrame, np.ndarray, np.ndarray, int]:
    """See `Timetable.lines`; the line and the direction of each train; and how many trains of
    railways went by their route because there are too many lines.
    """
    line, seeds, by_route = _lines(trains, courses, calls)
    direction = _directions(trains, courses, calls, line, seeds)
    names = routes.select("route_id", "route_short_name", "route_long_name")
    found = (
        trains.with_columns(line=pl.Series(line, dtype=pl.UInt32))
        .join(names, on="route_id", how="left", maintain_order="left")
        .group_by("line", maintain_order=True)
        .agg(
            pl.col("rail").first(),
            pl.len().alias("trains"),
            pl.col("route_id").unique(maintain_order=True).alias("route_ids"),
            short=pl.col("route_short_name").first(),
            long=pl.col("route_long_name").first(),
        )
        .sort("line")
    )
    names_of = stops["station_name"]
    ends = []
    for number in found["line"].to_list():
        course = seeds[number]
        first, last = courses["first_station"][course], courses["last_station"][course]
        ends.append(
            " – ".join(
                str(names_of[each] or stops["stop_id"][each])
                for each in (first, last)
                if each is not None
            )
        )
    alone = pl.col("rail") & (pl.col("route_ids").list.len() > 1)
    frame = found.with_columns(ends=pl.Series(ends, dtype=pl.String)).select(
        "line",
        name=pl.when(alone | (pl.col("short").is_null() & pl.col("long").is_null()))
        .then("ends")
        .otherwise(
            pl.concat_str(
                pl.col("short").fill_null(""),
                pl.coalesce("long", "ends"),
                separator=" ",
            ).str.strip_chars()
        ),
        ends="ends",
        route_ids="route_ids",
        rail="rail",
        trains="trains",
        course=pl.Series([seeds[each] for each in found["line"].to_list()], dtype=pl.UInt32),
    )
    return frame, line, direction, by_route


def _lines(
    trains: pl.DataFrame, courses: pl.DataFrame, calls: pl.DataFrame
) -> tuple[np.ndarray, dict[int, int], int]:
    """The line of each train, the longest course of each line, and how many trains of railways went
    by their route.
    """
    size = courses["calls"].to_numpy().astype(np.int64)
    weight = np.zeros(courses.height, np.int64)
    np.add.at(weight, trains["course"].to_numpy(), 1)
    longest = np.lexsort((np.arange(len(size)), -weight, -size))
    key = np.full(trains.height, -1, np.int64)  # a number for each line, before they are in order
    rail = trains["rail"].to_numpy()
    course = trains["course"].to_numpy().astype(np.int64)
    next_key = 0
    if rail.any():
        used = np.zeros(courses.height, bool)
        used[course[rail]] = True
        rows = calls.select("course", "station").drop_nulls().unique().sort("station", "course")
        at, by = (rows[name].to_numpy().astype(np.int64) for name in ("station", "course"))
        first_at = np.searchsorted(at, np.arange(highest(rows["station"]) + 2))
        stations = np.bincount(by, minlength=courses.height)
        begin = courses["first_call"].to_numpy().astype(np.int64)
        served = calls["station"].fill_null(0).to_numpy().astype(np.int64)
        of_course = np.full(courses.height, -1, np.int64)
        for seed in longest.tolist():
            if next_key == MOST_SEEDS:
                break
            if not used[seed] or of_course[seed] >= 0:
                continue
            here = np.unique(served[begin[seed] : begin[seed] + size[seed]])
            met = by[ranges(first_at[here], first_at[here + 1] - first_at[here])]
            common = np.bincount(met, minlength=courses.height)
            own = (common >= SAME_LINE_SHARE * stations) & ((common > 1) | (stations < 2))
            own &= used & (of_course < 0)
            own[seed] = True
            of_course[own] = next_key
            next_key += 1
        key[rail] = of_course[course[rail]]
    rest = key < 0
    routes = trains["route_id"].to_physical().fill_null(2**32 - 1).to_numpy().astype(np.int64)
    _, by_route = np.unique(routes[rest], return_inverse=True)
    key[rest] = next_key + by_route
    # Lines are numbered as their first trains are.
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    line = rank[back]
    place = np.empty(courses.height, np.int64)
    place[longest] = np.arange(courses.height)
    order = np.lexsort((place[course], line))
    heads = order[np.flatnonzero(np.diff(line[order], prepend=-1))] if len(order) else order
    longest_of = {int(line[each]): int(course[each]) for each in heads}
    return line, longest_of, int((rest & rail).sum())


def _directions(
    trains: pl.DataFrame,
    courses: pl.DataFrame,
    calls: pl.DataFrame,
    line: np.ndarray,
    seeds: dict[int, int],
) -> np.ndarray:
    """0 for trains that call at stations in the order of their line's longest course, 1 for those
    that do so the other way round. Where that tells nothing, or for other than railways, it is
    direction_id that counts, if it is given.
    """
    given = trains["direction_id"]
    told = (given == 1).fill_null(False).to_numpy().astype(np.int64)
    asked = np.flatnonzero(trains["rail"].to_numpy() | given.is_null().to_numpy())
    ways = pl.DataFrame({"line": line[asked], "course": trains["course"].gather(asked)})
    kinds, heads = same(ways)
    first, size = (courses[name] for name in ("first_call", "calls"))

    def stations(course: int) -> list[int | None]:
        return calls["station"].slice(first[course], size[course]).to_list()

    along: dict[int, dict[int | None, int]] = {}
    found = []
    for own, course in ways[heads].iter_rows():
        if own not in along:
            seed = stations(seeds[own])
            along[own] = {each: place for place, each in reversed(list(enumerate(seed)))}
        places = [along[own][each] for each in stations(course) if each in along[own]]
        steps = sum((b > a) - (b < a) for a, b in pairwise(places))
        found.append(0 if steps > 0 else 1 if steps < 0 else -1)
    by_stations = np.array(found, np.int64)[kinds]
    told[asked] = np.where(by_stations >= 0, by_stations, told[asked])
    return told


def station_order(courses: list[tuple[list[int], int]]) -> list[tuple[Key, int]]:
    """Stations in an order that holds for all `courses` (stations, how many trains), as far as they
    do not contradict one another, each with the number of its branch.

    A branch is a stretch of stations that stand one behind another in some train; 0 is the one with
    the first station of the longest course.
    """
    weight: dict[tuple[Key, Key], int] = defaultdict(int)
    keys: dict[Key, None] = {}
    for way, trains in sorted(courses, key=lambda each: (-len(each[0]), each[0])):
        named = occurrences(way)
        keys.update(dict.fromkeys(named))
        for before, after in pairwise(named):
            weight[before, after] += trains
    nexts = _without_circles(list(keys), weight)
    order = _topological(list(keys), nexts, weight)
    branch: dict[Key, int] = {}
    count = 0
    for place, key in enumerate(order):
        if place and key in nexts[order[place - 1]]:
            branch[key] = branch[order[place - 1]]
        else:
            branch[key] = count
            count += 1
    return [(key, branch[key]) for key in order]


def occurrences(way: list[int]) -> list[Key]:
    """The stations of a course with a count, so that a train can call twice at one."""
    seen: dict[int, int] = defaultdict(int)
    named = []
    for station in way:
        named.append((station, seen[station]))
        seen[station] += 1
    return named


def _without_circles(keys: list[Key], weight: dict[tuple[Key, Key], int]) -> dict[Key, list[Key]]:
    """What stands directly after each station. Of legs in a circle those of the fewest trains are
    left out, the others being told first.
    """
    nexts: dict[Key, list[Key]] = {key: [] for key in keys}
    if _is_acyclic(keys, weight):
        for before, after in weight:
            nexts[before].append(after)
        return nexts
    place = {key: n for n, key in enumerate(keys)}
    ordered = sorted(weight, key=lambda leg: (-weight[leg], place[leg[0]], place[leg[1]]))
    for before, after in ordered:
        if not _reaches(nexts, after, before):
            nexts[before].append(after)
    return nexts


def _is_acyclic(keys: list[Key], legs: dict[tuple[Key, Key], int]) -> bool:
    coming = dict.fromkeys(keys, 0)
    nexts: dict[Key, list[Key]] = {key: [] for key in keys}
    for before, after in legs:
        coming[after] += 1
        nexts[before].append(after)
    ready = [key for key in keys if not coming[key]]
    done = 0
    while ready:
        done += 1
        for after in nexts[ready.pop()]:
            coming[after] -= 1
            if not coming[after]:
                ready.append(after)
    return done == len(keys)


def _reaches(nexts: dict[Key, list[Key]], start: Key, goal: Key) -> bool:
    seen, open_ = {start}, [start]
    while open_:
        key = open_.pop()
        if key == goal:
            return True
        for after in nexts[key]:
            if after not in seen:
                seen.add(after)
                open_.append(after)
    return False


def _topological(
    keys: list[Key], nexts: dict[Key, list[Key]], weight: dict[tuple[Key, Key], int]
) -> list[Key]:
    """All stations, each after those that come before it. From each station the way of most trains
    is followed first; what must stand before a station, as another way to it, is put in there.
    """
    place = {key: n for n, key in enumerate(keys)}
    before: dict[Key, list[Key]] = {key: [] for key in keys}
    for key in keys:
        for after in nexts[key]:
            before[after].append(key)
    done: dict[Key, None] = {}
    todo = [key for key in reversed(keys) if not before[key]]
    while todo:
        key = todo[-1]
        missing = [each for each in before[key] if each not in done]
        if key in done or not missing:
            todo.pop()
        if key in done:
            continue
        if missing:
            todo += reversed(missing)
            continue
        done[key] = None
        onward = [each for each in nexts[key] if each not in done]
        todo += sorted(onward, key=lambda each: (weight[key, each], -place[each]))
    return list(done)
