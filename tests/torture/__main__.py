"""Torture by name or as a whole: `python -m tests.torture [NAME ...] [--minutes N] [--page FILE]`.

With `--page` the results are also written as docs/reliability.md has them.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import platform
import sys
import time
from pathlib import Path

from tests.torture import Result

KINDS = {
    "archives": "hostile archives and folders, each through every command that reads a feed",
    "csv": "every road through a CSV file gives the same cells, and whole feeds the same notices",
    "same": "every run says the same to the byte, whatever the threads and hash seeds",
    "projects": "hostile projects end in words at their cells, within time and memory",
    "fuzz": "damaged input of every reader ends in words",
    "environments": "full disks, closed outputs, odd environments and signals end in words",
    "mutants": "small faults put into rules and the compiler are noticed by their own tests",
    "kills": "a killed command leaves the old output or the new one, whole, and no debris",
}
"""Modules of this package, each with `run(seconds) -> list[Result]`."""
SHARES = {"archives": 4, "mutants": 2, "projects": 2}
"""How much of the time a kind has; the others have 1."""


def main() -> None:
    there = [kind for kind in KINDS if importlib.util.find_spec(f"tests.torture.{kind}")]
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("kind", nargs="*", help="; ".join(f"{k}: {KINDS[k]}" for k in there))
    parser.add_argument("--minutes", type=float, default=10.0, help="for all kinds together")
    parser.add_argument("--page", type=Path, help="write the results to this page")
    asked = parser.parse_args()
    kinds = asked.kind or there
    if unknown := sorted(set(kinds) - set(there)):
        parser.error(f"{', '.join(unknown)}: there are {', '.join(there)}")
    results: dict[str, list[Result]] = {}
    for kind in kinds:
        share = SHARES.get(kind, 1) / sum(SHARES.get(each, 1) for each in kinds)
        results[kind] = run(kind, asked.minutes * 60 * share)
    if asked.page:
        asked.page.write_text(page(results, asked.minutes), encoding="utf-8")
    rows = [row for rows in results.values() for row in rows]
    sys.exit(not all(row.good for row in rows))


def run(kind: str, seconds: float) -> list[Result]:
    began = time.monotonic()
    rows: list[Result] = importlib.import_module(f"tests.torture.{kind}").run(seconds)
    for row in rows:
        print(
            f"{row.name}: held {row.held} of {row.tried}, "
            f"{row.seconds:.0f} s, {row.peak_mb:.0f} MB at most",
            flush=True,
        )
        for line in row.failures:
            print(f"  {line}")
    print(f"{kind}: {time.monotonic() - began:.0f} s", flush=True)
    return rows


def page(results: dict[str, list[Result]], minutes: float) -> str:
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[2]:.0f}, {platform.platform()}"
    lines = [
        "# Reliability: what was tried, and what held",
        "",
        "Made by `make torture`. Each row is a recipe: how often it was tried, how often what is",
        "promised held, how long all its trials took, and the most memory that the process or a",
        "child of it had had until then.",
        "",
        f"Time given: {minutes:.0f} minutes; machine: {machine}. In a short time fewer recipes go",
        "through fewer commands. A mutant that no test notices has not held.",
    ]
    for kind, rows in results.items():
        lines += ["", f"## {kind}", "", f"{KINDS[kind][0].upper()}{KINDS[kind][1:]}.", ""]
        lines += ["| recipe | tried | held | seconds | peak MB |", "|---|---|---|---|---|"]
        lines += [
            f"| {row.name} | {row.tried} | {row.held} | {row.seconds:.1f} | {row.peak_mb:.0f} |"
            for row in rows
        ]
        lines += [f"\nDid not hold: {line}" for row in rows for line in row.failures]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
