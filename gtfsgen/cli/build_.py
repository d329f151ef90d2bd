"""`gtfsgen build`: compile, draw and validate curated tables."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

LEVELS = ("ERROR", "WARNING", "INFO")


class Day(click.ParamType):
    """A date written YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: str | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write 2026-11-20", param, ctx)


@click.command()
@click.argument("source", default="source", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for the feed (default: feed beside SOURCE), or a .zip for that alone.",
)
@click.option(
    "--profile",
    type=click.Choice(["linked", "through"]),
    help="How handovers are told: linked trips, or one trip instead of the parts.",
)
@click.option("--today", type=Day(), help="The build's day instead of as_of in feed.toml.")
@click.option("--explain-links", is_flag=True, help="Say for each chain how it is tied, and why.")
@click.option("--no-validate", is_flag=True, help="Compile and draw only.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="ERROR",
    show_default=True,
    help="Exit with 1 on notices of this level or above.",
)
def command(
    source: Path,
    output: Path | None,
    profile: str | None,
    today: date | None,
    explain_links: bool,
    no_validate: bool,
    fail_on: str,
) -> None:
    """Compile curated tables into a GTFS feed, draw it and validate it.

    With an error in the tables nothing is written and the last feed stays as it is.

    Example: gtfsgen build source -o feed --today 2026-11-20
    """
    import gc

    from gtfsgen.build import build
    from gtfsgen.source import SourceUnreadable
    from gtfsgen.validation.policy import PolicyError

    gc.disable()  # a large timetable is millions of small objects, none of them in cycles
    try:
        made = build(source, output, profile=profile, today=today, validate=not no_validate)
    except (SourceUnreadable, PolicyError) as error:
        click.echo(f"gtfsgen: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"gtfsgen: cannot write the feed: {error}", err=True)
        sys.exit(2)
    finally:
        gc.enable()
    for notice in made.notices:
        click.echo(str(notice), err=True)
    if explain_links:
        for link in made.links:
            click.echo(f"{link.place}: {link}")
    counts = {level: sum(n.severity == level for n in made.notices) for level in LEVELS}
    told = ", ".join(f"{count} {level.lower()}" for level, count in counts.items() if count)
    if made.feed is None:
        click.echo(f"Nothing was written: {told}.", err=True)
        sys.exit(1)
    rows = made.tables["stop_times"].height
    click.echo(
        f"{made.feed}: {made.tables['trips'].height} trips, {rows} stop times"
        + (f"; {told}" if told else "")
    )
    if any(counts[level] for level in LEVELS[: LEVELS.index(fail_on.upper()) + 1]):
        sys.exit(1)
