"""Telephone numbers that could be dialled, as `isPossibleNumber` of libphonenumber 8.12.13 judges.

A number is read as a person in the country would dial it: with `+` and a country code, with the
country's international or national prefix, or as it is. It is possible if what is left has a length
that exists there. Prefixes, patterns and lengths are in `data/phones.csv`; why they are not taken
from a library is told in docs/decisions/phone-numbers.md.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import cache

from gtfsgen.java.facts import rows
from gtfsgen.java.numbers import digit

_MAX_TEXT_LENGTH = 250
_MIN_NUMBER_LENGTH = 2
_MAX_NUMBER_LENGTH = 17
_MAX_COUNTRY_CODE_LENGTH = 3

_CONTEXT = ";phone-context="
_SUBADDRESS = ";isub="
_SCHEME = "tel:"

_PLUS = "+\uff0b"
_PUNCTUATION = (
    "-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()\uff08\uff09"
    "\uff3b\uff3d.\\[\\]/~\u2053\u223c\uff5e"
)
_START = re.compile(rf"[{_PLUS}\d]")
_SECOND_NUMBER = re.compile(r"[\\/] *x")
_LEADING_PLUS = re.compile(f"[{_PLUS}]+")

_BEFORE_LABEL = "[ \u00a0\\t,]*"
_AFTER_LABEL = "[:.\uff0e]?[ \u00a0\\t,-]*"
_CLEAR_LABEL = (
    "(?:e?xt(?:ensi(?:o\u0301?|\u00f3))?n?|\uff45?\uff58\uff54\uff4e?|\u0434\u043e\u0431|anexo)"
)
_VAGUE_LABEL = "(?:[x\uff58#\uff03~\uff5e]|int|\uff49\uff4e\uff54)"
_EXTENSION = "|".join(
    (
        r";ext=(\d{1,20})",
        rf"{_BEFORE_LABEL}{_CLEAR_LABEL}{_AFTER_LABEL}(\d{{1,20}})#?",
        rf"{_BEFORE_LABEL}{_VAGUE_LABEL}{_AFTER_LABEL}(\d{{1,9}})#?",
        r"[- ]+(\d{1,6})#",
        rf"[ \u00a0\t]*(?:,{{2}}|;){_AFTER_LABEL}(\d{{1,15}})#?",
        rf"[ \u00a0\t]*,+{_AFTER_LABEL}(\d{{1,9}})#?",
    )
)
_EXTENSION_AT_END = re.compile(f"(?:{_EXTENSION})$", re.IGNORECASE)
_VIABLE = re.compile(
    rf"\d{{2}}|[{_PLUS}]*+(?:[{_PUNCTUATION}*]*\d){{3,}}[{_PUNCTUATION}*a-zA-Z\d]*(?:{_EXTENSION})?",
    re.IGNORECASE,
)
_THREE_LETTERS = re.compile(r"(?:[^\n]*?[A-Za-z]){3}[^\n]*")
_KEYPAD = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999", strict=True))


class _Fit(Enum):
    """How a number's length compares with those of a country."""

    POSSIBLE = "possible"
    LOCAL = "local"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    BETWEEN = "between"


class _Unreadable(Exception):
    """The text is no number."""


class _UnknownCountry(_Unreadable):
    """The number has no country, or one that does not exist."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A country's numbering plan."""

    country_code: str
    lengths: tuple[int, ...]
    local_lengths: tuple[int, ...]
    international_prefix: re.Pattern[str]
    national_prefix: re.Pattern[str] | None
    transform: str
    national_number: re.Pattern[str]

    def fit(self, number: str) -> _Fit:
        length = len(number)
        if length in self.local_lengths:
            return _Fit.LOCAL
        if length in self.lengths:
            return _Fit.POSSIBLE
        if length < self.lengths[0]:
            return _Fit.TOO_SHORT
        return _Fit.TOO_LONG if length > self.lengths[-1] else _Fit.BETWEEN

    def is_national(self, number: str) -> bool:
        return bool(self.national_number.fullmatch(number))

    def without_prefix(self, number: str) -> str:
        """Strip or replace the national prefix, unless that makes a good number a bad one."""
        prefix = self.national_prefix.match(number) if self.national_prefix else None
        if not prefix or not number:
            return number
        groups = prefix.re.groups
        if self.transform and (not groups or prefix[groups] is not None):
            stripped = prefix.expand(self.transform) + number[prefix.end() :]
        else:
            stripped = number[prefix.end() :]
        worse = self.is_national(number) and not self.is_national(stripped)
        return number if worse else stripped


@cache
def _plan_of_region(region: str) -> _Plan | None:
    """Return the plan of a region, None if it has none."""
    return next((_plan(row) for row in rows("phones.csv") if row["region"] == region), None)


@cache
def _plan_of_country_code(country_code: str) -> _Plan:
    """Return the plan that stands for a country code, that of the US for 1."""
    return next(
        _plan(row)
        for row in rows("phones.csv")
        if row["is_main"] and row["country_code"] == country_code
    )


@cache
def _country_codes() -> frozenset[str]:
    return frozenset(row["country_code"] for row in rows("phones.csv"))


def _plan(row: dict[str, str]) -> _Plan:
    return _Plan(
        country_code=row["country_code"],
        lengths=tuple(map(int, row["possible_lengths"].split())),
        local_lengths=tuple(map(int, row["local_lengths"].split())),
        international_prefix=re.compile(row["international_prefix"], re.ASCII),
        national_prefix=(
            re.compile(row["national_prefix"], re.ASCII) if row["national_prefix"] else None
        ),
        transform=re.sub(r"\$(\d)", r"\\g<\1>", row["national_prefix_transform"]),
        national_number=re.compile(row["national_number"], re.ASCII),
    )


def is_possible(text: str, country: str) -> bool:
    """Tell whether the text is a number one could dial from `country`, an upper-case ISO code.

    From a country without a numbering plan (AQ) only numbers with a leading `+` can be read.
    """
    try:
        number, plan = _read(text, country)
    except _Unreadable:
        return False
    return plan.fit(number) in (_Fit.POSSIBLE, _Fit.LOCAL)


def _read(text: str, country: str) -> tuple[str, _Plan]:
    """Return the national number and the plan of its country."""
    if len(text) > _MAX_TEXT_LENGTH:
        raise _Unreadable
    dialled = _dialled(text)
    if not _is_viable(dialled):
        raise _Unreadable
    home = _plan_of_region(country)
    if home is None and not _LEADING_PLUS.match(dialled):
        raise _UnknownCountry
    dialled = _without_extension(dialled)
    country_code, number = _country_code_and_rest(dialled, home)
    if country_code:
        plan = _plan_of_country_code(country_code)
    elif home:
        country_code, number, plan = home.country_code, _normal(dialled), home
    else:
        raise _UnknownCountry
    if len(number) < _MIN_NUMBER_LENGTH:
        raise _Unreadable
    stripped = plan.without_prefix(number)
    if plan.fit(stripped) in (_Fit.POSSIBLE, _Fit.TOO_LONG):
        number = stripped
    if not _MIN_NUMBER_LENGTH <= len(number) <= _MAX_NUMBER_LENGTH:
        raise _Unreadable
    return number, _plan_of_country_code(country_code)


def _dialled(text: str) -> str:
    """Cut out what is to be dialled, the RFC 3966 parameters and a second number left aside."""
    context = text.find(_CONTEXT)
    if context < 0:
        dialled = _from_first_digit(text)
    else:
        start = context + len(_CONTEXT)
        prefix = ""
        if start < len(text) - 1 and text[start] == "+":
            end = text.find(";", start)
            prefix = text[start:end] if end > 0 else text[start:]
        scheme = text.find(_SCHEME)
        dialled = prefix + text[scheme + len(_SCHEME) if scheme >= 0 else 0 : context]
    subaddress = dialled.find(_SUBADDRESS)
    return dialled[:subaddress] if subaddress > 0 else dialled


def _from_first_digit(text: str) -> str:
    start = _START.search(text)
    if not start:
        return ""
    end = len(text)
    while end > start.start() and not _may_end(text[end - 1]):
        end -= 1
    kept = text[start.start() : end]
    second = _SECOND_NUMBER.search(kept)
    return kept[: second.start()] if second else kept


def _may_end(character: str) -> bool:
    return character == "#" or unicodedata.category(character)[0] in "NL"


def _is_viable(text: str) -> bool:
    return len(text) >= _MIN_NUMBER_LENGTH and bool(_VIABLE.fullmatch(text))


def _without_extension(text: str) -> str:
    extension = _EXTENSION_AT_END.search(text)
    if extension and _is_viable(text[: extension.start()]):
        return text[: extension.start()]
    return text


def _normal(text: str) -> str:
    """Keep the digits; in a number with three letters or more, dial the letters on a keypad."""
    if _THREE_LETTERS.fullmatch(text):
        keys = (c if c in "0123456789" else _KEYPAD.get(c.upper(), "") for c in text)
        return "".join(keys)
    digits = (digit(character) for character in text)
    return "".join(str(value) for value in digits if value >= 0)


def _country_code_and_rest(dialled: str, home: _Plan | None) -> tuple[str, str]:
    """Split off the country code; "" if the number has none and is to be read as one of `home`."""
    try:
        return _extracted_country_code(dialled, home)
    except _UnknownCountry:
        plus = _LEADING_PLUS.match(dialled)
        if not plus:
            raise
    country_code, number = _extracted_country_code(dialled[plus.end() :], home)
    if not country_code:
        raise _UnknownCountry
    return country_code, number


def _extracted_country_code(dialled: str, home: _Plan | None) -> tuple[str, str]:
    plus = _LEADING_PLUS.match(dialled)
    if plus:
        return _leading_country_code(_normal(dialled[plus.end() :]))
    number = _normal(dialled)
    if home is None:
        return "", number
    prefix = home.international_prefix.match(number)
    # No country code begins with 0, so a 0 after the prefix means it is part of the number.
    if prefix and number[prefix.end() : prefix.end() + 1] != "0":
        return _leading_country_code(number[prefix.end() :])
    if number.startswith(home.country_code):
        rest = home.without_prefix(number[len(home.country_code) :])
        better = not home.is_national(number) and home.is_national(rest)
        if better or home.fit(number) is _Fit.TOO_LONG:
            return home.country_code, rest
    return "", number


def _leading_country_code(number: str) -> tuple[str, str]:
    if len(number) <= _MIN_NUMBER_LENGTH:
        raise _Unreadable
    for length in range(1, _MAX_COUNTRY_CODE_LENGTH + 1):
        if number[:length] in _country_codes():
            return number[:length], number[length:]
    raise _UnknownCountry
