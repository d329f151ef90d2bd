"""Where trains can go: lines given by hand as a graph, or the rails of an OpenStreetMap extract."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gtfsgen.shapes.geodesy import Point, distance_m, length_m, nearest_on_segment

SKETCH_COST = 4.0
"""A sketched line is followed only where the real track would be four times as long."""
MAX_CANDIDATES = 4
"""Places on the track considered per stop: parallel tracks, both arms of a junction."""
METRES_PER_DEGREE = 111_195.0
COINCIDENT_M = 1.0


@dataclass(frozen=True)
class Snap:
    """A place on the track near a stop; `key` says where, in the network's own words."""

    point: Point
    offset_m: float
    key: Any


@dataclass(frozen=True)
class Way:
    """A route over a network. `sketch`: some of it follows a line that is no track."""

    points: tuple[Point, ...]
    distance_m: float
    sketch: bool = False


class Network(Protocol):
    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        """Places on the track within `radius_m`, nearest first; none if the point is off it."""

    def way(self, start: Snap, end: Snap) -> Way | None:
        """The shortest route, or None if there is none."""


@dataclass(frozen=True)
class Line:
    """A line as given. `sketch` if its author says that it is not track (`"track": false`)."""

    points: tuple[Point, ...]
    sketch: bool = False


class LineNetwork:
    """Lines as an undirected graph.

    Lines meet where they share a vertex, and where a line ends within `join_m` of another. Lines
    that merely cross do not meet: one is on a bridge.
    """

    def __init__(self, lines: Iterable[Line], join_m: float = 50.0) -> None:
        from shapely import STRtree

        self.nodes: list[Point] = []
        self.links: list[dict[int, float]] = []
        self.edges: list[tuple[int, int, bool]] = []
        self._numbers: dict[Point, int] = {}
        self._sketches: set[tuple[int, int]] = set()
        drawn = _joined([line for line in lines if len(line.points) > 1], join_m)
        for line in drawn:
            numbers = [self._number(point) for point in line.points]
            for a, b in itertools.pairwise(numbers):
                self._link(a, b, line.sketch)
        self._tree = STRtree([_segment(self.nodes[a], self.nodes[b]) for a, b, _ in self.edges])

    def _number(self, point: Point) -> int:
        key = (round(point[0], 6), round(point[1], 6))
        if key not in self._numbers:
            self._numbers[key] = len(self.nodes)
            self.nodes.append(key)
            self.links.append({})
        return self._numbers[key]

    def _link(self, a: int, b: int, sketch: bool) -> None:
        if a == b:
            return
        cost = distance_m(self.nodes[a], self.nodes[b]) * (SKETCH_COST if sketch else 1.0)
        if cost < self.links[a].get(b, math.inf):
            self.links[a][b] = self.links[b][a] = cost
            self.edges.append((a, b, sketch))
            (self._sketches.update if sketch else self._sketches.difference_update)(
                {(a, b), (b, a)}
            )

    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        found = []
        for number in self._tree.query(_box(point, radius_m)):
            a, b, _ = self.edges[number]
            place, _, off = nearest_on_segment(point, self.nodes[a], self.nodes[b])
            if off <= radius_m:
                found.append(Snap(place, off, (a, b)))
        distinct: list[Snap] = []
        for snap in sorted(found, key=lambda snap: (snap.offset_m, snap.point)):
            if all(distance_m(snap.point, other.point) > COINCIDENT_M for other in distinct):
                distinct.append(snap)
        return distinct[:MAX_CANDIDATES]

    def way(self, start: Snap, end: Snap) -> Way | None:
        start_edge, end_edge = start.key, end.key
        if set(start_edge) == set(end_edge):
            return self._measured([start.point, end.point], [start_edge])
        goals = {node: self._cost(end.point, node, end_edge) for node in end_edge}
        best, came_from = self._search(
            {node: self._cost(start.point, node, start_edge) for node in start_edge}, goals
        )
        if best is None:
            return None
        numbers = [best]
        while came_from[numbers[-1]] >= 0:
            numbers.append(came_from[numbers[-1]])
        numbers.reverse()
        steps = [start_edge, *itertools.pairwise(numbers), end_edge]
        return self._measured(
            [start.point, *(self.nodes[number] for number in numbers), end.point], steps
        )

    def _cost(self, point: Point, node: int, edge: tuple[int, int]) -> float:
        factor = SKETCH_COST if edge in self._sketches else 1.0
        return distance_m(point, self.nodes[node]) * factor

    def _search(
        self, starts: dict[int, float], goals: dict[int, float]
    ) -> tuple[int | None, dict[int, int]]:
        """Dijkstra from both ends of an edge to both ends of another."""
        queue = [(cost, node, -1) for node, cost in starts.items()]
        heapq.heapify(queue)
        came_from: dict[int, int] = {}
        best, best_cost = None, math.inf
        while queue and queue[0][0] < best_cost:
            cost, node, before = heapq.heappop(queue)
            if node in came_from:
                continue
            came_from[node] = before
            if node in goals and cost + goals[node] < best_cost:
                best, best_cost = node, cost + goals[node]
            for neighbour, step in self.links[node].items():
                if neighbour not in came_from:
                    heapq.heappush(queue, (cost + step, neighbour, node))
        return best, came_from

    def _measured(self, points: list[Point], steps: list[tuple[int, int]]) -> Way:
        distinct = _without_repeats(points)
        sketch = any(step in self._sketches for step in steps)
        return Way(tuple(distinct), length_m(distinct), sketch)


class RailsUnavailable(Exception):
    """The extract cannot be used; the message says why and what to do."""


class NoRails(RailsUnavailable):
    """The extract can be read, but holds nothing of the kind asked for."""


@dataclass
class OsmNetwork:
    """The rails (or roads) of an OpenStreetMap extract, by routx."""

    graph: Any
    tree: Any
    ways: dict[tuple[int, int], tuple[int, ...] | None] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, profile: str = "RAILWAY") -> OsmNetwork:
        """Read an `.osm`, `.osm.gz`, `.osm.bz2` or `.osm.pbf`.

        `profile` is one of routx's: RAILWAY, TRAM, SUBWAY, BUS, CAR, FOOT, BICYCLE.
        Raises `RailsUnavailable` if routx is not installed or the file cannot be read, and its
        kind `NoRails` if nothing in it suits the profile.
        """
        try:
            import routx
        except ImportError:
            raise RailsUnavailable(
                "routing on OpenStreetMap needs routx: pip install 'gtfsgen[rails]'"
            ) from None
        if not path.is_file():
            raise RailsUnavailable(f"there is no OpenStreetMap extract at {path}")
        graph = routx.Graph()
        try:
            graph.add_from_osm_file(str(path), routx.OsmProfile[profile])
        except (OSError, ValueError, RuntimeError, routx.OsmLoadingError) as error:
            # routx says why on the log, which shows it, and gives an error without words.
            reason = str(error) or "expected is an .osm, .osm.gz, .osm.bz2 or .osm.pbf"
            raise RailsUnavailable(f"{path} cannot be read as OpenStreetMap: {reason}") from error
        if len(graph) == 0:
            raise NoRails(f"{path} holds nothing to route on (profile {profile})")
        return cls(graph, routx.KDTree.build(graph))

    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        """At most one: the nearest node, or the point nearest to the stop on an edge that leaves
        it.
        """
        nearest = self.tree.find_nearest_node(*point)
        place: Point = (nearest.lat, nearest.lon)
        offset, beyond = distance_m(point, place), 0
        for edge in self.graph.get_edges(nearest.id):
            other = self.graph[edge.to]
            projected, _, off = nearest_on_segment(
                point, (nearest.lat, nearest.lon), (other.lat, other.lon)
            )
            if off < offset - COINCIDENT_M:
                place, offset, beyond = projected, off, edge.to
        return [Snap(place, offset, (nearest.id, beyond))] if offset <= radius_m else []

    def way(self, start: Snap, end: Snap) -> Way | None:
        first, after = start.key
        last, before = end.key
        numbers = self._numbers(first, last)
        if numbers is None:
            return None
        # Where the stop lies between the first two nodes, the way begins there and not at the
        # first.
        inner = list(numbers)
        if len(inner) > 1 and inner[1] == after:
            inner = inner[1:]
        if len(inner) > 1 and inner[-2] == before:
            inner = inner[:-1]
        nodes = [(node.lat, node.lon) for node in map(self.graph.__getitem__, inner)]
        points = _without_repeats([start.point, *nodes, end.point])
        return Way(tuple(points), length_m(points))

    def _numbers(self, first: int, last: int) -> tuple[int, ...] | None:
        import routx

        if first == last:
            return (first,)
        if (first, last) not in self.ways:
            try:
                found = tuple(self.graph.find_route(first, last))
            except (KeyError, routx.StepLimitExceeded):
                found = ()
            self.ways[first, last] = found or None
        return self.ways[first, last]


class Networks:
    """Several networks asked in turn: hand-given lines first, then extracts."""

    def __init__(self, networks: list[Network]) -> None:
        self.networks = networks

    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        found = [
            Snap(snap.point, snap.offset_m, (number, snap))
            for number, network in enumerate(self.networks)
            for snap in network.snaps(point, radius_m)
        ]
        return found

    def way(self, start: Snap, end: Snap) -> Way | None:
        first, start_inside = start.key
        second, end_inside = end.key
        if first != second:
            return None
        return self.networks[first].way(start_inside, end_inside)


def _segment(start: Point, end: Point) -> Any:
    from shapely import LineString

    return LineString([(start[1], start[0]), (end[1], end[0])])


def _box(point: Point, radius_m: float) -> Any:
    from shapely import box

    high = radius_m / METRES_PER_DEGREE
    wide = high / max(0.01, math.cos(math.radians(point[0])))
    return box(point[1] - wide, point[0] - high, point[1] + wide, point[0] + high)


def _joined(lines: list[Line], join_m: float) -> list[Line]:
    """The lines, plus a short connector from each loose end to a vertex put into the line it
    nearly meets.
    """
    from shapely import STRtree

    vertices = {point for line in lines for point in line.points[1:-1]}
    spans = [
        (number, index, line.points[index], line.points[index + 1])
        for number, line in enumerate(lines)
        for index in range(len(line.points) - 1)
    ]
    tree = STRtree([_segment(start, end) for _, _, start, end in spans])
    added: dict[tuple[int, int], list[tuple[float, Point]]] = {}
    connectors = []
    for number, line in enumerate(lines):
        for end in {line.points[0], line.points[-1]} - vertices:
            near: dict[int, tuple[float, float, Point, int]] = {}
            for span in tree.query(_box(end, join_m)):
                other, index, start, stop = spans[span]
                place, share, off = nearest_on_segment(end, start, stop)
                if other != number and off <= join_m and off < near.get(other, (math.inf,))[0]:
                    near[other] = (off, share, place, index)
            for other, (off, share, place, index) in near.items():
                added.setdefault((other, index), []).append((share, place))
                if off > 0:
                    connectors.append(Line((end, place), line.sketch))
    return [_with_vertices(line, number, added) for number, line in enumerate(lines)] + connectors


def _with_vertices(
    line: Line, number: int, added: dict[tuple[int, int], list[tuple[float, Point]]]
) -> Line:
    points: list[Point] = []
    for index, point in enumerate(line.points):
        points.append(point)
        points += [place for _, place in sorted(added.get((number, index), []))]
    return Line(tuple(points), line.sketch)


def _without_repeats(points: list[Point]) -> list[Point]:
    return points[:1] + [b for a, b in itertools.pairwise(points) if a != b]
