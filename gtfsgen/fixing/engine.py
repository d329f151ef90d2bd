"""How a feed is mended: changes in rounds until no fixer wants more, each proved, or taken back.

First what makes files readable, then what is safe, then, if asked for, what is not. After each of
these the feed is validated: a notice that was not there before means that a fix is taken back. For
a safe one `gtfsgen.diff` must have nothing to tell at the level `planner`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date as Date
from functools import cached_property
from pathlib import Path

from gtfsgen.feed import Feed, read
from gtfsgen.findings import Rows
from gtfsgen.fixing.applying import Applied, Origins, apply
from gtfsgen.fixing.changes import Change, Edits, TakenBack
from gtfsgen.fixing.comparing import new_notices
from gtfsgen.fixing.documents import Document
from gtfsgen.fixing.files import write_scratch
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import Fixer, fixers
from gtfsgen.validation import engine as rules_engine

MAX_ROUNDS = 20
"""Fixers that want more after so many rounds undo each other: a fault of theirs, which is told."""
MAX_TURNS = 4
EXAMPLES = 3


@dataclass
class FixSettings:
    """What was asked for."""

    codes: frozenset[tuple[str, bool]]
    today: Date
    date: Date | None
    country: str
    rules: str
    folder: Path
    progress: Callable[[str], None] | None = None

    def tell(self, text: str) -> None:
        if self.progress:
            self.progress(text)


@dataclass
class State:
    """A feed on its way, with the notices of this state."""

    document: Document
    origins: Origins
    settings: FixSettings
    number: int = 0
    edits: list[Edits] = field(default_factory=list)
    input: Path | None = None

    @cached_property
    def path(self) -> Path:
        """The feed as a file."""
        if self.input is not None:
            return self.input
        return write_scratch(self.document, self.settings.folder)

    @cached_property
    def validated(self) -> tuple[Feed, dict[str, list[Rows]]]:
        settings = self.settings
        settings.tell("validating")
        feed = read(
            self.path, country=settings.country, tables_known=rules_engine.tables(settings.rules)
        )
        feed.strict = settings.rules.startswith("canonical")
        feed.today = settings.today
        return feed, rules_engine.run(feed, settings.rules).found

    @property
    def found(self) -> dict[str, list[Rows]]:
        return self.validated[1]

    @cached_property
    def look(self) -> Look:
        feed, found = self.validated
        return Look(self.document, feed, found, self.settings.date)

    def forget(self) -> None:
        """Let go of what was read; what was found stays."""
        for name in ("look",):
            self.__dict__.pop(name, None)
        if "validated" in self.__dict__:
            found = self.found
            self.__dict__["validated"] = (None, found)


def mend(state: State, unsafe: bool) -> tuple[State, list[TakenBack]]:
    """Everything that can be mended, and what was taken back."""
    taken: list[TakenBack] = []
    opened = _stage(state, lambda fixer: fixer.opening and fixer.safe, taken, revealing=True)
    for _ in range(MAX_TURNS):
        before = len(opened.edits)
        opened = _stage(opened, lambda fixer: fixer.safe, taken)
        if unsafe:
            opened = _stage(opened, lambda fixer: not fixer.safe, taken)
        if len(opened.edits) == before or not unsafe:
            break
    return opened, taken


def wanted(state: State, which: Callable[[Fixer], bool]) -> list[tuple[Fixer, Change]]:
    """What fixers ask for in a state of the feed."""
    asked: list[tuple[Fixer, Change]] = []
    for (code, safe), fixer in fixers().items():
        chosen = (code, safe) in state.settings.codes and which(fixer)
        if chosen and (code in state.found or code == "expired_calendar"):
            asked += [(fixer, change) for change in fixer.function(state.look)]
    return asked


def _stage(
    state: State,
    which: Callable[[Fixer], bool],
    taken: list[TakenBack],
    *,
    revealing: bool = False,
) -> State:
    """The feed with the fixes of a kind, as far as they stand the proof."""
    out = {(one.code, one.safe) for one in taken}

    def allowed(fixer: Fixer) -> bool:
        return which(fixer) and (fixer.code, fixer.safe) not in out

    while True:
        tried, unsettled = _rounds(state, allowed)
        if len(tried.edits) == len(state.edits):
            return state
        made = tried.edits[len(state.edits) :]
        reason = unsettled or _objection(state, tried, revealing, made)
        if reason is None:
            return tried
        suspects = _suspects(made, reason)
        guilty, why = suspects[0], reason
        if len(suspects) > 1 and not unsettled:
            guilty, why = _one_guilty(state, allowed, suspects, reason, revealing, made)
        size = sum(len(edits) for edits in made if (edits.code, edits.safe) == guilty)
        taken.append(TakenBack(guilty[0], guilty[1], size, why.text, why.examples))
        out.add(guilty)


@dataclass(frozen=True)
class Objection:
    """Why a fix may not stay."""

    text: str
    examples: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    codes: frozenset[tuple[str, bool]] = frozenset()


def _rounds(state: State, allowed: Callable[[Fixer], bool]) -> tuple[State, Objection | None]:
    """Apply changes until none is wanted any more."""
    for _ in range(MAX_ROUNDS):
        applied = apply(state.document, state.origins, wanted(state, allowed))
        if not applied.edits:
            return state, None
        state.forget()
        state = _next(state, applied)
    codes = frozenset((edits.code, edits.safe) for edits in applied.edits)
    text = f"it found something to change even after {MAX_ROUNDS} rounds"
    return state, Objection(text, codes=codes)


def _next(state: State, applied: Applied) -> State:
    return State(
        applied.document,
        applied.origins,
        state.settings,
        state.number + 1,
        [*state.edits, *applied.edits],
    )


def _objection(before: State, after: State, revealing: bool, made: list[Edits]) -> Objection | None:
    if not revealing:
        new = new_notices(before.found, before.origins, after.found, after.origins)
        if new:
            code, examples, file = new[0]
            rest = "" if len(new) == 1 else f" and {len(new) - 1} more kinds of notices"
            return Objection(
                f"a notice {code} would appear{rest}", tuple(examples[:EXAMPLES]), frozenset({file})
            )
    if all(not edits.safe for edits in made):
        return None
    from gtfsgen.diff import compare

    after.settings.tell("comparing")
    difference = compare(before.path, after.path, "planner", since=after.settings.date)
    if not difference:
        return None
    texts = tuple(entry.text for entry in difference.entries[:EXAMPLES])
    files = frozenset(file for entry in difference.entries for _, file, _ in entry.places)
    more = len(difference) - len(texts)
    rest = f" (and {more} more)" if more > 0 else ""
    return Objection(f"riders or planners would notice{rest}", texts, files)


def _suspects(made: list[Edits], reason: Objection) -> list[tuple[str, bool]]:
    """Codes that may have brought an objection about, the likeliest first."""
    if reason.codes:
        return sorted(reason.codes)
    score: dict[tuple[str, bool], bool] = {}
    for edits in made:
        key = (edits.code, edits.safe)
        near = bool(reason.files & {*edits.frame["file"].unique().to_list()})
        score[key] = score.get(key, False) or near
    return sorted(score, key=lambda key: (not score[key], key))


def _one_guilty(
    state: State,
    allowed: Callable[[Fixer], bool],
    suspects: list[tuple[str, bool]],
    reason: Objection,
    revealing: bool,
    made: list[Edits],
) -> tuple[tuple[str, bool], Objection]:
    """The one code without which nothing is objected to; else the first that spoils those that
    came before it."""

    def tried(codes: set[tuple[str, bool]]) -> tuple[bool, Objection | None]:
        """Whether these codes alone change anything, and what is objected to."""
        after, unsettled = _rounds(
            state, lambda fixer: allowed(fixer) and (fixer.code, fixer.safe) in codes
        )
        edits = after.edits[len(state.edits) :]
        if not edits:
            return False, None
        return True, unsettled or _objection(state, after, revealing, edits)

    for suspect in suspects:
        changed, why = tried({*suspects} - {suspect})
        if changed and why is None:
            return suspect, reason
    kept: set[tuple[str, bool]] = set()
    for edits in made:
        code = edits.code, edits.safe
        if code not in kept:
            _, why = tried(kept | {code})
            if why is not None:
                return code, why
            kept.add(code)
    return suspects[0], reason


__all__ = ["FixSettings", "State", "mend", "wanted"]
