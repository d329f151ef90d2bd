"""Torture that can be asked for by name: `python -m tests.torture NAME [--minutes N]`."""

from __future__ import annotations

import argparse
import importlib
import sys

KINDS = {
    "archives": "hostile archives and folders, each through every command that reads a feed",
    "csv": "every road through a CSV file gives the same cells, and whole feeds the same notices",
    "same": "every run says the same to the byte, whatever the threads and hash seeds",
}
"""Modules of this package, each with `run(seconds) -> list[Result]`."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument(
        "kind", choices=KINDS, help="; ".join(f"{k}: {v}" for k, v in KINDS.items())
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    asked = parser.parse_args()
    results = importlib.import_module(f"tests.torture.{asked.kind}").run(asked.minutes * 60)
    for result in results:
        print(
            f"{result.name}: held {result.held} of {result.tried}, "
            f"{result.seconds:.0f} s, {result.peak_mb:.0f} MB at most"
        )
        for line in result.failures:
            print(f"  {line}")
    sys.exit(any(result.held < result.tried for result in results))


if __name__ == "__main__":
    main()
