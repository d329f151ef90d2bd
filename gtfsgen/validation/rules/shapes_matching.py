"""Stops and shapes: does the line drawn on the map pass where the vehicle calls?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gtfsgen.validation.shape_matching import Finding, Patterns, Shapes

RAIL = 2
TABLES = ("trips", "stop_times", "stops", "shapes", "routes")

_found: WeakKeyDictionary[Feed, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()


@rule(Severity.WARNING, *TABLES)
def stop_too_far_from_shape(feed: Feed) -> Rows:
    """A stop lies more than 100 m from the shape of a trip that calls there.

    On a map the vehicle never comes by. Either the stop or the shape is misplaced, or the trip has the
    shape of another route. The first and last stop of a rail trip may lie 400 m off, since shapes of
    railways often end before the platforms do. A stop is reported once per shape. Distances along the
    shape are judged by `stop_too_far_from_shape_using_user_distance`.
    """
    return Rows(_frame(feed, "too_far", ("geo_distance_to_shape", pl.Float64)))


@rule(Severity.WARNING, *TABLES)
def stop_too_far_from_shape_using_user_distance(feed: Feed) -> Rows:
    """A stop's shape_dist_traveled points to a place more than 100 m from the stop.

    The shape may well pass the stop, but not at that distance. Measure the distances of stop_times.txt
    and of shapes.txt in one unit and from one start. A stop is reported once per shape, and not if
    `stop_too_far_from_shape` has reported it.
    """
    return Rows(_frame(feed, "too_far_by_distance", ("geo_distance_to_shape", pl.Float64)))


@rule(Severity.WARNING, *TABLES)
def stop_has_too_many_matches_for_shape(feed: Feed) -> Rows:
    """A shape passes a stop more than 20 times.

    Each time the shape comes within reach of the stop and leaves again is a place where the vehicle may
    call. So many hint at a shape that jumps back and forth. Thin out its points, or give distances.
    """
    return Rows(_frame(feed, "too_many", ("match_count", pl.Int32)))


@rule(Severity.WARNING, *TABLES)
def stops_match_shape_out_of_order(feed: Feed) -> Rows:
    """The stops of a trip lie on its shape in another order than the trip calls.

    A stop can only be placed before the stop before it. Often the shape runs the other way, or
    stop_sequence is wrong, or the trip has the shape of another pattern.
    """
    return Rows(_frame(feed, "out_of_order"))


def _frame(
    feed: Feed, kind: str, *last: tuple[str, type[pl.DataType]]
) -> pl.DataFrame:
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

    `first` and `size` are the trip's calls in ordered_stop_times; `rail` is null for an unknown route.
    """
    spans = (
        feed.ordered_stop_times.select("trip_id", "starts_trip")
        .with_row_index("first")
        .filter("starts_trip")
        .with_columns(size=pl.col("first").shift(-1).cast(pl.Int64) - pl.col("first"))
        .drop("starts_trip")
    )
    height = feed.ordered_stop_times.select(pl.len())
    shapes = feed.shapes.select("shape_id").unique()
    routes = feed.first_routes.select("route_id", rail=(pl.col("route_type") == RAIL).fill_null(False))
    trips = (
        feed.trips.select("csv_row_number", "trip_id", "shape_id", "route_id")
        .join(shapes, on="shape_id", how="semi")
        .join(spans, on="trip_id", maintain_order="left")
        .join(routes, on="route_id", how="left", maintain_order="left")
        .sort(pl.col("shape_id").to_physical(), maintain_order=True)
    )
    found, total = pl.collect_all([trips, height])
    last_size = pl.lit(total.item(), dtype=pl.Int64) - pl.col("first")
    return found.with_columns(pl.col("size").fill_null(last_size))


def _matched(feed: Feed, trips: pl.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    import numpy as np

    from gtfsgen.validation import shape_matching

    calls = feed.ordered_stop_times.select(
        "csv_row_number",
        "stop_id",
        stop=pl.col("stop_id").to_physical(),
        dist=pl.col("shape_dist_traveled").fill_null(0.0),
    ).collect()
    trips = _distinct(trips, calls)
    if not trips.height:
        return []
    sizes = trips["size"].to_numpy()
    starts = np.concatenate(([0], np.cumsum(sizes)))
    rows = np.arange(starts[-1]) + np.repeat(trips["first"].to_numpy() - starts[:-1], sizes)
    calls = calls[rows]
    stops = _stops(feed, calls)
    shapes, shape_of_trip = _shapes(feed, trips)
    patterns = shape_matching.Patterns(
        shape_of_trip,
        trips["rail"].to_numpy(),
        starts,
        calls.select(pl.col("stop_id").rank("dense").fill_null(0)).to_series().to_numpy(),
        calls["dist"].to_numpy(),
    )
    return []
