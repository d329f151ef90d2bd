"""Agencies: who runs the trips, in which zone and language."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.feed.values import primary_language
from gtfsgen.validation.engine import rule


@rule(Severity.ERROR, "agency", at="agency")
def inconsistent_agency_timezone(feed: Feed) -> pl.LazyFrame:
    """Two agencies of the feed have different time zones.

    All times of a feed are written in one zone, also those of a railway located elsewhere. Choose
    one zone for every agency and put the local one into `stop_timezone`.
    """
    return _different(feed, "agency_timezone")


@rule(Severity.WARNING, "agency", at="agency")
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
