"""Day words and cells that mean two things or nothing: an error, or what the page says.

`docs/source-tables.md` is the page. A row here is words and what they come to; None is an error.
"""

from __future__ import annotations

from datetime import date

import pytest

from gtfsgen.source.day_words import DaysError
from gtfsgen.source.days import canonical
from gtfsgen.source.times import Cell, Manner, TimeError, parse_cell

YEAR = (date(2026, 12, 13), date(2027, 12, 11))
"""A feed of a year, in which each date without a year stands once, and 12 December not at all."""
TWO_YEARS = (date(2026, 1, 1), date(2027, 12, 31))

DAY_WORDS: list[tuple[str, str | None]] = [
    # digits beside a month are a date
    ("daily not 25 Dec", "daily not 2026-12-25"),
    ("daily not Dec 25", "daily not 2026-12-25"),
    ("daily not 25th December", "daily not 2026-12-25"),
    ("daily not 25th of December", "daily not 2026-12-25"),
    ("daily not 25 Dec.", "daily not 2026-12-25"),
    ("täglich außer 25. Dez", "daily not 2026-12-25"),
    ("daily not 25 Dec 1 Jan", "daily not 2026-12-25 2027-01-01"),
    ("daily not 25, 26 Dec", "daily not 2026-12-25 2026-12-26"),
    ("daily not 25 and 26 December", "daily not 2026-12-25 2026-12-26"),
    ("daily not Dec 25, 26", "daily not 2026-12-25 2026-12-26"),
    ("daily not 25-27 Dec", "daily not 2026-12-25..2026-12-27"),
    ("daily not 24 Dec - 2 Jan", "daily not 2026-12-24..2027-01-02"),
    ("daily not Dec 24-Jan 2", "daily not 2026-12-24..2027-01-02"),
    ("daily not 25.12.", "daily not 2026-12-25"),
    ("daily not 25/12", "daily not 2026-12-25"),
    ("daily not 12/25", "daily not 2026-12-25"),
    ("除12月25日", "daily not 2026-12-25"),
    ("12月24日至1月2日", "2026-12-24..2027-01-02"),
    ("12月25日、1月1日", "2026-12-25 2027-01-01"),
    ("1 May - 30 Sep 2027", "2027-05-01..2027-09-30"),
    ("1 Nov - 31 Mar 2027", "2026-11-01..2027-03-31"),
    ("15 Dec 2026 - 10 Jan", "2026-12-15..2027-01-10"),
    ("1-5 May", "2027-05-01..2027-05-05"),
    ("3 May", "2027-05-03"),
    ("May 3", "2027-05-03"),
    ("1st-15th in May", "1st-15th in May"),
    ("12 Dec", None),
    ("daily not 12 Dec", None),
    ("daily not 30 Feb", None),
    ("daily not Feb 29", None),
    ("31 Jun", None),
    ("daily not 25 Dec 26", None),
    ("daily not Dec 25 Jan", None),
    ("Sep 15 May", None),
    ("24/25 Dec", None),
    ("24./25. Dez", None),
    ("1-5, 25 Dec", None),
    ("not Fri 25 Dec", None),
    ("daily not Friday, 25 December", None),
    ("Sa 25 Dec", None),
    ("5/6", None),
    ("daily not 1/5/2027", None),
    ("daily not 01/05/2027", None),
    ("daily not 25/12/2026", "daily not 2026-12-25"),
    ("daily not 12/25/2026", "daily not 2026-12-25"),
    ("daily not 1-5-2027", None),
    ("1.5", None),
    ("not 1.5.", "daily not 2027-05-01"),
    ("25.12.26", None),
    ("25/12/26", None),
    ("2026-13-01", None),
    ("2026-12", None),
    ("2026", None),
    ("1 Nov - 31 Mar", None),
    # bare numbers
    ("15", None),
    ("12", None),
    ("daily not 25", None),
    ("3, 17", None),
    ("3 17", None),
    ("31", None),
    ("8", None),
    ("0", None),
    ("67", "Sa Su"),
    ("1346", "Mo We Th Sa"),
    ("1,3,4,6", "Mo We Th Sa"),
    ("1-5", "Mo-Fr"),
    ("7", "Su"),
    ("11", None),
    ("21", None),
    # British day codes
    ("SO", None),
    ("so", None),
    ("SO SX", None),
    ("MO SO", None),
    ("SX", "Mo-Fr"),
    ("FO", "Fr"),
    ("FX", "Mo-Th Sa"),
    ("FSX", "Mo-Th"),
    ("FSO", "Fr Sa"),
    ("MO", "Mo"),
    ("MX", "Tu-Sa"),
    ("MSX", "Tu-Fr"),
    ("ThO", "Th"),
    ("THO", "Th"),
    ("SuO", "Su"),
    ("SUX", "Mo-Sa"),
    ("TWThO", "Tu-Th"),
    ("TThO", "Tu Th"),
    ("MFO", "Mo Fr"),
    ("WO", "We"),
    ("daily SX", "Mo-Fr Su"),
    ("Mo-Fr FX", "Mo-Th"),
    ("Mo-Fr FO", "Fr"),
    ("Mo-Fr SuO", None),
    ("SX FO", None),
    ("STO", None),
    ("SSX", None),
    ("EWD", None),
    ("BHX", None),
    # German and others
    ("So", "Su"),
    ("Sa SO", "Sa Su"),
    ("Mo-SO", "daily"),
    ("Di Do SO", "Tu Th Su"),
    ("Sa Di", None),
    ("Sa-Di", None),
    ("werktags", "Mo-Sa"),
    ("Sonn- und Feiertage", None),
    ("Fr/Sa", None),
    ("Mo+Do", "Mo Th"),
    ("Sa+So", "Sa Su"),
    ("Mo++Do", None),
    ("+Sa", None),
    ("ExSa", "daily not Sa"),
    ("täglich nicht 25.XII.", "daily not 2026-12-25"),
    ("nicht 24.XII.-1.I.", "daily not 2026-12-24..2027-01-01"),
    ("25.XIII.", None),
    ("nicht täglich", None),
    ("not daily", None),
    ("毎日", "daily"),
    ("平日", None),
    ("土休日", None),
    ("隔日", None),
    ("Mo–Fr (an Schultagen)", None),
    ("①-⑤", "Mo-Fr"),
    ("as required", None),
    ("Fr.-So.", "Fr-Su"),
    ("Mo-Fr u. So", None),
    ("Sa,So,Feiertag", None),
    ("Mo-Fr Sa", "Mo-Sa"),
    ("Mondays to Fridays", "Mo-Fr"),
    ("Mondays to Saturdays SX", "Mo-Fr"),
    ("Mon Wed Fri", "Mo We Fr"),
    ("M-F", None),
    ("Th", "Th"),
    ("R", None),
    ("U", None),
    ("Sa or Su", None),
    ("until further notice", None),
    ("from December", None),
    ("school days", None),
    ("†", None),
    # letters
    ("S", None),
    ("T", None),
    ("M", None),
    ("D", None),
    ("W", None),
    ("F", None),
    ("SS", None),
    ("MWF", None),
    ("A", None),
    ("X", None),
    ("SaSu", "Sa Su"),
    ("MoWeFr", "Mo We Fr"),
    ("DiDo", "Tu Th"),
    ("SaSx", None),
    ("Ex Sa-Su", "daily not Sa Su"),
    ("Ex Sa", "daily not Sa"),
    # words that are no days by themselves
    ("Sa am", None),
    ("Mo-Fr pm", None),
    ("on", None),
    ("Sa and", None),
    ("Mo (Sa)", None),
    ("Mo-Fr (not 25 Dec)", "Mo-Fr not 2026-12-25"),
    ("(Sa Su)", "Sa Su"),
    ("Christmas Day", None),
    ("alternate Saturdays", None),
    ("first Sunday", None),
    ("1st Sa", None),
    ("3rd Sa", None),
    ("holidays", None),
    ("bank holidays", None),
    ("every 2 days", None),
    ("every other Sa", None),
    ("not", None),
    ("daily not", None),
    ("daily if needed", None),
    ("see note", None),
    ("?", None),
    ("Mo-", None),
    ("-Fr", None),
    ("Mo-We-Fr", None),
    ("Mo-Dec", None),
    # what stands in two places would go with all of the rest
    ("Sa in Jul Su in Aug", None),
    ("25th in Dec 1st in Jan", None),
    ("Sa in Jul also Su in Aug", "Sa in Jul also Su in Aug"),
    # Chinese
    ("日", None),
    ("三日", None),
    ("周日", "Su"),
    ("3日", "3rd"),
    ("一三五", "Mo We Fr"),
    ("五一", None),
    ("十一", None),
    ("单日", "odd days"),
    ("节假日", None),
    ("春运", None),
    # moved holidays
    ("Mo-Fr, Saturday service on 26 Dec", "Mo-Fr as Sa on 2026-12-26"),
    ("daily as Su on 25 Dec 2026", "daily as Su on 2026-12-25"),
    ("Mo-Fr as Sa on Su", None),
    ("Mo-Fr as Sa on", None),
]  # fmt: skip


@pytest.mark.parametrize(("words", "form"), DAY_WORDS, ids=[words for words, _ in DAY_WORDS])
def test_day_words_are_an_error_or_what_the_page_says(words: str, form: str | None) -> None:
    if form is None:
        with pytest.raises(DaysError):
            canonical(words, (), YEAR)
        return
    assert canonical(words, (), YEAR) == form
    assert canonical(form, (), YEAR) == form


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("SO", "Sa"), ("MO", "Mo"), ("TO", "Tu"), ("SO SuO", "Sa Su"), ("So", None),
        ("weekdays", None), ("MON TO FRI", "Mo-Fr"), ("SX", "Mo-Fr"),
    ],
)  # fmt: skip
def test_day_words_of_a_british_project(words: str, form: str | None) -> None:
    if form is None:
        with pytest.raises(DaysError):
            canonical(words, (), YEAR, gb=True)
        return
    assert canonical(words, (), YEAR, gb=True) == form


@pytest.mark.parametrize("words", ["SO", "5/6", "15", "S", "not Fri 25 Dec", "24/25 Dec"])
def test_an_error_says_both_readings(words: str) -> None:
    with pytest.raises(DaysError, match=r"two ways: .*, or "):
        canonical(words, (), YEAR)


def test_a_date_that_stands_twice_in_the_period_is_told_with_both() -> None:
    with pytest.raises(DaysError, match="2026-12-25 or 2027-12-25"):
        canonical("daily not 25 Dec", (), TWO_YEARS)
    with pytest.raises(DaysError, match="year of '25 Dec' is missing"):
        canonical("daily not 25 Dec")


LETTERS = frozenset("abpnsu") | {"R", "x", "1", "bc", "*"}
MARKS = {"u": ("boards_only",), "s": ("alights_only",), "R": ("boards_only",)}
OF_24 = Manner("24", "", LETTERS, MARKS, lambda words: words in ("Sa", "SX", "Sa Su", "sa"))
OF_12 = Manner("12", "", frozenset("bu"), {}, None)
OF_12_WITH_A = Manner("12", "", frozenset("abp"), {}, None)
UNSAID = Manner("?", "", frozenset("ab"), {}, None)
AFTERNOON = Manner("12", "p", frozenset(), {}, None)

CELLS: list[tuple[Manner, str, str | None]] = [
    # by 24 hours, letters are notes
    (OF_24, "12:33 a", "12:33 a"), (OF_24, "12:33a", "12:33 a"), (OF_24, "9:05 p", "9:05 p"),
    (OF_24, "9:05 pm", "21:05"), (OF_24, "9:05 P.M.", "21:05"), (OF_24, "12:00 am", "0:00"),
    (OF_24, "13:05 pm", None), (OF_24, "0:15 am", None), (OF_24, "9:05 q", "9:05 q"),
    (OF_24, "9:05 Q", None), (OF_24, "9:05 R", "9:05 R boards_only"),
    (OF_24, "u9:05", "9:05 u boards_only"), (OF_24, "09u05", "9:05 u boards_only"),
    (OF_24, "9:05 u", "9:05 u boards_only"), (OF_24, "9:05u s", None),
    (OF_24, "9:05 (u)", "9:05 u boards_only"), (OF_24, "09z05", None),
    (OF_24, "9:05*", "9:05 *"), (OF_24, "9:05 bc", "9:05 bc"), (OF_24, "9:05 x", "9:05 on_request"),
    # nothing says by which clock
    (UNSAID, "12:33a", None), (UNSAID, "9:05 a", None), (UNSAID, "9:05p", None),
    (UNSAID, "9:05 am", "9:05"), (UNSAID, "9:05 b", "9:05 b"), (UNSAID, "9:05", "9:05"),
    # by 12 hours
    (OF_12, "12:33a", "0:33"), (OF_12, "12:33 A", "0:33"), (OF_12, "12:33P", "12:33"),
    (OF_12, "705p", "19:05"), (OF_12, "7p", "19:00"), (OF_12, "7 pm", "19:00"),
    (OF_12, "7:05", None), (OF_12, "12:05", None), (OF_12, "13:05", "13:05"),
    (OF_12, "7:05pb", None), (OF_12, "7:05p b", "19:05 b"), (OF_12, "7:05 pm b", "19:05 b"),
    (OF_12, "7:05 a.m.", "7:05"), (OF_12, "7:05 a. m.", "7:05"), (OF_12, "PM 7:05", "19:05"),
    (OF_12, "noon", "12:00"), (OF_12, "12:00 noon", "12:00"), (OF_12, "12:00n", "12:00"),
    (OF_12, "midnight", "0:00"), (OF_12, "12:00 midnight", "0:00"), (OF_12, "12:00m", None),
    (OF_12, "9:00 noon", None), (OF_12, "下午7:05", "19:05"),
    (OF_12_WITH_A, "12:33a", None), (OF_12_WITH_A, "7:05 p", None),
    (OF_12_WITH_A, "7:05 am a", "7:05 a"), (AFTERNOON, "7:05", "19:05"),
    (AFTERNOON, "7:05 am", "7:05"), (OF_24, "12:00 n", None),
    # days beside a time
    (OF_24, "9:05 Sa", "9:05 [Sa]"), (OF_24, "9:05 SX", "9:05 [SX]"),
    (OF_24, "Sa 9:05", "9:05 [Sa]"), (OF_24, "9:05 sa", None), (OF_24, "9:05 Xy", None),
    # two times, halves, and what is no time
    (OF_24, "7:10/7:15", None), (OF_24, "7:10 7:15", None), (OF_24, "7:10½", "7:10:30"),
    (OF_24, "7.5", None), (OF_24, "7", None), (OF_24, "07:60", None), (OF_24, "25:61", None),
    (OF_24, "1:2", None), (OF_24, "12345", None), (OF_24, "l2:05", None), (OF_24, "7;05", None),
    (OF_24, "9:05 +1 +2", None), (OF_24, "~", None), (OF_24, "〃", None), (OF_24, '"', None),
    (OF_24, "9:05¹", "9:05 ¹"), (OF_24, "9:05 [3]", "9:05"), (OF_24, "9:05 [3] [4]", None),
    (OF_24, "via Leipzig", None), (OF_24, "see note", None), (OF_24, "ca. 9:05", None),
    (OF_24, "次日08:00", "8:00 +1"), (OF_24, "01:21次日", "1:21 +1"),
    (OF_24, "00:05 第2日", "0:05 +1"), (OF_24, "04:20(第三日)", "4:20 +2"),
    (OF_24, "04:20（次日）", "4:20 +1"), (OF_24, "当日 9:05", "9:05 +0"), (OF_24, "次日", None),
    (OF_24, "次日08:00 +2", None), (OF_24, "8:00 (+1)", "8:00 +1"), (OF_24, "第1日 8:00", None),
    (OF_24, "8:00 next day", "8:00 +1"), (OF_24, "始发", "no call"), (OF_24, "终到", "no call"),
    (OF_24, "===", "no call"), (OF_24, "||", "passes"), (OF_24, "レ", "passes"),
    (OF_24, "↓↓↓", "passes"), (OF_24, "|↓", None), (OF_24, "732", "7:32"), (OF_24, "020", "0:20"),
    (OF_24, "32", None), (OF_24, "9:05①", "9:05 ①"), (OF_24, "an 7.52", None),
    (OF_24, "7.52 an", "7:52 an"), (OF_24, "9:05 - 9:10", None), (OF_24, "9:05–9:10", None),
    (OF_24, "approx 9:05", None), (OF_24, "9.05 Uhr", None), (OF_24, "+1", None),
    (OF_24, "9:05 +1 Day", None), (OF_24, "0:00", "0:00"), (OF_24, "24:00", "0:00 +1"),
    (OF_24, "n/a", None), (OF_24, "x", None), (OF_24, "xx", None), (OF_24, "·9:05", None),
    (OF_24, "09 15", "9:15"), (OF_24, "0915", "9:15"), (OF_24, "9h15", "9:15"),
    (OF_24, "9：15", "9:15"), (OF_24, "9.15.30", None), (OF_24, "-9:15", None),
    # lines and dashes
    (OF_24, "↓", "passes"), (OF_24, "│", "passes"), (OF_24, "‖", "passes"), (OF_24, "→", "passes"),
    (OF_24, "|", "passes"), (OF_24, "---", "no call"), (OF_24, "…", "no call"),
    (OF_24, "—", "no call"), (OF_24, "- - -", "no call"), (OF_24, ". . .", "no call"),
]  # fmt: skip


@pytest.mark.parametrize(("manner", "text", "said"), CELLS)
def test_a_cell_is_an_error_or_what_the_page_says(
    manner: Manner, text: str, said: str | None
) -> None:
    if said is None:
        with pytest.raises(TimeError):
            parse_cell(text, manner)
        return
    assert spoken(parse_cell(text, manner)) == said


def spoken(cell: Cell | None) -> str:
    """A cell in words: its clock, notes, days and marks."""
    if cell is None:
        return "no call"
    words = []
    if cell.clock is not None:
        second = cell.clock % 60
        words.append(
            f"{cell.clock // 3600}:{cell.clock // 60 % 60:02}" + f":{second}" * bool(second)
        )
    words += [f"+{cell.day}"] if cell.day is not None else []
    words += cell.notes
    words += [f"[{cell.days}]"] if cell.days else []
    names = ("passes", "on_request", "boards_only", "alights_only", "estimate", "railway")
    words += [name for name in names if getattr(cell, name)]
    return " ".join(words)


@pytest.mark.parametrize("letter", ["12:33a", "9:05 p"])
def test_a_letter_of_two_readings_is_told_with_both(letter: str) -> None:
    with pytest.raises(TimeError, match=r"two ways: [ap]\.m\., or the note"):
        parse_cell(letter, UNSAID)


def test_there_are_enough_of_them() -> None:
    assert len(DAY_WORDS) + len(CELLS) >= 150
