"""`gtfsgen catalogue`: thousands of feeds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gtfsgen.cli.limits import limited

if TYPE_CHECKING:
    from gtfsgen.catalogue import Outcome

LEVELS = ("ERROR", "WARNING", "INFO")


@click.group()
def command() -> None:
    """Work on catalogues of feeds.

    Example: gtfsgen catalogue validate feeds.csv -o reports
    """


@command.command()
@click.argument("feeds", metavar="LIST", type=click.Path(path_type=Path))
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler: tcp://host:8786.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Processes on this machine. [default: one for each core]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="catalogue",
    show_default=True,
    metavar="DIR",
    help="Folder for catalogue.csv, catalogue.parquet and a folder of reports for each feed.",
)
@click.option("--rules", default="gtfsgen", show_default=True, metavar="NAME", help="Rule set.")
@click.option("--date", "day", metavar="D", help="The day that counts as today, YYYY-MM-DD.")
@click.option("--country", metavar="CC", help="Country of feeds for which the list has none.")
@click.option("--policy", type=click.Path(path_type=Path), metavar="FILE", help="A policy.toml.")
@click.option(
    "--format",
    "formats",
    default="json",
    show_default=True,
    metavar="F,...",
    help="Reports to write for each feed, as in gtfsgen validate.",
)
@click.option(
    "--fail-on",
    type=click.Choice([*LEVELS, "never"], case_sensitive=False),
    default="never",
    show_default=True,
    help="Exit with 1 when a feed has notices of this level or above.",
)
@limited(timed=False, fetches=True)
def validate(
    feeds: Path,
    scheduler: str | None,
    workers: int | None,
    output: Path,
    rules: str,
    day: str | None,
    country: str | None,
    policy: Path | None,
    formats: str,
    fail_on: str,
) -> None:
    """Validate all feeds of a list, side by side.

    LIST has a path or an address on each line, or is a CSV with a column feed, path or url, and
    perhaps name and country. A feed that cannot be read is told in the table and stops no other.

    Example: gtfsgen catalogue validate feeds.csv --date 2026-11-20 -o reports
    """
    from gtfsgen.catalogue import ListError, Settings, read_list, table, validate_all
    from gtfsgen.cli.validate_ import check_settings, wanted_day, wanted_formats

    wanted = wanted_formats(formats, output)
    from gtfsgen.writing import write_file

    today = wanted_day(day)
    check_settings(rules, country, policy)
    try:
        entries = read_list(feeds)
    except ListError as error:
        click.echo(f"gtfsgen: {error}", err=True)
        sys.exit(2)
    settings = Settings(
        rules=rules,
        date=today.isoformat() if today else None,
        country=country,
        policy=str(policy.absolute()) if policy else None,
        output=str(output.absolute()),
        formats=tuple(wanted),
    )
    outcomes = []
    try:
        for outcome in validate_all(entries, settings, workers=workers, scheduler=scheduler):
            outcomes.append(outcome)
            click.echo(f"{len(outcomes):>5} of {len(entries)}  {_line(outcome)}")
    except ImportError:
        raise click.UsageError(
            "--scheduler needs dask: pip install 'gtfsgen[distributed]'"
        ) from None
    except OSError as error:
        click.echo(f"gtfsgen: the scheduler {scheduler} does not answer: {error}", err=True)
        sys.exit(2)
    rows = table(outcomes)
    write_file(output / "catalogue.csv", rows.write_csv)
    write_file(output / "catalogue.parquet", rows.write_parquet)
    validated = sum(outcome.status == "validated" for outcome in outcomes)
    click.echo(f"{validated} of {len(outcomes)} feeds validated; {output / 'catalogue.csv'}")
    grave = LEVELS[: LEVELS.index(fail_on.upper()) + 1] if fail_on.upper() in LEVELS else ()
    if any(outcome.totals.get(level) for outcome in outcomes for level in grave):
        sys.exit(1)


def _line(outcome: Outcome) -> str:
    if outcome.status != "validated":
        return f"{outcome.name}: {outcome.status}: {outcome.message}"
    told = ", ".join(f"{number:,} {level.lower()}" for level, number in outcome.totals.items())
    return f"{outcome.name}: {told} ({outcome.seconds:.1f} s)"
