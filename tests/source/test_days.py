from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.dates import Dates
from gtfsgen.source.day_words import DaysError
from gtfsgen.source.days import canonical, parse

FIRST, LAST = date(2026, 1, 1), date(2027, 6, 30)
PERIOD = [FIRST + timedelta(days=k) for k in range((LAST - FIRST).days + 1)]
NAMES = {"school days": Dates.of(day for day in PERIOD if day.weekday() < 5 and day.month != 8)}
HOLIDAYS = {"CN": {date(2026, 10, 1), date(2026, 2, 17)}, "DE-BY": {date(2026, 1, 6)}}


def of_region(region: str) -> Dates:
    return Dates.of(HOLIDAYS[region])


def dates(words: str) -> set[date]:
    return set(parse(words, NAMES).dates(FIRST, LAST, NAMES, of_region))


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("daily", "daily"),
        ("täglich", "daily"),
        ("每日", "daily"),
        ("1-7", "daily"),
        ("1234567", "daily"),
        ("Mo We Th Sa", "Mo We Th Sa"),
        ("Mon, Wed, Thu and Sat", "Mo We Th Sa"),
        ("Mo, Mi, Do und Sa", "Mo We Th Sa"),
        ("1,3,4,6", "Mo We Th Sa"),
        ("1.3.4.6", "Mo We Th Sa"),
        ("1346", "Mo We Th Sa"),
        ("周一、三、四、六", "Mo We Th Sa"),
        ("每周一三四六", "Mo We Th Sa"),
        ("周1346", "Mo We Th Sa"),
        ("Mo-Fri", "Mo-Fr"),
        ("Monday to Friday", "Mo-Fr"),
        ("Montag bis Freitag", "Mo-Fr"),
        ("周一至周五", "Mo-Fr"),
        ("1-5", "Mo-Fr"),
        ("１－５", "Mo-Fr"),
        ("weekdays", "Mo-Fr"),
        ("werktags", "Mo-Sa"),
        ("Fr-Mo", "Mo Fr-Su"),
        ("Mo-Fri not holidays CN", "Mo-Fr not holidays CN"),
        ("Mo-Fr außer Feiertage CN", "Mo-Fr not holidays CN"),
        ("Sa, So und Feiertage DE-BY", "Sa Su holidays DE-BY"),
        ("holidays DE-BY CN", "holidays CN DE-BY"),
        ("3rd 17th", "3rd 17th"),
        ("3rd and 17th of the month", "3rd 17th"),
        ("am 3. und 17. des Monats", "3rd 17th"),
        ("每月3日、17日", "3rd 17th"),
        ("1st-15th in May", "1st-15th in May"),
        ("odd days", "odd days"),
        ("May-Sep", "in May-Sep"),
        ("in June", "in Jun"),
        ("5月-9月 周末", "Sa Su in May-Sep"),
        ("Nov-Feb Mo", "Mo in Jan Feb Nov Dec"),
        ("2026-05-01..2026-09-30 Sa Su", "Sa Su 2026-05-01..2026-09-30"),
        ("Sa Su 1 May 2026 - 30 Sep 2026", "Sa Su 2026-05-01..2026-09-30"),
        ("Sa So 1.5.2026 bis 30.9.2026", "Sa Su 2026-05-01..2026-09-30"),
        ("from 2026-05-01 until 2026-09-30", "2026-05-01..2026-09-30"),
        ("2026年5月1日至2026年9月30日", "2026-05-01..2026-09-30"),
        ("from 2026-03-12 Mo", "Mo from 2026-03-12"),
        ("2026-05-01 2026-05-03", "2026-05-01 2026-05-03"),
        ("not 2026-10-01", "daily not 2026-10-01"),
        ("daily also 2026-10-05", "daily also 2026-10-05"),
        ("every other day from 2026-03-12", "every 2 days from 2026-03-12"),
        ("alle 2 Tage ab 2026-03-12", "every 2 days from 2026-03-12"),
        ("隔日 2026-03-12起", "every 2 days from 2026-03-12"),
        ("School Days not Mo", "school days not Mo"),
    ],
)
def test_each_way_of_writing_has_one_form(words: str, form: str) -> None:
    assert canonical(words, NAMES) == form
    assert parse(form, NAMES) == parse(words, NAMES)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Mo-Fri not holidays CN", lambda d: d.weekday() < 5 and d not in HOLIDAYS["CN"]),
        ("Su holidays CN", lambda d: d.weekday() == 6 or d in HOLIDAYS["CN"]),
        ("3rd 17th", lambda d: d.day in (3, 17)),
        ("even days in Jun", lambda d: d.day % 2 == 0 and d.month == 6),
        (
            "every 2 days from 2026-03-12",
            lambda d: d >= date(2026, 3, 12) and (d - date(2026, 3, 12)).days % 2 == 0,
        ),
        (
            "Sa Su 2026-05-01..2026-09-30",
            lambda d: d.weekday() > 4 and date(2026, 5, 1) <= d <= date(2026, 9, 30),
        ),
        (
            "until 2026-02-01, from 2027-02-01",
            lambda d: d <= date(2026, 2, 1) or d >= date(2027, 2, 1),
        ),
        (
            "Mo not in Jun also 2026-06-09",
            lambda d: (d.weekday() == 0 and d.month != 6) or d == date(2026, 6, 9),
        ),
        ("school days Fr", lambda d: d.weekday() == 4 and d.month != 8),
        (
            "daily not Mo holidays CN 2026-01-07",
            lambda d: d.weekday() != 0 and d not in HOLIDAYS["CN"] and d != date(2026, 1, 7),
        ),
    ],
)
def test_words_mean_these_dates(words: str, meant) -> None:  # type: ignore[no-untyped-def]
    assert dates(words) == {day for day in PERIOD if meant(day)}


@pytest.mark.parametrize(
    ("words", "wrong", "hint"),
    [
        ("dayly", "dayly", "daily"),
        ("Mo-Fir", "Fir", "fr"),
        ("shool days", "shool", "school days"),
        ("Mo-", "Mo", "second day"),
        ("Mo not", "not", "name dates"),
        ("32nd", "32nd", "1 to 31"),
        ("2026-02-30", "2026-02-30", "year-month-day"),
        ("2026-09-30..2026-05-01", "2026-09-30..2026-05-01", ""),
        ("holidays", "holidays", "country"),
        ("every 2 days", "every 2 days", "from"),
        ("Mo 2026-05-01", "2026-05-01", "also"),
        ("3rd Sa", "3rd", "dates"),
        ("31", "31", "Monday"),
        ("from Mo", "from", "2026"),
    ],
)
def test_what_is_no_day_names_the_word(words: str, wrong: str, hint: str) -> None:
    with pytest.raises(DaysError) as caught:
        parse(words, NAMES)
    assert caught.value.word == wrong
    assert hint in caught.value.hint


WEEK = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@st.composite
def selections(draw, alone: bool) -> tuple[str, set[date]]:  # type: ignore[no-untyped-def]
    """A selection in words, and its dates found by asking each day of the period."""
    words: list[str] = []
    tests: list[Callable[[date], bool]] = []
    if draw(st.booleans()):
        flags = draw(st.sets(st.integers(0, 6), min_size=1))
        words += [WEEK[k] for k in flags]
        tests.append(lambda d: d.weekday() in flags)
    if draw(st.booleans()):
        months = draw(st.sets(st.integers(1, 12), min_size=1))
        words.append("in " + " ".join(MONTHS[k - 1] for k in months))
        tests.append(lambda d: d.month in months)
    if draw(st.booleans()):
        a, b = sorted(draw(st.lists(st.sampled_from(PERIOD), min_size=2, max_size=2, unique=True)))
        words.append(f"{a}..{b}")
        tests.append(lambda d: a <= d <= b)
    if draw(st.booleans()):
        n, start = draw(st.integers(1, 9)), draw(st.sampled_from(PERIOD))
        words.append(f"every {n} days from {start}")
        tests.append(lambda d: d >= start and (d - start).days % n == 0)
    chosen = {d for d in PERIOD if all(test(d) for test in tests)} if tests else set()
    if not tests or (not alone and draw(st.booleans())):
        singles = draw(st.sets(st.sampled_from(PERIOD), min_size=1, max_size=4))
        words = [*(str(d) for d in singles), *words]  # `Mo 2026-05-04` has two readings
        chosen |= singles
    return " ".join(words), chosen


@settings(max_examples=300, deadline=None)
@given(
    selections(alone=True),
    st.lists(st.tuples(st.sampled_from(["not", "also"]), selections(alone=False)), max_size=3),
)
def test_dates_are_those_found_day_by_day(base, changes) -> None:  # type: ignore[no-untyped-def]
    words, expected = base
    for word, (more, found) in changes:
        words += f" {word} {more}"
        expected = expected | found if word == "also" else expected - found
    assert dates(words) ^ expected == set(), words
    assert dates(canonical(words)) == expected, words
    assert canonical(canonical(words)) == canonical(words)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="MoFr 12-.,日周一至not/é", max_size=20))
def test_no_text_is_a_traceback(words: str) -> None:
    try:
        found = parse(words)
    except DaysError:
        return
    assert parse(str(found)) == found
