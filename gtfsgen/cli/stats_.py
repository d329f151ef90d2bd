"""`gtfsgen stats`: service by day, kilometres, headways, by gtfs-kit."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from gtfsgen.cli.limits import limited

DAY_COLUMNS = {
    "date": "day",
    "num_trips": "trips",
    "num_routes": "routes",
    "num_stops": "stops",
    "service_distance": "km",
    "service_duration": "hours",
    "service_speed": "km/h",
}
ROUTE_COLUMNS = {
    "route_id": "route",
    "route_short_name": "name",
    "days": "days",
    "num_trips": "trips",
    "service_distance": "km",
    "service_speed": "km/h",
    "start_time": "first",
    "end_time": "last",
    "mean_headway": "headway min",
}
"""gtfs-kit's names and ours. Kilometres are along the shapes; headways from 7 to 19 o'clock."""


@click.command()
@click.argument("feed", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--date",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day. [default: the feed's first Monday]",
)
@click.option(
    "--days", default=7, show_default=True, type=click.IntRange(1, 400), help="How many days."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@limited()
def command(feed: Path, first: datetime | None, days: int, form: str) -> None:
    """Service by day and by route: trips, kilometres, hours, headways.

    Days are service days. Kilometres are measured along shapes.txt; without shapes there are none.

    Example: gtfsgen stats feed/gtfs.zip --date 2026-03-16 --days 7
    """
    try:
        import gtfs_kit
    except ImportError:
        raise click.UsageError("stats needs gtfs-kit: pip install 'gtfsgen[pandas]'") from None
    path = _feed_path(feed)
    try:
        read = gtfs_kit.read_feed(path, dist_units="km")
    except Exception as error:  # gtfs-kit and pandas have as many kinds as there are faults
        raise click.UsageError(f"{path} cannot be read as a feed: {error}") from error
    missing = [
        name for name in ("trips", "stop_times", "routes", "stops") if getattr(read, name) is None
    ]
    if missing:
        raise click.UsageError(f"{path} is no GTFS feed: it has no {', '.join(missing)}")
    try:
        running = read.get_dates()
        chosen = _chosen(running, first.date() if first else None, days)
    except Exception as error:
        raise click.UsageError(_stumbled(path, error)) from error
    if not chosen:
        raise click.UsageError(f"{path} has no service in those days")
    try:
        trips = read.compute_trip_stats(compute_dist_from_shapes=read.shapes is not None)
        by_day = _rows(read.compute_network_stats(chosen, trips), DAY_COLUMNS)
        by_route = _rows(_by_route(read.compute_route_stats(chosen, trips)), ROUTE_COLUMNS)
    except Exception as error:
        raise click.UsageError(_stumbled(path, error)) from error
    if form == "json":
        import json

        click.echo(json.dumps({"days": by_day, "routes": by_route}, ensure_ascii=False, indent=1))
        return
    for row in by_day:
        row["day"] = f"{datetime.strptime(row['day'], '%Y%m%d'):%a %Y-%m-%d}"
    _print("Service by day", by_day, list(DAY_COLUMNS.values()))
    _print(
        f"Routes, mean of their days ({len(chosen)} looked at)",
        by_route,
        list(ROUTE_COLUMNS.values()),
    )


def _stumbled(path: Path, error: Exception) -> str:
    """gtfs-kit takes references, dates and times for granted."""
    return (
        f"{path} has faults that statistics stumble over ({repr(error)[:200]}); "
        "gtfsgen validate tells them"
    )


def _feed_path(feed: Path) -> Path:
    """The zip in a built folder, or what was given."""
    zips = sorted(feed.glob("*.zip")) if feed.is_dir() else []
    return zips[0] if len(zips) == 1 else feed


def _chosen(running: list[str], first: date | None, days: int) -> list[str]:
    """`days` days from `first`, or from the first Monday, as far as the feed has them."""
    if not running:
        return []
    if first is None:
        start = datetime.strptime(running[0], "%Y%m%d").date()
        monday = start + timedelta(days=-start.weekday() % 7)
        first = monday if f"{monday:%Y%m%d}" in running else start
    wanted = {f"{first + timedelta(days=n):%Y%m%d}" for n in range(days)}
    return [day for day in running if day in wanted]


def _by_route(stats: Any) -> Any:
    """One row per route: the mean over the days on which it runs."""
    numbers = ["num_trips", "service_distance", "service_speed", "mean_headway"]
    groups = stats[stats["num_trips"] > 0].groupby(["route_id", "route_short_name"], dropna=False)
    means = groups[numbers].mean()
    means["days"] = groups["date"].nunique()
    means["start_time"] = groups["start_time"].min()
    means["end_time"] = groups["end_time"].max()
    return means.reset_index()


def _rows(frame: Any, columns: dict[str, str]) -> list[dict[str, Any]]:
    shown = frame[[name for name in columns if name in frame.columns]].rename(columns=columns)
    return [
        {key: _plain(value) for key, value in row.items()}
        for row in shown.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    """A number or text that JSON can hold; None for pandas' several kinds of nothing."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return value
    rounded = round(float(value), 1)
    return int(rounded) if rounded.is_integer() else rounded


def _print(title: str, rows: list[dict[str, Any]], columns: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for column in columns:
        words = column in ("day", "route", "name")
        table.add_column(column, justify="left" if words else "right", no_wrap=True)
    for row in rows:
        table.add_row(*("–" if row.get(column) is None else str(row[column]) for column in columns))
    Console().print(table)
