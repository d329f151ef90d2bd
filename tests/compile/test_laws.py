"""The laws of a feed, on random railways: looked at day by day and by zoneinfo, not by our own
algebra.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from gtfsgen.clocks import Zone, zone_info
from gtfsgen.compile import Compiled, compile_source
from gtfsgen.compile.timing import Call, Part, Timing, Train, timings
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.faults import errors
from gtfsgen.source.model import Source
from tests.compile.projects import coach, source, train

ZONES = (
    "Asia/Shanghai", "Asia/Pyongyang", "Europe/Berlin", "Europe/London", "America/New_York",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Istanbul", "America/St_Johns", "Africa/Cairo",
)  # fmt: skip
PERIODS = (
    (date(2026, 3, 5), date(2026, 4, 8)),  # American and European clocks go forward
    (date(2026, 9, 28), date(2026, 11, 5)),  # and back
    (date(2018, 4, 25), date(2018, 5, 12)),  # Pyongyang goes from UTC+8:30 to UTC+9
    (date(2026, 7, 1), date(2026, 7, 14)),
)


def random_dates(rng: random.Random, first: date, last: date) -> Dates:
    every = Dates.between(first, last)
    kind = rng.random()
    if kind < 0.4:
        return every
    if kind < 0.7:
        return Dates.weekdays(rng.sample(range(7), rng.randint(1, 6)), first, last)
    return Dates.of(day for day in every if rng.random() < 0.5) or every


def wall(moment: datetime, day: date) -> str:
    """A moment as a cell: the clock there and the days since the train's first."""
    return f"{moment:%H:%M}+{(moment.date() - day).days}"


def random_train(
    rng: random.Random,
    run_id: str,
    stations: list[str],
    zones: dict[str, str],
    start: datetime,
    dates: Dates,
) -> tuple[tuple[Any, ...], datetime]:
    """A train from an instant on, over some stations; returns it and the instant of its arrival."""
    day = start.astimezone(ZoneInfo(zones[stations[0]])).date()
    calls, now = [], start
    for number, station in enumerate(stations):
        zone = ZoneInfo(zones[station])
        arrival = departure = ""
        if number:
            now += timedelta(minutes=rng.randint(100, 700))
            arrival = wall(now.astimezone(zone), day)
        if number < len(stations) - 1:
            if number:
                now += timedelta(minutes=rng.choice((0, 5, 75, 200)))
            departure = wall(now.astimezone(zone), day)
            if rng.random() < 0.2:
                arrival = ""
        calls.append((station, arrival, departure))
    return train(run_id, calls, dates), now


def random_project(seed: int) -> Source:
    """A few trains one after another, others joining and parting, and coaches over them."""
    rng = random.Random(seed)
    first, last = rng.choice(PERIODS)
    names = ["a", "b", "c", "d", "e", "f"]
    zones = {name: rng.choice(ZONES[: rng.randint(1, len(ZONES))]) for name in names}
    agency = rng.choice(ZONES)
    reference = datetime.combine(
        first + timedelta(days=2), time(rng.randint(0, 23), 10), tzinfo=ZoneInfo(agency)
    )
    trains, ends = [], {}
    at, now = "a", reference
    rides = []
    for number in range(rng.randint(1, 3)):
        onward = rng.sample([name for name in names if name != at], rng.randint(1, 3))
        made, arrival = random_train(
            rng, f"T{number}", [at, *onward], zones, now, random_dates(rng, first, last)
        )
        trains.append(made)
        rides.append(made[0].run_id)
        at, now = onward[-1], arrival + timedelta(minutes=rng.randint(90, 500))
        ends[made[0].run_id] = (arrival, at)
    other, _ = random_train(
        rng,
        "X",
        [at, *[n for n in names if n != at][:2]],
        zones,
        now,
        random_dates(rng, first, last),
    )
    trains.append(other)
    coaches = []
    inner = trains[0][1][1:-1]
    if inner and rng.random() < 0.5:  # a coach leaves the first train on the way
        place = rng.choice(inner)
        start = cell_instant(trains[0][0].dates.first, place[2], zones[place[0]])
        stops = [place[0], *[name for name in names if name != place[0]][:1]]
        dates = random_dates(rng, first, last)
        made, _ = random_train(
            rng, "Y", stops, zones, start + timedelta(minutes=rng.randint(90, 300)), dates
        )
        trains.append(made)
    chains = [rides] if len(rides) > 1 else []
    if trains[-1][0].run_id == "Y":
        chains.append([rides[0], "Y"])
    chains.append([rides[-1], "X"])
    runs = {run.run_id: (run, calls) for run, calls in trains}
    for number, chain in enumerate(chains):
        if rng.random() < 0.8:
            dates = fitting_dates(chain, runs, zones, last, rng)
            if dates:
                start, end = runs[chain[0]][1][0][0], runs[chain[-1]][1][-1][0]
                coaches.append(
                    coach(f"C{number}", dates, " > ".join(chain), start, end, line=number + 2)
                )
    return source(trains, coaches, zones, agency, first, last)


def cell_instant(day: date, text: str, zone: str) -> datetime:
    clock, _, ahead = text.partition("+")
    hours, minutes = clock.split(":")
    return datetime.combine(
        day + timedelta(days=int(ahead)), time(int(hours), int(minutes)), tzinfo=ZoneInfo(zone)
    ).astimezone(ZoneInfo("UTC"))


def fitting_dates(
    chain: list[str], runs: dict[str, Any], zones: dict[str, Any], last: date, rng: random.Random
) -> Dates:
    """Dates on which each train of a chain runs when the one before has come, found day by day."""
    found = []
    for day in runs[chain[0]][0].dates:
        current = day
        for one, other in pairwise(chain):
            meeting = runs[other][1][0][0]
            station, arrival, leaves = next(call for call in runs[one][1] if call[0] == meeting)
            came = cell_instant(current, arrival or leaves, zones[station])
            departure = runs[other][1][0][2]
            local = came.astimezone(ZoneInfo(zones[station])).date()
            current = next(
                d
                for d in (local + timedelta(days=k) for k in range(-1, 3))
                if cell_instant(d, departure, zones[station]) >= came
            )
            wait = cell_instant(current, departure, zones[station]) - came
            if current not in runs[other][0].dates or current > last or wait > timedelta(hours=19):
                break
        else:
            if rng.random() < 0.8:
                found.append(day)
    return Dates.of(found)


def feed_services(tables: dict[str, pl.DataFrame]) -> dict[str, set[date]]:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    services: dict[str, set[date]] = {}
    for row in tables["calendar"].iter_rows(named=True):
        day = datetime.strptime(row["start_date"], "%Y%m%d").date()
        end = datetime.strptime(row["end_date"], "%Y%m%d").date()
        days = services.setdefault(row["service_id"], set())
        while day <= end:
            if row[names[day.weekday()]] == "1":
                days.add(day)
            day += timedelta(days=1)
    for row in tables["calendar_dates"].iter_rows(named=True) if "calendar_dates" in tables else ():
        day = datetime.strptime(row["date"], "%Y%m%d").date()
        if row["exception_type"] == "1":
            assert day not in services[row["service_id"]]
            services[row["service_id"]].add(day)
        else:
            services[row["service_id"]].remove(day)
    return services


def instant(day: date, text: str, agency: str) -> datetime:
    """What GTFS says a time is: counted from noon minus twelve hours."""
    hours, minutes, seconds = map(int, text.split(":"))
    noon = datetime.combine(day, time(12), tzinfo=zone_info(agency)).astimezone(zone_info("UTC"))
    return noon + timedelta(hours=hours - 12, minutes=minutes, seconds=seconds)


def clock(day: date, seconds: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(seconds=seconds)


def exists(moment: datetime, zone: str) -> bool:
    """Whether the clock ever shows it there."""
    info = zone_info(zone)
    there = moment.replace(tzinfo=info).astimezone(zone_info("UTC")).astimezone(info)
    return there.replace(tzinfo=None) == moment


def check_every_call_once(project: Source, compiled: Compiled) -> None:
    """Each call of each train on each of its dates is in the feed once, at its local time."""
    services = feed_services(compiled.tables)
    service_of = dict(compiled.tables["trips"].select("trip_id", "service_id").iter_rows())
    zones = dict(project.stations.select("station_id", "timezone").iter_rows())
    agency = project.settings.agency_timezone
    cells = {(row["run_id"], row["order"]): row for row in project.calls.iter_rows(named=True)}
    found: Counter[Any] = Counter()
    for rows in compiled.tables["stop_times"].partition_by("trip_id", maintain_order=True):
        ordered = rows.to_dicts()
        for place, row in enumerate(ordered):
            info = zone_info(zones[row["stop_id"]])
            for day in services[service_of[row["trip_id"]]]:
                if place > 0:
                    local = instant(day, row["arrival_time"], agency).astimezone(info)
                    found["arrival", row["run_id"], row["order"], local.replace(tzinfo=None)] += 1
                if place < len(ordered) - 1:
                    local = instant(day, row["departure_time"], agency).astimezone(info)
                    key = (row["departure_run"], row["departure_order"])
                    found["departure", *key, local.replace(tzinfo=None)] += 1
    expected: Counter[Any] = Counter()
    shifted = 0
    lasts = Counter(run for run, _ in cells)
    for (run, order), cell in cells.items():
        for day in project.runs[run].dates:
            for side, other in (("arrival", "departure"), ("departure", "arrival")):
                if (side, order) == ("arrival", 0) or (side, order) == (
                    "departure",
                    lasts[run] - 1,
                ):
                    continue
                seconds = cell[f"{side}_s"] if cell[f"{side}_s"] is not None else cell[f"{other}_s"]
                moment = clock(day, seconds)
                if exists(moment, zones[cell["station_id"]]):
                    expected[side, run, order, moment] += 1
                else:
                    shifted += 1
    assert not expected - found
    assert (found - expected).total() == shifted


def check_coaches_stay_together(project: Source, compiled: Compiled) -> None:
    """On each of its dates a coach finds its trains in one trip, one block or by a type 4 row."""
    services = feed_services(compiled.tables)
    trips = {row["trip_id"]: row for row in compiled.tables["trips"].iter_rows(named=True)}
    transfers = {
        (row["from_trip_id"], row["to_trip_id"])
        for row in compiled.tables.get("transfers", pl.DataFrame()).iter_rows(named=True)
    }
    zones = dict(project.stations.select("station_id", "timezone").iter_rows())
    agency = project.settings.agency_timezone
    printed_s = dict(project.calls.filter(order=0).select("run_id", "departure_s").iter_rows())
    of_run: dict[str, set[str]] = {}
    leaving: dict[tuple[str, date], list[tuple[str, date]]] = {}
    for row in compiled.tables["stop_times"].iter_rows(named=True):
        of_run.setdefault(row["run_id"], set()).add(row["trip_id"])
        of_run.setdefault(row["departure_run"], set()).add(row["trip_id"])
        if row["departure_order"] == 0:
            for day in services[trips[row["trip_id"]]["service_id"]]:
                info = zone_info(zones[row["stop_id"]])
                local = instant(day, row["departure_time"], agency).astimezone(info)
                # A printed time that a clock change skips is shown later, maybe after midnight.
                printed = timedelta(seconds=printed_s[row["departure_run"]] - 12 * 3600)
                starts = (local.replace(tzinfo=None) - printed).date()
                leaving.setdefault((row["departure_run"], starts), []).append((row["trip_id"], day))
    for one in project.coaches:
        for day in one.dates:
            ((trip, service_day),) = leaving[one.rides[0].train, day]
            for ride in one.rides[1:]:
                candidates = {
                    other
                    for other in of_run[ride.train]
                    if service_day in services[trips[other]["service_id"]]
                    and (
                        (
                            trips[trip].get("block_id")
                            and trips[other]["block_id"] == trips[trip]["block_id"]
                        )
                        or other in onward(trip, transfers)
                    )
                }
                assert candidates, (one.coach_id, day, ride.train)
                trip = min(candidates)


def onward(trip: str, transfers: set[tuple[str, str]]) -> set[str]:
    """The trip and all that its seats go on in by type 4 rows."""
    found = {trip}
    while more := {to for start, to in transfers if start in found} - found:
        found |= more
    return found


@pytest.mark.parametrize("batch", range(20))
def test_random_chains_keep_their_dates_and_clocks(batch: int) -> None:
    """Two thousand chains by the algebra alone, without tables: any zones, any dates."""
    for seed in range(batch * 100, batch * 100 + 100):
        rng = random.Random(f"chain {seed}")
        first, last = rng.choice(PERIODS)
        names, agency = [rng.choice(ZONES) for _ in range(4)], rng.choice(ZONES)
        zones = {name: zone_of(name, first.year) for name in (*names, agency)}
        ahead, parts = rng.randint(0, 86_399), []
        for number in range(2):
            later, calls = rng.randint(0, 1), []
            for order, name in enumerate(names[number * 2 : number * 2 + 2]):
                printed = ahead - later * 86_400
                calls.append(Call(order, name, zones[name], printed, printed + 300))
                ahead += rng.randint(16 * 3600, 30 * 3600)  # more than zones can be apart
            parts.append(Part(Train(str(number), calls), later, 0, 1))
        dates = random_dates(rng, first, last)
        found = timings(parts, dates, zones[agency])
        days = [day for timing in found for day in timing.dates.shift(-timing.shift)]
        assert sorted(days) == list(dates)
        for timing in found:
            check_clocks(parts, timing, agency)


@cache
def zone_of(name: str, year: int) -> Zone:
    return Zone(name, (date(year, 1, 1) - EPOCH).days, (date(year + 1, 2, 1) - EPOCH).days)


def check_clocks(parts: list[Part], timing: Timing, agency: str) -> None:
    """Every time of a chain, on each of its days, is what the clock there shows."""
    for service_day in timing.dates:
        noon = datetime.combine(service_day, time(12), tzinfo=zone_info(agency))
        start = noon.astimezone(zone_info("UTC")) - timedelta(hours=12)
        for part, moments in zip(parts, timing.moments, strict=True):
            day = service_day + timedelta(days=part.day - timing.shift)
            for call, (arrival, departure) in zip(part.train.calls, moments, strict=True):
                for seconds, printed in ((arrival, call.arrival), (departure, call.departure)):
                    assert seconds is not None
                    assert seconds >= 0
                    assert printed is not None
                    there = start + timedelta(seconds=seconds)
                    local = there.astimezone(zone_info(call.zone.name)).replace(tzinfo=None)
                    expected = clock(day, printed)
                    assert local == expected or not exists(expected, call.zone.name)


@pytest.mark.parametrize("batch", range(20))
@pytest.mark.parametrize("profile", ["linked", "through"])
def test_no_date_is_lost_doubled_or_shifted(batch: int, profile: str) -> None:
    for seed in range(batch * 25, batch * 25 + 25):
        project = random_project(seed)
        compiled = compile_source(project, profile=profile)
        assert not errors(compiled.faults), (seed, compiled.faults)
        check_every_call_once(project, compiled)
        check_coaches_stay_together(project, compiled)


def test_a_departure_in_a_skipped_half_hour_before_midnight_keeps_its_date() -> None:
    """On 4 May 2018 the clocks of Pyongyang went from 23:30 to 24:00."""
    zones = {"a": "Asia/Pyongyang", "b": "Asia/Shanghai"}
    first, last = date(2018, 5, 1), date(2018, 5, 9)
    made = train("T", [("a", "", "23:40"), ("b", "06:00+1", "")], Dates.between(first, last))
    project = source([made], [], zones, "Asia/Shanghai", first, last)
    compiled = compile_source(project)
    assert [fault.code for fault in compiled.faults] == ["time_skipped_by_clock_change"]
    check_every_call_once(project, compiled)
