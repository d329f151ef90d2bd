"""The canonical validator's answers to thousands of small feeds, compared with ours to the letter.

The cases run in worker processes, some dozens at a time, since one after the other they would take
longer than all other tests together.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.parity.__main__ import SCORE, case_differences
from tests.parity.cases import load_cases, write_feed
from tests.parity.texts import Case

CHUNK = 50
KNOWN = Path(__file__).parents[2] / "docs" / "decisions" / "canonical-differences.md"
SHOWN = 40


def known_differences(page: str) -> set[str]:
    """The cases the page lists, each as "- `name`: reason"."""
    return set(re.findall(r"^- `([^`]+)`: \S", page, re.MULTILINE))


def chunk_differences(cases: list[Case]) -> dict[str, list[str]]:
    """Case name -> in what it differs, for those that do."""
    found = {}
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = write_feed(case, Path(folder) / case.get("file_name", "case.zip"))
            try:
                differences = case_differences(case, path)
            except Exception as error:  # a crash is the worst difference, and must name its case
                differences = [f"crash: {type(error).__name__}: {error}"]
        if differences:
            found[case["name"]] = differences
    return found


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(load_cases())


@pytest.fixture(scope="module")
def differing(cases: list[Case]) -> dict[str, list[str]]:
    parts = [cases[start : start + CHUNK] for start in range(0, len(cases), CHUNK)]
    # Not forked: the threads of polars would not live on in a fork.
    context = multiprocessing.get_context("spawn")
    with pytest.MonkeyPatch.context() as patch, ProcessPoolExecutor(mp_context=context) as pool:
        patch.setenv("POLARS_MAX_THREADS", "1")  # there is a process for each core already
        return {
            name: why for part in pool.map(chunk_differences, parts) for name, why in part.items()
        }


def test_as_many_cases_are_equal_as_in_the_committed_score(cases: Any, differing: Any) -> None:
    committed = json.loads(SCORE.read_text(encoding="utf-8"))["cases"]
    assert len(cases) == committed["total"]
    assert len(cases) - len(differing) >= committed["equal"], told(differing)


def test_every_difference_has_a_reason_on_the_page(differing: Any) -> None:
    known = known_differences(KNOWN.read_text(encoding="utf-8"))
    unexplained = {name: why for name, why in differing.items() if name not in known}
    assert not unexplained, told(unexplained)


def test_the_page_lists_no_case_that_is_equal_or_unknown(differing: Any) -> None:
    known = known_differences(KNOWN.read_text(encoding="utf-8"))
    assert known <= differing.keys(), f"no longer different: {sorted(known - differing.keys())}"


def told(differing: dict[str, list[str]]) -> str:
    lines = [f"{name}: {'; '.join(why)[:400]}" for name, why in sorted(differing.items())]
    more = [f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([f"{len(lines)} cases differ", *lines[:SHOWN], *more])
