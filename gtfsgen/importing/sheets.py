"""Trips as timetable grids by the agency's clock: a file for each route, way and set of days."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.importing.calls import Trips
from gtfsgen.importing.layout import Key, in_good_order, merged
from gtfsgen.source.cells import clock
from gtfsgen.source.heads import HEADER_WORDS
from gtfsgen.source.times import DITTO
from gtfsgen.source.words import folded

MOST_COLUMNS = 400
"""Trains in one file; spreadsheets have trouble with many more."""
MOST_DAY_SETS = 8
"""A route and way with more sets of days than this has them all in one file."""
MOST_SEARCHED = 60
"""Sheets of one group that a pattern of stops is tried in."""


@dataclass
class Sheet:
    """A timetable file."""

    order: list[Key] = field(default_factory=list)
    trips: list[int] = field(default_factory=list)
    """Numbers of trips, a column each."""
    name: str = ""


@dataclass
class Way:
    """The calls of one trip."""

    keys: tuple[Key, ...]
    arrivals: Sequence[int | None]
    departures: Sequence[int | None]
    marks: Sequence[str]


def ways_of(trips: Trips) -> list[Way]:
    """The calls of each trip by its number."""
    if not trips.calls.height:
        return []
    known: dict[tuple[str, ...], tuple[Key, ...]] = {}
    found = []
    grouped = trips.calls.group_by("n", maintain_order=True).agg(
        "stop_id", "arrival", "departure", "mark"
    )
    for _, stops, arrivals, departures, marks in grouped.iter_rows():
        pattern = tuple(stops)
        if pattern not in known:
            known[pattern] = keys_of(pattern)
        found.append(Way(known[pattern], arrivals, departures, marks))
    return found


def keys_of(stops: Iterable[str]) -> tuple[Key, ...]:
    seen: Counter[str] = Counter()
    keys = []
    for stop in stops:
        keys.append((stop, seen[stop]))
        seen[stop] += 1
    return tuple(keys)


def sheets_of(trips: Trips, ways: list[Way], title: Callable[[Sheet], str]) -> list[Sheet]:
    """The trips in sheets: those of a route, a way and the same days, whose stops agree."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    way = trips.trips["direction_id"].to_list() if "direction_id" in trips.trips.columns else None
    days: dict[tuple[str, str], set[Dates]] = defaultdict(set)
    rows = list(trips.trips.select("n", "route_id", "service_id").iter_rows())
    for n, route, service in rows:
        days[route, way[n] if way else ""].add(trips.dates[service])
    for n, route, service in rows:
        key = (route, way[n] if way else "")
        dates = trips.dates[service] if len(days[key]) <= MOST_DAY_SETS else None
        groups[(*key, dates)].append(n)
    sheets: list[Sheet] = []
    for members in groups.values():
        sheets += _sheets(members, ways)
    taken: Counter[str] = Counter()
    for sheet in sheets:
        name = re.sub(r"[^\w]+", "-", title(sheet).lower()).strip("-_")[:60] or "timetable"
        taken[name] += 1
        sheet.name = name if taken[name] == 1 else f"{name}-{taken[name]}"
    return sheets


def _sheets(members: list[int], ways: list[Way]) -> list[Sheet]:
    by_pattern: dict[tuple[Key, ...], list[int]] = defaultdict(list)
    for n in members:
        by_pattern[ways[n].keys].append(n)
    own: list[Sheet] = []
    for pattern in in_good_order(by_pattern):
        numbers = by_pattern[pattern]
        home = None
        for sheet in own[-MOST_SEARCHED:]:
            order = merged(sheet.order, pattern)
            if order is not None:
                sheet.order, home = order, sheet
                break
        if home is None:
            home = Sheet(list(pattern))
            own.append(home)
        home.trips += numbers
    found = []
    for sheet in own:
        rank = {key: number for number, key in enumerate(sheet.order)}
        sheet.trips.sort(key=lambda n: (_sooner(ways[n]), rank[ways[n].keys[0]], n))
        for start in range(0, len(sheet.trips), MOST_COLUMNS):
            part = sheet.trips[start : start + MOST_COLUMNS]
            used = {key for n in part for key in ways[n].keys}
            found.append(Sheet([key for key in sheet.order if key in used], part))
    return [sheet for each in found for sheet in _apart(each, ways)]


def _sooner(way: Way) -> int:
    first = way.departures[0]
    return 0 if first is None else first


def _apart(sheet: Sheet, ways: list[Way]) -> list[Sheet]:
    """The sheet; two if leaving rows out has brought two rows of one stop side by side."""
    if all(a[0] != b[0] for a, b in zip(sheet.order, sheet.order[1:], strict=False)):
        return [sheet]
    by_pattern: dict[tuple[Key, ...], list[int]] = defaultdict(list)
    for n in sheet.trips:
        by_pattern[ways[n].keys].append(n)
    return [Sheet(list(pattern), numbers) for pattern, numbers in by_pattern.items()]


HEADS = ("trip", "number", "days", "headsign", "direction", "wheelchair", "bikes", "block")


def rows_of(
    sheet: Sheet, ways: list[Way], heads: Mapping[str, Sequence[str]], labels: Mapping[str, str]
) -> list[list[str]]:
    """The cells of a sheet; `heads` are what the upper rows say of each trip by its number."""
    columns = len(sheet.trips)
    rows = [["train", "", *(heads["train"][n] for n in sheet.trips)]]
    for name in heads:
        if name == "train":
            continue
        cells = [heads[name][n] for n in sheet.trips]
        if name in ("number", "days") or any(cells):
            rows.append([name, "", *cells])
    at: dict[Key, list[list[str]]] = {}
    two: set[Key] = set()
    for n in sheet.trips:
        way = ways[n]
        two.update(
            key for key, a, d in zip(way.keys, way.arrivals, way.departures, strict=True) if a != d
        )
    for key in sheet.order:
        at[key] = [[""] * columns for _ in range(2 if key in two else 1)]
    for index, n in enumerate(sheet.trips):
        way = ways[n]
        for key, a, d, mark in zip(way.keys, way.arrivals, way.departures, way.marks, strict=True):
            lines = at[key]
            lines[0][index] = cell(a, mark)
            if len(lines) == 2:
                lines[1][index] = cell(d, mark)
    for key in sheet.order:
        kinds = ("arr", "dep") if len(at[key]) == 2 else ("",)
        rows += [[labels[key[0]], kind, *line] for kind, line in zip(kinds, at[key], strict=True)]
    return rows


def cell(moment: int | None, mark: str) -> str:
    """`~x ^07:35`; hours go past 24."""
    if moment is None:
        return mark.replace("()", "").replace("~", "") + "?"
    text = clock(moment)
    if mark.endswith("()"):
        return f"{mark[:-2]}({text})"
    return mark + text


def is_label(text: str) -> bool:
    """Whether a row of a grid may begin with it as a station's name."""
    word = folded(text)
    plain = word.rstrip(" :.▸►▶→▼")
    return not (
        not word
        or word in HEADER_WORDS
        or plain in HEADER_WORDS
        or text in DITTO
        or word in DITTO
        or text.lower().startswith(("#", "x_"))
        or not text.isprintable()
        or text != text.strip()
    )


def labels_of(stops: Mapping[str, str]) -> dict[str, str]:
    """Stop -> what grids call it: its name if it is the only one, else name and id, or the id.

    Stops that cannot be called anything are left out.
    """
    counts: Counter[str] = Counter()
    for key, name in stops.items():
        counts.update({folded(name), folded(key), folded(f"{name} ({key})")})
    found = {}
    for key, name in stops.items():
        alias = f"{name} ({key})"
        choices = [name] if name not in stops or name == key else []
        choices += [] if set(alias) & set(";|") or alias in stops else [alias]
        choices.append(key)
        label = next((c for c in choices if counts[folded(c)] == 1 and is_label(c)), "")
        if not label and is_label(key):
            label = key  # an id wins over the names of others
        if label:
            found[key] = label
    return found


def columns_frame(names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [row.get(name, "") for row in rows] for name in names},
        schema=dict.fromkeys(names, pl.String),
    )
