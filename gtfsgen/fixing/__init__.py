"""A feed with its faults mended, and every change told: `gtfsgen.fix`.

    >>> fixes = gtfsgen.fix("feed.zip", "fixed.zip")      # doctest: +SKIP
    >>> fixes.edits                                       # a polars DataFrame # doctest: +SKIP
    >>> fixes.taken_back                                  # doctest: +SKIP

Safe fixes change nothing that a rider or a planner would notice; that is proved each time by
`gtfsgen.diff`. Unsafe ones are likely right, and somebody should look at them. See docs/fix.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gtfsgen import clocks
from gtfsgen.fixing.changes import Edits, TakenBack

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.fixing.engine import State

__all__ = ["Edits", "Fixes", "TakenBack", "fix"]


@dataclass
class Fixes:
    """What was mended, or would be."""

    feed: str
    output: str
    """Where the mended feed was written, or ""."""
    changes: list[Edits] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)
    offered: dict[str, int] = field(default_factory=dict)
    """Code -> how many edits an unsafe fix would make, where none was asked for."""
    before: dict[str, int] = field(default_factory=dict)
    """Code -> number of notices before."""
    after: dict[str, int] = field(default_factory=dict)
    _states: tuple[State, State] | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __len__(self) -> int:
        return sum(len(edits) for edits in self.changes)

    @property
    def edits(self) -> pl.DataFrame:
        """Every edit: `code`, `safe`, `file`, `row` (of the feed as it was; 0: the whole file),
        `column`, `old`, `new`, `why`."""
        import polars as pl

        from gtfsgen.fixing.applying import EDIT_SCHEMA

        frames = [
            edits.frame.select(
                pl.lit(edits.code).alias("code"),
                pl.lit(edits.safe).alias("safe"),
                *EDIT_SCHEMA,
                pl.lit(edits.why).alias("why"),
            )
            for edits in self.changes
        ]
        if frames:
            return pl.concat(frames)
        schema: dict[str, Any] = {"code": pl.String, "safe": pl.Boolean, **EDIT_SCHEMA}
        return pl.DataFrame(schema={**schema, "why": pl.String})

    def by_code(self) -> dict[tuple[str, bool], int]:
        """Code and whether the fix is safe -> number of edits."""
        found: dict[tuple[str, bool], int] = {}
        for edits in self.changes:
            key = (edits.code, edits.safe)
            found[key] = found.get(key, 0) + len(edits)
        return dict(sorted(found.items()))

    def to_json(self, indent: int | None = None) -> str:
        """The report as JSON."""
        from gtfsgen.fixing.report import json_report

        return json_report(self, indent)

    def line_changes(self) -> dict[str, list[tuple[int, str, str]]]:
        """File -> (row as it was, old row, new row) for each row that differs."""
        from gtfsgen.fixing.report import line_changes

        return line_changes(self._states) if self._states else {}


def fix(
    feed: str | Path,
    output: str | Path | None = None,
    *,
    unsafe: bool = False,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    date: Date | str | None = None,
    country: str | None = None,
    rules: str = "gtfsgen",
    progress: Callable[[str], None] | None = None,
) -> Fixes:
    """Mend a feed: a zip file, a folder or an address (http, https).

    `output` is where the mended feed is written, a path ending in .zip or a folder; without it
    nothing is. `unsafe` allows fixes that riders may notice. `select` and `ignore` are notice
    codes. `date` (a date or YYYY-MM-DD) is the day that counts as today; services that have ended
    before it are only removed if it is given. `rules` names the rule set that is mended by.

    Raises `UnreadableInput` (an OSError) for an input that cannot be read whole, OSError where the
    output cannot be written, ValueError for an unknown code, rule set, country or date.
    """
    from gtfsgen.feed.remote import check_there, is_url, local_copy, told
    from gtfsgen.fixing.applying import Origins, apply
    from gtfsgen.fixing.documents import read_document
    from gtfsgen.fixing.engine import FixSettings, State, mend, wanted
    from gtfsgen.fixing.files import write_feed
    from gtfsgen.validation import engine, known_country
    from gtfsgen.writing import scratch_folder

    if rules not in engine.RULE_SETS:
        raise ValueError(f"unknown rule set {rules!r}; known are {', '.join(engine.RULE_SETS)}")
    day = Date.fromisoformat(date) if isinstance(date, str) else date
    codes = _codes(select, ignore)
    if not is_url(str(feed)):
        check_there(feed)
    with local_copy(feed) as path, scratch_folder() as folder:
        settings = FixSettings(
            codes, day or clocks.today(), day, known_country(country), rules, folder, progress
        )
        document = read_document(Path(path))
        first = State(document, Origins(), settings, input=None if document.folder else Path(path))
        before = _counts(first)
        last, taken = mend(first, unsafe)
        after = _counts(last)
        offered: dict[str, int] = {}
        if not unsafe:
            asked = wanted(last, lambda fixer: not fixer.safe)
            for edits in apply(last.document, last.origins, asked).edits:
                offered[edits.code] = len(edits)
        told_output = ""
        if output is not None:
            changed = bool(last.edits)
            told_output = str(write_feed(last.document, Path(path), Path(output), changed))
    return Fixes(told(feed), told_output, last.edits, taken, offered, before, after, (first, last))


def _codes(select: Collection[str], ignore: Collection[str]) -> frozenset[tuple[str, bool]]:
    from difflib import get_close_matches

    from gtfsgen.fixing.reasons import every_code
    from gtfsgen.fixing.registry import fixers

    known = every_code()
    for code in (*select, *ignore):
        if code not in known:
            near = get_close_matches(code, known, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no notice code {code!r}{meant}")
    return frozenset(
        key for key in fixers() if (not select or key[0] in select) and key[0] not in ignore
    )


def _counts(state: State) -> dict[str, int]:
    return {code: sum(map(len, rows)) for code, rows in sorted(state.found.items())}
