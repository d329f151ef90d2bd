"""Where the stops of a trip lie on its shape, and what is wrong if they do not fit.

This is the matching of the canonical validator. Each stop gets candidates, the places where the
shape passes within the limit; a candidate per stop is chosen so that distances along the shape
never decrease and the sum of the distances to the shape is smallest. It is done twice: by geometry,
and, if trip and shape have distances, by `shape_dist_traveled`.

Stops and segments that are far apart are told by one matrix product per shape; the exact formulas
then run over the few pairs that are left, of many shapes at once. Loops remain only over shapes and
over patterns that do not fit at first sight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gtfsgen.validation.scans import sphere
from gtfsgen.validation.scans.sphere import EARTH_RADIUS_M, Floats, Ints

MAX_DISTANCE_M = 100.0
RAIL_END_FACTOR = 4.0
"""Shapes of railways often end before the last platforms of a terminus."""
MAX_CANDIDATES = 20
NEAR = 3.2e-8
"""Two distances of a shape count as one if they differ by less than this, absolute or relative."""

_MARGIN_RADIANS = 1e-9  # some millimetres, far above the rounding of a scalar product
_MATRIX_CELLS = 2_000_000
_PAIRS_AT_ONCE = 400_000

Kind = Literal["too_far", "too_far_by_distance", "too_many", "out_of_order"]


@dataclass
class Shapes:
    """Points of shapes, one shape after the other: shape `i` is `starts[i]:starts[i + 1]`.

    Every shape has a point. `lat` and `lon` in degrees; `dist` is shape_dist_traveled, or 0.
    """

    starts: Ints
    lat: Floats
    lon: Floats
    dist: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass
class Patterns:
    """Distinct ways to call along a shape, in the order in which they are to be reported.

    Pattern `i` has the calls `starts[i]:starts[i + 1]`. `shape` is an index into Shapes, `rail`
    whether the ends may lie farther off; `stop`, an index into the stops' positions, and `dist`,
    0 where blank, are given per call.
    """

    shape: Ints
    rail: NDArray[np.bool_]
    starts: Ints
    stop: Ints
    dist: Floats

    def __len__(self) -> int:
        return len(self.shape)

    @cached_property
    def of_call(self) -> Ints:
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


class Finding(NamedTuple):
    """`call` (index of a call) does not fit its shape; `lat`, `lon` is its place there, in degrees.

    `distance_m` is set if the stop is too far, `candidates` if there are too many, the `other_`
    fields if the place lies before that of the call before.
    """

    kind: Kind
    pattern: int
    call: int
    lat: float
    lon: float
    distance_m: float | None = None
    candidates: int | None = None
    other_call: int | None = None
    other_lat: float | None = None
    other_lon: float | None = None


def match(shapes: Shapes, patterns: Patterns, lat: Floats, lon: Floats) -> list[Finding]:
    """Match patterns to their shapes; `lat` and `lon` are the stops' positions in degrees.

    A stop is reported as too far only once per shape. Patterns without calls always fit.
    """
    if not len(patterns) or not len(patterns.stop):
        return []
    with np.errstate(invalid="ignore"):
        return _Matching(shapes, patterns, sphere.vectors(lat, lon)).findings()


@dataclass
class _Places:
    """Candidates: the point of each, metres along the shape, metres off the stop."""

    point: Floats
    along: Floats
    off: Floats

    def put(self, at: Ints, other: _Places, places: Ints) -> None:
        """Overwrite the places at `at` by some of `other`."""
        self.point[:, at] = other.point[:, places]
        self.along[at], self.off[at] = other.along[places], other.off[places]


class _Line:
    """All shapes as one line of segments; segment `i` goes from point `i` to point `i + 1`."""

    def __init__(self, shapes: Shapes) -> None:
        self.starts = shapes.starts
        self.points = sphere.vectors(shapes.lat, shapes.lon)
        self.ends = np.roll(self.points, -1, axis=1)
        self.normals = sphere.normals(self.points, self.ends)
        self.middles = sphere.normalized(self.points + self.ends)
        self.half_lengths = 0.5 * sphere.angle(self.points, self.ends)
        self.along = np.zeros(len(shapes.lat))
        lat, lon = shapes.lat, shapes.lon
        self.along[1:] = sphere.haversine_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
        self.dist = np.maximum(0.0, shapes.dist)
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            if start < end:
                self.along[start] = 0.0
                np.cumsum(self.along[start:end], out=self.along[start:end])
                np.maximum.accumulate(self.dist[start:end], out=self.dist[start:end])

    def places(self, segments: Ints, points: Floats, off: Floats) -> _Places:
        along = self.along[segments] + sphere.distance_m(points, self.points[:, segments])
        return _Places(points, along, off)

    def closest(self, stops: Floats, segments: Ints) -> tuple[Floats, Floats]:
        """The closest points of segments to stops, pair by pair, and their distances."""
        points = sphere.closest_points(
            stops, self.points[:, segments], self.ends[:, segments], self.normals[:, segments]
        )
        return points, sphere.distance_m(stops, points)


class _Matching:
    """One run over all shapes. A query is a stop to be sought on a shape within a limit."""

    def __init__(self, shapes: Shapes, patterns: Patterns, stops: Floats) -> None:
        self.patterns = patterns
        self.line = _Line(shapes)
        self.stops = stops
        self.call_stop = patterns.stop
        self.call_shape = patterns.shape[patterns.of_call]
        self._ask()
        self._find_candidates()
        self._find_nearest()
        none = np.zeros(0)
        self.by_distance = _Places(none, none, none)

    def _ask(self) -> None:
        """Gather the distinct queries, sorted by shape; `call_query` says which is whose."""
        patterns = self.patterns
        first_or_last = np.zeros(len(patterns.stop), dtype=bool)
        filled = np.diff(patterns.starts) > 0
        first_or_last[patterns.starts[:-1][filled]] = True
        first_or_last[patterns.starts[1:][filled] - 1] = True
        wide = first_or_last & patterns.rail[patterns.of_call]
        stop_count = self.stops.shape[1]
        keys = (self.call_shape * stop_count + patterns.stop) * 2 + wide
        asked, self.call_query = np.unique(keys, return_inverse=True)
        self.query_stop = asked // 2 % stop_count
        self.query_shape = asked // 2 // stop_count
        self.query_limit = np.where(asked % 2, MAX_DISTANCE_M * RAIL_END_FACTOR, MAX_DISTANCE_M)

    def _by_shape(self, queries: Ints) -> Iterator[tuple[Ints, int, int]]:
        """Queries of one shape at a time, few enough for a matrix, with the shape's segments."""
        shape = self.query_shape[queries]
        cuts = np.flatnonzero(np.diff(shape)) + 1
        for start, end in zip([0, *cuts], [*cuts, len(queries)], strict=True):
            if start == end:
                continue
            first = int(self.line.starts[shape[start]])
            last = int(self.line.starts[shape[start] + 1]) - 1
            step = max(1, _MATRIX_CELLS // max(1, last - first))
            for at in range(start, end, step):
                yield queries[at : min(at + step, end)], first, last

    def _find_candidates(self) -> None:
        """Fill `places` with the candidates of all queries.

        `place_starts` are the bounds of each query's, `best_place` is the nearest of them.
        """
        none = np.zeros(0, dtype=np.int64)
        found: list[tuple[Ints, Ints, Floats, Floats]] = [
            (none, none, np.zeros((3, 0)), np.zeros(0))
        ]
        waiting: list[tuple[Ints, Ints]] = []
        size = 0
        for queries, first, last in self._by_shape(np.arange(len(self.query_stop))):
            if first >= last:
                continue
            reach = self.line.half_lengths[first:last] + _MARGIN_RADIANS
            widest = self.query_limit[queries].max() / EARTH_RADIUS_M
            cosines = self.stops[:, self.query_stop[queries]].T @ self.line.middles[:, first:last]
            row, segment = np.nonzero(cosines >= np.cos(np.minimum(np.pi, reach + widest)))
            waiting.append((queries[row], segment + first))
            size += len(row)
            if size > _PAIRS_AT_ONCE:
                found.append(self._local_minima(waiting))
                waiting, size = [], 0
        if waiting:
            found.append(self._local_minima(waiting))
        query, segment, point, off = (
            np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True)
        )
        self.places = self.line.places(segment, point, off)
        self.place_starts = np.searchsorted(query, np.arange(len(self.query_stop) + 1))
        self.best_place = np.zeros(len(self.query_stop), dtype=np.int64)
        best = _first_smallest(off, query)
        self.best_place[query[best]] = best

    def _local_minima(self, pairs: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints, Floats, Floats]:
        """Of each stretch of a shape near a stop, the first of the closest places.

        A stretch ends where the shape leaves the limit, or comes closer again after it went away.
        """
        query = np.concatenate([part for part, _ in pairs])
        segment = np.concatenate([part for _, part in pairs])
        stops = self.stops[:, self.query_stop[query]]
        point, off = self.line.closest(stops, segment)
        near = off <= self.query_limit[query]
        query, segment, stops = query[near], segment[near], stops[:, near]
        point, off = point[:, near], off[near]
        if not len(query):
            return query, segment, point, off
        to_end = sphere.distance_m(stops, self.line.ends[:, segment])
        went_away = to_end > off
        starts = np.ones(len(query), dtype=bool)
        starts[1:] = (
            (query[1:] != query[:-1])
            | (segment[1:] != segment[:-1] + 1)
            | (went_away[:-1] & (off[1:] < to_end[:-1]))
        )
        best = _first_smallest(off, np.cumsum(starts) - 1)
        return query[best], segment[best], point[:, best], off[best]

    def _find_nearest(self) -> None:
        """For queries without a candidate, the nearest place of the whole shape and its distance.

        `nearest_off` is infinite where there are candidates or no place at all.
        """
        count = len(self.query_stop)
        self.nearest_point = np.zeros((3, count))
        self.nearest_off = np.full(count, np.inf)
        self.too_far = np.zeros(count, dtype=bool)
        lost = np.flatnonzero(np.diff(self.place_starts) == 0)
        for queries, first, last in self._by_shape(lost):
            stops = self.stops[:, self.query_stop[queries]]
            if last < first:
                continue
            if last == first:
                point = np.repeat(self.line.points[:, [first]], len(queries), axis=1)
                self._note_nearest(queries, point, sphere.distance_m(stops, point))
                continue
            cosines = np.clip(stops.T @ self.line.middles[:, first:last], -1.0, 1.0)
            to_middle = np.arccos(cosines)
            least = to_middle.min(axis=1, keepdims=True)
            half = self.line.half_lengths[first:last]
            row, segment = np.nonzero(to_middle - half <= least + _MARGIN_RADIANS)
            point, off = self.line.closest(stops[:, row], segment + first)
            best = _first_smallest(off, row)
            self._note_nearest(queries[row[best]], point[:, best], off[best])
        self.too_far[lost] = self.nearest_off[lost] > self.query_limit[lost]

    def _note_nearest(self, queries: Ints, point: Floats, off: Floats) -> None:
        self.nearest_point[:, queries] = point
        self.nearest_off[queries] = off

    def findings(self) -> list[Finding]:
        """All findings, by pattern, pass, and the order in which matching meets them."""
        reported: set[tuple[int, int]] = set()
        kept = []
        for _, finding in sorted(
            (*self._by_geometry(), *self._by_distance()), key=lambda problem: problem[0]
        ):
            if finding.kind in ("too_far", "too_far_by_distance"):
                key = int(self.call_shape[finding.call]), int(self.call_stop[finding.call])
                if key in reported:
                    continue
                reported.add(key)
            kept.append(finding)
        return kept

    def _by_geometry(self) -> Iterator[_Problem]:
        query = self.call_query
        for call in self._first_of_stop(np.flatnonzero(self.too_far[query])):
            point, off = self.nearest_point[:, [query[call]]], self.nearest_off[query[call]]
            yield self._problem("too_far", 0, 0, call, point, distance_m=float(off))
        count = np.diff(self.place_starts)[query]
        for call in np.flatnonzero(count > MAX_CANDIDATES).tolist():
            yield self._crowd(call, 0)
        # Where the nearest places are in order already, there is nothing to choose.
        along = np.zeros(len(query))
        along[count > 0] = self.places.along[self.best_place[query[count > 0]]]
        fits = self._ascending(along)
        nothing_by_distance = np.zeros(len(query), dtype=bool)
        known: dict[bytes, _Assignment] = {}
        for pattern in np.flatnonzero(self._all_calls(count > 0) & ~fits):
            calls = range(*self.patterns.starts[pattern : pattern + 2])
            sequence = query[calls.start : calls.stop].tobytes()
            if sequence not in known:
                known[sequence] = _assign(self._candidates(calls, nothing_by_distance))
            if known[sequence].failed is not None:
                yield self._disorder(calls, known[sequence], 0, nothing_by_distance)

    def _by_distance(self) -> Iterator[_Problem]:
        patterns = self.patterns
        filled = np.diff(patterns.starts) > 0
        last_call = np.maximum(patterns.starts[1:] - 1, 0)
        last_point = self.line.starts[patterns.shape + 1] - 1
        chosen = filled & (patterns.dist[last_call] > 0) & (self.line.dist[last_point] > 0)
        if not chosen.any():
            return
        placed = (patterns.dist > 0) & chosen[patterns.of_call]
        self._place_by_distance(placed)
        count = np.diff(self.place_starts)[self.call_query]
        by_geometry = np.flatnonzero(~placed & (count > 0))
        self.by_distance.put(
            by_geometry, self.places, self.best_place[self.call_query[by_geometry]]
        )
        plain = placed | ((count > 0) & (count <= MAX_CANDIDATES))
        fits = chosen & self._all_calls(plain) & self._ascending(self.by_distance.along)
        far = fits[patterns.of_call] & (self.by_distance.off > MAX_DISTANCE_M)
        for call in self._first_of_stop(np.flatnonzero(far)):
            yield self._off_by_distance(call, self.by_distance, call)
        for pattern in np.flatnonzero(chosen & ~fits):
            yield from self._mixed(range(*patterns.starts[pattern : pattern + 2]), placed)

    def _mixed(self, calls: range, placed: NDArray[np.bool_]) -> Iterator[_Problem]:
        """The second pass over a pattern where a choice is to be made, or that is out of order."""
        for call in calls:
            if not placed[call]:
                first, end = self._of_query(call)
                if first == end:
                    return  # reported by the first pass
                if end - first > MAX_CANDIDATES:
                    yield self._crowd(call, 1)
        assignment = _assign(self._candidates(calls, placed))
        if assignment.failed is not None:
            yield self._disorder(calls, assignment, 1, placed)
            return
        for call, candidate in zip(calls, assignment.chosen, strict=True):
            places, place = self._place(call, candidate, placed)
            if places.off[place] > MAX_DISTANCE_M:
                yield self._off_by_distance(call, places, place)

    def _place_by_distance(self, placed: NDArray[np.bool_]) -> None:
        """Fill `by_distance`, a place per call; only those of the calls `placed` mean something."""
        line, dist = self.line, self.patterns.dist
        after = np.zeros(len(dist), dtype=np.int64)  # first point of the shape that lies beyond
        calls = np.flatnonzero(placed)
        calls = calls[np.argsort(self.call_shape[calls], kind="stable")]
        shape = self.call_shape[calls]
        cuts = np.flatnonzero(np.diff(shape)) + 1
        for part in np.split(calls, cuts):
            start, end = (
                line.starts[self.call_shape[part[0]]],
                line.starts[self.call_shape[part[0]] + 1],
            )
            after[part] = np.searchsorted(line.dist[start:end], dist[part], side="right")
        # The search never moves back, within a pattern.
        floor = self.patterns.of_call * (len(line.dist) + 1)
        before = np.maximum(after - 1, 0)
        before = np.maximum.accumulate(before + floor) - floor
        size = np.diff(line.starts)[self.call_shape]
        between = (before == after - 1) & (before + 1 < size)
        point = np.where(placed, line.starts[self.call_shape] + before, 0)
        following = np.where(placed & (before + 1 < size), point + 1, point)
        lower, upper = line.dist[point], line.dist[following]
        slack = np.maximum(NEAR, NEAR * np.maximum(np.abs(lower), np.abs(upper)))
        between &= (np.abs(upper - lower) > slack) | np.isinf(upper)
        with np.errstate(divide="ignore", invalid="ignore"):
            fraction = np.where(between, (dist - lower) / (upper - lower), 0.0)
        location = sphere.interpolated(fraction, line.points[:, point], line.points[:, following])
        along = line.along[point] + fraction * (line.along[following] - line.along[point])
        off = sphere.distance_m(self.stops[:, self.call_stop], location)
        self.by_distance = _Places(location, along, off)

    def _of_query(self, call: int) -> tuple[int, int]:
        query = self.call_query[call]
        return int(self.place_starts[query]), int(self.place_starts[query + 1])

    def _candidates(self, calls: range, placed: NDArray[np.bool_]) -> list[_Candidates]:
        """Metres along the shape and off the stop of the candidates of each call."""
        found = []
        for call in calls:
            places, first, end = self.by_distance, call, call + 1
            if not placed[call]:
                places, (first, end) = self.places, self._of_query(call)
            found.append((places.along[first:end].tolist(), places.off[first:end].tolist()))
        return found

    def _place(self, call: int, candidate: int, placed: NDArray[np.bool_]) -> tuple[_Places, int]:
        if placed[call]:
            return self.by_distance, call
        return self.places, self._of_query(call)[0] + candidate

    def _all_calls(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Patterns of whose calls all are in the mask."""
        outside = np.bincount(self.patterns.of_call[~mask], minlength=len(self.patterns))
        return outside == 0

    def _ascending(self, along: Floats) -> NDArray[np.bool_]:
        """Patterns whose calls never go back along the shape."""
        of_call = self.patterns.of_call
        step_is_fine = np.ones(len(of_call), dtype=bool)
        step_is_fine[1:] = (of_call[1:] != of_call[:-1]) | (along[1:] >= along[:-1])
        return self._all_calls(step_is_fine & ~np.isnan(along))

    def _first_of_stop(self, calls: Ints) -> Ints:
        """The first of the calls at each stop on each shape: the others will not be reported."""
        keys = self.call_shape[calls] * self.stops.shape[1] + self.call_stop[calls]
        return calls[np.sort(np.unique(keys, return_index=True)[1])]

    def _problem(
        self, kind: Kind, pass_: int, stage: int, call: int, point: Floats, **more: Any
    ) -> _Problem:
        pattern = int(self.patterns.of_call[call])
        lat, lon = sphere.degrees(point)
        finding = Finding(kind, pattern, int(call), float(lat[0]), float(lon[0]), **more)
        return (pattern, pass_, stage, int(call)), finding

    def _crowd(self, call: int, pass_: int) -> _Problem:
        first, end = self._of_query(call)
        point = self.places.point[:, [self.best_place[self.call_query[call]]]]
        return self._problem("too_many", pass_, 0, call, point, candidates=end - first)

    def _off_by_distance(self, call: int, places: _Places, place: int) -> _Problem:
        point, off = places.point[:, [place]], float(places.off[place])
        return self._problem("too_far_by_distance", 1, 1, call, point, distance_m=off)

    def _disorder(
        self, calls: range, assignment: _Assignment, pass_: int, placed: NDArray[np.bool_]
    ) -> _Problem:
        assert assignment.failed is not None
        call = calls[assignment.failed]
        places, place = self._place(call, assignment.nearest, placed)
        other, other_place = self._place(call - 1, assignment.chosen[-1], placed)
        lat, lon = sphere.degrees(other.point[:, [other_place]])
        return self._problem(
            "out_of_order",
            pass_,
            1,
            call,
            places.point[:, [place]],
            other_call=call - 1,
            other_lat=float(lat[0]),
            other_lon=float(lon[0]),
        )


_Problem = tuple[tuple[int, int, int, int], Finding]
"""A finding and its place: pattern, pass, stage of the pass, call."""

_Candidates = tuple[list[float], list[float]]


class _Assignment(NamedTuple):
    """The candidates chosen for the calls before the one that `failed`, or for all of them.

    `nearest` is the candidate of the failed call that is nearest to its stop.
    """

    chosen: list[int]
    failed: int | None = None
    nearest: int = 0


def _assign(candidates: list[_Candidates]) -> _Assignment:
    """Choose a candidate for each call: never back along the shape, as near to the stops as can be.

    Only the cheapest way to reach each candidate is kept, the first of equal ones.
    """
    # A way is its cost, how far along it got, the last candidate, and the way before.
    ways: list[tuple[Any, ...]] = [(0.0, 0.0, -1, None)]
    for call, (along, off) in enumerate(candidates):
        next_ways = []
        for candidate, (place_along, place_off) in enumerate(zip(along, off, strict=True)):
            best, least = None, math.inf
            for way in ways:
                if way[0] < least and not way[1] > place_along:
                    best, least = way, way[0]
            if best is not None:
                next_ways.append((least + place_off, place_along, candidate, best))
        if not next_ways:
            return _Assignment(_chosen(ways), call, off.index(min(off)))
        ways = next_ways
    return _Assignment(_chosen(ways))


def _chosen(ways: list[tuple[Any, ...]]) -> list[int]:
    way = min(ways, key=lambda way: way[0])
    found = []
    while way[3] is not None:
        found.append(way[2])
        way = way[3]
    return found[::-1]


def _first_smallest(values: Floats, groups: Ints) -> Ints:
    """The index of the first smallest value of each group; groups are sorted."""
    order = np.lexsort((values, groups))
    first = np.ones(len(order), dtype=bool)
    first[1:] = groups[order][1:] != groups[order][:-1]
    return order[first]
