"""How the calls of one train differ between two feeds, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from gtfsgen.diff import words
from gtfsgen.diff.fields import Level, level_of, space_of
from gtfsgen.diff.names import FeedNames
from gtfsgen.diff.runs import NO_TIME, PLACES, TIMES, Runs
from gtfsgen.schema import TABLES

MAX_RUNS = 4


@dataclass(frozen=True)
class Facet:
    """One thing that changed about a train; equal facets of several trains are told together."""

    kind: str
    level: Level
    text: str
    old: str = ""
    new: str = ""


def call_facets(old: FeedNames, new: FeedNames, a: int, b: int) -> list[Facet]:
    """What differs between the calls of the trips `a` and `b`."""
    ours, theirs = old.runs.calls_of(a), new.runs.calls_of(b)
    left = [old.runs.place_key(call) for call in ours]
    right = [new.runs.place_key(call) for call in theirs]
    met, moved, gone, come = _aligned(left, right)
    found = []
    pairs = sorted([(ours[i], theirs[j]) for i, j in (*met, *moved)])
    if gone:
        names = words.listed([old.call(ours[i]) for i in gone])
        found.append(Facet("stops", Level.RIDER, f"no longer calls at {names}", old=names))
    if come:
        names = words.listed([f"{new.call(theirs[j])}{_at(new.runs, theirs[j])}" for j in come])
        found.append(Facet("stops", Level.RIDER, f"newly calls at {names}", new=names))
    found += _moves(old, new, [(ours[i], theirs[j]) for i, j in moved])
    found += _shifts(old, new, pairs)
    found += _marks(old, new, pairs)
    return found


def _at(runs: Runs, call: int) -> str:
    times = [int(runs.seconds[name][call]) for name in ("departure_time", "arrival_time")]
    known = [time for time in times if time > NO_TIME]
    return f" ({words.clock(known[0])})" if known else ""


Places = list[tuple[int, ...]]


def _aligned(
    left: Places, right: Places
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], list[int], list[int]]:
    """Positions that are the same call, those where another stop stands instead, and those that
    are only on the left or only on the right. The mirror image of right against left."""
    if left == right:
        return [(i, i) for i in range(len(left))], [], [], []
    flipped = right < left
    first, second = (right, left) if flipped else (left, right)
    met: list[tuple[int, int]] = []
    moved: list[tuple[int, int]] = []
    only_first: list[int] = []
    only_second: list[int] = []
    for kind, i, to_i, j, to_j in SequenceMatcher(
        None, first, second, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            met += list(zip(range(i, to_i), range(j, to_j), strict=True))
            continue
        both = to_i - i if to_i - i == to_j - j else 0
        moved += [(i + n, j + n) for n in range(both)]
        only_first += range(i + both, to_i)
        only_second += range(j + both, to_j)
    if flipped:
        return [(j, i) for i, j in met], [(j, i) for i, j in moved], only_second, only_first
    return met, moved, only_first, only_second


def _moves(old: FeedNames, new: FeedNames, moved: list[tuple[int, int]]) -> Iterable[Facet]:
    for a, b in moved:
        was, now = old.call(a), new.call(b)
        stops = old.runs.cell("stop_id", a), new.runs.cell("stop_id", b)
        if was == now and None not in stops:
            at, to = old.platforms.get(stops[0] or "", "?"), new.platforms.get(stops[1] or "", "?")
            yield Facet("stops", Level.RIDER, f"{now}: platform {at} → {to}", at, to)
        else:
            yield Facet("stops", Level.RIDER, f"calls at {now} instead of {was}", was, now)


def _shifts(old: FeedNames, new: FeedNames, pairs: list[tuple[int, int]]) -> Iterable[Facet]:
    """One facet for all times: runs of calls that moved by the same."""
    events: list[tuple[int, str, int, int]] = []  # place in `pairs`, arr or dep, old, new
    odd: dict[str, list[str]] = defaultdict(list)
    for place, (a, b) in enumerate(pairs):
        for name, word in zip(TIMES, ("arr", "dep"), strict=True):
            was, now = int(old.runs.seconds[name][a]), int(new.runs.seconds[name][b])
            if was > NO_TIME and now > NO_TIME:
                events.append((place, word, was, now))
            elif was != now:
                texts = [
                    words.clock(time) if time > NO_TIME else (runs.cell(name, call) or "no time")
                    for time, runs, call in ((was, old.runs, a), (now, new.runs, b))
                ]
                odd[f"{word} {texts[0]} → {texts[1]}"].append(new.call(b))
    told = []
    at = 0
    shown: list[tuple[int, int]] = []
    while at < len(events):
        delta = events[at][3] - events[at][2]
        end = at
        while end + 1 < len(events) and events[end + 1][3] - events[end + 1][2] == delta:
            end += 1
        if delta:
            told.append(f"{words.shift(delta)}{_stretch(new, pairs, events, at, end)}")
            shown.append((events[at][2], events[at][3]))
        at = end + 1
    if told:
        text = words.listed(told, MAX_RUNS)
        yield Facet("times", Level.RIDER, text)
    for text, calls in odd.items():
        yield Facet("times", Level.RIDER, f"{words.listed(calls)}: {text}")


def _stretch(
    names: FeedNames,
    pairs: list[tuple[int, int]],
    events: list[tuple[int, str, int, int]],
    at: int,
    end: int,
) -> str:
    """Where events `at` to `end` are: nowhere in particular, from, until, at or between calls."""
    first, last = events[at], events[end]
    where = [names.call(pairs[event[0]][1]) for event in (first, last)]
    if at == 0 and end == len(events) - 1:
        return ""
    if at == end:
        return f" ({where[0]} {first[1]})"
    if first[0] == last[0]:
        return f" (at {where[0]})"
    if end == len(events) - 1:
        return f" from {where[0]} on"
    if at == 0:
        return f" until {where[1]}"
    return f" from {where[0]} to {where[1]}"


KINDS = {
    "pickup_type": "boarding",
    "drop_off_type": "boarding",
    "continuous_pickup": "boarding",
    "continuous_drop_off": "boarding",
    "stop_headsign": "headsign",
    "start_pickup_drop_off_window": "times",
    "end_pickup_drop_off_window": "times",
    "pickup_booking_rule_id": "booking",
    "drop_off_booking_rule_id": "booking",
    "timepoint": "times",
    "shape_dist_traveled": "shape",
}
WORDS = {
    "pickup_type": "boarding",
    "drop_off_type": "alighting",
    "continuous_pickup": "boarding between stops",
    "continuous_drop_off": "alighting between stops",
    "stop_headsign": "headsign at the stop",
    "start_pickup_drop_off_window": "window opens",
    "end_pickup_drop_off_window": "window closes",
    "pickup_booking_rule_id": "booking for boarding",
    "drop_off_booking_rule_id": "booking for alighting",
    "timepoint": "times",
    "shape_dist_traveled": "distance along the shape",
}


def _marks(old: FeedNames, new: FeedNames, pairs: list[tuple[int, int]]) -> Iterable[Facet]:
    columns = sorted({*old.runs.codes, *new.runs.codes} - {*TIMES, *PLACES})
    for name in columns:
        changed: dict[tuple[str | None, str | None], list[str]] = defaultdict(list)
        keyed = space_of("stop_times", name) is not None
        for a, b in pairs:
            was, now = old.runs.cell(name, a), new.runs.cell(name, b)
            if keyed:
                keys = [
                    int(runs.call_keys[name][call]) if name in runs.call_keys else -1
                    for runs, call in ((old.runs, a), (new.runs, b))
                ]
                if keys[0] == keys[1]:
                    continue
            elif was == now:
                continue
            changed[was, now].append(new.call(b))
        level = level_of("stop_times", name)
        if level is None or not changed:
            continue
        if name == "shape_dist_traveled":
            number = sum(map(len, changed.values()))
            where = (
                f" at {next(iter(changed.values()))[0]}" if number == 1 else f" at {number} calls"
            )
            was, now = next(iter(changed))
            text = (
                f"{WORDS[name]} {words.quoted(was)} → {words.quoted(now)}"
                if number == 1
                else f"{WORDS[name]} differ"
            )
            yield Facet("shape", level, text + where, was or "", now or "")
            continue
        for (was, now), calls in changed.items():
            said = [choice("stop_times", name, value) for value in (was, now)]
            where = "" if len(calls) == len(pairs) > 1 else f" at {words.listed(calls)}"
            text = f"{WORDS.get(name, name)} {said[0]} → {said[1]}{where}"
            yield Facet(
                KINDS.get(name, "data"),
                level if not blank_only(was, now) else Level.DATA,
                text,
                said[0],
                said[1],
            )


def blank_only(a: str | None, b: str | None) -> bool:
    """The two texts differ in blanks only."""
    return a is not None and b is not None and a.split() == b.split()


def choice(table: str, name: str, value: str | None) -> str:
    """A value in words: the name of a choice, or the text itself."""
    if value is None:
        return "none"
    field = TABLES[table].fields.get(name) if table in TABLES else None
    if field is not None and field.choices and value.lstrip("-").isdigit():
        number = int(value)
        if number in field.choices:
            return field.names[field.choices.index(number)].lower().replace("_", " ")
    return value
