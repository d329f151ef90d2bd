"""Stops, stations, pathways, transfers and links."""

from __future__ import annotations

import math
from collections.abc import Iterator

import polars as pl

from gtfsgen.fixing.changes import Change
from gtfsgen.fixing.fixers.keys import references_to, translated
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer

EARTH_M = 6_371_008.8
NEAR_M = 300.0
"""So far a platform may lie from the station of its name to be taken for one of it."""
STATION = "1"


@fixer(safe=True)
def stop_without_stop_time(look: Look) -> Iterator[Change]:
    """A stop at which nothing calls and to which nothing refers is left out."""
    yield from _unused(look, "stop_without_stop_time")


@fixer(safe=True)
def unused_station(look: Look) -> Iterator[Change]:
    """A station without stops, to which nothing refers, is left out."""
    yield from _unused(look, "unused_station")


def _unused(look: Look, code: str) -> Iterator[Change]:
    notices = look.notices(code)
    if not notices.height:
        return
    used = look.shared(_stops_used)
    rows = notices.select("csv_row_number", "stop_id").rows()
    out = {row: stop for row, stop in rows if stop not in used}
    zones = look.text("stops", "stop_id", "zone_id")
    left = {*zones.filter(~pl.col("row").is_in([*out]))["zone_id"].drop_nulls().to_list()}
    ruled = references_to(look, "stops.zone_id")
    kept = {
        row
        for row, _, zone in zones.iter_rows()
        if zone is not None and zone in ruled and zone not in left
    }
    yield from look.rows_out("stops", sorted({*out} - kept))


def _stops_used(look: Look) -> set[str]:
    return (
        references_to(look, "stops.stop_id")
        | translated(look, "stops")
        | {*look.text("location_group_stops", "stop_id")["stop_id"].drop_nulls().to_list()}
    )


@fixer(safe=True)
def stop_access_specified_for_incorrect_location(look: Look) -> Iterator[Change]:
    """stop_access of what is no stop becomes blank: it has a meaning for platforms only."""
    rows = look.rows_at_fault("stop_access_specified_for_incorrect_location")
    yield from look.blank_cells("stops", "stop_access", rows)


@fixer(safe=True)
def stop_access_specified_for_stop_with_no_parent_station(look: Look) -> Iterator[Change]:
    """stop_access of a stop outside of any station becomes blank: there are no pathways to it."""
    rows = look.rows_at_fault("stop_access_specified_for_stop_with_no_parent_station")
    yield from look.blank_cells("stops", "stop_access", rows)


@fixer(safe=True)
def stop_timezone_on_child_ignored(look: Look) -> Iterator[Change]:
    """The time zone of a stop within a station becomes blank: the station's is what counts."""
    rows = look.rows_at_fault("stop_timezone_on_child_ignored")
    yield from look.blank_cells("stops", "stop_timezone", rows)


@fixer(safe=False)
def station_with_parent_station(look: Look) -> Iterator[Change]:
    """The parent of a station becomes blank."""
    rows = look.rows_at_fault("station_with_parent_station")
    yield from look.blank_cells("stops", "parent_station", rows)


@fixer(safe=False)
def wrong_parent_location_type(look: Look) -> Iterator[Change]:
    """A stop whose parent is a platform gets that platform's station; else its parent becomes
    blank."""
    stops = look.text("stops", "stop_id", "location_type", "parent_station")
    parents = {stop: (kind or "0", parent) for _, stop, kind, parent in stops.iter_rows()}
    new = {}
    wanted = {*look.rows_at_fault("wrong_parent_location_type")}
    for row, _, kind, parent in stops.iter_rows():
        if row not in wanted or parent is None or (kind or "0") in "14":
            continue
        above = parents.get(parent, ("0", None))[1]
        good = above is not None and parents.get(above, ("0", None))[0] == STATION
        if good or (kind or "0") == "0":
            new[row] = str(above) if good else ""
    yield from look.set_cells("stops", "parent_station", new)


@fixer(safe=False)
def location_without_parent_station(look: Look) -> Iterator[Change]:
    """An entrance within 300 m of a single station, or of one of its name, belongs to it."""
    yield from _nearest_station(look, "location_without_parent_station", named=False)


@fixer(safe=False)
def platform_without_parent_station(look: Look) -> Iterator[Change]:
    """A platform within 300 m of a station of its name belongs to it."""
    yield from _nearest_station(look, "platform_without_parent_station", named=True)


def _nearest_station(look: Look, code: str, named: bool) -> Iterator[Change]:
    wanted = {*look.rows_at_fault(code)}
    stops = look.text("stops", "stop_id", "stop_name", "stop_lat", "stop_lon", "location_type")
    stations = [s for s in stops.iter_rows() if s[5] == STATION]
    new = {}
    for row, _, name, lat, lon, _ in stops.iter_rows():
        if row not in wanted:
            continue
        near = [s for s in stations if _metres(lat, lon, s[3], s[4]) <= NEAR_M]
        alike = [s for s in near if name and (s[2] or "").lower() == name.lower()]
        found = alike if alike or named else near
        if len(found) == 1:
            new[row] = str(found[0][1])
    yield from look.set_cells("stops", "parent_station", new, blank_too=True)


def _metres(*texts: str | None) -> float:
    try:
        lat_a, lon_a, lat_b, lon_b = (math.radians(float(text or "")) for text in texts)
    except ValueError:
        return math.inf
    x = (lon_b - lon_a) * math.cos((lat_a + lat_b) / 2)
    return math.hypot(x, lat_b - lat_a) * EARTH_M


@fixer(safe=False)
def missing_stop_name(look: Look) -> Iterator[Change]:
    """A stop without a name gets its station's."""
    stops = look.text("stops", "stop_id", "stop_name", "parent_station")
    names = {stop: name for _, stop, name, _ in stops.iter_rows()}
    wanted = {*look.rows_at_fault("missing_stop_name")}
    new = {
        row: name
        for row, _, _, parent in stops.iter_rows()
        if row in wanted and parent is not None and (name := names.get(parent))
    }
    yield from look.fill_cells("stops", "stop_name", new)


@fixer(safe=False)
def stop_without_location(look: Look) -> Iterator[Change]:
    """A stop without a position gets its station's, a station that of its stops in the middle."""
    rows = {*look.rows_at_fault("stop_without_location")}
    yield from _positions(look, rows)


@fixer(safe=False)
def point_near_origin(look: Look) -> Iterator[Change]:
    """A stop at 0, 0 gets its station's position, a station that of its stops in the middle."""
    notices = look.notices("point_near_origin")
    if notices.height and "entity_id" in notices.columns:
        part = notices.filter(pl.col("filename") == "stops.txt")
        yield from _positions(look, {*part["csv_row_number"].to_list()})


def _positions(look: Look, rows: set[int]) -> Iterator[Change]:
    if not rows:
        return
    stops = look.text("stops", "stop_id", "stop_lat", "stop_lon", "parent_station")
    good = {s[1]: s for s in stops.iter_rows() if s[0] not in rows and s[2] and s[3]}
    children: dict[str, list[tuple[str, str]]] = {}
    for stop in good.values():
        if stop[4] is not None:
            children.setdefault(stop[4], []).append((stop[2], stop[3]))
    lats, lons = {}, {}
    for row, stop_id, _, _, parent in stops.iter_rows():
        if row not in rows:
            continue
        if parent in good:
            lats[row], lons[row] = good[parent][2], good[parent][3]
        elif stop_id in children:
            try:
                points = [(float(a), float(b)) for a, b in children[stop_id]]
            except ValueError:
                continue
            lats[row] = f"{sum(p[0] for p in points) / len(points):.6f}"
            lons[row] = f"{sum(p[1] for p in points) / len(points):.6f}"
    yield from look.set_cells("stops", "stop_lat", lats, blank_too=True)
    yield from look.set_cells("stops", "stop_lon", lons, blank_too=True)


@fixer(safe=False)
def same_name_and_description_for_stop(look: Look) -> Iterator[Change]:
    """A description that repeats the name becomes blank."""
    rows = look.rows_at_fault("same_name_and_description_for_stop")
    yield from look.blank_cells("stops", "stop_desc", rows)


@fixer(safe=False)
def same_stop_and_agency_url(look: Look) -> Iterator[Change]:
    """A stop's address that is its agency's becomes blank."""
    rows = look.rows_at_fault("same_stop_and_agency_url", "stop_csv_row_number")
    yield from look.blank_cells("stops", "stop_url", rows)


@fixer(safe=False)
def same_stop_and_route_url(look: Look) -> Iterator[Change]:
    """A stop's address that is a route's becomes blank."""
    rows = look.rows_at_fault("same_stop_and_route_url", "stop_csv_row_number")
    yield from look.blank_cells("stops", "stop_url", rows)


# Pathways.


@fixer(safe=False)
def bidirectional_exit_gate(look: Look) -> Iterator[Change]:
    """An exit gate can be passed one way only."""
    rows = look.rows_at_fault("bidirectional_exit_gate")
    yield from look.set_cells("pathways", "is_bidirectional", dict.fromkeys(rows, "0"))


@fixer(safe=False)
def pathway_loop(look: Look) -> Iterator[Change]:
    """A pathway that leads back to where it starts is left out."""
    yield from look.rows_out("pathways", look.rows_at_fault("pathway_loop"))


@fixer(safe=False)
def pathway_to_stop_with_access_outside_of_station_pathways(look: Look) -> Iterator[Change]:
    """stop_access of a stop to which a pathway leads becomes blank."""
    notices = look.notices("pathway_to_stop_with_access_outside_of_station_pathways")
    if notices.height:
        ids = notices["stop_id"].unique().to_list()
        rows = look.text("stops", "stop_id").filter(pl.col("stop_id").is_in(ids))["row"]
        yield from look.blank_cells("stops", "stop_access", rows.to_list())


# Transfers and links.


@fixer(safe=True)
def transfer_redundant_route_id(look: Look) -> Iterator[Change]:
    """A route beside a trip of that route becomes blank: the trip says it."""
    notices = look.notices("transfer_redundant_route_id")
    if not notices.height:
        return
    routes = dict(
        look.text("trips", "trip_id", "route_id").select("trip_id", "route_id").iter_rows()
    )
    for (column,), rows in notices.group_by("route_field_name", maintain_order=True):
        numbers = [
            row
            for row, trip, route in rows.select("csv_row_number", "trip_id", "route_id").iter_rows()
            if routes.get(trip) == route
        ]
        yield from look.blank_cells("transfers", str(column), numbers)


@fixer(safe=False)
def transfer_with_invalid_trip_and_route(look: Look) -> Iterator[Change]:
    """A route beside a trip of another route becomes blank: the trip is the narrower of the two."""
    notices = look.notices("transfer_with_invalid_trip_and_route")
    if notices.height:
        for (column,), rows in notices.group_by("route_field_name", maintain_order=True):
            yield from look.blank_cells("transfers", str(column), rows["csv_row_number"].to_list())


@fixer(safe=False)
def transfer_rule_never_applies(look: Look) -> Iterator[Change]:
    """A transfer that can never be made is left out."""
    yield from look.rows_out("transfers", look.rows_at_fault("transfer_rule_never_applies"))


@fixer(safe=False)
def linked_trips_self_link(look: Look) -> Iterator[Change]:
    """A link of a trip with itself is left out."""
    yield from look.rows_out("transfers", look.rows_at_fault("linked_trips_self_link"))


@fixer(safe=False)
def linked_trips_without_stop_ids(look: Look) -> Iterator[Change]:
    """A link of trips names the last stop of the first and the first stop of the second."""
    yield from _ends_of_links(look, "linked_trips_without_stop_ids", fill=True)


@fixer(safe=False)
def linked_trips_stop_not_trip_end(look: Look) -> Iterator[Change]:
    """A link of trips names the last stop of the first and the first stop of the second."""
    yield from _ends_of_links(look, "linked_trips_stop_not_trip_end", fill=False)


def _ends_of_links(look: Look, code: str, fill: bool) -> Iterator[Change]:
    wanted = {*look.rows_at_fault(code)}
    spans = look.feed.trip_spans.select(
        pl.col("trip_id", "first_stop_id", "last_stop_id").cast(pl.String)
    ).collect()
    ends = {trip: (first, last) for trip, first, last in spans.iter_rows()}
    links = look.text("transfers", "from_trip_id", "to_trip_id")
    sides: tuple[dict[int, str], dict[int, str]] = ({}, {})
    for row, from_, to in links.iter_rows():
        if row in wanted and from_ in ends and to in ends:
            last, first = ends[from_][1], ends[to][0]
            if last and first:
                sides[0][row], sides[1][row] = last, first
    for column, new in zip(("from_stop_id", "to_stop_id"), sides, strict=True):
        if fill:
            yield from look.fill_cells("transfers", column, new)
        else:
            yield from look.set_cells("transfers", column, new)
