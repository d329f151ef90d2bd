"""All roads through CSV files against the careful one: generated files, and whole feeds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.parity.cases import HERE
from tests.torture import Result, roads


def run(seconds: float, first_seed: int = 1_000_000) -> list[Result]:
    """Try files for two thirds of the processor time, and feeds for the rest."""
    tables = base_tables()
    with tempfile.TemporaryDirectory() as folder:
        return [
            _try(
                "CSV files, fast roads against the careful one",
                roads.agree,
                seconds * 2 / 3,
                first_seed,
            ),
            _try(
                "rewritten feeds, fast roads against the careful one",
                lambda seed: roads.feeds_agree(tables, seed, Path(folder)),
                seconds / 3,
                first_seed,
            ),
        ]


def base_tables() -> dict[str, str]:
    """The tables of the parity cases' base feed, which has every file of GTFS."""
    paths = sorted((HERE / "bases" / "base").iterdir())
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.suffix == ".txt"}


def _try(name: str, agree: Callable[[int], None], seconds: float, seed: int) -> Result:
    result = Result(name)
    started = time.process_time()
    while (spent := time.process_time() - started) < seconds:
        try:
            agree(seed)
        except Exception as error:  # a crash is a failure like any other
            result.note(f"seed {seed}: {type(error).__name__}: {str(error)[:300]}")
        else:
            result.note(None)
        seed += 1
    result.seconds = spent
    return result
