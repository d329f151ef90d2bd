"""Rules, and how they are run."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import polars as pl

from gtfsgen.budget import budget
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed, Status
from gtfsgen.findings import Rows
from gtfsgen.notices import NoticeKind, kind_of, register, registered
from gtfsgen.schema import TABLES, Table, canonical_tables, experimental_tables, next_tables

Result = pl.LazyFrame | pl.DataFrame | Rows | list[Any]
"""What a rule returns: the rows at fault, as one frame or as several."""

LOCATIONS = "locations"
"""The file that is no table: locations.geojson."""

Check = TypeVar("Check", bound=Callable[[Feed], Result])

RULE_SETS = {
    "canonical-8.0.1": ("canonical",),
    "canonical-next": ("canonical", "next"),
    "gtfsgen": ("canonical", "next", "adopted", "gtfsgen"),
    "experimental": ("canonical", "next", "adopted", "gtfsgen", "experimental"),
}
EVERY_GROUP = "experimental"
"""The rule set that has all groups."""


@dataclass(frozen=True, kw_only=True)
class Rule(NoticeKind):
    """A kind of notice with the check that finds it. Its text is the docstring of its function."""

    function: Callable[[Feed], Result]
    needs: tuple[str, ...]
    """The tables that must be loaded for it to run."""
    of: str = ""
    """The table without whose rows, or the column (`trips.block_id`) without whose values, there is
    nothing to find; blank for several."""


SCHEMAS = {
    "canonical-8.0.1": canonical_tables,
    "canonical-next": next_tables,
    "experimental": experimental_tables,
}
"""Rule set -> its tables, where these are not `TABLES`."""


def rule(
    severity: Severity,
    *needs: str,
    group: str = "canonical",
    code: str = "",
    of: str = "",
    at: str = "",
) -> Callable[[Check], Check]:
    """Register a function as the rule of the notice code it is named by, or of `code`.

    A rule of a later group of a rule set takes the place of one of the same code; where it only
    adds to that one it calls it. `needs` names the tables it wants whole: on a strict feed the rule
    is skipped when one of them had an error. A rule without needs looks at the good rows of its
    table, whatever the others were. `of` names a table without whose rows, or a column without
    whose values, there is nothing to find. `at` names the table in which `csv_row_number` counts,
    for a rule whose particulars, fixed by the canonical report, do not name the file.
    """

    def add(function: Check) -> Check:
        name = code or function.__name__
        known = kind_of(name, group)
        if isinstance(known, Rule) and known.function.__module__ != function.__module__:
            raise ValueError(f"two rules are named {name}")
        if at and at not in {*experimental_tables(), LOCATIONS}:
            raise ValueError(f"{name} is said to be at {at}, which is no file of GTFS")
        table, _, column = of.partition(".")
        known_tables = experimental_tables()
        if of and (
            table not in known_tables or (column and column not in known_tables[table].fields)
        ):
            raise ValueError(f"{name} is a rule of {of}, which is no table or column of GTFS")
        register(
            Rule(
                code=name,
                severity=severity,
                text=function.__doc__ or "",
                group=group,
                subject=function.__module__.rpartition(".")[2],
                file=_filename(at) if at else "",
                function=function,
                needs=needs,
                of=of,
            )
        )
        return function

    return add


@cache
def rules(rule_set: str = "") -> dict[str, Rule]:
    """The rules of a rule set by notice code, in alphabetical order; without a name, those of all
    sets.

    A code that several groups have stands there as the last of them has it.
    """
    chosen = {
        rule_.code: rule_
        for group in RULE_SETS[rule_set or EVERY_GROUP]
        for rule_ in every_rule()
        if rule_.group == group
    }
    return dict(sorted(chosen.items()))


@cache
def every_rule() -> tuple[Rule, ...]:
    """The rules of all groups by code; a code that two groups have occurs twice."""
    from gtfsgen.validation import rules as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(kind for kind in registered() if isinstance(kind, Rule))


def tables(rule_set: str) -> dict[str, Table]:
    """The schema that a rule set holds a feed's cells to."""
    if rule_set in SCHEMAS:
        return SCHEMAS[rule_set]()
    return TABLES


class ValidatorCrash(Exception):
    """The canonical validator is known to crash here, and to find no more of the rules concerned.

    `found` is what it has found until then. Raised only on a strict feed, so that the same system
    error is reported.
    """

    def __init__(
        self,
        validator: str,
        exception: str,
        message: str,
        count: int = 1,
        found: Result | None = None,
    ) -> None:
        super().__init__(message)
        self.found = found
        self.validator = validator
        self.exception = exception
        self.message = message
        self.count = count


@dataclass
class Outcome:
    """What one run of the rules found."""

    found: dict[str, list[Rows]] = field(default_factory=dict)
    system_errors: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """Rules that could not run -> the reason."""
    seconds: dict[str, float] = field(default_factory=dict)

    def milder(self, severities: dict[str, Severity]) -> dict[str, Severity]:
        """Codes of which every row that was found is less grave than its rule -> the gravest of the
        rows."""
        ranks = list(Severity)
        gravest = {
            code: min((part.severity or severities[code] for part in found), key=ranks.index)
            for code, found in self.found.items()
        }
        return {
            code: severity for code, severity in gravest.items() if severity != severities[code]
        }


ROW_NUMBER = re.compile("row_number")
"""Columns that say where a row stands in its file."""

PLACE = "_place"
"""Column of row numbers by which rows at fault are ordered and which is not shown."""

SMALL_FEED_ROWS = 100_000
"""Up to so many rows a plan costs more to optimize than to run."""


def run(feed: Feed, rule_set: str, progress: Callable[[str], None] | None = None) -> Outcome:
    """Run the rules of a rule set over a feed, one failure never hiding another rule."""
    outcome = Outcome()
    runnable = []
    for rule_ in rules(rule_set).values():
        withheld = [name for name in rule_.needs if not feed.loaded(name)]
        if withheld:
            outcome.skipped[rule_.code] = "; ".join(_why_withheld(feed, name) for name in withheld)
        elif not rule_.of or _has_values(feed, *rule_.of.split(".")):
            runnable.append(rule_)
    small = sum(table.frame.height for table in feed.tables.values()) <= SMALL_FEED_ROWS
    flags = pl.QueryOptFlags.none() if small else pl.QueryOptFlags()
    for rule_ in runnable:
        if progress:
            progress(rule_.code)
        started = time.perf_counter()
        try:
            found = _rows_at_fault(rule_, feed, flags)
        except ValidatorCrash as crash:
            _note_failure(rule_, crash, outcome)
            found = _collected(crash.found or [], flags)
        except Exception as error:
            _note_failure(rule_, error, outcome)
            found = []
        if found:
            outcome.found[rule_.code] = found
        outcome.seconds[rule_.code] = time.perf_counter() - started
    return outcome


def _has_values(feed: Feed, table: str, column: str = "") -> bool:
    frame = feed[table]
    if column:
        return column in frame.columns and frame[column].null_count() < frame.height
    return frame.height > 0


STATE = {
    Status.MISSING: "is missing",
    Status.EMPTY_FILE: "is empty",
    Status.INVALID_HEADERS: "has a faulty header",
    Status.UNPARSABLE_ROWS: "has rows with errors",
    Status.LOST: "cannot be opened",
}


def _filename(table: str) -> str:
    return "locations.geojson" if table == LOCATIONS else TABLES[table].filename


def _why_withheld(feed: Feed, name: str) -> str:
    if name == LOCATIONS:
        return f"{_filename(name)} " + ("cannot be opened" if feed.locations_lost else "has errors")
    return f"{name}.txt {STATE[feed.tables[name].status]}"


def _rows_at_fault(rule_: Rule, feed: Feed, flags: pl.QueryOptFlags) -> list[Rows]:
    """What a rule finds, its lazy frames collected."""
    return _collected(rule_.function(feed), flags)


def _collected(result: Result, flags: pl.QueryOptFlags) -> list[Rows]:
    results = result if isinstance(result, list) else [result]
    parts = [part if isinstance(part, Rows) else Rows(part) for part in results]
    for part in parts:
        if isinstance(part.frame, pl.LazyFrame):
            part.frame = part.frame.collect(optimizations=flags)
        part.frame = in_order(part.frame)
    return _kept([part for part in parts if len(part)])


def _kept(parts: list[Rows]) -> list[Rows]:
    """The parts of one code, of which no more notices are kept in full than the budget allows."""
    left = budget().notices
    kept = []
    for part in parts:
        kept.append(part.kept(left))
        left -= kept[-1].frame.height
    return kept


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows at fault by their row numbers, and where these are equal or none by all values.

    So no rule needs to care for its order, and none can show that of codes, hashes or threads. A
    rule whose particulars name no row can give one as `PLACE`, which is not shown.
    """
    if PLACE in frame.columns:
        return in_order(frame.rename({PLACE: f"{PLACE}_row_number"})).drop(f"{PLACE}_row_number")
    numbers = [name for name in frame.columns if ROW_NUMBER.search(name)]
    numbers.sort(key=lambda name: name != "csv_row_number")
    if frame.height < 2 or (numbers and _rises(frame[numbers[0]])):
        return frame
    if numbers:
        frame = frame.sort(numbers, maintain_order=True, nulls_last=True)
        ties = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in numbers)
        if not frame.select(ties.slice(1).any()).item():
            return frame
    keys = [
        pl.col(name).cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else pl.col(name)
        for name, dtype in frame.schema.items()
        if name not in numbers and dtype != pl.Null
    ]
    return frame.sort(*numbers, *keys, maintain_order=True, nulls_last=True)


def _rises(numbers: pl.Series) -> bool:
    return not numbers.null_count() and bool((numbers.slice(1) > numbers.head(-1)).all())


def _note_failure(rule_: Rule, error: Exception, outcome: Outcome) -> None:
    if isinstance(error, ValidatorCrash):
        context = {
            "validator": error.validator,
            "exception": error.exception,
            "message": error.message,
        }
        entry = ("runtime_exception_in_validator_error", context)
        if entry not in outcome.system_errors:
            outcome.system_errors += [entry] * error.count
        outcome.skipped[rule_.code] = f"the canonical validator crashes here: {error.message}"
        return
    context = {"validator": rule_.code, "exception": type(error).__name__, "message": str(error)}
    outcome.system_errors.append(("runtime_exception_in_validator_error", context))
    outcome.skipped[rule_.code] = f"it failed: {type(error).__name__}: {error}"
