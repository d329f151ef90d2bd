"""Whatever lies in tracks/ is followed or is an error at that file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtfsgen.faults import Severity
from gtfsgen.shapes.drawing import _limits
from gtfsgen.shapes.tracks import Tracks, read_tracks

NUMBERS = st.one_of(
    st.integers(-200, 200), st.floats(), st.sampled_from([10**400, -(10**30), True, None, "7"])
)
ANYTHING = st.recursive(
    st.one_of(NUMBERS, st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["type", "from", "to", "order", "detail"]), inner),
    ),
    max_leaves=8,
)
KINDS = st.one_of(
    st.sampled_from(["Point", "MultiPoint", "LineString", "MultiLineString", "Feature"]), ANYTHING
)
GEOMETRY = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {"type": KINDS, "coordinates": ANYTHING}, optional={"geometries": ANYTHING}
    ),
)
FEATURE = st.one_of(
    ANYTHING,
    st.fixed_dictionaries({"geometry": GEOMETRY}, optional={"properties": ANYTHING}),
)
DOCUMENT = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {"type": st.just("FeatureCollection"), "features": st.one_of(st.lists(FEATURE), ANYTHING)}
    ),
)


def read(folder: Path, text: str | bytes, name: str = "a.geojson") -> Tracks:
    data = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(data)
    return read_tracks(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(DOCUMENT)
def test_any_json_is_lines_or_an_error_at_the_file(tmp_path: Path, document: Any) -> None:
    found = read(tmp_path, json.dumps(document))
    assert {fault.path for fault in found.faults} <= {f"{tmp_path.name}/a.geojson"}
    for line in found.lines:
        assert len(line.points) > 1
        assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in line.points)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"type": ' + "9" * 5000 + "}",
        '{"type": "FeatureCollection", "features": 5}',
        '{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[1, 2]]}}',
        '{"type": "Feature", "geometry": {"type": "LineString", "coordinates": null}}',
        '{"type": "LineString", "coordinates": [["1", "2"], [3, 4]]}',
        '{"type": "LineString", "coordinates": [[NaN, 2], [3, 4]]}',
        '{"type": "Feature", "properties": [1], "geometry": {"type": "Point"}}',
        "\0",
    ],
)
def test_what_is_no_geojson_is_an_error_at_the_file(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert [(f.code, f.severity) for f in found.faults] == [("track_unreadable", Severity.ERROR)]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><gpx>&b;</gpx>',
        "<gpx><trkseg><trkpt/></trkseg></gpx>",
        "<gpx><trkseg><trkpt lat='nan' lon='1'/></trkseg></gpx>",
        "<gpx>" * 10_000,
        '<?xml version="1.0" encoding="x-none"?><gpx',
        "",
    ],
)
def test_what_is_no_gpx_is_an_error_at_the_file(tmp_path: Path, text: str) -> None:
    assert [f.code for f in read(tmp_path, text, "a.gpx").faults] == ["track_unreadable"]


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [os.mkfifo, device, Path.mkdir])
@pytest.mark.parametrize("name", ["a.geojson", "a.gpx"])
def test_a_track_that_is_no_file_is_told(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    make(tmp_path / name)
    assert [f.code for f in read_tracks(tmp_path).faults] == ["unreadable_file"]


NO_MEASURES: list[Any] = [float("nan"), float("inf"), -1, 1e308, 2**62, True, "3", []]
USELESS: list[dict[str, Any]] = [
    *({"max_detour": each} for each in NO_MEASURES),
    {"osm": 5},
    {"network": []},
    {"network": "moon"},
    {"max_detur": 3},
]


@pytest.mark.parametrize("options", USELESS)
def test_an_option_of_no_use_is_an_error_at_its_line(options: dict[str, Any]) -> None:
    limits, faults = _limits(options, dict.fromkeys(options, 7))
    assert [(f.path, f.line, f.severity) for f in faults] == [("feed.toml", 7, Severity.ERROR)]
    assert limits == type(limits)()


def test_features_that_are_no_tracks_are_counted(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[10, 50], [11, 50]]}
    others = [
        None,
        {"type": "Polygon", "coordinates": []},
        {"type": "Point", "coordinates": [1, 2]},
    ]
    features = [{"type": "Feature", "geometry": each, "properties": {}} for each in (line, *others)]
    folder = tmp_path / "tracks"
    folder.mkdir()
    (folder / "a.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    tracks = read_tracks(folder)
    assert len(tracks.lines) == 1
    assert [(f.code, f.message[:2]) for f in tracks.faults] == [("track_features_left_out", "3 ")]
