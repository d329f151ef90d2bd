"""`gtfsgen diff`: what riders would notice between two feeds."""

from __future__ import annotations

from pathlib import Path

import click

from gtfsgen.cli.limits import limited


@click.command()
@click.argument("old", type=click.Path(exists=True, path_type=Path))
@click.argument("new", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@limited()
def command(old: Path, new: Path, form: str) -> None:
    """Say what riders would notice between two feeds: trains, times, days, stops, links.

    Other ids, other services for the same days, or other shapes are no change. Times are local.
    The exit code is 1 if there are changes, as that of diff.

    Example: gtfsgen diff last-week.zip feed
    """
    from gtfsgen.diff.changes import changes
    from gtfsgen.render.tables import UnreadableInput, text_tables

    try:
        found = changes(text_tables(old), text_tables(new))
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from error
    if form == "json":
        import dataclasses
        import json

        rows = [dataclasses.asdict(change) for change in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for change in found:
            click.echo(f"{change.kind:8} {change.what}: {change.said}")
        if not found:
            click.echo("Nothing that riders would notice.")
    if found:
        raise SystemExit(1)
