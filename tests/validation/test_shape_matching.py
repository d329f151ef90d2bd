"""Stops on shapes: single cases along the equator, and a slow reading of the same law."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gtfsgen
from gtfsgen.validation.scans import shape_matching, sphere
from gtfsgen.validation.scans.shape_matching import Finding, Patterns, Shapes

METRE = math.degrees(1 / sphere.EARTH_RADIUS_M)
Point = tuple[float, float]

Place = tuple[float, float]


def places(points: list[Point]) -> tuple[np.ndarray, np.ndarray]:
    """Positions (east, north) in metres from a place on the equator, in degrees."""
    east, north = np.array(points, dtype=float).reshape(-1, 2).T
    return north * METRE, 20 + east * METRE


def match(
    shape: list[Point],
    *patterns: list[Point],
    shape_dist: list[float] | None = None,
    dists: list[list[float]] | None = None,
    rail: bool = False,
) -> list[Finding]:
    """Match patterns of positions to one shape; equal positions are one stop."""
    stops = sorted({stop for pattern in patterns for stop in pattern})
    sizes = [len(pattern) for pattern in patterns]
    calls = [stops.index(stop) for pattern in patterns for stop in pattern]
    given_dists = [dist for pattern in dists or [] for dist in pattern] or [0.0] * len(calls)
    lat, lon = places(shape)
    return shape_matching.match(
        Shapes(np.array([0, len(shape)]), lat, lon, np.array(shape_dist or [0.0] * len(shape))),
        Patterns(
            np.zeros(len(patterns), dtype=int),
            np.full(len(patterns), rail),
            np.cumsum([0, *sizes]),
            np.array(calls),
            np.array(given_dists),
        ),
        *places(stops),
    )


def kinds(findings: list[Finding]) -> list[tuple[str, int]]:
    return [(finding.kind, finding.call) for finding in findings]


LINE = [(0.0, 0.0), (1000.0, 0.0), (2000.0, 0.0)]


def test_stops_along_a_line_fit() -> None:
    assert match(LINE, [(0, 50), (900, -99), (1000, 0), (1001, 99), (2050, 0)]) == []


def test_a_stop_too_far_is_given_its_nearest_place() -> None:
    (finding,) = match(LINE, [(0, 0), (500, 101), (2000, 0)])
    assert kinds([finding]) == [("too_far", 1)]
    assert finding.distance_m == pytest.approx(101)
    assert finding.lat == pytest.approx(0, abs=1e-9)
    assert finding.lon == pytest.approx(20 + 500 * METRE)


def test_beyond_an_end_the_end_is_nearest() -> None:
    (finding,) = match(LINE, [(0, 0), (2300, 400)])
    assert finding.distance_m == pytest.approx(500)
    assert finding.lon == pytest.approx(20 + 2000 * METRE)


def test_ends_of_rail_trips_may_lie_farther_off() -> None:
    assert match(LINE, [(0, 399), (1000, 0), (2000, 399)], rail=True) == []
    findings = match(LINE, [(0, 401), (1000, 101), (2000, 399)], rail=True)
    assert kinds(findings) == [("too_far", 0), ("too_far", 1)]
    assert kinds(match(LINE, [(0, 399), (2000, 0)])) == [("too_far", 0)]


def test_a_stop_is_too_far_only_once_per_shape() -> None:
    findings = match(LINE, [(0, 0), (500, 200)], [(0, 0), (500, 200), (600, 300)])
    assert [(f.kind, f.pattern, f.call) for f in findings] == [("too_far", 0, 1), ("too_far", 1, 4)]


def test_the_nearest_place_of_a_far_stop_on_a_shape_of_one_point() -> None:
    (finding,) = match([(0, 0)], [(300, 400)])
    assert finding.distance_m == pytest.approx(500)
    assert match([(0, 0)], [(30, 40), (0, 0)]) == []


def test_stops_against_the_direction_of_the_shape() -> None:
    (finding,) = match(LINE, [(200, 0), (1500, 10), (900, 20), (1700, 0)])
    assert kinds([finding]) == [("out_of_order", 2)]
    assert finding.other_call == 1
    assert finding.lon == pytest.approx(20 + 900 * METRE)
    assert finding.other_lon == pytest.approx(20 + 1500 * METRE)


def test_order_is_not_judged_where_a_stop_is_too_far() -> None:
    assert kinds(match(LINE, [(1500, 0), (500, 0), (0, 900)])) == [("too_far", 2)]


def test_order_is_reported_for_each_pattern() -> None:
    findings = match(LINE, [(1500, 0), (500, 0)], [(1500, 0), (500, 0), (600, 0)])
    assert kinds(findings) == [("out_of_order", 1), ("out_of_order", 3)]


def test_a_farther_place_is_taken_where_the_nearest_is_out_of_order() -> None:
    there_and_back = [(0.0, 0.0), (2000.0, 0.0), (2000.0, 150.0), (0.0, 150.0)]
    assert match(there_and_back, [(500, 70), (1500, 70), (500, 70)]) == []
    assert kinds(match(there_and_back, [(500, 90), (1500, 10), (100, 10)])) == [("out_of_order", 2)]


def zigzag(times: int) -> list[Point]:
    return [(x, 0.0) for _ in range(times) for x in (0.0, 500.0)]


def test_many_places_on_the_shape() -> None:
    assert match(zigzag(20), [(0, 0)] * 2) == []
    findings = match(zigzag(21), [(0, 0)] * 2)
    assert kinds(findings) == [("too_many", 0), ("too_many", 1)]
    assert findings[0].candidates == 21


def test_a_shape_that_turns_back_nearby_makes_a_second_place() -> None:
    # Within reach all the time: away by 90 m, and back to 10 m.
    shape = [(-80.0, 0.0), (0.0, 0.0), (90.0, 0.0), (10.0, 1.0)]
    assert kinds(match(shape * 11, [(0, 0)]))[0][0] == "too_many"


def test_equal_distances_along_the_shape_are_in_order() -> None:
    assert match([(0, 0), (0, 0), (0, 0), (1000, 0)], [(0, 5), (0, -5), (0, 0)]) == []


DISTS = [0.0, 10.0, 20.0]


def test_distances_that_point_elsewhere() -> None:
    (finding,) = match(
        LINE,
        [(0, 0), (1000, 0), (2000, 0)],
        shape_dist=DISTS,
        dists=[[0.0, 5.0, 20.0]],
    )
    assert kinds([finding]) == [("too_far_by_distance", 1)]
    assert finding.distance_m == pytest.approx(500)
    assert finding.lon == pytest.approx(20 + 500 * METRE)


def test_distances_need_a_last_one_on_both_sides() -> None:
    stops: list[Place] = [(0, 0), (1000, 0), (2000, 0)]
    assert match(LINE, stops, shape_dist=DISTS, dists=[[0.0, 5.0, 0.0]]) == []
    assert match(LINE, stops, shape_dist=[0.0] * 3, dists=[[0.0, 5.0, 20.0]]) == []


def test_the_wide_limit_of_rail_ends_does_not_hold_for_distances() -> None:
    stops: list[Place] = [(0, 300), (2000, 300)]
    findings = match(LINE, stops, shape_dist=DISTS, dists=[[0.0, 20.0]], rail=True)
    assert kinds(findings) == [("too_far_by_distance", 0), ("too_far_by_distance", 1)]


def test_a_stop_too_far_by_geometry_is_not_repeated_for_its_distance() -> None:
    findings = match(LINE, [(0, 0), (1000, 200)], shape_dist=DISTS, dists=[[0.0, 10.0]])
    assert kinds(findings) == [("too_far", 1)]


def test_distances_of_the_shape_never_go_back() -> None:
    findings = match(
        LINE, [(0, 0), (1000, 0), (2000, 0)], shape_dist=[0.0, 10.0, 4.0], dists=[[0.0, 10.0, 12.0]]
    )
    # 10 is reached at the second point and held at the third, where the search then ends.
    assert kinds(findings) == [("too_far_by_distance", 1)]


def test_decreasing_distances_of_stops() -> None:
    findings = match(
        LINE,
        [(0, 0), (800, 0), (700, 0), (2000, 0)],
        shape_dist=DISTS,
        dists=[[1.0, 8.0, 7.0, 20.0]],
    )
    assert [finding.kind for finding in findings] == ["out_of_order", "out_of_order"]
    assert findings[1].lon == pytest.approx(20 + 700 * METRE)


def test_the_search_by_distance_does_not_go_back_to_an_earlier_segment() -> None:
    findings = match(
        LINE, [(0, 0), (1400, 0), (2000, 0)], shape_dist=DISTS, dists=[[14.0, 6.0, 20.0]]
    )
    # 6 lies on the first segment; the search holds at the point where the second begins.
    assert kinds(findings) == [("out_of_order", 1)]
    assert findings[0].lon == pytest.approx(20 + 1000 * METRE)


def test_a_stop_without_distance_falls_back_on_geometry() -> None:
    stops: list[Place] = [(0, 0), (1000, 0), (500, 0), (2000, 0)]
    findings = match(LINE, stops, shape_dist=DISTS, dists=[[0.0, 10.0, 0.0, 20.0]])
    assert kinds(findings) == [("out_of_order", 2), ("out_of_order", 2)]


def test_no_patterns() -> None:
    shapes = Shapes(np.array([0, 1]), *places([(0, 0)]), np.zeros(1))
    none = np.zeros(0, dtype=int)
    patterns = Patterns(none, none.astype(bool), np.zeros(1, dtype=int), none, np.zeros(0))
    assert shape_matching.match(shapes, patterns, np.zeros(0), np.zeros(0)) == []


def slow_candidates(shape: list[Point], stop: Point) -> list[Place]:
    """Metres along the shape and off the stop, segment by segment, on a plane."""
    found: list[Place] = []
    best, before, was_leaving, along = None, math.inf, False, 0.0
    for (x1, y1), (x2, y2) in itertools.pairwise(shape):
        dx, dy = x2 - x1, y2 - y1
        length = math.hypot(dx, dy)
        share = ((stop[0] - x1) * dx + (stop[1] - y1) * dy) / length**2 if length else 0.0
        share = min(1.0, max(0.0, share))
        off = math.dist(stop, (x1 + share * dx, y1 + share * dy))
        starts_anew = off > 100 or (was_leaving and off < before - 1e-6)
        if best and starts_anew:
            found.append(best)
            best = None
        if off <= 100 and (best is None or off < best[1] - 1e-6):
            best = (along + share * length, off)
        before = math.dist(stop, (x2, y2))
        was_leaving = before > off + 1e-6
        along += length
    return [*found, best] if best else found


def slow_kind(shape: list[Point], stops: list[Point]) -> str | None:
    """What the geometric pass says of a pattern; every choice of candidates is open to a walk."""
    candidates = [slow_candidates(shape, stop) for stop in stops]
    if not all(candidates):
        return "too_far"
    reached = 0.0
    for places_of_stop in candidates:
        ahead = [along for along, _ in places_of_stop if along >= reached - 0.01]
        if not ahead:
            return "out_of_order"
        reached = min(ahead)
    return None


grid = st.tuples(st.integers(0, 8), st.integers(0, 3)).map(lambda p: (p[0] * 120.0, p[1] * 70.0))
shapes = st.lists(grid, min_size=2, max_size=9)
# Off the grid by odd amounts, so that neither 100 m nor a tie is met exactly.
stop_lists = st.lists(
    grid.map(lambda p: (p[0] + 13.7, p[1] + 7.3)), min_size=1, max_size=5, unique=True
)


@settings(max_examples=200, deadline=None)
@given(shapes, stop_lists)
def test_the_slow_way_finds_the_same(shape: list[Point], stops: list[Point]) -> None:
    findings = [finding.kind for finding in match(shape, stops) if finding.kind != "too_many"]
    expected = slow_kind(shape, stops)
    assert set(findings) == ({expected} if expected else set())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(shapes, stop_lists), min_size=2, max_size=4))
def test_many_shapes_at_once_are_as_one_by_one(
    feeds: list[tuple[list[Point], list[Point]]],
) -> None:
    one_by_one = [match(shape, stops) for shape, stops in feeds]
    sizes = [len(stops) for _, stops in feeds]
    all_points = [point for shape, _ in feeds for point in shape]
    all_stops = [stop for _, stops in feeds for stop in stops]
    together = shape_matching.match(
        Shapes(
            np.cumsum([0, *(len(shape) for shape, _ in feeds)]),
            *places(all_points),
            np.zeros(len(all_points)),
        ),
        Patterns(
            np.arange(len(feeds)),
            np.zeros(len(feeds), dtype=bool),
            np.cumsum([0, *sizes]),
            np.arange(len(all_stops)),
            np.zeros(len(all_stops)),
        ),
        *places(all_stops),
    )
    first_call = np.cumsum([0, *sizes])
    assert [(f.kind, f.pattern, f.call, f.distance_m) for f in together] == [
        (f.kind, pattern, int(first_call[pattern]) + f.call, f.distance_m)
        for pattern, findings in enumerate(one_by_one)
        for f in findings
    ]


def test_degenerate_segments_have_a_normal() -> None:
    point = sphere.vectors(np.array([48.0]), np.array([2.0]))
    normal = sphere.normals(point, point)
    assert sphere.dot(normal, normal) > 0.9
    stop = sphere.vectors(np.array([48.001]), np.array([2.0]))
    assert sphere.closest_points(stop, point, point, normal) == pytest.approx(point)


def test_both_distance_formulas_agree() -> None:
    lat, lon = np.array([48.0, -10.0]), np.array([2.0, 179.9])
    other_lat, other_lon = np.array([48.5, -10.1]), np.array([2.5, -179.9])
    by_vectors = sphere.distance_m(sphere.vectors(lat, lon), sphere.vectors(other_lat, other_lon))
    assert sphere.haversine_m(lat, lon, other_lat, other_lon) == pytest.approx(by_vectors)


FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,A,https://a.org,UTC\n",
    "routes.txt": "route_id,agency_id,route_type,route_short_name\nR,A,3,1\n",
    "calendar_dates.txt": "service_id,date,exception_type\nS,20260101,1\n",
    "trips.txt": "route_id,service_id,trip_id,shape_id\n"
    "X,S,T0,L\nR,S,T1,L\nR,S,T2,L\nR,S,T3,L\nR,S,T4,L\nR,S,T5,\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
    "P,Parent,10,20,1,\nA,,,,0,P\nB,Bee,10,20.01,0,\nC,Cee,11,20,0,\n",
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nL,10,20.01,2\nL,10,20,1\n",
    # T0 has a pattern of its own but no route; T2 repeats T1; T4 is not in the order of the file.
    "stop_times.txt": "trip_id,stop_id,stop_sequence,arrival_time,departure_time\n"
    "T0,C,1,08:00:00,08:00:00\nT1,A,1,08:00:00,08:00:00\nT1,C,2,09:00:00,09:00:00\n"
    "T2,A,1,08:00:00,08:00:00\nT2,C,2,09:00:00,09:00:00\nT3,B,1,08:00:00,08:00:00\n"
    "T3,A,2,09:00:00,09:00:00\nT4,B,2,09:00:00,09:00:00\nT4,A,1,08:00:00,08:00:00\n"
    "T5,C,1,08:00:00,08:00:00\n",
}


def test_the_rules_name_rows_and_stops(tmp_path: Path) -> None:
    for name, text in FEED.items():
        (tmp_path / name).write_text(text)
    report = gtfsgen.validate(tmp_path, date="2026-01-01")
    (far,) = report.samples("stop_too_far_from_shape")
    assert far.pop("geoDistanceToShape") == pytest.approx(111195, rel=1e-3)
    assert far.pop("match") == pytest.approx([10, 20])
    assert far == {
        "tripCsvRowNumber": 3,
        "shapeId": "L",
        "tripId": "T1",
        "stopTimeCsvRowNumber": 4,
        "stopId": "C",
        "stopName": "Cee",
    }
    (order,) = report.samples("stops_match_shape_out_of_order")
    assert order.pop("match1") == pytest.approx([10, 20])
    assert order.pop("match2") == pytest.approx([10, 20.01])
    assert order == {
        "tripCsvRowNumber": 5,
        "shapeId": "L",
        "tripId": "T3",
        "stopTimeCsvRowNumber1": 8,
        "stopId1": "A",
        "stopName1": "",
        "stopTimeCsvRowNumber2": 7,
        "stopId2": "B",
        "stopName2": "Bee",
    }
