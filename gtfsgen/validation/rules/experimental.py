"""Files and fields that are only proposed, by the text of their pull requests to google/transit.

transfers.service_id is #659, notices and trip segments are #638, vehicles #636. What follows from
the schema alone (missing, malformed, duplicate, dangling) is found by the rules of all tables.
"""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules.next import missing_required_file_adopted

GROUP = "experimental"
RECORDS = {
    "routes": "route_id",
    "trips": "trip_id",
    "stops": "stop_id",
    "trip_segments": "trip_segment_id",
}
"""Tables to whose rows a notice can be assigned, and their keys."""
MARKUP = r"<\s*[A-Za-z/!]|&(?:[A-Za-z]+|#[0-9]+);"
NUMBER = r"^(.*?)([0-9]+)([^0-9]*)$"
"""A label of a vehicle as what stands before its last number, the number, and what follows it."""


def _assignments(frame: pl.LazyFrame) -> Rows:
    return Rows(frame, {"filename": "notice_assignments.txt"})


@rule(Severity.ERROR, group=GROUP, code="missing_required_file")
def missing_required_file_experimental(feed: Feed) -> list[Rows]:
    """A file that the feed must have is not there.

    As without --experimental; and notice_assignments.txt where notices.txt is there, since nobody
    sees a notice that is assigned to nothing.
    """
    found = missing_required_file_adopted(feed)
    if feed.present("notices") and not feed.present("notice_assignments"):
        found.append(Rows(pl.DataFrame({"filename": ["notice_assignments.txt"]})))
    return found


@rule(Severity.ERROR, group=GROUP, of="notice_assignments")
def notice_assignment_without_one_notice(feed: Feed) -> Rows:
    """An assignment names no notice and no group of notices, or both.

    Exactly one of notice_id and notice_group_id says what is shown (google/transit #638).
    """
    named = pl.col("notice_id").is_not_null()
    rows = feed.notice_assignments.filter(named == pl.col("notice_group_id").is_not_null())
    return _assignments(rows.select("csv_row_number", "notice_id", "notice_group_id"))


@rule(Severity.ERROR, group=GROUP, of="notice_assignments")
def notice_assignment_unknown_table(feed: Feed) -> Rows:
    """A notice is assigned to a row of a table that takes none.

    table_name is routes, trips, stops or trip_segments (google/transit #638).
    """
    rows = feed.notice_assignments.filter(~pl.col("table_name").is_in(list(RECORDS)))
    return _assignments(rows.select("csv_row_number", "table_name"))


@rule(Severity.ERROR, group=GROUP, of="notice_assignments")
def notice_assignment_foreign_key_violation(feed: Feed) -> list[Rows]:
    """A notice is assigned to a row that does not exist.

    record_id must be the key of a row of the table that table_name names (google/transit #638).
    """
    found = []
    for table, key in RECORDS.items():
        if not feed.loaded(table):
            continue
        known = feed.tables[table].rows.select(pl.col(key).cast(pl.String)).unique()
        rows = feed.notice_assignments.filter(pl.col("table_name") == table).select(
            "csv_row_number", "table_name", pl.col("record_id").cast(pl.String)
        )
        found.append(_assignments(rows.join(known, left_on="record_id", right_on=key, how="anti")))
    return found


@rule(Severity.ERROR, group=GROUP, of="notices")
def notice_text_with_markup(feed: Feed) -> Rows:
    """The text of a notice has HTML in it.

    Notices are plain text (google/transit #638): tags and entities are shown as they stand.
    """
    rows = feed.notices.filter(pl.col("display_text").str.contains(MARKUP))
    return Rows(rows.select("csv_row_number", "notice_id"), {"filename": "notices.txt"})


@rule(Severity.WARNING, "notice_assignments", group=GROUP, of="notices")
def unused_notice(feed: Feed) -> list[Rows]:
    """A notice is assigned to nothing.

    Neither it nor its group stands in notice_assignments.txt. Assign it or delete it.
    """
    if not feed.present("notice_assignments"):
        return []  # which is told by itself
    rows = feed.notices
    for key in ("notice_id", "notice_group_id"):
        used = feed.notice_assignments.select(key).drop_nulls().unique()
        rows = rows.join(used, on=key, how="anti", maintain_order="left")
    return [Rows(rows.select("csv_row_number", "notice_id"), {"filename": "notices.txt"})]


@rule(Severity.ERROR, "stop_times", group=GROUP, of="trip_segments")
def trip_segment_stop_sequence_unknown(feed: Feed) -> list[Rows]:
    """A segment begins or ends at a stop_sequence that its trip does not have.

    from_stop_sequence and to_stop_sequence stand in stop_times.txt for that trip (google/transit
    #638).
    """
    calls = feed.stop_times.select("trip_id", "stop_sequence").unique()
    found = []
    for name in ("from_stop_sequence", "to_stop_sequence"):
        rows = feed.trip_segments.join(
            calls, left_on=["trip_id", name], right_on=["trip_id", "stop_sequence"], how="anti"
        )
        shown = rows.select("csv_row_number", "trip_id", pl.col(name).alias("stop_sequence"))
        found.append(Rows(shown, {"filename": "trip_segments.txt", "field_name": name}))
    return found


@rule(Severity.ERROR, group=GROUP, of="trip_segments")
def trip_segment_out_of_order(feed: Feed) -> Rows:
    """A segment of a trip ends before it begins.

    to_stop_sequence is not less than from_stop_sequence (google/transit #638).
    """
    rows = feed.trip_segments.filter(pl.col("to_stop_sequence") < pl.col("from_stop_sequence"))
    names = ("csv_row_number", "trip_segment_id", "from_stop_sequence", "to_stop_sequence")
    return Rows(rows.select(names), {"filename": "trip_segments.txt"})


@rule(Severity.ERROR, group=GROUP, of="vehicles.high_label")
def vehicle_labels_no_range(feed: Feed) -> Rows:
    """The two labels of a range of vehicles differ in more than a number that rises.

    1001 to 1040 is a range, and A7 to A12; A7 to B12 is none, nor 1040 to 1001 (google/transit
    #636).
    """
    parts = {
        name: [pl.col(name).str.extract(NUMBER, group) for group in (1, 2, 3)]
        for name in ("label", "high_label")
    }
    low, high = parts.values()
    alike = low[0].eq_missing(high[0]) & low[2].eq_missing(high[2])
    rises = high[1].cast(pl.Int64, strict=False) >= low[1].cast(pl.Int64, strict=False)
    rows = feed.vehicles.filter(
        pl.col("high_label").is_not_null(), ~(alike & rises).fill_null(False)
    )
    return Rows(rows.select("csv_row_number", "label", "high_label"), {"filename": "vehicles.txt"})


@rule(Severity.WARNING, "vehicles", group=GROUP)
def vehicle_class_without_vehicles(feed: Feed) -> list[Rows]:
    """A route or a trip has a vehicle_class that no vehicle of vehicles.txt has.

    Riders cannot be told whether the vehicle that comes is of the usual kind (google/transit #636).
    """
    known = feed.vehicles.select("vehicle_class").drop_nulls().unique()
    found = []
    for table in ("routes", "trips"):
        if feed.has(table, "vehicle_class"):
            used = feed.tables[table].rows.filter(pl.col("vehicle_class").is_not_null())
            rows = used.join(known, on="vehicle_class", how="anti", maintain_order="left")
            shown = rows.select("csv_row_number", "vehicle_class")
            found.append(Rows(shown, {"filename": f"{table}.txt"}))
    return found
