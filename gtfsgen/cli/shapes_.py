"""`gtfsgen shapes`: draw shapes for any feed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gtfsgen.cli.limits import limited

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.shapes.drawing import Drawn

PROFILES = {"RAILWAY": ("2", "12"), "TRAM": ("0", "5"), "SUBWAY": ("1",), "BUS": ("3", "11")}
"""routx profile -> the GTFS route types that run on it."""
EXTENDED = {"RAILWAY": range(100, 200), "SUBWAY": range(400, 700), "TRAM": range(900, 1000), "BUS":
range(200, 300)}  # fmt: skip
"""The same for extended route types; 700..799 are buses too."""


@click.command()
@click.argument("feed", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--osm",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="OpenStreetMap extract: .osm, .osm.gz, .osm.bz2 or .osm.pbf.",
)
@click.option(
    "--tracks",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of .geojson and .gpx lines.",
)
@click.option(
    "--network",
    type=click.Choice(["world"]),
    help="Draw trains along the outline of the world's railways (extra [world]).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Zip to write. [default: FEED-shapes.zip]",
)
@click.option("--replace", is_flag=True, help="Draw all trips anew, also those with a shape.")
@limited()
def command(
    feed: Path,
    osm: Path | None,
    tracks: Path | None,
    network: str | None,
    output: Path | None,
    replace: bool,
) -> None:
    """Draw shapes along the rails for any feed.

    Trips that have a shape keep it. A leg that cannot follow the track is drawn straight, with a
    word of reason; the legs are also written as GeoJSON beside the zip.

    Example: gtfsgen shapes feed.zip --osm liechtenstein.osm.pbf -o drawn.zip
    """
    if sum(given is not None for given in (osm, tracks, network)) != 1:
        raise click.UsageError("give one of --osm EXTRACT, --tracks FOLDER and --network world")
    from gtfsgen.render.tables import UnreadableInput, text_tables
    from gtfsgen.shapes import RailsUnavailable, draw, geojson_text
    from gtfsgen.writing import write_file

    try:
        read = text_tables(feed)
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from error
    for remark in read.remarks:
        click.echo(f"gtfsgen: {remark}", err=True)
    tables = _without_shapes(read) if replace else read
    try:
        if tracks:
            drawn = draw(tables, tracks, {})
        else:
            drawn = _on_extract(tables, osm) if osm else _on_world(tables)
    except RailsUnavailable as error:
        raise click.UsageError(str(error)) from error
    output = output or feed.with_name(f"{feed.stem}-shapes.zip")
    _write(
        feed, output, {stem: drawn.tables.get(stem) for stem in ("shapes", "trips", "stop_times")}
    )
    write_file(output.with_suffix(".geojson"), geojson_text(drawn.geojson))
    for fault in drawn.faults:
        click.echo(str(fault))
    legs = drawn.geojson["features"]
    reasons = [leg["properties"]["reason"] for leg in legs]
    outline = sum(reason in ("simplified", "world_network") for reason in reasons)
    straight = sum(reason is not None for reason in reasons) - outline
    along = f", {outline} along an outline" if outline else ""
    click.echo(f"{output}: {len(legs)} legs drawn, {straight} of them straight{along}")


def _on_extract(tables: Mapping[str, pl.DataFrame], osm: Path) -> Drawn:
    """Each kind of vehicle on its own network of the extract; only those the feed has are read."""
    from gtfsgen.shapes import Limits, OsmNetwork, draw_on
    from gtfsgen.shapes.network import Network, Networks, NoRails

    networks: dict[str, Network] = {"": Networks([])}
    for kind in sorted(set(tables["routes"]["route_type"].drop_nulls())):
        profile = _profile(kind)
        try:
            if profile:
                networks[kind] = OsmNetwork.read(osm, profile)
        except NoRails as error:
            click.echo(f"route_type {kind}: {error}", err=True)
    return draw_on(tables, networks, Limits())


def _on_world(tables: Mapping[str, pl.DataFrame]) -> Drawn:
    """Trains along the outline of the world's railways; all other vehicles get no shape."""
    import polars as pl

    from gtfsgen.shapes import Limits, draw_on, world_network
    from gtfsgen.shapes.network import Network, Networks

    networks: dict[str, Network] = {"": Networks([])}
    kinds = set(tables["routes"]["route_type"].drop_nulls())
    trains = sorted(kind for kind in kinds if _profile(kind) == "RAILWAY")
    networks |= dict.fromkeys(trains, world_network())
    others = tables["trips"].join(
        tables["routes"].filter(~pl.col("route_type").is_in(trains)), on="route_id"
    )
    if others.height:
        click.echo(f"{others.height} trips are no trains and get no shape", err=True)
    return draw_on(tables, networks, Limits(), only=trains)


def _profile(kind: str) -> str:
    if not kind.isdigit():
        return ""
    number = int(kind)
    for profile, kinds in PROFILES.items():
        if kind in kinds or number in EXTENDED[profile]:
            return profile
    return "BUS" if 700 <= number < 800 else ""


def _without_shapes(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    dropped = {"trips": ["shape_id"], "stop_times": ["shape_dist_traveled"]}
    return {
        stem: frame.drop(dropped.get(stem, []), strict=False)
        for stem, frame in tables.items()
        if stem != "shapes"
    }


def _write(feed: Path, output: Path, changed: Mapping[str, pl.DataFrame | None]) -> None:
    """A copy of `feed` as a zip with the changed tables in it; all else byte by byte."""
    import zipfile

    from gtfsgen.writing import write_file

    entries: dict[str, bytes] = {}
    if feed.is_dir():
        entries = {path.name: path.read_bytes() for path in sorted(feed.glob("*.txt"))}
    else:
        with zipfile.ZipFile(feed) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
    for stem, frame in changed.items():
        if frame is not None:
            origin = [name for name in ("path", "line", "column") if name in frame.columns]
            entries[f"{stem}.txt"] = frame.drop(origin).write_csv().encode()

    def fill(file) -> None:  # type: ignore[no-untyped-def]
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries.items():
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)

    write_file(output, fill)
