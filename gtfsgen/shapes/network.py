"""Where trains can go: lines given by hand, the rails of an OpenStreetMap extract, or the world's
railways in outline.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gtfsgen.budget import count_input
from gtfsgen.shapes.lines import (
    Point,
    distance_m,
    geod,
    length_m,
    nearest_on_segment,
    nearest_on_segments,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Detail(StrEnum):
    """How true a line is to the track."""

    TRACK = "track"
    SIMPLIFIED = "simplified"
    """The right railway, its bends cut: good for drawing, a little too short."""
    WORLD = "world"
    """A network of the whole world, rounded and cut as well; nobody has chosen the line."""
    SKETCH = "sketch"
    """A chain of places, not a railway."""


DETAILS = list(Detail)
"""From the truest on."""
COST = {Detail.TRACK: 1.0, Detail.SIMPLIFIED: 1.5, Detail.WORLD: 2.0, Detail.SKETCH: 4.0}
"""A sketched line is followed only where the real track would be four times as long."""
MAX_CANDIDATES = 4
"""Places on the track considered per stop: parallel tracks, both arms of a junction."""
WAYS_KEPT = 65_536
"""Ways between two places that are remembered: patterns of one line share most of them."""
METRES_PER_DEGREE = 110_500.0
"""Hardly less than the shortest degree of latitude on WGS84, so that a box is never too small."""
COINCIDENT_M = 1.0


@dataclass(frozen=True)
class Snap:
    """A place on the track near a stop; `key` says where, in the network's own words."""

    point: Point
    offset_m: float
    key: Any


@dataclass(frozen=True)
class Way:
    """A route over a network. `detail` is that of its least true piece."""

    points: tuple[Point, ...]
    distance_m: float
    detail: Detail = Detail.TRACK


class Network(Protocol):
    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        """Places on the track within `radius_m`, nearest first; none if the point is off it."""

    def way(self, start: Snap, end: Snap, limit_m: float = math.inf) -> Way | None:
        """The shortest route, or None if there is none, or none that is worth `limit_m`."""


@dataclass(frozen=True)
class Line:
    """A line as given, and how true its author says it is."""

    points: tuple[Point, ...]
    detail: Detail = Detail.TRACK


class Graph:
    """Straight edges between nodes, with shortest ways by scipy.

    A `bounded` graph looks no farther than the limit of a search: for one so large that looking
    everywhere takes long.
    `nodes` has a row of latitude and longitude a node, `edges` a row of two node numbers an edge;
    `details` gives an index into `DETAILS` for each edge. Of several edges between two nodes the
    cheapest counts.
    """

    def __init__(
        self,
        nodes: NDArray[np.float64],
        edges: NDArray[np.int64],
        details: NDArray[np.int8],
        bounded: bool = False,
    ) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        factors = np.array([COST[detail] for detail in DETAILS])
        ends = nodes[edges]
        *_, lengths = geod().inv(ends[:, 0, 1], ends[:, 0, 0], ends[:, 1, 1], ends[:, 1, 0])
        costs = np.asarray(lengths, dtype=float) * factors[details]
        order = np.lexsort((costs, edges.max(axis=1), edges.min(axis=1)))
        pairs = np.sort(edges[order], axis=1)
        first = np.ones(len(order), dtype=bool)
        first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
        kept = order[first]
        self.nodes = nodes
        self.edges = edges[kept]
        self.details = details[kept]
        self._edge_numbers: dict[tuple[int, int], int] | None = None
        there, back = self.edges[:, 0], self.edges[:, 1]
        twice = np.concatenate([costs[kept], costs[kept]])
        rows, columns = np.concatenate([there, back]), np.concatenate([back, there])
        self._costs = csr_matrix((twice, (rows, columns)), shape=(len(nodes), len(nodes)))
        self._tree = _tree_of(nodes[self.edges])
        self._bounded = bounded
        self._trees = lru_cache(maxsize=16)(self._shortest_trees)
        self._ways = lru_cache(maxsize=WAYS_KEPT)(self._find_way)

    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        import numpy as np

        near = np.sort(self._tree.query(_box(point, radius_m)))
        if not len(near):
            return []
        starts, ends = self.nodes[self.edges[near, 0]], self.nodes[self.edges[near, 1]]
        found = [
            Snap(place, off, int(number))
            for number, (place, _, off) in zip(
                near, nearest_on_segments(point, starts, ends), strict=True
            )
            if off <= radius_m
        ]
        distinct: list[Snap] = []
        for snap in sorted(found, key=lambda snap: (snap.offset_m, snap.point)):
            if all(distance_m(snap.point, other.point) > COINCIDENT_M for other in distinct):
                distinct.append(snap)
                if len(distinct) == MAX_CANDIDATES:
                    break
        return distinct

    def way(self, start: Snap, end: Snap, limit_m: float = math.inf) -> Way | None:
        return self._ways(start, end, limit_m if self._bounded else math.inf)

    def _find_way(self, start: Snap, end: Snap, limit_m: float) -> Way | None:
        if start.key == end.key:
            return self._measure([start.point, end.point], [start.key])
        first, last = self.edges[start.key], self.edges[end.key]
        worst = COST[DETAILS[int(self.details.max())]]
        # Rounded up, so that one search serves the candidates of a stop that lie close together.
        reach = math.inf if math.isinf(limit_m) else 2 ** math.ceil(math.log2(limit_m * worst + 1))
        reached, before = self._trees(start.key, reach)
        costs = [
            (
                self._cost(start.point, first[side], start.key)
                + reached[side][goal]
                + self._cost(end.point, goal, end.key),
                side,
                int(goal),
            )
            for side in (0, 1)
            for goal in last
        ]
        cost, side, goal = min(costs)
        if math.isinf(cost):
            return None
        numbers = [goal]
        while numbers[-1] != first[side]:
            numbers.append(int(before[side][numbers[-1]]))
        numbers.reverse()
        between = [self._edge(a, b) for a, b in itertools.pairwise(numbers)]
        points = [start.point, *map(self._place, numbers), end.point]
        return self._measure(points, [start.key, *between, end.key])

    def _shortest_trees(self, edge: int, limit: float) -> tuple[Any, Any]:
        from scipy.sparse.csgraph import dijkstra

        return dijkstra(
            self._costs, indices=self.edges[edge], return_predecessors=True, limit=limit
        )

    def _place(self, number: int) -> Point:
        latitude, longitude = self.nodes[number]
        return float(latitude), float(longitude)

    def _cost(self, point: Point, node: int, edge: int) -> float:
        return distance_m(point, self._place(node)) * COST[DETAILS[self.details[edge]]]

    def _edge(self, a: int, b: int) -> int:
        if self._edge_numbers is None:
            self._edge_numbers = {
                (min(pair), max(pair)): number for number, pair in enumerate(self.edges.tolist())
            }
        return self._edge_numbers[min(a, b), max(a, b)]

    def _measure(self, points: list[Point], edges: list[int]) -> Way:
        distinct = _without_repeats(points)
        worst = max(int(self.details[edge]) for edge in edges)
        return Way(tuple(distinct), length_m(distinct), DETAILS[worst])


def line_network(lines: Iterable[Line], join_m: float = 50.0) -> Graph | None:
    """Lines as a graph; None where no line has two points.

    Lines meet where they share a vertex, and where a line ends within `join_m` of another. Lines
    that merely cross do not meet: one is on a bridge.
    """
    import numpy as np

    numbers: dict[Point, int] = {}
    edges: list[tuple[int, int]] = []
    details: list[int] = []
    for line in _joined([line for line in lines if len(line.points) > 1], join_m):
        along = [
            numbers.setdefault((round(lat, 6), round(lon, 6)), len(numbers))
            for lat, lon in line.points
        ]
        steps = [(a, b) for a, b in itertools.pairwise(along) if a != b]
        edges += steps
        details += [DETAILS.index(line.detail)] * len(steps)
    if not edges:
        return None
    return Graph(np.array(list(numbers)), np.array(edges), np.array(details, dtype=np.int8))


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
        count_input(path)
        try:
            import routx
        except ImportError:
            raise RailsUnavailable(
                "routing on OpenStreetMap needs routx: pip install 'gtfsgen[rails]'"
            ) from None
        if not path.is_file():  # nor is a pipe one, which one could wait at for ever
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

    def way(self, start: Snap, end: Snap, limit_m: float = math.inf) -> Way | None:
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
    """Several networks asked in turn: hand-given lines first, then extracts, then the world."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = networks

    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        return [
            Snap(snap.point, snap.offset_m, (number, snap))
            for number, network in enumerate(self.networks)
            for snap in network.snaps(point, radius_m)
        ]

    def way(self, start: Snap, end: Snap, limit_m: float = math.inf) -> Way | None:
        first, start_inside = start.key
        second, end_inside = end.key
        if first != second:
            return None
        return self.networks[first].way(start_inside, end_inside, limit_m)


def _tree_of(segments: NDArray[np.float64]) -> Any:
    """An index of segments, each two rows of latitude and longitude, by longitude and latitude."""
    import numpy as np
    import shapely

    lines = shapely.linestrings(segments[:, :, ::-1])
    return shapely.STRtree(list(np.ravel(np.asarray(lines))))


def _box(point: Point, radius_m: float) -> Any:
    from shapely import box

    high = radius_m / METRES_PER_DEGREE
    wide = high / max(0.01, math.cos(math.radians(point[0])))
    return box(point[1] - wide, point[0] - high, point[1] + wide, point[0] + high)


def _joined(lines: list[Line], join_m: float) -> list[Line]:
    """The lines, plus a short connector from each loose end to a vertex put into the line it
    nearly meets.
    """
    import numpy as np

    vertices = {point for line in lines for point in line.points[1:-1]}
    spans = [
        (number, index, *pair)
        for number, line in enumerate(lines)
        for index, pair in enumerate(itertools.pairwise(line.points))
    ]
    if not spans:
        return lines
    starts = np.array([start for _, _, start, _ in spans])
    ends = np.array([end for *_, end in spans])
    tree = _tree_of(np.stack([starts, ends], axis=1))
    added: dict[tuple[int, int], list[tuple[float, Point]]] = {}
    connectors = []
    for number, line in enumerate(lines):
        for end in sorted({line.points[0], line.points[-1]} - vertices):
            near: dict[int, tuple[float, float, Point, int]] = {}
            candidates = np.sort(tree.query(_box(end, join_m)))
            places = nearest_on_segments(end, starts[candidates], ends[candidates])
            for span, (place, share, off) in zip(candidates, places, strict=True):
                other, index, _, _ = spans[span]
                if other != number and off <= join_m and off < near.get(other, (math.inf,))[0]:
                    near[other] = (off, share, place, index)
            for other, (off, share, place, index) in near.items():
                added.setdefault((other, index), []).append((share, place))
                if off > 0:
                    connectors.append(Line((end, place), line.detail))
    return [_with_vertices(line, number, added) for number, line in enumerate(lines)] + connectors


def _with_vertices(
    line: Line, number: int, added: dict[tuple[int, int], list[tuple[float, Point]]]
) -> Line:
    points: list[Point] = []
    for index, point in enumerate(line.points):
        points.append(point)
        points += [place for _, place in sorted(added.get((number, index), []))]
    return Line(tuple(points), line.detail)


def _without_repeats(points: list[Point]) -> list[Point]:
    return points[:1] + [b for a, b in itertools.pairwise(points) if a != b]
