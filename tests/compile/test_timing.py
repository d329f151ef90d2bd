"""Clocks: changes of zones, times that come twice or never, odd offsets, service days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.clocks import DAY, UnknownZone, Zone, zone_info
from gtfsgen.compile.timing import Call, Part, Train, timings
from gtfsgen.dates import EPOCH, Dates
from tests.compile.test_laws import ZONES

HOUR = 3600


def number(day: date) -> int:
    return (day - EPOCH).days


def zone(name: str, year: int = 2026) -> Zone:
    return Zone(name, number(date(year, 1, 1)), number(date(year, 12, 31)))


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2015, 1, 3), datetime(2019, 12, 28)),
)
@settings(max_examples=400, deadline=None)
def test_a_clock_is_read_as_zoneinfo_reads_it(name: str, wall: datetime) -> None:
    there = Zone(name, number(date(2015, 1, 1)), number(date(2019, 12, 31)))
    seconds = int((wall - datetime(1900, 1, 1)).total_seconds())
    first, last, exists = there.readings(seconds)
    info, utc = zone_info(name), ZoneInfo("UTC")

    def counted(fold: int) -> int:
        moment = wall.replace(tzinfo=info, fold=fold, microsecond=0).astimezone(utc)
        return int((moment - datetime(1900, 1, 1, tzinfo=utc)).total_seconds())

    assert first == counted(0)
    if exists:
        assert last == counted(1)
        assert there.wall(first) == there.wall(last) == seconds
    else:
        assert there.wall(first) != seconds


def test_a_name_outside_the_database_is_refused() -> None:
    with pytest.raises(UnknownZone):
        zone_info("../etc/passwd")
    with pytest.raises(UnknownZone):
        zone_info("Europe/Bonn")


def seconds_on(
    zones: list[str], clocks: list[tuple[Any, ...]], agency: str, day: date
) -> list[tuple[Any, ...]]:
    year = day.year
    calls = [
        Call(order, str(order), zone(name, year), arrival, departure)
        for order, (name, (arrival, departure)) in enumerate(zip(zones, clocks, strict=True))
    ]
    part = Part(Train("T", calls), 0, 0, len(calls) - 1)
    (timing,) = timings([part], Dates.of([day]), zone(agency, year))
    return list(timing.moments[0])


def test_times_count_from_noon_minus_twelve_hours_on_the_night_of_a_change() -> None:
    """On 29 March 2026 Berlin skips 02:00-03:00: 01:30 is an hour and a half before the change."""
    clocks = [(None, 90 * 60), (4 * HOUR, None)]
    moments = seconds_on(["Europe/Berlin"] * 2, clocks, "Europe/Berlin", date(2026, 3, 29))
    assert moments == [(None, 150 * 60), (4 * HOUR, None)]


def test_a_train_through_the_night_in_which_an_hour_comes_twice() -> None:
    """It leaves at 01:50, and again calls at 02:10 only after the clock was put back."""
    clocks = [(None, 23 * HOUR), (DAY + 2 * HOUR + 1800, DAY + 3 * HOUR), (DAY + 4 * HOUR, None)]
    moments = seconds_on(["Europe/Berlin"] * 3, clocks, "Europe/Berlin", date(2026, 10, 24))
    assert moments == [
        (None, 23 * HOUR),
        (DAY + 2 * HOUR + 1800, DAY + 4 * HOUR),
        (DAY + 5 * HOUR, None),
    ]


def test_a_skipped_time_is_late_but_not_later_than_the_next() -> None:
    clocks = [(None, HOUR), (2 * HOUR + 600, 2 * HOUR + 1800), (3 * HOUR + 300, None)]
    moments = seconds_on(["Europe/Berlin"] * 3, clocks, "Europe/Berlin", date(2026, 3, 29))
    assert moments == [
        (None, 2 * HOUR),
        (3 * HOUR + 300, 3 * HOUR + 300),
        (3 * HOUR + 300, None),
    ]


@pytest.mark.parametrize(
    ("year", "arrives"), [(2014, 17 * HOUR + 45 * 60), (2016, 18 * HOUR + 15 * 60)]
)
def test_pyongyang_before_and_during_its_own_half_hour(year: int, arrives: int) -> None:
    """18:45 on the clock there was UTC+9, and UTC+8:30 from August 2015 to May 2018."""
    clocks = [(None, 10 * HOUR), (18 * HOUR + 45 * 60, None)]
    moments = seconds_on(
        ["Asia/Shanghai", "Asia/Pyongyang"], clocks, "Asia/Shanghai", date(year, 6, 1)
    )
    assert moments[-1] == (arrives, None)


def test_a_departure_before_the_agency_s_midnight_belongs_to_the_day_before() -> None:
    """00:10 in Pyongyang is 23:10 of the day before in Shanghai."""
    pyongyang, shanghai = zone("Asia/Pyongyang"), zone("Asia/Shanghai")
    calls = [Call(0, "a", pyongyang, None, 600), Call(1, "b", pyongyang, 2 * HOUR, None)]
    part = Part(Train("T", calls), 0, 0, 1)
    (timing,) = timings([part], Dates.of([date(2026, 3, 13)]), shanghai)
    assert set(timing.dates) == {date(2026, 3, 12)}
    assert timing.moments[0][0] == (None, 23 * HOUR + 600)


def test_dates_are_grouped_by_their_seconds_only() -> None:
    """Between zones that change on one night the seconds are the same in summer and winter."""
    berlin, athens = zone("Europe/Berlin"), zone("Europe/Athens")
    calls = [Call(0, "a", berlin, None, 8 * HOUR), Call(1, "b", athens, 20 * HOUR, None)]
    dates = Dates.between(date(2026, 1, 10), date(2026, 12, 20))
    part = Part(Train("T", calls), 0, 0, 1)
    assert len(timings([part], dates, berlin)) == 1
    london = timings([part], dates, zone("Asia/Shanghai"))
    assert sum(len(timing.dates) for timing in london) == len(dates)
    assert [len(timing.dates) > 1 for timing in london] == [True, True]
    assert timings([part], dates, berlin)[0].dates == dates
    assert dates.first + timedelta(days=1) in dates
