"""Small pieces of HTML and SVG. Every text of a feed passes through `esc`."""

from __future__ import annotations

import re
import string
from html import escape

from gtfsgen.render.trains import DAY_MINUTES

PALETTE = ("#9c2f2f", "#2f5d8a", "#3f7a4f", "#8a6420", "#6b4a8a", "#2f7a7a", "#a0522d", "#56606b")
HEX = re.compile(r"#?[0-9a-fA-F]{6}")


def esc(text: object) -> str:
    return escape(str(text), quote=True)


def colour(text: str, number: int) -> str:
    """A route's colour if it is one that shows on paper and on black, else one of our own."""
    if HEX.fullmatch(text or ""):
        value = text[-6:]
        red, green, blue = (int(value[n : n + 2], 16) for n in (0, 2, 4))
        if 40 < 0.299 * red + 0.587 * green + 0.114 * blue < 200:
            return f"#{value}"
    return PALETTE[number % len(PALETTE)]


def letters(number: int) -> str:
    """a, b, ... z, aa, ab, ...: the sign of a note."""
    text = ""
    while number >= 0:
        text = string.ascii_lowercase[number % 26] + text
        number = number // 26 - 1
    return text


def clock(minutes: int) -> str:
    return f"{minutes % DAY_MINUTES // 60:02d}:{minutes % 60:02d}"


def duration(minutes: float) -> str:
    """`2 h 25 min`"""
    hours, rest = divmod(round(minutes), 60)
    return " ".join(
        part for part in (f"{hours} h" * bool(hours), f"{rest} min" * bool(rest)) if part
    )


def name_span(station_id: str, name: str) -> str:
    """A station's name, which the language buttons change."""
    return f'<span class="nm" data-s="{esc(station_id)}">{esc(name)}</span>'


def number(value: float) -> str:
    """A coordinate of a drawing, in tenths."""
    return f"{value:.1f}".removesuffix(".0")
