"""A trip that is cut into parts in which riders stay aboard is the trip uncut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from gtfsgen.diff.runs import DAY, NO_TIME, TIMES, Item, Runs

MAX_PARTS = 12
STAY_ABOARD = "4"
APART = ("shape_dist_traveled", "timepoint")
"""At the seam of two parts these may differ."""


def take_joined(
    whole: Runs, wholes: list[Item], parts: Runs, pieces: list[Item], attributes: tuple[str, ...]
) -> Iterable[tuple[int, int]]:
    """Take off days on which a trip of `wholes` is run by linked `pieces` of the other feed.

    Yields (trip, first part) for each.
    """
    links = _links(parts, {item.trip for item in pieces})
    if not links or not wholes:
        return
    by_trip = {item.trip: item for item in pieces}
    same = whole.fingerprint(*attributes), parts.fingerprint(*attributes)
    starts: dict[tuple[int, int], list[Item]] = defaultdict(list)
    for item in pieces:
        if item.trip in links:
            starts[int(same[1][item.trip]), item.start].append(item)
    for item in wholes:
        for first in starts.get((int(same[0][item.trip]), item.start), ()):
            for chain in _chains(first.trip, links):
                items = [by_trip[trip] for trip in chain if trip in by_trip]
                if len(items) != len(chain) or any(same[1][t] != same[1][chain[0]] for t in chain):
                    continue
                days = _days(whole, item, parts, items)
                if not days:
                    continue
                for part, shift in zip(items, _shifts(parts, chain), strict=True):
                    part.left &= ~(days << shift)
                item.left &= ~days
                yield item.trip, first.trip


def _links(runs: Runs, wanted: set[int]) -> dict[int, list[int]]:
    """Trip -> those in which its riders may stay aboard, by transfers of type 4 or one block."""
    numbers = {name: n for n, name in enumerate(runs.ids)}
    found: dict[int, list[int]] = defaultdict(list)
    columns = ("from_trip_id", "to_trip_id", "transfer_type")
    for before, after, kind in runs.side.frame("transfers", *columns).iter_rows():
        if kind == STAY_ABOARD and before in numbers and after in numbers:
            found[numbers[before]].append(numbers[after])
    blocks: dict[str, list[int]] = defaultdict(list)
    names = runs.column("block_id")
    for trip in sorted(wanted):
        if names[trip] is not None:
            blocks[names[trip]].append(trip)
    for trips in blocks.values():
        ends: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for trip in trips:
            calls = runs.calls_of(trip)
            if calls:
                ends[runs.place_key(calls[0])].append(trip)
        for trip in trips:
            calls = runs.calls_of(trip)
            if calls:
                after = [t for t in ends.get(runs.place_key(calls[-1]), ()) if t != trip]
                found[trip] += after[:MAX_PARTS]
    return dict(found)


def _chains(first: int, links: dict[int, list[int]]) -> Iterable[list[int]]:
    waiting = [[first]]
    seen = 0
    while waiting and seen < 200:
        chain = waiting.pop()
        seen += 1
        for trip in links.get(chain[-1], ()):
            if trip not in chain and len(chain) < MAX_PARTS:
                longer = [*chain, trip]
                yield longer
                waiting.append(longer)


def _shifts(runs: Runs, chain: list[int]) -> list[int]:
    """How many days after the first part each of the others starts."""
    shifts = [0]
    last = _last_time(runs, chain[0])
    for trip in chain[1:]:
        start = int(runs.start[trip])
        shift = max(shifts[-1], -(-(last - start) // DAY)) if start > NO_TIME else shifts[-1]
        shifts.append(shift)
        last = _last_time(runs, trip) + shift * DAY
    return shifts


def _last_time(runs: Runs, trip: int) -> int:
    return max(int(runs.seconds[name][runs.calls_of(trip)].max()) for name in TIMES)


def _days(whole: Runs, item: Item, parts: Runs, items: list[Item]) -> int:
    """The days (bits) on which the parts run as the whole does; 0 where they do not."""
    chain = [part.trip for part in items]
    if sum(len(parts.calls_of(trip)) for trip in chain) - len(chain) + 1 != len(
        whole.calls_of(item.trip)
    ):
        return 0
    shifts = _shifts(parts, chain)
    days = item.left
    for part, shift in zip(items, shifts, strict=True):
        days &= part.left >> shift
    if not days:
        return 0
    calls = whole.calls_of(item.trip)
    at = 0
    for place, (trip, shift) in enumerate(zip(chain, shifts, strict=True)):
        theirs = parts.calls_of(trip)
        for n, call in enumerate(theirs):
            begins = n == 0 and place > 0
            ends = n == len(theirs) - 1 and place < len(chain) - 1
            if not _equal(whole, calls[at], parts, call, shift, begins, ends):
                return 0
            at += 0 if ends else 1
    return days


def _equal(whole: Runs, a: int, parts: Runs, b: int, shift: int, begins: bool, ends: bool) -> bool:
    """Whether a call of a part is that of the whole; at a seam only the half that counts."""
    if whole.place_key(a) != parts.place_key(b):
        return False
    left_out = {"arrival_time", "drop_off_type", "drop_off_booking_rule_id"} if begins else set()
    if ends:
        left_out |= {"departure_time", "pickup_type", "pickup_booking_rule_id", "stop_headsign"}
    for name in TIMES:
        if name in left_out:
            continue
        was, now = int(whole.seconds[name][a]), int(parts.seconds[name][b])
        if (now + shift * DAY if now > NO_TIME else now) != was:
            return False
    for name in {*whole.codes, *parts.codes} - {*TIMES, *APART} - left_out:
        if name in whole.call_keys or name in parts.call_keys:
            continue
        if whole.cell(name, a) != parts.cell(name, b):
            return False
    return True
