"""`gtfsgen render`: the pages of any feed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gtfsgen.cli.limits import FeedPath, limited


@click.command()
@click.argument("feed", type=FeedPath())
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for the pages, or a file name that ends in .html. [default: beside FEED]",
)
@click.option(
    "--title", default="", help="Heading of the page, instead of the lines' or agencies' names."
)
@limited(fetches=True, beside=True)
def command(feed: Path, output: Path | None, title: str) -> None:
    """Draw the pages of any feed: timetables, map, charts, stations.

    A small feed is one HTML file; a large one a small site with an index, a page a line and a page
    a station. All open from disk with the network off. FEED is a zip or a folder of .txt files. A
    shapes.geojson beside the tables marks the legs that follow no track.

    Example: gtfsgen render feed.zip -o site
    """
    from gtfsgen.render import page, site
    from gtfsgen.render.tables import UnreadableInput, read_page_tables
    from gtfsgen.writing import write_file, write_stream

    try:
        tables = read_page_tables(feed)
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from error
    for remark in tables.remarks:
        click.echo(f"gtfsgen: {remark}", err=True)
    folder = feed if feed.is_dir() else feed.parent
    output = output or folder
    legs = _legs(folder / "shapes.geojson")
    if output.suffix == ".html":
        text = page(tables, geojson=legs, title=title)
        write_file(output, text)
        click.echo(f"{output}: {len(text.encode()) / 1000:.0f} kB")
        return
    count, size = write_stream(output, site(tables, geojson=legs, title=title))
    first = output / "index.html"
    if count == 1:
        click.echo(f"{first}: {size / 1000:.0f} kB")
    else:
        click.echo(f"{output}: {count:,} files, {size / 1_000_000:.1f} MB; open {first}")


def _legs(path: Path) -> dict[str, Any] | None:
    """The legs drawn beside a feed, if they are there and readable; the page does without."""
    import json

    try:
        legs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return legs if isinstance(legs, dict) else None
