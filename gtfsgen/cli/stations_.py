"""`gtfsgen stations`: stations.csv filled from a feed, a table or OpenStreetMap."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gtfsgen.cli.limits import limited


@click.command()
@click.argument("source", default="source", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--gtfs", type=click.Path(path_type=Path, exists=True), help="A feed whose stops are looked up."
)
@click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path, exists=True),
    help="A table with name, lat, lon.",
)
@click.option(
    "--osm",
    type=click.Path(path_type=Path, exists=True),
    help="An extract of OpenStreetMap as XML (.osm).",
)
@click.option(
    "--choose",
    multiple=True,
    metavar="NAME=KEY",
    help="Which place a name means, where several fit.",
)
@limited()
def command(
    source: Path, gtfs: Path | None, table: Path | None, osm: Path | None, choose: tuple[str, ...]
) -> None:
    """Fill names, positions, zones and codes of the stations that timetables use.

    Nothing that stands in stations.csv is overwritten; the source is noted. Where several places
    of a name fit, they are told, and the exit code is 1.

    Example: gtfsgen stations source --gtfs neighbour.zip
    """
    from gtfsgen.source.filling import (
        NoPlaces,
        fill,
        places_of_csv,
        places_of_gtfs,
        places_of_osm,
    )
    from gtfsgen.writing import write_file

    if not source.is_dir():
        raise click.UsageError(f"{source} is not a folder; `gtfsgen init` makes a project")
    if any("=" not in each for each in choose):
        raise click.UsageError("--choose needs NAME=KEY")
    chosen = dict(each.split("=", 1) for each in choose)
    sources = [(gtfs, places_of_gtfs), (table, places_of_csv), (osm, places_of_osm)]
    given = [(path, read) for path, read in sources if path is not None]
    if len(given) > 1:
        raise click.UsageError(
            "give one of --gtfs, --csv and --osm; run the command again for others"
        )
    try:
        places = [place for path, read in given for place in read(path)]
        origin = given[0][0].name if given else ""
        filled = fill(source, places, origin, chosen)
        file = source / "stations.csv"
        if not file.exists() or file.read_text(encoding="utf-8-sig") != filled.text:
            write_file(file, filled.text.encode())
    except NoPlaces as error:
        click.echo(f"gtfsgen: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"gtfsgen: stations.csv cannot be filled: {error}", err=True)
        sys.exit(2)
    for line in filled.unclear:
        click.echo(f"several fit  {line}; choose one with --choose 'NAME=KEY'", err=True)
    for line in filled.unknown:
        click.echo(f"not found    {line}", err=True)
    click.echo(
        f"{file}: {len(filled.added)} names added, {len(filled.completed)} positions filled, "
        f"{len(filled.unclear)} unclear, {len(filled.unknown)} not found"
    )
    if filled.unclear or filled.unknown:
        sys.exit(1)
