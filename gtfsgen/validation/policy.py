"""What a feed's keepers have decided to overlook or to grade differently, and why: policy.toml.

    [[ignore]]                         # or [[regrade]] with severity = "INFO"
    code = "fast_travel_between_consecutive_stops"
    file = "stop_times.txt"            # optional: only notices about this file
    id = "K27"                         # optional: only notices that name this id
    reason = "The night express does run that fast."
    until = 2027-03-12                 # the last day on which the entry holds

A rule is named by its notice code. `reason` and `until` are asked for, so that nothing is
overlooked for ever because somebody once was in a hurry; `[[regrade]]` may go without `until`.
Beside policy.toml may stand baseline.json: the notices known on some day, written by
`gtfsgen validate --write-baseline`. What a policy takes out of a report is listed there with its
reason and number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gtfsgen.faults import Fault, Severity
from gtfsgen.files import UnreadableFile, read_text
from gtfsgen.findings import Rows
from gtfsgen.notices import RULE_GROUPS, TABLES, kinds, kinds_of
from gtfsgen.tomltext import Broken, read_toml
from gtfsgen.validation.places import place_columns

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.validation import Report

BASELINE = "baseline.json"
MOST_KEPT = 10_000
"""Of a code with more notices than this the baseline keeps the number alone."""

ID_COLUMN = re.compile(r"(^|_)id_?[12ab]?$|^field_value\d?$")
"""Particulars that may hold the `id` of an entry."""
PASSING = re.compile(r"row_number(\d|_[ab])?$|^current_date$")
"""Particulars that change without the fault: positions and today."""

SECTIONS: dict[str, tuple[str, ...]] = {
    "ignore": ("code", "reason", "until"),
    "regrade": ("code", "severity", "reason"),
}
"""The kinds of entries and the keys each must have."""
OPTIONAL = ("file", "id", "until")
ELSEWHERE = ("known_limits",)
"""Sections of policy.toml that other commands read (`gtfsgen journeys`)."""


class PolicyError(ValueError):
    """A policy that cannot be read, with file, line and how to mend it."""


@dataclass(frozen=True)
class Entry:
    """One decision. `severity` is None where notices are ignored."""

    code: str
    reason: str
    severity: Severity | None = None
    file: str = ""
    id: str = ""
    until: date | None = None
    path: str = ""
    line: int = 0

    def holds(self, today: date) -> bool:
        return self.until is None or today <= self.until

    def remark(self, code: str, message: str, hint: str) -> Fault:
        return Fault(Severity.WARNING, code, self.path, self.line, "", message, hint=hint)

    def __str__(self) -> str:
        scope = "".join(f" {part}" for part in (self.file, self.id) if part)
        return f"{self.code}{scope}"


@dataclass(frozen=True)
class Ignored:
    """Notices that a policy took out of a report."""

    code: str
    severity: Severity
    total: int
    reason: str
    until: date | None = None
    rows: tuple[Rows, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        end = f" (until {self.until})" if self.until else ""
        return f"{self.code}  {self.total:,} {self.severity.lower()}: {self.reason}{end}"


@dataclass(frozen=True)
class Baseline:
    """Notices known on `day`: code -> their number, and the text of each and how often it is."""

    day: date
    totals: dict[str, int]
    texts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Policy:
    """The decisions of one policy.toml, with the baseline beside it."""

    entries: tuple[Entry, ...] = ()
    baseline: Baseline | None = None


def read_policy(path: Path) -> Policy:
    """Read a policy.toml and the baseline.json beside it, if there is one.

    Raises PolicyError with `file:line: what is wrong; how to mend it` at the first fault.
    """
    entries = read_entries(path)
    baseline = path.with_name(BASELINE)
    return replace(entries, baseline=read_baseline(baseline) if baseline.exists() else None)


def read_entries(path: Path) -> Policy:
    """Read a policy.toml alone. Raises PolicyError as `read_policy` does."""
    try:
        text = read_text(path)
        document = read_toml(text)
    except UnreadableFile as error:
        hint = f" {error.hint[:1].upper()}{error.hint[1:]}." if error.hint else ""
        raise PolicyError(f"{path}: {error.message}{hint}") from None
    except Broken as error:
        raise PolicyError(f"{path}:{error.line}: {error.message}.") from None
    entries = []
    for section, members in document.items():
        if section in ELSEWHERE:
            continue
        here = _line_of(text, section)
        if section not in SECTIONS:
            _fault(f"{path}:{here}", f"unknown section {section!r}", _near(section, SECTIONS))
        if not isinstance(members, list) or not all(isinstance(item, dict) for item in members):
            _fault(f"{path}:{here}", f"{section!r} is no list", f"write [[{section}]] before each")
        lines = _entry_lines(text, section)
        for number, member in enumerate(members):
            line = lines[number] if number < len(lines) else here
            entries.append(_entry(section, member, path, line, text))
    return Policy(tuple(entries))


def _entry(section: str, member: dict[str, Any], path: Path, line: int, text: str) -> Entry:
    def fault(key: str, message: str, hint: str = "") -> None:
        _fault(f"{path}:{_line_of(text, key, line)}", message, hint)

    known = dict.fromkeys((*SECTIONS[section], *OPTIONAL))
    for key in member:
        if key not in known:
            fault(key, f"unknown key {key!r}", _near(key, known))
    for key in SECTIONS[section]:
        if member.get(key) in (None, ""):
            fault("", f"[[{section}]] without {key}", HINTS[key])
    for key in known:
        if key == "until" or key not in member:
            continue
        if not isinstance(member[key], str):
            fault(key, f"{key} = {member[key]!r} is no text", f'write {key} = "{member[key]}"')
    until = member.get("until")
    if until is not None and (isinstance(until, datetime) or not isinstance(until, date)):
        fault("until", f"until = {until!r} is no date", "write until = 2027-03-12, without quotes")
    code, severity = member["code"], None
    if code not in kinds():
        fault("code", f"there is no rule {code!r}", _near(code, kinds()))
    if not kinds()[code].is_decided_by_policies:
        fault("code", f"no policy can decide on {code}", "remove the entry and settle the cause")
    if section == "regrade":
        if member["severity"].upper() not in list(Severity):
            wanted = ", ".join(Severity)
            fault("severity", f"severity {member['severity']!r} is unknown", f"write {wanted}")
        severity = Severity(member["severity"].upper())
    return Entry(
        code,
        member["reason"],
        severity,
        member.get("file", ""),
        member.get("id", ""),
        until,
        path.name,
        line,
    )


HINTS = {
    "code": "name the notice code it is about",
    "reason": "say why, for whoever reads this next",
    "until": "give the last day on which it holds: until = 2027-03-12",
    "severity": 'write severity = "INFO", "WARNING" or "ERROR"',
}


def _fault(place: str, message: str, hint: str = "") -> None:
    raise PolicyError(f"{place}: {message}{'; ' if hint else ''}{hint}")


def _near(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(word, names, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(names)}" if len(names) < 10 else "`gtfsgen rules` lists all"


def _entry_lines(text: str, section: str) -> list[int]:
    """Lines on which the entries of a section begin."""
    head = re.compile(rf"\s*\[\[\s*{re.escape(section)}\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), 1) if head.match(line)]


def _line_of(text: str, word: str, start: int = 1) -> int:
    """The first line from `start` on that begins with a key or the head of a section."""
    head = re.compile(rf"\s*[\[\"' ]*{re.escape(word)}[\]\"' ]*(=|$|#|\]|\.)")
    for number, line in enumerate(text.splitlines()[start - 1 :], start):
        if word and head.match(line):
            return number
    return start


def is_of_tables(entry: Entry) -> bool:
    """Whether an entry is about notices of the tables, which only builds have."""
    return any(kind.group == TABLES for kind in kinds_of(entry.code))


def is_of_feeds(entry: Entry) -> bool:
    """Whether an entry is about notices of a feed."""
    return any(kind.group in RULE_GROUPS for kind in kinds_of(entry.code))


def decide_faults(
    faults: Iterable[Fault], policy: Policy, today: date
) -> tuple[list[Fault], list[tuple[Fault, str]]]:
    """The notices of a build that a policy leaves, graded as it says; and those it ignores, with
    the reasons. Errors of the tables stay: nothing can be built with them.
    """
    left: list[Fault] = []
    ignored: list[tuple[Fault, str]] = []
    acting = [e for e in policy.entries if e.holds(today) and is_of_tables(e)]
    matched: set[Entry] = set()
    for fault in faults:
        entry = next((each for each in acting if _concerns(each, fault)), None)
        if entry is None or fault.severity is Severity.ERROR:
            left.append(fault)
            continue
        matched.add(entry)
        if entry.severity is None:
            ignored.append((fault, entry.reason))
        else:
            left.append(replace(fault, severity=entry.severity))
    for entry in acting:
        if entry not in matched and not is_of_feeds(entry):
            message = f"nothing matches the entry for {entry}"
            left.append(entry.remark("policy_entry_unused", message, "remove it"))
    return left, ignored


def _concerns(entry: Entry, fault: Fault) -> bool:
    words = re.findall(r"[^\s,'\"=;:]+", f"{fault.found} {fault.message}")
    here = entry.file in ("", fault.path, fault.path.rpartition("/")[2])
    return entry.code == fault.code and here and (not entry.id or entry.id in words)


def apply_policy(report: Report, policy: Policy, today: date) -> None:
    """Take out of a report what its policy ignores, and grade the rest as the policy says.

    What was taken out stands in `report.ignored`; entries that have ended or matched nothing are
    in `report.remarks`. Of several entries that match a notice the first decides.
    """
    acting = [entry for entry in policy.entries if entry.holds(today)]
    matched: set[Entry] = set()
    for code in list(report.found):
        parts = report.found[code]
        decided: list[Rows] = []
        for entry in acting:
            if entry.code == code:
                chosen, parts = _split(code, parts, entry)
                if chosen:
                    matched.add(entry)
                    decided += _decide(report, chosen, entry)
        parts = decided + parts
        if policy.baseline is not None:
            parts = _without_known(report, code, parts, policy.baseline)
        _settle(report, code, parts)
    for entry in policy.entries:
        if entry not in acting:
            message = f"the entry for {entry} ended on {entry.until} and no longer acts"
            report.remarks.append(entry.remark("policy_entry_ended", message, "decide anew"))
        elif entry not in matched and not is_of_tables(entry):
            message = f"nothing matches the entry for {entry}"
            report.remarks.append(entry.remark("policy_entry_unused", message, "remove it"))


def _split(code: str, parts: list[Rows], entry: Entry) -> tuple[list[Rows], list[Rows]]:
    """The rows that an entry is about, and the others."""
    chosen: list[Rows] = []
    others: list[Rows] = []
    for part in parts:
        matching = part.frame.with_columns(_matching(code, part, entry).alias(FLAG))
        # Those that are only counted can be chosen by their code alone.
        every = not (entry.file or entry.id)
        for flag, side in ((True, chosen), (False, others)):
            frame = matching.filter(FLAG if flag else ~_flag()).drop(FLAG)
            more = part.more if flag is every else 0
            if frame.height or more:
                side.append(replace(part, frame=frame, more=more))
    return chosen, others


FLAG = "_matching"
"""A column of our own that no rule's frame has."""


def _flag() -> pl.Expr:
    import polars as pl

    return pl.col(FLAG)


def _matching(code: str, part: Rows, entry: Entry) -> pl.Expr:
    """Whether a row of `part` speaks of the entry's file and names its id."""
    import polars as pl

    columns = (*part.constants, *part.frame.columns)
    here = place_columns(code, columns)

    def is_text(name: str, wanted: str) -> pl.Expr:
        if name in part.constants:
            return pl.lit(str(part.constants[name]) == wanted)
        return (pl.col(name).cast(pl.String) == wanted).fill_null(value=False)

    about = pl.lit(value=True)
    if entry.file:
        about = (
            is_text(here.file_column, entry.file)
            if here.file_column
            else pl.lit(here.filename == entry.file)
        )
    if entry.id:
        names = [name for name in columns if ID_COLUMN.search(name)]
        about &= pl.any_horizontal([pl.lit(False), *(is_text(name, entry.id) for name in names)])
    return about


def _decide(report: Report, chosen: list[Rows], entry: Entry) -> list[Rows]:
    """What stays of the rows an entry is about: nothing, or all in another grade."""
    if entry.severity is not None:
        return [replace(part, severity=entry.severity) for part in chosen]
    report.ignored += _ignored(report, entry.code, chosen, entry.reason, entry.until)
    return []


def _ignored(
    report: Report, code: str, parts: Iterable[Rows], reason: str, until: date | None = None
) -> list[Ignored]:
    """What is taken out, by severity."""
    own = report.severities[code]
    by_severity: dict[Severity, list[Rows]] = {}
    for part in parts:
        by_severity.setdefault(part.severity or own, []).append(part)
    return [
        Ignored(code, severity, sum(map(len, rows)), reason, until, tuple(rows))
        for severity, rows in by_severity.items()
    ]


def _totals(report: Report, code: str, parts: Iterable[Rows]) -> dict[Severity, int]:
    totals: dict[Severity, int] = {}
    for part in parts:
        severity = part.severity or report.severities[code]
        totals[severity] = totals.get(severity, 0) + len(part)
    return totals


def _settle(report: Report, code: str, parts: list[Rows]) -> None:
    """Keep `parts` as all that was found of a code, whose severity is the gravest of theirs."""
    if not parts:
        del report.found[code]
        return
    present = _totals(report, code, parts)
    for part in parts:
        part.severity = part.severity or report.severities[code]
    report.found[code] = parts
    report.severities[code] = next(severity for severity in Severity if severity in present)


WRONG = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


def read_baseline(path: Path) -> Baseline:
    """The notices known on some day. Raises PolicyError for a file that is none of ours."""
    try:
        document = json.loads(read_text(path, "json"))
        notices = document["notices"]
        return Baseline(
            date.fromisoformat(document["day"]),
            {code: int(known["total"]) for code, known in notices.items()},
            {code: dict(known["texts"]) for code, known in notices.items() if "texts" in known},
        )
    except (UnreadableFile, RecursionError, *WRONG) as error:
        raise PolicyError(
            f"{path}: is no baseline of known notices ({type(error).__name__}: {error});"
            " write it anew with gtfsgen validate --write-baseline, or remove it"
        ) from None


def write_baseline(report: Report, policy: Path, today: date) -> Path:
    """Write baseline.json beside a policy: what its entries leave in the report is known.

    `report` must not have been through the policy yet. Returns the path of the file.
    """
    apply_policy(report, replace(read_entries(policy), baseline=None), today)
    notices: dict[str, dict[str, Any]] = {}
    for code, parts in sorted(report.found.items()):
        notices[code] = {"total": sum(map(len, parts))}
        if notices[code]["total"] <= MOST_KEPT:
            texts: dict[str, int] = {}
            for part in parts:
                for text in _texts(part):
                    texts[text] = texts.get(text, 0) + 1
            notices[code]["texts"] = dict(sorted(texts.items()))
    from gtfsgen.writing import write_file

    path = policy.with_name(BASELINE)
    document = {"day": today.isoformat(), "notices": notices}
    return write_file(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _texts(part: Rows) -> pl.Series:
    """Each notice as JSON without what changes when rows move."""
    import polars as pl

    particulars = {
        name: _lasting(name, dtype)
        for name, dtype in part.frame.schema.items()
        if name != "_" and not PASSING.search(name)
    } | {
        name: pl.lit(str(value))
        for name, value in part.constants.items()
        if value is not None and not PASSING.search(name)
    }
    if not particulars:
        return pl.Series(["{}"] * part.frame.height, dtype=pl.String)
    columns = [particulars[name].alias(name) for name in sorted(particulars)]
    encoded = pl.struct(columns).struct.json_encode()
    return part.frame.select(pl.int_range(pl.len()).alias(FLAG), text=encoded)["text"]


def _lasting(name: str, dtype: pl.DataType) -> pl.Expr:
    """A particular as text or number that compares equal on another day and machine."""
    import polars as pl

    if dtype.is_float():
        return pl.col(name).round(3)
    if dtype.is_nested():
        return pl.col(name)
    return pl.col(name).cast(pl.String)


def _without_known(report: Report, code: str, parts: list[Rows], baseline: Baseline) -> list[Rows]:
    """The rows that the baseline does not know."""
    import polars as pl

    if code not in baseline.totals:
        return parts
    reason = f"known since {baseline.day} ({BASELINE})"
    if code not in baseline.texts:
        if sum(map(len, parts)) > baseline.totals[code]:
            return parts
        report.ignored += _ignored(report, code, parts, reason)
        return []
    left = dict(baseline.texts[code])
    kept = []
    for part in parts:
        texts = _texts(part)
        counted = pl.DataFrame({"text": texts}).select(
            "text", nth=pl.int_range(1, pl.len() + 1).over("text")
        )
        known = counted["text"].replace_strict(left, default=0, return_dtype=pl.Int64)
        is_known = counted["nth"] <= known
        for text, times in counted.filter(is_known)["text"].value_counts().iter_rows():
            left[text] -= times
        taken = replace(part, frame=part.frame.filter(is_known), more=0)
        if len(taken):
            report.ignored += _ignored(report, code, [taken], reason)
        if len(taken) < len(part):
            kept.append(replace(part, frame=part.frame.filter(~is_known)))
    return kept
