"""`gtfsgen stats`: service by day and line, kilometres, speeds, headways, busiest stops."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gtfsgen.cli.limits import FeedPath, limited
from gtfsgen.cli.outputs import told_in

FORMATS = ("terminal", "json", "csv", "html")


@click.command()
@click.argument("feed", type=FeedPath())
@click.option(
    "--date", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day. [default: the first]"
)
@click.option("--days", type=click.IntRange(1), help="How many days. [default: all]")
@told_in(
    FORMATS,
    folder="Folder for stats.json, stats.html and a CSV file a table; else they are printed.",
)
@limited(fetches=True)
def command(
    feed: Path, first: datetime | None, days: int | None, formats: list[str], output: Path | None
) -> None:
    """Tell a feed's service in numbers, by day, line, station and calendar.

    Days are service days; a trip of frequencies.txt departs as often as its headways say.
    Kilometres are along the shapes, and straight from stop to stop where there is none.

    Example: gtfsgen stats feed/gtfs.zip --date 2026-03-16 --days 7
    """
    from gtfsgen.budget import UnreadableInput
    from gtfsgen.stats import report, statistics
    from gtfsgen.writing import write_file, write_files

    zips = sorted(feed.glob("*.zip")) if feed.is_dir() else []
    try:
        found = statistics(zips[0] if len(zips) == 1 else feed, first and first.date(), days)
    except UnreadableInput as error:
        raise click.UsageError(f"{feed}: {error}") from error
    for form in formats:
        if output is None or form == "terminal":
            click.echo(report.FORMATS[form](found))
            continue
        if form == "csv":
            write_files(output, report.csv_files(found))
        else:
            write_file(output / f"stats.{form}", report.FORMATS[form](found))
