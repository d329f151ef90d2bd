"""Two zones served by one trip at the same time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gtfsgen

CODE = "overlapping_zone_and_pickup_drop_off_window"
HEADER = (
    "trip_id,stop_sequence,location_id,start_pickup_drop_off_window,end_pickup_drop_off_window,"
    "pickup_type,drop_off_type"
)
BOXES = {"W": (0, 0, 4, 4), "E": (3, 3, 7, 7), "inner": (1, 1, 2, 2), "beside": (4, 0, 8, 3)}


def zone(key: str) -> dict[str, Any]:
    west, south, east, north = (10 + value for value in BOXES[key])
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    return {"id": key, "type": "Feature", "properties": {}, "geometry": polygon}


def overlaps(tmp_path: Path, *rows: str) -> list[dict[str, Any]]:
    features = [zone(key) for key in BOXES]
    document = {"type": "FeatureCollection", "features": features}
    (tmp_path / "locations.geojson").write_text(json.dumps(document))
    (tmp_path / "stop_times.txt").write_text("\n".join((HEADER, *rows, "")))
    return gtfsgen.validate(tmp_path, rules="canonical-8.0.1", date="2026-01-01").samples(CODE)


def test_the_particulars(tmp_path: Path) -> None:
    rows = ("T,2,E,08:30:00,24:30:00,2,1", "T,1,W,08:00:00,09:00:00,2,2")
    assert overlaps(tmp_path, *rows) == [
        {
            "tripId": "T",
            "stopSequence1": 1,
            "locationId1": "W",
            "startPickupDropOffWindow1": "08:00:00",
            "endPickupDropOffWindow1": "09:00:00",
            "stopSequence2": 2,
            "locationId2": "E",
            "startPickupDropOffWindow2": "08:30:00",
            "endPickupDropOffWindow2": "24:30:00",
        }
    ]


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ("T,2,E,08:59:59,10:00:00,2,2", 1),
        ("T,2,E,08:10:00,08:20:00,1,2", 1),
        ("T,2,E,08:10:00,08:20:00,1,1", 0),
        ("T,2,E,09:00:00,10:00:00,2,2", 0),
        ("T,2,E,07:00:00,08:00:00,2,2", 0),
        ("T,2,E,08:00:00,,2,2", 0),
        ("T,2,E,08:00:00,09:00:00,9,2", 0),
        ("T,2,W,08:00:00,09:00:00,2,2", 0),
        ("T,2,inner,08:00:00,09:00:00,2,2", 0),
        ("T,2,beside,08:00:00,09:00:00,2,2", 0),
        ("T,2,unknown,08:00:00,09:00:00,2,2", 0),
        ("U,2,E,08:00:00,09:00:00,2,2", 0),
    ],
)
def test_each_clause(tmp_path: Path, other: str, count: int) -> None:
    assert len(overlaps(tmp_path, "T,1,W,08:00:00,09:00:00,2,2", other)) == count


def test_blank_types_are_type_0(tmp_path: Path) -> None:
    rows = ("T,1,W,08:00:00,09:00:00,,1", "T,2,E,08:00:00,09:00:00,0,2")
    assert len(overlaps(tmp_path, *rows)) == 1


def test_each_pair_of_a_trip(tmp_path: Path) -> None:
    rows = [f"T,{number},{key},08:00:00,09:00:00,2,2" for number, key in enumerate("WEW")]
    found = overlaps(tmp_path, *rows)
    assert [(one["stopSequence1"], one["stopSequence2"]) for one in found] == [(0, 1), (1, 2)]
