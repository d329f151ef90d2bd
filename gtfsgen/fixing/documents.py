"""The files of a feed as bytes, and their rows: what a fix writes into, and nothing besides.

A row is known by the number of the line on which it ends, as in notices. Rows that are not touched
keep their bytes; in a row that is, the other cells do.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from gtfsgen.budget import UnreadableInput, budget, exceeded
from gtfsgen.csv.records import column_names
from gtfsgen.csv.streams import DamagedEntry
from gtfsgen.feed.archive import open_archive

_PART = 1 << 24
_CELL = re.compile(rb'[ \t]*"(?:[^"]|"")*"[^,]*|[^,]*')


@dataclass
class Document:
    """The files of a feed, in the order in which its archive has them."""

    name: str
    files: dict[str, bytes]
    folder: bool = False
    texts: dict[str, CsvText] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> CsvText:
        """The rows of a file. Raises KeyError for a file that is not there."""
        if name not in self.texts:
            self.texts[name] = CsvText(self.files[name])
        return self.texts[name]

    def with_files(self, files: Mapping[str, bytes]) -> Document:
        """The same feed with other files; texts of those that stay are kept."""
        kept = {n: t for n, t in self.texts.items() if files.get(n) is self.files.get(n)}
        return Document(self.name, dict(files), self.folder, kept)


def read_document(path: Path) -> Document:
    """All files of a zip or a folder.

    Raises `UnreadableInput` where it is neither, or where a file of it breaks off: what cannot be
    read whole cannot be written again.
    """
    files: dict[str, bytes] = {}
    left = budget().unpacked
    with open_archive(path, tolerant=True) as archive:
        for name in archive.all_names:
            if name.endswith("/"):
                continue
            parts = []
            try:
                with archive.open_tolerantly(name) as stream:
                    while part := stream.read(_PART):
                        parts.append(part)
                        left -= len(part)
                        if left < 0:
                            raise exceeded("unpacked", f"{path} unpacks to more than is read")
            except DamagedEntry as damage:
                raise UnreadableInput(
                    f"{path} cannot be mended: its {name} is damaged ({damage})"
                ) from None
            files[name] = b"".join(parts)
    return Document(str(path), files, path.is_dir())


class CsvText:
    """The bytes of a CSV file and where its rows begin and end."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def bom(self) -> int:
        """How many bytes of byte order marks stand before the header."""
        at = 0
        while self.data.startswith(codecs.BOM_UTF8, at):
            at += len(codecs.BOM_UTF8)
        return at

    @cached_property
    def newline(self) -> bytes:
        """What ends the first line."""
        first = self.data.find(b"\n")
        if first < 0:
            return b"\r" if b"\r" in self.data else b"\n"
        return b"\r\n" if self.data[first - 1 : first] == b"\r" else b"\n"

    @cached_property
    def _spans(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Line numbers of the rows, and where each begins and ends with its line end."""
        data = np.frombuffer(self.data, np.uint8)
        mark = ord("\r") if self.newline == b"\r" else ord("\n")
        ends = np.flatnonzero(data == mark) + 1
        if not len(ends) or ends[-1] < len(data):
            ends = np.append(ends, len(data))
        lines = np.arange(1, len(ends) + 1)
        if b'"' in self.data:
            quotes = np.flatnonzero(data == ord('"'))
            closed = np.searchsorted(quotes, ends) % 2 == 0
            closed[-1] = True
            ends, lines = ends[closed], lines[closed]
        begins = np.concatenate(([self.bom], ends[:-1]))
        return lines, begins, ends

    @property
    def lines(self) -> np.ndarray:
        """The numbers of the lines on which rows end, the header's and blank ones too."""
        return self._spans[0]

    @property
    def begins(self) -> np.ndarray:
        return self._spans[1]

    @property
    def ends(self) -> np.ndarray:
        return self._spans[2]

    @cached_property
    def header_place(self) -> int:
        """Which row is the header: lines that are blank or begin with # may stand before it."""
        for place in range(len(self.lines)):
            row = self.data[self.begins[place] : self.ends[place]]
            if row.strip(b"\r\n") and not row.startswith(b"#"):
                return place
        return 0

    @cached_property
    def header(self) -> list[str]:
        """The names of the columns as readers take them."""
        row = self.data[self.begins[self.header_place] : self.ends[self.header_place]]
        cells = [cell_text(raw) for raw in cells_of(row)[0]]
        return column_names([cell or None for cell in cells])

    def places(self, rows: Iterable[int]) -> np.ndarray:
        """Places of rows by the numbers of their lines; -1 for a line on which none ends."""
        wanted = np.asarray(list(rows), np.int64)
        at = np.searchsorted(self.lines, wanted)
        at[at == len(self.lines)] = 0
        return np.where(self.lines[at] == wanted, at, -1)

    def row(self, place: int) -> bytes:
        """The bytes of a row, with its line end."""
        return self.data[self.begins[place] : self.ends[place]]

    def cells(self, row: int) -> list[str] | None:
        """The cells of a row as text, or None where no row ends on that line."""
        place = int(self.places([row])[0])
        return None if place < 0 else [cell_text(raw) for raw in cells_of(self.row(place))[0]]

    def with_rows(
        self,
        changed: Mapping[int, bytes | None],
        order: np.ndarray | None = None,
    ) -> tuple[bytes, np.ndarray]:
        """The file with some rows (by place) changed or, for None, left out, in another order.

        Returned with it: for each line of the new file the line of the old one, the first at 1.
        """
        counts = np.diff(self.lines, prepend=0)
        for place, new in changed.items():
            if new is None:
                counts[place] = 0
            elif counts[place] > 1:
                counts[place] = max(1, new.count(self.newline[-1:]))
        parts = [self.data[: self.bom]]
        lines = self.lines
        if order is not None:
            rows = [changed.get(place, b"") for place in order.tolist()]
            ended = zip(order.tolist(), rows, strict=True)
            parts += [row or self._ended(place) for place, row in ended if row is not None]
            lines, counts = lines[order], counts[order]
        else:
            at = self.bom
            for place in sorted(changed):
                parts.append(self.data[at : self.begins[place]])
                parts.append(changed[place] or b"")
                at = int(self.ends[place])
            parts.append(self.data[at:])
        return b"".join(parts), np.concatenate(([0], np.repeat(lines, counts)))

    def _ended(self, place: int) -> bytes:
        row = self.row(place)
        return row if row.endswith((b"\n", b"\r")) else row + self.newline

    def map_rows(self, change: Callable[[list[bytes], bool], list[bytes] | None]) -> bytes:
        """The file with the raw cells of each row changed; None leaves a row as it is. The second
        argument says whether it is the header."""
        parts = [self.data[: self.bom]]
        for place in range(len(self.lines)):
            row = self.row(place)
            if place >= self.header_place and row.strip(b"\r\n"):
                raw, end = cells_of(row)
                new = change(raw, place == self.header_place)
                if new is not None:
                    row = b",".join(new) + end
            parts.append(row)
        return b"".join(parts)


def cells_of(row: bytes) -> tuple[list[bytes], bytes]:
    """The raw cells of a row, and its line end."""
    bare = row.rstrip(b"\r\n")
    end = row[len(bare) :]
    if b'"' not in bare:
        return bare.split(b","), end
    cells = []
    at = 0
    while True:
        found = _CELL.match(bare, at)
        assert found is not None
        cells.append(found.group())
        at = found.end()
        if at >= len(bare):
            return cells, end
        at += 1


def cell_text(raw: bytes) -> str:
    """What a raw cell says: without its quotes, and outside of them without blanks at its edges."""
    text = raw.decode("utf-8", "replace")
    bare = text.strip(" \t\r\n\x0b\x0c")
    if len(bare) >= 2 and bare[0] == bare[-1] == '"':
        return bare[1:-1].replace('""', '"')
    return bare


def raw_cell(text: str, like: bytes = b"") -> bytes:
    """A text as a cell: in quotes where it must be, or where the cell in whose place it comes is.

    A blank is written without quotes.
    """
    quoted = like.strip().startswith(b'"') and text != ""
    if quoted or any(mark in text for mark in ',"\n\r') or text != text.strip():
        return ('"' + text.replace('"', '""') + '"').encode()
    return text.encode()


__all__ = ["CsvText", "Document", "cell_text", "cells_of", "raw_cell", "read_document"]
