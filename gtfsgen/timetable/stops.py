"""Stops, the station each belongs to, and the clock that hangs there."""

from __future__ import annotations

import numpy as np
import polars as pl

from gtfsgen.clocks import zone_names
from gtfsgen.feed import Feed
from gtfsgen.timetable.columns import places, table

DEEPEST = 3
"""A boarding area is on a platform in a station; deeper, or in a circle, nobody looks."""


def agency_zone(feed: Feed) -> tuple[str, int]:
    """The first zone of an agency that clocks go by, UTC where there is none; and how many agencies
    name one that is unknown, such as `UTC+8`.
    """
    zones = table(feed, "agency", "agency_timezone")["agency_timezone"].drop_nulls().to_list()
    known = [zone for zone in zones if zone in zone_names()]
    unread = _unread_zones(feed, "agency.txt")
    return known[0] if known else "UTC", len(zones) - len(known) + unread


def _unread_zones(feed: Feed, filename: str) -> int:
    """How many cells of a file the reader has not taken for a zone at all."""
    found = feed.found_while_reading("invalid_timezone")
    return sum(len(rows) for rows in found if rows.constants.get("filename") == filename)


def stops(feed: Feed, home: str) -> tuple[pl.DataFrame, int]:
    """See `Timetable.stops`; and how many stops name a zone that is unknown and go by another."""
    known = table(
        feed,
        "stops",
        "stop_id",
        "stop_name",
        "stop_lat",
        "stop_lon",
        "location_type",
        "parent_station",
        "stop_timezone",
    )
    known = known.drop_nulls("stop_id").unique("stop_id", keep="first", maintain_order=True)
    called = table(feed, "stop_times", "stop_id").select("stop_id").drop_nulls()
    if called.height:
        called = called.unique(maintain_order=True)
        unknown = called.filter(pl.Series(places(known["stop_id"], called["stop_id"]) < 0))
        known = pl.concat([known, unknown], how="diagonal")
    parents = places(known["stop_id"], known["parent_station"])
    station = np.arange(known.height, dtype=np.int32)
    for _ in range(DEEPEST):
        above = parents[station] if len(station) else station
        station = np.where(above >= 0, above, station)
    zones = known["stop_timezone"].cast(pl.String).gather(station).to_frame("zone")
    clocks = pl.col("zone").is_in(sorted(zone_names()))
    own = known["stop_timezone"].cast(pl.String).drop_nulls()
    strange = sum(zone not in zone_names() for zone in own) + _unread_zones(feed, "stops.txt")
    frame = known.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("stop"),
        "stop_id",
        "stop_name",
        pl.Series("station", station, pl.UInt32),
        station_id=pl.col("stop_id").gather(station),
        station_name=pl.col("stop_name").gather(station).fill_null(pl.col("stop_name")),
        zone=zones.select(pl.when(clocks).then("zone").fill_null(home)).to_series(),
        lat=pl.col("stop_lat"),
        lon=pl.col("stop_lon"),
        csv_row_number="csv_row_number",
    )
    return frame, strange
