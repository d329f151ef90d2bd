"""locations.geojson, read as the canonical validator reads it: all of it, or nothing.

One faulty feature makes the whole file unusable (`loaded` is False), and rules that need zones do
not run. Where the canonical loader breaks off without a notice, so do we: the file is then not
loaded, and what was reported until there stands.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gtfsgen.java.gson import DuplicateKey, MalformedJson, UnreadableEscape, read_object
from gtfsgen.java.numbers import double_text, parse_double

if TYPE_CHECKING:
    import polars as pl
    from shapely import Geometry

FILENAME = "locations.geojson"
NEAR_ORIGIN_DEGREES = 1.0
NEAR_POLE_DEGREES = 89.0

_ROOT_KEYS = {"type", "features"}
_FEATURE_KEYS = {"id", "type", "properties", "geometry"}
_GEOMETRY_KEYS = {"type", "coordinates"}
_JAVA_BLANKS = "".join(map(chr, range(0x21)))
_SURROGATE = re.compile("[\ud800-\udfff]")

Notice = tuple[str, dict[str, Any]]
Ring = list[tuple[float, float]]


@dataclass(slots=True)
class Locations:
    """The zones of a feed.

    `features`: feature_index (Int32), feature_id, geometry_type (String), one row per feature in
    file order; `geometries` has the polygons in the same order, None for a feature of an
    unsupported type. Both are empty if `loaded` is False. `notices` are pairs of code and context.
    """

    loaded: bool
    features: pl.DataFrame
    geometries: list[Geometry | None]
    notices: list[Notice] = field(default_factory=list)
    system_errors: list[Notice] = field(default_factory=list)


@dataclass(slots=True)
class _Feature:
    index: int
    id: str
    geometry_type: str
    geometry: Geometry | None


class _Unusable(Exception):
    """The file cannot be used; what had to be said of it has been said."""


class _NoRing(Exception):
    """A ring or polygon that cannot be built, with JTS's reason."""


def read_locations(data: bytes) -> Locations:
    """Read the bytes of a locations.geojson; faults of the data come back as notices."""
    notices: list[Notice] = []
    features: list[_Feature] = []
    loaded = True
    try:
        features = _features(read_object(data), notices)
    except MalformedJson as fault:
        notices.append(("malformed_json", {"filename": FILENAME, "message": str(fault)}))
        loaded = False
    except DuplicateKey as fault:
        # The canonical loader counts such a file as read, with no feature in it.
        element = {"filename": FILENAME, "duplicatedElement": _whole_text(fault.key)}
        notices.append(("geo_json_duplicated_element", element))
    except (_Unusable, UnreadableEscape):
        loaded = False
    notices += _duplicate_ids(features)
    geometries = [feature.geometry for feature in features]
    return Locations(loaded, _frame(features), geometries, notices)


def damaged_locations(message: str) -> Locations:
    """What stands for a locations.geojson with damaged bytes; no message, no notice."""
    notices: list[Notice] = []
    if message:
        notices.append(("malformed_json", {"filename": FILENAME, "message": message}))
    return Locations(False, _frame([]), [], notices)


def _frame(features: list[_Feature]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        [(feature.index, feature.id, feature.geometry_type) for feature in features],
        schema={"feature_index": pl.Int32, "feature_id": pl.String, "geometry_type": pl.String},
        orient="row",
    )


def _duplicate_ids(features: list[_Feature]) -> list[Notice]:
    first_index: dict[str, int] = {}
    notices: list[Notice] = []
    for feature in features:
        first = first_index.setdefault(feature.id, feature.index)
        if first != feature.index:
            context = {"featureId": feature.id, "firstIndex": first, "secondIndex": feature.index}
            notices.append(("duplicate_geo_json_key", context))
    return notices


def _features(root: dict[str, Any], notices: list[Notice]) -> list[_Feature]:
    if _has_infinite_number(root):
        raise _Unusable
    root = _present(root)
    _note_unknown(root, _ROOT_KEYS, notices)
    if "type" not in root:
        notices.append(("missing_required_element", {"missingElement": "type"}))
        raise _Unusable
    kind = _text(root["type"])
    if kind != "FeatureCollection":
        message = f"Unsupported GeoJSON type: {kind}. Use 'FeatureCollection' instead."
        context = {"geoJsonType": kind, "message": message}
        notices.append(("unsupported_geo_json_type", context))
        raise _Unusable
    features = [
        _feature(index, element, notices)
        for index, element in enumerate(_array(root.get("features")))
    ]
    usable = [feature for feature in features if feature is not None]
    if len(usable) < len(features):
        raise _Unusable
    return usable


def _feature(index: int, element: Any, notices: list[Notice]) -> _Feature | None:
    """Read one feature; None if it makes the file unusable, once the others have been looked at."""
    if not isinstance(element, dict):
        return None
    element = _present(element)
    _note_unknown(element, _FEATURE_KEYS, notices)
    missing = [f"features.{key}" for key in ("id", "type", "properties", "geometry")]
    missing = [name for name in missing if name.removeprefix("features.") not in element]
    about: dict[str, Any] = {"featureIndex": index}
    if "id" in element:
        about["featureId"] = _text(element["id"])
        if not about["featureId"]:
            missing.append("features.id")
    if "type" in element and (kind := _text(element["type"])) != "Feature":
        notices.append(("unsupported_feature_type", {**about, "featureType": kind}))
    if "properties" in element:
        _check_properties(element["properties"])
    geometry = {}
    if "geometry" in element:
        geometry = _present(_object(element["geometry"]))
        _note_unknown(geometry, _GEOMETRY_KEYS, notices)
        absent = next((key for key in ("type", "coordinates") if key not in geometry), None)
        missing += [f"features.geometry.{absent}"] if absent else []
    for name in missing:
        notices.append(("missing_required_element", {**about, "missingElement": name}))
    return None if missing else _located(index, about["featureId"], geometry, notices)


def _check_properties(properties: Any) -> None:
    """Break off where the canonical loader cannot read the two properties it knows."""
    known = _present(_object(properties))
    for key in ("stop_name", "stop_desc"):
        if key in known:
            _text(known[key])


def _located(
    index: int, feature_id: str, geometry: dict[str, Any], notices: list[Notice]
) -> _Feature | None:
    kind = _text(geometry["type"])
    rings = _rings(index, feature_id, geometry["coordinates"], notices)
    if kind == "Polygon":
        try:
            return _Feature(index, feature_id, kind, _polygon(rings))
        except _NoRing as fault:
            context = {
                "featureId": feature_id,
                "featureIndex": index,
                "geometryType": kind,
                "message": str(fault),
            }
            notices.append(("invalid_geometry", context))
            return None
    if kind == "MultiPolygon":
        if rings:
            # The scan took these for the rings of one Polygon; they cannot be several.
            raise _Unusable
        import shapely

        return _Feature(index, feature_id, kind, shapely.MultiPolygon())
    context = {"featureIndex": index, "featureId": feature_id, "geometryType": kind}
    notices.append(("unsupported_geometry_type", context))
    return _Feature(index, feature_id, kind, None)


def _rings(index: int, feature_id: str, coordinates: Any, notices: list[Notice]) -> list[Ring]:
    """Read coordinates as rings of (lon, lat), whatever the geometry's type; note odd places."""
    rings = []
    for element in _array(coordinates):
        ring = []
        for point in _array(element):
            place = _array(point)
            if len(place) < 2:
                raise _Unusable
            lon, lat = _number(place[0]), _number(place[1])
            ring.append((lon, lat))
            if code := _odd_place(lat, lon):
                context = {
                    "filename": FILENAME,
                    "featureIndex": index,
                    "entityId": feature_id,
                    "latFieldValue": lat,
                    "lonFieldValue": lon,
                }
                notices.append((code, context))
        rings.append(ring)
    return rings


def _odd_place(lat: float, lon: float) -> str | None:
    if abs(lat) <= NEAR_ORIGIN_DEGREES and abs(lon) <= NEAR_ORIGIN_DEGREES:
        return "point_near_origin"
    return "point_near_pole" if abs(lat) >= NEAR_POLE_DEGREES else None


def _polygon(rings: list[Ring]) -> Geometry:
    """Build a valid polygon, or raise _NoRing with the reason JTS 1.20 gives."""
    import shapely

    if not rings:
        raise _Unusable
    for ring in rings:
        _check_ring(ring)
    shell, holes = rings[0], [hole for hole in rings[1:] if hole]
    if not shell and holes:
        raise _NoRing("shell is empty but holes are not")
    if not all(math.isfinite(value) for ring in rings for point in ring for value in point):
        raise _NoRing("Invalid Coordinate")
    if any(0 < _changes(ring) < 3 or len(set(ring)) == 1 for ring in rings):
        raise _NoRing("Too few distinct points in geometry component")
    polygon = shapely.Polygon(shell, holes) if shell else shapely.Polygon()
    if not shapely.is_valid(polygon):
        raise _NoRing(shapely.is_valid_reason(polygon).partition("[")[0])
    return polygon


def _check_ring(ring: Ring) -> None:
    size = len(ring)
    if size == 1:
        raise _NoRing("Invalid number of points in LineString (found 1 - must be 0 or >= 2)")
    if size and ring[0] != ring[-1]:
        raise _NoRing("Points of LinearRing do not form a closed linestring")
    if size == 2:
        raise _NoRing("Invalid number of points in LinearRing (found 2 - must be 0 or >= 3)")


def _changes(ring: Ring) -> int:
    """How often the next point differs from the one before: sides of some length."""
    return sum(point != other for point, other in itertools.pairwise(ring))


def _note_unknown(element: dict[str, Any], known: set[str], notices: list[Notice]) -> None:
    for key in element:
        if key not in known:
            context = {"filename": FILENAME, "unknownElement": _whole_text(key)}
            notices.append(("geo_json_unknown_element", context))


def _present(element: dict[str, Any]) -> dict[str, Any]:
    """Leave out the members that are null: the canonical loader never sees them."""
    return {key: value for key, value in element.items() if value is not None}


def _has_infinite_number(root: Any) -> bool:
    """Whether some number is beyond a double, as 1e999; the canonical loader breaks off there."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, float) and math.isinf(value):
            return True
    return False


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Unusable
    return value


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _Unusable
    return value


def _text(value: Any) -> str:
    """A scalar as text; an array of one item counts as the item, as in Gson."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return _whole_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return double_text(value)
    raise _Unusable


def _number(value: Any) -> float:
    """A scalar as a number: texts count if Java can read them as a double."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, float):
        return value
    number = parse_double(value.strip(_JAVA_BLANKS)) if isinstance(value, str) else None
    if number is None:
        raise _Unusable
    return number


def _whole_text(text: str) -> str:
    """Replace halves of a surrogate pair, which no file can hold, by what Java writes for them."""
    return _SURROGATE.sub("?", text)
