"""What changed after the canonical validator 8.0.1: rules that take the place of its own.

In the rule set `canonical-next` a rule of this module stands for the canonical one of its code,
which it calls where it only adds to it. That amounts of fare products may be negative is said in
the schema
(`schema.next_tables`).
"""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules import required

MINIMUM_TIME = 2


@rule(Severity.ERROR, group="next", code="missing_required_field")
def missing_required_field_next(feed: Feed) -> list[Rows]:
    """A cell that must have a value is blank.

    As in 8.0.1; also a transfer of type 2 without min_transfer_time, required since August 2026.
    """
    found = required.missing_required_field(feed)
    if feed.loaded("transfers"):
        kind = pl.col("transfer_type") == MINIMUM_TIME
        rows = feed.transfers.filter(kind, pl.col("min_transfer_time").is_null())
        constants = {"filename": "transfers.txt", "field_name": "min_transfer_time"}
        order = ("filename", "csv_row_number", "field_name")
        found = [*found, Rows(rows.select("csv_row_number"), constants, order)]
    return found


@rule(Severity.WARNING, "feed_info", "translations", group="next", code="missing_recommended_file")
def missing_recommended_file_next(feed: Feed) -> list[Rows]:
    """feed_info.txt or shapes.txt is not there.

    feed_info.txt is asked for as in 8.0.1. Without shapes maps draw straight lines; a feed whose
    riders are fetched anywhere in an area (a stop time with a location or a group of them, and no
    stop) may do without.
    """
    found = required.missing_recommended_file(feed)
    if not feed.everything_loaded or feed.height("shapes") or _on_demand(feed):
        return found
    return [*found, Rows(pl.DataFrame({"filename": ["shapes.txt"]}))]


def _on_demand(feed: Feed) -> bool:
    """Whether some stop time has a location or a group of location_groups.txt, but no stop."""
    areas = ["location_id", *(["location_group_id"] if feed.height("location_groups") else [])]
    within = pl.any_horizontal(pl.col(areas).is_not_null())
    rows = feed.stop_times.filter(pl.col("stop_id").is_null(), within)
    return rows.head(1).collect().height > 0
