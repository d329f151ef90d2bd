"""What changed after the canonical validator 8.0.1: rules that take the place of its own.

In the rule sets that have the groups `next` and `adopted` a rule of this module stands for the
canonical one of its code, which it calls where it only adds to it. What changed in the schema alone
(negative amounts of fare products) is said in `gtfsgen.schema`; all changes with their sources are
in `gtfsgen.validation.changes`.
"""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules import required

MINIMUM_TIME = 2
ALONG = ("continuous_pickup", "continuous_drop_off")
CONTINUOUS = [0, 2, 3]
"""Values of these columns that let riders board or alight along the way."""


@rule(Severity.ERROR, group="next", code="missing_required_field")
def missing_required_field_next(feed: Feed) -> list[Rows]:
    """A cell that must have a value is blank.

    Some fields are always required, others only together with other cells: a transfer of type 4 or
    5 needs both trips, others (also one with a blank type) both stops, and one of type 2 its
    min_transfer_time; a trip where riders may board or alight along the way needs its shape; a
    stop time needs a stop, a location group or a location; a translation without `field_value`
    needs the record it is of; a fare leg join needs both stops or none.
    """
    found = [*required.missing_required_field(feed), *_trips_without_needed_shape(feed)]
    if not feed.loaded("transfers"):
        return found
    blank = required.blank_cells
    if feed.strict:  # else these are among what the canonical rule finds
        untyped = pl.col("transfer_type").is_null()
        found += [blank(feed, "transfers", untyped, f"{side}_stop_id") for side in required.SIDES]
    timed = pl.col("transfer_type") == MINIMUM_TIME
    return [*found, blank(feed, "transfers", timed, "min_transfer_time")]


def _trips_without_needed_shape(feed: Feed) -> list[Rows]:
    if not feed.loaded("trips", "routes", "stop_times"):
        return []
    along = feed.shared(trips_with_stops_on_the_way)
    if not along.height:
        return []
    needed = pl.col("trip_id").is_in(along["trip_id"].implode())
    return [required.blank_cells(feed, "trips", needed, "shape_id")]


@rule(Severity.WARNING, "feed_info", "translations", group="next", code="missing_recommended_file")
def missing_recommended_file_next(feed: Feed) -> list[Rows]:
    """feed_info.txt or shapes.txt is not there.

    feed_info.txt says who publishes the feed, for which period, and whom to tell about faults.
    Without shapes maps draw straight lines; a feed whose riders are fetched anywhere in an area (a
    stop time with a location or a group of them, and no stop) may do without.
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


@rule(Severity.ERROR, group="adopted", code="missing_required_file")
def missing_required_file_adopted(feed: Feed) -> list[Rows]:
    """A file that the feed must have is not there.

    agency.txt, routes.txt, trips.txt and stop_times.txt always; stops.txt unless locations.geojson
    takes its place; feed_info.txt where there are translations; shapes.txt where riders may board
    or alight along the way (continuous_pickup or continuous_drop_off 0, 2 or 3, in a stop time or
    else in its route), since nobody can tell otherwise where that is.
    """
    found = required.missing_required_file(feed)
    if _lacks_needed_shapes(feed):
        found.append(Rows(pl.DataFrame({"filename": ["shapes.txt"]})))
    return found


@rule(
    Severity.WARNING, "feed_info", "translations", group="adopted", code="missing_recommended_file"
)
def missing_recommended_file_adopted(feed: Feed) -> list[Rows]:
    """feed_info.txt or shapes.txt is not there.

    feed_info.txt says who publishes the feed, for which period, and whom to tell about faults.
    Without shapes maps draw straight lines; a feed whose riders are fetched anywhere in an area (a
    stop time with a location or a group of them, and no stop) may do without. Where the
    specification requires shapes.txt it is `missing_required_file` instead.
    """
    found = missing_recommended_file_next(feed)
    return found[:1] if _lacks_needed_shapes(feed) else found


def _lacks_needed_shapes(feed: Feed) -> bool:
    """Whether shapes.txt is absent though some trip lets riders board or alight along the way."""
    if feed.present("shapes") or not feed.loaded("trips", "routes", "stop_times"):
        return False
    return feed.shared(trips_with_stops_on_the_way).height > 0


def trips_with_stops_on_the_way(feed: Feed) -> pl.DataFrame:
    """`trip_id` of trips where riders may board or alight between stops.

    What a stop time says holds before what its route says; pick-up and drop-off each for itself.
    """
    names = [name for name in ALONG if feed.has("routes", name) or feed.has("stop_times", name)]
    if not names:
        return pl.DataFrame({"trip_id": pl.Series([], dtype=pl.Categorical(feed.categories))})
    routes = feed.first_routes.select("route_id", pl.col(names).name.prefix("route_"))
    of_routes = feed.first_trips.select("trip_id", "route_id").join(routes, on="route_id")
    calls = feed.stop_times.select("trip_id", *names).join(of_routes, on="trip_id", how="left")
    along = pl.any_horizontal(
        pl.coalesce(name, f"route_{name}").is_in(CONTINUOUS).fill_null(False) for name in names
    )
    return calls.filter(along).select("trip_id").unique().collect()
