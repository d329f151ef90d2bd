"""From the tables of a feed to the same tables with shapes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from gtfsgen.faults import Fault, Severity
from gtfsgen.shapes.legs import IN_OUTLINE, Leg, Limits, Reason, Stop, is_place, legs, rounded
from gtfsgen.shapes.lines import Point, distance_m, distances_m
from gtfsgen.shapes.network import (
    Network,
    Networks,
    OsmNetwork,
    RailsUnavailable,
    line_network,
)
from gtfsgen.shapes.tracks import read_tracks
from gtfsgen.shapes.world import world_network

ORIGIN = ("path", "line", "column")
MIN_STEP_M = 0.1
"""shape_dist_traveled is written in tenths of a metre and must grow from stop to stop."""
HINTS = {
    Reason.STOP_OFF_TRACK: "check its position, draw the track up to it, or raise off_track_m",
    Reason.NO_ROUTE: "add the missing track (or via points) to tracks/",
    Reason.DETOUR_TOO_LONG: "add the missing piece of track, or raise max_detour",
    Reason.SIMPLIFIED: "give the track itself where its length matters",
    Reason.WORLD_NETWORK: "give a track or an extract where the very line matters",
}
TRIP_COLUMNS_AFTER = ("wheelchair_accessible", "bikes_allowed", "cars_allowed")
STOP_TIME_COLUMNS_AFTER = ("timepoint", "pickup_booking_rule_id", "drop_off_booking_rule_id")

MILD = {Reason.NO_ROUTE, *IN_OUTLINE.values()}
"""What a curator may well leave as it is."""

Pattern = tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """`tables` with shapes, `faults` of tracks and legs, `geojson` with a feature per leg."""

    tables: dict[str, pl.DataFrame]
    faults: list[Fault]
    geojson: dict[str, Any]


def draw(
    tables: Mapping[str, pl.DataFrame],
    tracks: Path,
    options: Mapping[str, Any],
    option_lines: Mapping[str, int] | None = None,
) -> Drawn:
    """Shapes for the trips that have none, along what lies in the folder `tracks`.

    `tables` are GTFS tables by name without `.txt`, cells as text, with or without the columns
    path, line and column. `options` is `[shapes]` of feed.toml: the fields of `Limits`; `osm`, an
    extract's path relative to the folder above `tracks`; and `network = "world"`, to draw along the
    outline of the world's railways what nothing else leads along, or `"none"`, to draw nothing.
    Unreadable tracks and unknown options are faults; `option_lines` says on which line of feed.toml
    an option stands.
    """
    places = option_lines or {}
    limits, faults = _limits(options, places)
    if options.get("network") == "none":
        return Drawn(dict(tables), faults, {"type": "FeatureCollection", "features": []})
    given = read_tracks(tracks)
    faults += given.faults
    networks: list[Network] = []
    if (lines := line_network(given.lines, limits.join_m)) is not None:
        networks.append(lines)
    extracts = list(given.extracts)
    if isinstance(osm := options.get("osm"), str) and osm:
        extracts.append(tracks.parent / osm)
    for extract in extracts:
        try:
            networks.append(OsmNetwork.read(extract))
        except RailsUnavailable as error:
            inside = extract.parent == tracks
            place = f"{tracks.name}/{extract.name}" if inside else "feed.toml"
            line = 0 if inside else places.get("osm", 0)
            faults.append(Fault(Severity.WARNING, "track_unreadable", place, line, "", str(error)))
    if options.get("network") == "world":
        try:
            networks.append(world_network())
        except RailsUnavailable as error:
            faults.append(
                Fault(
                    Severity.WARNING,
                    "track_unreadable",
                    "feed.toml",
                    places.get("network", 0),
                    "",
                    str(error),
                )
            )
    # Without any track there is nothing a curator should mend: straight lines are what was asked
    # for.
    grade = Severity.WARNING if networks else Severity.INFO
    drawn = draw_on(tables, {"": Networks(networks)}, limits, vias=given.vias, grade=grade)
    straight = drawn.faults if networks else _as_one(drawn.faults)
    return Drawn(drawn.tables, faults + straight, drawn.geojson)


def _as_one(faults: list[Fault]) -> list[Fault]:
    """Without any track all lines are straight for one cause, told once."""
    if len(faults) < 2:
        return faults
    said = f"No track is given, so that {len(faults)} legs are drawn straight."
    hint = 'put one into tracks/, or write network = "world" in [shapes] of feed.toml'
    return [Fault(Severity.INFO, "no_track", "tracks", 0, "", said, hint=hint)]


def draw_on(
    tables: Mapping[str, pl.DataFrame],
    networks: Mapping[str, Network],
    limits: Limits,
    *,
    vias: Mapping[tuple[str, str], list[Point]] | None = None,
    grade: Severity = Severity.WARNING,
    only: Iterable[str] | None = None,
) -> Drawn:
    """Shapes for the trips that have none.

    `networks` maps a GTFS route_type to what its vehicles run on; "" stands for all others. `only`
    are the route types to draw; None for all.
    """
    needed = {"stops", "trips", "stop_times"}
    if not needed <= set(tables):
        return Drawn(dict(tables), [], {"type": "FeatureCollection", "features": []})
    places = _places(tables["stops"])
    trips = _patterns(tables, places, networks)
    if only is not None:
        drawn_kinds = set(only)
        trips = {trip: key for trip, key in trips.items() if key[0] in drawn_kinds}
    taken = set(tables["shapes"]["shape_id"]) if "shapes" in tables else set()
    shape_ids: dict[tuple[str, Pattern], str] = {}
    shapes: dict[str, _Shape] = {}
    for kind, pattern in dict.fromkeys(trips.values()):
        shape_id = _shape_id(kind, pattern, taken)
        stops = [Stop(stop_id, places[stop_id]) for stop_id in pattern]
        shape_ids[kind, pattern] = shape_id
        shapes[shape_id] = _shape(legs(stops, networks[kind], vias or {}, limits))
    by_trip = {trip: shape_ids[key] for trip, key in trips.items()}
    drawn = dict(tables)
    if shapes:
        drawn["shapes"] = _shapes_table(tables.get("shapes"), shapes)
        drawn["trips"] = _with_shape_ids(tables["trips"], by_trip)
        drawn["stop_times"] = _with_distances(tables["stop_times"], by_trip, shapes, places)
    return Drawn(drawn, _leg_faults(tables["stops"], shapes, grade), _geojson(shapes, tables))


@dataclass(frozen=True)
class _Shape:
    legs: list[Leg]
    points: list[tuple[Point, float]]
    """Vertices with metres travelled."""
    at_stop: list[float]
    """Metres travelled at each stop of the pattern."""


def _shape(drawn: list[Leg]) -> _Shape:
    """Measure the legs as they are written: rounded, `MIN_STEP_M` or more from stop to stop."""
    points = [(rounded(drawn[0].points[0]), 0.0)]
    at_stop = [0.0]
    for leg in drawn:
        travelled = at_stop[-1]
        inner = list(map(rounded, leg.points[1:-1]))
        steps = distances_m([points[-1][0], *inner])
        for index, vertex in enumerate(inner):
            before = points[-1][0]
            usual = index == 0 or before == inner[index - 1]
            step = steps[index] if usual else distance_m(before, vertex)
            if step >= MIN_STEP_M:
                travelled += step
                points.append((vertex, round(travelled, 1)))
        end = rounded(leg.points[-1])
        travelled += distance_m(points[-1][0], end)
        travelled = max(round(travelled, 1), round(points[-1][1] + MIN_STEP_M, 1))
        points.append((end, travelled))
        at_stop.append(travelled)
    return _Shape(drawn, points, at_stop)


def _limits(options: Mapping[str, Any], lines: Mapping[str, int]) -> tuple[Limits, list[Fault]]:
    known = {field.name for field in fields(Limits)}
    chosen: dict[str, float] = {}
    faults = []
    for name, value in options.items():
        if name in known and _is_measure(value):
            chosen[name] = float(value)
            continue
        if name == "osm" and isinstance(value, str):
            continue
        if name == "network" and value in ("world", "none"):
            continue
        code = "invalid_option"
        if name.startswith("x_"):
            continue
        if name == "osm":
            expected = "the path of an extract, in quotes"
        elif name == "network":
            expected = '"world" or "none"'
        elif name in known:
            expected = f"a number from 0 to {MOST_MEASURE:,.0f}"
        else:
            code = "unknown_option"
            expected = f"one of {', '.join((*sorted(known), 'network', 'osm'))}"
        message = f"[shapes] {name}: expected {expected}"
        line = lines.get(name, 0)
        found = str(value)[:200]
        faults.append(Fault(Severity.ERROR, code, "feed.toml", line, "", message, found=found))
    return Limits(**chosen), faults


MOST_MEASURE = 1e6
"""Metres, or times the straight line, of an option."""


def _is_measure(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= MOST_MEASURE
    )


def _places(stops: pl.DataFrame) -> dict[str, Point]:
    """Where stops are; a stop without a position is where its station is."""
    places: dict[str, Point] = {}
    parents: dict[str, str] = {}
    for row in stops.iter_rows(named=True):
        try:
            latitude = float(row.get("stop_lat") or "nan")
            longitude = float(row.get("stop_lon") or "nan")
        except ValueError:
            continue
        if is_place(latitude, longitude):
            places[row["stop_id"]] = (latitude, longitude)
        elif row.get("parent_station"):
            parents[row["stop_id"]] = row["parent_station"]
    for stop_id, parent in parents.items():
        if parent in places:
            places[stop_id] = places[parent]
    return places


def _patterns(
    tables: Mapping[str, pl.DataFrame], places: Mapping[str, Point], networks: Mapping[str, Network]
) -> dict[str, tuple[str, Pattern]]:
    """Trip -> network and pattern, for trips without a shape and with two known places or more."""
    trips = tables["trips"]
    if "shape_id" in trips.columns:
        trips = trips.filter(pl.col("shape_id").fill_null("") == "")
    kinds = {}
    if "routes" in tables and "route_type" in tables["routes"].columns:
        routes = tables["routes"].select("route_id", "route_type").iter_rows()
        kinds = {route: kind if kind in networks else "" for route, kind in routes}
    ordered = (
        tables["stop_times"]
        .join(trips.select("trip_id", "route_id").unique("trip_id"), on="trip_id")
        .filter(pl.col("stop_id").is_in(list(places)))
        .with_columns(pl.col("stop_sequence").cast(pl.Int64, strict=False).alias("_order"))
        .sort("trip_id", "_order", maintain_order=True)
        .group_by("trip_id", maintain_order=True)
        .agg("stop_id", pl.col("route_id").first())
        .filter(pl.col("stop_id").list.len() >= 2)
    )
    return {
        trip: (kinds.get(route, ""), tuple(pattern))
        for trip, pattern, route in ordered.iter_rows()
        if kinds.get(route, "") in networks
    }


def _shape_id(kind: str, pattern: Pattern, taken: set[str]) -> str:
    """Readable, and the same as long as the pattern is: `beijing-dandong.1f0c2a`."""
    digest = hashlib.sha256("\x1f".join((kind, *pattern)).encode()).hexdigest()
    ends = "-".join(
        re.sub(r"[^a-z0-9]+", "_", end.lower()).strip("_") or "stop"
        for end in (pattern[0], pattern[-1])
    )
    length = 6
    while f"{ends}.{digest[:length]}" in taken:
        length += 1
    taken.add(f"{ends}.{digest[:length]}")
    return f"{ends}.{digest[:length]}"


def _origin_of(frame: pl.DataFrame) -> list[str]:
    return [column for column in ORIGIN if column in frame.columns]


def _shapes_table(given: pl.DataFrame | None, shapes: Mapping[str, _Shape]) -> pl.DataFrame:
    rows = [
        (shape_id, f"{lat:.7f}", f"{lon:.7f}", str(number), f"{travelled:.1f}")
        for shape_id, shape in sorted(shapes.items())
        for number, ((lat, lon), travelled) in enumerate(shape.points, start=1)
    ]
    columns = (
        "shape_id",
        "shape_pt_lat",
        "shape_pt_lon",
        "shape_pt_sequence",
        "shape_dist_traveled",
    )
    table = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    if given is None or given.is_empty():
        return table
    return pl.concat([given, table], how="diagonal").select(
        *dict.fromkeys([*columns, *given.columns])
    )


def _placed(frame: pl.DataFrame, column: str, after: Iterable[str]) -> pl.DataFrame:
    """`column` moved in front of those that come after it in GTFS, and of the origin."""
    later = [name for name in (*after, *_origin_of(frame)) if name in frame.columns]
    before = [name for name in frame.columns if name not in later and name != column]
    return frame.select(*before, column, *later)


def _with_shape_ids(trips: pl.DataFrame, by_trip: Mapping[str, str]) -> pl.DataFrame:
    drawn = pl.col("trip_id").replace_strict(by_trip, default=None, return_dtype=pl.String)
    given = pl.col("shape_id") if "shape_id" in trips.columns else pl.lit(None, pl.String)
    return _placed(
        trips.with_columns(pl.coalesce(drawn, given).alias("shape_id")),
        "shape_id",
        TRIP_COLUMNS_AFTER,
    )


def _with_distances(
    stop_times: pl.DataFrame,
    by_trip: Mapping[str, str],
    shapes: Mapping[str, _Shape],
    places: Mapping[str, Point],
) -> pl.DataFrame:
    rows = stop_times.with_row_index("_row").with_columns(
        pl.col("trip_id")
        .replace_strict(by_trip, default=None, return_dtype=pl.String)
        .alias("_shape"),
        pl.col("stop_sequence").cast(pl.Int64, strict=False).alias("_order"),
    )
    at_stop = pl.DataFrame(
        [
            (shape_id, number, f"{travelled:.1f}")
            for shape_id, shape in shapes.items()
            for number, travelled in enumerate(shape.at_stop)
        ],
        schema={"_shape": pl.String, "_number": pl.Int64, "_drawn": pl.String},
        orient="row",
    )
    measured = (
        rows.filter(pl.col("_shape").is_not_null() & pl.col("stop_id").is_in(list(places)))
        .sort("trip_id", "_order", maintain_order=True)
        .with_columns(pl.int_range(pl.len()).over("trip_id").alias("_number"))
        .join(at_stop, on=["_shape", "_number"], how="left")
        .select("_row", "_drawn")
    )
    name = "shape_dist_traveled"
    given = pl.col(name) if name in stop_times.columns else pl.lit(None, pl.String)
    # A distance given for a trip that had no shape was measured along something else.
    own = pl.when(pl.col("_shape").is_null()).then(given)
    joined = (
        rows.join(measured, on="_row", how="left")
        .sort("_row")
        .with_columns(pl.coalesce("_drawn", own).alias(name))
        .drop("_row", "_shape", "_order", "_drawn")
    )
    return _placed(joined, name, STOP_TIME_COLUMNS_AFTER)


def _leg_faults(stops: pl.DataFrame, shapes: Mapping[str, _Shape], grade: Severity) -> list[Fault]:
    """One fault per straight leg, whichever way it is run, at the row of the stop to look at."""
    rows = {row["stop_id"]: row for row in stops.iter_rows(named=True)}
    found: dict[tuple[str, str, Reason], Fault] = {}
    for shape in shapes.values():
        for leg in shape.legs:
            if leg.reason is None:
                continue
            ends = sorted((leg.from_stop.stop_id, leg.to_stop.stop_id))
            at = leg.off_track[0] if leg.off_track else leg.from_stop.stop_id
            row = rows[at]
            found.setdefault(
                (ends[0], ends[1], leg.reason),
                Fault(
                    Severity.INFO if leg.reason in MILD else grade,
                    leg.reason,
                    str(row.get("path") or "stops.txt"),
                    int(row.get("line") or 0),
                    str(row.get("column") or ""),
                    _said(leg, rows),
                    hint=HINTS[leg.reason],
                ),
            )
    return list(found.values())


def _said(leg: Leg, rows: Mapping[str, Mapping[str, Any]]) -> str:
    def name(stop_id: str) -> str:
        return rows[stop_id].get("stop_name") or stop_id

    between = f"{name(leg.from_stop.stop_id)} - {name(leg.to_stop.stop_id)}"
    line = {
        Reason.SIMPLIFIED: "a given line that is simplified",
        Reason.WORLD_NETWORK: "an outline of the world's railways",
    }.get(leg.reason or Reason.NO_ROUTE)
    if line:
        return f"{between} ({leg.distance_m / 1000:.1f} km) is drawn along {line}, not the track"
    how = f"through {leg.via_points} via points" if leg.via_points else "straight"
    why = {
        Reason.STOP_OFF_TRACK: f"no track near {' and '.join(map(name, leg.off_track))}",
        Reason.NO_ROUTE: "no track known between them",
        Reason.DETOUR_TOO_LONG: "the only way on the track is far too long",
    }[leg.reason or Reason.NO_ROUTE]
    return f"{between} ({leg.distance_m / 1000:.1f} km) is drawn {how}: {why}"


def _geojson(shapes: Mapping[str, _Shape], tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """A feature per leg; legs that several shapes share are given once, with all their shapes."""
    stops = tables["stops"]
    names = {row["stop_id"]: row.get("stop_name") for row in stops.iter_rows(named=True)}
    used: dict[tuple[str, str, tuple[Point, ...]], tuple[Leg, list[str]]] = {}
    for shape_id, shape in sorted(shapes.items()):
        for leg in shape.legs:
            points = tuple(map(rounded, leg.points))
            key = (leg.from_stop.stop_id, leg.to_stop.stop_id, points)
            used.setdefault(key, (leg, []))[1].append(shape_id)
    features = [
        {
            "type": "Feature",
            "properties": {
                "from": first,
                "to": last,
                "from_name": names.get(first) or first,
                "to_name": names.get(last) or last,
                "reason": leg.reason,
                "off_track": list(leg.off_track),
                "via_points": leg.via_points,
                "distance_m": round(leg.distance_m, 1),
                "shapes": list(dict.fromkeys(shape_ids)),
            },
            "geometry": {
                "type": "LineString",
                "coordinates": [[lon, lat] for lat, lon in points],
            },
        }
        for (first, last, points), (leg, shape_ids) in sorted(used.items())
    ]
    return {"type": "FeatureCollection", "features": features}


def geojson_text(collection: Mapping[str, Any]) -> str:
    """GeoJSON with a feature a line, so that a changed leg is one changed line in git."""
    lines = ",\n".join(
        json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
        for feature in collection["features"]
    )
    return f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'
