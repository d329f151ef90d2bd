"""The frames of the room against plain accounts, day by day, over feeds made by chance."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.dates import EPOCH
from gtfsgen.timetable.joints import dated_joints, service_dates
from gtfsgen.timetable.lines import occurrences, station_order
from tests.timetable.feeds import PlainFeed, clock, random_feed, seconds_of, wall

DAY = 86_400
SEEDS = (*range(16), 35, 52)


@pytest.mark.parametrize("seed", SEEDS)
def test_services_run_on_their_dates(seed: int) -> None:
    feed = random_feed(seed)
    timetable = feed.timetable()
    found = {
        service: set(timetable.dates(number))
        for service, number in timetable.services.with_columns(
            service_id=timetable.services["service_id"].cast(str)
        ).iter_rows()
    }
    for service in found:
        assert found[service] == feed.dates_of(service)
    numbers = {
        frozenset(days): number
        for (_, number), days in zip(timetable.services.iter_rows(), found.values(), strict=True)
    }
    assert len(set(numbers.values())) == len(numbers)  # each set once


@pytest.mark.parametrize("seed", SEEDS)
def test_patterns_say_what_stop_times_say(seed: int) -> None:
    feed = random_feed(seed)
    timetable = feed.timetable()
    names = timetable.stops["stop_id"].cast(str)
    shapes: dict[Any, Any] = {}
    for trip in timetable.trips.iter_rows(named=True):
        calls = timetable.calls.filter(timetable.calls["pattern"] == trip["pattern"])
        found = [
            (
                names[stop],
                None if arrival is None else trip["start"] + arrival,
                None if departure is None else trip["start"] + departure,
            )
            for stop, arrival, departure in calls.select(
                "stop", "arrival_offset", "departure_offset"
            ).iter_rows()
        ]
        expected = [
            (
                row["stop_id"],
                *(
                    seconds_of(row[name]) if row.get(name) else None
                    for name in ("arrival_time", "departure_time")
                ),
            )
            for row in feed.calls_of(trip["trip_id"])
        ]
        assert found == expected
        start = trip["start"]
        key = tuple(
            (s, *(None if t is None else t - start for t in times)) for s, *times in expected
        )
        assert shapes.setdefault(key, trip["pattern"]) == trip["pattern"]
    assert len(set(shapes.values())) == len(shapes) == timetable.patterns.height


@pytest.mark.parametrize("seed", SEEDS)
def test_local_calls_are_what_zoneinfo_says(seed: int) -> None:
    feed = random_feed(seed)
    timetable = feed.timetable()
    agency = feed.tables["agency"][0]["agency_timezone"]
    zones = {row["stop_id"]: row["stop_timezone"] or agency for row in feed.tables["stops"]}
    runs = [
        (row["trip"], (day - EPOCH).days, str(row["trip_id"]), day)
        for row in timetable.trips.iter_rows(named=True)
        for day in timetable.dates(row["dates"])
    ]
    calls = timetable.calls_local(*(np.array([run[n] for run in runs], int) for n in (0, 1)))
    found = defaultdict(list)
    for row in calls.iter_rows(named=True):
        found[row["row"]].append((row["arrival"], row["departure"]))
    for number, (_, _, trip, day) in enumerate(runs):
        expected = [
            tuple(
                seconds_since_epoch(wall(day, seconds_of(row[name]), agency, zones[row["stop_id"]]))
                if row.get(name)
                else None
                for name in ("arrival_time", "departure_time")
            )
            for row in feed.calls_of(trip)
        ]
        assert found[number] == expected


def seconds_since_epoch(moment: datetime) -> int:
    return int((moment - datetime(EPOCH.year, EPOCH.month, EPOCH.day)).total_seconds())


def plain_links(feed: PlainFeed) -> dict[tuple[str, str, str], set[date]]:
    """From trip, to trip, `by` -> the days on which one vehicle runs both, found day by day."""
    dates = {row["trip_id"]: feed.dates_of(row["service_id"]) for row in feed.tables["trips"]}
    ends = {
        trip: (seconds_of(calls[0]["departure_time"]), seconds_of(calls[-1]["arrival_time"]))
        for trip in dates
        if (calls := feed.calls_of(trip))
    }
    found: dict[tuple[str, str, str], set[date]] = defaultdict(set)
    leaves, comes = defaultdict(set), defaultdict(set)
    for row in feed.tables["transfers"]:
        one, other = row["from_trip_id"], row["to_trip_id"]
        if row["transfer_type"] not in "45":
            continue
        later = 0
        while ends[other][0] + later * DAY < ends[one][1]:
            later += 1
        for day in dates[one]:
            if day + timedelta(days=later) in dates[other]:
                found[one, other, "transfer"].add(day)
                leaves[one].add(day)
                comes[other].add(day + timedelta(days=later))
    for block in ("b1", "b2"):
        trips = [row["trip_id"] for row in feed.tables["trips"] if row["block_id"] == block]
        for day in sorted(set().union(*(dates[trip] for trip in trips))):
            running = [trip for trip in trips if day in dates[trip]]
            running.sort(key=lambda trip: (*ends[trip], int(trip[1:])))
            for n, trip in enumerate(running):
                after = [each for each in running[n + 1 :] if ends[each][0] >= ends[trip][1]]
                if after and day not in leaves[trip] and day not in comes[after[0]]:
                    found[trip, after[0], "block"].add(day)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_links_hold_on_the_days_found_day_by_day(seed: int) -> None:
    feed = random_feed(seed)
    timetable = feed.timetable()
    names = timetable.trips["trip_id"].cast(str)
    found = {
        (names[row["from_trip"]], names[row["to_trip"]], row["by"]): set(
            timetable.dates(row["dates"])
        )
        for row in timetable.links.iter_rows(named=True)
        if row["dates"]
    }
    assert found == {key: days for key, days in plain_links(feed).items() if days}


@pytest.mark.parametrize("seed", SEEDS)
def test_vehicles_go_every_way_there_is(seed: int) -> None:
    """Each way is one of in-seat links that hold, and each link that is in no circle is on a way
    on each of its dates.
    """
    feed = random_feed(seed)
    timetable = feed.timetable()
    links = {}
    for row in timetable.links.iter_rows(named=True):
        if row["in_seat"]:
            for day in timetable.dates(row["dates"]):
                links[row["from_trip"], row["to_trip"], day] = row["days_later"]
    covered = set()
    for _, way in timetable.vehicles.group_by("vehicle"):
        steps = way.sort("position").rows(named=True)
        assert [row["position"] for row in steps] == list(range(len(steps)))
        assert len({row["trip"] for row in steps}) == len(steps) > 1
        for day in timetable.dates(steps[0]["dates"]):
            for before, after in pairwise(steps):
                at = day + timedelta(days=before["days_later"])
                later = links[before["trip"], after["trip"], at]
                assert after["days_later"] == before["days_later"] + later
                covered.add((before["trip"], after["trip"], at))
    pairs = {(one, other) for one, other, _ in links}
    if not any(reaches(pairs, other, one) for one, other in pairs):
        assert covered == set(links)


def reaches(pairs: set[tuple[int, int]], start: int, goal: int) -> bool:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        nexts = {b for a, b in pairs if a == here} - seen
        seen |= nexts
        todo += nexts
    return goal in seen


@pytest.mark.parametrize("seed", SEEDS)
def test_steady_spans_have_one_local_clock(seed: int) -> None:
    feed = random_feed(seed)
    timetable = feed.timetable()
    for trip in timetable.trips.iter_rows(named=True):
        for span in timetable.spans.filter("steady").iter_rows(named=True):
            days = [
                (d - EPOCH).days
                for d in timetable.dates(trip["dates"])
                if span["first"] <= d <= span["last"]
            ]
            told = timetable.calls_local(np.full(len(days), trip["trip"]), np.array(days, int))
            relative = {
                tuple(a - day * DAY for a in group["arrival"].drop_nulls())
                for (row,), group in told.group_by("row")
                for day in [days[row]]
            }
            assert len(relative) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_every_run_is_a_train_of_its_date_once(seed: int) -> None:
    """Over all lines and dates, `trains_on` tells each trip on each of its dates exactly once, at
    the local times of zoneinfo.
    """
    feed = random_feed(seed)
    timetable = feed.timetable()
    agency = feed.tables["agency"][0]["agency_timezone"]
    zones = {row["stop_id"]: row["stop_timezone"] or agency for row in feed.tables["stops"]}
    expected = set()
    for row in feed.tables["trips"]:
        for day in feed.dates_of(row["service_id"]):
            expected.add((row["trip_id"], day))
    first = min((day for _, day in expected), default=EPOCH) - timedelta(days=2)
    found = []
    for line in timetable.lines["line"].to_list():
        for number in range(30):
            day = first + timedelta(days=number)
            for train in timetable.trains_on(line, day).iter_rows(named=True):
                if len(train["trip_ids"]) == 1:
                    found.append((train["trip_ids"][0], train["service_date"]))
                    calls = feed.calls_of(train["trip_ids"][0])
                    for call, row in zip(train["calls"], calls, strict=True):
                        assert call["stop_id"] == row["stop_id"]
                        if row.get("departure_time"):
                            there = wall(
                                train["service_date"],
                                seconds_of(row["departure_time"]),
                                agency,
                                zones[row["stop_id"]],
                            )
                            assert call["departure"] == f"{there:%H:%M}"
                            assert call["departure_day"] == (there.date() - day).days
                    start = wall(
                        train["service_date"],
                        seconds_of(calls[0]["departure_time"]),
                        agency,
                        zones[calls[0]["stop_id"]],
                    )
                    assert start.date() == day
                else:
                    pieces = timetable.ride_trips
                    names = timetable.trips["trip_id"].cast(str).to_list()
                    later = {
                        names[t]: d for t, d in pieces.select("trip", "piece_days").iter_rows()
                    }
                    found += [
                        (trip, train["service_date"] + timedelta(days=later[trip]))
                        for trip in train["trip_ids"]
                    ]
    assert sorted(found) == sorted(expected)


@given(st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=6), min_size=1, max_size=6))
@settings(max_examples=300)
def test_stations_stand_in_the_order_of_the_trains(ways: list[list[int]]) -> None:
    """Where the trains do not contradict one another each goes down the page; else most legs do."""
    order = station_order([(way, 1) for way in ways])
    place = {key: n for n, (key, _) in enumerate(order)}
    named = [occurrences(way) for way in ways]
    assert set(place) == {key for way in named for key in way}
    legs = {leg for way in named for leg in pairwise(way)}
    pairs = set(legs)
    grew = True
    while grew:
        more = {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs
        pairs |= more
        grew = bool(more)
    if all(one != other for one, other in pairs):
        assert all(place[one] < place[other] for one, other in legs)
    else:
        assert legs - pairs == set()
        assert any(place[one] < place[other] for one, other in legs)


def test_a_branch_stands_together() -> None:
    order = station_order([([1, 2, 3, 4, 5], 9), ([1, 2, 7, 8], 3), ([0, 3, 4, 5], 1), ([2, 3], 4)])
    assert [station for (station, _), _ in order] == [1, 2, 0, 3, 4, 5, 7, 8]
    branch = {station: number for (station, _), number in order}
    assert branch[1] == branch[2] == 0
    assert branch[0] == branch[3] == branch[5]
    assert branch[7] == branch[8] != branch[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_departures_tell_every_run_of_frequencies(seed: int) -> None:
    """At each station on each date: each trip on its days, and each departure of frequencies.txt,
    at the times of zoneinfo.
    """
    feed = random_feed(seed)
    chance = random.Random(seed)
    rows = []
    for trip in feed.tables["trips"]:
        for _ in range(chance.choice([0, 0, 1, 2])):
            begin = chance.randint(0, 40) * 1800
            rows.append(
                {
                    "trip_id": trip["trip_id"],
                    "start_time": clock(begin),
                    "end_time": clock(begin + chance.randint(1, 12) * 900),
                    "headway_secs": chance.choice(["600", "1700", "3600"]),
                }
            )
    if rows:
        feed.tables["frequencies"] = rows
    timetable = feed.timetable()
    agency = feed.tables["agency"][0]["agency_timezone"]
    zones = {row["stop_id"]: row["stop_timezone"] or agency for row in feed.tables["stops"]}
    expected: Counter[tuple[str, str, datetime]] = Counter()
    for trip in feed.tables["trips"]:
        calls = feed.calls_of(trip["trip_id"])
        own = seconds_of(calls[0]["departure_time"])
        starts = [
            begin
            for row in rows
            if row["trip_id"] == trip["trip_id"]
            for begin in range(
                seconds_of(row["start_time"]),
                seconds_of(row["end_time"]),
                int(row["headway_secs"]),
            )
        ]
        if not any(row["trip_id"] == trip["trip_id"] for row in rows):
            starts = [own]
        for day in feed.dates_of(trip["service_id"]):
            for call in calls:
                if "departure_time" in call:
                    later = seconds_of(call["departure_time"]) - own
                    stop = call["stop_id"]
                    for begin in starts:
                        shown = wall(day, begin + later, agency, zones[stop])
                        expected[trip["trip_id"], stop, shown] += 1
    told: Counter[tuple[str, str, datetime]] = Counter()
    days = {shown.date() for _, _, shown in expected}
    for day in sorted(days):
        for place in timetable.stops.iter_rows(named=True):
            for row in timetable.departures(place["stop"], day).iter_rows(named=True):
                shown = datetime.combine(EPOCH, time()) + timedelta(seconds=row["departure"])
                told[timetable.trips["trip_id"][row["trip"]], place["stop_id"], shown] += 1
    assert told == expected


def test_zones_that_no_clock_goes_by_are_counted() -> None:
    feed = random_feed(1)
    feed.tables["agency"][0]["agency_timezone"] = "UTC+8"
    for stop, zone in zip(
        feed.tables["stops"], ("UTC+8", "Mars/Base", "", "", "", ""), strict=True
    ):
        stop["stop_timezone"] = zone
    timetable = feed.timetable()
    assert timetable.zone == "UTC"
    assert set(timetable.stops["zone"]) == {"UTC"}
    assert timetable.left_out["agencies_of_unknown_zones"] == 1
    assert timetable.left_out["stops_of_unknown_zones"] == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_rules_and_frames_say_the_same_of_links(seed: int) -> None:
    """What rules ask of the ends of trips is what the frames say of whole trips."""
    timetable = random_feed(seed).timetable()
    links = timetable.links.filter(pl.col("by") == "transfer")
    frames = {
        row["csv_row_number"]: (row["days_later"], row["wait"], timetable.dates(row["dates"]))
        for row in links.iter_rows(named=True)
    }
    sets = service_dates(timetable.feed).sets
    rules = {
        row["csv_row_number"]: (row["days_later"], row["wait_s"], sets[row["dates"]])
        for row in dated_joints(timetable.feed).iter_rows(named=True)
    }
    assert rules == frames
