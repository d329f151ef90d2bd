"""A short choice of `make torture`'s archives, each through commands as processes of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.torture import Result
from tests.torture.archives import RECIPES, run_command, tried

QUICK = (
    ("pipes, devices, links", "validate"),
    ("overlapping files", "diff"),
    ("an encrypted file", "render"),
    ("times of 10^9 hours", "render"),
    ("date 00000000", "stats"),
    ("a directory of 2^32 - 2 bytes", "import"),
    ("deep GeoJSON", "import"),
)


@pytest.mark.parametrize(("recipe", "command"), QUICK)
def test_hostile_feeds_end_in_words(tmp_path: Path, recipe: Any, command: Any) -> None:
    result = Result(recipe)
    tried(recipe, command, RECIPES[recipe](tmp_path), result)
    assert result.failures == []


@pytest.mark.parametrize(
    ("option", "said"),
    [("--max-memory=50M", "memory"), ("--max-seconds=0.01", "seconds"), ("--max-rows=1", "lines")],
)
def test_what_is_over_the_budget_ends_in_a_line_and_2(
    tmp_path: Path, option: Any, said: Any
) -> None:
    feed = RECIPES["10^4 trips in one block"](tmp_path)
    ended = run_command(["validate", str(feed), option], tmp_path)
    assert ended.code == 2
    assert said in ended.said
    assert "GTFSGEN_MAX_" in ended.said
    assert "Traceback" not in ended.said
    assert list((tmp_path / "temporary").iterdir()) == []
