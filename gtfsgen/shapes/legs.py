"""Following the track from stop to stop, and saying why where it cannot be followed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gtfsgen.shapes.geodesy import Point, distance_m, length_m, simplified
from gtfsgen.shapes.network import Network, Snap, Way

STRAIGHT_COST = 10.0
"""A hop that must be straight counts ten times its length, so that any way on rails is preferred.
"""


class Reason(StrEnum):
    """Why a leg is straight."""

    STOP_OFF_TRACK = "stop_off_track"
    NO_ROUTE = "no_route"
    DETOUR_TOO_LONG = "detour_too_long"


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


@dataclass(frozen=True)
class Stop:
    """A stop of a pattern, or a via point (`stop_id` is empty)."""

    stop_id: str
    point: Point


@dataclass(frozen=True)
class Leg:
    """The line from a stop to the next. `off_track` names the stops that no track was found at."""

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
    hops = _shortest(candidates, network)
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


def _shortest(candidates: list[list[Snap]], network: Network) -> list[_Hop]:
    """One hop between each mark and the next, by dynamic programming over the candidates."""
    costs = [snap.offset_m for snap in candidates[0]]
    steps: list[list[tuple[int, _Hop]]] = []
    for before, here in itertools.pairwise(candidates):
        layer, here_costs = [], []
        for snap in here:
            options = []
            for index, earlier in enumerate(before):
                hop = _hop(earlier, snap, network)
                weight = 1.0 if hop.on_track else STRAIGHT_COST
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


def _hop(start: Snap, end: Snap, network: Network) -> _Hop:
    way = None if start.key is None or end.key is None else network.way(start, end)
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
    elif any(not hop.on_track or hop.way.sketch for hop in hops):
        reason = Reason.NO_ROUTE
    elif len(hops) == 1 and length > max(
        straight * limits.max_detour, straight + limits.detour_slack_m
    ):
        reason = Reason.DETOUR_TOO_LONG
        points = [points[0], points[-1]]
    if limits.simplify_m > 0 and len(points) > 2:
        points = simplified(points, limits.simplify_m)
    return Leg(
        *ends,
        tuple(points),
        length_m(points),
        reason,
        missing,
        max(0, len(points) - 2) if reason else 0,
    )


def rounded(point: Point) -> Point:
    """To the seventh decimal, a centimetre: what is written is what is measured."""
    return round(point[0], 7), round(point[1], 7)


def is_place(latitude: float, longitude: float) -> bool:
    return all(map(math.isfinite, (latitude, longitude))) and (latitude, longitude) != (0.0, 0.0)
