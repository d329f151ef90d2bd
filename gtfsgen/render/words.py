"""What the page says, in the languages of its catalogues.

A message is its English text. Catalogues are gettext .po files in `locale/`: a file that is put
there adds a language. Each sentence of a page is written in the page's own language and numbered;
the page carries the same sentence in every other language and exchanges them all at once.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from markupsafe import Markup, escape

from gtfsgen.dates import Dates

WHOLE_MINUTES_FROM_S = 120
MAX_EXCEPTIONS = 6
"""More single days than this are counted, and left to the calendar drawing."""

Part = str | int | float | Callable[[str], str]


@cache
def catalogues() -> tuple[str, ...]:
    """The languages that the page can speak: English, and one for each .po file."""
    folder = files("gtfsgen.render").joinpath("locale")
    found = sorted(p.name.removesuffix(".po") for p in folder.iterdir() if p.name.endswith(".po"))
    return ("en", *(name for name in found if name != "en"))


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = files("gtfsgen.render").joinpath("locale", f"{language}.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")


def locale_of(language: str) -> Locale:
    """The locale for dates; English ones with the day before the month, as railways print."""
    return Locale("en", "GB") if language == "en" else _locale(language)


def nearest(language: str) -> str:
    """The catalogue for a language of a feed: its own, that of its first part, else English."""
    known = {name.lower(): name for name in catalogues()}
    lower = language.lower()
    return known.get(lower) or known.get(lower.partition("-")[0]) or "en"


class Words:
    """The sentences of one page. `own` is the language it is written in."""

    def __init__(self, own: str) -> None:
        self.own = nearest(own)
        self.languages = [self.own, *(name for name in catalogues() if name != self.own)]
        self._numbers: dict[tuple[str, ...], int] = {}

    def all(self, message: str, plural: str = "", **parts: Part) -> tuple[str, ...]:
        """The sentence in each language, the page's own first."""
        if not any(callable(part) for part in parts.values()):
            return _said(tuple(self.languages), message, plural, tuple(parts.items()))
        said = []
        for language in self.languages:
            catalogue = _catalogue(language)
            if plural:
                text = catalogue.ngettext(message, plural, int(parts["n"]))  # type: ignore[arg-type]
            else:
                text = catalogue.gettext(message)
            filled: dict[str, Any] = {
                name: part(language) if callable(part) else part for name, part in parts.items()
            }
            said.append(text.format(**filled) if filled else text)
        return tuple(said)

    def text(self, message: str, plural: str = "", **parts: Part) -> str:
        """The sentence in the page's own language alone: for titles of drawings."""
        return self.all(message, plural, **parts)[0]

    def number(self, said: tuple[str, ...]) -> int:
        return self._numbers.setdefault(said, len(self._numbers))

    def say(self, message: str, plural: str = "", tag: str = "span", **parts: Part) -> Markup:
        """The sentence as an element that follows the chosen language."""
        return self.mark(self.all(message, plural, **parts), tag)

    def mark(self, said: tuple[str, ...], tag: str = "span") -> Markup:
        if len(set(said)) == 1:
            return Markup(escape(said[0]))
        return Markup(f'<{tag} data-t="{self.number(said)}">{escape(said[0])}</{tag}>')

    def attribute(self, name: str, message: str, plural: str = "", **parts: Part) -> Markup:
        """An attribute, such as aria-label, that follows the chosen language."""
        said = self.all(message, plural, **parts)
        return Markup('{}="{}" data-ta-{}="{}"').format(
            Markup(name), said[0], Markup(name), self.number(said)
        )

    def days(self, dates: Dates, period: tuple[date, date] | None = None) -> Markup:
        return self.mark(self.days_all(dates, period))

    def days_all(self, dates: Dates, period: tuple[date, date] | None = None) -> tuple[str, ...]:
        return tuple(days_in_words(dates, language, period) for language in self.languages)

    def sentences(self) -> dict[str, list[str]]:
        """language -> its sentences by number: what the page carries."""
        return {
            language: [said[n] for said in self._numbers]
            for n, language in enumerate(self.languages)
        }


@lru_cache(maxsize=1 << 14)
def _said(
    languages: tuple[str, ...], message: str, plural: str, parts: tuple[tuple[str, Any], ...]
) -> tuple[str, ...]:
    """A sentence in each language."""
    filled = dict(parts)
    said = []
    for language in languages:
        catalogue = _catalogue(language)
        if plural:
            text = catalogue.ngettext(message, plural, int(filled["n"]))
        else:
            text = catalogue.gettext(message)
        said.append(text.format(**filled) if filled else text)
    return tuple(said)


def translate(message: str, language: str, **parts: Any) -> str:
    return _catalogue(language).gettext(message).format(**parts)


def translate_plural(message: str, plural: str, language: str, **parts: Any) -> str:
    """The sentence for `n` things; without a plural as `translate`."""
    if not plural:
        return translate(message, language, **parts)
    return _catalogue(language).ngettext(message, plural, parts["n"]).format(**parts)


def headway_message(shortest_s: int, longest_s: int) -> tuple[str, str, dict[str, Any]]:
    """(message, plural, parts) of `every 5 to 6 minutes`; seconds where trains are nearer than two
    minutes.
    """
    if longest_s < WHOLE_MINUTES_FROM_S and (shortest_s % 60 or longest_s % 60):
        if shortest_s == longest_s:
            return "every {n} seconds", "", {"n": shortest_s}
        return "every {a} to {b} seconds", "", {"a": shortest_s, "b": longest_s}
    low, high = shortest_s // 60, -(-longest_s // 60)
    if low == high:
        return "every minute", "every {n} minutes", {"n": low}
    return "every {a} to {b} minutes", "", {"a": low, "b": high}


def day_in_words(day: date, language: str, year: bool = True) -> str:
    """`1 Oct 2026`, `2026年10月1日`"""
    if year:
        return format_date(day, "medium", locale=locale_of(language))
    pattern = locale_of(language).datetime_skeletons.get("MMMd")
    return format_date(day, str(pattern) if pattern else "d MMM", locale=locale_of(language))


def span_in_words(first: date, last: date, language: str) -> str:
    if first == last:
        return day_in_words(first, language)
    return str(format_interval(first, last, "yMMMd", locale=locale_of(language)))


def weekdays_in_words(flags: Iterable[int], language: str) -> str:
    """`daily`, `Mon–Fri`, `Mon Wed Thu Sat`"""
    numbers = sorted(set(flags))
    if len(numbers) == 7:
        return translate("daily", language)
    names = locale_of(language).days["stand-alone"]["abbreviated"]
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{names[numbers[0]]}–{names[numbers[-1]]}"
    return " ".join(str(names[number]) for number in numbers)


@cache
def days_in_words(
    dates: Dates, language: str = "en", period: tuple[date, date] | None = None
) -> str:
    """The set in the words people print: `Mon Wed Thu Sat, not 1 Oct 2026`.

    The span is left out where it is that of `period` to within a week; a set that has no weekly
    pattern is counted instead.
    """
    if not dates:
        return translate("never", language)
    count = len(dates)
    if count <= 3:
        return ", ".join(day_in_words(day, language) for day in dates)
    first, last = dates.first, dates.last
    total = Dates.between(first, last).by_weekday()
    flags = [n for n, number in enumerate(dates.by_weekday()) if number * 2 > total[n]]
    pattern = Dates.weekdays(flags, first, last)
    missing, extra = pattern - dates, dates - pattern
    words = weekdays_in_words(flags, language)
    if not flags or len(missing) + len(extra) > MAX_EXCEPTIONS:
        if len(flags) in range(1, 7):
            words = translate("{n} days, mostly {days}", language, n=count, days=words)
        else:
            words = translate("{n} days", language, n=count)
    else:
        if missing:
            listed = ", ".join(day_in_words(day, language) for day in missing)
            words = translate("{days}, not {dates}", language, days=words, dates=listed)
        if extra:
            listed = ", ".join(day_in_words(day, language) for day in extra)
            words = translate("{days}, also {dates}", language, days=words, dates=listed)
    near = timedelta(days=7)
    if period and abs(period[0] - first) <= near and abs(period[1] - last) <= near:
        return words
    return f"{words}, {span_in_words(first, last, language)}"


class DaySets:
    """The sets of days of a page: what bears the number of a set is shown on its days."""

    def __init__(self, sets: dict[Dates, int] | None = None) -> None:
        self.sets: dict[Dates, int] = {} if sets is None else sets

    def number(self, dates: Dates) -> int:
        return self.sets.setdefault(dates, len(self.sets))

    @property
    def all_days(self) -> Dates:
        together = Dates()
        for each in self.sets:
            together = together | each
        return together

    def kinds(self) -> list[tuple[Dates, frozenset[int]]]:
        """The kinds of day there are: dates with the same sets on them, the commonest first."""
        every = self.all_days
        if not every:
            return []
        base = next(every.numbers())
        kinds = [(every.shift(-base).bits, frozenset[int]())]
        for dates, number in self.sets.items():
            bits = dates.shift(-base).bits
            split = []
            for days, on in kinds:
                if days & bits:
                    split.append((days & bits, on | {number}))
                if days & ~bits:
                    split.append((days & ~bits, on))
            kinds = split
        kinds.sort(key=lambda kind: (-kind[0].bit_count(), kind[0] & -kind[0]))
        return [(Dates(days, base), on) for days, on in kinds]


def encode_days(dates: Dates) -> list[Any]:
    """A set as [first day since 1900, bits in hexadecimal, lowest first]."""
    if not dates:
        return [0, ""]
    first = next(dates.numbers())
    return [first, f"{dates.shift(-first).bits:x}"[::-1]]
