"""`gtfsgen canonical`, also installed as `gtfs-validator`: the Java validator's command line.

A pipeline that calls gtfs-validator-cli.jar calls this instead, with the same arguments, and finds
the same files and exit codes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gtfsgen.cli.java_arguments import JavaOption, WrongArguments, parse_arguments

if TYPE_CHECKING:
    from gtfsgen.validation import Report

VERSION = "8.0.1"
"""The canonical release whose answers are given: what report.json names as its validator."""
RULES = "canonical-8.0.1"
WRONG, FAILED = 1, 255
"""Exit codes for wrong arguments, and where the validation could not run."""
SCHEMA_FILE = "notice_schema.json"
STORED_AS = "gtfs.zip"
NEIGHBOUR = "gtfs-validator"
"""A package on PyPI with a command of this name."""

OPTIONS = (
    JavaOption(("-i", "--input"), "FEED", "Zip file or folder to validate."),
    JavaOption(("-u", "--url"), "URL", "Address to download the zip file from."),
    JavaOption(("-o", "--output_base"), "DIR", "Folder for the reports."),
    JavaOption(("-c", "--country_code"), "CC", "Two-letter country, for phone numbers."),
    JavaOption(("-d", "--date"), "D", "The day that counts as today, YYYY-MM-DD."),
    JavaOption(("-t", "--threads"), "N", "Number of threads, for the report; all cores are used."),
    JavaOption(("-s", "--storage_directory"), "DIR", "With -u: folder to keep the download in."),
    JavaOption(("-v", "--validation_report_name"), "NAME", "Instead of report.json."),
    JavaOption(("-r", "--html_report_name"), "NAME", "Instead of report.html."),
    JavaOption(("-e", "--system_errors_report_name"), "NAME", "Instead of system_errors.json."),
    JavaOption(("-n", "--export_notices_schema"), "", f"Write {SCHEMA_FILE}."),
    JavaOption(("-p", "--pretty"), "", "Indent JSON."),
    JavaOption(
        ("-svu", "--skip_validator_update"), "", "Taken and of no effect: no update is looked for."
    ),
    JavaOption(("--stdout",), "", "Print report.json and write nothing; not with -o."),
    JavaOption(
        ("--http_header",), "NAME: VALUE", "With -u: a header to send; may be repeated.", True
    ),
    JavaOption(("-h", "--help"), "", "Show this message."),
)

HEADER = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:(.*)", re.DOTALL)
"""A line of HTTP: a token, a colon, what it says."""

UNPARSED = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command(context_settings=UNPARSED, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Validate as MobilityData's gtfs-validator does, with its arguments, files and exit codes."""
    try:
        given = parse_arguments(arguments, OPTIONS)
        if given.get("help"):
            click.echo(usage())
            sys.exit(0)
        _check(given)
    except WrongArguments as error:
        click.echo(f"gtfs-validator: {error}", err=True)
        sys.exit(WRONG)
    from gtfsgen.budget import from_environment
    from gtfsgen.cli.limits import under

    try:
        limits = from_environment()
    except ValueError as error:
        click.echo(f"gtfs-validator: {error}", err=True)
        sys.exit(WRONG)
    sys.exit(under(limits, lambda: _run(given), inputs=[given.get("input")], failed=FAILED))


def run() -> NoReturn:
    """The command `gtfs-validator`.

    That name belongs to another package on PyPI. Where that is installed as well, pip leaves
    whichever script came last; so ours stands back and starts the other, and both orders of
    installing give the same. `gtfsgen canonical` is ours in any case.
    """
    if other := _neighbour():
        click.echo(
            f"gtfs-validator: this is {NEIGHBOUR} {other.dist.version}, which is installed too;"
            " gtfsgen's is called `gtfsgen canonical`",
            err=True,
        )
        sys.exit(other.load()())
    from gtfsgen.cli import run as run_gtfsgen

    sys.argv[1:1] = ["canonical"]
    run_gtfsgen()


def _neighbour() -> Any:
    """The script of the other package of this name, if that is installed."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(NEIGHBOUR)
    except PackageNotFoundError:
        return None
    scripts = found.entry_points.select(group="console_scripts", name=NEIGHBOUR)
    return next(iter(scripts), None)


def usage() -> str:
    """The options, as `-h` shows them."""
    formatter = click.HelpFormatter(width=100)
    formatter.write_usage("gtfs-validator", "(-i FEED | -u URL) (-o DIR | --stdout) [OPTIONS]")
    rows = [
        (", ".join(option.names) + (f" {option.takes}" if option.takes else ""), option.help)
        for option in OPTIONS
    ]
    with formatter.section("Options"):
        formatter.write_dl(rows)
    return formatter.getvalue().rstrip()


def _check(given: dict[str, Any]) -> None:
    """Refuse what the Java validator refuses before it begins."""
    threads = given.get("threads", "1")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", threads):
        raise WrongArguments(f"-t {threads!r} is no number")
    given["threads"] = int(threads)
    has_input = "input" in given or "url" in given
    if given.get("export_notices_schema") and not has_input:
        if "output_base" not in given:
            raise WrongArguments("-n needs -o DIR, the folder to write to")
        return
    if not has_input:
        raise WrongArguments("a feed must be given, with -i or -u")
    if "input" in given and "url" in given:
        raise WrongArguments("-i and -u cannot both be given")
    if "storage_directory" in given and "url" not in given:
        raise WrongArguments("-s is only for what -u downloads")
    if bool(given.get("stdout")) == ("output_base" in given):
        raise WrongArguments("give either -o DIR or --stdout")
    for header in given.get("http_header", ()):
        if not HEADER.fullmatch(header):
            raise WrongArguments(f"--http_header {header!r} is not `Name: value`")


def _run(given: dict[str, Any]) -> int:
    """Validate and write; returns the exit code."""
    try:
        if given.get("export_notices_schema"):
            _write_schema(given)
            if "input" not in given and "url" not in given:
                return 0
        today = _day(given.get("date"))
        with _input(given) as path:
            report = _report(given, path, today)
        _write(given, report)
    except (OSError, ValueError) as error:
        click.echo(f"gtfs-validator: {error}", err=True)
        return FAILED
    return FAILED if any(code == "i_o_error" for code, _ in _opening(report)) else 0


def _opening(report: Report) -> list[tuple[str, dict[str, Any]]]:
    """System errors of an input that could not be opened at all."""
    return [] if "counts" in report.summary else report.system_error_list


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(f"-d {text!r} is not a date; write 2026-11-20")
    return date.fromisoformat(text)


@contextmanager
def _input(given: dict[str, Any]) -> Iterator[Path | OSError]:
    """The feed as a path; or the error that kept it from being downloaded."""
    from urllib.parse import unquote, urlsplit

    from gtfsgen.feed.remote import download
    from gtfsgen.writing import scratch_folder

    if "input" in given:
        yield Path(given["input"])
        return
    url = given["url"]
    if not (address := urlsplit(url)).scheme or re.search(r"\s", url):
        raise ValueError(f"-u {url!r} is no address")
    if address.scheme == "file":
        yield Path(unquote(address.path))
        return
    parts = [line.partition(":") for line in given.get("http_header", ())]
    headers = {name.strip(): value.strip() for name, _, value in parts}
    with scratch_folder() as passing:
        folder = Path(given.get("storage_directory", passing))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            download(url, folder / STORED_AS, headers, any_status=True)
        except OSError as error:
            yield error
        else:
            yield folder / STORED_AS


def _report(given: dict[str, Any], path: Path | OSError, today: date | None) -> Report:
    """The report, with the members of the summary that the canonical one has."""
    from gtfsgen import clocks
    from gtfsgen.feed import values
    from gtfsgen.validation import Report, report_on
    from gtfsgen.validation.summary import bare_summary

    country = given.get("country_code")
    before = _memory()
    if isinstance(path, OSError):
        facts = bare_summary("", today or clocks.today(), values.country(country))
        context = {"exception": type(path).__name__, "message": str(path)}
        report = Report({}, {}, [("i_o_error", context)], summary=facts)
    else:
        report = report_on(path, RULES, today, values.country(country))
    report.summary = _summary(given, report.summary, before)
    return report


def _summary(given: dict[str, Any], found: dict[str, Any], before: int) -> dict[str, Any]:
    """A summary with all members of the canonical one, in its order."""
    written = "output_base" in given
    facts = {
        **found,
        "validatorVersion": VERSION,
        "threads": given["threads"],
        "outputDirectory": given.get("output_base"),
        "systemErrorsReportName": given.get("system_errors_report_name", "system_errors.json"),
        "validationReportName": given.get("validation_report_name", "report.json"),
        "htmlReportName": given.get("html_report_name", "report.html"),
    }
    if "url" in given:
        facts["gtfsInput"] = given["url"]
    if "counts" in found:
        facts["memoryUsageRecords"] = [_memory_record(before)]
    if not written:
        for name in ("systemErrorsReportName", "validationReportName", "htmlReportName"):
            del facts[name]
    return {name: facts[name] for name in SUMMARY if name in facts}


SUMMARY = (
    "validatorVersion",
    "validatedAt",
    "gtfsInput",
    "threads",
    "outputDirectory",
    "systemErrorsReportName",
    "validationReportName",
    "htmlReportName",
    "countryCode",
    "dateForValidation",
    "feedInfo",
    "agencies",
    "files",
    "validationTimeSeconds",
    "memoryUsageRecords",
    "counts",
    "gtfsFeatures",
)
"""Members of the canonical summary in their order."""


def _memory() -> int:
    """The most memory that this process has held, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _memory_record(before: int) -> dict[str, Any]:
    """The memory of the whole run, in the form in which Java tells that of its machine."""
    peak = _memory()
    return {
        "key": "ValidationRunner.run",
        "totalMemory": peak,
        "freeMemory": 0,
        "maxMemory": peak,
        "diffMemory": peak - before,
    }


def _write_schema(given: dict[str, Any]) -> None:
    from gtfsgen.reports.canonical import encode
    from gtfsgen.reports.notice_schema import notice_schema
    from gtfsgen.writing import write_file

    folder = Path(given["output_base"]) if "output_base" in given else Path()
    text = encode(notice_schema(), 2 if given.get("pretty") else None)
    write_file(folder / SCHEMA_FILE, text)


def _write(given: dict[str, Any], report: Report) -> None:
    """Print report.json, or write the three reports under the names that were given."""
    from gtfsgen.reports import canonical, html
    from gtfsgen.writing import Content, write_files

    indent = 2 if given.get("pretty") else None
    text = canonical.report_json(report, indent)
    if given.get("stdout"):
        click.echo(text.encode())
        return
    folder = Path(given["output_base"])
    feed = given.get("input") or given["url"]
    names = report.summary
    files: dict[str, Content] = {
        names["validationReportName"]: text,
        names["htmlReportName"]: lambda out: html.write(report, out, feed),
        names["systemErrorsReportName"]: canonical.system_errors_json(report, indent),
    }
    write_files(folder, files)
    _tell(report, folder)


def _tell(report: Report, folder: Path) -> None:
    """Where the reports are and how it stands, on standard error as the Java validator's log."""
    from gtfsgen.reports.terminal import verdict

    for _, context in _opening(report):
        click.echo(f"gtfs-validator: {context.get('message')}", err=True)
    seconds = report.summary.get("validationTimeSeconds")
    took = f" Validation took {seconds:.2f} s." if seconds is not None else ""
    click.echo(f"{verdict(report)}{took} Reports: {folder}", err=True)
