"""The other railways, and the flagship: built into a folder, then checked against their tables.

What is asked of a feed here is worked out once more, plainly: each train, on each of its dates, at
each cell of its column, by the clock on the wall of the station.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from gtfsgen.builds import Build, build
from gtfsgen.faults import Severity
from gtfsgen.source import read_source
from gtfsgen.source.model import Source

ROOT = Path(__file__).parents[2]
PROJECTS = {
    path.parent.name: path.parent for path in sorted(Path(__file__).parent.glob("*/source"))
} | {"flagship": ROOT}
DAY_S = 86400

Row = dict[str, str]


class Leaving(Protocol):
    @property
    def departure(self) -> datetime: ...


@dataclass(frozen=True)
class Call:
    """A train at a station on a date, as a feed says it or as the tables do; local clocks."""

    train: str
    station_id: str
    arrival: datetime
    departure: datetime


@cache
def source_of(name: str) -> Source:
    return read_source(PROJECTS[name] / "source", None)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Build]:
    """Every project in every profile, without shapes and rules, which have tests of their own."""
    folder = tmp_path_factory.mktemp("projects")
    return {
        (name, profile): build(
            path / "source",
            folder / f"{name}-{profile}.zip",
            profile=profile,
            draw=False,
            validate=False,
        )
        for name, path in PROJECTS.items()
        for profile in ("linked", "through")
    }


def rows(made: Build, table: str) -> list[Row]:
    return made.tables[table].to_dicts() if table in made.tables else []


def service_dates(made: Build) -> dict[str, set[date]]:
    dates: dict[str, set[date]] = defaultdict(set)
    for row in rows(made, "calendar"):
        day, last = day_of(row["start_date"]), day_of(row["end_date"])
        while day <= last:
            if row[f"{day:%A}".lower()] == "1":
                dates[row["service_id"]].add(day)
            day += timedelta(days=1)
    for row in rows(made, "calendar_dates"):
        change = dates[row["service_id"]]
        (change.add if row["exception_type"] == "1" else change.discard)(day_of(row["date"]))
    return dates


def day_of(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()


def instant(service_day: date, clock: str, zone: ZoneInfo) -> datetime:
    """A time of stop_times.txt: counted from twelve hours before noon of its service day."""
    hours, minutes, seconds = map(int, clock.split(":"))
    noon = datetime.combine(service_day, time(12), zone).astimezone(UTC)
    return noon + timedelta(hours=hours - 12, minutes=minutes, seconds=seconds)


def calls_in_feed(made: Build) -> Counter[Call]:
    """Every call of every trip on every date, by the station's own clock."""
    zone = ZoneInfo(rows(made, "agency")[0]["agency_timezone"])
    zones = {row["stop_id"]: ZoneInfo(row["stop_timezone"]) for row in rows(made, "stops")}
    dates = service_dates(made)
    of_trip: dict[str, list[Row]] = defaultdict(list)
    for row in rows(made, "stop_times"):
        of_trip[row["trip_id"]].append(row)
    found: Counter[Call] = Counter()
    for trip in rows(made, "trips"):
        for row in of_trip[trip["trip_id"]]:
            here = zones[row["stop_id"]]
            for service_day in dates[trip["service_id"]]:
                arrival, departure = (
                    instant(service_day, row[f"{side}_time"], zone)
                    .astimezone(here)
                    .replace(tzinfo=None)
                    for side in ("arrival", "departure")
                )
                found[Call(trip["trip_short_name"], row["stop_id"], arrival, departure)] += 1
    return found


def calls_in_tables(source: Source, *, around: bool = False) -> Counter[Call]:
    """Every cell of every timetable on every date of its train, as printed.

    With `around`, on dates beyond the feed period too, where a coach of the last evening goes on.
    """
    agency_zone = ZoneInfo(source.settings.agency_timezone)
    zones = {
        row["station_id"]: ZoneInfo(row["timezone"])
        for row in source.stations.iter_rows(named=True)
    }
    found: Counter[Call] = Counter()
    for row in source.calls.filter(~source.calls["passes"]).iter_rows(named=True):
        run = source.runs[row["run_id"]]
        clocks = [row["arrival_s"], row["departure_s"]]
        if clocks[0] is None or clocks[1] is None:
            clocks = [next(clock for clock in clocks if clock is not None)] * 2
        for day in run.around if around else run.dates:
            midnight = datetime.combine(day, time())
            shown = [midnight + timedelta(seconds=clock) for clock in clocks]
            if row["railway_time"]:
                here = zones[row["station_id"]]
                shown = [
                    each.replace(tzinfo=agency_zone).astimezone(here).replace(tzinfo=None)
                    for each in shown
                ]
            found[Call(run.train, row["station_id"], *shown)] += 1
    return found


def in_a_night_of_change(call: Leaving, zone: ZoneInfo) -> bool:
    """Whether the clock there changes around the call: a time may be shown twice or never."""
    before, after = (
        (call.departure + timedelta(hours=hours)).replace(tzinfo=zone).utcoffset()
        for hours in (-12, 12)
    )
    return before != after


@pytest.mark.parametrize("name", PROJECTS)
def test_the_tables_are_read_without_a_fault(name: str) -> None:
    assert [str(fault) for fault in source_of(name).faults] == []


@pytest.mark.parametrize("name", PROJECTS)
def test_every_printed_time_says_where_it_comes_from(name: str) -> None:
    source = source_of(name)
    known = set(source.notes["letter"])
    calls = source.calls.to_dicts()
    assert [row for row in calls if not row["notes"]] == []
    assert {letter for row in calls for letter in row["notes"]} <= known
    assert source.notes.filter(source.notes["source"] == "")["letter"].to_list() == []
    assert source.notes.filter(source.notes["confidence"] == "")["letter"].to_list() == []


@pytest.mark.parametrize("profile", ["linked", "through"])
@pytest.mark.parametrize("name", PROJECTS)
def test_it_builds_without_an_error(built: dict[Any, Any], name: str, profile: str) -> None:
    made = built[name, profile]
    assert [str(each) for each in made.notices if each.severity is Severity.ERROR] == []
    assert made.feed is not None


@pytest.mark.parametrize("name", PROJECTS)
def test_no_call_is_lost_doubled_or_shifted(built: dict[Any, Any], name: str) -> None:
    source, made = source_of(name), built[name, "linked"]
    zones = {row["stop_id"]: ZoneInfo(row["stop_timezone"]) for row in rows(made, "stops")}

    def settled(calls: Counter[Call]) -> Counter[Call]:
        """Calls that no night of clock change touches; the joints of split trains made one."""
        merged: dict[tuple[str, str, date], list[Call]] = defaultdict(list)
        for call, count in calls.items():
            if not in_a_night_of_change(call, zones[call.station_id]):
                merged[call.train, call.station_id, call.arrival.date()] += [call] * count
        return Counter(
            Call(
                train,
                station_id,
                min(call.arrival for call in here),
                max(call.departure for call in here),
            )
            for (train, station_id, _), here in merged.items()
        )

    found, printed = settled(calls_in_feed(made)), settled(calls_in_tables(source))
    assert printed - found == Counter()
    beyond = settled(calls_in_tables(source, around=True)) - printed
    assert found - printed - beyond == Counter()
    assert all(call.arrival.date() > source.settings.last_day for call in found - printed)


@pytest.mark.parametrize("profile", ["linked", "through"])
@pytest.mark.parametrize("name", PROJECTS)
def test_no_train_leaves_a_station_twice(built: dict[Any, Any], name: str, profile: str) -> None:
    made = built[name, profile]
    dates = service_dates(made)
    last = {row["trip_id"]: row["stop_sequence"] for row in rows(made, "stop_times")}
    trips = {row["trip_id"]: row for row in rows(made, "trips")}
    leaving: Counter[tuple[str, str, str, date]] = Counter()
    for row in rows(made, "stop_times"):
        if row["stop_sequence"] == last[row["trip_id"]]:
            continue
        trip = trips[row["trip_id"]]
        days, clock = divmod(int(row["departure_time"].split(":")[0]), 24)
        for service_day in dates[trip["service_id"]]:
            day = service_day + timedelta(days=days)
            shown = f"{clock:02}{row['departure_time'][-6:]}"
            leaving[trip["trip_short_name"], row["stop_id"], shown, day] += 1
    assert {key: count for key, count in leaving.items() if count > 1} == {}


@pytest.mark.parametrize("name", PROJECTS)
def test_linked_trips_meet(built: dict[Any, Any], name: str) -> None:
    """Trips of a block share their service and their joint: same stop, doors open on both sides."""
    made = built[name, "linked"]
    blocks: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for trip in rows(made, "trips"):
        if trip.get("block_id"):
            blocks[trip["block_id"], trip["service_id"]].append(
                [row for row in rows(made, "stop_times") if row["trip_id"] == trip["trip_id"]]
            )
    for parts in blocks.values():
        parts.sort(key=lambda part: part[0]["departure_time"])
        assert len(parts) > 1
        for before, after in pairwise(parts):
            assert before[-1]["stop_id"] == after[0]["stop_id"]
            assert before[-1]["arrival_time"] <= after[0]["departure_time"]
            assert before[-1]["drop_off_type"] == after[0]["pickup_type"] == "0"


@pytest.mark.parametrize("name", PROJECTS)
def test_its_journeys_ask_both_ways(name: str) -> None:
    """A journeys.csv of four rows at least, one of them a journey that must not be found."""
    with (PROJECTS[name] / "validation" / "journeys.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        journeys = list(csv.DictReader(file))
    assert len(journeys) >= (20 if name == "flagship" else 4)
    assert {row["expect"] for row in journeys} == {"found", "none"}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_planner_finds_its_journeys(built: dict[Any, Any], name: str) -> None:
    """MOTIS's engine itself; what it cannot do is named in the project's policy.toml."""
    pytest.importorskip("pynigiri", reason="MOTIS's engine has no wheel for this machine")
    from gtfsgen.planners import motis
    from gtfsgen.planners.journeys import Outcome, read_journeys, read_limits, verdicts
    from gtfsgen.planners.timetable import Timetable

    validation = PROJECTS[name] / "validation"
    feed = built[name, "linked"].feed
    timetable = Timetable(feed)
    asked = read_journeys(validation / "journeys.csv", timetable)
    assert [str(fault) for fault in asked.faults] == []
    answers = motis.ask(feed, [each.question for each in asked.journeys], lambda step: None)
    found = verdicts(
        asked.journeys, answers, timetable, read_limits(validation / "policy.toml"), "motis"
    )
    assert [
        (each.journey.name, each.found) for each in found if each.outcome is Outcome.FAILS
    ] == []


def test_the_day_of_the_flagship() -> None:
    """What the notice makes certain: four days a week both ways, the first of them, the ends."""
    source = source_of("flagship")
    coaches = {coach.coach_id: coach for coach in source.coaches}
    assert source.settings.first_day == date(2026, 3, 12)
    for coach_id in ("pyongyang", "beijing"):
        dates = coaches[coach_id].dates
        assert dates.first == date(2026, 3, 12)
        assert {day.weekday() for day in dates} == {0, 2, 3, 5}
    estimates = source.calls.filter(
        source.calls["arrival_estimate"] | source.calls["departure_estimate"]
    )
    certain = {"beijing", "pyongyang"}
    assert not certain & set(estimates["station_id"])


def test_the_flagship_has_nothing_to_overlook(tmp_path: Path) -> None:
    """validation/policy.toml ignores nothing, so there may be no notice above INFO."""
    made = build(ROOT / "source", tmp_path / "feed")
    assert [str(each) for each in made.notices if each.severity is not Severity.INFO] == []


def test_halts_in_brackets_have_closed_doors(built: dict[Any, Any]) -> None:
    made = built["optima-express", "linked"]
    doors = {
        row["stop_id"]: (row["pickup_type"], row["drop_off_type"])
        for row in rows(made, "stop_times")
        if row["trip_id"] == rows(made, "trips")[0]["trip_id"]
    }
    inner = {"JESENICE", "DOBOVA", "TOVARNIK", "SID", "BEOGRAD", "NIS", "DIMITROVGRAD"}
    assert {stop: door for stop, door in doors.items() if stop in inner} == dict.fromkeys(
        inner, ("1", "1")
    )
    assert {doors["VILLACH"], doors["EDIRNE"]} == {("0", "1"), ("1", "0")}
