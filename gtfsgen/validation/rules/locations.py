"""Zones of demand-responsive service, as drawn in locations.geojson."""

from __future__ import annotations

import polars as pl

from gtfsgen.budget import budget
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
    calls = _calls(feed)
    if calls.height < 2 or feed.locations is None:
        return Rows(pl.DataFrame(schema=_schema(calls)))
    from gtfsgen.validation.scans.zone_overlaps import overlapping_calls

    ids = feed.locations.features["feature_id"].to_list()
    zones = dict(zip(reversed(ids), reversed(feed.locations.geometries), strict=True))
    first, second, more = overlapping_calls(calls, zones, budget().notices)
    columns = [calls["trip_id"].gather(first)]
    for side, places in (("1", first), ("2", second)):
        columns += [calls[name].gather(places).alias(f"{name}{side}") for name in PARTICULARS]
    return Rows(pl.DataFrame(columns), more=more)


def _schema(calls: pl.DataFrame) -> dict[str, pl.DataType]:
    sides = {f"{name}{side}": calls.schema[name] for side in "12" for name in PARTICULARS}
    return {"trip_id": calls.schema["trip_id"], **sides}


def _calls(feed: Feed) -> pl.DataFrame:
    """The stop times at zones with a window, by trip, in the order in which they are called at."""
    if feed.locations is None or not feed.has("stop_times", "location_id", START, END):
        rows = feed.ordered_stop_times.head(0)
    else:
        rows = feed.ordered_stop_times.drop_nulls(("trip_id", "location_id", START, END))
    types = pl.col("pickup_type", "drop_off_type").fill_null(0)
    return (
        rows.select("trip_id", *PARTICULARS, types)
        .filter(pl.all_horizontal(pl.col("pickup_type", "drop_off_type") != UNRECOGNIZED))
        .sort(pl.col("trip_id").cast(pl.String), maintain_order=True)
        .collect()
    )
