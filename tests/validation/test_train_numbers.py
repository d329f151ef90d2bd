"""Which trips share a train number on a date: date by date and trip by trip is the law."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

import gtfsgen
from gtfsgen.validation.rules import train_numbers
from tests.validation.feeds import TABLES, write_feed

CODE = "trip_short_name_not_unique_per_day"
FIRST_DAY = date(2026, 11, 2)


def feed_of(
    random: Random,
) -> tuple[dict[str, str], list[dict[str, Any]], dict[str, set[date]], set[Any]]:
    """A feed's tables, and what the law needs of it: trips, dates of services, links."""
    days = [FIRST_DAY + timedelta(n) for n in range(6)]
    services = {f"S{n}": {day for day in days if random.random() < 0.5} for n in range(5)}
    trips: list[dict[str, Any]] = [
        {
            "trip_id": f"T{n}",
            "service_id": random.choice(sorted(services)),
            "trip_short_name": random.choice(("1", "1", "2", "")),
            "block_id": random.choice(("", "", "", "B1", "B2")),
            "route_id": random.choice(("R1", "R1", "R2")),
            "start_s": 3600 * random.choice((7, 8, 8, 9, 24, 25, 32, 48)),
        }
        for n in range(random.randint(2, 16))
    ]
    random.shuffle(trips)
    links = {tuple(random.sample([trip["trip_id"] for trip in trips], 2)) for _ in range(2)}
    tables = {
        "agency": TABLES["agency.txt"] + "Z,Z,https://example.com,Etc/UTC\n",
        "routes": "route_id,agency_id,route_short_name,route_type\nR1,A,1,2\nR2,Z,2,2\n",
        "calendar": TABLES["calendar.txt"],
        "calendar_dates": "service_id,date,exception_type\n"
        + "".join(f"{s},{day:%Y%m%d},1\n" for s in services for day in sorted(services[s])),
        "trips": "route_id,service_id,trip_id,trip_short_name,block_id\n"
        + "".join(
            "{route_id},{service_id},{trip_id},{trip_short_name},{block_id}\n".format(**trip)
            for trip in trips
        ),
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        + "".join(
            f"{trip['trip_id']},{clock(trip['start_s'] + wait)},{clock(trip['start_s'] + wait)},"
            f"{stop},{wait}\n"
            for trip in trips
            for wait, stop in ((0, "S"), (600, "N"))
        ),
        "transfers": "from_trip_id,to_trip_id,transfer_type\n"
        + "".join(f"{a},{b},4\n" for a, b in sorted(links)),
    }
    return tables, trips, services, links


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def namesakes_in_a_row(
    trips: list[dict[str, Any]], services: dict[str, Any], links: set[Any]
) -> dict[str, tuple[Any, ...]]:
    """Trip -> the trip just before it that it must not share its number with, and the date."""
    rows = {trip["trip_id"]: row for row, trip in enumerate(trips, start=2)}
    names = {trip["trip_id"]: trip["trip_short_name"] for trip in trips}
    follows = {(a, b) for a, b in links if names[a] and names[a] == names[b]}
    while longer := {(a, d) for a, b in follows for c, d in follows if b == c} - follows:
        follows |= longer
    found: dict[str, tuple[Any, ...]] = {}
    for day in sorted(set().union(*services.values())):
        last: dict[tuple[Any, ...], dict[str, Any]] = {}
        for trip in sorted(trips, key=lambda t: (t["start_s"], rows[t["trip_id"]])):
            if day not in services[trip["service_id"]] or not trip["trip_short_name"]:
                continue
            group = trip["route_id"], trip["trip_short_name"], trip["start_s"] // 86_400
            other = last.get(group)
            last[group] = trip
            if other is None or (trip["block_id"] and trip["block_id"] == other["block_id"]):
                continue
            if (other["trip_id"], trip["trip_id"]) not in follows:
                found.setdefault(trip["trip_id"], (other["trip_id"], f"{day:%Y%m%d}"))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_each_trip_is_held_against_the_one_before_it_on_each_date(
    seed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    monkeypatch.setattr(train_numbers, "RUNS_AT_ONCE", random.choice((1, 5, 10_000)))
    tables, trips, services, links = feed_of(random)
    report = gtfsgen.validate(write_feed(tmp_path / "feed", **tables), date="2026-11-20")
    found = {
        notice["tripId"]: (notice["otherTripId"], notice["date"]) for notice in report.samples(CODE)
    }
    assert found == namesakes_in_a_row(trips, services, links)
