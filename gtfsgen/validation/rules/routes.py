"""Routes: names, colours, networks."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.feed.values import utf16_length
from gtfsgen.findings import Rows
from gtfsgen.java.text import caseless
from gtfsgen.validation.engine import rule

MAX_SHORT_NAME_LENGTH = 12
MIN_LUMA_DIFFERENCE = 72


@rule(Severity.ERROR, at="routes")
def route_both_short_and_long_name_missing(feed: Feed) -> pl.LazyFrame:
    """A route has neither a short nor a long name.

    Riders know it by one of them: a number, or where it goes.
    """
    return feed.routes.filter(
        pl.col("route_short_name").is_null(), pl.col("route_long_name").is_null()
    ).select("route_id", "csv_row_number")


@rule(Severity.WARNING, at="routes")
def route_short_name_too_long(feed: Feed) -> pl.LazyFrame:
    """A route's short name has more than twelve characters.

    It must fit on a departure board. Put long words into route_long_name.
    """
    return feed.routes.filter(
        pl.col("route_short_name").map_batches(utf16_length, return_dtype=pl.UInt32)
        > MAX_SHORT_NAME_LENGTH
    ).select("route_id", "csv_row_number", "route_short_name")


@rule(Severity.WARNING, at="routes")
def route_long_name_contains_short_name(feed: Feed) -> pl.LazyFrame:
    """A route's long name begins with its short name.

    Planners show both side by side, so riders read it twice. Leave the number out of the long name.
    """
    short = pl.col("route_short_name").str.to_lowercase()
    rest = pl.col("route_long_name").str.slice(pl.col("route_short_name").str.len_chars())
    return feed.routes.filter(
        pl.col("route_long_name").str.to_lowercase().str.starts_with(short),
        (rest == "") | rest.str.contains(r"^[ \t\n\x0B\f\r]?[ \t\n\x0B\f\r\-()]"),
    ).select("route_id", "csv_row_number", "route_short_name", "route_long_name")


@rule(Severity.WARNING, of="routes.route_desc", at="routes")
def same_name_and_description_for_route(feed: Feed) -> pl.LazyFrame:
    """A route's description only repeats one of its names.

    A description is for what the names do not say; otherwise leave it blank.
    """
    description = caseless("route_desc")
    field = (
        pl.when(description == caseless("route_short_name"))
        .then(pl.lit("route_short_name"))
        .when(description == caseless("route_long_name"))
        .then(pl.lit("route_long_name"))
    )
    return (
        feed.routes.with_columns(specified_field=field)
        .filter(pl.col("specified_field").is_not_null())
        .select("csv_row_number", "route_id", "route_desc", "specified_field")
    )


@rule(Severity.WARNING, at="routes")
def route_color_contrast(feed: Feed) -> pl.LazyFrame:
    """A route's text can hardly be read on its colour.

    The lightness of the two differs by less than 72 of 255. Take a darker or lighter text colour.
    """

    def luma(name: str) -> pl.Expr:
        color = pl.col(name)
        red, green, blue = (color // 65536) & 255, (color // 256) & 255, color & 255
        return (0.30 * red + 0.59 * green + 0.11 * blue).cast(pl.Int32)

    return feed.routes.filter(
        (luma("route_color") - luma("route_text_color")).abs() < MIN_LUMA_DIFFERENCE
    ).select(
        "route_id",
        "csv_row_number",
        pl.col("route_color", "route_text_color").map_elements(
            lambda color: f"#{color & 0xFFFFFFFF:06X}", return_dtype=pl.String
        ),
    )


@rule(Severity.WARNING, "routes", at="routes")
def duplicate_route_name(feed: Feed) -> pl.LazyFrame:
    """Two routes of an agency have the same names and type.

    Riders cannot tell them apart. Perhaps they are one route, or one name should be more precise.
    """
    key = ["route_long_name", "route_short_name", "route_type", "agency_id"]
    original = pl.col("csv_row_number", "route_id").first().over(key).name.suffix("1")
    return (
        feed.routes.with_columns(original)
        .filter(pl.col("csv_row_number") != pl.col("csv_row_number1"))
        .select(
            "csv_row_number1",
            "route_id1",
            pl.col("csv_row_number").alias("csv_row_number2"),
            pl.col("route_id").alias("route_id2"),
            "route_short_name",
            "route_long_name",
            pl.col("route_type").alias("route_type_value"),
            "agency_id",
        )
    )


@rule(Severity.ERROR, "routes", "route_networks", "networks")
def route_networks_specified_in_more_than_one_file(feed: Feed) -> list[Rows]:
    """Networks stand both in routes.txt and in files of their own.

    Use either the column network_id of routes.txt, or networks.txt with route_networks.txt.
    """
    if not feed.has("routes", "network_id"):
        return []
    files = [f"{name}.txt" for name in ("route_networks", "networks") if feed.present(name)]
    constants = {"field_name": "network_id", "file_name_a": "routes.txt"}
    return [
        Rows(pl.DataFrame({"file_name_b": files}, schema={"file_name_b": pl.String}), constants)
    ]


def _equal_urls(
    left: pl.LazyFrame, right: pl.LazyFrame, left_url: str, right_url: str
) -> pl.LazyFrame:
    """Pairs of rows with the same address, ASCII letters compared in lower case."""

    def folded(name: str) -> pl.Expr:
        upper, lower = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
        return pl.col(name).str.replace_many(list(upper), list(lower)).alias("folded_url")

    return left.with_columns(folded(left_url)).join(
        right.with_columns(folded(right_url)),
        on="folded_url",
        how="inner",
        maintain_order="left_right",
    )


@rule(Severity.WARNING, "agency", "routes", "stops", of="routes.route_url")
def same_route_and_agency_url(feed: Feed) -> pl.LazyFrame:
    """A route's web address is its agency's.

    It should lead to a page about the route; otherwise leave it blank.
    """
    routes = feed.routes.select(
        "route_id", "route_url", pl.col("csv_row_number").alias("route_csv_row_number")
    )
    agencies = feed.agency.select(
        "agency_name", "agency_url", pl.col("csv_row_number").alias("agency_csv_row_number")
    )
    return _equal_urls(routes, agencies, "route_url", "agency_url").select(
        "route_csv_row_number", "route_id", "agency_name", "route_url", "agency_csv_row_number"
    )


@rule(Severity.WARNING, "agency", "routes", "stops", of="stops.stop_url")
def same_stop_and_agency_url(feed: Feed) -> pl.LazyFrame:
    """A stop's web address is an agency's.

    It should lead to a page about the stop; otherwise leave it blank.
    """
    stops = feed.stops.select(
        "stop_id", "stop_url", pl.col("csv_row_number").alias("stop_csv_row_number")
    )
    agencies = feed.agency.select(
        "agency_name", "agency_url", pl.col("csv_row_number").alias("agency_csv_row_number")
    )
    return _equal_urls(stops, agencies, "stop_url", "agency_url").select(
        "stop_csv_row_number", "stop_id", "agency_name", "stop_url", "agency_csv_row_number"
    )


@rule(Severity.WARNING, "agency", "routes", "stops", of="stops.stop_url")
def same_stop_and_route_url(feed: Feed) -> pl.LazyFrame:
    """A stop's web address is a route's.

    It should lead to a page about the stop; otherwise leave it blank.
    """
    stops = feed.stops.select(
        "stop_id", "stop_url", pl.col("csv_row_number").alias("stop_csv_row_number")
    )
    routes = feed.routes.select(
        "route_id", "route_url", pl.col("csv_row_number").alias("route_csv_row_number")
    )
    return _equal_urls(stops, routes, "stop_url", "route_url").select(
        "stop_csv_row_number", "stop_id", "stop_url", "route_id", "route_csv_row_number"
    )
