"""Ways over a network against simple computations of the same."""

from __future__ import annotations

import itertools
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gtfsgen.shapes import Limits, RailsUnavailable, draw, draw_on, world, world_network
from gtfsgen.shapes.lines import (
    Plane,
    distance_m,
    length_m,
    nearest_on_segment,
    nearest_on_segments,
    simplify,
)
from gtfsgen.shapes.network import COST, Detail, Line, Networks, line_network
from tests.shapes.test_shapes import BENT, ON_BENT, feed, write_lines

TRACK = Path(__file__).parents[2] / "source" / "tracks" / "beijing-pyongyang.geojson"


def test_lengths_are_geodesics_of_the_ellipsoid() -> None:
    """A degree along the equator and one along a meridian, as WGS84 has them."""
    assert distance_m((0, 0), (0, 1)) == pytest.approx(111_319.491, abs=0.001)
    assert distance_m((0, 0), (1, 0)) == pytest.approx(110_574.389, abs=0.001)
    assert distance_m((0, 179.5), (0, -179.5)) == pytest.approx(111_319.491, abs=0.001)


@pytest.mark.parametrize("seed", range(20))
def test_the_nearest_place_is_that_found_by_trying_many(seed: Any) -> None:
    rng = random.Random(seed)
    lat, lon = rng.uniform(-70, 70), rng.uniform(-180, 180)
    start, end, point = (
        (lat + rng.uniform(-0.02, 0.02), lon + rng.uniform(-0.02, 0.02)) for _ in range(3)
    )
    place, share, off = nearest_on_segment(point, start, end)
    shares = [k / 2000 for k in range(2001)]
    tried = min(
        distance_m(
            point,
            (start[0] + s * (end[0] - start[0]), start[1] + s * (end[1] - start[1])),
        )
        for s in shares
    )
    assert off == pytest.approx(tried, abs=2)
    assert distance_m(point, place) == pytest.approx(off, abs=0.01)
    assert 0 <= share <= 1


@pytest.mark.parametrize("seed", range(10))
def test_a_simplified_line_strays_no_farther_than_allowed(seed: Any) -> None:
    rng = random.Random(seed)
    line = [(50 + rng.uniform(-0.001, 0.001), 10 + k * 0.002) for k in range(60)]
    kept = simplify(line, 40)
    assert (kept[0], kept[-1]) == (line[0], line[-1])
    assert kept == [point for point in line if point in kept]
    for point in line:
        off = min(nearest_on_segment(point, a, b)[2] for a, b in itertools.pairwise(kept))
        assert off <= 40.5
    assert len(kept) < len(line)


def cheapest_ways(lines: list[Line]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Costs of edges and of the cheapest ways between all their ends, by Floyd and Warshall."""
    edge: dict[Any, Any] = {}
    for line in lines:
        a, b = ((round(lat, 6), round(lon, 6)) for lat, lon in line.points)
        cost = distance_m(a, b) * COST[line.detail]
        edge[a, b] = edge[b, a] = min(edge.get((a, b), math.inf), cost)
    places = sorted({place for pair in edge for place in pair})
    ways: dict[Any, float] = {(p, q): edge.get((p, q), math.inf) for p in places for q in places}
    for via, p, q in itertools.product(places, repeat=3):
        ways[p, q] = min(ways[p, q], ways[p, via] + ways[via, q])
    return edge, ways


@pytest.mark.parametrize("seed", range(15))
def test_the_shortest_way_is_that_of_all_ways_tried(seed: Any) -> None:
    rng = random.Random(seed)
    nodes = [
        (50 + i * 0.01 + rng.uniform(0, 0.004), 10 + j * 0.01) for i in range(4) for j in range(4)
    ]
    pairs = rng.sample(list(itertools.combinations(nodes, 2)), 22)
    lines = [
        Line(pair, rng.choice([Detail.TRACK, Detail.SIMPLIFIED, Detail.SKETCH])) for pair in pairs
    ]
    network = line_network(lines, join_m=0)
    assert network is not None
    edge, cost = cheapest_ways(lines)
    for p, q in rng.sample([pair for pair in cost if pair[0] != pair[1]], 40):
        way = network.way(network.snaps(p, 1)[0], network.snaps(q, 1)[0])
        if math.isinf(cost[p, q]):
            assert way is None
            continue
        assert way is not None
        rounded = [(round(lat, 6), round(lon, 6)) for lat, lon in way.points]
        around = [place for place, _ in itertools.groupby(rounded)]
        assert (around[0], around[-1]) == (p, q)
        paid = sum(edge[pair] for pair in itertools.pairwise(around))
        assert paid == pytest.approx(cost[p, q], rel=1e-6)


def test_a_simplified_line_is_followed_and_says_so(tmp_path: Path) -> None:
    tracks = write_lines(tmp_path / "t", ("LineString", BENT, {"detail": "simplified"}))
    drawn = draw(feed(ON_BENT, "a b c"), tracks, {})
    assert [(f.code, f.severity) for f in drawn.faults] == [("simplified", "INFO")] * 2
    assert {leg["properties"]["reason"] for leg in drawn.geojson["features"]} == {"simplified"}
    assert drawn.tables["shapes"].height == 4
    wrong = write_lines(tmp_path / "w", ("LineString", BENT, {"detail": "rough"}))
    assert "rough" in draw(feed(ON_BENT, "a b c"), wrong, {}).faults[0].message


def test_the_worlds_outline_comes_near_a_real_line() -> None:
    """Sujiatun-Dandong, of which the track is known, with a stop about every ten kilometres. Where
    stops are few, the shortest way may be another railway: docs/tracks.md says so.
    """
    pytest.importorskip("scgraph_data")
    sections = json.loads(TRACK.read_text(encoding="utf-8"))["features"]
    real = [
        (lat, lon)
        for section in sections
        if section["properties"]["detail"] == "track"
        for lon, lat in section["geometry"]["coordinates"]
    ]
    real = real[min(range(len(real)), key=lambda n: distance_m(real[n], (41.66, 123.34))) :]
    every = [real[0]]
    for point in real:
        if distance_m(every[-1], point) > 10_000:
            every.append(point)
    stops = {f"s{number}": point for number, point in enumerate(every)}
    network = Networks([world_network()])
    drawn = draw_on(feed(stops, " ".join(stops)), {"": network}, Limits(simplify_m=0))
    legs = drawn.geojson["features"]
    assert {leg["properties"]["reason"] for leg in legs} <= {"world_network", "stop_off_track"}
    vertices = [(lat, lon) for lon, lat in drawn_line(drawn)]
    line = np.array(vertices)
    offs = sorted(
        min(off for *_, off in nearest_on_segments(point, line[:-1], line[1:]))
        for point in real[::10]
    )
    assert offs[len(offs) // 2] < 700
    assert offs[len(offs) * 9 // 10] < 3000
    assert 0.8 < length_m(vertices) / length_m(real) < 1.02


def drawn_line(drawn: Any) -> Any:
    shape = drawn.tables["shapes"].cast({"shape_pt_lat": float, "shape_pt_lon": float})
    return shape.select("shape_pt_lon", "shape_pt_lat").rows()


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "PACKAGE", "no_such_package_here")
    world_network.cache_clear()
    with pytest.raises(RailsUnavailable, match=r"gtfsgen\[world\]"):
        world_network()
    world_network.cache_clear()


def test_a_plane_has_its_place_in_the_middle() -> None:
    east, north = Plane(52.0, 13.0).flat(52.0, 13.01)
    assert math.hypot(east, north) == pytest.approx(
        distance_m((52.0, 13.0), (52.0, 13.01)), abs=0.01
    )
    assert Plane(52.0, 13.0).place(0.0, 0.0) == pytest.approx((52.0, 13.0))
