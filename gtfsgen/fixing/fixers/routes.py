"""Routes, trips and fares."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from gtfsgen.fixing.changes import Change
from gtfsgen.fixing.fixers.keys import references_to, translated
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer

DARK, LIGHT = "000000", "FFFFFF"
LONGEST_SHORT_NAME = 12


@fixer(safe=False)
def route_color_contrast(look: Look) -> Iterator[Change]:
    """The text on a route's colour becomes black or white, whichever is read better."""
    colors = dict(look.text("routes", "route_color").iter_rows())
    new = {}
    for row in look.rows_at_fault("route_color_contrast"):
        color = colors.get(row) or LIGHT
        red, green, blue = (int(color[n : n + 2], 16) for n in (0, 2, 4))
        light = 0.299 * red + 0.587 * green + 0.114 * blue
        new[row] = DARK if light > 127 else LIGHT
    yield from look.set_cells("routes", "route_text_color", new, blank_too=True)


@fixer(safe=False)
def route_long_name_contains_short_name(look: Look) -> Iterator[Change]:
    """The short name at the beginning of the long one is left out there."""
    wanted = {*look.rows_at_fault("route_long_name_contains_short_name")}
    new = {}
    for row, short, long in look.text("routes", "route_short_name", "route_long_name").iter_rows():
        if row in wanted and short and long and long.lower().startswith(short.lower()):
            rest = long[len(short) :].lstrip(" \t-–—:,/").strip()
            if rest.startswith("(") and rest.endswith(")"):
                rest = rest[1:-1].strip()
            new[row] = rest
    yield from look.set_cells("routes", "route_long_name", new)


@fixer(safe=False)
def route_short_name_too_long(look: Look) -> Iterator[Change]:
    """A short name that is too long becomes the long name, where there is none."""
    wanted = {*look.rows_at_fault("route_short_name_too_long")}
    names = look.text("routes", "route_short_name", "route_long_name")
    new = {row: short for row, short, long in names.iter_rows() if row in wanted and not long}
    if look.has("routes", "route_long_name"):
        yield from look.fill_cells("routes", "route_long_name", new)
        yield from look.set_cells("routes", "route_short_name", dict.fromkeys(new, ""))


@fixer(safe=False)
def route_both_short_and_long_name_missing(look: Look) -> Iterator[Change]:
    """A route without any name gets its id as the short one, if that is short enough."""
    wanted = {*look.rows_at_fault("route_both_short_and_long_name_missing")}
    ids = look.text("routes", "route_id")
    new = {r: i for r, i in ids.iter_rows() if r in wanted and i and len(i) <= LONGEST_SHORT_NAME}
    yield from look.fill_cells("routes", "route_short_name", new)


@fixer(safe=False)
def same_name_and_description_for_route(look: Look) -> Iterator[Change]:
    """A description that repeats a name becomes blank."""
    rows = look.rows_at_fault("same_name_and_description_for_route")
    yield from look.blank_cells("routes", "route_desc", rows)


@fixer(safe=False)
def same_route_and_agency_url(look: Look) -> Iterator[Change]:
    """A route's address that is its agency's becomes blank."""
    rows = look.rows_at_fault("same_route_and_agency_url", "route_csv_row_number")
    yield from look.blank_cells("routes", "route_url", rows)


@fixer(safe=True)
def unused_trip(look: Look) -> Iterator[Change]:
    """A trip without stop times, to which nothing refers, is left out: nobody can board it."""
    notices = look.notices("unused_trip")
    if notices.height:
        used = _trips_used(look)
        out = [
            r for r, t in notices.select("csv_row_number", "trip_id").iter_rows() if t not in used
        ]
        yield from look.rows_out("trips", out)


def _trips_used(look: Look) -> set[str]:
    return references_to(look, "trips.trip_id", ("stop_times",)) | translated(look, "trips")


@fixer(safe=False)
def unusable_trip(look: Look) -> Iterator[Change]:
    """A trip with a single stop time, to which nothing else refers, is left out with it."""
    notices = look.notices("unusable_trip")
    if not notices.height:
        return
    out = {*notices["trip_id"].to_list()} - _trips_used(look)
    for table in ("trips", "stop_times"):
        rows = look.text(table, "trip_id").filter(pl.col("trip_id").is_in(out))["row"]
        yield from look.rows_out(table, rows.to_list())


@fixer(safe=False)
def trip_headsign_matches_intermediate_stop(look: Look) -> Iterator[Change]:
    """The headsign becomes the name of the trip's last stop."""
    notices = look.notices("trip_headsign_matches_intermediate_stop")
    if notices.height:
        names = dict(
            look.text("stops", "stop_id", "stop_name").select("stop_id", "stop_name").iter_rows()
        )
        new = {
            row: names[last]
            for row, last in notices.select("csv_row_number", "stop_id2").iter_rows()
            if names.get(last)
        }
        yield from look.set_cells("trips", "trip_headsign", new)


@fixer(safe=False)
def block_trips_with_overlapping_stop_times(look: Look) -> Iterator[Change]:
    """The later of two trips that overlap leaves its block."""
    rows = look.rows_at_fault("block_trips_with_overlapping_stop_times", "csv_row_number_b")
    yield from look.blank_cells("trips", "block_id", rows)


@fixer(safe=True)
def block_without_shared_service_day(look: Look) -> Iterator[Change]:
    """The block of trips that never run on one date becomes blank: it says nothing."""
    notices = look.notices("block_without_shared_service_day")
    if notices.height:
        ids = notices["block_id"].unique().to_list()
        rows = look.text("trips", "block_id").filter(pl.col("block_id").is_in(ids))["row"]
        yield from look.blank_cells("trips", "block_id", rows.to_list())


# Fares.


@fixer(safe=True)
def fare_transfer_rule_duration_limit_type_without_duration_limit(look: Look) -> Iterator[Change]:
    """How a time limit is measured becomes blank where there is no limit."""
    rows = look.rows_at_fault("fare_transfer_rule_duration_limit_type_without_duration_limit")
    yield from look.blank_cells("fare_transfer_rules", "duration_limit_type", rows)


@fixer(safe=True)
def fare_transfer_rule_with_forbidden_transfer_count(look: Look) -> Iterator[Change]:
    """A number of transfers between different leg groups becomes blank: it has no meaning there."""
    rows = look.rows_at_fault("fare_transfer_rule_with_forbidden_transfer_count")
    yield from look.blank_cells("fare_transfer_rules", "transfer_count", rows)


@fixer(safe=False)
def fare_transfer_rule_without_transfer_count(look: Look) -> Iterator[Change]:
    """A rule within a leg group that gives no number allows any number (-1)."""
    rows = look.rows_at_fault("fare_transfer_rule_without_transfer_count")
    yield from look.fill_cells("fare_transfer_rules", "transfer_count", dict.fromkeys(rows, "-1"))


@fixer(safe=True)
def duplicate_fare_media(look: Look) -> Iterator[Change]:
    """Of two fare media of one name and type the first takes the place of the second everywhere."""
    notices = look.notices("duplicate_fare_media")
    if not notices.height:
        return
    columns = ("csv_row_number2", "fare_media_id1", "fare_media_id2")
    same = {second: first for _, first, second in notices.select(columns).iter_rows() if second}
    ids = look.text("fare_products", "fare_media_id")
    new = {row: same[medium] for row, medium in ids.iter_rows() if medium in same}
    yield from look.set_cells("fare_products", "fare_media_id", new)
    if not ({*same} & translated(look, "fare_media")):
        yield from look.rows_out("fare_media", notices["csv_row_number2"].to_list())
