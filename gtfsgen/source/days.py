"""The days on which something runs, in the words that railways print.

`parse` reads English, German and Chinese day words into `Days`; `str(days)` (or `canonical`) prints
the one canonical form, and `Days.dates` gives the dates. The grammar, in words:

    days    = selection { ("not" | "also") selection }      worked off from left to right
    selection = weekdays, holidays, days of the month, months, date ranges, every n days,
                calendar names

Selectors of one kind add up (`Mo We`), those of different kinds narrow each other (`Mo-Fr in Jun`).
Weekdays and holidays are one kind: `Su holidays DE` is Sundays and holidays, as it is printed.
Single dates stand alone or after `not` and `also`, where they add to the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from gtfsgen.dates import EPOCH, Dates
from gtfsgen.source.words import did_you_mean, folded

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EVERY_WEEKDAY = frozenset(range(7))
ODD_DAYS = frozenset(range(1, 32, 2))
EVEN_DAYS = frozenset(range(2, 32, 2))

Holidays = Callable[[str], Dates]
"""Public holidays by region code, such as CN or DE-BY."""


class DaysError(ValueError):
    """Words that are not days. `word` is the part at fault, `hint` how to mend it."""

    def __init__(self, message: str, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.word, self.hint = message, word, hint


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
            chosen &= union(every_n(n, start, last) for n, start in self.every)
        if self.ranges:
            chosen &= union(Dates.between(a or first, b or last) for a, b in self.ranges)
        if self.names:
            chosen &= union(names[name] for name in self.names)
        return (chosen | singles) & period

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
    """("not" | "also", selection)"""

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
            chosen = chosen | other if word == "also" else chosen - other
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
        words += [f"{word} {selection}" for word, selection in self.changes]
        return " ".join(words)


def canonical(expression: str, names: Collection[str] = ()) -> str:
    """The one canonical form of an expression. Raises `DaysError`."""
    return str(parse(expression, names))


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
def every_n(n: int, start: date, last: date) -> Dates:
    count = (last - start).days // n + 1
    bits = sum(1 << (n * k) for k in range(max(count, 0)))
    return Dates(bits << (start - EPOCH).days)


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

WEEKDAY_NAMES = (
    "mo tu we th fr sa su",
    "mon tue wed thu fri sat sun",
    "monday tuesday wednesday thursday friday saturday sunday",
    "mondays tuesdays wednesdays thursdays fridays saturdays sundays",
    "mo di mi do fr sa so",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "montags dienstags mittwochs donnerstags freitags samstags sonntags",
)
WEEKDAY_WORDS = {
    word: number for names in WEEKDAY_NAMES for number, word in enumerate(names.split())
} | {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5, "sonnabends": 5}

WEEK_WORDS = {
    "daily": EVERY_WEEKDAY,
    "every day": EVERY_WEEKDAY,
    "täglich": EVERY_WEEKDAY,
    "tgl": EVERY_WEEKDAY,
    "tägl": EVERY_WEEKDAY,
    "jeden tag": EVERY_WEEKDAY,
    "每日": EVERY_WEEKDAY,
    "每天": EVERY_WEEKDAY,
    "天天": EVERY_WEEKDAY,
    "weekdays": frozenset(range(5)),
    "working days": frozenset(range(5)),
    "arbeitstage": frozenset(range(5)),
    "工作日": frozenset(range(5)),
    "werktags": frozenset(range(6)),
    "werktage": frozenset(range(6)),
    "weekend": frozenset((5, 6)),
    "weekends": frozenset((5, 6)),
    "wochenende": frozenset((5, 6)),
    "周末": frozenset((5, 6)),
    "双休日": frozenset((5, 6)),
}
"""German `werktags` includes Saturday, as it does in German timetables."""

MONTH_NAMES = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
)
MONTH_WORDS = {
    word: number for names in MONTH_NAMES for number, word in enumerate(names.split(), start=1)
} | {"jän": 1, "jänner": 1, "mär": 3, "mrz": 3, "sept": 9, "okt": 10, "dez": 12}

CHINESE_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7}
CHINESE_DIGITS |= {str(i): i for i in range(1, 8)}

CHANGES = {
    "not": ("not", "except", "excl", "excluding", "without", "nicht", "außer", "ausser", "ohne"),
    "also": ("also", "plus", "auch", "sowie", "zusätzlich", "additionally"),
}
CHANGE_WORDS = {word: change for change, words in CHANGES.items() for word in words}
CHANGE_WORDS |= {
    "除": "not",
    "除外": "not",
    "不含": "not",
    "另": "also",
    "另加": "also",
    "加开": "also",
}

FROM_WORDS = ("from", "ab", "vom", "von", "seit", "since", "starting", "自", "从", "beginning")
HOLIDAY_WORDS = (
    "holidays",
    "public holidays",
    "holiday",
    "feiertage",
    "feiertags",
    "feiertagen",
    "法定节假日",
    "节假日",
)
FILLERS = (
    "of the month", "of each month", "of every month", "each month", "des monats", "each", "and",
    "und", "on", "the", "am", "an", "in", "im", "den", "der", "only", "nur", "runs", "verkehrt",
    "每月", "和", "及", "与", "逢", "开行", "起", "日期", "的", "在",
)  # fmt: skip
NUMBER_WORDS = {"other": 2, "second": 2, "third": 3, "zweiten": 2, "dritten": 3, "fourth": 4}


def alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def in_text(words: Iterable[str]) -> str:
    """A pattern for words: those of letters stand alone, Chinese ones are written without gaps."""
    words = list(words)
    spaced = [word for word in words if word[0] < "\u2e80"]
    joined = [word for word in words if word[0] >= "\u2e80"]
    return rf"\b(?:{alternatives(spaced)})\b|{alternatives(joined)}"


ANY_MONTH = alternatives(MONTH_WORDS)

SCANNER = re.compile(
    "|".join(
        [
            r"(?P<blank>[\s,;、&()（）|]+)",
            r"(?P<date>"
            r"(?P<y1>\d{4})[-/](?P<m1>\d{1,2})[-/](?P<d1>\d{1,2})(?!\d)"
            r"|(?P<y2>\d{4})年(?P<m2>\d{1,2})月(?P<d2>\d{1,2})[日号]"
            r"|(?<!\d)(?P<d3>\d{1,2})\.(?P<m3>\d{1,2})\.(?P<y3>\d{4})(?!\d)"
            rf"|(?<!\d)(?P<d4>\d{{1,2}})(?:\.|st|nd|rd|th)?\s+(?P<m4>{ANY_MONTH})\.?,?\s+(?P<y4>\d{{4}})\b"
            rf"|\b(?P<m5>{ANY_MONTH})\.?\s+(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y5>\d{{4}})\b"
            r")",
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


def parse(expression: str, names: Collection[str] = ()) -> Days:
    """Read day words; `names` are those of calendars. Raises `DaysError`."""
    return cached_parse(expression, tuple(names))


@lru_cache(maxsize=65536)
def cached_parse(expression: str, names: tuple[str, ...]) -> Days:
    tokens = list(tokenized(unicodedata.normalize("NFKC", expression).strip(), names))
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
    base = selection(groups[0][1], alone=True)
    return Days(base, tuple((word, selection(group)) for word, group in groups[1:]))


def tokenized(text: str, names: tuple[str, ...]) -> Iterator[Token]:
    calendars = {folded(name): name for name in names}
    named = None
    if calendars:
        named = re.compile(rf"(?<!\w)(?:{alternatives(calendars)})(?!\w)", re.IGNORECASE)
    position = 0
    while position < len(text):
        if named and (match := named.match(text, position)):
            name = calendars[folded(match[0])]
            yield Token("name", name, match[0])
            position = match.end()
            continue
        match = SCANNER.match(text, position)
        if match is None or match.lastgroup is None:
            raise unknown(text[position:].split()[0], names)
        kind = next(k for k in KINDS if match[k] is not None)
        position = match.end()
        if kind == "holiday":
            regions, position = holiday_regions(text, position)
            yield Token("holidays", regions, match[0])
        elif kind not in ("blank", "filler"):
            yield token_of(kind, match, names)


KINDS = (
    "blank", "date", "every", "odd", "even", "monthday", "chinese_month", "week", "chinese_week",
    "digits", "holiday", "change", "to", "until", "from", "filler", "word",
)  # fmt: skip


def token_of(kind: str, match: re.Match[str], names: tuple[str, ...]) -> Token:
    text = match[0]
    low = text.lower().rstrip(".")
    if kind == "date":
        return Token("date", date_of(match), text)
    if kind == "every":
        number = match["n1"] or match["n2"] or match["n3"] or match["n4"] or "2"
        n = NUMBER_WORDS.get(number.lower()) or (
            int(match["n5"]) + 1 if match["n5"] else int(number)
        )
        return Token("every", n, text)
    if kind in ("odd", "even"):
        return Token("monthdays", ODD_DAYS if kind == "odd" else EVEN_DAYS, text)
    if kind == "monthday":
        return Token("monthday", checked(int(re.match(r"\d+", text)[0]), 31, "day", text), text)  # type: ignore[index]
    if kind == "chinese_month":
        return Token("month", checked(int(text[:-1]), 12, "month", text), text)
    if kind == "week":
        return Token("week", WEEK_WORDS[low], text)
    if kind == "chinese_week":
        return digits_token([CHINESE_DIGITS[c] for c in text if c in CHINESE_DIGITS], text)
    if kind == "digits":
        return digits_token([int(c) for c in text if c.isdigit()], text)
    if kind == "change":
        return Token("change", CHANGE_WORDS[low], text)
    if kind == "word":
        if low in WEEKDAY_WORDS:
            return Token("weekday", WEEKDAY_WORDS[low], text)
        if low in MONTH_WORDS:
            return Token("month", MONTH_WORDS[low], text)
        raise unknown(text, names)
    return Token(kind, None, text)


def unknown(word: str, names: Iterable[str]) -> DaysError:
    return DaysError(
        f"{word!r} is not a word for days.",
        word,
        did_you_mean(word, [*names, *VOCABULARY], "write daily, Mo-Fri, 2026-05-01 ..."),
    )


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


def date_of(match: re.Match[str]) -> date:
    form = next(i for i in range(1, 6) if match[f"y{i}"])
    month = match[f"m{form}"].lower()
    try:
        return date(
            int(match[f"y{form}"]), MONTH_WORDS.get(month) or int(month), int(match[f"d{form}"])
        )
    except ValueError:
        raise DaysError(f"There is no date {match[0]!r}.", match[0], "year-month-day") from None


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
    i = 0
    while i < len(tokens):
        token = tokens[i]
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        after = tokens[i + 2] if i + 2 < len(tokens) else None
        spans = following is not None and following.kind == "to"
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
                made = replace(made, singles=made.singles | {span[0]})
            elif open_from(ranges) and span[0] is None:
                ranges[-1] = (ranges[-1][0], span[1])
            else:
                ranges.append(span)
    for first, last in ranges:
        if first and last and last < first:
            raise DaysError(f"{first}..{last} ends before it begins.", f"{first}..{last}")
    made = replace(made, ranges=merged(ranges))
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


def added(made: Selection, kind: str, values: frozenset) -> Selection:
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
