"""Shapes: their points and distances, and what trips make of them."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import PLACE, rule
from gtfsgen.validation.scans.distances import are_numbers, haversine_m

EQUAL_DISTANCE_LIMIT_M = 1.11
BEYOND_SHAPE_LIMIT_M = 11.1


@rule(Severity.WARNING, "shapes", of="shapes", at="shapes")
def single_shape_point(feed: Feed) -> pl.LazyFrame:
    """A shape consists of one point.

    It takes two to draw a line.
    """
    return (
        feed.shape_spans.filter(pl.col("points") == 1)
        .sort("csv_row_number")
        .select("shape_id", "csv_row_number")
    )


@rule(Severity.WARNING, "trips", "shapes", of="shapes", at="shapes")
def unused_shape(feed: Feed) -> pl.LazyFrame:
    """No trip uses a shape.

    Delete it, or find the trips that should follow it.
    """
    used = feed.trips.select("shape_id").drop_nulls().unique()
    return (
        feed.shape_spans.join(used, on="shape_id", how="anti")
        .sort("csv_row_number")
        .select("shape_id", "csv_row_number")
    )


POINT = ("csv_row_number", "shape_dist_traveled", "shape_pt_sequence")


def _pairs(feed: Feed) -> pl.LazyFrame:
    """Consecutive points of a shape that both have a distance, where it does not grow."""
    same_shape = pl.col("shape_id").to_physical() == pl.col("shape_id").to_physical().shift(1)
    return feed.ordered_shapes.with_columns(
        pl.col(*POINT, "shape_pt_lat", "shape_pt_lon").shift(1).name.prefix("prev_")
    ).filter(
        same_shape
        & (pl.col("prev_shape_dist_traveled") >= pl.col("shape_dist_traveled"))
        & are_numbers("prev_shape_dist_traveled", "shape_dist_traveled")
    )


_equal = pl.col("prev_shape_dist_traveled") == pl.col("shape_dist_traveled")
_same_place = (pl.col("prev_shape_pt_lat") == pl.col("shape_pt_lat")) & (
    pl.col("prev_shape_pt_lon") == pl.col("shape_pt_lon")
)
_actual_m = haversine_m("prev_shape_pt_lat", "prev_shape_pt_lon", "shape_pt_lat", "shape_pt_lon")
PREVIOUS = tuple(f"prev_{name}" for name in POINT)


@rule(Severity.ERROR, "shapes", of="shapes", at="shapes")
def decreasing_shape_distance(feed: Feed) -> pl.LazyFrame:
    """shape_dist_traveled falls from one point of a shape to the next.

    Distances must rise along the line. The first row named is the earlier point.
    """
    swapped = [pl.col(f"prev_{name}").alias(name) for name in POINT]
    later = [pl.col(name).alias(f"prev_{name}") for name in POINT]
    return (
        _pairs(feed)
        .filter(pl.col("prev_shape_dist_traveled") > pl.col("shape_dist_traveled"))
        .select("shape_id", *swapped, *later)
    )


@rule(Severity.WARNING, "shapes", of="shapes", at="shapes")
def equal_shape_distance_same_coordinates(feed: Feed) -> pl.LazyFrame:
    """Two consecutive points of a shape are the same.

    The second adds nothing. Delete it.
    """
    return _pairs(feed).filter(_equal, _same_place).select("shape_id", *POINT, *PREVIOUS)


def _apart(feed: Feed, condition: pl.Expr) -> pl.LazyFrame:
    return (
        _pairs(feed)
        .filter(_equal, ~_same_place)
        .with_columns(actual_distance_between_shape_points=_actual_m)
        .filter(condition)
        .select("shape_id", *POINT, *PREVIOUS, "actual_distance_between_shape_points")
    )


_distance = pl.col("actual_distance_between_shape_points")


@rule(Severity.ERROR, "shapes", of="shapes", at="shapes")
def equal_shape_distance_diff_coordinates(feed: Feed) -> pl.LazyFrame:
    """Two consecutive points of a shape lie apart, but have the same distance.

    They are 1.11 m or more from each other: shape_dist_traveled must grow between them.
    """
    return _apart(feed, _distance >= EQUAL_DISTANCE_LIMIT_M)


@rule(Severity.WARNING, "shapes", of="shapes", at="shapes")
def equal_shape_distance_diff_coordinates_distance_below_threshold(feed: Feed) -> pl.LazyFrame:
    """Two consecutive points of a shape lie a little apart, but have the same distance.

    Less than 1.11 m: perhaps the distances were rounded. Delete one of the points.
    """
    return _apart(feed, (_distance > 0) & (_distance < EQUAL_DISTANCE_LIMIT_M))


@rule(Severity.INFO, "trips", "stop_times", "shapes", of="shapes")
def trip_with_shape_dist_traveled_but_no_shape_distances(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """A trip's stop times have distances, but its shape has not.

    The stops cannot be placed on the shape by distance. Give shape_dist_traveled on every point.
    """
    if not feed.has("stop_times", "shape_dist_traveled"):
        return []
    without = feed.shape_spans.filter(pl.col("points_without_distance") > 0).select("shape_id")
    first = (
        feed.ordered_stop_times.filter(pl.col("shape_dist_traveled").is_not_null())
        .select("trip_id", pl.col("csv_row_number").alias("stop_time_csv_row_number"))
        .unique("trip_id", keep="first", maintain_order=True)
    )
    return (
        feed.trips.join(without, on="shape_id", how="semi", maintain_order="left")
        .join(first, on="trip_id", how="inner", maintain_order="left")
        .select(
            pl.col("csv_row_number").alias("trip_csv_row_number"),
            "trip_id",
            "shape_id",
            "stop_time_csv_row_number",
        )
    )


def _beyond_shape(feed: Feed) -> pl.LazyFrame:
    """Trips whose last stop has a distance greater than any of their shape's."""
    farthest = (
        feed.ordered_shapes.with_columns(pl.col("shape_dist_traveled").fill_null(0.0))
        .group_by("shape_id")
        .agg(
            pl.col("shape_pt_lat", "shape_pt_lon", "shape_dist_traveled").get(
                pl.col("shape_dist_traveled").arg_max()
            ),
            odd=pl.col("shape_dist_traveled").is_nan().any(),
        )
        # A shape with a distance that is NaN has no farthest point: nothing is beyond it.
        .filter(pl.col("shape_dist_traveled") > 0, ~pl.col("odd"))
        .drop("odd")
        .rename({"shape_dist_traveled": "max_shape_distance_traveled"})
    )
    last = feed.ordered_stop_times.filter("ends_trip").select(
        "trip_id",
        "stop_id",
        max_trip_distance_traveled=pl.col("shape_dist_traveled").fill_null(0.0),
    )
    positions = feed.first_stops.select("stop_id", pl.col("stop_lat", "stop_lon").fill_null(0.0))
    columns = ("shape_pt_lat", "shape_pt_lon", "stop_lat", "stop_lon")
    return (
        feed.trips.filter(pl.col("shape_id").is_not_null())
        .join(last, on="trip_id", how="inner", maintain_order="left")
        .join(farthest, on="shape_id", how="inner", maintain_order="left")
        .filter(
            are_numbers("max_trip_distance_traveled"),
            pl.col("max_trip_distance_traveled") > pl.col("max_shape_distance_traveled"),
        )
        .join(positions, on="stop_id", how="inner", maintain_order="left")
        .with_columns(geo_distance_to_shape=haversine_m(*columns))
        .select(
            "trip_id",
            "shape_id",
            "max_trip_distance_traveled",
            "max_shape_distance_traveled",
            "geo_distance_to_shape",
            pl.col("csv_row_number").alias(PLACE),
        )
    )


@rule(Severity.ERROR, "trips", "stop_times", "stops", "shapes", of="shapes")
def trip_distance_exceeds_shape_distance(feed: Feed) -> pl.LazyFrame:
    """A trip goes farther than its shape.

    The last stop's shape_dist_traveled is greater than the shape's longest, and the stop lies away
    from its end. Both must be measured in the same unit along the same line.
    """
    return _beyond_shape(feed).filter(pl.col("geo_distance_to_shape") > BEYOND_SHAPE_LIMIT_M)


@rule(Severity.WARNING, "trips", "stop_times", "stops", "shapes", of="shapes")
def trip_distance_exceeds_shape_distance_below_threshold(feed: Feed) -> pl.LazyFrame:
    """A trip goes a little farther than its shape.

    The last stop lies at the end of the shape, but its distance is greater: mostly rounding.
    """
    return _beyond_shape(feed).filter(pl.col("geo_distance_to_shape") <= BEYOND_SHAPE_LIMIT_M)
