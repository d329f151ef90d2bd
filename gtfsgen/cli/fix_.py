"""`gtfsgen fix`: a feed with its faults mended, and every change told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gtfsgen.cli.limits import limited
from gtfsgen.cli.outputs import told_in

FORMATS = ("terminal", "json", "markdown")


@click.command()
@click.argument("feed")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FIXED",
    help="Write the mended feed there, a .zip or a folder; without it nothing is written.",
)
@click.option("--unsafe", is_flag=True, help="Make changes too that riders may notice.")
@click.option(
    "--select", multiple=True, metavar="CODE", help="Mend only notices of this code; repeatable."
)
@click.option("--ignore", multiple=True, metavar="CODE", help="Leave notices of this code alone.")
@click.option(
    "--date",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that counts as today; services that have ended before it go. [default: today, "
    "and all services stay]",
)
@click.option("--country", metavar="CC", help="Two letters, for phone numbers without +.")
@click.option("--rules", default="gtfsgen", show_default=True, metavar="NAME", help="Rule set.")
@click.option("--diff", "lines", is_flag=True, help="Show the rows that change, old and new.")
@told_in(FORMATS)
@limited(fetches=True)
def command(
    feed: str,
    output: Path | None,
    unsafe: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    date: datetime | None,
    country: str | None,
    rules: str,
    lines: bool,
    formats: list[str],
) -> None:
    """Mend what a machine may mend of any feed, and tell every change.

    Safe fixes change nothing that a rider or a planner would notice: the mended feed is compared
    with the one that was given, and what would show is taken back. With --unsafe others are made
    that somebody should look at. Without -o nothing is written, and the exit code is 1 if there is
    something to fix, 0 if not; with it the exit code is 0; 2 if the feed cannot be read whole.

    \b
    Example: gtfsgen fix feed.zip --diff
             gtfsgen fix feed.zip -o fixed.zip --unsafe --select mixed_case_recommended_field
    """
    from gtfsgen.budget import UnreadableInput
    from gtfsgen.fixing import fix
    from gtfsgen.fixing import report as reports

    try:
        fixes = fix(
            feed,
            output,
            unsafe=unsafe,
            select=_names(select),
            ignore=_names(ignore),
            date=date.date() if date else None,
            country=country,
            rules=rules,
        )
    except (UnreadableInput, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if lines:
        for line in reports.diff_lines(fixes):
            click.echo(line)
    for form in formats:
        click.echo(reports.FORMATS[form](fixes), err=lines and form == "terminal")
    if output is None and fixes:
        raise SystemExit(1)


def _names(given: tuple[str, ...]) -> list[str]:
    return [name.strip() for text in given for name in text.split(",") if name.strip()]
