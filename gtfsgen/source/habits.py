"""Slips that no rule forbids, found by the habits of the table they stand in.

An id may be any word and a name any text. But where all ids of a table spell their names and one
does not quite, or all routes are named after stations and one after no station, it is more likely a
slip than a wish. These are remarks: they stop nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import polars as pl

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.stations import fault_at
from gtfsgen.source.words import folded

FEWEST = 4
"""Rows that must keep a habit before one that breaks it is told."""
MOST_ODD = 0.2
ALIKE = 0.6
BETWEEN_STATIONS = re.compile(r"\s+-\s+|\s*[–—]\s*")
PROSE = frozenset(("note", "desc", "source", "url", "path", "line", "column"))
"""Columns that may well be blank in one row."""
MARKS = re.compile(r"[?\ufffd<>{}\\|]|--|——|––")

BY_ROW = ("stations", "routes", "agencies", "coaches")
"""Tables whose rows are all of one kind."""

Row = dict[str, Any]
Letters = Mapping[str, Mapping[str, str]]


def remarks(frames: Mapping[str, pl.DataFrame], letters: Letters) -> list[Fault]:
    """What looks like a slip in stations, routes and agencies."""
    stations, routes = frames["stations"], frames["routes"]
    return [
        *odd_marks("stations", "name", stations, letters["stations"]),
        *odd_marks("routes", "route_long_name", routes, letters["routes"]),
        *odd_marks("agencies", "agency_name", frames["agencies"], letters["agencies"]),
        *unlike_ids(stations, letters["stations"], ("station_id", "name"), spelling),
        *unlike_ids(routes, letters["routes"], ("route_id", "route_short_name"), folded),
        *unlike_stations(stations, routes, letters["routes"]),
        *(fault for name in BY_ROW for fault in blank_cells(frames[name], letters[name])),
    ]


def odd_marks(
    table: str, base: str, frame: pl.DataFrame, letters: Mapping[str, str]
) -> list[Fault]:
    """Names with marks or mixed scripts that a typing error or a lost encoding leaves behind."""
    columns = [c for c in frame.columns if c == base or c.startswith(f"{base}_")]
    return [
        fault_at(
            row,
            dict(letters),
            column,
            "odd_name",
            f"This is an odd name in {table}.",
            "is a letter wrong, or an encoding lost?",
            Severity.WARNING,
        )
        for row in frame.iter_rows(named=True)
        for column in columns
        if row[column] and (MARKS.search(row[column]) or mixed(row[column]))
    ]


def mixed(name: str) -> bool:
    """Whether a small Latin letter touches one of another script: `신의q청년`."""
    return any(
        (is_small_latin(a) and is_other_script(b)) or (is_other_script(a) and is_small_latin(b))
        for a, b in pairwise(name)
    )


def is_small_latin(letter: str) -> bool:
    return letter.islower() and unicodedata.name(letter, "").startswith("LATIN")


def is_other_script(letter: str) -> bool:
    return letter.isalpha() and not unicodedata.name(letter, "").startswith("LATIN")


def spelling(text: str) -> str:
    """A name as ids spell it: small letters without accents (`ü` and `ue` alike), with hyphens."""
    plain = re.sub("([aou])e", r"\1", unicodedata.normalize("NFKD", text.casefold()))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def unlike_ids(
    frame: pl.DataFrame,
    letters: Mapping[str, str],
    columns: tuple[str, str],
    spelled: Callable[[str], str],
) -> list[Fault]:
    """Ids that nearly spell their names, in a table whose other ids do so."""
    key, name = columns
    rows = [row for row in frame.iter_rows(named=True) if row[key] and row[name]]
    odd = [row for row in rows if spelled(row[key]) != spelled(row[name])]
    if not breaks_habit(odd, rows):
        return []
    slips = [
        row
        for row in odd
        if key == "route_id"
        or SequenceMatcher(None, spelled(row[key]), spelled(row[name])).ratio() > ALIKE
    ]
    return [
        fault_at(
            row,
            dict(letters),
            column,
            "id_unlike_name",
            f"The others have an id like their name; here it is {row[key]!r} and {row[name]!r}.",
            "is a letter wrong?",
            Severity.INFO,
        )
        for row in slips
        for column in columns
    ]


def unlike_stations(
    stations: pl.DataFrame, routes: pl.DataFrame, letters: Mapping[str, str]
) -> list[Fault]:
    """Routes named after something else than two stations, where the others are."""
    found = []
    for column in routes.columns:
        base, _, language = column.partition("route_long_name")
        own = f"name{language}"
        if base or own not in stations.columns:
            continue
        names = {folded(name) for name in stations[own] if name}
        rows = [row for row in routes.iter_rows(named=True) if row[column]]
        odd = [
            row
            for row in rows
            if not all(folded(part) in names for part in BETWEEN_STATIONS.split(row[column]))
        ]
        if breaks_habit(odd, rows):
            found += [
                fault_at(
                    row,
                    dict(letters),
                    column,
                    "route_unlike_stations",
                    "The other routes are named after their stations, this one is not.",
                    "is a letter wrong?",
                    Severity.INFO,
                )
                for row in odd
            ]
    return found


def blank_cells(frame: pl.DataFrame, letters: Mapping[str, str]) -> list[Fault]:
    """Cells that are blank in a column which is otherwise filled."""
    rows = list(frame.iter_rows(named=True))
    found = []
    for column in letters:
        if column in PROSE or column.startswith("x_"):
            continue
        odd = [row for row in rows if row[column] in ("", None)]
        if breaks_habit(odd, rows):
            found += [
                fault_at(
                    row,
                    dict(letters),
                    column,
                    "blank_unlike_others",
                    "The other rows have something here.",
                    "has it been lost?",
                    Severity.INFO,
                )
                for row in odd
            ]
    return found


def breaks_habit(odd: list[Row], rows: list[Row]) -> bool:
    kept = len(rows) - len(odd)
    return bool(odd) and kept >= FEWEST and len(odd) <= MOST_ODD * len(rows)
