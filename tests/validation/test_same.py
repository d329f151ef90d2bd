"""Every run says the same, whatever the threads and hash seeds: `python -m tests.torture same`."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import polars as pl

import gtfsgen
from gtfsgen.validation.engine import in_order
from tests.parity.cases import HERE
from tests.torture import same
from tests.torture.csv import base_tables
from tests.torture.roads import rewritten

SOME = ("gunma-gl", "plzen-pmdp")
"""Feeds of the corpus that once were judged otherwise from run to run."""


def feeds(folder: Path) -> list[Path]:
    written = [HERE / "bases" / "base", HERE / "bases" / "base-rail"]
    for seed in (1, 4):
        path = folder / f"rewritten-{seed}"
        path.mkdir()
        for name, data in rewritten(base_tables(), seed).items():
            (path / name).write_bytes(data)
        written.append(path)
    corpus = os.environ.get("GTFSGEN_CORPUS")
    return written + ([Path(corpus) / f"{name}.zip" for name in SOME] if corpus else [])


def test_every_run_says_the_same(tmp_path: Path) -> None:
    assert [failure for failure in same.compare(feeds(tmp_path), at_once=2) if failure] == []


def test_rows_at_fault_lie_by_row_number_and_then_by_value() -> None:
    rows = pl.DataFrame(
        {
            "trip_id": pl.Series(["b", "a", "B", "a"], dtype=pl.Categorical),
            "csv_row_number": [3, 3, 2, 3],
            "other_row_number": [1, 1, 9, 0],
        }
    )
    ordered = in_order(rows)
    assert ordered["trip_id"].to_list() == ["B", "a", "a", "b"]
    assert ordered["other_row_number"].to_list() == [9, 0, 1, 1]
    assert in_order(ordered).equals(ordered)
    placed = in_order(rows.select("trip_id", _place=pl.Series([2, 1, 4, 3])))
    assert placed.columns == ["trip_id"]
    assert placed["trip_id"].to_list() == ["a", "b", "a", "B"]
    days = pl.DataFrame({"service_id": pl.Series(["2", "10"], dtype=pl.Categorical), "n": [1, 2]})
    assert in_order(days)["service_id"].to_list() == ["10", "2"]


def test_reports_do_not_sort_by_codes() -> None:
    """Rules may sort by codes to bring equal ids together: `in_order` comes after them."""
    for path in (Path(gtfsgen.__file__).parent / "reports").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert getattr(node, "attr", "") != "to_physical", path
