"""Following the track from stop to stop, and saying why where it cannot be followed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gtfsgen.shapes.lines import Point, distance_m, length_m, simplify
from gtfsgen.shapes.network import COST, Detail, Network, Snap, Way

STRAIGHT_COST = 10.0
"""A hop that must be straight counts ten times its length, so that any way on rails is preferred.
"""


class Reason(StrEnum):
    """Why a leg is straight, or what is wrong with the line it follows."""

    STOP_OFF_TRACK = "stop_off_track"
    NO_ROUTE = "no_route"
    DETOUR_TOO_LONG = "detour_too_long"
    SIMPLIFIED = "simplified"
    WORLD_NETWORK = "world_network"


IN_OUTLINE = {Detail.WORLD: Reason.WORLD_NETWORK, Detail.SIMPLIFIED: Reason.SIMPLIFIED}
"""What is said of legs that follow an outline and not the track, the least true first."""


@dataclass(frozen=True)
class Limits:
    """`[shapes]` in feed.toml."""

    off_track_m: float = 100.0
    """A stop farther from the track than this is off it. GTFS validators warn above 100 m."""
    max_detour: float = 3.0
    """A way longer than this many times the straight line, and by `detour_slack_m`, is not
    believed.
    """
    detour_slack_m: float = 2000.0
    simplify_m: float = 3.0
    """Vertices that stray less than this from the line of the others are left out."""
    join_m: float = 50.0
    """Given lines that end this near to another one are joined to it."""

    def longest(self, straight_m: float) -> float:
        """The longest way that is believed between places so far apart."""
        return max(straight_m * self.max_detour, straight_m + self.detour_slack_m)


@dataclass(frozen=True)
class Stop:
    """A stop of a pattern, or a via point (`stop_id` is empty)."""

    stop_id: str
    point: Point


@dataclass(frozen=True)
class Leg:
    """The line from a stop to the next. `off_track` names the stops that no track was found at;
    `via_points` counts the places that a leg without a known way is led through.
    """

    from_stop: Stop
    to_stop: Stop
    points: tuple[Point, ...]
    distance_m: float
    reason: Reason | None
    off_track: tuple[str, ...] = ()
    via_points: int = 0


@dataclass(frozen=True)
class _Hop:
    way: Way
    on_track: bool


def legs(
    stops: Sequence[Stop],
    network: Network,
    vias: Mapping[tuple[str, str], Sequence[Point]],
    limits: Limits,
) -> list[Leg]:
    """The legs of one pattern of stops (two or more), each ending where the next begins.

    Which of several tracks near a stop is meant is decided for the whole pattern at once: the
    choice with the shortest way in all, so that a train arrives and leaves on the same track.
    """
    marks = _with_vias(stops, vias)
    candidates = [
        network.snaps(mark.point, limits.off_track_m) or [Snap(mark.point, 0.0, None)]
        for mark in marks
    ]
    hops = _shortest(candidates, network, limits)
    found: list[Leg] = []
    start = 0
    for index in range(1, len(marks)):
        if marks[index].stop_id:
            ends = marks[start], marks[index]
            snapped = candidates[start], candidates[index]
            missing = tuple(
                mark.stop_id for mark, c in zip(ends, snapped, strict=True) if c[0].key is None
            )
            found.append(_leg(ends, hops[start:index], missing, limits))
            start = index
    return found


def _with_vias(
    stops: Sequence[Stop], vias: Mapping[tuple[str, str], Sequence[Point]]
) -> list[Stop]:
    marks = [stops[0]]
    for before, stop in itertools.pairwise(stops):
        marks += [Stop("", point) for point in vias.get((before.stop_id, stop.stop_id), ())]
        marks.append(stop)
    return marks


def _shortest(candidates: list[list[Snap]], network: Network, limits: Limits) -> list[_Hop]:
    """One hop between each mark and the next, by dynamic programming over the candidates."""
    costs = [snap.offset_m for snap in candidates[0]]
    steps: list[list[tuple[int, _Hop]]] = []
    for before, here in itertools.pairwise(candidates):
        layer, here_costs = [], []
        for snap in here:
            options = []
            for index, earlier in enumerate(before):
                hop = _hop(earlier, snap, network, limits)
                weight = COST[hop.way.detail] if hop.on_track else STRAIGHT_COST
                options.append((costs[index] + hop.way.distance_m * weight, index, hop))
            cost, index, hop = min(options, key=lambda option: option[:2])
            here_costs.append(cost + snap.offset_m)
            layer.append((index, hop))
        costs = here_costs
        steps.append(layer)
    chosen = costs.index(min(costs))
    hops = []
    for layer in reversed(steps):
        chosen, hop = layer[chosen]
        hops.append(hop)
    return hops[::-1]


def _hop(start: Snap, end: Snap, network: Network, limits: Limits) -> _Hop:
    way = None
    if start.key is not None and end.key is not None:
        # A little more than what is believed, so that a way too long is told as that.
        limit = 1.5 * limits.longest(distance_m(start.point, end.point))
        way = network.way(start, end, limit)
    if way is not None:
        return _Hop(way, True)
    points = (start.point, end.point)
    return _Hop(Way(points, length_m(points)), False)


def _leg(
    ends: tuple[Stop, Stop], hops: Sequence[_Hop], missing: tuple[str, ...], limits: Limits
) -> Leg:
    points = [hops[0].way.points[0]]
    for hop in hops:
        points += hop.way.points[1:]
    reason: Reason | None = None
    straight = distance_m(points[0], points[-1])
    length = length_m(points)
    if missing:
        reason = Reason.STOP_OFF_TRACK
    elif any(not hop.on_track or hop.way.detail is Detail.SKETCH for hop in hops):
        reason = Reason.NO_ROUTE
    elif len(hops) == 1 and length > limits.longest(straight):
        reason = Reason.DETOUR_TOO_LONG
        points = [points[0], points[-1]]
    else:
        details = {hop.way.detail for hop in hops}
        reason = next((said for detail, said in IN_OUTLINE.items() if detail in details), None)
    if limits.simplify_m > 0 and len(points) > 2:
        points = simplify(points, limits.simplify_m)
    return Leg(
        *ends,
        tuple(points),
        length_m(points),
        reason,
        missing,
        max(0, len(points) - 2) if reason and reason not in IN_OUTLINE.values() else 0,
    )


def rounded(point: Point) -> Point:
    """To the seventh decimal, a centimetre: what is written is what is measured."""
    return round(point[0], 7), round(point[1], 7)


def is_place(latitude: float, longitude: float) -> bool:
    return all(map(math.isfinite, (latitude, longitude))) and (latitude, longitude) != (0.0, 0.0)
