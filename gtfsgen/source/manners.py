"""How the times of a table are read: by 12 hours or 24, found out from the table itself.

A table says so in a row `clock` (24, 12, am, pm for each train), by times that only one of the two
has (0:15, 07:35, 13:05; 7:05 PM), or by an `a` or `p` behind all of its times. feed.toml may say
`clock = "24"` or `"12"` for all tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HALF_WORDS = {
    "am": "a", "a.m.": "a", "a.m": "a", "a": "a", "a. m.": "a", "上午": "a",
    "pm": "p", "p.m.": "p", "p.m": "p", "p": "p", "p. m.": "p", "下午": "p",
}  # fmt: skip
AGENCY = "agency"
"""The clock of the feed itself: times of the agency's zone counted from noon less twelve hours of a
service day, past 24:00 where need be, by 24 hours."""
CLOCK_WORDS = {"24": "24", "24 h": "24", "24h": "24", "12": "12", "12 h": "12", "12h": "12"}
EXPLICIT = re.compile(r"\d\s?[ap]\.?\s?m\b|^\s*[ap]\.?m\.?\s+\d|上午|下午", re.IGNORECASE)
OF_24 = re.compile(
    r"(?<![\d:.])(?:0\d?|1[3-9]|[2-9]\d)\s?[:.hH：]\s?\d\d|(?<!\d)(?:0\d|1[3-9]|2\d)\s?\d\d(?!\d)"
)
LETTERED = re.compile(r"[^\d]*\d{1,2}(?:[:.hH：]?\s?\d\d)?\s?[apAP]\.?(?![A-Za-z\d]).*", re.DOTALL)
LETTER = re.compile(r"\d\s?[apAP](?![A-Za-z])")
DIGITS = re.compile(r"\d")


def is_open(texts: Iterable[str]) -> bool:
    """Whether times may be of either clock: none says am or pm, none is of 24 hours alone."""
    return not any(EXPLICIT.search(text) or OF_24.search(text) for text in texts)


def clock_of(texts: Iterable[str], letters: frozenset[str]) -> str:
    """`24`, `12` or `?` for a table with these cells; `letters` are those of notes.csv.

    A table in which any time says am or pm goes by 12: its other times below 13:00 must say it too.
    """
    times = [text for text in texts if DIGITS.search(text)]
    lettered = [text for text in times if LETTERED.fullmatch(text) and LETTER.search(text)]
    notes = {"a", "p"} & {letter.lower() for letter in letters}
    if any(EXPLICIT.search(text) for text in times):
        return "12"
    if any(OF_24.search(text) for text in times) or not lettered:
        return "24"
    return "12" if len(lettered) == len(times) and not notes else "?"
