"""`gtfsgen validate`: say what is wrong with feeds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gtfsgen import clocks
from gtfsgen.cli import MOST_THREADS
from gtfsgen.cli.limits import limited

if TYPE_CHECKING:
    from gtfsgen.validation import Report

LEVELS = ("ERROR", "WARNING", "INFO")
PATIENCE_S = 0.5
"""How long nothing is shown of the progress."""
SHORTEST_TOLD_S = 0.005
WRITTEN_BY_DEFAULT = ("json", "html")
"""Formats written into -o when --format does not say which."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""


@click.command()
@click.argument("feeds", nargs=-1, required=True, metavar="FEED...")
@click.option(
    "--rules",
    default="gtfsgen",
    show_default=True,
    metavar="NAME",
    help="Rule set: gtfsgen, canonical-8.0.1, canonical-next or experimental.",
)
@click.option(
    "--experimental",
    is_flag=True,
    help="Check files and fields that are only proposed too: --rules experimental.",
)
@click.option("--date", "day", metavar="D", help="The day that counts as today, YYYY-MM-DD.")
@click.option("--country", metavar="CC", help="Two-letter country, for phone numbers.")
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What to ignore or to grade differently, and why (policy.toml).",
)
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write all notices found to baseline.json beside the policy, as known from now on.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the reports; with several feeds each has a folder of its own in it.",
)
@click.option(
    "--format",
    "formats",
    metavar="F,...",
    help="terminal, json, html, sarif, junit, github, csv, parquet, ndjson."
    " [default: terminal; with -o also json,html]",
)
@click.option(
    "--fail-on",
    type=click.Choice([*LEVELS, "never"], case_sensitive=False),
    default="ERROR",
    show_default=True,
    help="Exit with 1 on notices of this level or above.",
)
@click.option("--timings", is_flag=True, help="Print seconds by file and by rule, and peak memory.")
@click.option(
    "--threads", type=click.IntRange(1), metavar="N", help="Threads to use (default: all cores)."
)
@limited(fetches=True)
def command(
    feeds: tuple[str, ...],
    rules: str,
    experimental: bool,
    day: str | None,
    country: str | None,
    policy: Path | None,
    write_baseline: bool,
    output: Path | None,
    formats: str | None,
    fail_on: str,
    timings: bool,
    threads: int | None,
) -> None:
    """Validate feeds: zip files, folders or URLs.

    Exits with 1 when something at or above --fail-on is found, with 2 when the command is wrong
    or a feed cannot be read.

    Example: gtfsgen validate feed/gtfs.zip --date 2026-11-20 -o validation
    """
    if threads:
        if threads > MOST_THREADS:
            click.echo(
                f"gtfsgen: --threads {threads}: no more than {MOST_THREADS} are used", err=True
            )
        os.environ["POLARS_MAX_THREADS"] = str(min(threads, MOST_THREADS))
    _keep_freed_memory()
    if experimental:
        if rules not in ("gtfsgen", "experimental"):
            raise click.UsageError(f"--experimental adds to our own rules, not to {rules}")
        rules = "experimental"
    wanted = wanted_formats(formats, output)
    today = wanted_day(day)
    if write_baseline and not policy:
        raise click.UsageError(
            "--write-baseline needs --policy FILE: the baseline stands beside it"
        )
    check_settings(rules, country, None if write_baseline else policy)
    from gtfsgen.feed.remote import told

    exits = 0
    for feed, folder in zip(feeds, _folders(feeds, output), strict=True):
        report = _validate(feed, rules, today, country, None if write_baseline else policy)
        if report is None:
            exits = 2
            continue
        report.fail_on = fail_on.upper()
        _tell(report, feed, wanted, folder)
        tell_what_is_only_counted(report)
        if timings:
            _print_timings(report)
        if unreadable := _unreadable(report):
            click.echo(f"gtfsgen: {told(feed)} cannot be read as a feed: {unreadable}", err=True)
            exits = 2
            continue
        if write_baseline and policy:
            from gtfsgen.validation.policy import PolicyError
            from gtfsgen.validation.policy import write_baseline as known

            try:
                path = known(report, policy, today or clocks.today())
            except (PolicyError, OSError) as error:
                click.echo(f"gtfsgen: {error}", err=True)
                sys.exit(2)
            click.echo(f"What was found is known from now on: {path}")
        elif _fails(report, fail_on.upper()):
            exits = max(exits, 1)
    sys.exit(exits)


def tell_what_is_only_counted(report: Report) -> None:
    """Say of which codes more notices were found than are kept in full."""
    if more := report.only_counted:
        from gtfsgen.budget import budget, how_to_raise

        told = ", ".join(f"{number:,} of {code}" for code, number in more.items())
        click.echo(
            f"gtfsgen: beyond {budget().notices:,} notices of a code the others are only counted:"
            f" {told} ({how_to_raise('notices')})",
            err=True,
        )


def _keep_freed_memory() -> None:
    """Let glibc keep up to 32 MiB that numpy frees for what it asks for next.

    By default they go back to the system piece by piece, which clears each page again: a tenth of
    the processor time of a large feed. Other C libraries have no such setting.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_TRIM_THRESHOLD, 32 << 20)
        mallopt(M_MMAP_THRESHOLD, 4 << 20)


def wanted_formats(
    formats: str | None, output: Path | None, known: Iterable[str] | None = None
) -> list[str]:
    """The formats asked for, in order; a wrong or unwritable one is a wrong command."""
    from gtfsgen.reports import FORMATS

    known = FORMATS if known is None else known
    if formats is None:
        return ["terminal", *(WRITTEN_BY_DEFAULT if output else ())]
    wanted = [name.strip().lower() for name in formats.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise click.UsageError(f"there is no report format {name!r}; {hint}")
        if name == "parquet" and not output:
            raise click.UsageError("--format parquet needs -o DIR; it cannot be printed")
    return wanted


def wanted_day(day: str | None) -> date | None:
    if day is None:
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise click.UsageError(f"--date {day!r} is not a date; write 2026-11-20") from None


def check_settings(rules: str, country: str | None, policy: Path | None) -> None:
    """End the run before it begins if a rule set, country or policy is none."""
    from gtfsgen.feed import values
    from gtfsgen.validation.engine import RULE_SETS

    if rules not in RULE_SETS:
        raise click.UsageError(f"unknown rule set {rules!r}; known are {', '.join(RULE_SETS)}")
    if country and values.country(country) == values.UNKNOWN_COUNTRY != country.upper():
        raise click.UsageError(f"--country {country!r} is no country; write two letters, as in KR")
    if policy is not None:
        from gtfsgen.validation.policy import PolicyError, read_policy

        try:
            read_policy(policy)
        except PolicyError as error:
            click.echo(f"gtfsgen: {error}", err=True)
            sys.exit(2)


def _folders(feeds: Iterable[str], output: Path | None) -> list[Path | None]:
    """Where the reports of each feed go: `output` itself for one feed, else a folder for each."""
    from gtfsgen.feed.remote import feed_name, unique

    names = [feed_name(feed) for feed in feeds]
    if output is None or len(names) == 1:
        return [output] * len(names)
    return [output / name for name in unique(names)]


def _validate(
    feed: str, rules: str, today: date | None, country: str | None, policy: Path | None
) -> Report | None:
    """The report on one feed, or None after telling why there is none."""
    from gtfsgen.validation import report_on

    try:
        with _progress(feed) as progress:
            return report_on(feed, rules, today, country, policy, progress=progress)
    except OSError as error:
        click.echo(f"gtfsgen: {error}", err=True)
        return None


@contextmanager
def _progress(feed: str) -> Iterator[Callable[[str], None] | None]:
    """A line on a terminal that says what is being read or checked; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from gtfsgen.feed.remote import feed_name

    began = time.monotonic()
    spinner: Any = None

    def progress(step: str) -> None:
        nonlocal spinner
        if spinner is None and time.monotonic() - began > PATIENCE_S:
            from rich.console import Console

            spinner = Console(stderr=True).status("")
            spinner.start()
        if spinner is not None:
            spinner.update(f"{feed_name(feed)}: {step}")

    try:
        yield progress
    finally:
        if spinner is not None:
            spinner.stop()


def _tell(report: Report, feed: str, wanted: Iterable[str], folder: Path | None) -> None:
    """Write or print the report in each format asked for."""
    from gtfsgen.reports import PRINTED, print_report, write_all

    for name in wanted:
        if name == "terminal":
            from gtfsgen.reports.terminal import lines

            click.echo("\n".join(lines(report, feed)))
        elif folder is None or name in PRINTED:
            print_report(report, name, sys.stdout.buffer, feed)
    files = [name for name in wanted if name != "terminal"]
    if folder is not None and files:
        try:
            write_all(report, files, folder, feed)
        except OSError as error:
            click.echo(f"gtfsgen: the reports cannot be written: {error}", err=True)
            sys.exit(2)


def _unreadable(report: Report) -> str:
    """Why the input could not be opened, or nothing."""
    for code, context in report.system_error_list:
        if code == "i_o_error":
            return str(context.get("message") or context.get("exception") or code)
    return ""


def _fails(report: Report, level: str) -> bool:
    if level == "NEVER":
        return False
    grave = LEVELS[: LEVELS.index(level) + 1]
    return any(severity in grave for _, severity in report.graded())


def _print_timings(report: Report) -> None:
    """Where the time went, files in the order of reading, then rules from the slowest on."""
    rules = {name: s for name, s in report.seconds.items() if name in report.severities}
    reading = {name: s for name, s in report.seconds.items() if name not in rules}
    for name, seconds in reading.items():
        click.echo(f"{seconds:9.3f} s  {name}")
    click.echo(f"{sum(rules.values()):9.3f} s  {len(rules)} rules")
    for name, seconds in sorted(rules.items(), key=lambda item: -item[1]):
        if seconds >= SHORTEST_TOLD_S:
            click.echo(f"{seconds:9.3f} s  {name}")
    if (peak := _peak_mib()) is not None:
        click.echo(f"{peak:9.0f} MiB peak memory")


def _peak_mib() -> float | None:
    """The most memory this process has held; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)  # bytes there, KiB elsewhere
