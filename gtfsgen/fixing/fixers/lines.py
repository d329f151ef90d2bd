"""Shapes and distances along them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from gtfsgen.fixing.changes import Change
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer

EARTH_M = 6_371_008.8
Point = tuple[int, float, float, float | None]


@fixer(safe=True)
def unused_shape(look: Look) -> Iterator[Change]:
    """A shape that no trip uses is left out."""
    notices = look.notices("unused_shape")
    if notices.height:
        yield from _shapes_out(look, {*notices["shape_id"].to_list()})


@fixer(safe=True)
def single_shape_point(look: Look) -> Iterator[Change]:
    """A shape of a single point is left out, and trips no longer name it: it draws no line."""
    notices = look.notices("single_shape_point")
    if not notices.height:
        return
    ids = {*notices["shape_id"].to_list()}
    yield from _shapes_out(look, ids)
    if look.has("trips", "shape_id"):
        rows = look.text("trips", "shape_id").filter(pl.col("shape_id").is_in(ids))["row"]
        yield from look.blank_cells("trips", "shape_id", rows.to_list())


def _shapes_out(look: Look, ids: set[str]) -> Iterator[Change]:
    rows = look.text("shapes", "shape_id").filter(pl.col("shape_id").is_in(ids))["row"]
    yield from look.rows_out("shapes", rows.to_list())


@fixer(safe=True)
def equal_shape_distance_same_coordinates(look: Look) -> Iterator[Change]:
    """A point of a shape that repeats the one before is left out."""
    rows = look.rows_at_fault("equal_shape_distance_same_coordinates")
    yield from look.rows_out("shapes", rows)


@fixer(safe=True)
def decreasing_shape_distance(look: Look) -> Iterator[Change]:
    """Distances that fall are measured anew between those that rise, by the line itself."""
    yield from _measured(look, "decreasing_shape_distance")


@fixer(safe=True)
def equal_shape_distance_diff_coordinates(look: Look) -> Iterator[Change]:
    """Distances that stand still are measured anew between those that rise, by the line itself."""
    yield from _measured(look, "equal_shape_distance_diff_coordinates")


@fixer(safe=True)
def equal_shape_distance_diff_coordinates_distance_below_threshold(look: Look) -> Iterator[Change]:
    """Distances that stand still are measured anew between those that rise, by the line itself."""
    yield from _measured(look, "equal_shape_distance_diff_coordinates_distance_below_threshold")


def _measured(look: Look, code: str) -> Iterator[Change]:
    notices = look.notices(code)
    if not notices.height:
        return
    ids = notices["shape_id"].unique().to_list()
    names = ("shape_id", "shape_pt_sequence", "shape_pt_lat", "shape_pt_lon", "shape_dist_traveled")
    numbers = [pl.col(name).cast(pl.Float64, strict=False) for name in names[2:]]
    part = (
        look.text("shapes", *names)
        .filter(pl.col("shape_id").is_in(ids))
        .with_columns(pl.col("shape_pt_sequence").cast(pl.Int64, strict=False), *numbers)
        .sort("shape_id", "shape_pt_sequence", nulls_last=True)
    )
    new: dict[int, str] = {}
    for _, points in part.group_by("shape_id", maintain_order=True):
        new |= _rising(points.select("row", *names[2:]).rows())
    yield from look.set_cells("shapes", "shape_dist_traveled", new)


def _rising(points: list[Point]) -> dict[int, str]:
    """Rows of a shape -> distances where they did not rise, between the neighbours that do."""
    if any(value is None for point in points for value in point):
        return {}
    distances = [float(point[3] or 0.0) for point in points]
    kept = _longest_rising(distances)
    along = [0.0]
    for a, b in pairwise(points):
        along.append(along[-1] + _metres(a, b))
    new = {}
    for left, right in pairwise(kept):
        length = along[right] - along[left]
        for n in range(left + 1, right):
            if length <= 0:
                return {}
            share = (along[n] - along[left]) / length
            value = distances[left] + share * (distances[right] - distances[left])
            if not distances[left] < value < distances[right]:
                return {}
            new[points[n][0]] = _shown(value, distances[left], distances[right])
    tail = kept[-1]
    unit = along[tail] / distances[tail] if distances[tail] > 0 and along[tail] > 0 else 0.0
    for n in range(tail + 1, len(points)):
        if unit <= 0 or along[n] <= along[n - 1]:
            return {}
        value = distances[tail] + (along[n] - along[tail]) / unit
        new[points[n][0]] = _shown(value, distances[tail], math.inf)
    return new


def _longest_rising(values: list[float]) -> list[int]:
    """Places of as many values as can be had that rise from one to the next, the first among
    them."""
    from bisect import bisect_left

    tails: list[float] = []
    places: list[int] = []
    before = [-1] * len(values)
    for n, value in enumerate(values):
        if n and value <= values[0]:
            continue
        at = bisect_left(tails, value)
        before[n] = places[at - 1] if at else -1
        if at == len(tails):
            tails.append(value)
            places.append(n)
        else:
            tails[at], places[at] = value, n
    found = []
    n = places[-1] if places else -1
    while n >= 0:
        found.append(n)
        n = before[n]
    return found[::-1]


def _shown(value: float, low: float, high: float) -> str:
    """A number between two others with as few decimals as keep it there."""
    for digits in range(3, 16):
        text = f"{value:.{digits}f}"
        if low < float(text) < high:
            return text
    return repr(value)


def _metres(a: Point, b: Point) -> float:
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (a[1], a[2], b[1], b[2]))
    x = (lon_b - lon_a) * math.cos((lat_a + lat_b) / 2)
    return math.hypot(x, lat_b - lat_a) * EARTH_M


@fixer(safe=True)
def decreasing_or_equal_stop_time_distance(look: Look) -> Iterator[Change]:
    """A distance that does not rise is left blank: stops are then placed by their position."""
    rows = look.rows_at_fault("decreasing_or_equal_stop_time_distance")
    yield from look.blank_cells("stop_times", "shape_dist_traveled", rows)


@fixer(safe=True)
def trip_distance_exceeds_shape_distance_below_threshold(look: Look) -> Iterator[Change]:
    """The last stop's distance becomes the length of the shape, at whose end it lies."""
    yield from _cut(look, "trip_distance_exceeds_shape_distance_below_threshold")


@fixer(safe=False)
def trip_distance_exceeds_shape_distance(look: Look) -> Iterator[Change]:
    """Distances of a trip that goes farther than its shape are left blank."""
    yield from _without_distances(look, "trip_distance_exceeds_shape_distance")


@fixer(safe=False)
def stop_too_far_from_shape_using_user_distance(look: Look) -> Iterator[Change]:
    """Distances of a trip that place a stop far from where it is are left blank."""
    yield from _without_distances(look, "stop_too_far_from_shape_using_user_distance")


@fixer(safe=True)
def trip_with_shape_dist_traveled_but_no_shape_distances(look: Look) -> Iterator[Change]:
    """Distances of stop times become blank where the shape has none: there is nothing to compare
    them with."""
    yield from _without_distances(look, "trip_with_shape_dist_traveled_but_no_shape_distances")


def _without_distances(look: Look, code: str) -> Iterator[Change]:
    notices = look.notices(code)
    if notices.height:
        trips = notices["trip_id"].unique().to_list()
        rows = look.text("stop_times", "trip_id").filter(pl.col("trip_id").is_in(trips))["row"]
        yield from look.blank_cells("stop_times", "shape_dist_traveled", rows.to_list())


def _cut(look: Look, code: str) -> Iterator[Change]:
    notices = look.notices(code)
    if not notices.height:
        return
    trips = notices["trip_id"].unique().to_list()
    part = look.text("stop_times", "trip_id", "stop_sequence", "shape_dist_traveled").filter(
        pl.col("trip_id").is_in(trips)
    )
    ordered = part.with_columns(
        pl.col("stop_sequence").cast(pl.Int64, strict=False),
        dist=pl.col("shape_dist_traveled").cast(pl.Float64, strict=False),
    ).sort("trip_id", "stop_sequence", nulls_last=True)
    ends = ordered.group_by("trip_id").agg(
        pl.col("row").last(), before=pl.col("dist").head(pl.len() - 1).max()
    )
    of_trip = {trip: (row, before) for trip, row, before in ends.iter_rows()}
    lengths = _lengths(look, {*notices["shape_id"].to_list()})
    new = {}
    for trip, shape in notices.select("trip_id", "shape_id").iter_rows():
        row, before = of_trip.get(trip, (None, None))
        number, text = lengths.get(shape, (None, None))
        if row is not None and number is not None and (before is None or before < number):
            new[row] = str(text)
    yield from look.set_cells("stop_times", "shape_dist_traveled", new)


def _lengths(look: Look, shapes: set[str]) -> dict[str, tuple[float, str]]:
    """Shape -> its greatest distance, as a number and as it is written."""
    part = look.text("shapes", "shape_id", "shape_dist_traveled").filter(
        pl.col("shape_id").is_in(shapes)
    )
    found: dict[str, tuple[float, str]] = {}
    for shape, text in part.select("shape_id", "shape_dist_traveled").drop_nulls().iter_rows():
        try:
            number = float(text)
        except ValueError:
            continue
        if shape not in found or number > found[shape][0]:
            found[shape] = number, text
    return found
