"""gtfs-guru as a command: its package from PyPI brings a Python module and no command.

    python -m benchmarks.guru FEED OUT DATE

Prints the seconds of the validation itself; start-up and the writing of the report come on top.
"""

from __future__ import annotations

import sys
import time

import gtfs_guru


def main(feed: str, target: str, date: str) -> None:
    started = time.perf_counter()
    result = gtfs_guru.validate(feed, date=date)
    print(time.perf_counter() - started)
    result.save_json(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
