"""feed_info.txt and the files that a feed must or should have."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.validation.engine import rule

SOON_DAYS = 7
LATER_DAYS = 30


@rule(Severity.WARNING, of="feed_info", at="feed_info")
def feed_expiration_date7_days(feed: Feed) -> pl.LazyFrame:
    """The feed ends within a week, or has ended.

    Planners then have nothing to show. Publish the next version.
    """
    limit = feed.today + timedelta(days=SOON_DAYS)
    return _ending(feed, pl.col("feed_end_date") < limit, SOON_DAYS)


@rule(Severity.WARNING, of="feed_info", at="feed_info")
def feed_expiration_date30_days(feed: Feed) -> pl.LazyFrame:
    """The feed ends within a month.

    Riders plan journeys weeks ahead: publish the next version early.
    """
    soon = feed.today + timedelta(days=SOON_DAYS)
    limit = feed.today + timedelta(days=LATER_DAYS)
    return _ending(
        feed, (pl.col("feed_end_date") >= soon) & (pl.col("feed_end_date") < limit), LATER_DAYS
    )


def _ending(feed: Feed, condition: pl.Expr, days: int) -> pl.LazyFrame:
    return feed.feed_info.filter(condition).select(
        "csv_row_number",
        current_date=pl.lit(feed.today),
        feed_end_date="feed_end_date",
        suggested_expiration_date=pl.lit(feed.today + timedelta(days=days)),
    )


@rule(Severity.WARNING, "agency", "feed_info", of="feed_info", at="feed_info")
def feed_info_lang_and_agency_lang_mismatch(feed: Feed) -> pl.LazyFrame:
    """An agency's language is not that of the feed.

    A feed in several languages says `mul` in feed_lang. Languages are compared whole: en is not
    en-US.
    """
    language = feed.feed_info.select("feed_lang").head(1).collect()
    feed_lang = language.item() if language.height else None
    mismatch = (pl.col("agency_lang") != pl.lit(feed_lang, dtype=pl.String)) & pl.lit(
        feed_lang != "mul"
    )
    return feed.agency.filter(mismatch).select(
        "csv_row_number",
        "agency_id",
        "agency_name",
        "agency_lang",
        feed_lang=pl.lit(feed_lang, dtype=pl.String),
    )


@rule(Severity.INFO, "feed_info", of="feed_info", at="feed_info")
def future_feed(feed: Feed) -> pl.LazyFrame:
    """The feed's first day is still to come.

    Until then planners show nothing of it.
    """
    return (
        feed.feed_info.select(feed_start_date=pl.col("feed_start_date").min())
        .filter(pl.col("feed_start_date") > feed.today)
        .with_columns(current_date=pl.lit(feed.today))
    )


@rule(Severity.WARNING, of="feed_info", at="feed_info")
def missing_feed_contact_email_and_url(feed: Feed) -> pl.LazyFrame:
    """feed_info.txt tells no way to reach the publisher.

    Give feed_contact_email or feed_contact_url, so that those who find a fault can say so.
    """
    return feed.feed_info.filter(
        pl.col("feed_contact_email").is_null(), pl.col("feed_contact_url").is_null()
    ).select("csv_row_number")


@rule(Severity.WARNING, of="feed_info", at="feed_info")
def missing_feed_info_date(feed: Feed) -> pl.LazyFrame:
    """Only one end of the feed's period is given.

    Give both feed_start_date and feed_end_date.
    """
    start, end = pl.col("feed_start_date").is_null(), pl.col("feed_end_date").is_null()
    return feed.feed_info.filter(start != end).select(
        "csv_row_number",
        field_name=pl.when(start)
        .then(pl.lit("feed_start_date"))
        .otherwise(pl.lit("feed_end_date")),
    )
