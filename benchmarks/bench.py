"""Validators side by side, as whole processes, turn by turn, on the same feeds.

    python -m benchmarks.bench [--rows N] [--flood-rows N] [--corpus DIR] [--rounds N] [--only TEXT]

gtfsgen runs its full canonical rule set; each validator writes its report. Of each validator and
feed the run with the least wall time counts. Writes benchmarks/RESULTS.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.measure import Run, best, machine, run, versions

DATE = "2026-11-20"
BIN = Path(sys.executable).parent
CACHE = Path(".cache/bench")
SMALL_BYTES = 300_000
"""gtfs-validator, in pure Python, is asked about archives up to this size."""
PORT_LIMIT_S = 60
"""And ended after this time: on some small feeds it takes many minutes."""

OURS, GURU, PORT = "gtfsgen", "gtfs-guru", "gtfs-validator"
FLOOR = "floor (inflate and read)"

Command = Callable[[Path, Path], list[str | Path]]


def gtfsgen(feed: Path, out: Path) -> list[str | Path]:
    options = ["--rules", "canonical-8.0.1", "--date", DATE, "--format", "json"]
    return [BIN / "gtfsgen", "validate", feed, *options, "-o", out]


def gtfs_guru(feed: Path, out: Path) -> list[str | Path]:
    return [sys.executable, "-m", "benchmarks.guru", feed, out / "report.json", DATE]


def gtfs_validator(feed: Path, out: Path) -> list[str | Path]:
    return [BIN / "gtfs-validator", "-i", feed, "-o", out, "-d", DATE]


def floor(feed: Path, _: Path) -> list[str | Path]:
    """No validator, but what any on pyarrow has to do first."""
    return [sys.executable, "-m", "benchmarks.floor", feed]


VALIDATORS: dict[str, Command] = {
    OURS: gtfsgen,
    GURU: gtfs_guru,
    PORT: gtfs_validator,
    FLOOR: floor,
}


@dataclass
class Subject:
    """A feed and the best run of each validator on it."""

    name: str
    feed: Path
    real: bool
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def validators(self) -> list[str]:
        if not self.real:
            return [OURS, GURU, FLOOR]
        return [OURS, GURU, PORT] if self.feed.stat().st_size <= SMALL_BYTES else [OURS, GURU]


def measure(subject: Subject, rounds: int, limit_s: float) -> None:
    """Each validator once, then each again."""
    runs: dict[str, list[Run]] = {name: [] for name in subject.validators}
    for _ in range(rounds):
        for name, taken in runs.items():
            with tempfile.TemporaryDirectory(prefix="gtfsgen-bench-") as out:
                limit = min(limit_s, PORT_LIMIT_S) if name == PORT else limit_s
                taken.append(run(VALIDATORS[name](subject.feed, Path(out)), limit))
            if taken[-1].failed:
                told = taken[-1].output.strip().splitlines()[-1:]
                click.echo(f"{subject.name}: {name} failed: {' '.join(told)}", err=True)
    subject.runs = {name: best(taken) for name, taken in runs.items()}


def generated(rows: int, *, flood: bool = False) -> Subject:
    """A generated feed, made once and kept in the cache folder."""
    kind = "flood" if flood else "generated"
    feed = CACHE / f"{kind}-{rows}.zip"
    if not feed.exists():
        command = [sys.executable, "-m", "benchmarks.generate", str(rows), str(feed)]
        made = run([*command, *(["--flood"] if flood else [])])
        if made.exit_code != 0:
            raise click.ClickException(made.output)
    told = f"flood, {rows:,} stop times" if flood else f"generated, {rows:,} stop times"
    return Subject(told, feed, real=False)


# ------------------------------------------------------------------------------------------ results

COLUMNS = "| feed | validator | wall s | CPU s | peak MB | wall | CPU | memory |\n|---|---|" + (
    "---:|" * 6
)


def rows_of(subject: Subject) -> Iterable[str]:
    ours = subject.runs[OURS]
    for name, taken in subject.runs.items():
        figures = f"{taken.wall_s:.2f} | {taken.cpu_s:.2f} | {taken.peak_mb:.0f}"
        yield f"| {subject.name} | {name} | {verdict(taken, figures)} | {ratios(taken, ours)} |"


def verdict(taken: Run, figures: str) -> str:
    if taken.timed_out:
        return f"> {taken.wall_s:.0f} | > {taken.cpu_s:.0f} | {taken.peak_mb:.0f}"
    return f"{figures} (failed)" if taken.failed else figures


def ratios(theirs: Run, ours: Run) -> str:
    """How many times as much as gtfsgen another validator takes."""
    if theirs is ours:
        return "1 | 1 | 1"
    pairs = (
        (theirs.wall_s, ours.wall_s),
        (theirs.cpu_s, ours.cpu_s),
        (theirs.peak_mb, ours.peak_mb),
    )
    return " | ".join(f"{their / our:.2f}" for their, our in pairs)


def corpus_sums(corpus: list[Subject]) -> list[str]:
    """What all real feeds took together, one process each; and gtfs-guru without its start-ups."""
    lines = [
        "| validator | feeds | wall s | CPU s | largest peak MB |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in VALIDATORS:
        runs = [subject.runs[name] for subject in corpus if name in subject.runs]
        if runs:
            walls, cpus = sum(each.wall_s for each in runs), sum(each.cpu_s for each in runs)
            peak = max(each.peak_mb for each in runs)
            lines.append(f"| {name} | {len(runs)} | {walls:.1f} | {cpus:.1f} | {peak:.0f} |")
    small = [subject for subject in corpus if PORT in subject.runs]
    if small:
        ours = sum(subject.runs[OURS].wall_s for subject in small)
        lines.append(f"| {OURS}, the same small feeds | {len(small)} | {ours:.1f} | | |")
    together = in_one_command(corpus)
    lines.append(
        f"| {OURS}, all in one command | {len(corpus)} | {together.wall_s:.1f}"
        f" | {together.cpu_s:.1f} | {together.peak_mb:.0f} |"
    )
    inner = [in_process_s(subject.runs[GURU]) for subject in corpus]
    lines.append(f"| {GURU}, in process | {len(inner)} | {sum(inner):.1f} | | |")
    return lines


def in_one_command(corpus: list[Subject]) -> Run:
    """`gtfsgen validate` of all feeds, a report for each."""
    with tempfile.TemporaryDirectory(prefix="gtfsgen-bench-") as out:
        first, *others = (subject.feed for subject in corpus)
        command = gtfsgen(first, Path(out))
        return run([*command[:3], *others, *command[3:]])


def in_process_s(guru: Run) -> float:
    """What gtfs-guru printed; the whole process where it printed nothing."""
    first = guru.output.partition("\n")[0]
    return float(first) if first.replace(".", "", 1).isdigit() else guru.wall_s


def page(made: list[Subject], corpus: list[Subject], rounds: int) -> str:
    lines = [
        "# What was measured",
        "",
        f"Made by `make bench`; do not edit. {machine()}.",
        versions("gtfsgen", "polars", "pyarrow", "numpy", "gtfs-guru", "gtfs-validator") + ".",
        "",
        "Whole processes from start to end, a report written by each, in turns; the best of",
        f"{rounds} by wall time. gtfsgen runs its full rule set `canonical-8.0.1`. The last three",
        "columns say how many times as much as gtfsgen a validator takes. gtfs-validator, in pure",
        f"Python, is asked about archives of up to {SMALL_BYTES // 1000} kB, and ended after",
        f"{PORT_LIMIT_S} seconds. The floor is the least there is to do on pyarrow: every table",
        "inflated and read into dictionaries, nothing checked.",
        "",
    ]
    if made:
        lines += ["## Generated feeds", "", COLUMNS]
        lines += [row for subject in made for row in rows_of(subject)] + [""]
    if corpus:
        lines += ["## Real feeds", "", *corpus_sums(corpus), "", COLUMNS]
        lines += [row for subject in corpus for row in rows_of(subject)]
    return "\n".join(lines).rstrip() + "\n"


@click.command()
@click.option("--rows", default=5_000_000, show_default=True, help="Stop times of the plain feed.")
@click.option("--flood-rows", default=1_000_000, show_default=True, help="... of the flood.")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=lambda: os.environ.get("GTFSGEN_CORPUS"),
    help="Folder of real feeds (default: $GTFSGEN_CORPUS).",
)
@click.option("--rounds", default=2, show_default=True)
@click.option("--limit", default=600, show_default=True, help="Seconds after which a run is ended.")
@click.option("--only", default="", help="Only feeds whose name contains this.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("benchmarks/RESULTS.md")
)
def main(
    rows: int,
    flood_rows: int,
    corpus: Path | None,
    rounds: int,
    limit: int,
    only: str,
    output: Path,
) -> None:
    """Measure validators side by side and write the page of results."""
    kinds = (("generated", rows, False), ("flood", flood_rows, True))
    made = [generated(size, flood=flood) for name, size, flood in kinds if only in name]
    feeds = sorted(corpus.glob("*.zip")) if corpus else []
    real = [Subject(path.stem, path, real=True) for path in feeds if only in path.stem]
    for subject in made + real:
        measure(subject, rounds, limit)
        for row in rows_of(subject):
            click.echo(row)
    output.write_text(page(made, real, rounds), encoding="utf-8")
    click.echo(f"written: {output}")


if __name__ == "__main__":
    main()
