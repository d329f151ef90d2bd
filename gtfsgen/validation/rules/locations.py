"""Zones of demand-responsive service, as drawn in locations.geojson."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.feed.table import UNRECOGNIZED
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule

START, END = "start_pickup_drop_off_window", "end_pickup_drop_off_window"
PARTICULARS = ("stop_sequence", "location_id", START, END)


@rule(Severity.ERROR, "stop_times", "locations")
def overlapping_zone_and_pickup_drop_off_window(feed: Feed) -> Rows:
    """A trip serves two overlapping zones at the same time, in the same way.

    A rider in both zones cannot tell which of the two stop times is meant. Draw the zones apart,
    part the windows, or give one of them another pickup_type and drop_off_type. Zones that are
    equal, contain one another or only touch are let pass, and so are windows that only touch.
    """
    pairs = _pairs(feed)
    overlapping = _overlapping(feed, pairs.select("location_id1", "location_id2").unique())
    found = pairs.join(
        overlapping, on=["location_id1", "location_id2"], how="semi", maintain_order="left"
    )
    particulars = (f"{name}{side}" for side in (1, 2) for name in PARTICULARS)
    return Rows(found.select("trip_id", *particulars))


def _pairs(feed: Feed) -> pl.DataFrame:
    """Pairs of stop times of a trip at different zones, of one type, with windows that overlap."""
    if feed.locations is None or not feed.has("stop_times", "location_id", START, END):
        rows = feed.ordered_stop_times.head(0)
    else:
        rows = feed.ordered_stop_times.drop_nulls(("location_id", START, END))
    types = pl.col("pickup_type", "drop_off_type").fill_null(0)
    calls = (
        rows.select("trip_id", *PARTICULARS, types)
        .filter(pl.all_horizontal(pl.col("pickup_type", "drop_off_type") != UNRECOGNIZED))
        .with_row_index("call")
    )
    first, second = (calls.select(pl.all().name.suffix(side)) for side in ("1", "2"))
    return (
        first.join(second, left_on="trip_id1", right_on="trip_id2")
        .filter(
            pl.col("call1") < pl.col("call2"),
            pl.col("location_id1") != pl.col("location_id2"),
            (pl.col("pickup_type1") == pl.col("pickup_type2"))
            | (pl.col("drop_off_type1") == pl.col("drop_off_type2")),
            pl.col(f"{START}1") < pl.col(f"{END}2"),
            pl.col(f"{END}1") > pl.col(f"{START}2"),
        )
        .sort("call1", "call2")
        .rename({"trip_id1": "trip_id"})
        .collect()
    )


def _overlapping(feed: Feed, pairs: pl.DataFrame) -> pl.DataFrame:
    """Of pairs of location ids, those whose polygons share some but not all of their inside."""
    if not pairs.height or feed.locations is None:
        return pairs.head(0)
    import shapely

    ids = feed.locations.features["feature_id"].to_list()
    zones = dict(zip(reversed(ids), reversed(feed.locations.geometries), strict=True))
    sides = ([zones.get(key) for key in pairs[name].cast(pl.String)] for name in pairs.columns)
    return pairs.filter(pl.Series(shapely.overlaps(*sides)))
