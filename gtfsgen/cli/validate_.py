"""`gtfsgen validate`: say what is wrong with feeds."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import click

if TYPE_CHECKING:
    from gtfsgen.validation import Report

LEVELS = ("ERROR", "WARNING", "INFO")
CHUNK = 1 << 20
DOWNLOAD_TIMEOUT_S = 60
SHORTEST_TOLD_S = 0.005
WRITTEN_BY_DEFAULT = ("json", "html")
"""Formats written into -o when --format does not say which."""


@click.command()
@click.argument("feeds", nargs=-1, required=True, metavar="FEED...")
@click.option(
    "--rules",
    default="gtfsgen",
    show_default=True,
    metavar="NAME",
    help="Rule set: gtfsgen, canonical-8.0.1 or canonical-next.",
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
def command(
    feeds: tuple[str, ...],
    rules: str,
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
        os.environ["POLARS_MAX_THREADS"] = str(threads)
    wanted = _wanted_formats(formats, output)
    today = _day(day)
    if write_baseline and not policy:
        raise click.UsageError(
            "--write-baseline needs --policy FILE: the baseline stands beside it"
        )
    exits = 0
    for feed, folder in zip(feeds, _folders(feeds, output), strict=True):
        report = _validate(feed, rules, today, country, None if write_baseline else policy)
        if report is None:
            exits = 2
            continue
        _tell(report, feed, wanted, folder)
        if timings:
            _print_timings(report)
        if unreadable := _unreadable(report):
            click.echo(f"gtfsgen: {feed} cannot be read as a feed: {unreadable}", err=True)
            exits = 2
            continue
        if write_baseline and policy:
            from gtfsgen.validation.policy import write_baseline as known

            path = known(report, policy, today or date.today())
            click.echo(f"What was found is known from now on: {path}")
        elif _fails(report, fail_on.upper()):
            exits = max(exits, 1)
    sys.exit(exits)


def _wanted_formats(formats: str | None, output: Path | None) -> list[str]:
    """The formats asked for, in order; a wrong or unwritable one is a wrong command."""
    from gtfsgen.validation.reports import FORMATS

    if formats is None:
        return ["terminal", *(WRITTEN_BY_DEFAULT if output else ())]
    wanted = [name.strip().lower() for name in formats.split(",") if name.strip()]
    for name in wanted:
        if name not in FORMATS:
            from difflib import get_close_matches

            near = get_close_matches(name, FORMATS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(FORMATS)}"
            raise click.UsageError(f"there is no report format {name!r}; {hint}")
        if name == "parquet" and not output:
            raise click.UsageError("--format parquet needs -o DIR; it cannot be printed")
    return wanted


def _day(day: str | None) -> date | None:
    if day is None:
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise click.UsageError(f"--date {day!r} is not a date; write 2026-11-20") from None


def _folders(feeds: Iterable[str], output: Path | None) -> list[Path | None]:
    """Where the reports of each feed go: `output` itself for one feed, else a folder for each."""
    names = [feed_name(feed) for feed in feeds]
    if output is None or len(names) == 1:
        return [output] * len(names)
    return [output / name for name in unique(names)]


def feed_name(feed: str) -> str:
    """A folder name for a feed: the last part of its path or address, without `.zip`."""
    path = unquote(urlsplit(feed).path) if is_url(feed) else str(Path(feed).absolute())
    stem = re.sub(r"\.zip$", "", path.rstrip("/").rpartition("/")[2], flags=re.IGNORECASE)
    return re.sub(r"[^\w.-]+", "-", stem).strip(".-") or "feed"


def unique(names: Iterable[str]) -> list[str]:
    """The names, with -2, -3, ... after those that came before."""
    taken: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}-{number}"
        taken.add(candidate)
        result.append(candidate)
    return result


def is_url(feed: str) -> bool:
    return feed.lower().startswith(("http://", "https://"))


def _validate(
    feed: str, rules: str, today: date | None, country: str | None, policy: Path | None
) -> Report | None:
    """The report on one feed, or None after telling why there is none."""
    from gtfsgen.validation import validate
    from gtfsgen.validation.policy import PolicyError

    try:
        with local_copy(feed) as path, _progress(feed) as progress:
            report = validate(path, rules, today, country, policy, progress=progress)
    except OSError as error:
        click.echo(f"gtfsgen: {feed} cannot be had: {error}", err=True)
        return None
    except PolicyError as error:
        click.echo(f"gtfsgen: {error}", err=True)
        sys.exit(2)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if is_url(feed):
        report.summary["gtfsInput"] = feed
    return report


@contextmanager
def local_copy(feed: str) -> Iterator[Path]:
    """The feed as a path; an address is downloaded into a file that lasts as long as the context.

    Raises OSError (urllib's errors are among them) when the download fails.
    """
    if not is_url(feed):
        yield Path(feed)
        return
    from http.client import HTTPException
    from tempfile import TemporaryDirectory
    from urllib.request import Request, urlopen

    request = Request(feed, headers={"User-Agent": "gtfsgen"})
    with TemporaryDirectory(prefix="gtfsgen-") as folder:
        path = Path(folder) / f"{feed_name(feed)}.zip"
        try:
            with urlopen(request, timeout=DOWNLOAD_TIMEOUT_S) as answer, path.open("wb") as file:
                while chunk := answer.read(CHUNK):
                    file.write(chunk)
        except HTTPException as error:
            raise OSError(f"the download broke off ({type(error).__name__})") from error
        yield path


@contextmanager
def _progress(feed: str) -> Iterator[Callable[[str], None] | None]:
    """A line on a terminal that says what is being read or checked; nothing elsewhere."""
    if not sys.stderr.isatty():
        with nullcontext():
            yield None
        return
    started = False
    spinner: Any = None

    def progress(step: str) -> None:
        nonlocal started, spinner
        if not started:
            from rich.console import Console

            started = True
            spinner = Console(stderr=True).status("")
            spinner.start()
        spinner.update(f"{feed_name(feed)}: {step}")

    try:
        yield progress
    finally:
        if spinner is not None:
            spinner.stop()


def _tell(report: Report, feed: str, wanted: Iterable[str], folder: Path | None) -> None:
    """Write or print the report in each format asked for."""
    from gtfsgen.validation.reports import PRINTED, print_report, write

    for name in wanted:
        if name == "terminal":
            from gtfsgen.validation.reports.terminal import lines

            click.echo("\n".join(lines(report, feed)))
        elif folder is None or name in PRINTED:
            print_report(report, name, sys.stdout.buffer, feed)
        if folder is not None and name != "terminal":
            try:
                write(report, name, folder, feed)
            except OSError as error:
                click.echo(f"gtfsgen: the {name} report cannot be written: {error}", err=True)
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
