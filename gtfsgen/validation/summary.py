"""The summary of a report: what the feed is, how big, and which parts of GTFS it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date as Date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from gtfsgen import clocks
from gtfsgen.feed import Feed, Status
from gtfsgen.feed.values import language_display_name

GTFS_EPOCH = Date(1970, 1, 1)


def bare_summary(path: str | Path, today: Date, country: str) -> dict[str, Any]:
    """What is known before the input is opened."""
    return {
        "validatorVersion": version("gtfsgen"),
        "validatedAt": clocks.now()
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z"),  # as Java has it
        "gtfsInput": Path(path).absolute().as_uri(),
        "threads": 1,
        "systemErrorsReportName": "system_errors.json",
        "validationReportName": "report.json",
        "htmlReportName": "report.html",
        "countryCode": country,
        "dateForValidation": today.isoformat(),
    }


def summary(feed: Feed, facts: dict[str, Any]) -> dict[str, Any]:
    """The canonical summary, members in the canonical order."""
    return {
        **facts,
        "feedInfo": _feed_info(feed),
        "agencies": _agencies(feed),
        "files": sorted(feed.files),
        "validationTimeSeconds": 0.0,
        "counts": _counts(feed),
        "gtfsFeatures": list(features(feed)),
    }


def _table(feed: Feed, name: str) -> pl.DataFrame:
    """A table's rows as the summary counts them: a table that failed to load counts as empty."""
    table = feed.tables[name]
    if feed.strict and table.status is not Status.LOADED:
        return table.rows.head(0).collect()
    return table.rows.collect()


def _feed_info(feed: Feed) -> dict[str, str]:
    table = feed.tables["feed_info"]
    rows = _table(feed, "feed_info")
    row = rows.row(0, named=True) if rows.height else {}
    info = {
        "publisherName": row.get("feed_publisher_name") or "",
        "publisherUrl": row.get("feed_publisher_url") or "",
        "feedLanguage": language_display_name(row["feed_lang"]) if row.get("feed_lang") else "",
    }
    for member, column in (("feedStartDate", "feed_start_date"), ("feedEndDate", "feed_end_date")):
        if row and table.has(column):
            day = row[column]
            info[member] = "" if day is None or day == GTFS_EPOCH else day.isoformat()
    info["feedEmail"] = row.get("feed_contact_email") or ""
    if feed.loaded("trips") and (feed.loaded("calendar") or feed.loaded("calendar_dates")):
        crash = feed.strict and feed.loaded("calendar") and feed.reversed_calendar
        first, last = (None, None) if crash else feed.service_window
        info["feedServiceWindowStart"] = first.isoformat() if first else ""
        info["feedServiceWindowEnd"] = last.isoformat() if last else ""
    return info


def _agencies(feed: Feed) -> list[dict[str, str]]:
    columns = {
        "name": "agency_name",
        "url": "agency_url",
        "phone": "agency_phone",
        "email": "agency_email",
        "timezone": "agency_timezone",
    }
    return [
        {member: row[column] or "" for member, column in columns.items()}
        for row in _table(feed, "agency").iter_rows(named=True)
    ]


def _counts(feed: Feed) -> dict[str, int]:
    ids = {
        "Shapes": ("shapes", "shape_id"),
        "Stops": ("stops", "stop_id"),
        "Routes": ("routes", "route_id"),
        "Trips": ("trips", "trip_id"),
        "Agencies": ("agency", "agency_id"),
        "Blocks": ("trips", "block_id"),
    }

    def distinct(name: str, column: str) -> int:
        table = feed.tables[name]
        if column not in table.good.columns or (feed.strict and table.status is not Status.LOADED):
            return 0
        ids = table.good[column].drop_nulls().unique().cast(pl.String)
        return int((ids != "").sum())  # a quoted cell of blanks is an empty id

    return {member: distinct(table, column) for member, (table, column) in ids.items()}


def features(feed: Feed) -> Iterator[str]:
    """Names of the GTFS features a feed uses, in the canonical order."""

    def rows(name: str) -> bool:
        table = feed.tables[name]
        if feed.strict and table.status is not Status.LOADED:
            return False
        return table.good.height > 0

    def value(name: str, *columns: str) -> bool:
        """Any good row has a value in any of the columns."""
        if not rows(name):
            return False
        frame = feed.tables[name].good
        return any(
            column in frame.columns and frame[column].null_count() < frame.height
            for column in columns
        )

    def stop_time_with(column: str) -> bool:
        frame = feed.tables["stop_times"].good
        if not rows("stop_times") or column not in frame.columns:
            return False
        without_stop = (
            pl.col("stop_id").is_null() if "stop_id" in frame.columns else pl.lit(value=True)
        )
        return frame.filter(pl.col(column).is_not_null() & without_stop).height > 0

    def deviation() -> bool:
        columns = ("location_id", "stop_id", "arrival_time", "departure_time")
        if not rows("stop_times") or not value("stop_times", "location_id"):
            return False
        found = (
            feed.stop_times.group_by("trip_id")
            .agg(pl.col(columns).is_not_null().any())
            .filter(pl.all_horizontal(columns))
        )
        return found.collect().height > 0

    fares = rows("fare_products") and rows("fare_leg_rules")
    tests: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("Pathway Connections", lambda: rows("pathways")),
        ("Pathway Signs", lambda: value("pathways", "signposted_as", "reversed_signposted_as")),
        (
            "Pathway Details",
            lambda: value("pathways", "max_slope", "min_width", "length", "stair_count"),
        ),
        ("Levels", lambda: rows("levels")),
        ("Transfers", lambda: rows("transfers")),
        ("Shapes", lambda: rows("shapes")),
        ("Frequencies", lambda: rows("frequencies")),
        ("Feed Information", lambda: rows("feed_info")),
        ("Attributions", lambda: rows("attributions")),
        ("Translations", lambda: rows("translations")),
        ("Fares V1", lambda: rows("fare_attributes")),
        ("Fare Products", lambda: rows("fare_products")),
        ("Fare Transfers", lambda: rows("fare_transfer_rules")),
        ("Booking Rules", lambda: rows("booking_rules")),
        ("Route Colors", lambda: value("routes", "route_color", "route_text_color")),
        (
            "Headsigns",
            lambda: value("trips", "trip_headsign") or value("stop_times", "stop_headsign"),
        ),
        ("Stops Wheelchair Accessibility", lambda: value("stops", "wheelchair_boarding")),
        ("Trips Wheelchair Accessibility", lambda: value("trips", "wheelchair_accessible")),
        ("Text-to-Speech", lambda: value("stops", "tts_stop_name")),
        ("Bike Allowed", lambda: value("trips", "bikes_allowed")),
        ("Location Types", lambda: value("stops", "location_type")),
        ("Stop Access", lambda: value("stops", "stop_access")),
        ("In-station Traversal Time", lambda: value("pathways", "traversal_time")),
        (
            "Route-Based Fares",
            lambda: (
                (value("routes", "network_id") or rows("networks"))
                and fares
                and value("fare_leg_rules", "network_id")
            ),
        ),
        (
            "Continuous Stops",
            lambda: (
                value("routes", "continuous_pickup", "continuous_drop_off")
                or value("stop_times", "continuous_pickup", "continuous_drop_off")
            ),
        ),
        ("Zone-Based Demand Responsive Services", lambda: stop_time_with("location_id")),
        ("Predefined Routes with Deviation", deviation),
        (
            "Fare Media",
            lambda: rows("fare_media") and value("fare_products", "fare_media_id"),
        ),
        (
            "Rider Categories",
            lambda: rows("rider_categories") and value("fare_products", "rider_category_id"),
        ),
        (
            "Time-Based Fares",
            lambda: (
                rows("timeframes")
                and fares
                and value("fare_leg_rules", "from_timeframe_group_id", "to_timeframe_group_id")
            ),
        ),
        (
            "Zone-Based Fares",
            lambda: (
                rows("areas") and fares and value("fare_leg_rules", "from_area_id", "to_area_id")
            ),
        ),
        (
            "Contactless EMV Support",
            lambda: value("agency", "cemv_support") or value("routes", "cemv_support"),
        ),
        (
            "Fixed-Stops Demand Responsive Transit",
            lambda: rows("location_groups") and stop_time_with("location_group_id"),
        ),
        ("Cars Allowed", lambda: value("trips", "cars_allowed")),
    )
    return (name for name, test in tests if test())
