"""The day codes of British tables: SO, SX, FO, FSX, MThO, TWThO ...

`O` is only, `X` is excepted; before it stand the first letters of days. Codes that except leave
days out of Mondays to Saturdays, as British tables of the week do, or of the days named before.
"""

from __future__ import annotations

import re

LETTERS = {"M": 0, "T": 1, "TU": 1, "W": 2, "TH": 3, "F": 4, "S": 5, "SU": 6}
CODE = re.compile(
    r"(?P<days>(?:M|Th|TH|Tu|TU|T|W|F|Su|SU|SAT|Sat|SUN|Sun|MON|FRI|S)+)(?P<kind>[OX])"
)
DAY = re.compile(r"SAT|SUN|MON|FRI|SU|TH|TU|M|T|W|F|S")
LONG = {"SAT": 5, "SUN": 6, "MON": 0, "FRI": 4}
WORKING_WEEK = frozenset(range(6))
"""Mondays to Saturdays, from which `X` codes except."""
GERMAN_TOO = frozenset(("SO", "MO", "TO"))
"""Codes that are words of other grammars as well."""


def british(word: str) -> tuple[str, frozenset[int]] | None:
    """`only` or `excepted` and the weekdays of a code; None if the word is none."""
    match = CODE.fullmatch(word)
    if match is None:
        return None
    days = [LONG.get(d, LETTERS.get(d, -1)) for d in DAY.findall(match["days"].upper())]
    if days != sorted(set(days)):
        return None
    return ("only" if match["kind"] == "O" else "excepted", frozenset(days))


def is_british(cells: list[str]) -> bool:
    """Whether all day cells of a table are British codes, and one of them can be nothing else."""
    words = [word for cell in cells for word in re.split(r"[\s,;&]+", cell) if word]
    return (
        bool(words)
        and all(british(word) for word in words)
        and any(word not in GERMAN_TOO for word in words)
    )
