"""Weekly patterns with the fewest exceptions, against trying every span and set of weekdays."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.compile.calendars import calendar_rows, fewest_exceptions, service_ids
from gtfsgen.dates import Dates

START = date(2026, 3, 9)


def date_sets(longest: int) -> st.SearchStrategy[Dates]:
    offsets = st.sets(st.integers(0, longest), min_size=1)
    return offsets.map(lambda days: Dates.of(START + timedelta(days=day) for day in days))


def fewest_by_trying(dates: Dates) -> int:
    """Exceptions of the best row of calendar.txt: every span, each weekday settled by counting."""
    every = list(Dates.between(dates.first, dates.last))
    best = len(dates)
    for number, first in enumerate(every):
        for last in every[number:]:
            exceptions = 0
            for weekday in range(7):
                on = [day for day in dates if day.weekday() == weekday]
                span = [day for day in every if first <= day <= last and day.weekday() == weekday]
                flagged = sum(day not in dates for day in span) + sum(day not in span for day in on)
                exceptions += min(len(on), flagged)
            best = min(best, exceptions)
    return best


@given(date_sets(24))
@settings(max_examples=60, deadline=None)
def test_no_pattern_has_fewer_exceptions(dates: Dates) -> None:
    week = fewest_exceptions(dates)
    assert week.dates == dates
    assert week.exceptions == fewest_by_trying(dates)
    assert any(week.flags)


@given(date_sets(700))
@settings(max_examples=300, deadline=None)
def test_a_pattern_says_exactly_its_dates(dates: Dates) -> None:
    week = fewest_exceptions(dates)
    assert set(week.dates) == set(dates)
    assert week.exceptions < len(dates)
    assert not week.added & week.removed


def test_patterns_have_readable_names() -> None:
    last = date(2026, 12, 31)
    period = (START, last)
    weekdays = Dates.weekdays(range(5), START, last)
    sets = {
        Dates.between(START, last): "A",
        weekdays: "B",
        Dates.weekdays([0, 2, 3, 5], START, last): "C",
        weekdays - Dates.of([date(2026, 5, 1)]): "D",
        Dates.weekdays([5, 6], date(2026, 6, 1), date(2026, 8, 31)): "E",
        Dates.of([date(2026, 10, 1)]): "F",
    }
    assert list(service_ids(sets, period).values()) == [
        "daily", "Mo-Fr", "Mo-We-Th-Sa", "Mo-Fr.varied", "Sa-Su.20260606-20260830", "2026-10-01",
    ]  # fmt: skip


def test_names_that_clash_are_told_apart_by_a_trip() -> None:
    last = date(2026, 12, 31)
    weekdays = Dates.weekdays(range(5), START, last)
    one, other = (weekdays - Dates.of([date(2026, 5, day)]) for day in (1, 4))
    alone = service_ids({one: "K27"}, (START, last))
    both = service_ids({one: "K27", other: "95"}, (START, last))
    assert alone == {one: "Mo-Fr.varied"}
    assert both == {one: "Mo-Fr.varied.K27", other: "Mo-Fr.varied.95"}


def test_rows_of_both_files() -> None:
    dates = Dates.weekdays([0], START, date(2026, 6, 29)) - Dates.of([date(2026, 4, 6)])
    calendar, exceptions = calendar_rows({dates: "Mo"})
    assert (calendar[0]["monday"], calendar[0]["tuesday"]) == ("1", "0")
    assert (calendar[0]["start_date"], calendar[0]["end_date"]) == ("20260309", "20260629")
    assert exceptions == [{"service_id": "Mo", "date": "20260406", "exception_type": "2"}]
