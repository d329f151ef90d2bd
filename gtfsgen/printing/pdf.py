"""Timetables as railways print them, as PDF on A4, set by typst."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from gtfsgen.printing.tables import (
    SHORT_DAYS,
    Grid,
    Hours,
    PrintedRow,
    PrintedTable,
    Printer,
    Repeats,
    Untimed,
)
from gtfsgen.render.book import Book
from gtfsgen.render.markup import letters
from gtfsgen.render.timetable import PrintedTime
from gtfsgen.render.words import day_in_words, span_in_words

ACROSS = 11
"""Trains side by side on a page; more go into a further block with the stations repeated."""
MINUTES_IN_A_THIRD, MINUTES_IN_A_HALF = 7, 12
"""Departures an hour for which a third, or half, of the page is wide enough."""
OWN_FONTS = ("Libertinus Serif",)
"""Comes with typst, so that a page looks the same on every machine."""
OTHER_FONTS = (
    "Noto Serif CJK SC", "Noto Sans CJK SC", "Noto Serif", "Noto Sans", "DejaVu Sans",
)  # fmt: skip
"""Asked of the machine for scripts that typst's own fonts do not have."""
OWN_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "COMBINING", "DIGIT")


class PdfUnavailable(Exception):
    """typst is not installed; the text says how to get it."""


@dataclass
class Pdf:
    content: bytes
    pages: int
    remarks: list[str]


def timetable_pdf(book: Book, printer: Printer, title: str) -> Pdf:
    """All lines of a book on A4. The same book gives the same bytes, but for names in scripts that
    are set in fonts of the machine, which is remarked.

    Raises `PdfUnavailable` where typst is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise PdfUnavailable("PDF is set by typst: pip install 'gtfsgen[pdf]'") from error

    data = _document(book, printer, title)
    remarks = []
    foreign = _foreign_letters(json.dumps(data, ensure_ascii=False))
    if foreign:
        shown = "".join(sorted(foreign)[:8])
        remarks.append(
            f"{len(foreign)} letters such as {shown} are not in the fonts that come with typst: "
            "they are taken from the fonts of this machine, if it has them"
        )
    data["fonts"] = [*OWN_FONTS, *(OTHER_FONTS if foreign else ())]
    template = files("gtfsgen.printing").joinpath("timetable.typ").read_bytes()
    content, warnings = typst.compile_with_warnings(
        template,
        format="pdf",
        ignore_system_fonts=not foreign,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    unusual = [w.message for w in warnings if not w.message.startswith("unknown font family")]
    remarks += [f"typst: {message}" for message in dict.fromkeys(unusual)]
    pages = max(map(int, re.findall(rb"/Count (\d+)", content)), default=0)
    return Pdf(content, pages, remarks)


def _foreign_letters(text: str) -> set[str]:
    return {
        sign
        for sign in set(text)
        if sign.isalpha() and not unicodedata.name(sign, "").startswith(OWN_SCRIPTS)
    }


def _document(book: Book, printer: Printer, title: str) -> dict[str, Any]:
    lines = []
    for line in book.lines:
        tables = [form for table in printer.tables(line) for form in _forms(table, printer)]
        tables = _kinds_side_by_side(tables)
        if tables:
            mark = {"short": line.short, "ink": line.ink, "on": line.text_ink}
            if not line.long:  # the name is the badge's
                mark["short"] = ""
            lines.append({"name": line.long or line.short, "mark": mark, "tables": tables})
    idle = len(book.lines) - len(lines)
    service = book.service
    if printer.day:
        subtitle = day_in_words(printer.day, printer.language)
    else:
        subtitle = span_in_words(*service.period, printer.language) if service.period else ""
    return {
        "title": title,
        "subtitle": subtitle,
        "language": printer.language.partition("-")[0] or "en",
        "foot": ", ".join(dict.fromkeys([*service.agencies[:3], *service.attributions[:3]])),
        "lines": lines,
        "left_out": f"{idle} lines do not run on this day" if idle else "",
    }


def _forms(table: PrintedTable, printer: Printer) -> list[dict[str, Any]]:
    """A table as the template wants it: a grid in blocks of as many trains as fit on a page."""
    if isinstance(table, Grid):
        blocks = range(0, len(table.trains), ACROSS)
        return [_grid(_block(table, first), printer) for first in blocks]
    if isinstance(table, Hours):
        return [_hours(table)]
    if isinstance(table, Repeats):
        heads = [printer.say(text) for text in ("Way", "From – until", "A train", "Days")]
        rows = [[way, f"{a}–{b}", every, days] for way, a, b, every, days in table.rows]
        return [{"form": "rows", "title": table.title, "heads": heads, "rows": rows,
                 "align": ["left"] * 4, "wide": 3}]  # fmt: skip
    if isinstance(table, Untimed):
        return [{"form": "rows", "title": table.title, "heads": [], "align": ["left"] * 2,
                 "rows": [list(row) for row in table.rows], "wide": 1}]  # fmt: skip
    rows = [list(row) for row in table.rows]
    third = -(-len(rows) // 3)
    thirds = [rows[n * third : (n + 1) * third] for n in range(3)]
    return [{"form": "way", "title": table.title, "thirds": thirds}]


def _kinds_side_by_side(forms: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hours from one station on all kinds of day in one form, as many across as fit."""
    found: list[dict[str, Any]] = []
    for form in forms:
        if form["form"] != "hours":
            found.append(form)
            continue
        last = found[-1] if found else {}
        if last.get("form") != "hours" or last["title"] != form["title"]:
            found.append({"form": "hours", "title": form["title"], "kinds": []})
        found[-1]["kinds"].append(form)
    for form in found:
        if form["form"] == "hours":
            most = max(
                (len(minutes) for kind in form["kinds"] for _, minutes in kind["hours"]), default=0
            )
            across = 3 if most <= MINUTES_IN_A_THIRD else 2 if most <= MINUTES_IN_A_HALF else 1
            form["across"] = min(across, len(form["kinds"]))
    return found


def _block(grid: Grid, first: int) -> Grid:
    """Some of the trains, with the stations at which one of them calls or passes between calls."""
    part = slice(first, first + ACROSS)
    rows = [replace(row, cells=row.cells[part]) for row in grid.rows]
    if len(grid.trains) > ACROSS:
        rows = _without_idle_stations(rows)
    return replace(
        grid, trains=grid.trains[part], kinds=grid.kinds[part], days=grid.days[part], rows=rows
    )


def _without_idle_stations(rows: Sequence[PrintedRow]) -> list[PrintedRow]:
    kept: list[PrintedRow] = []
    station: list[PrintedRow] = []
    for row in [*rows, PrintedRow("end", "", "zone", ())]:
        if row.label and station:
            idle = station[0].kind != "zone" and not any(any(r.cells) for r in station)
            kept += [] if idle else station
            station = []
        station.append(row)
    # A zone's row stands where a station of it follows.
    return [
        row for row, after in zip(kept, [*kept[1:], None], strict=True)
        if row.kind != "zone" or (after is not None and after.kind != "zone")
    ]  # fmt: skip


def _grid(grid: Grid, printer: Printer) -> dict[str, Any]:
    notes: dict[str, str] = {}
    days = [
        text if len(text) <= SHORT_DAYS else notes.setdefault(text, letters(len(notes)))
        for text in grid.days
    ]
    return {
        "form": "grid",
        "title": grid.title,
        "trains": grid.trains,
        "kinds": grid.kinds,
        "days": days,
        "say": {"train": printer.say("Train"), "days": printer.say("Days")},
        "rows": [
            {
                "zone": row.kind == "zone",
                "label": row.label,
                "others": row.others,
                "kind": row.kind,
                "cells": [_cell(cell) for cell in row.cells],
            }
            for row in grid.rows
        ],
        "legend": [*(f"{sign} {text}" for text, sign in notes.items()), *grid.legend],
    }


def _cell(cell: PrintedTime | None) -> list[Any] | None:
    if cell is None:
        return None
    day = f"{cell.day:+d}" if cell.day else ""
    return [cell.clock, day, cell.estimate, cell.sign, cell.train]


def _hours(table: Hours) -> dict[str, Any]:
    hours: dict[int, list[list[str]]] = {}
    for minute, sign in table.entries:
        hours.setdefault(minute // 60, []).append([f"{minute % 60:02d}", sign])
    return {
        "form": "hours",
        "title": table.title,
        "days": table.days,
        "hours": [[f"{hour % 24}", minutes] for hour, minutes in sorted(hours.items())],
        "legend": table.legend,
    }
