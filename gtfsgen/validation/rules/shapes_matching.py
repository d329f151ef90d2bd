"""Stops and shapes: does the line drawn on the map pass where the vehicle calls?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import polars as pl

from gtfsgen import route_types
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gtfsgen.validation.scans.shape_matching import Finding, Shapes

PIECE_ROWS = 200_000
TABLES = ("trips", "stop_times", "stops", "shapes", "routes")

_found: WeakKeyDictionary[Feed, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()


@rule(Severity.WARNING, *TABLES, of="shapes")
def stop_too_far_from_shape(feed: Feed) -> Rows:
    """A stop lies more than 100 m from the shape of a trip that calls there.

    On a map the vehicle never comes by. Either the stop or the shape is misplaced, or the trip has
    the shape of another route. The first and last stop of a rail trip may lie 400 m off, since
    shapes of railways often end before the platforms do. A stop is reported once per shape.
    Distances along it are judged by `stop_too_far_from_shape_using_user_distance`.
    """
    return Rows(_frame(feed, "too_far", ("geo_distance_to_shape", pl.Float64)))


@rule(Severity.WARNING, *TABLES, of="shapes")
def stop_too_far_from_shape_using_user_distance(feed: Feed) -> Rows:
    """A stop's shape_dist_traveled points to a place more than 100 m from the stop.

    The shape may well pass the stop, but not at that distance. Measure the distances of
    stop_times.txt and of shapes.txt in one unit and from one start. A stop is reported once per
    shape, and not if `stop_too_far_from_shape` has reported it.
    """
    return Rows(_frame(feed, "too_far_by_distance", ("geo_distance_to_shape", pl.Float64)))


@rule(Severity.WARNING, *TABLES, of="shapes")
def stop_has_too_many_matches_for_shape(feed: Feed) -> Rows:
    """A shape passes a stop more than 20 times.

    Each time the shape comes within reach of the stop and leaves again is a place where the vehicle
    may call. So many hint at a shape that jumps back and forth. Thin out its points.
    """
    return Rows(_frame(feed, "too_many", ("match_count", pl.Int32)))


@rule(Severity.WARNING, *TABLES, of="shapes")
def stops_match_shape_out_of_order(feed: Feed) -> Rows:
    """The stops of a trip lie on its shape in another order than the trip calls.

    A stop can only be placed before the stop before it. Often the shape runs the other way, or
    stop_sequence is wrong, or the trip has the shape of another pattern.
    """
    return Rows(_frame(feed, "out_of_order"))


def _frame(feed: Feed, kind: str, *last: tuple[str, type[pl.DataType]]) -> pl.DataFrame:
    """Findings of one kind; `last` are the columns that come after the place."""
    text, number = pl.String, pl.Int64

    def call(suffix: str) -> dict[str, Any]:
        return {
            f"stop_time_csv_row_number{suffix}": number,
            f"stop_id{suffix}": text,
            f"stop_name{suffix}": text,
            f"match{suffix}": pl.List(pl.Float64),
        }

    calls = {**call("1"), **call("2")} if kind == "out_of_order" else call("")
    schema = {
        "trip_csv_row_number": number,
        "shape_id": text,
        "trip_id": text,
        **calls,
        **dict(last),
    }
    return pl.DataFrame(_findings(feed).get(kind, []), schema=schema)


def _findings(feed: Feed) -> dict[str, list[dict[str, Any]]]:
    """Particulars of the findings by kind, found once per feed."""
    if feed not in _found:
        rows: dict[str, list[dict[str, Any]]] = {}
        trips = _trips(feed)
        if trips.height and feed.height("stops"):
            for kind, particulars in _matched(feed, trips):
                rows.setdefault(kind, []).append(particulars)
        _found[feed] = rows
    return _found[feed]


def _trips(feed: Feed) -> pl.DataFrame:
    """Trips with a shape and stop times, by shape and in the order of the file.

    `first` and `size` are the trip's calls in ordered_stop_times; `rail` is null if the route is
    unknown.
    """
    import numpy as np

    calls = feed.ordered_stop_times.select(
        "trip_id", "stop_id", "shape_dist_traveled", "starts_trip"
    ).collect()
    first = calls["starts_trip"].arg_true().to_numpy().astype(np.int64)
    size = np.diff(np.append(first, calls.height))
    spans = calls[first].select(
        "trip_id",
        first=pl.Series(first),
        size=pl.Series(size),
        pattern=pl.Series(_fingerprints(calls, first, size)),
    )
    shapes = feed.shapes.select("shape_id").unique()
    is_rail = pl.col("route_type").is_in(route_types.RAILS).fill_null(False)
    routes = feed.first_routes.select("route_id", rail=is_rail)
    trips = (
        feed.trips.select("csv_row_number", "trip_id", "shape_id", "route_id")
        .join(shapes, on="shape_id", how="semi")
        .join(spans.lazy(), on="trip_id")
        .join(routes, on="route_id", how="left")
        .sort(pl.col("shape_id").to_physical(), "csv_row_number")
    )
    return trips.collect()


def _matched(feed: Feed, trips: pl.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """Match the distinct patterns of trips: kind and particulars of each finding."""
    import numpy as np

    from gtfsgen.validation.scans import shape_matching

    trips = trips.filter(_is_first_of_pattern(trips)).drop_nulls("rail")
    sizes = trips["size"].to_numpy()
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    calls = feed.ordered_stop_times.select(
        "csv_row_number", "stop_id", "shape_dist_traveled"
    ).collect()
    calls = calls[_ranges(trips["first"].to_numpy(), sizes)].with_columns(
        dist=pl.col("shape_dist_traveled").fill_null(0.0)
    )
    stops = (
        calls.lazy()
        .select(pl.col("stop_id").unique())
        .with_row_index("stop")
        .join(feed.stop_positions, on="stop_id", how="left", maintain_order="left")
        .join(feed.first_stops.select("stop_id", "stop_name"), on="stop_id", how="left")
        .sort("stop")
        .collect()
    )
    calls = calls.join(
        stops.select("stop_id", "stop", "stop_name"),
        on="stop_id",
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    shapes, shape_index = _shapes(feed, trips)
    patterns = shape_matching.Patterns(
        shape_index,
        trips["rail"].to_numpy(),
        starts,
        calls["stop"].to_numpy(),
        calls["dist"].to_numpy(),
    )
    # A stop that is nowhere is taken to lie at 0, 0, as in the canonical validator.
    lat, lon = (stops[name].fill_null(0.0).to_numpy() for name in ("lat", "lon"))
    findings = shape_matching.match(shapes, patterns, lat, lon)
    return _particulars(findings, trips, calls)


def _is_first_of_pattern(trips: pl.DataFrame) -> pl.Series:
    """Whether no earlier trip has the same shape, stops and distances."""
    key = trips.select(pl.col("shape_id").to_physical(), "size", "pattern")
    return key.select(pl.struct(pl.all()).is_first_distinct()).to_series()


def _fingerprints(
    calls: pl.DataFrame, first: NDArray[np.integer], size: NDArray[np.integer]
) -> NDArray[np.uint64]:
    """64 bits per trip that tell its pattern: a sum over calls, mixed of place, stop, distance.

    A piece of some 10^5 rows at a time stays in the processor's cache.
    """
    import numpy as np

    stops = calls["stop_id"].to_physical().fill_null(2**32 - 1).to_numpy()
    distances = calls["shape_dist_traveled"]
    without = distances.null_count() == len(distances)
    prints = []
    piece = 0
    while piece < len(first):
        last = max(int(np.searchsorted(first, first[piece] + PIECE_ROWS)), piece + 1)
        starts = first[piece:last].astype(np.int64)
        start, end = int(starts[0]), int(starts[-1] + size[last - 1])
        place = np.arange(start, end) - np.repeat(starts, size[piece:last])
        mixed = _mixed(place.astype(np.uint64)) + stops[start:end]
        if not without:
            part = distances[start:end].fill_null(0.0).to_numpy()
            mixed = _mixed(mixed) ^ part.view(np.uint64)
        prints.append(np.add.reduceat(_mixed(mixed), starts - start))
        piece = last
    return np.concatenate(prints) if prints else np.zeros(0, np.uint64)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread 64 bits, so that near numbers come to lie far apart (the finaliser of splitmix64)."""
    import numpy as np

    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (bits ^ (bits >> np.uint64(31))) + np.uint64(0x9E3779B97F4A7C15)


def _ranges(first: NDArray[np.integer], size: NDArray[np.integer]) -> NDArray[np.integer]:
    """The whole numbers from each `first` on, `size` of them, one range after the other."""
    import numpy as np

    ends = np.cumsum(size)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(first.astype(np.int64) - (ends - size), size)


def _shapes(feed: Feed, trips: pl.DataFrame) -> tuple[Shapes, NDArray[np.integer]]:
    """The points of the shapes of these trips, and the place of each trip's shape among them."""
    import numpy as np

    from gtfsgen.validation.scans import shape_matching

    used = trips.select(pl.col("shape_id").unique(maintain_order=True)).with_row_index("shape")
    points = (
        feed.shapes.join(used.lazy(), on="shape_id", maintain_order="left")
        .sort("shape", "shape_pt_sequence", maintain_order=True)
        .select("shape", "shape_pt_lat", "shape_pt_lon", pl.col("shape_dist_traveled").fill_null(0))
        .collect()
    )
    starts = np.searchsorted(points["shape"].to_numpy(), np.arange(used.height + 1))
    index = trips.join(used, on="shape_id", how="left", maintain_order="left")["shape"]
    columns = (points[name].to_numpy() for name in points.columns[1:])
    return shape_matching.Shapes(starts, *columns), index.to_numpy().astype(np.int64)


def _particulars(
    findings: list[Finding], trips: pl.DataFrame, calls: pl.DataFrame
) -> list[tuple[str, dict[str, Any]]]:
    """Kind and particulars of each finding; one at a call without stop_id is left out."""
    trip_rows = trips.select("csv_row_number", "shape_id", "trip_id").cast(
        {"shape_id": pl.String, "trip_id": pl.String}
    )
    call_rows = calls.select(
        "csv_row_number", pl.col("stop_id", "stop_name").cast(pl.String).fill_null("")
    )
    found: list[tuple[str, dict[str, Any]]] = []
    for finding in findings:
        call = call_rows.row(finding.call)
        if not call[1]:
            continue
        row: dict[str, Any] = dict(
            zip(
                ("trip_csv_row_number", "shape_id", "trip_id"),
                trip_rows.row(finding.pattern),
                strict=True,
            )
        )
        place: list[Any] = [finding.lat, finding.lon]
        if finding.other_call is None:
            row |= _call("", call, place)
        else:
            other_place: list[Any] = [finding.other_lat, finding.other_lon]
            row |= _call("1", call, place)
            row |= _call("2", call_rows.row(finding.other_call), other_place)
        if finding.distance_m is not None:
            row["geo_distance_to_shape"] = finding.distance_m
        if finding.candidates is not None:
            row["match_count"] = finding.candidates
        found.append((finding.kind, row))
    return found


def _call(suffix: str, call: tuple[Any, ...], place: list[Any]) -> dict[str, Any]:
    row_number, stop_id, stop_name = call
    return {
        f"stop_time_csv_row_number{suffix}": row_number,
        f"stop_id{suffix}": stop_id,
        f"stop_name{suffix}": stop_name,
        f"match{suffix}": place,
    }
