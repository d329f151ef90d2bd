"""`gtfsgen diff`: every difference between two feeds, told once."""

from __future__ import annotations

from pathlib import Path

import click

from gtfsgen.cli.limits import FeedPath, limited
from gtfsgen.cli.outputs import told_in

FORMATS = ("terminal", "markdown", "json", "html")


@click.command()
@click.argument("old", type=FeedPath())
@click.argument("new", type=FeedPath())
@click.option(
    "--level",
    type=click.Choice(["rider", "planner", "data"]),
    default="data",
    show_default=True,
    help="Tell what riders notice, what planners notice too, or everything.",
)
@told_in(FORMATS, folder="Folder for the reports, diff.<ending>; without it they are printed.")
@limited(fetches=True)
def command(old: Path, new: Path, level: str, formats: list[str], output: Path | None) -> None:
    """Tell every difference between two feeds once, grouped by line.

    Other ids, another order of rows, another encoding, other services for the same days are no
    difference. Exits with 1 if there are differences, 0 if there are none, 2 if a feed cannot be
    read.

    Example: gtfsgen diff last-week.zip feed --level rider
    """
    from gtfsgen.budget import UnreadableInput
    from gtfsgen.diff import compare
    from gtfsgen.diff import report as reports
    from gtfsgen.writing import write_file

    try:
        difference = compare(old, new, level)
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from error
    for remark in difference.remarks:
        click.echo(f"gtfsgen: {remark}", err=True)
    for form in formats:
        text = reports.FORMATS[form](difference)
        if output is None or form == "terminal":
            click.echo(text)
        else:
            write_file(output / f"diff.{reports.ENDINGS[form]}", text)
    if difference:
        raise SystemExit(1)
