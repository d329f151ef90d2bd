"""Make a curated project of any size for measuring: a dense railway of many trains.

    python -m benchmarks.curated 20000 DIR [--zones]

Each line has its own stations and two grids, one there and one back, with trains of three sets of
days. With `--zones` the second half of each line keeps another clock, with changes on other dates.
On every tenth line coaches go over to a train that continues. The same project each time.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import click

STOPS = 15
TRAINS_PER_GRID = 100
DAYS = ("daily", "Mo-Fr", "Sa Su not 2026-05-02")
FIRST_S = 4 * 3600 + 30 * 60
HEADWAY_S = 660
LEG_S = 420
DWELL_S = 60

FEED = """\
as_of = 2026-11-20
first_day = 2026-03-12
last_day = 2027-03-11
timezone = "Europe/Berlin"
languages = ["en"]

[publisher]
name = "Measured Railways"
url = "https://example.org/"
"""


def clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}"


def station(line: int, stop: int) -> str:
    return f"L{line:03}-{stop:02}"


def stations(lines: int, zones: bool) -> Iterator[list[str]]:
    yield ["station_id", "name", "lat", "lon", "timezone"]
    for line in range(lines):
        for stop in range(STOPS):
            far = zones and stop >= STOPS // 2
            lat = (51.5 if far else 48.5) + math.sin(line) / 2
            lon = (-1.5 if far else 9.0) + stop * (0.05 if not far else -0.05)
            zone = "Europe/London" if far else "Europe/Berlin"
            yield [station(line, stop), f"Station {line} {stop}", f"{lat:.5f}", f"{lon:.5f}", zone]


def grid(line: int, back: bool, trains: int, zones: bool) -> Iterator[list[str]]:
    """One direction of a line: a column per train, two rows per station on the way."""
    numbers = [f"{line}{'B' if back else 'A'}{train:03}" for train in range(trains)]
    yield ["train", "", *numbers]
    yield ["days", "", *(DAYS[train % len(DAYS)] for train in range(trains))]
    yield ["route", "", *[f"R{line}"] * trains]
    order = range(STOPS - 1, -1, -1) if back else range(STOPS)
    for place, stop in enumerate(order):
        hour = 3600 if zones and stop >= STOPS // 2 else 0
        border = STOPS - STOPS // 2 if back else STOPS // 2
        across = 14_400 if zones and place >= border else 0
        arrivals = [
            clock(FIRST_S + HEADWAY_S * train + LEG_S * place + across - hour)
            for train in range(trains)
        ]
        departures = [
            clock(FIRST_S + HEADWAY_S * train + LEG_S * place + across + DWELL_S - hour)
            for train in range(trains)
        ]
        if place:
            yield [station(line, stop), "arr", *arrivals]
        if place < STOPS - 1:
            yield [station(line, stop), "dep", *departures]


def coaches(lines: int) -> Iterator[list[str]]:
    """Coaches of the first train there that come back with one of the afternoon."""
    yield ["coach", "name", "days", "trains", "from", "to"]
    for line in range(0, lines, 10):
        trains, end = f"{line}A000 > {line}B060", station(line, 0)
        yield [f"C{line}", "There and back", "Mo We", trains, end, end]


def write(path: Path, rows: Iterator[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def make(trips: int, folder: Path, zones: bool) -> None:
    """Write the tables of a project with `trips` trains into `folder`/source."""
    source = folder / "source"
    lines = math.ceil(trips / (2 * TRAINS_PER_GRID))
    write(source / "stations.csv", stations(lines, zones))
    agency = ["m", "Measured Railways", "https://example.org/"]
    write(source / "agencies.csv", iter([["id", "name", "url"], agency]))
    routes = [[f"R{line}", f"R{line}", f"Line {line}"] for line in range(lines)]
    write(source / "routes.csv", iter([["id", "short_name", "long_name"], *routes]))
    write(source / "coaches.csv", coaches(lines))
    left = trips
    for line in range(lines):
        for back in (False, True):
            count = min(left, TRAINS_PER_GRID)
            left -= count
            if count:
                name = f"line-{line:03}-{'back' if back else 'there'}.csv"
                write(source / "timetables" / name, grid(line, back, count, zones))
    (source / "feed.toml").write_text(FEED, encoding="utf-8")


@click.command()
@click.argument("trips", type=click.IntRange(1))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--zones", is_flag=True, help="Two clocks on every line.")
def main(trips: int, folder: Path, zones: bool) -> None:
    make(trips, folder, zones)


if __name__ == "__main__":
    main()
