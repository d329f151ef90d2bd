"""Changes carried out: a document in, another out, and what was done row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gtfsgen.fixing.changes import CellChanges, Change, Content, Edits, RowOrder, RowsOut
from gtfsgen.fixing.documents import CsvText, Document, cell_text, cells_of, raw_cell
from gtfsgen.fixing.registry import Fixer

EDIT_SCHEMA = {
    "file": pl.String,
    "row": pl.UInt32,
    "column": pl.String,
    "old": pl.String,
    "new": pl.String,
}


@dataclass
class Origins:
    """Which line of the feed as it was a line of the feed as it is comes from."""

    lines: dict[str, np.ndarray] = field(default_factory=dict)
    """File -> for each line the former one; a file that is not here has all its lines still."""
    names: dict[str, str] = field(default_factory=dict)
    """File -> its former name, where that was another."""

    def rows(self, file: str, rows: Sequence[int]) -> list[int]:
        known = self.lines.get(file)
        if known is None:
            return [int(row) for row in rows]
        return [int(known[row]) if 0 <= row < len(known) else 0 for row in rows]

    def name(self, file: str) -> str:
        return self.names.get(file, file)

    def copy(self) -> Origins:
        return Origins(dict(self.lines), dict(self.names))


@dataclass
class Applied:
    """A document after some changes."""

    document: Document
    origins: Origins
    edits: list[Edits]


def apply(document: Document, origins: Origins, wanted: Iterable[tuple[Fixer, Change]]) -> Applied:
    """Carry out changes, those of a file as a whole before those of its rows, which then wait.

    Where two fixers want the same cell or row, the first has it. A cell that does not hold what the
    fixer believed is left alone.
    """
    whole: dict[str, tuple[Fixer, Content]] = {}
    parts: dict[str, list[tuple[Fixer, Change]]] = defaultdict(list)
    for fixer, change in wanted:
        if isinstance(change, Content):
            whole.setdefault(change.file, (fixer, change))
        else:
            parts[change.file].append((fixer, change))
    done: dict[tuple[str, bool], list[pl.DataFrame]] = defaultdict(list)
    fixers: dict[tuple[str, bool], Fixer] = {}
    files: dict[str, bytes] = {}
    after = origins.copy()
    for name, data in document.files.items():
        if name in whole:
            fixer, change = whole[name]
            taken = change.name if change.name and change.name not in document.files else name
            frame = _edit(origins.name(name), change.row, change.column, change.was, change.now)
            if change.content is not None:
                files[taken] = change.content
                _keep_lines(name, taken, data, change.content, after)
        elif name in parts:
            files[name], frames = _apply_rows(document.text(name), name, parts[name], after)
            for fixer, frame in frames:
                done[fixer.code, fixer.safe].append(frame)
                fixers[fixer.code, fixer.safe] = fixer
            continue
        else:
            files[name] = data
            continue
        done[fixer.code, fixer.safe].append(frame)
        fixers[fixer.code, fixer.safe] = fixer
    for name, (fixer, change) in whole.items():
        if name not in document.files and change.content is not None:
            files[name] = change.content
            done[fixer.code, fixer.safe].append(
                _edit(name, 0, change.column, change.was, change.now)
            )
            fixers[fixer.code, fixer.safe] = fixer
    edits = [
        Edits(code, safe, fixers[code, safe].why, pl.concat(frames))
        for (code, safe), frames in sorted(done.items())
        if any(frame.height for frame in frames)
    ]
    return Applied(document.with_files(files), after, edits)


def _edit(file: str, row: int, column: str, old: str, new: str) -> pl.DataFrame:
    return pl.DataFrame([[file, row, column, old, new]], schema=EDIT_SCHEMA, orient="row")


def _keep_lines(name: str, taken: str, old: bytes, new: bytes, origins: Origins) -> None:
    """A file that is written anew has the lines of before, if they are as many."""
    known = origins.lines.pop(name, None)
    if taken != name:
        origins.names[taken] = origins.names.pop(name, name)
    if known is not None and old.count(b"\n") == new.count(b"\n"):
        origins.lines[taken] = known


def _apply_rows(
    text: CsvText, name: str, wanted: list[tuple[Fixer, Change]], origins: Origins
) -> tuple[bytes, list[tuple[Fixer, pl.DataFrame]]]:
    changed: dict[int, bytes | None] = {}
    frames: list[tuple[Fixer, pl.DataFrame]] = []
    former = origins.name(name)
    for fixer, change in wanted:
        if isinstance(change, RowsOut):
            rows, olds = _leave_out(text, change.rows, changed)
            frames.append(
                (
                    fixer,
                    pl.DataFrame(
                        {
                            "file": [former] * len(rows),
                            "row": origins.rows(name, rows),
                            "column": [""] * len(rows),
                            "old": olds,
                            "new": [""] * len(rows),
                        },
                        schema=EDIT_SCHEMA,
                    ),
                )
            )
    frames += _change_cells(text, name, former, wanted, changed, origins)
    order = None
    for fixer, change in wanted:
        if isinstance(change, RowOrder) and order is None:
            order = _order(text, change.rows)
            frames.append((fixer, _edit(former, 0, "", "rows out of order", "rows in order")))
    if not changed and order is None:
        return text.data, []
    data, lines = text.with_rows(changed, order)
    known = origins.lines.get(name)
    origins.lines[name] = lines if known is None else known[np.minimum(lines, len(known) - 1)]
    return data, frames


def _leave_out(
    text: CsvText, rows: Sequence[int], changed: dict[int, bytes | None]
) -> tuple[list[int], list[str]]:
    left, olds = [], []
    for row, place in zip(rows, text.places(rows).tolist(), strict=True):
        if place >= 0 and place not in changed and place != text.header_place:
            changed[place] = None
            left.append(row)
            olds.append(text.row(place).decode("utf-8", "replace").rstrip("\r\n"))
    return left, olds


def _change_cells(
    text: CsvText,
    name: str,
    former: str,
    wanted: list[tuple[Fixer, Change]],
    changed: dict[int, bytes | None],
    origins: Origins,
) -> list[tuple[Fixer, pl.DataFrame]]:
    """Write cells, row by row; a row that is left out is not written into."""
    cells = [(fixer, change) for fixer, change in wanted if isinstance(change, CellChanges)]
    header = text.header
    kept: list[list[tuple[int, str, str]]] = [[] for _ in cells]
    left_out = {*changed}
    for n, (_, change) in enumerate(cells):
        if change.column not in header:
            continue
        column = header.index(change.column)
        rows = change.frame["row"].to_list()
        triples = zip(
            rows,
            text.places(rows).tolist(),
            change.frame["old"].to_list(),
            change.frame["new"].to_list(),
            strict=True,
        )
        for row, place, old, new in triples:
            if place < 0 or place in left_out:
                continue
            before = changed.get(place)
            raw, end = cells_of(text.row(place) if before is None else before)
            if column < len(raw) and _holds(raw[column], old) and cell_text(raw[column]) != new:
                raw[column] = raw_cell(new, raw[column])
                changed[place] = b",".join(raw) + end
                kept[n].append((row, old, new))
    frames = []
    for (fixer, change), done in zip(cells, kept, strict=True):
        if done:
            rows = [row for row, _, _ in done]
            frame = pl.DataFrame(
                {
                    "file": [former] * len(rows),
                    "row": origins.rows(name, rows),
                    "column": [change.column] * len(rows),
                    "old": [old for _, old, _ in done],
                    "new": [new for _, _, new in done],
                },
                schema=EDIT_SCHEMA,
            )
            frames.append((fixer, frame))
    return frames


def _holds(raw: bytes, old: str) -> bool:
    text = cell_text(raw)
    return text == old or text.strip() == old.strip()


def _order(text: CsvText, rows: Sequence[int]) -> np.ndarray:
    """Places of all rows: what is before the first of them, they, and what was not named."""
    places = text.places(rows)
    places = places[places >= 0]
    head = np.arange(text.header_place + 1)
    others = np.setdiff1d(np.arange(len(text.lines)), np.concatenate((head, places)))
    return np.concatenate((head, places, others))
