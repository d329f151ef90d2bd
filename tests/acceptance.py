"""Build projects in every profile, ask both planners, and write down what each gives.

    python -m tests.acceptance source tests/projects/*/source --page docs/planners.md

A project is a source folder with `validation/journeys.csv` beside it. Every journey must hold under
the profile `linked`, or be a known limit with its cause; what `through` gives is told, not judged.
Two importers read each feed as well: gtfs-kit, and node-gtfs where there is Node.js. They must see
as many trips as were written.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from gtfsgen.planners import PlannerRefused, PlannerUnavailable, Progress, motis, otp
from gtfsgen.planners.journeys import (
    JourneyFile,
    Limit,
    Outcome,
    Verdict,
    read_journeys,
    read_limits,
    verdicts,
)
from gtfsgen.planners.otp import cache_folder
from gtfsgen.planners.timetable import Timetable

PROFILES = ("linked", "through")
JUDGED = "linked"
PLANNERS = {"motis": motis, "otp": otp}
NODE_GTFS = "gtfs@4.18.0"
"""The last of node-gtfs that runs on Node.js 20."""
NODE_TIMEOUT_S = 600

NODE_SCRIPT = """
import {importGtfs, openDb} from 'gtfs';
const config = {agencies: [{path: process.argv[2]}], sqlitePath: ':memory:', verbose: false};
await importGtfs(config);
const row = openDb(config).prepare('select count(*) as trips from trips').get();
console.log(JSON.stringify(row));
"""


@dataclass
class Result:
    """One project in one profile. A note says why something could not be asked or read."""

    project: str
    profile: str
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    """Planner or importer -> why it gave nothing."""
    importers: dict[str, bool] = field(default_factory=dict)
    """Importer -> whether it saw all trips."""

    @property
    def failures(self) -> list[str]:
        """What keeps the acceptance from passing."""
        found = [
            f"{who}: {note}" for who, note in self.notes.items() if who in ("build", *PLANNERS)
        ]
        if self.profile == JUDGED:
            found += [
                f"{planner}: {each.journey.name} {each.reason} (found: {each.found})"
                for planner, judged in self.verdicts.items()
                for each in judged
                if each.outcome is Outcome.FAILS
            ]
        found += [
            f"{who} does not see all trips"
            for who, all_seen in self.importers.items()
            if not all_seen
        ]
        return [f"{self.project}, {self.profile}: {each}" for each in found]


def project_name(source: Path) -> str:
    """The project's folder; the flagship's is that of the repository, and goes by its own name."""
    folder = source.resolve().parent
    return folder.name if folder.parent.name == "projects" else "beijing-pyongyang"


def accepted(
    source: Path, profile: str, progress: Progress, planners: Sequence[str] = tuple(PLANNERS)
) -> Result:
    """Build one project in one profile and ask everybody about it."""
    import gtfsgen

    result = Result(project_name(source), profile)
    validation = source.parent / "validation"
    with tempfile.TemporaryDirectory(prefix="gtfsgen-acceptance-") as folder:
        built = gtfsgen.build(source, Path(folder, "gtfs.zip"), profile=profile)
        if built.feed is None:
            result.notes["build"] = f"{len(built.notices)} notices, the first {built.notices[0]}"
            return result
        timetable = Timetable(built.feed)
        asked = read_journeys(validation / "journeys.csv", timetable)
        if asked.faults:
            result.notes["build"] = str(asked.faults[0])
        limits = read_limits(validation / "policy.toml")
        ask_planners(result, timetable, asked, limits, progress, planners)
        for name, trips_seen in IMPORTERS.items():
            progress(f"{result.project}, {profile}: {name}")
            try:
                result.importers[name] = trips_seen(built.feed) == len(timetable.trips)
            except ImporterAbsent as error:
                result.notes[name] = str(error)
    return result


def ask_planners(
    result: Result,
    timetable: Timetable,
    asked: JourneyFile,
    limits: Sequence[Limit],
    progress: Progress,
    planners: Sequence[str],
) -> None:
    questions = [journey.question for journey in asked.journeys]
    for name in planners:
        planner = PLANNERS[name]
        progress(f"{result.project}, {result.profile}: {planner.NAME}")
        try:
            answers = planner.ask(timetable.path, questions)
        except (PlannerRefused, PlannerUnavailable) as error:
            result.notes[name] = str(error)
            continue
        result.verdicts[name] = verdicts(asked.journeys, answers, timetable, limits, name)


# -------------------------------------------------------------------------------------- importers


class ImporterAbsent(Exception):
    """The importer is not on this machine; the text says why."""


def gtfs_kit_trips(feed: Path) -> int:
    """How many trips gtfs-kit reads with calls, on the dates it finds for the feed.

    Its statistics are not asked for: they stop at a feed whose routes have long names alone.
    """
    try:
        import gtfs_kit
    except ImportError as error:
        raise ImporterAbsent("gtfs-kit is not installed: pip install 'gtfsgen[pandas]'") from error
    read = gtfs_kit.read_feed(feed, dist_units="km")
    calls = read.stop_times.dropna(subset=["trip_id", "stop_id"])
    return len(set(read.trips["trip_id"]) & set(calls["trip_id"])) if read.get_dates() else 0


def node_gtfs_trips(feed: Path) -> int:
    """How many trips node-gtfs has in its database after an import."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise ImporterAbsent("there is no Node.js here")
    folder = cache_folder() / NODE_GTFS.replace("@", "-")
    if not (folder / "count.mjs").exists():
        install_node_gtfs(npm, folder)
    told = run([node, "count.mjs", str(feed.resolve())], folder)
    if told.returncode != 0:
        raise ImporterAbsent(f"node-gtfs does not run here (exit code {told.returncode})")
    return json.loads(told.stdout.strip().splitlines()[-1])["trips"]


def install_node_gtfs(npm: str, folder: Path) -> None:
    """Once; the script that counts is written last, as a sign that all went well."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-audit", "--no-fund", "--prefix", str(folder)]
    told = run([npm, "install", *options, NODE_GTFS], folder)
    if told.returncode != 0:
        raise ImporterAbsent(f"npm could not install {NODE_GTFS}")
    (folder / "count.mjs").write_text(NODE_SCRIPT, encoding="utf-8")


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=NODE_TIMEOUT_S, check=False
    )


IMPORTERS: dict[str, Callable[[Path], int]] = {
    "gtfs-kit": gtfs_kit_trips,
    "node-gtfs": node_gtfs_trips,
}


# ------------------------------------------------------------------------------------------- page

HEAD = """# What the planners give

Made by `make acceptance` (`python -m tests.acceptance`); do not edit. Each project's
`validation/journeys.csv` was asked of two real planners, in both profiles: MOTIS's engine (pynigiri
0.1.5) and OpenTripPlanner {otp} with its own settings, but for the longest journey (nine days, not
one). A journey holds when the planner finds an itinerary that leaves and arrives at those instants,
on those trains, with no more changes of seat; one that must not be found holds when there is none.
gtfs-kit and node-gtfs read each feed too.

"""


def page(results: Sequence[Result]) -> str:
    """The page as Markdown."""
    lines = [
        HEAD.format(otp=otp.VERSION)
        + "| project | profile | MOTIS | OpenTripPlanner | gtfs-kit | node-gtfs |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {result.project} | {result.profile} | "
        + " | ".join(
            [
                *(score(result, each) for each in PLANNERS),
                *(seen(result, each) for each in IMPORTERS),
            ]
        )
        + " |"
        for result in results
    ]
    lines += ["", *excused(results), *differing(results), *absences(results)]
    return "\n".join(lines).rstrip() + "\n"


def score(result: Result, planner: str) -> str:
    if planner not in result.verdicts:
        return "not asked"
    found = result.verdicts[planner]
    counts = Counter(each.outcome for each in found)
    text = f"{counts[Outcome.HOLDS]} of {len(found)}"
    if counts[Outcome.LIMIT]:
        text += f", {counts[Outcome.LIMIT]} known limit" + "s" * (counts[Outcome.LIMIT] > 1)
    return text


def seen(result: Result, importer: str) -> str:
    return {True: "all trips", False: "**not all trips**", None: "not run"}[
        result.importers.get(importer)
    ]


def excused(results: Sequence[Result]) -> list[str]:
    """The known limits that were met, each with its cause."""
    rows = {
        f"- {result.project}, {each.journey.name}, {PLANNERS[planner].NAME}: {each.reason}."
        for result in results
        for planner, found in result.verdicts.items()
        for each in found
        if each.outcome is Outcome.LIMIT
    }
    return ["## Known limits", "", *sorted(rows), ""] if rows else []


def differing(results: Sequence[Result]) -> list[str]:
    """Journeys that do not hold."""
    rows = [
        f"- {result.project}, {result.profile}, {PLANNERS[planner].NAME}, {each.journey.name}:"
        f" {each.reason} (found: {each.found})."
        for result in results
        for planner, found in result.verdicts.items()
        for each in found
        if each.outcome is Outcome.FAILS
    ]
    return ["## What does not hold", "", *rows, ""] if rows else []


def absences(results: Sequence[Result]) -> list[str]:
    rows = sorted({f"- {who}: {note}." for each in results for who, note in each.notes.items()})
    return ["## Not run, or not understood", "", *rows, ""] if rows else []


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--page", "target", type=click.Path(path_type=Path), help="Markdown file to write.")
@click.option(
    "--planner",
    "planners",
    multiple=True,
    type=click.Choice(list(PLANNERS)),
    help="Ask only this one; may be repeated.",
)
def main(sources: tuple[Path, ...], target: Path | None, planners: tuple[str, ...]) -> None:
    """Build SOURCES in both profiles and ask both planners for their journeys."""
    results = []
    progress = partial(click.echo, err=True)
    for source in sources:
        for profile in PROFILES:
            result = accepted(source, profile, progress, planners or tuple(PLANNERS))
            results.append(result)
            scores = (f"{planner} {score(result, planner)}" for planner in PLANNERS)
            click.echo(f"{result.project}, {profile}: {'; '.join(scores)}")
    text = page(results)
    if target:
        with contextlib.suppress(FileExistsError):
            target.parent.mkdir(parents=True)
        target.write_text(text, encoding="utf-8")
    failures = [failure for result in results for failure in result.failures]
    for failure in failures:
        click.echo(failure, err=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
