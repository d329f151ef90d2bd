"""A few of the hostile projects of `make torture`, each as a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.projects import RECIPES, tried

FEW = (
    "1 GB of zeros in a grid",
    "deep lists in feed.toml",
    "year 9999",
    "a workbook's cell of 1 GB",
    "a pipe for a grid",
    "names that are not UTF-8",
    "a deep track",
    "a deep policy",
    "explain without a project",
)


@pytest.mark.parametrize("name", FEW)
def test_a_hostile_project_ends_in_words(tmp_path: Path, name: str) -> None:
    wrong, _, _ = tried(RECIPES[name], tmp_path)
    assert wrong == []
