"""Feeds with anything in any cell: the room never raises, and stays within seconds and bounds."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from gtfsgen.dates import EPOCH
from gtfsgen.timetable import Timetable, timetable_of_tables
from tests.timetable.feeds import WEEKDAYS, PlainFeed, random_feed

ODD = (
    "",
    " ",
    "x",
    "-1",
    "0",
    "1",
    "4",
    "5",
    "99",
    "s0",
    "t0",
    "c0",
    "b1",
    "8",
    "-00:10:00",
    "00:00:00",
    "49:00:00",
    "999999999:00:00",
    "24:00:00",
    "12:60:00",
    "00010101",
    "99991231",
    "20270328",
    "00000000",
    "UTC+8",
    "Nowhere/Else",
    "Z",
    "2147483647",
    "\xe9\U0001f682",
    '"',
    ",",
)
FRAMES = (
    "stops",
    "trips",
    "headways",
    "patterns",
    "calls",
    "services",
    "date_sets",
    "links",
    "vehicles",
    "spans",
    "ride_trips",
    "rides",
    "courses",
    "course_calls",
    "trains",
    "train_rides",
    "lines",
    "directions",
)


def ask_everything(timetable: Timetable) -> None:
    for name in FRAMES:
        assert isinstance(getattr(timetable, name), pl.DataFrame)
    middle = EPOCH + timedelta(days=sum(timetable.period) // 2)
    for day in (middle, date(2027, 3, 28), date.min, date.max):
        for line in timetable.lines["line"].to_list()[:3]:
            timetable.trains_on(line, day)
        timetable.departures(0, day)
    assert all(count > 0 for count in timetable.left_out.values())


@pytest.mark.parametrize("seed", range(40))
def test_anything_in_any_cell(seed: int) -> None:
    chance = random.Random(seed)
    feed = random_feed(seed)
    feed.tables["frequencies"] = [
        {
            "trip_id": "t0",
            "start_time": "06:00:00",
            "end_time": "08:00:00",
            "headway_secs": "600",
        }
    ]
    for _ in range(chance.randint(1, 12)):
        name = chance.choice(sorted(feed.tables))
        rows = feed.tables[name]
        if not rows:
            continue
        row = chance.choice(rows)
        match chance.randint(0, 4):
            case 0:
                rows.append(dict(row))
            case 1:
                rows.remove(row)
            case _:
                row[chance.choice(sorted(row))] = chance.choice(ODD)
    if chance.random() < 0.2:
        del feed.tables[chance.choice(sorted(feed.tables))]
    ask_everything(feed.timetable())


def test_nothing_at_all() -> None:
    ask_everything(timetable_of_tables({}))
    ask_everything(timetable_of_tables({"trips": pl.DataFrame({"trip_id": ["a"]})}))


def test_flexible_trips_have_windows_for_times() -> None:
    feed = random_feed(3)
    feed.tables["stop_times"] = [
        {
            "trip_id": "t0",
            "stop_sequence": str(n),
            "location_id": f"area{n}",
            "start_pickup_drop_off_window": "08:00:00",
            "end_pickup_drop_off_window": "17:00:00",
        }
        for n in range(2)
    ]
    timetable = feed.timetable()
    ask_everything(timetable)
    assert timetable.trips["start"][0] == 8 * 3600
    assert timetable.trips["end"][0] == 17 * 3600
    assert timetable.calls["location_id"].cast(pl.String).to_list() == ["area0", "area1"]
    assert timetable.calls["stop"].to_list() == [None, None]


def calendar(service: str, first: str, last: str, flags: str = "1111111") -> dict[str, str]:
    row = {"service_id": service, "start_date": first, "end_date": last}
    return row | dict(zip(WEEKDAYS, flags, strict=True))


def test_all_days_of_all_years_and_services_of_a_lifetime() -> None:
    """A calendar of the years 1 to 9999, a three hundred different ones of seventy years."""
    feed = random_feed(5)
    feed.tables["calendar"] = [calendar("c0", "00010101", "99991231")] + [
        calendar(f"l{n}", f"19{n % 60 + 10}0101", f"20{n % 60 + 10}1231", f"{n % 128:07b}")
        for n in range(300)
    ]
    feed.tables["calendar_dates"] = [
        {"service_id": f"l{n}", "date": f"2000{n % 12 + 1:02}01", "exception_type": "2"}
        for n in range(300)
    ]
    for n in range(300):
        trip = {
            "trip_id": f"l{n}",
            "route_id": "r0",
            "service_id": f"l{n}",
            "block_id": f"x{n // 3}",
        }
        feed.tables["trips"].append(trip)
        for order in (0, 1):
            now = f"{8 + n % 3}:{order}0:00"
            call = {"trip_id": f"l{n}", "stop_id": f"s{order}", "stop_sequence": str(order)}
            feed.tables["stop_times"].append(call | {"arrival_time": now, "departure_time": now})
    began = time.process_time()
    timetable = feed.timetable()
    ask_everything(timetable)
    assert time.process_time() - began < 20
    whole = dict(timetable.services.with_columns(pl.col("service_id").cast(pl.String)).iter_rows())
    assert len(timetable.dates(whole["c0"])) == (date.max - date.min).days + 1
    for service in ("l0", "l77", "l299"):
        assert set(timetable.dates(whole[service])) == feed.dates_of(service)


def test_many_trips_in_one_block() -> None:
    """Ten thousand trips in one block, each on a day of its own kind."""
    count = 4_000
    feed = PlainFeed(
        {
            "agency": [{"agency_timezone": "Europe/Berlin"}],
            "stops": [{"stop_id": "a"}, {"stop_id": "b"}],
            "routes": [{"route_id": "r", "route_type": "3"}],
            "calendar": [
                calendar(f"c{n}", "20270101", "20271231", f"{n + 1:07b}") for n in range(100)
            ],
            "trips": [
                {"trip_id": f"t{n}", "route_id": "r", "service_id": f"c{n % 100}", "block_id": "b"}
                for n in range(count)
            ],
            "stop_times": [
                {
                    "trip_id": f"t{n}",
                    "stop_id": "ab"[order],
                    "stop_sequence": str(order),
                    "arrival_time": f"{n // 60}:{n % 60:02}:{30 * order:02}",
                    "departure_time": f"{n // 60}:{n % 60:02}:{30 * order:02}",
                }
                for n in range(count)
                for order in (0, 1)
            ],
        }
    )
    timetable = feed.timetable()
    assert timetable.links.height >= count - 1
    pair = timetable.links.row(0, named=True)
    both = set(timetable.dates(timetable.trips["dates"][pair["from_trip"]])) & set(
        timetable.dates(timetable.trips["dates"][pair["to_trip"]])
    )
    assert set(timetable.dates(pair["dates"])) <= both
    assert np.all(timetable.links["wait"].to_numpy() >= 0)
