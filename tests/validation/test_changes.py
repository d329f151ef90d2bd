"""What the rule sets differ in, each change shown on a feed; the documented table says the same."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import gtfsgen
from gtfsgen import route_types
from gtfsgen.validation.changes import CHANGES, Change, table
from gtfsgen.validation.engine import RULE_SETS
from tests.validation.test_cases import TODAY, found, write_feed

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
TRANSFER = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n{}\n"
PRODUCT = "fare_product_id,fare_product_name,amount,currency\nF,Discount,{},EUR\n"
TRIPS = (
    "trip_id,route_id,service_id,trip_headsign,trip_short_name,{}\n"
    "T1,R1,S,St. Pölten,101,{}\nT2,R2,S,Linz,102,{}\n"
)
ROUTES = (
    "route_id,agency_id,route_short_name,route_long_name,route_type,route_url,continuous_pickup\n"
    "R1,W,R1,Wien - St. Pölten,{},https://rail.example.org/r1,{}\n"
    "R2,W,R2,St. Pölten - Linz,2,https://rail.example.org/r2,\n"
)
CALLS = "trip_id,stop_sequence,stop_id,arrival_time,departure_time,continuous_pickup\n" + "".join(
    f"{trip},{number},{stop},{time},{time},{along}\n"
    for trip, number, stop, time, along in (
        ("T1", 1, "A", "08:00:00", "{0}"),
        ("T1", 2, "B", "08:30:00", "{0}"),
        ("T2", 1, "B", "08:40:00", ""),
        ("T2", 2, "C", "09:40:00", ""),
    )
)
SIX_AT_ONE_TIME = "trip_id,stop_sequence,stop_id,arrival_time,departure_time\n" + "".join(
    f"{trip},{number},{stop},{time},{time}\n"
    for trip, number, stop, time in (
        ("T1", 1, "A", "08:00:00"),
        *(("T1", number, "A", "08:05:00") for number in range(2, 8)),
        ("T1", 8, "B", "08:35:00"),
        ("T2", 1, "B", "08:40:00"),
        ("T2", 2, "C", "09:40:00"),
    )
)
NO_SHAPE = {"trips.txt": TRIPS.format("shape_id", "", ""), "routes.txt": ROUTES.format(2, "")}

Tables = dict[str, str]

SHOWN: dict[str, tuple[Tables, Tables]] = {
    "a transfer of type 2 needs": (
        {"transfers.txt": TRANSFER.format("B,B,2,")},
        {"transfers.txt": TRANSFER.format("B,B,2,0")},
    ),
    "a transfer with a blank": (
        {"transfers.txt": TRANSFER.format(",B,,")},
        {"transfers.txt": TRANSFER.format("B,B,,")},
    ),
    "shapes.txt is recommended": (NO_SHAPE, {}),
    "`fare_products.amount`": (
        {"fare_products.txt": PRODUCT.format("-2.00")},
        {"fare_products.txt": PRODUCT.format("2.00")},
    ),
    "a trip where riders": (
        NO_SHAPE | {"routes.txt": ROUTES.format(2, 0)},
        NO_SHAPE | {"routes.txt": ROUTES.format(2, 1)},
    ),
    "shapes.txt is required": (
        NO_SHAPE | {"stop_times.txt": CALLS.format(3)},
        NO_SHAPE | {"routes.txt": ROUTES.format(2, 0), "stop_times.txt": CALLS.format(1)},
    ),
    "more than five": ({"stop_times.txt": SIX_AT_ONE_TIME} | NO_SHAPE, NO_SHAPE),
    "extended route types": (
        NO_SHAPE | {"routes.txt": ROUTES.format(102, "")},
        NO_SHAPE | {"routes.txt": ROUTES.format(2, "")},
    ),
    "`trips.pickup_type`": (
        NO_SHAPE | {"trips.txt": TRIPS.format("pickup_type", "2", "")},
        NO_SHAPE,
    ),
}
"""First words of a change -> a feed that shows it, and one so near to it that does not."""
LESS = {"number_out_of_range", "unexpected_enum_value", "unknown_column"}
"""Codes that a change takes away; all others come with it."""


def shown(change: Change) -> tuple[Tables, Tables]:
    (pair,) = [pair for words, pair in SHOWN.items() if change.what.startswith(words)]
    return pair


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what)
def test_a_change_is_in_the_rule_sets_that_the_table_names(change: Change, tmp_path: Path) -> None:
    showing, near = (tmp_path / "showing", tmp_path / "near")
    for folder, tables in zip((showing, near), shown(change), strict=True):
        folder.mkdir()
        write_feed(tables, folder)
    for rule_set in RULE_SETS:
        more = found(gtfsgen.validate(showing, rule_set, TODAY))
        more -= found(gtfsgen.validate(near, rule_set, TODAY))
        told = change.code in {code for code, *_ in more}
        assert told == ((rule_set in change.rule_sets) != (change.code in LESS)), rule_set


def test_each_rule_set_holds_all_that_those_before_it_hold() -> None:
    groups = [set(groups) for groups in RULE_SETS.values()]
    assert all(a <= b for a, b in itertools.pairwise(groups))


def test_the_table_is_documented() -> None:
    assert table() in PAGE.read_text("utf-8"), "put gtfsgen.validation.changes.table() there"


@pytest.mark.parametrize(
    ("kinds", "told"),
    [((2, 102), False), ((3, 714), False), ((102, 714), True), ((900, 0), False), ((2, 700), True)],
)
@pytest.mark.parametrize("rule_set", ["gtfsgen", "experimental"])
def test_one_vehicle_may_have_two_types_of_one_kind(
    kinds: tuple[int, int], told: bool, rule_set: str, tmp_path: Path
) -> None:
    routes = ROUTES.replace("Linz,2,", f"Linz,{kinds[1]},").format(kinds[0], "")
    transfers = (
        "from_stop_id,to_stop_id,from_trip_id,to_trip_id,from_route_id,to_route_id,transfer_type\n"
        "B,B,T1,T2,R1,R2,4\n"
    )
    trips = TRIPS.format("block_id", "X", "X")
    tables = {"routes.txt": routes, "transfers.txt": transfers, "trips.txt": trips}
    codes = {
        code for code, *_ in found(gtfsgen.validate(write_feed(tables, tmp_path), rule_set, TODAY))
    }
    assert ("inconsistent_route_type_for_in_seat_transfer" in codes) == told
    assert ("inconsistent_route_type_for_block_id" in codes) == told
    assert ("linked_trips_route_type_mismatch" in codes) == told


@pytest.mark.parametrize(
    ("kind", "fast"), [(101, False), (2, False), (700, True), (200, True), (1500, True), (1, True)]
)
def test_a_speed_is_judged_by_the_kind_of_vehicle(kind: int, fast: bool, tmp_path: Path) -> None:
    calls = CALLS.format("").replace("08:30:00", "08:14:00")  # 57 km in 14 minutes
    tables = NO_SHAPE | {"routes.txt": ROUTES.format(kind, ""), "stop_times.txt": calls}
    codes = {code for code, *_ in found(gtfsgen.validate(write_feed(tables, tmp_path), date=TODAY))}
    assert ("fast_travel_between_consecutive_stops" in codes) == fast


def test_every_extended_type_is_a_kind_of_vehicle_with_a_word() -> None:
    assert len(route_types.NAMES) == len(set(route_types.NAMES.values()))
    assert set(route_types.KINDS.values()) <= set(route_types.KIND_NAMES)
    words = {number: route_types.word_of(str(number)) for number in route_types.NAMES}
    assert {number: words[number] for number in (2, 102, 200, 401, 405, 714, 900, 1000, 1300)} == {
        2: "Rail", 102: "Rail", 200: "Coach", 401: "Metro", 405: "Monorail", 714: "Bus",
        900: "Tram", 1000: "Ferry", 1300: "Aerial lift",
    }  # fmt: skip
    assert route_types.is_rail("102")
    unlike = ("199", "", None, "²", "-2", "2.0", "99999999")
    assert not any(route_types.is_rail(text) for text in unlike)
