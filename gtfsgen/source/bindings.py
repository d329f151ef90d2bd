"""What a letter of notes.csv is bound to: the column `mark`.

`pickup only`, `drop off only`, `on request`, `estimate`, `days Sa`, `not days Sa`; several with
semicolons. British `u` and `s`, Amtrak's `D`, `R`, `F` and German `x` get their meaning so, and
nothing is taken from the look of a letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gtfsgen.source.words import folded

MEANINGS = {
    "boards_only": (
        "pickup only", "pick up only", "boards only", "board only", "boarding only",
        "takes up only", "take up only", "receive only", "receives only", "nur zum einsteigen",
        "nur einsteigen", "只上", "只上不下",
    ),
    "alights_only": (
        "drop off only", "dropoff only", "set down only", "sets down only", "alights only",
        "alight only", "discharge only", "discharges only", "nur zum aussteigen",
        "nur aussteigen", "只下", "只下不上",
    ),
    "on_request": (
        "on request", "request", "request stop", "flag stop", "flag", "stops on signal",
        "bedarfshalt", "hält nur bei bedarf", "on demand",
    ),
    "estimate": ("estimate", "estimated", "approximate", "geschätzt"),
    "passes": ("passes", "pass", "does not stop"),
    "railway": ("railway time",),
}  # fmt: skip
WORDS = {word: meaning for meaning, words in MEANINGS.items() for word in words}
DAYS = re.compile(
    r"(?P<word>not days|except days|days)\s+(?P<days>.*?)"
    r"(?P<train>\s+(?:of the train|at the start))?",
    re.IGNORECASE,
)
TELLING = re.compile(
    r"\b(?:take[sn]? up|pick(?:s|ed)? up|set[s]? down|to (?:receive|discharge)|(?:on|by) request"
    r"|flag stop|only to (?:board|alight)|(?:receive|discharge) (?:only|passengers)"
    r"|nur zum (?:ein|aus)steigen|bei bedarf|bedarfshalt|auf verlangen)",
    re.IGNORECASE,
)
"""Texts of notes that say what a mark would."""


@dataclass(frozen=True)
class Binding:
    """What a letter means for a time that bears it."""

    marks: tuple[str, ...] = ()
    """Fields of `Cell`."""
    days: str = ""
    """Day words on which alone the train calls."""
    by_train: bool = False
    """Whether these are days of the train's first departure rather than of the station."""


def read_binding(text: str) -> Binding | None:
    """What a cell of the column `mark` says; None if it is not understood."""
    marks: list[str] = []
    days, by_train = "", False
    for piece in re.split(r"\s*;\s*", text.strip()):
        if found := WORDS.get(folded(piece)):
            marks.append(found)
        elif (match := DAYS.fullmatch(piece)) and not days:
            negative = match["word"].lower() != "days"
            days = f"daily not {match['days']}" if negative else match["days"]
            by_train = bool(match["train"])
        else:
            return None
    if {"boards_only", "alights_only"} <= set(marks):
        return None
    return Binding(tuple(dict.fromkeys(marks)), days, by_train)
