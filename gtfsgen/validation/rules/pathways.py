"""Pathways: the ways through stations."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules.stops import (
    BOARDING_AREA,
    ENTRANCE,
    NODE,
    STATION,
    STOP,
    location_type,
)

EXIT_GATE = 7
ELEVATOR = 5
ENDS = ("from_stop_id", "to_stop_id")


@rule(Severity.ERROR, of="pathways", at="pathways")
def bidirectional_exit_gate(feed: Feed) -> pl.LazyFrame:
    """An exit gate can be passed both ways.

    Exit gates lead out only: is_bidirectional must be 0, or the mode is a fare gate (6).
    """
    return feed.pathways.filter(
        pl.col("pathway_mode") == EXIT_GATE, pl.col("is_bidirectional") == 1
    ).select("csv_row_number", "pathway_mode", "is_bidirectional")


@rule(Severity.WARNING, of="pathways", at="pathways")
def pathway_loop(feed: Feed) -> pl.LazyFrame:
    """A pathway leads back to where it starts.

    It takes nobody anywhere. Mend one of its ends.
    """
    return feed.pathways.filter(pl.col("from_stop_id") == pl.col("to_stop_id")).select(
        "csv_row_number", "pathway_id", stop_id="from_stop_id"
    )


def _endpoints(feed: Feed) -> pl.LazyFrame:
    """A row per pathway and end, with `field_name`, `stop_id` and what the stop is."""
    stops = feed.first_stops.select(
        "stop_id", "stop_access", "platform_code", location_type=location_type
    )
    ends = pl.concat(
        [
            feed.pathways.select(
                "csv_row_number", "pathway_id", field_name=pl.lit(end), stop_id=end
            )
            for end in ENDS
        ]
    )
    return ends.join(stops, on="stop_id", how="inner", maintain_order="left")


@rule(Severity.ERROR, "pathways", "stops", of="pathways", at="pathways")
def pathway_to_wrong_location_type(feed: Feed) -> pl.LazyFrame:
    """A pathway begins or ends at a station as a whole.

    It must lead to a platform, entrance, node or boarding area.
    """
    return (
        _endpoints(feed)
        .filter(pl.col("location_type") == STATION)
        .select("csv_row_number", "pathway_id", "field_name", "stop_id")
    )


@rule(Severity.ERROR, "pathways", "stops", of="pathways", at="pathways")
def pathway_to_platform_with_boarding_areas(feed: Feed) -> pl.LazyFrame:
    """A pathway leads to a platform that has boarding areas.

    It must lead to one of them.
    """
    parents = feed.stops.select(stop_id="parent_station").drop_nulls().unique()
    return (
        _endpoints(feed)
        .filter(pl.col("location_type") == STOP)
        .join(parents, on="stop_id", how="semi", maintain_order="left")
        .select("csv_row_number", "pathway_id", "field_name", "stop_id")
    )


@rule(Severity.ERROR, "pathways", "stops", of="pathways", at="pathways")
def pathway_to_stop_with_access_outside_of_station_pathways(
    feed: Feed,
) -> pl.LazyFrame | list[Rows]:
    """A pathway leads to a stop that is said to be reached past the pathways.

    Set stop_access to 0, or remove the pathway.
    """
    if not feed.has("stops", "stop_access"):
        return []
    return (
        _endpoints(feed)
        .filter(pl.col("stop_access") == 1)
        .unique(("csv_row_number", "stop_id"), keep="first", maintain_order=True)
        .select("csv_row_number", "platform_code", "pathway_id", "stop_id")
    )


@rule(Severity.ERROR, "pathways", "stops", of="pathways", at="stops")
def missing_level_id(feed: Feed) -> pl.LazyFrame:
    """An end of an elevator has no level.

    Riders are told to which level to go. Give level_id.
    """
    elevators = feed.pathways.filter(pl.col("pathway_mode") == ELEVATOR)
    ends = pl.concat([elevators.select(stop_id=end) for end in ENDS]).unique()
    return (
        feed.first_stops.filter(pl.col("level_id").is_null())
        .join(ends, on="stop_id", how="semi", maintain_order="left")
        .select("csv_row_number", "stop_id", "stop_name")
    )


@rule(Severity.WARNING, "pathways", "stops", of="pathways", at="stops")
def pathway_dangling_generic_node(feed: Feed) -> pl.LazyFrame:
    """A generic node has a single neighbour.

    A way ends there and leads nowhere. Connect the node, or delete it.
    """
    edges = feed.pathways.select(stop_id="from_stop_id", neighbour="to_stop_id")
    back = feed.pathways.select(stop_id="to_stop_id", neighbour="from_stop_id")
    neighbours = pl.concat([edges, back]).group_by("stop_id").agg(pl.col("neighbour").n_unique())
    return (
        feed.stops.filter(location_type == NODE)
        .join(
            neighbours.filter(pl.col("neighbour") == 1),
            on="stop_id",
            how="semi",
            maintain_order="left",
        )
        .select("csv_row_number", "stop_id", "stop_name", "parent_station")
    )


@rule(Severity.ERROR, "pathways", "stops", of="pathways", at="stops")
def pathway_unreachable_location(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """A place in a station cannot be reached from an entrance, or no exit from it.

    Where a station has pathways, they must lead from some entrance to every platform, node and
    boarding area, and out again.
    """
    if not feed.height("pathways"):
        return []
    stops = feed.stops.with_columns(location_type).collect()
    edges = feed.pathways.select("from_stop_id", "to_stop_id", "is_bidirectional").collect()
    back = edges.filter(pl.col("is_bidirectional") == 1).select(
        from_stop_id="to_stop_id", to_stop_id="from_stop_id"
    )
    ways = pl.concat([edges.select(ENDS), back])
    entrances = stops.filter(pl.col("location_type") == ENTRANCE)["stop_id"]
    entered = _reached(entrances, ways["from_stop_id"], ways["to_stop_id"])
    exited = _reached(entrances, ways["to_stop_id"], ways["from_stop_id"])
    stations = _stations(feed)
    touched = pl.concat([edges["from_stop_id"], edges["to_stop_id"]]).unique().alias("stop_id")
    with_pathways = (
        stations.join(touched.to_frame().lazy(), on="stop_id", how="semi")
        .select("station")
        .drop_nulls()
        .unique()
    )
    parents = stops.lazy().select(stop_id="parent_station").drop_nulls().unique()
    childless = feed.stops.select("csv_row_number", "stop_id").join(
        parents, on="stop_id", how="anti"
    )
    kinds = pl.col("location_type")
    return (
        stops.lazy()
        .join(
            childless.with_columns(childless=pl.lit(value=True)).select(
                "csv_row_number", "childless"
            ),
            on="csv_row_number",
            how="left",
            maintain_order="left",
        )
        .filter(kinds.is_in([NODE, BOARDING_AREA]) | ((kinds == STOP) & pl.col("childless")))
        .join(stations, on="stop_id", how="left", maintain_order="left")
        .join(with_pathways, on="station", how="semi", maintain_order="left")
        .with_columns(
            has_entrance=pl.col("stop_id").to_physical().is_in(entered),
            has_exit=pl.col("stop_id").to_physical().is_in(exited),
        )
        .filter(~(pl.col("has_entrance") & pl.col("has_exit")))
        .select(
            "csv_row_number",
            "stop_id",
            "stop_name",
            "location_type",
            "parent_station",
            "has_entrance",
            "has_exit",
        )
    )


def _reached(start: pl.Series, sources: pl.Series, targets: pl.Series) -> list[int]:
    """Codes of the stops that can be reached along the ways from the given ones, themselves
    included.
    """
    ways: dict[int, list[int]] = {}
    pairs = zip(sources.to_physical().to_list(), targets.to_physical().to_list(), strict=True)
    for source, target in pairs:
        ways.setdefault(source, []).append(target)
    reached = set(start.to_physical().to_list())
    frontier = list(reached)
    while frontier:
        for target in ways.get(frontier.pop(), ()):
            if target not in reached:
                reached.add(target)
                frontier.append(target)
    return sorted(reached)


def _stations(feed: Feed) -> pl.LazyFrame:
    """stop_id -> `station`: itself, its parent or its grandparent, whichever is one first."""
    stops = feed.first_stops.select("stop_id", "parent_station", kind=location_type)
    up = stops.select(parent_station="stop_id", grandparent="parent_station", parent_kind="kind")
    top = stops.select(grandparent="stop_id", grandparent_kind="kind")
    return (
        stops.join(up, on="parent_station", how="left", maintain_order="left")
        .join(top, on="grandparent", how="left", maintain_order="left")
        .select(
            "stop_id",
            station=pl.when(pl.col("kind") == STATION)
            .then("stop_id")
            .when(pl.col("parent_kind") == STATION)
            .then("parent_station")
            .when(pl.col("grandparent_kind") == STATION)
            .then("grandparent"),
        )
    )
