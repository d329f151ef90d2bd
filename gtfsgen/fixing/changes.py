"""What a fixer asks for, and what was done for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class CellChanges:
    """Other texts in cells of a column. `frame` has the columns `row`, `old`, `new`."""

    file: str
    column: str
    frame: pl.DataFrame


@dataclass(frozen=True)
class RowsOut:
    """Rows that are left out."""

    file: str
    rows: Sequence[int]


@dataclass(frozen=True)
class RowOrder:
    """The rows of a file in another order: the numbers of all rows but the header's."""

    file: str
    rows: Sequence[int]


@dataclass(frozen=True)
class Content:
    """A file with other content, another name, or (None) left out. `was` and `now` say in a few
    words what changes; `column` is the column concerned, if it is one; `row` 0 is the file as a
    whole."""

    file: str
    content: bytes | None
    was: str
    now: str
    name: str = ""
    column: str = ""
    row: int = 0


Change = CellChanges | RowsOut | RowOrder | Content


@dataclass
class Edits:
    """What was changed for one notice code, in columns: `frame` has `file`, `row` (of the feed as
    it was, 0 for a whole file), `column`, `old`, `new`."""

    code: str
    safe: bool
    why: str
    frame: Any
    """A polars DataFrame."""

    def __len__(self) -> int:
        return int(self.frame.height)


@dataclass(frozen=True)
class TakenBack:
    """A fix that was not kept, and the reason: what would have changed, or which notice came."""

    code: str
    safe: bool
    edits: int
    reason: str
    examples: tuple[str, ...] = field(default=())
