"""The plain spelling of a value that is written in another way than GTFS asks for.

Each function takes the text of a cell and returns the same value as it should be written, or None
where it is not certain that a value of this kind is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from urllib.parse import quote

from gtfsgen import clocks
from gtfsgen.schema import Type

ISO_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00)?)?")
TIME = re.compile(r"(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:\.0+)?)?")
HEX = re.compile(r"#?([0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})")
FULL_WIDTH = str.maketrans("０１２３４５６７８９．－：＋\u2212", "0123456789.-:+-")


def plain_color(text: str) -> str | None:
    """#F80 is FF8800."""
    found = HEX.fullmatch(text.strip())
    if not found:
        return None
    digits = found.group(1)
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def plain_time(text: str) -> str | None:
    """8:05 is 08:05:00."""
    found = TIME.fullmatch(text.translate(FULL_WIDTH).replace(" ", ""))
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return f"{hours:02}:{minutes:02}:{seconds:02}" if max(minutes, seconds) < 60 else None


def plain_date(text: str) -> str | None:
    """2026-03-12 is 20260312; of a date that begins with the day it is not certain."""
    found = ISO_DATE.fullmatch(text.strip().translate(FULL_WIDTH))
    return date_text(*found.groups()) if found else None


def date_text(year: str, month: str, day: str) -> str | None:
    """YYYYMMDD, or None for a date that does not exist."""
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return None
    return f"{year}{int(month):02}{int(day):02}"


def plain_float(text: str) -> str | None:
    """Without blanks, with the digits and signs of ASCII."""
    bare = re.sub(r"[\s\u00a0]", "", text.translate(FULL_WIDTH))
    return bare if re.fullmatch(r"[-+]?\d+(\.\d*)?", bare) else None


def plain_integer(text: str) -> str | None:
    """3.0 is 3, +5 is 5."""
    bare = re.sub(r"[\s\u00a0]", "", text.translate(FULL_WIDTH))
    found = re.fullmatch(r"\+?(-?\d{1,9})(?:\.0*)?", bare)
    return found.group(1) if found else None


def plain_language(text: str) -> str | None:
    """en_US is en-US."""
    bare = text.strip()
    return bare.replace("_", "-") if re.fullmatch(r"\w+([_-]\w+)*", bare) else None


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in clocks.zone_names()}


def plain_zone(text: str) -> str | None:
    """europe/berlin is Europe/Berlin."""
    return _zones().get(text.strip().replace(" ", "_").lower())


def plain_currency(text: str) -> str | None:
    """eur is EUR."""
    bare = text.strip().upper()
    return bare if re.fullmatch("[A-Z]{3}", bare) else None


def plain_url(text: str) -> str | None:
    """An address with those characters encoded that may not stand in one, as browsers do."""
    bare = text.strip().replace("\\", "/")
    if not re.match(r"(?i)https?://[^/\s]+", bare):
        return None
    scheme, _, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    if re.search(r"[^\x21-\x7e]", host):
        return None
    head, mark, tail = quote(path, safe="%/?#[]@!$&'()*+,;=:~-._").partition("#")
    head = head.replace("[", "%5B").replace("]", "%5D")
    return f"{scheme.lower()}://{host}{slash}{head}{mark}{tail.replace('#', '%23')}"


def plain_email(text: str) -> str | None:
    """mailto:<info@example.com> is info@example.com."""
    bare = re.sub(r"(?i)^mailto:", "", text.strip()).strip("<> ").rstrip(".,;")
    return bare if re.fullmatch(r"[^@\s<>;,]+@[^@\s<>;,]+\.[A-Za-z]{2,}", bare) else None


def plain_phone(text: str) -> str | None:
    """tel:+49 30 1234 is +49 30 1234."""
    bare = re.sub(r"(?i)^(tel|phone|telephone)[:.]\s*", "", text.strip())
    return bare or None


def plain_text(text: str) -> str | None:
    """White space of any kind and number is one blank."""
    return " ".join(text.split()) or None


PLAIN: dict[Type, Callable[[str], str | None]] = {
    Type.COLOR: plain_color,
    Type.TIME: plain_time,
    Type.DATE: plain_date,
    Type.FLOAT: plain_float,
    Type.LATITUDE: plain_float,
    Type.LONGITUDE: plain_float,
    Type.INTEGER: plain_integer,
    Type.CHOICE: plain_integer,
    Type.LANGUAGE: plain_language,
    Type.TIMEZONE: plain_zone,
    Type.CURRENCY: plain_currency,
    Type.URL: plain_url,
    Type.EMAIL: plain_email,
    Type.PHONE: plain_phone,
    Type.TEXT: plain_text,
}
