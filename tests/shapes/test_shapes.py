from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gtfsgen.faults import Severity
from gtfsgen.shapes import Limits, OsmNetwork, draw, draw_on
from gtfsgen.shapes.legs import Stop, legs
from gtfsgen.shapes.lines import distance_m, simplify
from gtfsgen.shapes.network import Line, line_network

RAILS = Path(__file__).parent / "osm" / "liechtenstein-rail.osm"


def feed(
    stops: dict[str, tuple[float, float]], *trips: str, name: str = "stations.csv"
) -> dict[str, pl.DataFrame]:
    """A feed of trips, each a row of stop ids: "a b c"."""
    calls = [
        (f"t{number}", stop, str(order))
        for number, trip in enumerate(trips, start=1)
        for order, stop in enumerate(trip.split(), start=1)
    ]
    return {
        "stops": pl.DataFrame(
            [
                (stop, stop.title(), str(lat), str(lon), name, line, "A")
                for line, (stop, (lat, lon)) in enumerate(stops.items(), start=2)
            ],
            schema=["stop_id", "stop_name", "stop_lat", "stop_lon", "path", "line", "column"],
            orient="row",
        ),
        "routes": pl.DataFrame({"route_id": ["r"], "route_type": ["2"]}),
        "trips": pl.DataFrame(
            {"route_id": "r", "trip_id": [f"t{n}" for n in range(1, len(trips) + 1)]}
        ),
        "stop_times": pl.DataFrame(
            calls, schema=["trip_id", "stop_id", "stop_sequence"], orient="row"
        ),
    }


def write_lines(folder: Path, *features: tuple[str, list[Any], dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": kind, "coordinates": coordinates},
            }
            for kind, coordinates, properties in features
        ],
    }
    (folder / "line.geojson").write_text(json.dumps(collection))
    return folder


BENT = [[10.0, 50.0], [10.05, 50.03], [10.1, 50.0], [10.2, 50.0]]
ON_BENT = {"a": (50.0, 10.0), "b": (49.9997, 10.1), "c": (50.0, 10.2)}


def test_a_trip_follows_the_line_and_its_distances_grow(tmp_path: Path) -> None:
    tracks = write_lines(tmp_path / "tracks", ("LineString", BENT, {}))
    drawn = draw(feed(ON_BENT, "a b c"), tracks, {"simplify_m": 0})
    assert drawn.faults == []
    shape = drawn.tables["shapes"]
    places = shape.select(pl.col("shape_pt_lat", "shape_pt_lon").cast(float)).rows()
    assert places == [(50.0, 10.0), (50.03, 10.05), (50.0, 10.1), (50.0, 10.2)]
    travelled = shape["shape_dist_traveled"].cast(float).to_list()
    lengths = [distance_m(a, b) for a, b in pairwise(places)]
    assert travelled == pytest.approx([0, lengths[0], sum(lengths[:2]), sum(lengths)], abs=0.1)
    at_stops = drawn.tables["stop_times"]["shape_dist_traveled"].to_list()
    assert at_stops == [shape["shape_dist_traveled"][n] for n in (0, 2, 3)]
    assert drawn.tables["trips"]["shape_id"].to_list() == [shape["shape_id"][0]]


def test_one_pattern_is_drawn_once_and_its_id_depends_on_nothing_else(tmp_path: Path) -> None:
    tracks = write_lines(tmp_path / "tracks", ("LineString", BENT, {}))
    alone = draw(feed(ON_BENT, "a c"), tracks, {})
    among = draw(feed(ON_BENT, "a b c", "c b a", "a c", "a c"), tracks, {})
    shape_ids = among.tables["trips"]["shape_id"].to_list()
    assert shape_ids[2] == shape_ids[3] == alone.tables["trips"]["shape_id"][0]
    assert shape_ids[2].startswith("a-c.")
    assert len(set(shape_ids)) == 3
    assert set(among.tables["shapes"]["shape_id"]) == set(shape_ids)


def test_a_stop_off_the_track_is_told_at_its_row(tmp_path: Path) -> None:
    tracks = write_lines(tmp_path / "tracks", ("LineString", BENT, {}))
    stops = ON_BENT | {"far": (50.1, 10.15)}
    drawn = draw(feed(stops, "a b far c", "c far b"), tracks, {})
    assert [(f.code, f.severity, f.place) for f in drawn.faults] == [
        ("stop_off_track", Severity.WARNING, "stations.csv:5:A")
    ] * 2
    reasons = {
        (leg["properties"]["from"], leg["properties"]["to"]): leg["properties"]["reason"]
        for leg in drawn.geojson["features"]
    }
    assert reasons == {
        ("a", "b"): None,
        ("b", "far"): "stop_off_track",
        ("far", "c"): "stop_off_track",
        ("c", "far"): "stop_off_track",
        ("far", "b"): "stop_off_track",
    }


def test_two_lines_that_do_not_meet_give_no_route_and_a_near_miss_is_joined(tmp_path: Path) -> None:
    first, second = [[10.0, 50.0], [10.1, 50.0]], [[10.1003, 50.0], [10.2, 50.0]]
    stops = {"a": (50.0, 10.0), "c": (50.0, 10.2)}
    tracks = write_lines(tmp_path / "t", ("LineString", first, {}), ("LineString", second, {}))
    assert draw(feed(stops, "a c"), tracks, {}).faults == []
    apart = draw(feed(stops, "a c"), tracks, {"join_m": 10})
    assert [fault.code for fault in apart.faults] == ["no_route"]


def test_a_branch_meets_the_middle_of_a_line_and_a_crossing_does_not(tmp_path: Path) -> None:
    main, branch = [[10.0, 50.0], [10.2, 50.0]], [[10.1, 50.0001], [10.1, 50.1]]
    bridge = [[10.05, 49.9], [10.05, 50.1]]
    stops = {"a": (50.0, 10.0), "n": (50.1, 10.1), "s": (49.9, 10.05)}
    tracks = write_lines(
        tmp_path / "t",
        ("LineString", main, {}),
        ("LineString", branch, {}),
        ("LineString", bridge, {}),
    )
    drawn = draw(feed(stops, "a n", "a s"), tracks, {})
    assert [(f.code, f.line) for f in drawn.faults] == [("no_route", 2)]


def test_a_detour_is_not_believed(tmp_path: Path) -> None:
    loop = [[10.0, 50.0], [10.0, 50.2], [10.01, 50.2], [10.01, 50.0]]
    stops = {"a": (50.0, 10.0), "b": (50.0, 10.01)}
    tracks = write_lines(tmp_path / "t", ("LineString", loop, {}))
    drawn = draw(feed(stops, "a b"), tracks, {})
    assert [fault.code for fault in drawn.faults] == ["detour_too_long"]
    assert drawn.tables["shapes"].height == 2
    trusted = draw(feed(stops, "a b"), tracks, {"max_detour": 100})
    assert trusted.faults == []
    assert trusted.tables["shapes"].height == 4


def test_a_sketch_is_followed_and_says_so(tmp_path: Path) -> None:
    tracks = write_lines(tmp_path / "t", ("LineString", BENT, {"track": False}))
    drawn = draw(feed(ON_BENT, "a b c"), tracks, {})
    assert [(f.code, f.severity) for f in drawn.faults] == [("no_route", Severity.INFO)] * 2
    assert "through 1 via points" in drawn.faults[0].message
    assert drawn.tables["shapes"].height == 4


def test_via_points_lead_a_leg_both_ways(tmp_path: Path) -> None:
    tracks = write_lines(
        tmp_path / "t",
        ("MultiPoint", [[10.02, 50.1], [10.08, 50.1]], {"from": "a", "to": "b"}),
    )
    drawn = draw(feed(ON_BENT, "a b", "b a"), tracks, {})
    lines = {
        leg["properties"]["from"]: leg["geometry"]["coordinates"]
        for leg in drawn.geojson["features"]
    }
    assert lines["a"][1:-1] == [[10.02, 50.1], [10.08, 50.1]]
    assert lines["b"][1:-1] == [[10.08, 50.1], [10.02, 50.1]]


def test_without_tracks_all_is_straight_and_only_noted(tmp_path: Path) -> None:
    drawn = draw(feed(ON_BENT, "a b c"), tmp_path / "none", {})
    assert {fault.severity for fault in drawn.faults} == {Severity.INFO}
    assert drawn.tables["shapes"].height == 3


def test_a_stop_called_at_twice_in_a_row_still_gets_further(tmp_path: Path) -> None:
    drawn = draw(feed(ON_BENT, "a b b c"), tmp_path / "none", {})
    at_stops = drawn.tables["stop_times"]["shape_dist_traveled"].cast(float).to_list()
    assert all(a < b for a, b in pairwise(at_stops))
    assert at_stops[-1] == drawn.tables["shapes"]["shape_dist_traveled"].cast(float).max()


def test_trips_with_a_shape_keep_it(tmp_path: Path) -> None:
    tables = feed(ON_BENT, "a b", "b c")
    tables["trips"] = tables["trips"].with_columns(shape_id=pl.Series(["mine", None]))
    tables["shapes"] = pl.DataFrame(
        {
            "shape_id": ["mine", "mine"],
            "shape_pt_lat": ["50", "50"],
            "shape_pt_lon": ["10", "10.1"],
            "shape_pt_sequence": ["1", "2"],
        }
    )
    drawn = draw(tables, tmp_path / "none", {})
    assert drawn.tables["trips"]["shape_id"][0] == "mine"
    assert drawn.tables["shapes"]["shape_id"].n_unique() == 2


def test_a_platform_without_a_position_is_at_its_station(tmp_path: Path) -> None:
    tables = feed(ON_BENT, "a p")
    platform = tables["stops"].head(1).with_columns(
        stop_id=pl.lit("p"), stop_lat=None, stop_lon=None
    )  # fmt: skip
    tables["stops"] = pl.concat([tables["stops"], platform], how="vertical_relaxed").with_columns(
        parent_station=pl.when(pl.col("stop_id") == "p").then(pl.lit("c"))
    )
    drawn = draw(tables, tmp_path / "none", {})
    assert float(drawn.tables["shapes"]["shape_pt_lon"][1]) == 10.2


@pytest.mark.parametrize(
    ("name", "content", "line", "said"),
    [
        ("x.geojson", '{"type": "FeatureCollection",\n "features": [}', 2, "not JSON"),
        ("x.geojson", "[1, 2]", 0, "not GeoJSON"),
        (
            "x.geojson",
            '{"type": "LineString", "coordinates": [[50.0, 110.0], [1, 2]]}',
            0,
            "nowhere",
        ),
        ("x.geojson", '{"type": "LineString", "coordinates": null}', 0, "cannot be used"),
        ("x.gpx", "<gpx>\n<trk>", 2, "not XML"),
        ("x.gpx", "<gpx><trk><trkseg><trkpt lat='x' lon='1'/></trkseg></trk></gpx>", 0, "point"),
        ("x.shp", "", 0, "not a kind of track"),
    ],
)
def test_a_damaged_track_is_a_fault_of_that_file(
    tmp_path: Path, name: Any, content: Any, line: Any, said: Any
) -> None:
    (tmp_path / "tracks").mkdir()
    (tmp_path / "tracks" / name).write_text(content)
    drawn = draw(feed(ON_BENT, "a b"), tmp_path / "tracks", {})
    fault = drawn.faults[0]
    assert (fault.code, fault.path, fault.line) == ("track_unreadable", f"tracks/{name}", line)
    assert said in fault.message


def test_options_are_checked(tmp_path: Path) -> None:
    drawn = draw(
        feed(ON_BENT, "a b"), tmp_path, {"off_trak_m": 5, "simplify_m": "x", "osm": "no.osm"}
    )
    assert [fault.code for fault in drawn.faults[:3]] == [
        "unknown_option",
        "invalid_option",
        "track_unreadable",
    ]


def test_gpx_lines_are_followed(tmp_path: Path) -> None:
    points = "".join(f"<trkpt lat='{lat}' lon='{lon}'/>" for lon, lat in BENT)
    (tmp_path / "x.gpx").write_text(
        f"<gpx xmlns='http://www.topografix.com/GPX/1/1'><trk><trkseg>{points}</trkseg></trk></gpx>"
    )
    drawn = draw(feed(ON_BENT, "a b c"), tmp_path, {})
    assert drawn.faults == []
    assert drawn.tables["shapes"].height == 4


def test_parallel_tracks_are_not_changed_between_stops() -> None:
    """The nearest track at the middle stop is a siding that leads nowhere."""
    main = Line(((50.0, 10.0), (50.0, 10.2)))
    siding = Line(((50.0005, 10.09), (50.0005, 10.11)))
    network = line_network([main, siding], join_m=10)
    stops = [Stop("a", (50.0, 10.0)), Stop("b", (50.0004, 10.1)), Stop("c", (50.0, 10.2))]
    assert network is not None
    assert [leg.reason for leg in legs(stops, network, {}, Limits())] == [None, None]


def test_simplification_keeps_what_strays() -> None:
    line = [(50.0, 10.0), (50.00001, 10.05), (50.0, 10.1), (50.1, 10.2)]
    assert simplify(line, 5.0) == [(50.0, 10.0), (50.0, 10.1), (50.1, 10.2)]


@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        ((47.2115810, 9.5615129), (47.2004830, 9.5418733), 2042),
        ((47.2004830, 9.5418733), (47.1685925, 9.5081562), 4399),
    ],
)
def test_rails_of_an_extract_are_as_long_as_they_are(start: Any, end: Any, metres: Any) -> None:
    pytest.importorskip("routx")
    stops = {"x": start, "y": end}
    drawn = draw_on(feed(stops, "x y", "y x"), {"": OsmNetwork.read(RAILS)}, Limits(simplify_m=0))
    assert drawn.faults == []
    for leg in drawn.geojson["features"]:
        assert leg["properties"]["distance_m"] == pytest.approx(metres, rel=0.002)


def test_an_extract_in_the_tracks_folder_is_used(tmp_path: Path) -> None:
    pytest.importorskip("routx")
    (tmp_path / "rails.osm").write_bytes(RAILS.read_bytes())
    stops = {"x": (47.2115810, 9.5615129), "y": (47.1685925, 9.5081562), "z": (47.0, 9.5)}
    drawn = draw(feed(stops, "x y z"), tmp_path, {})
    assert [fault.code for fault in drawn.faults] == ["stop_off_track"]
    assert drawn.tables["shapes"].height > 20
