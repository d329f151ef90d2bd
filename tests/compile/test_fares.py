"""fares.csv as fares v2 and v1: what a row says, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtfsgen.compile import Compiled, compile_source
from gtfsgen.faults import Severity
from tests.source.project import FEED, FILES, read

HEAD = "from,to,class,price,who,days\n"


def made(folder: Path, fares: str, toml: str = "", **files: str) -> Compiled:
    source = read(folder, {"fares.csv": fares, "feed.toml": FEED + toml, **files})
    assert [f for f in source.faults if f.severity is Severity.ERROR] == []
    return compile_source(source)


def rows(made: Compiled, table: str, *columns: str) -> list[tuple[str, ...]]:
    return sorted(made.tables[table].select(columns).iter_rows())


def test_a_price_is_of_its_journey_alone(tmp_path: Path) -> None:
    feed = made(tmp_path, HEAD + "Beijing,Pyongyang,soft sleeper,1476 CNY,,\n")
    assert rows(feed, "fare_leg_rules", "from_area_id", "to_area_id", "fare_product_id") == [
        ("beijing", "pyongyang", "soft-sleeper-1476.00-CNY")
    ]
    assert rows(feed, "fare_products", "fare_product_id", "amount", "currency") == [
        ("soft-sleeper-1476.00-CNY", "1476.00", "CNY")
    ]
    assert rows(feed, "stop_areas", "area_id", "stop_id") == [
        ("beijing", "beijing"), ("pyongyang", "pyongyang")
    ]  # fmt: skip


def test_a_through_coach_is_one_fare(tmp_path: Path) -> None:
    feed = made(tmp_path, HEAD + "Beijing,Pyongyang,,1476 CNY,,\n")
    joins = rows(feed, "fare_leg_join_rules", "from_stop_id", "to_stop_id")
    assert joins == [("dandong", "dandong"), ("sinuiju", "sinuiju")]
    assert rows(feed, "route_networks", "route_id") == [("52",), ("95",), ("K27",)]
    assert "fare_leg_join_rules" not in made(tmp_path, HEAD).tables


def test_days_and_riders_tell_fares_apart(tmp_path: Path) -> None:
    feed = made(
        tmp_path,
        HEAD + "Beijing,Tianjin,,20 CNY,adult,\nBeijing,Tianjin,,10 CNY,child,\n"
        "Tianjin,Beijing,,15 CNY,adult,Sa Su\n",
    )
    assert rows(feed, "rider_categories", "rider_category_id", "is_default_fare_category") == [
        ("adult", "1"), ("child", "")
    ]  # fmt: skip
    (frame,) = rows(feed, "timeframes", "timeframe_group_id", "service_id")
    calendar = feed.tables["calendar"].filter(service_id=frame[1])
    assert calendar.select("monday", "saturday", "sunday").rows() == [("0", "1", "1")]
    rules = rows(feed, "fare_leg_rules", "from_area_id", "from_timeframe_group_id")
    assert rules == [("beijing", ""), ("beijing", ""), ("tianjin", frame[0])]


def test_version_1_goes_from_zone_to_zone(tmp_path: Path) -> None:
    feed = made(
        tmp_path, "from,to,price\nBeijing,Tianjin,20\n", '[fares]\nversion = 1\ncurrency = "CNY"\n'
    )
    assert rows(feed, "fare_rules", "origin_id", "destination_id") == [("beijing", "tianjin")]
    assert rows(feed, "fare_attributes", "price", "currency_type") == [("20.00", "CNY")]
    assert rows(feed, "stops", "stop_id") == rows(feed, "stops", "zone_id")
    assert not {"fare_products", "areas"} & feed.tables.keys()


def test_version_1_does_not_drop_riders(tmp_path: Path) -> None:
    feed = made(tmp_path, HEAD + "Beijing,Tianjin,,20 CNY,adult,\n", "[fares]\nversion = 1\n")
    assert [(f.code, f.path, f.line) for f in feed.faults if f.severity is Severity.ERROR] == [
        ("fare_needs_version_2", "fares.csv", 2)
    ]


def test_zones_hold_all_their_stations(tmp_path: Path) -> None:
    stations = FILES["stations.csv"].replace("timezone\n", "timezone,zone_id\n")
    lines = stations.splitlines()
    zoned = [lines[0], *(line + (",A" if i < 2 else ",") for i, line in enumerate(lines[1:]))]
    feed = made(
        tmp_path, "from,to,price\nA,Dandong,300 CNY\n", **{"stations.csv": "\n".join(zoned) + "\n"}
    )
    assert ("A", "tianjin") in rows(feed, "stop_areas", "area_id", "stop_id")


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("Beijng,Pyongyang,,20 CNY,,", "unknown_station", "A"),
        ("Beijing,Pyongyang,,twenty,,", "invalid_value", "D"),
        ("Beijing,Pyongyang,,20,,", "missing_value", "D"),
        ("Beijing,Pyongyang,,20 XYZ,,", "invalid_value", "D"),
        ("Beijing,Pyongyang,,20.555 CNY,,", "invalid_value", "D"),
        ("Beijing,Pyongyang,,USD 20 CNY,,", "invalid_value", "D"),
        ("Beijing,Pyongyang,,,,", "missing_value", "D"),
        ("Beijing,Pyongyang,,20 CNY,,SO", "unreadable_days", "F"),
    ],
)
def test_what_is_wrong_is_told_at_its_cell(
    tmp_path: Path, row: str, code: str, column: str
) -> None:
    source = read(tmp_path, {"fares.csv": HEAD + row + "\n"})
    assert (code, f"fares.csv:2:{column}") in {(f.code, f.place) for f in source.faults}


def test_two_prices_for_one_journey_are_an_error(tmp_path: Path) -> None:
    twice = HEAD + "Beijing,Pyongyang,,20 CNY,,\nBeijing,Pyongyang,,30 CNY,,\n"
    source = read(tmp_path, {"fares.csv": twice})
    assert ("duplicate_fare", "fares.csv:3:D") in {(f.code, f.place) for f in source.faults}


def test_an_amount_has_the_decimals_of_its_currency(tmp_path: Path) -> None:
    feed = made(tmp_path, HEAD + "Beijing,Tianjin,,2000 JPY,,\n")
    assert rows(feed, "fare_products", "amount") == [("2000",)]
