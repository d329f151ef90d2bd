"""What it takes before anything large is done: help, a feed of ten rows, the flagship.

    python -m benchmarks.startup [--rounds N] [--write]

`--write` puts the table into docs/performance.md.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

import click

from benchmarks.measure import Run, best, machine, replace_section, run

GTFSGEN = Path(sys.executable).parent / "gtfsgen"
PAGE = Path("docs/performance.md")

TEN_ROWS = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
    "a,Ten Rows,https://example.org/,Europe/Berlin\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nx,North Gate,52.5,13.4\ny,Mill,52.52,13.4\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nr,a,1,3\n",
    "trips.txt": "route_id,service_id,trip_id\nr,s,t\nr,s,u\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t,08:00:00,08:00:00,x,1\nt,08:10:00,08:10:00,y,2\nu,09:00:00,09:00:00,y,1\n",
    "calendar_dates.txt": "service_id,date,exception_type\ns,20261201,1\n",
}


def ten_row_feed(folder: Path) -> Path:
    path = folder / "ten-rows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in TEN_ROWS.items():
            archive.writestr(name, text)
    return path


def table(rounds: int) -> list[str]:
    """A line per command: what was aimed at, and the best of some runs."""
    with tempfile.TemporaryDirectory() as folder:
        small, out = ten_row_feed(Path(folder)), Path(folder) / "feed"
        canonical = ["--rules", "canonical-8.0.1", "--date", "2026-11-20"]
        subjects: list[tuple[str, str, list[str | Path]]] = [
            ("`gtfsgen --help`", "0.15", [GTFSGEN, "--help"]),
            ("`gtfsgen validate`, ten rows", "0.4", [GTFSGEN, "validate", small]),
            ("the same, canonical rules", "0.4", [GTFSGEN, "validate", small, *canonical]),
            ("`gtfsgen build source`", "", [GTFSGEN, "build", "source", "-o", out]),
        ]
        taken: dict[str, list[Run]] = {name: [] for name, _, _ in subjects}
        for _ in range(rounds):
            for name, _, command in subjects:
                taken[name].append(run(command))
    lines = ["| command | aim s | wall s | CPU s | peak MB |", "|---|---:|---:|---:|---:|"]
    for name, aim, _ in subjects:
        least = best(taken[name])
        figures = f"{least.wall_s:.2f} | {least.cpu_s:.2f} | {least.peak_mb:.0f}"
        lines.append(f"| {name} | {aim} | {figures}{' (failed)' * least.failed} |")
    return lines


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--write", is_flag=True, help=f"Put the table into {PAGE}.")
def main(rounds: int, write: bool) -> None:
    """Measure small commands as whole processes."""
    lines = table(rounds)
    click.echo("\n".join(lines))
    if write:
        told = [*lines, "", f"Best of {rounds} whole processes. {machine()}."]
        replace_section(PAGE, "startup", told)


if __name__ == "__main__":
    main()
