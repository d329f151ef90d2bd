"""What a report says, whether of a feed that was validated or of a project that was built.

The forms for other tools (SARIF, JUnit, GitHub) are written from this alone, so that a policy, a
level at which to fail and a place mean the same in each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gtfsgen.faults import Fault, Severity
from gtfsgen.findings import Rows
from gtfsgen.notices import kinds
from gtfsgen.reports.cells import Span, cell_span
from gtfsgen.validation.places import place, place_text

if TYPE_CHECKING:
    from gtfsgen.builds import Build
    from gtfsgen.validation import Report

VALIDATION_FOLDER, FEED_FOLDER = "validation/", "feed"
"""Paths of faults that do not stand in the source folder but beside it."""


@dataclass(frozen=True)
class Finding:
    """One notice, with the file to open."""

    code: str
    severity: Severity
    file: str
    """Relative to where the command runs; for a table in an archive, the archive."""
    span: Span | None
    place: str
    """As people say it: `timetables/k27.csv:7:C`, `stops.txt:4`."""
    message: str
    particulars: dict[str, Any]

    @property
    def text(self) -> str:
        """One line: where it is, what it is."""
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True)
class FindingGroup:
    """The notices of one code and severity: how many, and the first of them."""

    code: str
    severity: Severity
    total: int
    first: Callable[[int], list[Finding]]
    reason: str = ""
    """Why the policy ignores them; blank for notices that count."""


@dataclass
class Findings:
    """A report as other tools take it."""

    name: str
    groups: list[FindingGroup]
    """The gravest first, then by code."""
    ignored: list[FindingGroup] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    """System errors: code and message."""
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    readable: bool = True
    fail_on: str = "ERROR"

    def fails(self, severity: Severity) -> bool:
        """Whether notices of this severity make the command fail."""
        levels = [str(level) for level in Severity]
        return self.fail_on in levels and str(severity) in levels[: levels.index(self.fail_on) + 1]


@dataclass
class BuildReport:
    """The outcome of a build with the names its files have for the user."""

    build: Build
    source: Path
    fail_on: str = "ERROR"


def findings_of(report: Report | BuildReport, name: str) -> Findings:
    """What a report says; `name` is what the user called the feed or project."""
    if isinstance(report, BuildReport):
        return _of_build(report, name)
    return _of_validation(report, name)


def relative(path: str | Path) -> str:
    """A path as tools that look at a project want it: below the folder the command runs in.

    What lies elsewhere is called by its last part.
    """
    text = str(path)
    if "://" in text:
        return text.rstrip("/").rpartition("/")[2] or "feed"
    here = Path(text).absolute()
    try:
        return here.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return here.name


def summary_of(code: str) -> str:
    """What a notice code says, in one sentence; nothing for a code without a page."""
    kind = kinds().get(code)
    return kind.summary if kind else ""


def explanation_of(code: str) -> str:
    """All that is said of a notice code; nothing for a code without a page."""
    kind = kinds().get(code)
    return cleandoc(kind.text) if kind else ""


def subject_of(code: str) -> str:
    kind = kinds().get(code)
    return kind.subject if kind else "source"


def _ordered(groups: Iterable[FindingGroup]) -> list[FindingGroup]:
    ranks = list(Severity)
    return sorted(groups, key=lambda group: (ranks.index(group.severity), group.code))


def _of_validation(report: Report, feed: str) -> Findings:
    folder = "://" not in feed and Path(feed).is_dir()

    def finding(code: str, severity: Severity, entry: dict[str, Any]) -> Finding:
        from gtfsgen.reports.terminal import particulars_text

        filename, row = place(code, entry)
        inside = folder and bool(filename)
        file = relative(feed)
        if inside:
            file = (Path(file) / filename).as_posix()
        span = Span(row) if inside and row else None
        said = f"{summary_of(code) or code} {particulars_text(code, entry)}".strip()
        return Finding(code, severity, file, span, place_text(code, entry), said, entry)

    def group(code: str, severity: Severity, parts: list[Rows], reason: str = "") -> FindingGroup:
        def first(limit: int) -> list[Finding]:
            kept: list[Finding] = []
            for part in parts:
                if len(kept) < limit:
                    entries = part.particulars(limit - len(kept))
                    kept += [finding(code, severity, entry) for entry in entries]
            return kept

        return FindingGroup(code, severity, sum(map(len, parts)), first, reason)

    return Findings(
        feed,
        _ordered(group(code, level, parts) for (code, level), parts in report.graded().items()),
        [group(each.code, each.severity, list(each.rows), each.reason) for each in report.ignored],
        _failures(report),
        report.skipped,
        report.seconds,
        not any(code == "i_o_error" for code, _ in report.system_error_list),
        report.fail_on,
    )


def _failures(report: Report) -> list[tuple[str, str]]:
    return [
        (code, str(context.get("message") or context.get("exception") or code))
        for code, context in report.system_error_list
    ]


def _of_build(report: BuildReport, name: str) -> Findings:
    """Faults of the source and notices of the built feed, at the cells they come from."""
    from gtfsgen.compile.notices import ignored_notices

    build = report.build
    validated = build.report
    totals = (
        {key: sum(map(len, parts)) for key, parts in validated.graded().items()}
        if validated
        else {}
    )
    faults: dict[tuple[str, Severity], list[Fault]] = defaultdict(list)
    for fault in build.notices:
        if not (fault.path == FEED_FOLDER and (fault.code, fault.severity) in totals):
            faults[fault.code, fault.severity].append(fault)

    def group(code: str, severity: Severity, found: list[Fault], reason: str = "") -> FindingGroup:
        def first(limit: int) -> list[Finding]:
            return [_of_fault(fault, report.source) for fault in found[:limit]]

        total = len(found) if reason else max(len(found), totals.get((code, severity), 0))
        return FindingGroup(code, severity, total, first, reason)

    ignored: dict[tuple[str, Severity, str], list[Fault]] = defaultdict(list)
    if validated:
        for fault, reason in ignored_notices(build.compiled, validated):
            ignored[fault.code, fault.severity, reason].append(fault)
    for fault, reason in build.ignored:
        ignored[fault.code, fault.severity, reason].append(fault)
    return Findings(
        name,
        _ordered(group(code, level, found) for (code, level), found in faults.items()),
        [group(code, level, found, why) for (code, level, why), found in ignored.items()],
        _failures(validated) if validated else [],
        validated.skipped if validated else {},
        validated.seconds if validated else {},
        fail_on=report.fail_on,
    )


def _of_fault(fault: Fault, source: Path) -> Finding:
    said = fault.message
    if fault.found:
        said += f" (found: {fault.found!r})"
    if fault.hint:
        said += f"; {fault.hint}"
    file, _, sheet = fault.path.partition("[")
    base = source
    if file.startswith(VALIDATION_FOLDER) or file.split("/")[0] == FEED_FOLDER:
        base = source.absolute().parent
    path = base / file
    root = Path(relative(base))
    span = cell_span(path, fault.line, fault.column) if fault.line and not sheet else None
    particulars = {"path": fault.path, "row": fault.line or None, "column": fault.column or None}
    particulars["found"] = fault.found or None
    kept = {name: value for name, value in particulars.items() if value is not None}
    return Finding(
        fault.code, fault.severity, (root / file).as_posix(), span, fault.place, said, kept
    )
