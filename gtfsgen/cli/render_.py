"""`gtfsgen render`: the pages of any feed."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gtfsgen.cli.limits import FeedPath, limited
from gtfsgen.printing import FORMATS

if TYPE_CHECKING:
    from gtfsgen.printing.formats import Printed
    from gtfsgen.render.tables import PageTables

FILE_ENDS = tuple(f".{name}" for name in FORMATS)
"""An output of such a name is a file; any other is a folder."""


@click.command()
@click.argument("feed", type=FeedPath())
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder, or a file name that ends in the format. [default: beside FEED]",
)
@click.option(
    "--format",
    "formats",
    default="html",
    show_default=True,
    metavar="FORMATS",
    help=f"{', '.join(FORMATS)}; several with commas between them.",
)
@click.option("--date", "day", metavar="DATE", help="Print the trains of this day alone.")
@click.option(
    "--title", default="", help="Heading of the page, instead of the lines' or agencies' names."
)
@limited(fetches=True, beside=True)
def command(feed: Path, output: Path | None, formats: str, day: str | None, title: str) -> None:
    """Draw the pages of any feed: timetables, map, charts, stations.

    A small feed is one HTML file; a large one a small site with an index, a page a line and a page
    a station. All open from disk with the network off. FEED is a zip or a folder of .txt files. A
    shapes.geojson beside the tables marks the legs that follow no track.

    Other formats are timetables on paper (pdf), tables (csv), drawings (svg, png) and layers for
    maps (geojson, gpkg); with --date they show that day.

    Example: gtfsgen render feed.zip -o site
    """
    from gtfsgen.render import page, site
    from gtfsgen.render.tables import UnreadableInput, read_page_tables
    from gtfsgen.writing import write_file, write_stream

    wanted = _formats(formats)
    chosen = _day(day, wanted)
    try:
        tables = read_page_tables(feed)
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from error
    for remark in tables.remarks:
        click.echo(f"gtfsgen: {remark}", err=True)
    folder = feed if feed.is_dir() else feed.parent
    output = output or folder
    legs = _legs(folder / "shapes.geojson")
    made = _printed(tables, legs, title, wanted, chosen)
    for remark in made.remarks:
        click.echo(f"gtfsgen: {remark}", err=True)
    if output.suffix.lower() in FILE_ENDS:
        content = _only_file(wanted, made, output)
        if content is None:
            content = page(tables, geojson=legs, title=title).encode()
        write_file(output, content)
        click.echo(f"{output}: {len(content) / 1000:.0f} kB")
        return
    pages = site(tables, geojson=legs, title=title) if "html" in wanted else ()
    count, size = write_stream(output, itertools.chain(pages, made.files.items()))
    first = output / "index.html" if "html" in wanted else output / next(iter(made.files), "")
    if count == 1:
        click.echo(f"{first}: {size / 1000:.0f} kB")
    elif count:
        opened = f"; open {first}" if "html" in wanted else ""
        click.echo(f"{output}: {count:,} files, {size / 1_000_000:.1f} MB{opened}")
    else:
        click.echo("Nothing runs then: no file is written.")


def _only_file(wanted: list[str], made: Printed, output: Path) -> bytes | None:
    """The one file that has been made, None if it is the page; more than one need a folder."""
    contents = list(made.files.values())
    if "html" in wanted and not contents:
        return None
    if len(contents) != 1 or "html" in wanted:
        raise click.BadParameter(
            f"{len(contents) + ('html' in wanted)} files are made; name a folder for them",
            param_hint="--output",
        )
    return contents[0]


def _formats(text: str) -> list[str]:
    wanted = [part.strip().lower() for part in text.split(",") if part.strip()]
    unknown = [part for part in wanted if part not in FORMATS]
    if unknown or not wanted:
        said = f"{unknown[0]!r} is none" if unknown else "none is named"
        raise click.BadParameter(f"{said}; known are {', '.join(FORMATS)}", param_hint="--format")
    return list(dict.fromkeys(wanted))


def _day(text: str | None, wanted: list[str]) -> date | None:
    if text is None:
        return None
    if not set(wanted) & {"pdf", "csv", "svg", "png"}:
        raise click.BadParameter(
            "is for pdf, csv, svg and png; on the pages the reader chooses the day",
            param_hint="--date",
        )
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no date; expected one such as 2026-12-24", param_hint="--date"
        ) from None


def _printed(
    tables: PageTables,
    legs: dict[str, Any] | None,
    title: str,
    wanted: list[str],
    day: date | None,
) -> Printed:
    """The files of all formats but html."""
    from gtfsgen.printing.formats import Printed, printed
    from gtfsgen.printing.layers import GisUnavailable
    from gtfsgen.printing.pdf import PdfUnavailable
    from gtfsgen.render.book import book_of
    from gtfsgen.render.pages import Site

    if wanted == ["html"]:
        return Printed()
    book = book_of(tables)
    try:
        return printed(book, Site(book, geojson=legs, title=title), wanted, day)
    except (PdfUnavailable, GisUnavailable) as error:
        raise click.UsageError(str(error)) from error


def _legs(path: Path) -> dict[str, Any] | None:
    """The legs drawn beside a feed, if they are there and readable; the page does without."""
    import json

    from gtfsgen.files import UnreadableFile, read_text

    try:
        legs = json.loads(read_text(path))
    except (UnreadableFile, ValueError, RecursionError):
        return None
    return legs if isinstance(legs, dict) else None
