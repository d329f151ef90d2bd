"""`gtfsgen build`: compile, draw and validate curated tables."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gtfsgen.builds import Build
    from gtfsgen.validation import Report
from gtfsgen.cli.limits import limited

LEVELS = ("ERROR", "WARNING", "INFO")


class Day(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on
    """A date written YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: str | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        from gtfsgen.dates import FIRST_YEAR, LAST_YEAR

        try:
            day = value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write 2026-11-20", param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f"{day} is not in the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return day


@click.command()
@click.argument("source", default="source", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for the feed (default: feed beside SOURCE), or a .zip for that alone.",
)
@click.option(
    "--profile",
    type=click.Choice(["linked", "through"]),
    help="How handovers are told: linked trips, or one trip instead of the parts.",
)
@click.option("--today", type=Day(), help="The build's day instead of as_of in feed.toml.")
@click.option("--explain-links", is_flag=True, help="Say for each chain how it is tied, and why.")
@click.option("--no-validate", is_flag=True, help="Compile and draw only.")
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What to ignore or to grade differently (default: validation/policy.toml beside SOURCE).",
)
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write all notices of the feed to baseline.json beside the policy, as known from now on.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="First write what hints say is meant into the cells of CSV tables, where it is one word.",
)
@click.option(
    "--format",
    "formats",
    metavar="F,...",
    help="terminal, json, html, sarif, junit, github: faults at their cells. [default: terminal]",
)
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the reports of --format (default: validation beside SOURCE).",
)
@click.option(
    "--fail-on",
    type=click.Choice([*LEVELS, "never"], case_sensitive=False),
    default="ERROR",
    show_default=True,
    help="Exit with 1 on notices of this level or above.",
)
@limited()
def command(
    source: Path,
    output: Path | None,
    profile: str | None,
    today: date | None,
    explain_links: bool,
    no_validate: bool,
    policy: Path | None,
    write_baseline: bool,
    fix: bool,
    formats: str | None,
    reports: Path | None,
    fail_on: str,
) -> None:
    """Compile curated tables into a GTFS feed, draw it and validate it.

    With an error in the tables nothing is written and the last feed stays as it is.

    Example: gtfsgen build source -o feed --today 2026-11-20
    """
    import gc

    from gtfsgen.builds import build, policy_path
    from gtfsgen.cli.validate_ import wanted_formats
    from gtfsgen.reports import BUILD_FORMATS
    from gtfsgen.source import SourceUnreadable
    from gtfsgen.validation.policy import PolicyError

    wanted = wanted_formats(formats, None, BUILD_FORMATS)
    if write_baseline and no_validate:
        raise click.UsageError("--write-baseline and --no-validate exclude each other")
    known = policy or policy_path(source)
    gc.disable()  # a large timetable is millions of small objects, none of them in cycles
    try:
        if fix:
            _mend(source, profile, today)
        made = build(
            source,
            output,
            profile=profile,
            today=today,
            validate=not no_validate,
            policy=False if write_baseline else policy,
        )
        if write_baseline and made.report:
            _write_baseline(made.report, known)
    except (SourceUnreadable, PolicyError) as error:
        click.echo(f"gtfsgen: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"gtfsgen: cannot write the feed: {error}", err=True)
        sys.exit(2)
    finally:
        gc.enable()
    grave = _tell(made, source, wanted, reports, fail_on.upper())
    if explain_links:
        for link in made.links:
            click.echo(f"{link.place}: {link}")
    _tell_outcome(made)
    if made.feed is None or (grave and not write_baseline):
        sys.exit(1)


def _mend(source: Path, profile: str | None, today: date | None) -> None:
    """Mend cells of the tables, and tell which; others that are meant to be mended are listed."""
    from gtfsgen.fixing.projects import mend_project

    fixes = mend_project(source, profile=profile, today=today)
    for edit in fixes.edits:
        click.echo(f"fixed {edit}", err=True)
    for edit in fixes.by_hand:
        click.echo(f"to be changed by hand {edit}", err=True)


def _write_baseline(report: Report, policy: Path) -> None:
    from datetime import date as day

    from gtfsgen.validation.policy import write_baseline

    path = write_baseline(report, policy, day.fromisoformat(report.summary["dateForValidation"]))
    click.echo(f"What was found is known from now on: {path}")


def _tell(made: Build, source: Path, wanted: list[str], folder: Path | None, fail_on: str) -> bool:
    """Print or write what was found in each format; returns whether it is grave."""
    from gtfsgen.reports import PRINTED, print_report, write_all
    from gtfsgen.reports.model import BuildReport, findings_of
    from gtfsgen.reports.terminal import build_lines

    report = BuildReport(made, source, fail_on)
    name = source.as_posix()
    findings = findings_of(report, name)
    folder = folder or source.resolve().parent / "validation"
    for form in wanted:
        if form == "terminal":
            for line in build_lines(findings):
                click.echo(line, err=True)
            continue
        if form in PRINTED:
            print_report(report, form, sys.stdout.buffer, name)
            sys.stdout.flush()
    try:
        files = [form for form in wanted if form != "terminal"]
        for path in write_all(report, files, folder, name) if files else ():
            click.echo(f"report: {path}", err=True)
    except OSError as error:
        click.echo(f"gtfsgen: the reports cannot be written: {error}", err=True)
        sys.exit(2)
    return any(findings.fails(group.severity) for group in findings.groups)


def _tell_outcome(made: Build) -> None:
    """What was written, and how many notices there are: the last line."""
    from gtfsgen.reports.model import BuildReport, findings_of

    groups = findings_of(BuildReport(made, Path()), "").groups
    counts = {
        level: sum(group.total for group in groups if group.severity == level) for level in LEVELS
    }
    told = ", ".join(
        f"{count:,} {level.lower()}{'' if count == 1 else 's'}"
        for level, count in counts.items()
        if count
    )
    if made.feed is None:
        click.echo(f"Nothing was written: {told}.", err=True)
        return
    rows = made.tables["stop_times"].height
    click.echo(
        f"{made.feed}: {made.tables['trips'].height} trips, {rows} stop times"
        + (f"; {told}" if told else "")
    )
