"""Periods that end before they start, and attributions without a role."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows, clock
from gtfsgen.schema import Range, Table, Type
from gtfsgen.validation.engine import rule

ROLES = ("is_producer", "is_operator", "is_authority")


def _shown(table: Table, name: str) -> pl.Expr:
    if table.fields[name].type is Type.DATE:
        return pl.col(name).dt.strftime("%Y%m%d").str.replace("^-0", "-")  # as Java's %04d
    return clock(name)


@rule(Severity.ERROR)
def start_and_end_range_out_of_order(feed: Feed) -> list[Rows]:
    """A period ends before it starts.

    Exchange the two, or mend the one that is wrong. Times after midnight count on past 24:00:00.
    """
    order = (
        "filename",
        "csv_row_number",
        "entity_id",
        "start_field_name",
        "start_value",
        "end_field_name",
        "end_value",
    )
    return [
        Rows(
            feed.tables[table.name]
            .rows.filter(pl.col(period.start) > pl.col(period.end))
            .select(
                "csv_row_number",
                *([pl.col(period.entity).alias("entity_id")] if period.entity else []),
                start_value=_shown(table, period.start),
                end_value=_shown(table, period.end),
            ),
            _names(table, period),
            order,
        )
        for table in feed.schema.values()
        for period in table.ranges
        if feed.height(table.name)
    ]


@rule(Severity.ERROR)
def start_and_end_range_equal(feed: Feed) -> list[Rows]:
    """A period ends as it starts.

    Nothing can happen within it. Mend one of its ends.
    """
    order = ("filename", "csv_row_number", "start_field_name", "end_field_name", "value")
    return [
        Rows(
            feed.tables[table.name]
            .rows.filter(pl.col(period.start) == pl.col(period.end))
            .select("csv_row_number", value=_shown(table, period.start)),
            _names(table, period),
            order,
        )
        for table in feed.schema.values()
        for period in table.ranges
        if not period.may_be_equal and feed.height(table.name)
    ]


def _names(table: Table, period: Range) -> dict[str, str]:
    return {
        "filename": table.filename,
        "start_field_name": period.start,
        "end_field_name": period.end,
    }


@rule(Severity.WARNING, of="attributions", at="attributions")
def attribution_without_role(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """An attribution does not tell what the organization did.

    Set at least one of is_producer, is_operator and is_authority to 1.
    """
    if not any(feed.has("attributions", role) for role in ROLES):
        return []
    assigned = pl.any_horizontal(pl.col(ROLES).eq_missing(1))
    return feed.attributions.filter(~assigned).select("csv_row_number", "attribution_id")


@rule(Severity.WARNING)
def mixed_case_recommended_field(feed: Feed) -> list[Rows]:
    """A name is written in capitals or small letters throughout.

    Riders read `Market Square` more easily than `MARKET SQUARE`. Acronyms and single words in
    capitals are fine.
    """
    return feed.found_while_reading("mixed_case_recommended_field")


@rule(Severity.ERROR, "stops", "location_groups", "locations")
def duplicate_geography_id(feed: Feed) -> pl.LazyFrame:
    """A stop, a location group or a location share one id.

    The three are named in the same column of stop_times.txt's rows and share one space of ids.
    """
    groups = feed.location_groups.select(
        geography_id="location_group_id", csv_row_number_b="csv_row_number"
    )
    stops = feed.stops.select(geography_id="stop_id", csv_row_number_a="csv_row_number")
    features = feed.location_ids.select(geography_id="feature_id", feature_index="feature_index")
    frames = [
        frame.drop_nulls("geography_id").unique("geography_id", keep="first", maintain_order=True)
        for frame in (stops, groups, features)
    ]
    joined = frames[0]
    for frame in frames[1:]:
        joined = joined.join(frame, on="geography_id", how="full", coalesce=True)
    present = pl.sum_horizontal(
        pl.col("csv_row_number_a", "csv_row_number_b", "feature_index").is_not_null().cast(pl.Int8)
    )
    return joined.filter(present > 1).select(
        "geography_id", "csv_row_number_a", "csv_row_number_b", "feature_index"
    )
