"""Dates as they are printed: `25 Dec`, `Dec 24-26`, `25.12.`, `25/12`, `12月25日`, mostly yearless.

A date without a year is the one such date of the feed period. Where there is none or more than one,
and where a date can be read in two ways (`5/6`, `24/25 Dec`), the error says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gtfsgen.source.day_words import ANY_MONTH, MONTH_WORDS, DaysError

Period = tuple[date, date]
"""First and last day of the feed, both included."""

NUMBER = r"\d{1,2}(?!\d)(?:\.(?![\d.])|st\b|nd\b|rd\b|th\b)?"
JOINED = r"\s*(?:\.\.\.?|…|[,;&/\-–—−~〜]|\b(?:and|und|to|through|thru|bis)\b)\s*"
NUMBERS = rf"{NUMBER}(?:{JOINED}{NUMBER})*"
DAY_FIRST = re.compile(
    rf"(?P<days>{NUMBERS})\s*(?:of\s+)?(?P<month>{ANY_MONTH})\b\.?(?:,?\s*(?P<year>\d{{4}})\b)?",
    re.IGNORECASE,
)
MONTH_FIRST = re.compile(
    rf"(?P<month>{ANY_MONTH})\b\.?\s*(?P<days>{NUMBERS})(?:,?\s*(?P<year>\d{{4}})\b)?",
    re.IGNORECASE,
)
CHINESE = re.compile(
    r"(?P<month>\d{1,2})月(?P<days>\d{1,2}[日号](?:\s*[、，,和及至到\-–—~〜]\s*\d{1,2}[日号](?!月))*)"
)
ISO = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)")
CHINESE_FULL = re.compile(
    r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]"
)
NUMERIC = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[./-])(?P<two>\d{1,2})"
    r"(?:(?P=mark)(?P<year>\d{4}|\d{2}))?(?P<end>\.?)(?![\d.]*\d)"
)
RANGE = re.compile(r"\s*(?:\.\.\.?|…|[-–—−~〜至到]|\b(?:to|through|thru|bis)\b)\s*", re.IGNORECASE)
TWO_DIGITS = re.compile(rf",?\s+'?(\d{{1,2}})(?!\d)(?!\s*(?:{ANY_MONTH}|st|nd|rd|th|[./-]))", re.I)
MONTH_AGAIN = re.compile(rf"\s+(?:{ANY_MONTH})\b(?!\.?\s*\d)", re.IGNORECASE)
LARGEST_WEEKDAY = 7


@dataclass(frozen=True)
class Printed:
    """A date as printed; without a year until the feed period gives it one."""

    month: int
    day: int
    year: int | None
    text: str


def printed_dates(text: str, at: int) -> tuple[list[Printed | str], int] | None:
    """The dates that begin at `at`, with `to` between the ends of a range, and where they end.

    None if no date begins there. Raises `DaysError` for dates that can be read in two ways.
    """
    if at and (text[at - 1].isdigit() or (text[at].isalpha() and text[at - 1].isalnum())):
        return None
    if match := ISO.match(text, at) or CHINESE_FULL.match(text, at):
        numbers = (int(match["month"]), int(match["day"]), int(match["year"]))
        return [Printed(*numbers, match[0])], match.end()
    if match := CHINESE.match(text, at):
        return listed(match, int(match["month"])), match.end()
    if match := DAY_FIRST.match(text, at):
        check_day_first(text, match)
        return listed(match, MONTH_WORDS[match["month"].lower()]), match.end()
    if match := MONTH_FIRST.match(text, at):
        check_month_first(text, match)
        return listed(match, MONTH_WORDS[match["month"].lower()]), match.end()
    if match := NUMERIC.match(text, at):
        return numeric(match)
    return None


def check_day_first(text: str, match: re.Match[str]) -> None:
    """`25 Dec 26`: a day or a year."""
    after = None if match["year"] else TWO_DIGITS.match(text, match.end())
    if after is not None:
        raise two_readings(
            match[0] + after[0], f"{match[0]} of the year 20{after[1]:0>2}", "two dates"
        )


def check_month_first(text: str, match: re.Match[str]) -> None:
    """`Sep 15 May`: the day is of the month before it or behind it."""
    after = None if match["year"] else MONTH_AGAIN.match(text, match.end())
    if after is not None:
        raise two_readings(
            match[0] + after[0], match[0], f"{match['days'].strip()}{after[0]}", "write 15 Sep"
        )


def listed(match: re.Match[str], month: int) -> list[Printed | str]:
    """The dates of `24, 25 and 26 Dec 2026` or `24-26 Dec`."""
    year = match.groupdict().get("year")
    pieces = re.findall(r"\d+|至|到|\D+", match["days"])
    words: list[Printed | str] = []
    joins: list[str] = []
    for piece in pieces:
        if piece.isdigit():
            words.append(Printed(month, int(piece), int(year) if year else None, match[0].strip()))
            continue
        mark = re.sub(r"^(?:st|nd|rd|th)\b|^\.(?!\.)|[日号\s]", "", piece, flags=re.I)
        joins.append(mark)
        if mark == "/":
            one, two = (p for p in re.findall(r"\d+", match["days"])[:2])
            raise two_readings(
                match[0], f"{one} and {two}", f"the night from {one} to {two}", "write both dates"
            )
        if mark and RANGE.fullmatch(mark):
            words.append("to")
    numbers = [int(word.day) for word in words if isinstance(word, Printed)]
    if "to" in words and len(numbers) > 2 and numbers[0] <= LARGEST_WEEKDAY:
        raise two_readings(match[0], "dates of the month", "weekdays and a date", "write also")
    return words


def numeric(match: re.Match[str]) -> tuple[list[Printed | str], int] | None:
    """`25.12.`, `25.12.2026`, `25/12`, `12/25/2026`; what fits both ways round is an error."""
    one, two, mark, year = int(match["one"]), int(match["two"]), match["mark"], match["year"]
    text = match[0]
    if mark == "-" and year is None:
        return None  # 1-5: weekdays
    if year is not None and len(year) == 2:
        raise DaysError(f"The year of {text!r} has two digits.", text, "write 2026-12-01")
    end = match.end()
    if mark == ".":
        if year is None and not match["end"] and 1 <= one < two <= LARGEST_WEEKDAY:
            raise two_readings(text, f"the date {one}.{two}.", f"weekdays {one} and {two}")
        if year is None and match["end"] == "" and not 1 <= two <= 12:
            return None
        end -= bool(year) and bool(match["end"])
        return [Printed(two, one, int(year) if year else None, text)], end
    if one <= 12 and two <= 12 and one != two:
        raise two_readings(
            text, f"day {one} of month {two}", f"day {two} of month {one}", "write 2026-05-01"
        )
    day, month = (two, one) if two > 12 else (one, two)
    end = match.end("year") if year else match.end("two")
    return [Printed(month, day, int(year) if year else None, text)], end


def two_readings(text: str, one: str, other: str, hint: str = "write 2026-12-25") -> DaysError:
    return DaysError(f"{text.strip()!r} can be read in two ways: {one}, or {other}.", text, hint)


def dated(printed: list[Printed], i: int, spans: list[bool], period: Period | None) -> date:
    """The date of `printed[i]`; `spans[i]` says that a range leads from it to the next one.

    A range with one year gives it to both ends: the other is the nearest such date on its side.
    """
    each = printed[i]
    if each.year is not None:
        return day_of(each, each.year)
    if i + 1 < len(printed) and spans[i] and printed[i + 1].year is not None:
        last = day_of(printed[i + 1], printed[i + 1].year)  # type: ignore[arg-type]
        return max(day for day in around(each, last.year) if day <= last)
    if i and spans[i - 1] and printed[i - 1].year is not None:
        first = day_of(printed[i - 1], printed[i - 1].year)  # type: ignore[arg-type]
        return min(day for day in around(each, first.year) if day >= first)
    if period is None:
        raise DaysError(f"The year of {each.text!r} is missing.", each.text, "write 2026-12-25")
    first, last = period
    found = [d for year in range(first.year, last.year + 1) for d in around(each, year, 0)]
    found = [day for day in dict.fromkeys(found) if first <= day <= last]
    if len(found) == 1:
        return found[0]
    if not found:
        if not list(around(each, first.year, 4)):
            raise no_date(each.text)
        raise DaysError(
            f"{each.text!r} has no year, and the feed from {first} to {last} has no such day.",
            each.text,
            "write the date with its year",
        )
    shown = " or ".join(map(str, found[:2]))
    raise DaysError(
        f"{each.text!r} has no year and can be read in two ways: {shown}.",
        each.text,
        f"write {found[0]}, or {' '.join(map(str, found[:2]))} for both",
    )


def around(each: Printed, year: int, by: int = 1) -> Iterator[date]:
    for other in range(year - by, year + by + 1):
        try:
            yield date(other, each.month, each.day)
        except ValueError:
            continue


def day_of(each: Printed, year: int) -> date:
    try:
        return date(year, each.month, each.day)
    except ValueError:
        raise no_date(each.text) from None


def no_date(text: str) -> DaysError:
    return DaysError(f"There is no date {text!r}.", text, "year-month-day")
