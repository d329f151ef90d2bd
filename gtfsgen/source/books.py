"""Cells of timetables as read so far, and what all tables of a project share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gtfsgen.source.bindings import Binding
from gtfsgen.source.calendars import Reading
from gtfsgen.source.times import Cell, Manner, TimeError, parse_cell
from gtfsgen.source.words import Words


@dataclass
class Book:
    """Cells parsed so far in one manner: timetables repeat few texts many times."""

    manner: Manner
    reader: Reader
    cells: dict[str, Cell | None] = field(default_factory=lambda: {"": None})
    bad: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Cell text -> code, message, hint."""

    def cell(self, text: str) -> Cell | None:
        try:
            return self.cells[text]
        except KeyError:
            self.cells[text] = cell = self.parsed(text)
            return cell

    def parsed(self, text: str) -> Cell | None:
        try:
            cell = parse_cell(text, self.manner)
        except TimeError as error:
            self.bad[text] = (error.code, error.message, error.hint)
            return Cell(clock=None, text=text)
        if cell is None:
            return None
        if cell.platform:
            self.reader.platforms += 1
        if not cell.notes:
            return cell
        notes, unknown = self.reader.notes(cell.notes)
        if unknown:
            self.bad[text] = ("unknown_note", *unknown)
            return replace(cell, notes=notes)
        return self.marked(replace(cell, notes=notes), text)

    def marked(self, cell: Cell, text: str) -> Cell:
        """The cell with what its notes are bound to, also where two letters stand as one word."""
        marks = {mark: True for note in cell.notes for mark in self.manner.marks.get(note, ())}
        whole = replace(cell, **marks)  # type: ignore[arg-type]
        if (
            whole.boards_only
            and whole.alights_only
            and not (cell.boards_only and cell.alights_only)
        ):
            self.bad[text] = (
                "unreadable_time",
                "The notes of this time say boards only and alights only at once.",
                "leave one out",
            )
            return cell
        return whole


@dataclass
class Reader:
    """What all grids of a project share: the letters of notes.csv, and cells parsed so far."""

    letters: frozenset[str]
    """The letters of notes.csv."""
    days_of: dict[str, str] = field(default_factory=dict)
    """Letter -> the days to which it restricts a train or call."""
    bindings: dict[str, Binding] = field(default_factory=dict)
    calendar: Callable[..., Reading] | None = None
    clock: str = ""
    """By which all tables go, if feed.toml says so."""
    books: dict[tuple[Manner, bool], Book] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    """Note letters seen."""
    lacking: bool = False
    """Whether a time bears a note that notes.csv does not have."""
    platforms: int = 0
    """Distinct cells that name a platform."""

    def __post_init__(self) -> None:
        self.words = Words(sorted(self.letters))

    def book(self, clock: str, half: str, british: bool) -> Book:
        """The cells of tables, or columns, of one manner."""
        marks = {letter: each.marks for letter, each in self.bindings.items() if each.marks}
        manner = Manner(
            clock, half, self.letters, marks, lambda words: self.means_days(words, british)
        )
        return self.books.setdefault((manner, british), Book(manner, self))

    def means_days(self, words: str, british: bool) -> bool:
        return self.calendar is not None and self.calendar(words, british).wrong is None

    def notes(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, str] | None]:
        """Known letters (`bc` is b and c unless there is a note bc), and what is wrong."""
        found: list[str] = []
        for word in words:
            split = word not in self.letters and len(set(word)) == len(word)
            parts = list(word) if split else [word]
            missing = next((part for part in parts if part not in self.letters), None)
            if missing is not None:
                self.lacking = True
                hint = self.words.hint(missing, "add it to notes.csv")
                return tuple(found), (f"notes.csv has no note {missing!r}.", hint)
            found += parts
        self.used.update(found)
        return tuple(dict.fromkeys(found)), None
