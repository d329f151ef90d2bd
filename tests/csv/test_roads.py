"""All roads through a CSV file lead to the same table; `python -m tests.torture csv` goes on."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import gtfsgen.csv
from gtfsgen.csv import reading
from gtfsgen.csv.columns import Chunk
from gtfsgen.csv.raw import Column
from tests.torture import roads
from tests.torture.csv import base_tables


@pytest.mark.parametrize("first", range(0, 200, 25))
def test_all_roads_lead_to_the_same_table(first: int) -> None:
    for seed in range(first, first + 25):
        roads.agree(seed)


@pytest.mark.parametrize("seed", range(8))
def test_a_feed_gets_the_same_notices_by_all_roads(seed: int, tmp_path: Path) -> None:
    roads.feeds_agree(base_tables(), seed, tmp_path)


def test_blank_cells_beside_quoted_ones_stay_blank() -> None:
    text = 'a,b\n"x y", \n' + '"x y",\n' * 100_000 + "1,5\n" * 10
    table = reading.read_table(text.encode(), ("a", "b"))
    column = table.columns["b"]
    assert isinstance(column, Column)
    codes = column.codes
    assert codes.null_count() == 100_001
    assert table.columns["b"].values.gather(codes.drop_nulls()).to_list() == ["5"] * 10


def test_a_chunk_without_values_is_all_blank() -> None:
    with pytest.raises(ValueError, match="values"):
        Chunk(None, np.array([True, False]))
    with pytest.raises(ValueError, match="values"):
        Chunk(None)


def test_the_reading_of_csv_knows_no_gtfs() -> None:
    for path in Path(gtfsgen.csv.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gtfsgen"):
                assert (node.module or "").startswith(("gtfsgen.csv", "gtfsgen.budget")), path.name
