"""What must be there: files, columns and cells, always or beside others."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.schema import LINKED_TRIPS, TABLES
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules.translations import missing_record_fields


@rule(Severity.ERROR)
def missing_required_column(feed: Feed) -> list[Rows]:
    """A column that the table must have is not in its header.

    The rows of the file are not read.
    """
    return feed.found_while_reading("missing_required_column")


@rule(Severity.ERROR)
def missing_required_file(feed: Feed) -> list[Rows]:
    """A file that every feed must have is not there.

    agency.txt, routes.txt, trips.txt and stop_times.txt always; stops.txt unless locations.geojson
    takes its place; feed_info.txt where there are translations.
    """
    missing = [
        table.filename
        for table in feed.schema.values()
        if table.required and not feed.present(table.name)
    ]
    if not feed.present("stops") and not feed.present("locations"):
        missing.append("stops.txt")
    if (
        not feed.present("feed_info")
        and feed.present("translations")
        and feed.loaded("translations")
    ):
        missing.append("feed_info.txt")
    return [Rows(pl.DataFrame({"filename": missing}, schema={"filename": pl.String}))]


@rule(Severity.WARNING, "feed_info", "translations")
def missing_recommended_file(feed: Feed) -> list[Rows]:
    """feed_info.txt is not there.

    It says who publishes the feed, for which period, and whom to tell about faults.
    """
    missing = [] if feed.present("feed_info") or feed.present("translations") else ["feed_info.txt"]
    return [Rows(pl.DataFrame({"filename": missing}, schema={"filename": pl.String}))]


@rule(Severity.ERROR, "calendar", "calendar_dates")
def missing_calendar_and_calendar_date_files(feed: Feed) -> list[Rows]:
    """Neither calendar.txt nor calendar_dates.txt is there.

    Without either no trip runs on any day.
    """
    if feed.present("calendar") or feed.present("calendar_dates"):
        return []
    return [Rows(pl.DataFrame({"_": [None]}), order=("_",))]


@rule(Severity.ERROR)
def missing_required_field(feed: Feed) -> list[Rows]:
    """A cell that must have a value is blank.

    Some fields are always required, others only together with other cells: a transfer of type 4 or
    5 needs both trips, others both stops; a stop time needs a stop, a location group or a
    location; a translation without `field_value` needs the record it is of; a fare leg join needs
    both stops or none.
    """
    return [
        *feed.found_while_reading("missing_required_field"),
        *_transfers_without_ends(feed),
        *_stop_times_without_place(feed),
        *_half_joins(feed),
        *missing_record_fields(feed),
    ]


SIDES = ("from", "to")


def _transfers_without_ends(feed: Feed) -> list[Rows]:
    linked = pl.col("transfer_type").is_in(LINKED_TRIPS)
    explicit = pl.col("transfer_type").is_not_null() if feed.strict else pl.lit(value=True)
    found = []
    if feed.loaded("transfers"):
        plain = explicit & ~linked.fill_null(False)
        found += [blank_cells(feed, "transfers", plain, f"{side}_stop_id") for side in SIDES]
    if feed.loaded("transfers", "stops", "stop_times"):
        found += [blank_cells(feed, "transfers", linked, f"{side}_trip_id") for side in SIDES]
    return found


def _stop_times_without_place(feed: Feed) -> list[Rows]:
    places = ("location_group_id", "location_id")
    if not any(feed.has("stop_times", name) for name in ("stop_id", *places)):
        return []
    elsewhere = pl.all_horizontal(pl.col(places).is_null())
    return [blank_cells(feed, "stop_times", elsewhere, "stop_id")]


def _half_joins(feed: Feed) -> list[Rows]:
    if not feed.loaded("networks", "routes", "fare_leg_join_rules"):
        return []
    return [
        blank_cells(feed, "fare_leg_join_rules", pl.col(other).is_not_null(), field)
        for field, other in (("from_stop_id", "to_stop_id"), ("to_stop_id", "from_stop_id"))
    ]


def blank_cells(feed: Feed, table: str, condition: pl.Expr, field: str) -> Rows:
    """The rows of a table that fulfil a condition and have no value in a field."""
    rows = feed.tables[table].rows.filter(condition, pl.col(field).is_null())
    constants = {"filename": TABLES[table].filename, "field_name": field}
    return Rows(
        rows.select("csv_row_number"), constants, ("filename", "csv_row_number", "field_name")
    )


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
    if feed.loaded("agency") and feed.height("agency") == 1:
        for table in ("agency", "routes", "fare_attributes"):
            if feed.loaded(table):
                rows = feed.tables[table].rows.filter(pl.col("agency_id").is_null())
                fields.append((table, "agency_id", rows))
    for table, name, rows in sorted(fields, key=lambda field: field[0]):
        constants = {"filename": f"{table}.txt", "field_name": name}
        found.append(Rows(rows.select("csv_row_number"), constants, order))
    return found


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
