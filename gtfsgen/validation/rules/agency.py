"""Agencies: who runs the trips, in which zone and language."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.feed.values import primary_language
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule


@rule(Severity.ERROR, "agency")
def inconsistent_agency_timezone(feed: Feed) -> pl.LazyFrame:
    """Two agencies of the feed have different time zones.

    All times of a feed are written in one zone, also those of a railway located elsewhere. Choose
    one zone for every agency and put the local one into `stop_timezone`.
    """
    return _different(feed, "agency_timezone")


@rule(Severity.WARNING, "agency")
def inconsistent_agency_lang(feed: Feed) -> pl.LazyFrame:
    """Two agencies of the feed have different languages.

    A feed has one language; names in others belong into translations.txt.
    """
    return _different(feed, "agency_lang").with_columns(
        pl.col("expected", "actual").map_elements(primary_language, return_dtype=pl.String)
    )


def _different(feed: Feed, column: str) -> pl.LazyFrame:
    """Rows whose value differs from the first one given, where there are several agencies."""
    return (
        feed.agency.with_columns(expected=pl.col(column).drop_nulls().first(), agencies=pl.len())
        .filter(pl.col("agencies") > 1, pl.col(column) != pl.col("expected"))
        .select("csv_row_number", "expected", actual=column)
    )


def _only_agency(feed: Feed) -> bool:
    return feed.height("agency") == 1


@rule(Severity.ERROR)
def missing_required_agency_id(feed: Feed) -> list[Rows]:
    """An agency_id is missing in a feed of several agencies.

    With two or more rows in agency.txt every row there needs its id, and every route and fare must
    say which agency it is of.
    """
    if not feed.loaded("agency") or feed.height("agency") < 2:
        return []
    order = ("filename", "csv_row_number", "agency_name")
    without = pl.col("agency_id").is_null()
    found = [
        Rows(
            feed.agency.filter(without).select("csv_row_number", "agency_name"),
            {"filename": "agency.txt"},
            order,
        )
    ]
    for table in ("routes", "fare_attributes"):
        if feed.loaded(table):
            rows = feed.tables[table].rows.filter(without).select("csv_row_number")
            found.append(Rows(rows, {"filename": f"{table}.txt"}, order))
    return found


@rule(Severity.WARNING)
def missing_recommended_field(feed: Feed) -> list[Rows]:
    """A cell that ought to have a value is blank.

    The period and version of the feed, the id of its only agency and references to it, and names
    of fare cards and apps: all optional, and all missed by somebody.
    """
    order = ("filename", "csv_row_number", "field_name")
    found = feed.found_while_reading("missing_recommended_field")
    nameless = feed.fare_media.filter(
        pl.col("fare_media_name").is_null(), pl.col("fare_media_type").is_in([2, 4])
    )
    fields = [("fare_media", "fare_media_name", nameless)]
    if feed.loaded("agency") and _only_agency(feed):
        for table in ("agency", "routes", "fare_attributes"):
            if feed.loaded(table):
                rows = feed.tables[table].rows.filter(pl.col("agency_id").is_null())
                fields.append((table, "agency_id", rows))
    for table, name, rows in sorted(fields, key=lambda field: field[0]):
        constants = {"filename": f"{table}.txt", "field_name": name}
        found.append(Rows(rows.select("csv_row_number"), constants, order))
    return found
