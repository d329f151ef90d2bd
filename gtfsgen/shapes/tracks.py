"""Reading source/tracks/: lines, via points and extracts, as a curator keeps them.

- `.geojson`: LineString and MultiLineString features are lines trains follow. A feature with
  `"detail": "simplified"` is the right railway with its bends cut, and legs along it say so. One
  with `"track": false`, `"detail": "sketch"` or a list of its vertices' names in `via` is a sketch:
  legs are drawn along it, but each says that no track was found.
  Point and MultiPoint features with the properties `from` and `to` (stop ids) are via points of
  that leg, both ways, in the order given (or by a number in `order`).
- `.gpx`: tracks and routes are lines.
- `.osm`, `.osm.gz`, `.osm.bz2`, `.osm.pbf`: an OpenStreetMap extract to find the rails in. A
  larger one kept elsewhere is named in feed.toml: `[shapes]`, `osm = "../extracts/korea.osm.pbf"`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gtfsgen.faults import Fault, Severity
from gtfsgen.files import UnreadableFile, files_in, read_text
from gtfsgen.shapes.lines import Point
from gtfsgen.shapes.network import Detail, Line

EXTRACTS = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")


@dataclass
class Tracks:
    lines: list[Line] = field(default_factory=list)
    vias: dict[tuple[str, str], list[Point]] = field(default_factory=dict)
    """Via points from one stop to the next, in order."""
    extracts: list[Path] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class _Unreadable(Exception):
    def __init__(self, message: str, hint: str, line: int = 0) -> None:
        super().__init__(message)
        self.hint = hint
        self.line = line


def read_tracks(folder: Path) -> Tracks:
    """All that lies in `folder`, by order of names; a folder that does not exist holds nothing.

    Files whose names begin with `_` are left out, as in the other folders of a project.
    """
    tracks = Tracks()
    if not folder.is_dir():
        return tracks
    ordered: dict[tuple[str, str], list[tuple[float, Point]]] = {}
    files, tracks.faults = files_in(folder, f"{folder.name}/")
    for path in files:
        try:
            left_out = _read_track(path, tracks, ordered)
            if left_out:
                tracks.faults.append(_left_out(f"{folder.name}/{path.name}", left_out))
        except UnreadableFile as error:
            tracks.faults.append(error.fault(f"{folder.name}/{path.name}"))
        except _Unreadable as error:
            place = f"{folder.name}/{path.name}"
            tracks.faults.append(
                Fault(
                    Severity.ERROR,
                    "track_unreadable",
                    place,
                    error.line,
                    "",
                    str(error),
                    hint=error.hint,
                )
            )
    for leg, points in ordered.items():
        tracks.vias[leg] = [point for _, point in sorted(points, key=lambda pair: pair[0])]
    return tracks


def _left_out(place: str, number: int) -> Fault:
    return Fault(
        Severity.INFO,
        "track_features_left_out",
        place,
        0,
        "",
        f"{number} features are neither lines nor points of a leg and are left out",
        hint="a point has the properties `from` and `to`",
    )


def _read_track(
    path: Path, tracks: Tracks, ordered: dict[tuple[str, str], list[tuple[float, Point]]]
) -> int:
    """Returns how many features of the file are left out."""
    name = path.name.lower()
    if name.endswith((".md", ".txt")):
        return 0
    if name.endswith((".geojson", ".json")):
        return _read_geojson(path, tracks.lines, ordered)
    if name.endswith(".gpx"):
        tracks.lines += _gpx_lines(path)
    elif name.endswith(EXTRACTS):
        tracks.extracts.append(path)
    else:
        raise _Unreadable(
            "is not a kind of track that gtfsgen reads",
            "use .geojson, .gpx, .osm or .osm.pbf, or move it out of tracks/",
        )
    return 0


def _read_geojson(
    path: Path,
    lines: list[Line],
    vias: dict[tuple[str, str], list[tuple[float, Point]]],
) -> int:
    """Returns how many features are neither lines nor points of a leg, and are left out."""
    left_out = 0
    try:
        document = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise _Unreadable(
            f"is not JSON: {error.msg} at column {error.colno}",
            "mend it, or export it again",
            error.lineno,
        ) from error
    except RecursionError:
        raise _Unreadable("is nested too deeply", "export it again") from None
    except ValueError:
        raise _Unreadable("has a number of too many digits", "export it again") from None
    for number, (geometry, properties) in enumerate(_features(document), start=1):
        kind = geometry.get("type")
        coordinates: Any = geometry.get("coordinates")
        try:
            if kind in ("LineString", "MultiLineString"):
                parts = [coordinates] if kind == "LineString" else coordinates
                detail = _detail(properties)
                lines += [Line(_points(part), detail) for part in parts]
            elif kind in ("Point", "MultiPoint") and "from" in properties and "to" in properties:
                places = [_point(p) for p in ([coordinates] if kind == "Point" else coordinates)]
                _add_vias(vias, properties, places)
            else:
                left_out += 1
        except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
            raise _Unreadable(
                f"feature {number} ({kind}) has coordinates that cannot be used: {error}",
                "GeoJSON positions are [longitude, latitude] in degrees",
            ) from error
    return left_out


def _features(document: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every simple geometry with its feature's properties."""
    if not isinstance(document, dict) or "type" not in document:
        raise _Unreadable("is not GeoJSON: no type", "a FeatureCollection is expected")
    if document["type"] == "FeatureCollection":
        features = document.get("features") or []
    elif document["type"] == "Feature":
        features = [document]
    else:
        features = [{"geometry": document}]
    if not isinstance(features, list):
        raise _Unreadable("is not GeoJSON: features is no list", "export it again")
    for number, feature in enumerate(features, start=1):
        feature = feature if isinstance(feature, dict) else {}
        geometry = feature.get("geometry")
        if not isinstance(geometry, dict):
            geometry = {}  # left out, and counted
        properties = feature.get("properties") or {}
        members = geometry.get("geometries", [geometry])
        if not isinstance(properties, dict) or not isinstance(members, list):
            raise _Unreadable(
                f"feature {number} is not as GeoJSON has it",
                "properties is an object and geometries a list",
            )
        for member in members:
            yield member if isinstance(member, dict) else {}, properties


def _detail(properties: dict[str, Any]) -> Detail:
    """How true a line is, by what its author says of it. Raises ValueError for another word."""
    if properties.get("track") is False or "via" in properties:
        return Detail.SKETCH
    said = properties.get("detail", Detail.TRACK)
    if said not in (Detail.TRACK, Detail.SIMPLIFIED, Detail.SKETCH):
        raise ValueError(f"detail {said!r} is none of track, simplified, sketch")
    return Detail(said)


def _points(pairs: Any) -> tuple[Point, ...]:
    """The places of a line. Raises ValueError or TypeError for what is no line."""
    if not isinstance(pairs, list):
        raise TypeError(f"a list of positions is expected, not {type(pairs).__name__}")
    points = tuple(map(_point, pairs))
    if len(points) < 2:
        raise ValueError("a line has two positions or more")
    return points


def _point(pair: Any) -> Point:
    longitude, latitude = (_degrees(each) for each in pair[:2])
    return _on_earth(longitude, latitude)


def _degrees(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number is expected, not {str(value)[:20]!r}")
    return float(value)


def _on_earth(longitude: float, latitude: float) -> Point:
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError(f"{longitude}, {latitude} is nowhere on Earth")
    return latitude, longitude


def _add_vias(
    vias: dict[tuple[str, str], list[tuple[float, Point]]],
    properties: dict[str, Any],
    places: list[Point],
) -> None:
    first, last = str(properties["from"]), str(properties["to"])
    there = vias.setdefault((first, last), [])
    start = float(properties.get("order", len(there)))
    if not math.isfinite(start):
        raise ValueError(f"order {start} is no number")
    there += [(start + index / 1000, place) for index, place in enumerate(places)]
    back = vias.setdefault((last, first), [])
    back += [(-start - index / 1000, place) for index, place in enumerate(places)]


def _gpx_lines(path: Path) -> list[Line]:
    text = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _Unreadable("defines entities, as no track does", "export it again")
    try:
        root = ElementTree.fromstring(text)
    except (ValueError, LookupError) as error:
        raise _Unreadable(f"is not XML: {error}", "save it in UTF-8") from error
    except ElementTree.ParseError as error:
        raise _Unreadable(
            f"is not XML: {error.msg}", "mend it, or export it again", error.position[0]
        ) from error
    lines = []
    for element in root.iter():
        kind = element.tag.rpartition("}")[2]
        if kind in ("trkseg", "rte"):
            try:
                points = [
                    _on_earth(float(point.get("lon", "")), float(point.get("lat", "")))
                    for point in element
                    if point.tag.endswith(("trkpt", "rtept"))
                ]
            except (TypeError, ValueError, OverflowError) as error:
                raise _Unreadable(
                    f"has a point that cannot be used: {error}",
                    "lat and lon are degrees",
                ) from error
            lines.append(Line(tuple(points)))
    return lines
