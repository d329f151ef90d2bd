"""`gtfsgen journeys`: ask real trip planners for what riders must find."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from gtfsgen.cli.limits import FeedPath, limited

if TYPE_CHECKING:
    from rich.console import Console

    from gtfsgen.planners.journeys import Verdict

PLANNERS = ("motis", "otp")
WIDTH_IN_A_FILE = 160


@click.command()
@click.argument("feed", type=FeedPath())
@click.argument("journeys", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--planner",
    type=click.Choice([*PLANNERS, "both"]),
    default="motis",
    show_default=True,
    help="MOTIS's engine, OpenTripPlanner, or both.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with [[known_limits]] of planners; policy.toml beside JOURNEYS if it is there.",
)
@limited(fetches=True, timed=lambda planner, **_: planner == "motis")
def command(feed: Path, journeys: Path, planner: str, policy: Path | None) -> None:
    """Ask a real trip planner for the journeys a rider must find in FEED (a zip or a folder).

    JOURNEYS is a table with the columns name, date, from, to, depart, arrive, trains, changes,
    expect and note. Exit code 1 if a journey does not hold, 2 if it could not be asked for.

    Example: gtfsgen journeys feed/gtfs.zip validation/journeys.csv --planner both
    """
    from rich.console import Console
    from rich.text import Text

    from gtfsgen.budget import UnreadableInput
    from gtfsgen.planners import PlannerRefused, PlannerUnavailable
    from gtfsgen.planners.journeys import Outcome, read_journeys, read_limits, verdicts
    from gtfsgen.planners.timetable import Timetable

    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_IN_A_FILE
    status = Console(stderr=True)
    try:
        limits = read_limits(policy or journeys.parent / "policy.toml")
        timetable = Timetable(feed)
        asked = read_journeys(journeys, timetable)
    except (UnreadableInput, ValueError) as error:
        raise click.UsageError(str(error)) from error
    for fault in asked.faults:
        click.echo(str(fault), err=True)
    failed = bool(asked.faults)
    if not asked.journeys:
        click.echo(f"{journeys}: there is no journey to ask for.", err=True)
        sys.exit(1)
    for name in PLANNERS if planner == "both" else (planner,):
        try:
            with status.status(Text(f"{name}: loading {feed}")) as line:
                answers = engine(name).ask(
                    feed,
                    [each.question for each in asked.journeys],
                    lambda said, line=line: line.update(Text(said)),
                )
            found = verdicts(asked.journeys, answers, timetable, limits, name)
        except PlannerUnavailable as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(2)
        except PlannerRefused as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
            continue
        for remark in answers.remarks:
            click.echo(f"{name} says: {remark}", err=True)
        show(console, engine(name).NAME, found)
        failed = failed or any(each.outcome is Outcome.FAILS for each in found)
    sys.exit(1 if failed else 0)


def engine(name: str) -> ModuleType:
    """The module that speaks to a planner: it has `NAME` and `ask`."""
    return importlib.import_module(f"gtfsgen.planners.{name}")


def show(console: Console, planner: str, verdicts: list[Verdict]) -> None:
    """A table of all journeys, and a line that counts them."""
    from collections import Counter

    from rich.table import Table
    from rich.text import Text

    from gtfsgen.planners.journeys import Outcome

    colours = {Outcome.HOLDS: "green", Outcome.FAILS: "bold red", Outcome.LIMIT: "yellow"}
    table = Table(title=planner, title_justify="left", show_edge=False)
    for heading in ("line", "journey", "date", "wanted", planner + " found", "verdict"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "line" else "left")
    for verdict in verdicts:
        journey = verdict.journey
        reason = f": {verdict.reason}" if verdict.reason else ""
        table.add_row(
            str(journey.line),
            Text(journey.name),
            f"{journey.day:%a} {journey.day}",
            Text(" ".join(journey.trains) if journey.found else "none"),
            Text(verdict.found),
            Text(f"{verdict.outcome}{reason}", style=colours[verdict.outcome]),
        )
    console.print(table)
    counts = Counter(verdict.outcome for verdict in verdicts)
    console.print(", ".join(f"{counts[each]} {each}" for each in Outcome if counts[each]) + ".")
