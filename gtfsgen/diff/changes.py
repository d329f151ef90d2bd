"""What riders would notice between two feeds: trains, times, days, stops, links, stations.

Two feeds are compared as timetables, not as files: trips that were renamed, split over other
services or given other ids are no change if the same trains call at the same times on the same
days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.render.markup import clock
from gtfsgen.render.service import day_text, days_text, span_text
from gtfsgen.render.trains import DAY_MINUTES, Call, Column, Service, occurrences, service_of
from gtfsgen.shapes.lines import distance_m

MOVED_M = 100.0
"""A station moved by less is where it was."""
MAX_DAYS_NAMED = 6


@dataclass(frozen=True)
class Change:
    """`kind`: period, station, train, link, days, times or stops; `what`: the train or station."""

    kind: str
    what: str
    said: str


def changes(old: Mapping[str, pl.DataFrame], new: Mapping[str, pl.DataFrame]) -> list[Change]:
    """All changes from one feed's tables to another's; days are compared where both have some."""
    before, after = service_of(old), service_of(new)
    found = [*_period(before, after), *_stations(before, after)]
    shared = _shared_days(before, after)
    olds, news = _by_label(before), _by_label(after)
    for label in sorted({*olds, *news}):
        found += _trains(label, olds.get(label, []), news.get(label, []), shared, before, after)
    return found


def _period(before: Service, after: Service) -> list[Change]:
    if before.period == after.period:
        return []
    said = " → ".join(span_text(*s.period) if s.period else "no days" for s in (before, after))
    return [Change("period", "feed", said)]


def _shared_days(before: Service, after: Service) -> tuple[date, date] | None:
    if not before.period or not after.period:
        return None
    first = max(before.period[0], after.period[0])
    last = min(before.period[1], after.period[1])
    return (first, last) if first <= last else None


def _stations(before: Service, after: Service) -> Iterable[Change]:
    old = {station.station_id: station for station in before.shown_stations}
    new = {station.station_id: station for station in after.shown_stations}
    for key in sorted(old.keys() & new.keys()):
        a, b = old[key], new[key]
        if a.name != b.name:
            yield Change("station", b.name, f"was called {a.name}")
        if a.zone != b.zone:
            yield Change("station", b.name, f"time zone {a.zone} → {b.zone}")
        if a.point and b.point and (moved := distance_m(a.point, b.point)) > MOVED_M:
            yield Change("station", b.name, f"moved by {moved:,.0f} m")
    for key in sorted(old.keys() - new.keys()):
        yield Change("station", old[key].name, "is no longer served")
    for key in sorted(new.keys() - old.keys()):
        yield Change("station", new[key].name, "is newly served")


def _by_label(service: Service) -> dict[tuple[str, bool], list[Column]]:
    found: dict[tuple[str, bool], list[Column]] = defaultdict(list)
    for line in service.lines:
        for column in line.columns:
            found[column.label, column.through].append(column)
    return found


def _trains(
    label: tuple[str, bool],
    olds: list[Column],
    news: list[Column],
    shared: tuple[date, date] | None,
    before: Service,
    after: Service,
) -> list[Change]:
    """Pair the columns of one number, likest first; what finds no partner came or went."""
    name = f"through coaches {label[0]}" if label[1] else label[0]
    pairs = sorted(
        ((-_likeness(a, b), i, j) for i, a in enumerate(olds) for j, b in enumerate(news)),
    )
    left, right = dict(enumerate(olds)), dict(enumerate(news))
    found: list[Change] = []
    for _, i, j in pairs:
        if i in left and j in right:
            found += _differences(name, left.pop(i), right.pop(j), shared, before, after)
    kind = "link" if label[1] else "train"
    for column, service, verb in (
        *((column, before, "no longer runs") for column in left.values()),
        *((column, after, "is new") for column in right.values()),
    ):
        words = days_text(column.dates, service.period)
        found.append(Change(kind, name, f"{verb}: {_ends(column, service)}, {words}"))
    return found


def _likeness(a: Column, b: Column) -> float:
    """Calls at the same times count most, then common stations, then common days."""
    old, new = _times(a), _times(b)
    same = sum(old[key][:2] == new[key][:2] for key in old.keys() & new.keys())
    days = len(a.dates & b.dates) / max(1, len(a.dates | b.dates))
    return 4 * same + len(old.keys() & new.keys()) + days


def _times(column: Column) -> dict[tuple[str, int], tuple[int | None, int | None, Call]]:
    return {
        key: (call.arrival, call.departure, call)
        for key, call in zip(occurrences(column), column.calls, strict=True)
    }


def _ends(column: Column, service: Service) -> str:
    first, last = column.calls[0], column.calls[-1]
    names = [service.stations[call.station_id].name for call in (first, last)]
    return f"{names[0]} {_moment(first.departure)} – {names[1]} {_moment(last.arrival)}"


def _moment(minutes: int | None) -> str:
    if minutes is None:
        return "?"
    days = minutes // DAY_MINUTES
    return clock(minutes) + (f" {days:+d}" if days else "")


def _differences(
    name: str,
    a: Column,
    b: Column,
    shared: tuple[date, date] | None,
    before: Service,
    after: Service,
) -> Iterable[Change]:
    window = Dates.between(*shared) if shared else Dates()
    lost, gained = (a.dates - b.dates) & window, (b.dates - a.dates) & window
    if lost or gained:
        words = f"{days_text(a.dates & window, shared)} → {days_text(b.dates & window, shared)}"
        parts = [f"{sign}{_days(days)}" for sign, days in (("−", lost), ("+", gained)) if days]
        yield Change("days", name, f"{words} ({'; '.join(parts)})")
    old, new = _times(a), _times(b)
    for key in [key for key in old if key not in new]:
        yield Change("stops", name, f"no longer calls at {before.stations[key[0]].name}")
    for key in [key for key in new if key not in old]:
        at = _moment(new[key][1] if new[key][1] is not None else new[key][0])
        yield Change("stops", name, f"newly calls at {after.stations[key[0]].name}, {at}")
    for key in [key for key in old if key in new]:
        station = after.stations[key[0]].name
        for word, was, now in zip(("arr", "dep"), old[key][:2], new[key][:2], strict=True):
            if was != now:
                yield Change("times", name, f"{station} {word} {_moment(was)} → {_moment(now)}")
        was_call, now_call = old[key][2], new[key][2]
        for word, was_so, is_so in (
            ("boarding", was_call.boards, now_call.boards),
            ("alighting", was_call.alights, now_call.alights),
        ):
            if was_so != is_so:
                verb = "now allowed" if is_so else "no longer allowed"
                yield Change("stops", name, f"{station}: {word} {verb}")


def _days(days: Dates) -> str:
    if len(days) <= MAX_DAYS_NAMED:
        return ", ".join(map(day_text, days))
    return f"{len(days)} days, {span_text(days.first, days.last)}"
