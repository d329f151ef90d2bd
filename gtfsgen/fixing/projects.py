"""`gtfsgen build --fix`: what a hint says is meant, written into the cells of source tables.

Only where a hint names one word ("did you mean 'Meadow'?") and the cell is one of a CSV file.
Everything else of the file keeps its bytes. A cell that is still at fault afterwards gets its old
text back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gtfsgen.faults import Fault
from gtfsgen.source.cells import column_index, delimiter_of
from gtfsgen.writing import write_file

MEANT = re.compile(r"did you mean (?:'([^']+)'|\"([^\"]+)\")\?")
MAX_ROUNDS = 5
BOM = "\ufeff"


@dataclass(frozen=True)
class SourceEdit:
    """A cell of a source table that was changed, or would have to be."""

    place: str
    code: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.place}: {self.old} → {self.new} ({self.code})"


@dataclass
class SourceFixes:
    """What was written into source tables, and cells that somebody has to change by hand."""

    edits: list[SourceEdit] = field(default_factory=list)
    by_hand: list[SourceEdit] = field(default_factory=list)


def mend_project(
    source: Path, *, profile: str | None = None, today: date | None = None
) -> SourceFixes:
    """Write what hints say into the cells of a project's CSV tables.

    Raises `gtfsgen.source.SourceUnreadable` if there is no project, OSError where a file cannot be
    written.
    """
    fixes = SourceFixes()
    left: set[tuple[str, int, str]] = set()
    for _ in range(MAX_ROUNDS):
        wanted = list(_meant(_faults(source, profile, today), left))
        if not wanted:
            break
        before = {path: (source / path).read_bytes() for path in {f.path for f, _, _ in wanted}}
        made = _write(source, before, wanted)
        still = {(f.path, f.line, f.column) for f in _faults(source, profile, today)}
        failed = [one for one in made if _cell(one[0]) in still]
        if failed:  # all of these files as they were, then once more without those cells
            for path, data in before.items():
                write_file(source / path, data)
            left |= {_cell(fault) for fault, _, _ in failed}
            continue
        fixes.edits += [SourceEdit(f.place, f.code, old, new) for f, old, new in made]
        left |= {_cell(fault) for fault, _, _ in wanted}
    for fault in _faults(source, profile, today):
        new = _word(fault)
        if new is not None and fault.line:
            fixes.by_hand.append(SourceEdit(fault.place, fault.code, fault.found, new))
    return fixes


def _cell(fault: Fault) -> tuple[str, int, str]:
    return fault.path, fault.line, fault.column


def _faults(source: Path, profile: str | None, today: date | None) -> list[Fault]:
    from gtfsgen.compile import compile_source
    from gtfsgen.source import read_source

    read = read_source(source, today)
    return [*read.faults, *compile_source(read, profile=profile, today=today).faults]


def _word(fault: Fault) -> str | None:
    """The one word that a hint names, if the fault is one of a cell with a text."""
    found = MEANT.fullmatch(fault.hint)
    if not found or not fault.column or not fault.found:
        return None
    return found.group(1) or found.group(2)


def _meant(
    faults: list[Fault], left: set[tuple[str, int, str]]
) -> Iterator[tuple[Fault, str, str]]:
    """Faults of CSV cells with what is found there and what is meant, a fault a cell and round."""
    seen = set(left)
    for fault in faults:
        new = _word(fault)
        if new is None or not fault.path.endswith(".csv") or _cell(fault) in seen:
            continue
        seen.add(_cell(fault))
        yield fault, fault.found, new


def _write(
    source: Path, files: dict[str, bytes], wanted: list[tuple[Fault, str, str]]
) -> list[tuple[Fault, str, str]]:
    """Change the cells; those that cannot be found in their file as they were read are left."""
    made = []
    for path, data in files.items():
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            continue
        mark = BOM if text.startswith(BOM) else ""
        text = text.removeprefix(BOM)
        places = []
        for fault, old, new in wanted:
            if fault.path != path:
                continue
            span = cell_span(text, fault.line - 1, column_index(fault.column))
            raw = text[slice(*span)] if span else ""
            if span is None or raw.count(old) != 1 or _must_be_quoted(new):
                continue
            at = span[0] + raw.index(old)
            places.append((at, at + len(old), new))
            made.append((fault, old, new))
        for start, end, new in sorted(places, reverse=True):
            text = text[:start] + new + text[end:]
        if places:
            write_file(source / path, (mark + text).encode())
    return made


def _must_be_quoted(text: str) -> bool:
    return any(mark in text for mark in ',;\t"\r\n')


def cell_span(text: str, row: int, column: int) -> tuple[int, int] | None:
    """Where a cell stands in a CSV text, its quotes included; rows and columns count from 0.

    Rows are counted as spreadsheets count them: a line break in quotes begins none.
    """
    delimiter = delimiter_of(text)
    at = here = 0
    cell = 0
    start = 0
    quoted = False
    while at <= len(text):
        mark = text[at : at + 1]
        if quoted:
            if mark == "":
                return None
            if mark == '"':
                if text[at + 1 : at + 2] == '"':
                    at += 1
                else:
                    quoted = False
        elif mark == '"' and at == start:
            quoted = True
        elif mark in ("", delimiter, "\r", "\n"):
            if here == row and cell == column:
                return start, at
            if mark == delimiter:
                cell += 1
            else:
                if here == row or mark == "":
                    return None
                at += text[at : at + 2] == "\r\n"
                here, cell = here + 1, 0
            start = at + 1
        at += 1
    return None
