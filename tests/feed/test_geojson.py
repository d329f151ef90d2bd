"""Reading locations.geojson: what is refused, what is let pass, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely

from gtfsgen.feed.geojson import Locations, read_locations
from gtfsgen.java.gson import DuplicateKey, MalformedJson, UnreadableEscape, read_object

SQUARE = [[2.2, 48.2], [2.3, 48.2], [2.3, 48.3], [2.2, 48.3], [2.2, 48.2]]
BOW_TIE = [[2.2, 48.2], [2.3, 48.3], [2.3, 48.2], [2.2, 48.3], [2.2, 48.2]]
GOOD = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "id": key,
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
            }
            for key in ("A", "B")
        ],
    }
)


def feature(key: Any = "A", drop: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    polygon = {"type": "Polygon", "coordinates": [SQUARE]}
    made = {"id": key, "type": "Feature", "properties": {}, "geometry": polygon, **changes}
    return {name: value for name, value in made.items() if name not in drop}


def read(*features: Any, **root: Any) -> Locations:
    document = {"type": "FeatureCollection", "features": list(features), **root}
    return read_locations(json.dumps(document).encode())


def with_polygon(*rings: Any) -> Locations:
    return read(feature(geometry={"type": "Polygon", "coordinates": list(rings)}))


def codes(locations: Locations) -> list[str]:
    return [code for code, _ in locations.notices]


def test_a_clean_file() -> None:
    locations = read(feature(), feature("B"))
    assert locations.loaded
    assert locations.notices == []
    assert locations.features.rows() == [(0, "A", "Polygon"), (1, "B", "Polygon")]
    assert locations.geometries[0] is not None
    assert tuple(shapely.bounds(locations.geometries[0])) == (2.2, 48.2, 2.3, 48.3)


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace('"', "'"),
        GOOD.replace('"type"', "type"),
        "// zones\n# more\r/* and more */" + GOOD,
        "\ufeff" + GOOD,
        ")]}'\n" + GOOD,
        GOOD.replace(":", "=", 1).replace(",", ";", 1),
        GOOD.replace(":", "=>", 1),
        GOOD.replace("48.2", '"48.2"'),
        GOOD.replace("48.2", "048.2"),
        GOOD.replace("48.2", "+48.2"),
        GOOD.replace("48.2", "[[48.2]]"),
    ],
)
def test_lenient_json_is_read(text: str) -> None:
    locations = read_locations(text.encode())
    assert locations.loaded
    assert locations.features["feature_id"].to_list() == ["A", "B"]
    assert locations.notices == []


@pytest.mark.parametrize(
    "text",
    [
        "", "  \n", "// only a comment", "{", "[]", "null", "5", '"x"', "hello", GOOD[:-5],
        GOOD + " x", GOOD + "# comment", GOOD + GOOD, GOOD.replace(", ", " ", 1),
        GOOD.replace('"A"', '"A'), GOOD.replace('"A"', '"\\x"'), GOOD.replace("48.2", "/", 1),
        '{"a": 1,}', '{"a": }', '{"a" 1}', "{a: /* }", "\ufeff\ufeff" + GOOD,
    ],
)  # fmt: skip
def test_malformed_json(text: str) -> None:
    locations = read_locations(text.encode())
    assert not locations.loaded
    assert codes(locations) == ["malformed_json"]
    assert list(locations.notices[0][1]) == ["filename", "message"]
    assert locations.features.height == 0


def test_the_message_says_where() -> None:
    ((_, context),) = read_locations(b'{"features": [\n {"id" 5}]}').notices
    assert context["message"] == "Expected ':' at line 2 column 8 path $.features[0].id"


def test_utf_16_is_malformed() -> None:
    assert codes(read_locations(GOOD.encode("utf-16"))) == ["malformed_json"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    data = GOOD.replace('"B"', '"é"').encode("latin-1")
    assert read_locations(data).features["feature_id"].to_list() == ["A", "\ufffd"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"id": "A"', '"id": "A", "id": "B"', "id"),
        ('"properties": {}', '"properties": {"a": null, "a": null}', "a"),
        ('"type": "Polygon"', '"type": "Polygon", "type": "Polygon"', "type"),
        # The outer one comes first in the file, though the inner object is complete first.
        ('"id": "A"', '"id": "A", "id": {"b": 1, "b": 2}', "id"),
        # What follows is not read, be it malformed or not.
        ('"id": "A"', '"id": "A", "id": }', "id"),
    ],
)
def test_a_repeated_key_empties_the_file(old: str, new: str, key: str) -> None:
    locations = read_locations(GOOD.replace(old, new, 1).encode())
    assert locations.loaded
    assert locations.features.height == 0
    element = {"filename": "locations.geojson", "duplicatedElement": key}
    assert locations.notices == [("geo_json_duplicated_element", element)]


def test_unknown_elements() -> None:
    locations = read(
        feature(
            bbox=[1],
            properties={"x": 1},
            geometry={"type": "Polygon", "crs": 1, "coordinates": [SQUARE]},
        ),
        name="zones",
        extra=None,
    )
    assert locations.loaded
    assert [context["unknownElement"] for _, context in locations.notices] == [
        "name",
        "bbox",
        "crs",
    ]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "missing_required_element"),
        ({"type": None}, "missing_required_element"),
        ({"type": "Feature", "features": []}, "unsupported_geo_json_type"),
        ({"type": 5}, "unsupported_geo_json_type"),
        ({"type": "FeatureCollection"}, None),
        ({"type": "FeatureCollection", "features": {}}, None),
        ({"type": {}}, None),
    ],
)
def test_an_unusable_root(document: dict[str, Any], code: str | None) -> None:
    locations = read_locations(json.dumps(document).encode())
    assert not locations.loaded
    assert codes(locations) == ([code] if code else [])


def test_an_unsupported_root_type_is_named_as_java_writes_it() -> None:
    ((_, context),) = read(type=5).notices
    message = "Unsupported GeoJSON type: 5.0. Use 'FeatureCollection' instead."
    assert context == {"geoJsonType": "5.0", "message": message}


@pytest.mark.parametrize(
    ("element", "missing"),
    [
        (feature(drop=("id",)), ["features.id"]),
        (feature(None), ["features.id"]),
        (feature(""), ["features.id"]),
        (feature(drop=("type",)), ["features.type"]),
        (feature(drop=("properties", "geometry")), ["features.properties", "features.geometry"]),
        (feature(geometry={}), ["features.geometry.type"]),
        (feature(geometry={"type": "Polygon"}), ["features.geometry.coordinates"]),
    ],
)
def test_missing_elements(element: dict[str, Any], missing: list[str]) -> None:
    locations = read(feature("Z"), element)
    assert not locations.loaded
    assert codes(locations) == ["missing_required_element"] * len(missing)
    assert [context["missingElement"] for _, context in locations.notices] == missing
    assert {context["featureIndex"] for _, context in locations.notices} == {1}


@pytest.mark.parametrize(
    "element",
    [
        "text", None, feature({}), feature(["A", "B"]), feature(geometry=[]),
        feature(properties=[]),
        feature(properties={"stop_name": {}}),
        feature(geometry={"type": "Point", "coordinates": [2.2, 48.2]}),
        feature(geometry={"type": "LineString", "coordinates": SQUARE}),
        feature(geometry={"type": "MultiPolygon", "coordinates": [[SQUARE]]}),
        feature(geometry={"type": "MultiPolygon", "coordinates": [SQUARE]}),
        feature(geometry={"type": "Polygon", "coordinates": []}),
        feature(geometry={"type": "Polygon", "coordinates": "x"}),
        feature(geometry={"type": "Polygon", "coordinates": [[[2.2], [2.3]]]}),
        feature(geometry={"type": "Polygon", "coordinates": [[["north", 1]]]}),
    ],
)  # fmt: skip
def test_what_makes_the_file_unusable_without_a_word(element: Any) -> None:
    locations = read(feature("Z"), element)
    assert not locations.loaded
    assert locations.notices == []


def test_a_number_beyond_a_double_makes_the_file_unusable() -> None:
    assert not read_locations(GOOD.replace("48.2", "1e999", 1).encode()).loaded


def test_an_unsupported_feature_type_is_kept() -> None:
    locations = read(feature(type="feature"))
    context = {"featureIndex": 0, "featureId": "A", "featureType": "feature"}
    assert locations.notices == [("unsupported_feature_type", context)]
    assert locations.features.height == 1


def test_an_unsupported_geometry_type_is_kept_without_geometry() -> None:
    locations = read(feature(geometry={"type": "MultiLineString", "coordinates": [SQUARE]}))
    context = {"featureIndex": 0, "featureId": "A", "geometryType": "MultiLineString"}
    assert locations.notices == [("unsupported_geometry_type", context)]
    assert locations.geometries == [None]


@pytest.mark.parametrize(
    ("key", "text"),
    [(5, "5.0"), (0.1, "0.1"), (-0.0, "-0.0"), (1e20, "1.0E20"), (True, "true"), (["A"], "A")],
)
def test_ids_are_texts(key: Any, text: str) -> None:
    assert read(feature(key)).features["feature_id"].to_list() == [text]


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    locations = read_locations(GOOD.replace('"A"', '"\\ud83d"').encode())
    assert locations.features["feature_id"][0] == "?"


def test_duplicate_ids() -> None:
    locations = read(feature(5), feature("B"), feature("5.0"), feature(5.0))
    assert locations.loaded
    assert locations.notices == [
        ("duplicate_geo_json_key", {"featureId": "5.0", "firstIndex": 0, "secondIndex": index})
        for index in (2, 3)
    ]


def test_duplicate_ids_of_an_unusable_file_do_not_count() -> None:
    assert codes(read(feature(), feature(), feature("C", drop=("type",)))) == [
        "missing_required_element"
    ]


@pytest.mark.parametrize(
    ("rings", "message"),
    [
        ([BOW_TIE], "Self-intersection"),
        ([SQUARE[:-1]], "Points of LinearRing do not form a closed linestring"),
        ([SQUARE[:1]], "Invalid number of points in LineString (found 1 - must be 0 or >= 2)"),
        (
            [[SQUARE[0]] * 2],
            "Invalid number of points in LinearRing (found 2 - must be 0 or >= 3)",
        ),
        ([[SQUARE[0]] * 5], "Too few distinct points in geometry component"),
        ([SQUARE[:2] + SQUARE[:1]], "Too few distinct points in geometry component"),
        ([SQUARE, [[3, 49], [3.1, 49], [3.1, 49.1], [3, 49]]], "Hole lies outside shell"),
        ([[], SQUARE], "shell is empty but holes are not"),
        ([[[0, "Infinity"], [50, 1], [2, 2], [0, "Infinity"]]], "Invalid Coordinate"),
    ],
)
def test_invalid_geometry(rings: list[Any], message: str) -> None:
    locations = with_polygon(*rings)
    assert not locations.loaded
    context = dict(locations.notices[-1][1])
    assert locations.notices[-1][0] == "invalid_geometry"
    assert context == {
        "featureId": "A",
        "featureIndex": 0,
        "geometryType": "Polygon",
        "message": message,
    }


@pytest.mark.parametrize(
    "rings",
    [
        [SQUARE[::-1]],
        [[SQUARE[0], *SQUARE]],
        [SQUARE, [[2.22, 48.22], [2.24, 48.22], [2.24, 48.24], [2.22, 48.22]]],
        [[[x + 360, y, 7] for x, y in SQUARE]],
        [[]],
        [SQUARE, []],
    ],
)
def test_valid_geometry(rings: list[Any]) -> None:
    locations = with_polygon(*rings)
    assert locations.loaded
    assert locations.notices == []


def test_points_near_the_origin_and_the_poles() -> None:
    locations = with_polygon([[1, 1], [3, 1], [3, 89], [1, 1]])
    place = {"filename": "locations.geojson", "featureIndex": 0, "entityId": "A"}
    origin = ("point_near_origin", {**place, "latFieldValue": 1.0, "lonFieldValue": 1.0})
    pole = ("point_near_pole", {**place, "latFieldValue": 89.0, "lonFieldValue": 3.0})
    assert locations.notices == [origin, pole, origin]


def test_points_are_noted_before_the_file_is_given_up() -> None:
    near = feature(geometry={"type": "Polygon", "coordinates": [[[0.5, 0.5], [1, 1]], "x"]})
    locations = read(near)
    assert not locations.loaded
    assert codes(locations) == ["point_near_origin"] * 2


def test_points_of_an_incomplete_feature_are_not_looked_at() -> None:
    polygon = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    assert codes(read(feature(drop=("type",), geometry=polygon))) == ["missing_required_element"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: [1,,2,]}", {"a": [1.0, None, 2.0, None]}),
        ("{a: [,]}", {"a": [None, None]}),
        ("{a: TRUE, b: Null, c: truex}", {"a": True, "b": None, "c": "truex"}),
        ("{a: 01, b: -0, c: 1., d: NaN}", {"a": "01", "b": -0.0, "c": "1.", "d": "NaN"}),
        ('{a: NaN, "b": -Infinity}', {"a": "NaN", "b": "-Infinity"}),
        ('{"a": NaN, "b": -Infinity}', {"a": "NaN", "b": "-Infinity"}),
        ("{'a': 'it\\'s\\u0021', b: 'x\\\ny'}", {"a": "it's!", "b": "x\ny"}),
        ("{a: '\\ud83d\\ude00'}", {"a": "\U0001f600"}),
        ("{a\"b: x'y}", {'a"b': "x'y"}),
    ],
)
def test_lenient_values(text: str, value: dict[str, Any]) -> None:
    assert read_object(text.encode()) == value


def test_deep_nesting_is_no_trouble() -> None:
    depth = 5000
    value = read_object(b'{"a": ' + b"[" * depth + b"]" * depth + b"}")["a"]
    for _ in range(depth - 1):
        (value,) = value
    assert value == []


def test_what_comes_first_counts() -> None:
    with pytest.raises(DuplicateKey):
        read_object(b'{"a": 1, "a": "\\u00g0"')
    with pytest.raises(UnreadableEscape):
        read_object(b'{"a": "\\u00g0", "b": 1, "b": 2')
    with pytest.raises(MalformedJson):
        read_object(b'{"a" 1, "b": 1, "b": 2')
