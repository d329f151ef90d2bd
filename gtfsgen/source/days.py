"""The days on which something runs, in the words that railways print.

`parse` reads English, German and Chinese day words into `Days`; `str(days)` (or `canonical`) prints
the one canonical form, and `Days.dates` gives the dates. The grammar, in words:

    days    = selection { ("not" | "also") selection }      worked off from left to right
    selection = weekdays, holidays, days of the month, months, date ranges, every n days,
                calendar names

Selectors of one kind add up (`Mo We`), those of different kinds narrow each other (`Mo-Fr in Jun`).
Weekdays and holidays are one kind: `Su holidays DE` is Sundays and holidays, as it is printed.
Single dates stand alone or after `not` and `also`, where they add to the rest. A date without a
year is the one of the feed period (`printed_dates.py`). `as Sa on 2026-12-26` (Saturday service on
26 December) changes what a date runs like. British codes (`SX`) are read by `british.py`.

What two railways read differently, and what stands where it could belong to two things, is an error
that says both readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from gtfsgen.dates import EPOCH, Dates
from gtfsgen.source.british import GERMAN_TOO, WORKING_WEEK, british
from gtfsgen.source.day_words import (
    CHANGE_WORDS,
    CHINESE_DIGITS,
    EVERY_WEEKDAY,
    FILLERS,
    FROM_WORDS,
    GERMAN_WORDS,
    HOLIDAY_WORDS,
    MONTH_WORDS,
    NUMBER_WORDS,
    OF_TWO_READINGS,
    OPEN_FILLERS,
    WEEK_WORDS,
    WEEKDAY_WORDS,
    WEEKDAYS,
    DaysError,
    UnknownDayWord,
    alternatives,
    in_text,
)
from gtfsgen.source.printed_dates import Period, Printed, dated, printed_dates, two_readings
from gtfsgen.source.words import folded

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ODD_DAYS = frozenset(range(1, 32, 2))
EVEN_DAYS = frozenset(range(2, 32, 2))

Holidays = Callable[[str], Dates]
"""Public holidays by region code, such as CN or DE-BY."""


@dataclass(frozen=True)
class Selection:
    """Days chosen by selectors; an empty kind does not narrow."""

    weekdays: frozenset[int] = frozenset()
    holidays: frozenset[str] = frozenset()
    month_days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    every: frozenset[tuple[int, date]] = frozenset()
    ranges: tuple[tuple[date | None, date | None], ...] = ()
    names: frozenset[str] = frozenset()
    singles: frozenset[date] = frozenset()

    @property
    def narrows(self) -> bool:
        """Whether there is any selector but single dates."""
        kinds = (self.weekdays, self.holidays, self.month_days, self.months)
        return any(kinds) or bool(self.every or self.ranges or self.names)

    def dates(
        self, first: date, last: date, names: Mapping[str, Dates], holidays: Holidays
    ) -> Dates:
        singles = Dates.of(day for day in self.singles if first <= day <= last)
        if not self.narrows and self.singles:
            return singles
        period = Dates.between(first, last)
        chosen = period
        if self.weekdays or self.holidays:
            by_week = on_weekdays(self.weekdays, first, last)
            chosen &= union([by_week, *(holidays(region) for region in self.holidays)])
        if self.months or self.month_days:
            chosen &= by_month(self.months, self.month_days, first, last)
        if self.every:
            chosen &= union(every_n(n, start, first, last) for n, start in self.every)
        if self.ranges:
            chosen &= union(Dates.between(a or first, b or last) for a, b in self.ranges)
        if self.names:
            chosen &= union(names[name] for name in self.names)
        return (chosen | singles) & period

    @property
    def after_change(self) -> str:
        """In words behind `not` or `also`: no weekday stands before a date that falls on it."""
        if (
            self.singles
            and self.weekdays
            and self == Selection(self.weekdays, singles=self.singles)
        ):
            singles = [day.isoformat() for day in sorted(self.singles)]
            return " ".join([*singles, str(replace(self, singles=frozenset()))])
        return str(self)

    def __str__(self) -> str:
        parts: list[str] = []
        if self.weekdays:
            parts.append(runs(sorted(self.weekdays), lambda day: WEEKDAYS[day]))
        if self.holidays:
            parts.append("holidays " + " ".join(sorted(self.holidays)))
        if self.month_days in (ODD_DAYS, EVEN_DAYS):
            parts.append("odd days" if self.month_days == ODD_DAYS else "even days")
        elif self.month_days:
            parts.append(runs(sorted(self.month_days), ordinal))
        parts += [f"every {n} days from {start}" for n, start in sorted(self.every)]
        if self.months:
            parts.append("in " + runs(sorted(self.months), lambda month: MONTHS[month - 1]))
        parts += map(range_text, self.ranges)
        parts += [day.isoformat() for day in sorted(self.singles)]
        parts += sorted(self.names)
        return " ".join(parts) or "daily"


@dataclass(frozen=True)
class Days:
    """Days as read: a selection, then what is taken away or added, in that order."""

    base: Selection = field(default_factory=Selection)
    changes: tuple[tuple[str, Selection], ...] = ()
    """("not" | "also" | "as Sa on", selection)"""

    def dates(
        self,
        first: date,
        last: date,
        names: Mapping[str, Dates] | None = None,
        holidays: Holidays | None = None,
    ) -> Dates:
        """The dates meant within `first`..`last`, both included.

        `names` gives the dates of calendars; `holidays` those of a region.
        """
        known = names or {}
        of_region = holidays or (lambda region: Dates())
        chosen = self.base.dates(first, last, known, of_region)
        for word, selection in self.changes:
            other = selection.dates(first, last, known, of_region)
            if word.startswith("as "):
                chosen = self.as_on(WEEKDAYS.index(word[3:5]), other, chosen, known, of_region)
            else:
                chosen = chosen | other if word == "also" else chosen - other
        return chosen

    def as_on(
        self,
        weekday: int,
        days: Dates,
        chosen: Dates,
        names: Mapping[str, Dates],
        holidays: Holidays,
    ) -> Dates:
        """`chosen`, but on `days` what the base says of `weekday`, seen in the weeks around."""
        for day in days:
            back = timedelta(days=(day.weekday() - weekday) % 7 or 7)
            before, after = day - back, day - back + timedelta(days=7)
            after = after if after != day else after + timedelta(days=7)
            base = self.base.dates(before, after, names, holidays)
            if (before in base) != (after in base):
                raise DaysError(
                    f"Whether it runs like on {WEEKDAYS[weekday]} on {day} can be read in two ways:"
                    f" on {before} and {after} it differs.",
                    str(day),
                    f"write also {day} or not {day}",
                )
            chosen = chosen | Dates.of([day]) if before in base else chosen - Dates.of([day])
        return chosen

    @property
    def selections(self) -> Iterator[Selection]:
        yield self.base
        for _, selection in self.changes:
            yield selection

    @property
    def names(self) -> set[str]:
        return {name for selection in self.selections for name in selection.names}

    @property
    def regions(self) -> set[str]:
        return {region for selection in self.selections for region in selection.holidays}

    def __str__(self) -> str:
        words = [str(self.base)]
        words += [f"{word} {selection.after_change}" for word, selection in self.changes]
        return " ".join(words)


def canonical(
    expression: str, names: Collection[str] = (), period: Period | None = None, *, gb: bool = False
) -> str:
    """The one canonical form of an expression. Raises `DaysError`."""
    return str(parse(expression, names, period, gb=gb))


# ----------------------------------------------------------------------------------- sets of dates


def union(sets: Iterable[Dates]) -> Dates:
    whole = Dates()
    for each in sets:
        whole |= each
    return whole


@lru_cache(maxsize=4096)
def on_weekdays(flags: frozenset[int], first: date, last: date) -> Dates:
    return Dates.weekdays(flags, first, last)


@lru_cache(maxsize=4096)
def by_month(months: frozenset[int], days: frozenset[int], first: date, last: date) -> Dates:
    return Dates.of(
        day
        for day in Dates.between(first, last)
        if (not months or day.month in months) and (not days or day.day in days)
    )


@lru_cache(maxsize=4096)
def every_n(n: int, start: date, first: date, last: date) -> Dates:
    """Every nth day from `start` on, of those from `first` to `last`."""
    begin, end = (start - EPOCH).days, (last - EPOCH).days
    skipped = max(0, -((begin - (first - EPOCH).days) // n))
    return Dates.of_numbers(range(begin + skipped * n, end + 1, n))


# ---------------------------------------------------------------------------------------- printing


def runs(numbers: list[int], name: Callable[[int], str]) -> str:
    """Numbers in words, three or more in a row as a range: `Mo-Fr`, `Sa Su`."""
    words: list[str] = []
    start = 0
    for end in range(1, len(numbers) + 1):
        if end < len(numbers) and numbers[end] == numbers[end - 1] + 1:
            continue
        block = numbers[start:end]
        if len(block) > 2:
            words.append(f"{name(block[0])}-{name(block[-1])}")
        else:
            words += map(name, block)
        start = end
    return " ".join(words)


def ordinal(day: int) -> str:
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def range_text(span: tuple[date | None, date | None]) -> str:
    first, last = span
    if first is None:
        return f"until {last}"
    return f"from {first}" if last is None else f"{first}..{last}"


def merged(
    ranges: Iterable[tuple[date | None, date | None]],
) -> tuple[tuple[date | None, date | None], ...]:
    """Ranges in order, those that touch as one: one set of dates has one form."""
    ordered = sorted(ranges, key=lambda span: span[0] or date.min)
    result: list[tuple[date | None, date | None]] = []
    for first, last in ordered:
        if result:
            before_first, before_last = result[-1]
            if before_last is None or (first is None or first <= before_last + timedelta(days=1)):
                end = None if None in (before_last, last) else max(before_last, last)  # type: ignore[type-var]
                result[-1] = (before_first, end)
                continue
        result.append((first, last))
    return tuple(result)


# ----------------------------------------------------------------------------------------- reading

SCANNER = re.compile(
    "|".join(
        [
            r"(?P<blank>[\s,;、&|]+|(?<=[^\W\d_])\+(?=[^\W\d_]))",
            r"(?P<every>\bevery\s+(?P<n1>\d+|other|second|third|fourth)\s*(?:st|nd|rd|th)?\s+days?\b"
            r"|\balle\s+(?P<n2>\d+)\s+tage\b|\bjeden\s+(?P<n3>zweiten|dritten)\s+tag\b"
            r"|隔日|每隔(?P<n5>\d+)[天日]|每(?P<n4>\d+)[天日])",
            r"(?P<odd>\bodd\s+da(?:ys|tes)\b|\bungerade\s+tage\b|单日)",
            r"(?P<even>\beven\s+da(?:ys|tes)\b|\bgerade\s+tage\b|双日)",
            r"(?P<monthday>(?<!\d)(?:"
            r"\d{1,2}(?:st|nd|rd|th)\b|\d{1,2}\.(?![\d.])|\d{1,2}[日号]))",
            r"(?P<chinese_month>(?<!\d)\d{1,2}月)",
            rf"(?P<week>(?:{in_text(WEEK_WORDS)})\.?)",
            r"(?P<chinese_week>每?(?:周|星期|礼拜)[一二三四五六日天1-7]+|(?<![\w])[一二三四五六日天]+)",
            r"(?P<digits>(?<![\d.])[1-7](?:[1-7]*|(?:\.[1-7])+)(?![\d]|-\d\d|\.\d))",
            rf"(?P<holiday>{in_text(HOLIDAY_WORDS)})",
            rf"(?P<change>{in_text(CHANGE_WORDS)})",
            r"(?P<to>\.\.\.?|…|[-–—~〜−]|\b(?:to|through|thru|bis)\b|至|到)",
            r"(?P<until>\b(?:until|till|up\s+to)\b|截至)",
            rf"(?P<from>{in_text(FROM_WORDS)})",
            rf"(?P<filler>{in_text(FILLERS)})",
            r"(?P<word>[^\W\d_]+)\.?",
        ]
    ),
    re.IGNORECASE,
)

REGION = re.compile(r"\s*[,/]?\s*([A-Za-z]{2}(?:-[A-Za-z0-9]{1,4})?)(?![A-Za-z0-9])")

VOCABULARY = [
    *WEEKDAY_WORDS, *MONTH_WORDS, *WEEK_WORDS, *CHANGE_WORDS, *HOLIDAY_WORDS, "from", "until",
    "every", "odd days", "even days",
]  # fmt: skip


@dataclass(frozen=True)
class Token:
    kind: str
    value: object
    text: str
    apart: bool = False
    """Whether a word such as `and` stands before it."""


def parse(
    expression: str, names: Collection[str] = (), period: Period | None = None, *, gb: bool = False
) -> Days:
    """Read day words; `names` are those of calendars. Raises `DaysError`.

    `period` gives dates without a year theirs; with `gb`, day codes are those of British tables.
    """
    return cached_parse(expression, tuple(names), period, gb)


@lru_cache(maxsize=65536)
def cached_parse(expression: str, names: tuple[str, ...], period: Period | None, gb: bool) -> Days:
    if len(expression) > LONGEST:
        raise DaysError(f"The days have more than {LONGEST:,} characters.", expression[:40])
    text = without_brackets(unicodedata.normalize("NFKC", expression).strip())
    text = EX_TOGETHER.sub("ex ", ROMAN.sub(in_arabic, text))
    tokens = with_years(list(tokenized(text, names, gb)), period)
    if not tokens:
        raise DaysError("No days are given.", expression, "write daily, Mo-Fri, 2026-05-01 ...")
    groups: list[tuple[str, list[Token]]] = [("", [])]
    for token in tokens:
        if token.kind == "change":
            groups.append((str(token.value), []))
        else:
            groups[-1][1].append(token)
    for word, group in groups[1:]:
        if not group:
            raise DaysError(f"Nothing follows {word!r}.", word, "name dates, weekdays or holidays")
        if word.startswith("as ") and not all(t.kind in ("date", "to") for t in group):
            raise DaysError(f"After {word!r} stand dates.", word, "write as Sa on 2026-12-26")
    if not groups[0][1] and len(groups) > 1:
        check_leaves_days(groups[1])
    base = selection(groups[0][1], alone=True)
    changes = []
    for word, group in groups[1:]:
        made = selection(group)
        if word.startswith("as ") and made.ranges:
            raise DaysError(f"After {word!r} stand single dates.", word, "write each date")
        changes.append((word, made))
    return Days(base, tuple(changes))


LONGEST = 50_000
"""Characters of day words: each date of ten years."""

ROMAN_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
ROMAN = re.compile(r"(?<!\d)(\d{1,2})\.\s?(XI{0,2}|IX|IV|V?I{1,3}|V)\b\.?")
"""Dates with the month in Roman numbers, `24.XII.`"""
EX_TOGETHER = re.compile(r"\bEx(?=[A-Z][a-z])")
"""`ExSa`, as Amtrak prints it."""


def in_arabic(match: re.Match[str]) -> str:
    return f"{match[1]}. {MONTHS[ROMAN_MONTHS.index(match[2])]}"


def check_leaves_days(group: tuple[str, list[Token]]) -> None:
    """`nicht täglich` says that there are days without the train, and not which."""
    word, tokens = group
    if word == "not" and len(tokens) == 1 and tokens[0].value == EVERY_WEEKDAY:
        raise DaysError(
            f"Not {tokens[0].text} does not say on which days it runs.",
            tokens[0].text,
            "write the days, as Mo-Fr, or dates",
        )


BRACKETS = re.compile(r"\(([^()]*)\)")
OPENING = re.compile(
    rf"\s*(?:{in_text(CHANGE_WORDS)}|{in_text(FROM_WORDS)}|(?:until|till|bis|in|im|only|nur)\b)",
    re.IGNORECASE,
)


def without_brackets(text: str) -> str:
    """Brackets around all of it, or around what begins with `not`, `from` and the like, say nothing
    of their own; others could mean anything.
    """

    def opened(match: re.Match[str]) -> str:
        if match[0] == text or OPENING.match(match[1]):
            return f" {match[1]} "
        raise DaysError(
            f"What the brackets around {match[1]!r} mean is not said.",
            match[0],
            "write not or also",
        )

    return BRACKETS.sub(opened, text).strip()


def tokenized(text: str, names: tuple[str, ...], gb: bool = False) -> Iterator[Token]:
    """The words of day words, with fillers left out. Raises `DaysError` at what is none."""
    calendars = {folded(name): name for name in names}
    named = None
    if calendars:
        named = re.compile(rf"(?<!\w)(?:{alternatives(calendars)})(?!\w)", re.IGNORECASE)
    codes = all(british(word) for word in re.split(r"[\s,;&]+", text) if word)
    position = 0
    apart = False
    last_filler = ""
    while position < len(text):
        if named and (match := named.match(text, position)):
            name = calendars[folded(match[0])]
            yield Token("name", name, match[0])
            position, apart, last_filler = match.end(), False, ""
            continue
        if (match := AS_ON.match(text, position)) and (day := next(filter(None, match.groups()))):
            number = WEEKDAY_WORDS[day.lower()]
            yield Token("change", f"as {WEEKDAYS[number]} on", match[0])
            position, apart, last_filler = match.end(), False, ""
            continue
        if found := printed_dates(text, position):
            for word in found[0]:
                if isinstance(word, Printed):
                    yield Token("printed", word, word.text, apart)
                else:
                    yield Token("to", None, "-")
                apart = False
            position, last_filler = found[1], ""
            continue
        match = SCANNER.match(text, position)
        if match is None or match.lastgroup is None:
            raise unknown(text[position:].split()[0], names)
        kind = next(k for k in KINDS if match[k] is not None)
        code = code_token(text, position, gb, codes)
        position = position + len(code.text) if code else match.end()
        if code:
            yield code
        elif kind == "holiday":
            regions, position = holiday_regions(text, position)
            yield Token("holidays", regions, match[0], apart)
        elif kind == "filler":
            apart, last_filler = True, match[0]
            continue
        elif kind == "blank":
            continue
        else:
            yield token_of(kind, match, names, gb)
        apart, last_filler = False, ""
    if last_filler.lower() in OPEN_FILLERS:
        raise DaysError(
            f"Nothing follows {last_filler!r}; it is no day by itself.", last_filler, "leave it out"
        )


AS_ON = re.compile(
    rf"(?:\bas\s+(?:on\s+)?(?:a\s+)?)?\b({alternatives(WEEKDAY_WORDS)})(?:'s)?\s+"
    r"(?:service|timetable|times|schedule)\s+(?:runs\s+)?(?:on|for)\b"
    rf"|\b(?:runs\s+)?as\s+(?:on\s+)?(?:a\s+)?({alternatives(WEEKDAY_WORDS)})\s+on\b"
    rf"|\bwie\s+(?:an?\s+)?({alternatives(WEEKDAY_WORDS)})\s+am\b",
    re.IGNORECASE,
)
"""`Saturday service on`, `as Sa on`, `wie Sa am`: dates follow that run like another weekday."""

WORD = re.compile(r"[^\W\d_]+")


def code_token(text: str, position: int, gb: bool, codes_only: bool) -> Token | None:
    """The British day code at `position`; an error where it could as well be another word."""
    match = WORD.match(text, position)
    if match is None or (position and text[position - 1].isalnum()):
        return None
    word = match[0]
    known = british(word)
    if word.upper() == "SO":
        if gb and word == "SO":
            return Token("only", frozenset([5]), word)
        if not gb and (word == "So" or is_german(text, match)):
            return None
        raise two_readings(
            word, "Sundays, as in German", "Saturdays only, as in Britain",
            'write Su or Sa, or days = "gb" in feed.toml',
        )  # fmt: skip
    if known is None or (word in GERMAN_TOO and not (gb and codes_only)):
        return None
    return Token(known[0], known[1], word)


def is_german(text: str, match: re.Match[str]) -> bool:
    """Whether the words beside `SO` are German, or it ends a range, as no British code does."""
    if re.search(r"[-–—~]\s*$|\bbis\s+$", text[: match.start()], re.IGNORECASE):
        return True
    others = {each.lower() for each in WORD.findall(text)} - {"so"}
    return bool(others & GERMAN_WORDS)


def with_years(tokens: list[Token], period: Period | None) -> list[Token]:
    """The tokens with printed dates given their year, and becoming dates."""
    places = [i for i, token in enumerate(tokens) if token.kind == "printed"]
    printed: list[Printed] = [tokens[i].value for i in places]  # type: ignore[misc]
    spans = [
        i + 2 < len(tokens)
        and tokens[i + 1].kind in ("to", "until")
        and tokens[i + 2].kind == "printed"
        for i in places
    ]
    for k, i in enumerate(places):
        day = dated(printed, k, spans, period)
        tokens[i] = Token("date", day, tokens[i].text, tokens[i].apart)
    return tokens


KINDS = (
    "blank", "every", "odd", "even", "monthday", "chinese_month", "week", "chinese_week",
    "digits", "holiday", "change", "to", "until", "from", "filler", "word",
)  # fmt: skip


def token_of(kind: str, match: re.Match[str], names: tuple[str, ...], gb: bool = False) -> Token:
    text = match[0]
    low = text.lower().rstrip(".")
    if kind == "every":
        number = match["n1"] or match["n2"] or match["n3"] or match["n4"] or "2"
        n = NUMBER_WORDS.get(number.lower()) or (
            int(match["n5"]) + 1 if match["n5"] else int(number)
        )
        if n < 1:
            raise DaysError("Every 0 days is never.", text, "write every 2 days from 2026-03-12")
        return Token("every", n, text)
    if kind in ("odd", "even"):
        return Token("monthdays", ODD_DAYS if kind == "odd" else EVEN_DAYS, text)
    if kind == "monthday":
        return Token("monthday", checked(int(re.match(r"\d+", text)[0]), 31, "day", text), text)  # type: ignore[index]
    if kind == "chinese_month":
        return Token("month", checked(int(text[:-1]), 12, "month", text), text)
    if kind == "week":
        if gb and low == "weekdays":
            raise two_readings(
                text, "Mondays to Fridays", "Mondays to Saturdays", "write SX or EWD"
            )
        return Token("week", WEEK_WORDS[low], text)
    if kind == "chinese_week":
        if re.fullmatch("[一二三四五六天]?日", text):
            raise two_readings(text, "weekdays", "a day of the month", "write 周日, or 3日")
        return digits_token([CHINESE_DIGITS[c] for c in text if c in CHINESE_DIGITS], text)
    if kind == "digits":
        if text.isdigit() and 12 <= int(text) <= 31 and text[0] < text[1]:
            days = " and ".join(WEEKDAYS[int(c) - 1] for c in text if c in "1234567")
            raise two_readings(
                text, f"weekdays {text[0]} and {text[1]} ({days})",
                f"the {ordinal(int(text))} of the month", f"write {days.replace(' and', '')}",
            )  # fmt: skip
        return digits_token([int(c) for c in text if c.isdigit()], text)
    if kind == "change":
        return Token("change", CHANGE_WORDS[low], text)
    if kind == "word":
        if low in WEEKDAY_WORDS:
            return Token("weekday", WEEKDAY_WORDS[low], text)
        if low in MONTH_WORDS:
            return Token("month", MONTH_WORDS[low], text)
        if low in OF_TWO_READINGS:
            raise two_readings(text, *OF_TWO_READINGS[low])
        if (flags := run_together(text)) is not None:
            return Token("week", flags, text)
        raise unknown(text, names)
    return Token(kind, None, text)


def run_together(word: str) -> frozenset[int] | None:
    """Weekdays of two letters each without a gap, as Amtrak prints them: `SaSu`, `MoWeFr`."""
    pieces = re.findall("[A-Z][a-z]", word)
    if len(pieces) < 2 or "".join(pieces) != word:
        return None
    days = [WEEKDAY_WORDS.get(piece.lower()) for piece in pieces]
    return None if None in days else frozenset(days)  # type: ignore[arg-type]


def unknown(word: str, names: Iterable[str]) -> UnknownDayWord:
    return UnknownDayWord(f"{word!r} is not a word for days.", word, (*names, *VOCABULARY))


def digits_token(numbers: list[int], text: str) -> Token:
    if numbers != sorted(set(numbers)):
        raise DaysError(f"{text!r} repeats weekdays or has them out of order.", text, "1 is Monday")
    if len(numbers) == 1:
        return Token("weekday", numbers[0] - 1, text)
    return Token("week", frozenset(n - 1 for n in numbers), text)


def checked(number: int, most: int, what: str, text: str) -> int:
    if not 1 <= number <= most:
        raise DaysError(f"There is no {what} {text!r}.", text, f"1 to {most}")
    return number


def holiday_regions(text: str, position: int) -> tuple[frozenset[str], int]:
    """The region codes after the word; further ones only in capitals, as `Sa` is also a weekday."""
    regions: list[str] = []
    while match := REGION.match(text, position):
        if regions and not match[1].isupper():
            break
        regions.append(match[1].upper())
        position = match.end()
    if not regions:
        raise DaysError(
            "Whose holidays is not said.",
            "holidays",
            "name country or region: holidays CN, holidays DE-BY",
        )
    return frozenset(regions), position


def selection(tokens: list[Token], *, alone: bool = False) -> Selection:
    """The selection that a list of tokens without `not` and `also` makes."""
    made = Selection()
    ranges: list[tuple[date | None, date | None]] = []
    codes: dict[str, frozenset[int]] = {}
    check_together(tokens)
    i = 0
    while i < len(tokens):
        token = tokens[i]
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        after = tokens[i + 2] if i + 2 < len(tokens) else None
        spans = following is not None and following.kind == "to"
        if spans and after is not None:
            check_dimanche(tokens, i + 2)
        check_dimanche(tokens, i)
        if token.kind in ("weekday", "month", "monthday") and spans:
            if after is None or after.kind != token.kind:
                raise DaysError(
                    f"The range {token.text!r} {following.text!r} has no end.",  # type: ignore[union-attr]
                    token.text,
                    "write the second day of the range",
                )
            made = added(made, token.kind, cycle(token, after))
            i += 3
        elif token.kind in ("weekday", "month", "monthday"):
            made = added(made, token.kind, frozenset([token.value]))
            i += 1
        elif token.kind in ("week", "monthdays", "holidays", "name"):
            value = frozenset([token.value]) if token.kind == "name" else token.value
            made = added(made, token.kind, value)  # type: ignore[arg-type]
            i += 1
        elif token.kind in ("only", "excepted"):
            codes[token.kind] = codes.get(token.kind, frozenset()) | token.value  # type: ignore[operator]
            i += 1
        elif token.kind == "every":
            start = next((t for t in tokens[i + 1 : i + 3] if t.kind == "date"), None)
            if start is None:
                raise DaysError(
                    f"{token.text!r} does not say from when.",
                    token.text,
                    "write every 2 days from 2026-03-12",
                )
            made = replace(made, every=made.every | {(token.value, start.value)})  # type: ignore[arg-type]
            i = tokens.index(start, i) + 1
        else:
            span, i = date_span(tokens, i)
            if span[0] is not None and span[0] == span[1]:
                check_dated_weekday(tokens, i, span[0])
                made = replace(made, singles=made.singles | {span[0]})
            elif open_from(ranges) and span[0] is None:
                ranges[-1] = (ranges[-1][0], span[1])
            else:
                ranges.append(span)
    for first, last in ranges:
        if first and last and last < first:
            raise DaysError(
                f"{first}..{last} ends before it begins.",
                f"{first}..{last}",
                f"write the years; if both ends are meant: until {last}, from {first}",
            )
    made = replace(with_codes(made, codes, tokens), ranges=merged(ranges))
    narrows = made.narrows
    if made.weekdays == EVERY_WEEKDAY:
        made = replace(made, weekdays=frozenset(), holidays=frozenset())
    if alone and made.singles and narrows:
        raise DaysError(
            "Single dates stand beside other days.",
            str(min(made.singles)),
            f"write also {min(made.singles)}, or make it a range",
        )
    if made.month_days and made.weekdays:
        raise DaysError(
            "Days of the month and weekdays together can be read in two ways.",
            tokens[0].text,
            "write the dates themselves",
        )
    if made.month_days == frozenset(range(1, 32)):
        made = replace(made, month_days=frozenset())
    if made.months == frozenset(range(1, 13)):
        made = replace(made, months=frozenset())
    if not made.narrows and (narrows or not made.singles):  # every day, whatever stands beside it
        made = Selection(weekdays=frozenset() if alone else EVERY_WEEKDAY)
    return made


def check_dimanche(tokens: list[Token], i: int) -> None:
    """`Sa Di` is Saturday and Sunday in French, and no order that a German would write."""
    if i and tokens[i].text.lower().rstrip(".") == "di":
        before = [t for t in tokens[max(i - 2, 0) : i] if t.kind == "weekday"]
        if before and before[-1].value == 5:
            raise two_readings(
                "Sa Di", "Saturday and Tuesday", "samedi et dimanche", "write Su or Tu"
            )


KIND_GROUPS = {
    "weekday": "weekdays", "week": "weekdays", "holidays": "weekdays", "only": "weekdays",
    "excepted": "weekdays", "month": "months", "monthday": "days of the month",
    "monthdays": "days of the month", "name": "calendars", "every": "every n days",
}  # fmt: skip


def check_together(tokens: list[Token]) -> None:
    """`Sa in Jul Su in Aug`: selectors of one kind apart, with those of another kind between.

    Kinds narrow each other as wholes, so that each would go with all of the others.
    """
    kinds: list[tuple[str, Token]] = []
    for token in tokens:
        group = KIND_GROUPS.get(token.kind)
        if group is None or (kinds and kinds[-1][0] == group):
            continue
        if any(group == known for known, _ in kinds):
            raise DaysError(
                f"The {group} stand in two places, so that {token.text!r} can be read in two ways.",
                token.text,
                "write the first part, then also and the second",
            )
        kinds.append((group, token))


def check_dated_weekday(tokens: list[Token], end: int, day: date) -> None:
    """`not Fri 25 Dec`: that one date, or all Fridays and that date."""
    i = end - 1
    before = tokens[i - 1] if i else None
    if before is None or before.kind != "weekday" or tokens[i].apart:
        return
    in_range = i > 1 and tokens[i - 2].kind == "to"
    if before.value == day.weekday() and not in_range:
        name = WEEKDAYS[day.weekday()]
        raise two_readings(
            f"{before.text} {tokens[i].text}", f"only {day}, a {name}",
            f"every {name} and {day}", f"write {day}, or {day} {name}",
        )  # fmt: skip


def with_codes(made: Selection, codes: dict[str, frozenset[int]], tokens: list[Token]) -> Selection:
    """The weekdays that British codes leave of those named, or of Mondays to Saturdays."""
    if not codes:
        return made
    word = next(token.text for token in tokens if token.kind in codes)
    if len(codes) > 1:
        raise two_readings(word, "only these days", "all but those", "write the weekdays")
    kind, days = next(iter(codes.items()))
    if kind == "excepted":
        left = (made.weekdays or WORKING_WEEK) - days
    else:
        left = days
        if made.weekdays and not days <= made.weekdays:
            raise two_readings(word, "these days only", "these days too", "write the weekdays")
    if not left:
        raise DaysError(f"{word!r} leaves no day.", word)
    return replace(made, weekdays=left)


def open_from(ranges: list[tuple[date | None, date | None]]) -> bool:
    return bool(ranges) and ranges[-1][0] is not None and ranges[-1][1] is None


FIELD_OF = {
    "weekday": "weekdays",
    "week": "weekdays",
    "month": "months",
    "monthday": "month_days",
    "monthdays": "month_days",
    "holidays": "holidays",
    "name": "names",
}


def added(made: Selection, kind: str, values: frozenset[Any]) -> Selection:
    name = FIELD_OF[kind]
    return replace(made, **{name: getattr(made, name) | values})


def cycle(first: Token, last: Token) -> frozenset[int]:
    """The numbers of a range; weekdays and months may pass the end (`Fr-Mo`, `Nov-Feb`)."""
    low, size = {"weekday": (0, 7), "month": (1, 12), "monthday": (1, 31)}[first.kind]
    a, b = int(first.value), int(last.value)  # type: ignore[call-overload]
    if first.kind == "monthday" and b < a:
        raise DaysError(f"{first.text}-{last.text} ends before it begins.", first.text)
    return frozenset(low + (a - low + k) % size for k in range((b - a) % size + 1))


def date_span(tokens: list[Token], i: int) -> tuple[tuple[date | None, date | None], int]:
    """A date, `A..B`, `from A`, `until B`, `A..`, `..B` at `i`; and the index after it."""

    def day(k: int) -> date | None:
        if k < len(tokens) and tokens[k].kind == "date":
            assert isinstance(tokens[k].value, date)
            return tokens[k].value  # type: ignore[return-value]
        return None

    def kind(k: int) -> str:
        return tokens[k].kind if k < len(tokens) else ""

    start = i
    opening = kind(i) == "from"
    if opening:
        i += 1
    if kind(i) in ("until", "to") and not opening and (last := day(i + 1)):
        return (None, last), i + 2
    first = day(i)
    if first is None:
        raise DaysError(
            f"{tokens[start].text!r} stands without a date.", tokens[start].text, "write 2026-05-01"
        )
    i += 1
    if kind(i) in ("to", "until"):
        last = day(i + 1)
        if last is not None:
            return (first, last), i + 2
        if kind(i) == "to" and not opening:
            return (first, None), i + 1
        raise DaysError(
            f"{tokens[i].text!r} stands without a date.", tokens[i].text, "write 2026-05-01"
        )
    return ((first, None) if opening else (first, first)), i
