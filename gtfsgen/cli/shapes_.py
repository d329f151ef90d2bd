"""`gtfsgen shapes`: draw shapes for any feed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from gtfsgen.cli.limits import FeedPath, limited
from gtfsgen.route_types import kind_of

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.shapes.drawing import Drawn

PROFILES = {
    2: "RAILWAY", 12: "RAILWAY", 0: "TRAM", 5: "TRAM", 1: "SUBWAY", 3: "BUS", 11: "BUS"
}  # fmt: skip
"""Kind of vehicle (see `gtfsgen.route_types`) -> the routx profile that it runs on."""


@click.command()
@click.argument("feed", type=FeedPath())
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
@limited(fetches=True, beside=True)
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
    _check_columns(feed, read)
    tables = _without_shapes(read) if replace else read
    try:
        if tracks:
            drawn = draw(tables, tracks, {})
        else:
            drawn = _on_extract(tables, osm) if osm else _on_world(tables)
    except RailsUnavailable as error:
        raise click.UsageError(str(error)) from error
    output = output or feed.with_name(f"{feed.stem}-shapes.zip")
    changed = {stem: drawn.tables.get(stem) for stem in ("shapes", "trips", "stop_times")}
    for said in _write(feed, output, changed):
        click.echo(f"gtfsgen: {said}", err=True)
    write_file(output.with_suffix(".geojson"), geojson_text(drawn.geojson))
    for fault in drawn.faults:
        click.echo(str(fault))
    legs = drawn.geojson["features"]
    reasons = [leg["properties"]["reason"] for leg in legs]
    outline = sum(reason in ("simplified", "world_network") for reason in reasons)
    straight = sum(reason is not None for reason in reasons) - outline
    along = f", {outline} along an outline" if outline else ""
    click.echo(f"{output}: {len(legs)} legs drawn, {straight} of them straight{along}")


NEEDED = {
    "stops": ("stop_id", "stop_lat", "stop_lon"),
    "routes": ("route_id", "route_type"),
    "trips": ("trip_id", "route_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence"),
}
"""Columns without which no line can be drawn."""


def _check_columns(feed: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    absent = [
        f"{stem}.txt has no column {name}"
        for stem, names in NEEDED.items()
        for name in names
        if name not in tables[stem].columns
    ]
    if absent:
        raise click.UsageError(f"{feed}: nothing can be drawn: {'; '.join(absent)}")


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
    return PROFILES.get(kind_of(kind) or 0, "") if kind_of(kind) is not None else ""


def _without_shapes(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    dropped = {"trips": ["shape_id"], "stop_times": ["shape_dist_traveled"]}
    return {
        stem: frame.drop(dropped.get(stem, []), strict=False)
        for stem, frame in tables.items()
        if stem != "shapes"
    }


def _write(feed: Path, output: Path, changed: Mapping[str, pl.DataFrame | None]) -> list[str]:
    """A copy of `feed` as a zip with the changed tables in it; all else byte by byte.

    Returns, a sentence each, what could not be copied.
    """
    import zipfile

    from gtfsgen.feed.copying import EPOCH_OF_ZIP, copy_entries
    from gtfsgen.writing import write_file

    fresh = {f"{stem}.txt": frame for stem, frame in changed.items() if frame is not None}
    told: list[str] = []

    def fill(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            told.extend(copy_entries(feed, archive, without=fresh))
            for name, frame in fresh.items():
                origin = [name for name in ("path", "line", "column") if name in frame.columns]
                entry = zipfile.ZipInfo(name, EPOCH_OF_ZIP)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, frame.drop(origin).write_csv())

    write_file(output, fill)
    return told
