"""`gtfsgen render`: the page of any feed."""

from __future__ import annotations

from pathlib import Path

import click

from gtfsgen.cli.limits import limited


@click.command()
@click.argument("feed", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for index.html, or a file name that ends in .html. [default: beside FEED]",
)
@click.option(
    "--title", default="", help="Heading of the page, instead of the lines' or agencies' names."
)
@limited()
def command(feed: Path, output: Path | None, title: str) -> None:
    """Draw the page of any feed: map, timetables, charts, running days.

    The page is one HTML file that opens from disk with the network off. FEED is a zip or a folder
    of .txt files. A shapes.geojson beside the tables marks the legs that follow no track.

    Example: gtfsgen render feed.zip -o site
    """
    from gtfsgen.render import page
    from gtfsgen.render.tables import UnreadableInput, text_tables
    from gtfsgen.writing import write_file

    try:
        tables = text_tables(feed)
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from error
    folder = feed if feed.is_dir() else feed.parent
    output = output or folder
    target = output if output.suffix == ".html" else output / "index.html"
    html = page(tables, geojson=_legs(folder / "shapes.geojson"), title=title)
    write_file(target, html)
    click.echo(f"{target}: {len(html) / 1000:.0f} kB")


def _legs(path: Path) -> dict | None:
    """The legs drawn beside a feed, if they are there and readable; the page does without."""
    import json

    try:
        legs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return legs if isinstance(legs, dict) else None
