"""Fares: media, products, legs, transfers, timeframes."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.feed.values import currency_fraction_digits, decimal_scale, plain_decimals
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule

MIDNIGHT_S = 24 * 3600


@rule(Severity.ERROR, of="fare_products")
def invalid_currency_amount(feed: Feed) -> Rows:
    """An amount has more or fewer decimals than its currency.

    1.50 in euros, 150 in yen: write exactly as many digits after the point as ISO 4217 gives the
    currency.
    """
    products = feed.fare_products.filter(
        pl.col("amount").is_not_null(), pl.col("currency").is_not_null()
    ).collect()
    wrong = decimal_scale(products["amount"]) != currency_fraction_digits(products["currency"])
    rows = products.filter(wrong.fill_null(True))
    frame = rows.select(
        "csv_row_number",
        pl.col("currency").alias("currency_code"),
        plain_decimals(rows["amount"]).alias("field_value"),
    )
    order = ("filename", "csv_row_number", "currency_code", "field_name", "field_value")
    return Rows(frame, {"filename": "fare_products.txt", "field_name": "amount"}, order)


@rule(Severity.WARNING, "fare_media", of="fare_media", at="fare_media")
def duplicate_fare_media(feed: Feed) -> pl.LazyFrame:
    """Two fare media have the same name and type.

    They are one medium with two ids, or one needs another name.
    """
    key = ["fare_media_name", "fare_media_type"]
    return (
        feed.fare_media.with_columns(
            pl.col("csv_row_number", "fare_media_id").first().over(key).name.suffix("1")
        )
        .filter(pl.col("csv_row_number") != pl.col("csv_row_number1"))
        .select(
            "csv_row_number1",
            "fare_media_id1",
            pl.col("csv_row_number").alias("csv_row_number2"),
            pl.col("fare_media_id").alias("fare_media_id2"),
        )
    )


@rule(Severity.ERROR, "fare_products", "rider_categories", of="fare_products", at="fare_products")
def fare_product_with_multiple_default_rider_categories(feed: Feed) -> pl.LazyFrame:
    """A fare product is sold to several default rider categories.

    Only one category can be what riders are unless they say otherwise.
    """
    default = (
        feed.rider_categories.unique("rider_category_id", keep="first")
        .filter(pl.col("is_default_fare_category") == 1)
        .select("rider_category_id")
    )
    return (
        feed.fare_products.join(default, on="rider_category_id", how="semi")
        .sort("csv_row_number")
        .unique(("fare_product_id", "rider_category_id"), keep="first", maintain_order=True)
        .group_by("fare_product_id", maintain_order=True)
        .agg("csv_row_number", "rider_category_id")
        .filter(pl.col("csv_row_number").list.len() > 1)
        .select(
            "fare_product_id",
            pl.col("csv_row_number").list.get(0).alias("csv_row_number1"),
            pl.col("csv_row_number").list.get(1).alias("csv_row_number2"),
            pl.col("rider_category_id").list.get(0).alias("rider_category_id1"),
            pl.col("rider_category_id").list.get(1).alias("rider_category_id2"),
        )
    )


_from, _to = pl.col("from_leg_group_id"), pl.col("to_leg_group_id")
_same_group = (_from == _to).fill_null(False)
_count = pl.col("transfer_count")


@rule(Severity.ERROR, of="fare_transfer_rules", at="fare_transfer_rules")
def fare_transfer_rule_duration_limit_type_without_duration_limit(feed: Feed) -> pl.LazyFrame:
    """A fare transfer rule tells how a time limit is measured, but has none.

    Give duration_limit, or leave duration_limit_type blank.
    """
    return feed.fare_transfer_rules.filter(
        pl.col("duration_limit_type").is_not_null(), pl.col("duration_limit").is_null()
    ).select("csv_row_number")


@rule(Severity.ERROR, of="fare_transfer_rules", at="fare_transfer_rules")
def fare_transfer_rule_duration_limit_without_type(feed: Feed) -> pl.LazyFrame:
    """A fare transfer rule has a time limit, but does not tell how it is measured.

    Give duration_limit_type.
    """
    return feed.fare_transfer_rules.filter(
        pl.col("duration_limit").is_not_null(), pl.col("duration_limit_type").is_null()
    ).select("csv_row_number")


@rule(Severity.ERROR, of="fare_transfer_rules", at="fare_transfer_rules")
def fare_transfer_rule_invalid_transfer_count(feed: Feed) -> pl.LazyFrame:
    """A number of transfers within a leg group is 0 or below -1.

    It is -1 for any number, or positive.
    """
    return feed.fare_transfer_rules.filter(_same_group, (_count == 0) | (_count < -1)).select(
        "csv_row_number", "transfer_count"
    )


@rule(Severity.ERROR, of="fare_transfer_rules", at="fare_transfer_rules")
def fare_transfer_rule_with_forbidden_transfer_count(feed: Feed) -> pl.LazyFrame:
    """A number of transfers is given between different leg groups.

    It has a meaning only where from_leg_group_id and to_leg_group_id are the same.
    """
    return feed.fare_transfer_rules.filter(~_same_group, _count.is_not_null()).select(
        "csv_row_number"
    )


@rule(Severity.ERROR, of="fare_transfer_rules", at="fare_transfer_rules")
def fare_transfer_rule_without_transfer_count(feed: Feed) -> pl.LazyFrame:
    """A rule for transfers within a leg group does not tell how many.

    Give transfer_count, -1 for any number.
    """
    return feed.fare_transfer_rules.filter(_same_group, _count.is_null()).select("csv_row_number")


@rule(Severity.ERROR, of="timeframes", at="timeframes")
def timeframe_only_start_or_end_time_specified(feed: Feed) -> pl.LazyFrame:
    """A timeframe has only one end.

    Give both start_time and end_time, or neither for the whole day.
    """
    return feed.timeframes.filter(
        pl.col("start_time").is_null() != pl.col("end_time").is_null()
    ).select("csv_row_number")


@rule(Severity.ERROR, of="timeframes", at="timeframes")
def timeframe_start_or_end_time_greater_than_twenty_four_hours(feed: Feed) -> list[Rows]:
    """A timeframe reaches past 24:00:00.

    Timeframes go by the clock on the wall: split one that spans midnight.
    """
    return [
        Rows(
            feed.timeframes.filter(pl.col(name) > MIDNIGHT_S).select(
                "csv_row_number", time=pl.col(name)
            ),
            {"field_name": name},
            ("csv_row_number", "field_name", "time"),
        )
        for name in ("start_time", "end_time")
    ]


@rule(Severity.ERROR, "timeframes", of="timeframes", at="timeframes")
def timeframe_overlap(feed: Feed) -> pl.LazyFrame:
    """Two timeframes of a group overlap on the same service.

    A moment then belongs to both. End the first where the second starts.
    """
    columns = ["csv_row_number", "end_time"]
    group = ["timeframe_group_id", "service_id"]
    return (
        feed.timeframes.with_columns(pl.col("start_time", "end_time").fill_null(0))
        .sort("start_time", "end_time", maintain_order=True)
        .with_columns(pl.col(columns).shift(1).over(group).name.prefix("prev_"))
        .filter(pl.col("start_time") < pl.col("prev_end_time"))
        .sort("csv_row_number")
        .select(
            "prev_csv_row_number",
            "prev_end_time",
            pl.col("csv_row_number").alias("curr_csv_row_number"),
            pl.col("start_time").alias("curr_start_time"),
            *group,
        )
    )
