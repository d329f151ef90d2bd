"""A build, from the tables on disk to the feed on disk: read, compile, draw, validate, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gtfsgen.compile import ChainLink, Compiled, compile_source
from gtfsgen.faults import Fault, errors
from gtfsgen.writing import check_folder, scratch_folder, write_file

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.source.model import Source
    from gtfsgen.validation import Report


@dataclass
class Build:
    """The outcome of `build`."""

    feed: Path | None
    """The zip that was written; None if errors kept it from being written."""
    notices: list[Fault]
    compiled: Compiled
    links: list[ChainLink] = field(default_factory=list)
    report: Report | None = None
    """What validation said of the feed, with the policy applied; None if it was not asked."""
    ignored: list[tuple[Fault, str]] = field(default_factory=list)
    """Notices of the tables that the policy takes out, with its reasons."""

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        return self.compiled.tables

    @property
    def ok(self) -> bool:
        return self.feed is not None


def build(
    source: str | Path = "source",
    output: str | Path | None = None,
    *,
    profile: str | None = None,
    today: date | None = None,
    draw: bool = True,
    validate: bool = True,
    policy: str | Path | Literal[False] | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Build:
    """Read, compile, draw, validate and write. With an error in the tables nothing is written.

    `source` is the project's source folder; `output` a folder (default: `feed` beside it) or a
    .zip. What validation finds does not keep the feed from being written; it is told in the
    notices and, if the feed goes beside its source, in validation/report.json and report.html.
    `policy` is a policy.toml, by default validation/policy.toml beside the source, where there is
    one; with False there is none. Holidays that had to be resolved are locked in the source. What
    is wrong in the project's files is in the notices. Raises `gtfsgen.source.SourceUnreadable` (a
    `gtfsgen.UnreadableInput`) if there is no project, `PolicyError` if its policy.toml cannot be
    understood, ValueError for a `profile` that there is not or a `today` outside the years 1800 to
    2999, OSError if `output` cannot be written.
    """
    from gtfsgen.compile.notices import notices as at_their_rows
    from gtfsgen.compile.write import feed_path, table_texts, write_feed, zip_bytes
    from gtfsgen.source import read_source, write_holidays

    root = Path(source)
    progress("reading")
    read = read_source(root, today)
    progress("compiling")
    compiled = compile_source(read, profile=profile, today=today)
    notices = [*read.faults, *compiled.faults]
    extra: dict[str, bytes] = {}
    if draw and not errors(notices):
        progress("drawing")
        notices += _draw(compiled, read, extra)
    if errors(notices):
        return Build(None, notices, compiled, compiled.links)
    notices, ignored = _decided(notices, read, today, policy)
    files = table_texts(compiled.tables) | compiled.files
    target = Path(output) if output is not None else root.resolve().parent / "feed"
    report = None
    if validate:
        progress("validating")
        report = _report(read, zip_bytes(files), today, policy)
        notices += at_their_rows(compiled, report)
    if draw and feed_path(target) != target:
        progress("rendering")
        extra["index.html"] = _page(compiled, read)
        extra["report.html"] = _found(notices)
    progress("writing")
    reports = root.resolve().parent / "validation"
    told = report is not None and target.resolve().parent == root.resolve().parent
    if told:
        check_folder(reports)
    feed = write_feed(target, files, extra)
    write_holidays(read)
    if report is not None and told:
        _write_report(report, feed, reports)
    return Build(feed, notices, compiled, compiled.links, report, ignored)


def _decided(
    notices: list[Fault],
    source: Source,
    today: date | None,
    policy: str | Path | Literal[False] | None,
) -> tuple[list[Fault], list[tuple[Fault, str]]]:
    """What the policy leaves of the notices of the tables, and what it ignores."""
    from gtfsgen.validation.policy import decide_faults, read_policy

    if policy is None:
        usual = policy_path(source.root)
        policy = usual if usual.is_file() else False
    if not policy:
        return notices, []
    return decide_faults(notices, read_policy(Path(policy)), today or source.settings.as_of)


def policy_path(root: Path) -> Path:
    """Where the policy of a project is."""
    return root.resolve().parent / "validation" / "policy.toml"


def _report(
    source: Source, feed: bytes, today: date | None, policy: str | Path | Literal[False] | None
) -> Report:
    """What the validator says of the feed before it takes the place of the last one."""
    from gtfsgen.validation import validate

    if policy is None:
        usual = policy_path(source.root)
        policy = usual if usual.is_file() else False
    with scratch_folder() as folder:
        path = write_file(folder / "gtfs.zip", feed)
        return validate(
            path,
            date=today or source.settings.as_of,
            policy=policy or None,
        )


def _write_report(report: Report, feed: Path, folder: Path) -> None:
    """report.json and report.html of a feed that was written into its project."""
    from gtfsgen.reports import write_all

    name = f"{feed.parent.name}/{feed.name}"
    report.summary["gtfsInput"] = name
    write_all(report, ("json", "html"), folder, name)


def _page(compiled: Compiled, source: Source) -> bytes:
    from gtfsgen.render import page

    title = str(source.settings.raw.get("title") or "")  # the page names itself after its lines
    return page(compiled.tables, geojson=compiled.geojson, title=title).encode()


def _found(notices: list[Fault]) -> bytes:
    """The notices of the build, for the curator: the public page has none."""
    from gtfsgen.render import report

    return report(notices).encode()


def _draw(compiled: Compiled, source: Source, extra: dict[str, bytes]) -> list[Fault]:
    """Shapes into the tables and shapes.geojson; returns what was found on the way."""
    from gtfsgen.shapes import draw, geojson_text

    settings = source.settings
    lines = {key: line for (section, key), line in settings.lines.items() if section == "shapes"}
    drawn = draw(compiled.tables, source.root / "tracks", settings.raw.get("shapes", {}), lines)
    compiled.tables = drawn.tables
    compiled.geojson = drawn.geojson
    extra["shapes.geojson"] = geojson_text(drawn.geojson).encode()
    return list(drawn.faults)
