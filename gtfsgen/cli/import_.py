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

    Trains become timetables in local time, days become words, linked trips become coaches; what
    grids cannot say goes to gtfs/*.txt as it is. The tables are built again to see whether riders
    would notice anything: what they would is told, and the exit code is then 1.

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
        f"{output}: {made.trains} trains in {made.timetables} timetables, {made.coaches} coaches"
    )
    for reason, count in made.passed.most_common():
        trips = "1 trip is" if count == 1 else f"{count} trips are"
        click.echo(f"  {trips} passed through in gtfs/: {reason}")
    for remark in made.remarks:
        click.echo(f"  {remark}")
    for change in made.changes[:MAX_SHOWN]:
        click.echo(f"  riders would notice: {change.kind} {change.what}: {change.said}")
    if len(made.changes) > MAX_SHOWN:
        click.echo(f"  ... and {len(made.changes) - MAX_SHOWN} more changes")
    if made.changes:
        sys.exit(1)
    click.echo("Built again, the tables give the same feed for riders.")
