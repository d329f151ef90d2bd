"""Stations in the order in which trains call at them, branches as branches."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key")


def order_stations(runs: Iterable[tuple[Sequence[Key], int]]) -> list[Key]:
    """One order for all runs, each a sequence of stations and how many trains take it.

    The runs are taken as a graph. A station stands after all that any run has before it; of those
    that may come next, one that follows the station just written comes first, so that a branch
    stays in one piece. Where runs contradict each other, the station that the fewest trains
    forbid goes next.
    """
    first_seen: dict[Key, int] = {}
    after: dict[Key, dict[Key, int]] = defaultdict(dict)
    before: dict[Key, dict[Key, int]] = defaultdict(dict)
    for keys, weight in sorted(runs, key=lambda run: (-len(run[0]), -run[1])):
        for key in keys:
            first_seen.setdefault(key, len(first_seen))
        for a, b in itertools.pairwise(keys):
            if a != b:
                after[a][b] = after[a].get(b, 0) + weight
                before[b][a] = before[b].get(a, 0) + weight
    waiting = {key: set(before[key]) for key in first_seen}
    free = {key for key, origins in waiting.items() if not origins}
    ordered: list[Key] = []
    while waiting:
        if not free:
            free.add(_least_forbidden(waiting, before, first_seen))
        key = _next(free, ordered, after, first_seen)
        free.discard(key)
        del waiting[key]
        ordered.append(key)
        for follower in after[key]:
            origins = waiting.get(follower)
            if origins is not None:
                origins.discard(key)
                if not origins:
                    free.add(follower)
    return ordered


def _next(
    free: set[Key],
    ordered: list[Key],
    after: Mapping[Key, Mapping[Key, int]],
    first_seen: Mapping[Key, int],
) -> Key:
    """The free station that follows the latest written one; else the first that was seen."""
    for last in reversed(ordered[-200:]):
        followers = free.intersection(after[last])
        if followers:
            return max(followers, key=lambda key: (after[last][key], -first_seen[key]))
    return min(free, key=first_seen.__getitem__)


def _least_forbidden(
    waiting: Mapping[Key, set[Key]],
    before: Mapping[Key, Mapping[Key, int]],
    first_seen: Mapping[Key, int],
) -> Key:
    return min(
        waiting,
        key=lambda key: (sum(before[key][o] for o in waiting[key]), first_seen[key]),
    )
