"""Values of every GTFS type, read as the GTFS validator 8.0.1 reads them.

Each reader takes the distinct texts of a column, a String series without the characters up to
U+0020 at their edges, and gives typed values of the same length, null where the text is refused. A
text of the ordinary form goes down a road of whole columns; the rest are read one by one.

Facts: the notices `invalid_*` of the validator, the JDK 17.0.15, commons-validator 1.6 and
libphonenumber 8.12.13; docs/decisions/values.md tells how they were checked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from gtfsgen.java.facts import names, rows
from gtfsgen.java.languages import canonical_tag, language_display_name, primary_language
from gtfsgen.java.numbers import (
    double_text,
    parse_decimal,
    parse_double,
    parse_int,
    plain_text,
    to_double,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from polars._typing import PolarsDataType

__all__ = [
    "Parsed",
    "colors",
    "country",
    "currencies",
    "currency_fraction_digits",
    "dates",
    "decimal_scale",
    "decimals",
    "emails",
    "floats",
    "has_edge_whitespace",
    "has_line_break",
    "has_replacement_character",
    "integers",
    "java_double",
    "java_trim",
    "language_display_name",
    "languages",
    "mixed_case_faults",
    "non_printable",
    "phones",
    "plain_decimals",
    "primary_language",
    "time_zones",
    "times",
    "urls",
    "utf16_length",
]

_T = TypeVar("_T")

FEW = 256  # so many are read quicker one by one than by a column expression, which costs 0.2 ms

UNKNOWN_COUNTRY = "ZZ"

_TRIMMED = "".join(map(chr, range(0x21)))
_PLAIN_INTEGER = r"^-?[0-9]{1,9}$"
_PLAIN_FLOAT = r"^-?[0-9]+(\.[0-9]+)?$"
_PLAIN_DATE = r"^[0-9]{8}$"
_TIME = r"^[0-9]{1,3}:[0-5][0-9]:[0-5][0-9]$"
_COLOR_LENGTH = 6
_DATE_LENGTH = 8
_DAYS_TO_1970 = 719_468  # from 0000-03-01 to 1970-01-01


@dataclass(frozen=True)
class Parsed:
    """Typed values, null where the text was null or refused.

    `refused` is a Boolean mask of the refused texts, None if there are none.
    """

    values: pl.Series
    refused: pl.Series | None


def integers(values: pl.Series) -> Parsed:
    """Read integers (Int32), as `Integer.parseInt`: digits of any script, `+` and `-`."""
    return _parsed(
        values,
        _PLAIN_INTEGER,
        lambda plain: plain.cast(pl.Int32, strict=False),
        parse_int,
        pl.Int32,
    )


def floats(values: pl.Series) -> Parsed:
    """Read floats (Float64), as `Double.parseDouble`: also `1e5`, `0x1p3`, `1f` and `NaN`."""
    return _parsed(
        values,
        _PLAIN_FLOAT,
        lambda plain: plain.cast(pl.Float64, strict=False),
        parse_double,
        pl.Float64,
    )


def decimals(values: pl.Series) -> Parsed:
    """Read amounts (Float64), as `new BigDecimal`; their digits are in `plain_decimals`."""
    return _each(values, lambda text: _of_decimal(text, to_double), pl.Float64)


def decimal_scale(values: pl.Series) -> pl.Series:
    """Count the digits after the point (Int32): 2 for 1.50, -2 for 1e2; null where refused."""
    return _each(
        values,
        lambda text: _of_decimal(text, lambda number: -int(number.as_tuple().exponent)),
        pl.Int32,
    ).values


def plain_decimals(values: pl.Series) -> pl.Series:
    """Write amounts without exponents (String), as `toPlainString`; null where refused."""
    return _each(values, lambda text: _of_decimal(text, plain_text), pl.String).values


def dates(values: pl.Series) -> Parsed:
    """Read days (Date) of eight characters; year, month and day are integers to Java each."""
    return _parsed(
        values,
        _PLAIN_DATE,
        lambda plain: plain.str.to_date("%Y%m%d", strict=False),
        _days_since_1970,
        pl.Int32,
        pl.Date,
    )


def times(values: pl.Series) -> Parsed:
    """Read times H:MM:SS, HH:MM:SS or HHH:MM:SS as seconds (Int32)."""
    if len(values) <= FEW:
        return _each(values, _seconds, pl.Int32)
    plain = _kept(values, values.str.contains(_TIME))
    seconds = (
        plain.str.head(-6).cast(pl.Int32) * 3600
        + plain.str.slice(-5, 2).cast(pl.Int32) * 60
        + plain.str.tail(2).cast(pl.Int32)
    )
    return _with_refused(values, seconds)


def _seconds(text: str) -> int | None:
    if not re.fullmatch(_TIME, text):
        return None
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def colors(values: pl.Series) -> Parsed:
    """Read six hexadecimal digits as 0xRRGGBB (Int32); a sign may be one of the six."""
    return _each(
        values,
        lambda text: parse_int(text, 16) if len(text) == _COLOR_LENGTH else None,
        pl.Int32,
    )


def currencies(values: pl.Series) -> Parsed:
    """Read currency codes (String) that the JDK knows, historic ones included."""
    return _listed(values, list(_fraction_digits()))


def currency_fraction_digits(codes: pl.Series) -> pl.Series:
    """Return how many digits an amount has after the point (Int32): USD 2, JPY 0; -1 for XXX."""
    return codes.replace_strict(_fraction_digits(), default=None, return_dtype=pl.Int32)


def languages(values: pl.Series) -> Parsed:
    """Read well-formed language tags (String), made canonical: `EN-us` is `en-US`, `iw` is `he`."""
    return _each(values, canonical_tag, pl.String)


def time_zones(values: pl.Series) -> Parsed:
    """Read time zones that the JDK knows, or fixed offsets; `UTC+2` becomes `UTC+02:00`."""
    from gtfsgen.java.zones import zone_id

    return _each(values, zone_id, pl.String)


def urls(values: pl.Series) -> Parsed:
    """Read web addresses (String): http, https or ftp, the top-level domain known."""
    from gtfsgen.java.addresses import is_url

    return _each(values, lambda text: text if is_url(text) else None, pl.String)


def emails(values: pl.Series) -> Parsed:
    """Read e-mail addresses (String) whose top-level domain is known."""
    from gtfsgen.java.addresses import is_email

    return _each(values, lambda text: text if is_email(text) else None, pl.String)


def phones(values: pl.Series, country: str) -> Parsed:
    """Read telephone numbers (String) one can dial from a country; all pass if it is `ZZ`."""
    if country == UNKNOWN_COUNTRY:
        return Parsed(values, None)
    from gtfsgen.java.phones import is_possible

    return _each(values, lambda text: text if is_possible(text, country) else None, pl.String)


def country(code: str | None) -> str:
    """Return the ISO 3166 code of the country asked for, GB for UK; `ZZ` if it is none."""
    asked = (code or "").upper()
    known = "GB" if asked == "UK" else asked
    return known if known in names("countries.txt") else UNKNOWN_COUNTRY


def java_trim(values: pl.Series) -> pl.Series:
    """Strip the characters up to U+0020 from both ends; a no-break space stays."""
    return values.str.strip_chars(_TRIMMED)


def has_edge_whitespace(values: pl.Series) -> pl.Series:
    """Tell which texts `java_trim` would change."""
    return values.str.contains(r"^[\x00-\x20]|[\x00-\x20]$")


def has_line_break(values: pl.Series) -> pl.Series:
    """Tell which texts hold a line feed or a carriage return."""
    return values.str.contains(r"[\n\r]")


def has_replacement_character(values: pl.Series) -> pl.Series:
    """Tell which texts hold U+FFFD, which stands for bytes that are not UTF-8."""
    return values.str.contains("\ufffd", literal=True)


def non_printable(values: pl.Series) -> pl.Series:
    """Tell which texts hold a character outside printable ASCII (32 to 126)."""
    return values.str.contains(r"[^ -~]")


def mixed_case_faults(values: pl.Series) -> pl.Series:
    """Tell which names are in one case throughout, as `mixed_case_recommended_field` judges them.

    A name is cut at its runs of other characters than letters. A lone word is at fault if it is
    longer than a letter and all lower-case. Of several, those of one letter do not count; the name
    is at fault if two words count and none mixes the cases. What precedes the first letter, if
    anything, counts as a word, because Java's `split` leaves an empty one there.
    """
    if len(values) <= FEW:
        return pl.Series([_in_one_case(name) for name in values], dtype=pl.Boolean)
    letter_above_ffff = r"[\p{L}&&[\x{10000}-\x{10FFFF}]]"
    word = rf"\p{{L}}{{2,}}|{letter_above_ffff}"  # longer than one UTF-16 unit
    starts_empty = values.str.contains(r"^\P{L}+\p{L}")
    is_lone = ~starts_empty & (values.str.count_matches(r"\p{L}+") == 1)
    lower_word = rf"^(\p{{Ll}}{{2,}}|{letter_above_ffff.replace('L', 'Ll', 1)})\P{{L}}*$"
    counted = values.str.count_matches(word) + starts_empty.cast(pl.UInt32)
    mixes = values.str.contains(r"\p{Lu}\p{L}*\p{Ll}|\p{Ll}\p{L}*\p{Lu}")
    return (is_lone & values.str.contains(lower_word)) | (~is_lone & (counted >= 2) & ~mixes)


def _in_one_case(name: str | None) -> bool | None:
    """`mixed_case_faults` of one name."""
    if name is None:
        return None
    kinds = "".join(unicodedata.category(letter)[0] for letter in name)
    letters = (letter if kind == "L" else " " for letter, kind in zip(name, kinds, strict=True))
    words = re.split(" +", "".join(letters).rstrip(" ")) if "L" in kinds else []
    if len(words) == 1:
        return _units(words[0]) > 1 and all(unicodedata.category(c) == "Ll" for c in words[0])
    counted = [word for word in words if _units(word) != 1]
    return len(counted) > 1 and not any(_mixes_cases(word) for word in counted)


def _units(word: str) -> int:
    """Length in UTF-16 units."""
    return len(word) + sum(letter > "\uffff" for letter in word)


def _mixes_cases(word: str) -> bool:
    return {"Lu", "Ll"} <= set(map(unicodedata.category, word))


def utf16_length(values: pl.Series) -> pl.Series:
    """Count UTF-16 units (UInt32), which is what Java calls the length of a text."""
    return values.str.len_chars() + values.str.count_matches(r"[\x{10000}-\x{10FFFF}]")


def java_double(x: float) -> str:
    """Write a double as `Double.toString` of JDK 17: `1.0`, `1.0E-4`."""
    return double_text(x)


def _parsed(
    values: pl.Series,
    plain: str,
    read_plain: Callable[[pl.Series], pl.Series],
    read_odd: Callable[[str], float | None],
    odd_type: PolarsDataType,
    type_: PolarsDataType | None = None,
) -> Parsed:
    """Read the texts that match `plain` as a column, the others one by one, and few ones all so."""
    if len(values) <= FEW:
        parsed = _each(values, read_odd, odd_type)
        return Parsed(parsed.values.cast(type_), parsed.refused) if type_ else parsed
    is_plain = values.str.contains(plain)
    if is_plain.all():
        return _with_refused(values, read_plain(values))
    typed = read_plain(_kept(values, is_plain))
    odd_places = (~is_plain).arg_true()
    odd_values = pl.Series(
        [read_odd(text) for text in values.gather(odd_places)], dtype=odd_type
    ).cast(type_ or odd_type)
    return _with_refused(values, typed.scatter(odd_places, odd_values))


def _each(values: pl.Series, read: Callable[[str], object | None], type_: PolarsDataType) -> Parsed:
    """Read every text by itself."""
    typed = [None if text is None else read(text) for text in values]
    return _with_refused(values, pl.Series(values.name, typed, dtype=type_))


def _listed(values: pl.Series, accepted: list[str]) -> Parsed:
    if len(values) <= FEW:
        known = frozenset(accepted)
        return _each(values, lambda text: text if text in known else None, pl.String)
    return _with_refused(values, _kept(values, values.is_in(accepted)))


def _kept(values: pl.Series, mask: pl.Series) -> pl.Series:
    """Return the values where the mask is set, null elsewhere."""
    return values.zip_with(mask.fill_null(False), pl.Series([None], dtype=values.dtype))


def _with_refused(values: pl.Series, typed: pl.Series) -> Parsed:
    if typed.null_count() == values.null_count():
        return Parsed(typed, None)
    if len(values) <= FEW:
        pairs = zip(values, typed, strict=True)
        return Parsed(typed, pl.Series([new is None and old is not None for old, new in pairs]))
    return Parsed(typed, typed.is_null() & values.is_not_null())


def _of_decimal(text: str, read: Callable[[Decimal], _T]) -> _T | None:
    number = parse_decimal(text)
    return None if number is None else read(number)


def _fraction_digits() -> dict[str, int]:
    return {row["code"]: int(row["fraction_digits"]) for row in rows("currencies.csv")}


def _days_since_1970(text: str) -> int | None:
    """Read an odd date, such as 2026+1+1 or one of a year before 1, as days since 1970-01-01."""
    if len(text) != _DATE_LENGTH:
        return None
    year, month, day = parse_int(text[:4]), parse_int(text[4:6]), parse_int(text[6:])
    if year is None or month is None or day is None or not 1 <= month <= 12:
        return None
    if not 1 <= day <= _days_in_month(year, month):
        return None
    # Years that begin in March, so that a leap day is the last of its year.
    shifted_year, shifted_month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    leap_days = shifted_year // 4 - shifted_year // 100 + shifted_year // 400
    day_of_year = (153 * shifted_month + 2) // 5 + day - 1
    return 365 * shifted_year + leap_days + day_of_year - _DAYS_TO_1970


def _days_in_month(year: int, month: int) -> int:
    if month == 2:
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if is_leap else 28
    return 30 if month in (4, 6, 9, 11) else 31
