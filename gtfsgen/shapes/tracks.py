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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gtfsgen.budget import budget, size
from gtfsgen.faults import Fault, Severity
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
    """All that lies in `folder`, by order of names; a folder that does not exist holds nothing."""
    tracks = Tracks()
    ordered: dict[tuple[str, str], list[tuple[float, Point]]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = path.name.lower()
        try:
            if name.startswith(".") or name.endswith((".md", ".txt")):
                continue
            if name.endswith((".geojson", ".json")):
                _read_geojson(path, tracks.lines, ordered)
            elif name.endswith(".gpx"):
                tracks.lines += _gpx_lines(path)
            elif name.endswith(EXTRACTS):
                tracks.extracts.append(path)
            else:
                raise _Unreadable(
                    "is not a kind of track that gtfsgen reads",
                    "use .geojson, .gpx, .osm or .osm.pbf, or move it out of tracks/",
                )
        except _Unreadable as error:
            tracks.faults.append(
                Fault(
                    Severity.ERROR,
                    "track_unreadable",
                    f"{folder.name}/{path.name}",
                    error.line,
                    "",
                    str(error),
                    hint=error.hint,
                )
            )
    for leg, points in ordered.items():
        tracks.vias[leg] = [point for _, point in sorted(points, key=lambda pair: pair[0])]
    return tracks


def _text(path: Path) -> str:
    most = budget().json
    try:
        if not path.is_file():  # a pipe would keep us waiting, a device never end
            raise _Unreadable("is no file", "move it out of tracks/")
        if path.stat().st_size > most:
            raise _Unreadable(
                f"has more than {size(most)}", "cut out the railways that trains follow"
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(
            f"is not UTF-8 (byte {error.start + 1})", "save the file in UTF-8"
        ) from error
    except OSError as error:
        raise _Unreadable(f"cannot be read: {error.strerror}", "check the file") from error


def _read_geojson(
    path: Path,
    lines: list[Line],
    vias: dict[tuple[str, str], list[tuple[float, Point]]],
) -> None:
    try:
        document = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise _Unreadable(
            f"is not JSON: {error.msg} at column {error.colno}",
            "mend it, or export it again",
            error.lineno,
        ) from error
    except RecursionError:
        raise _Unreadable("is too deep within itself", "export it again") from None
    for number, (geometry, properties) in enumerate(_features(document), start=1):
        kind = geometry.get("type")
        coordinates: Any = geometry.get("coordinates")
        try:
            if kind in ("LineString", "MultiLineString"):
                parts = [coordinates] if kind == "LineString" else coordinates
                detail = _detail(properties)
                lines += [Line(tuple(_point(pair) for pair in part), detail) for part in parts]
            elif kind in ("Point", "MultiPoint") and "from" in properties and "to" in properties:
                places = [_point(p) for p in ([coordinates] if kind == "Point" else coordinates)]
                _add_vias(vias, properties, places)
        except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
            raise _Unreadable(
                f"feature {number} ({kind}) has coordinates that cannot be used: {error}",
                "GeoJSON positions are [longitude, latitude] in degrees",
            ) from error


def _features(document: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every simple geometry with its feature's properties."""
    if not isinstance(document, dict) or "type" not in document:
        raise _Unreadable("is not GeoJSON: no type", "a FeatureCollection is expected")
    if document["type"] == "FeatureCollection":
        features = document.get("features") or []
        if not isinstance(features, list):
            raise _Unreadable("has features that are no list", "export it again")
    elif document["type"] == "Feature":
        features = [document]
    else:
        features = [{"geometry": document}]
    for feature in features:
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(geometry, dict):
            continue
        properties = feature.get("properties") or {}
        members = geometry.get("geometries", [geometry])
        if not isinstance(properties, dict) or not isinstance(members, list):
            raise _Unreadable(
                "has a feature whose properties are no object, or geometries no list",
                "export it again",
            )
        for member in members:
            if isinstance(member, dict):
                yield member, properties


def _detail(properties: dict[str, Any]) -> Detail:
    """How true a line is, by what its author says of it. Raises ValueError for another word."""
    if properties.get("track") is False or "via" in properties:
        return Detail.SKETCH
    said = properties.get("detail", Detail.TRACK)
    if said not in (Detail.TRACK, Detail.SIMPLIFIED, Detail.SKETCH):
        raise ValueError(f"detail {said!r} is none of track, simplified, sketch")
    return Detail(said)


def _point(pair: Any) -> Point:
    longitude, latitude = float(pair[0]), float(pair[1])
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
    there += [(start + index / 1000, place) for index, place in enumerate(places)]
    back = vias.setdefault((last, first), [])
    back += [(-start - index / 1000, place) for index, place in enumerate(places)]


def _gpx_lines(path: Path) -> list[Line]:
    try:
        root = ElementTree.fromstring(_text(path))
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
                    _point((point.get("lon"), point.get("lat")))
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
