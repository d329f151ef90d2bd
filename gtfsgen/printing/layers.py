"""Lines and stations of a feed for maps of other programs: GeoJSON, GeoPackage."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from typing import Any

from gtfsgen.render.book import Book, BookLine
from gtfsgen.render.pages import Site
from gtfsgen.writing import scratch_folder

WRITTEN_AT = "2000-01-01T00:00:00.000Z"
"""The moment that GeoPackage wants to be told of each layer: always the same, as all bytes are."""
DIGITS = 6


class GisUnavailable(Exception):
    """geopandas is not installed; the text says how to get it."""


Feature = dict[str, Any]


def layers(book: Book, site: Site) -> dict[str, list[Feature]]:
    """`lines` and `stations` (and `areas` of service on request) as GeoJSON features, WGS 84.

    A line has each of its shapes once; where it has none, straight pieces from station to station,
    and then `drawn` says `straight`.
    """
    found = {
        "lines": [feature for line in book.lines for feature in _line(line, book, site)],
        "stations": _stations(book),
    }
    areas = [
        {
            "type": "Feature",
            "id": str(area.get("id", "")),
            "properties": {
                "area_id": str(area.get("id", "")),
                "name": str((area.get("properties") or {}).get("stop_name") or ""),
            },
            "geometry": area["geometry"],
        }
        for area in book.flex_areas
        if area.get("geometry")
    ]
    return {**found, "areas": areas} if areas else found


def geojson(features: list[Feature]) -> str:
    """A layer as a GeoJSON file."""
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1) + "\n"


def geopackage(found: dict[str, list[Feature]]) -> bytes:
    """All layers in one GeoPackage; the same layers give the same bytes.

    Raises `GisUnavailable` where geopandas is not installed.
    """
    try:
        import geopandas
        import pyogrio
    except ImportError as error:
        raise GisUnavailable(
            "GeoPackage is written by geopandas: pip install 'gtfsgen[pandas]'"
        ) from error

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN_AT})
    with scratch_folder() as folder:
        path = folder / "feed.gpkg"
        for name, features in found.items():
            if features:
                frame = geopandas.GeoDataFrame.from_features(features, crs="EPSG:4326")
                frame.to_file(path, driver="GPKG", layer=name, engine="pyogrio")
        return path.read_bytes() if path.exists() else b""


def _line(line: BookLine, book: Book, site: Site) -> list[Feature]:
    shapes = list(
        dict.fromkeys(s for route in line.route_ids for s in site._shapes_of_routes.get(route, ()))
    )
    ways = [points for shape in shapes if len(points := site._shape(shape)) > 1]
    drawn = "shapes.txt"
    if not ways:
        drawn = "straight"
        stations = book.service.stations
        ways = [
            [point for key in way if (point := stations[key].point)] for way in site._straight(line)
        ]
        ways = [way for way in ways if len(way) > 1]
    if not ways:
        return []
    return [
        {
            "type": "Feature",
            "id": line.key,
            "properties": {
                "line": line.short or line.name,
                "name": line.long,
                "kind": line.kind,
                "agency": line.agency,
                "colour": line.ink,
                "trips": line.trips,
                "route_ids": ",".join(line.route_ids),
                "drawn": drawn,
            },
            "geometry": {"type": "MultiLineString", "coordinates": [_places(way) for way in ways]},
        }
    ]


def _places(way: list[tuple[float, float]]) -> list[list[float]]:
    rounded = [[round(lon, DIGITS), round(lat, DIGITS)] for lat, lon in way]
    once = [place for place, _ in itertools.groupby(rounded)]
    return once if len(once) > 1 else rounded


def _stations(book: Book) -> list[Feature]:
    lines: dict[str, list[str]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for line in book.lines:
        for station in line.station_ids:
            lines[station].append(line.short or line.name)
            counts[station] += line.trips
    return [
        {
            "type": "Feature",
            "id": key,
            "properties": {
                "stop_id": key,
                "name": station.name,
                "zone": station.zone,
                "lines": ", ".join(dict.fromkeys(lines[key])),
            },
            "geometry": {
                "type": "Point",
                "coordinates": [round(station.point[1], DIGITS), round(station.point[0], DIGITS)],
            },
        }
        for key, station in book.service.stations.items()
        if key in lines and station.point
    ]
