"""`gtfsgen import`: any feed back into curated tables."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from gtfsgen import clocks
from gtfsgen.cli.build_ import Day
from gtfsgen.cli.limits import FeedPath, limited

MAX_SHOWN = 20


@click.command()
@click.argument("feed", type=FeedPath())
@click.option(
    "-o",
    "--output",
    default="source",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for the tables; it must be new or empty.",
)
@click.option("--today", type=Day(), help="as_of of the project. [default: today]")
@limited(fetches=True)
def command(feed: Path, output: Path, today: date | None) -> None:
    """Turn a feed, a zip or a folder of .txt files, into curated tables.

    Trips become timetables, days become words; what grids cannot say stays in gtfs/ as it is. The
    tables are built again: trips that do not come back as they were stay in gtfs/ too. If the feed
    that is built differs all the same, what differs is told, and the exit code is 1.

    Example: gtfsgen import feed.zip -o source
    """
    from gtfsgen.importing import UnreadableInput, import_feed
    from gtfsgen.writing import write_files

    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise click.UsageError(f"{output} is there already; name another folder with -o")
    try:
        made = import_feed(feed, today or clocks.today())
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from error
    try:
        write_files(output, made.files)
    except OSError as error:
        click.echo(f"gtfsgen: cannot write the tables: {error}", err=True)
        sys.exit(2)
    click.echo(
        f"{output}: {made.trains} trains in {made.timetables} timetables"
        + (f", {made.coaches} coaches" if made.coaches else "")
    )
    for reason, count in made.passed.most_common():
        trips = "1 trip is" if count == 1 else f"{count} trips are"
        click.echo(f"  {trips} left in gtfs/ to the letter: {reason}")
    for remark in made.remarks:
        click.echo(f"  {remark}")
    for text in made.differences[:MAX_SHOWN]:
        click.echo(f"  not the same: {text}")
    if len(made.differences) > MAX_SHOWN:
        click.echo(f"  ... and {len(made.differences) - MAX_SHOWN} more differences")
    if made.differences:
        sys.exit(1)
    click.echo("Built again, the tables give the same feed: every file, column and cell.")
