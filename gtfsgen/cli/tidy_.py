"""`gtfsgen tidy`: take out of gtfs/ what hangs on trains that have been deleted."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gtfsgen.cli.limits import limited


@click.command()
@click.argument("source", default="source", type=click.Path(exists=True, path_type=Path))
@limited()
def command(source: Path) -> None:
    """Take rows out of SOURCE/gtfs that are of trains or stations which the tables no longer have.

    For a project that `gtfsgen import` made: a train is deleted with its column, a station with its
    row; details of them, and rows of gtfs/ that name the train, are taken out of the files here.
    What is taken out is told with its number.

    Example: gtfsgen tidy source
    """
    from gtfsgen.importing.tidying import tidy_source
    from gtfsgen.source.settings import SourceUnreadable

    try:
        taken = tidy_source(source)
    except SourceUnreadable as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        click.echo(f"gtfsgen: cannot write the tables: {error}", err=True)
        sys.exit(2)
    for path, rows in taken.items():
        click.echo(f"{path}: {rows} row{'' if rows == 1 else 's'} taken out")
    if not taken:
        click.echo("Nothing hangs on what is gone.")
