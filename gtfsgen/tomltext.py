"""TOML with the place of what is wrong: also of what is too deep, too long or too large for it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any

DEEPEST = 100
"""Tables and lists within each other, and parts of a key."""
MOST_DIGITS = 4000
"""Of a number; Python reads no longer ones."""
LONG_NUMBER = re.compile(rf"\d[\d_]{{{MOST_DIGITS},}}")
LARGE_NUMBER = re.compile(r"0[xob][\da-fA-F_]{16,}|\d[\d_]{18,}")
LONG_KEY = re.compile(
    rf"""(?:(?:[\w-]{{1,60}}|"[^"\n]{{0,60}}"|'[^'\n]{{0,60}}')\s?\.\s?){{{DEEPEST},}}"""
)


class Broken(ValueError):
    """What is wrong, at a line and a character of it, both from 1."""

    def __init__(self, message: str, line: int, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


def read_toml(text: str) -> dict[str, Any]:
    """The document. Raises `Broken`."""
    rows = text.splitlines()
    for number, row in enumerate(rows, start=1):
        if row.count(".") >= DEEPEST and (found := LONG_KEY.search(row)):
            raise Broken(f"A key has more than {DEEPEST} parts", number, found.start() + 1)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (len(rows) or 1, 1)
        message = re.sub(r" \(at .*\)$", "", str(error))
        raise Broken(f"This is not TOML: {message}", line, column) from None
    except ValueError as error:
        found = LONG_NUMBER.search(text)
        if found is None:
            raise Broken(f"This is not TOML: {error}", 1) from None
        line = text.count("\n", 0, found.start()) + 1
        raise Broken(f"A number has more than {MOST_DIGITS:,} digits", line) from None
    except RecursionError:
        raise Broken("Lists or tables are too deep within each other", deepest(rows)) from None
    if depth(document) > DEEPEST:
        raise Broken("Lists or tables are too deep within each other", deepest(rows))
    if has_large_number(document):
        places = (number for number, row in enumerate(rows, start=1) if LARGE_NUMBER.search(row))
        raise Broken("A whole number is too large for TOML (64 bits)", next(places, 1))
    return document


def deepest(rows: list[str]) -> int:
    """The line on which most brackets are open, as nearly as can be told without reading it."""
    best, line, opened = 0, 1, 0
    for number, row in enumerate(rows, start=1):
        opened += row.count("[") + row.count("{")
        if opened > best:
            best, line = opened, number
        opened -= row.count("]") + row.count("}")
    return line


def depth(document: object) -> int:
    """How many lists and tables are within each other; those below `DEEPEST` are not counted."""
    level: list[object] = [document]
    deep = 0
    while level and deep <= DEEPEST:
        level = [
            value for each in level for value in members(each) if isinstance(value, dict | list)
        ]
        deep += 1
    return deep


def members(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def has_large_number(value: object) -> bool:
    if isinstance(value, int):
        return value.bit_length() > 63
    return any(map(has_large_number, members(value)))
