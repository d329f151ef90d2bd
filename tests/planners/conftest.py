"""Tests that start OpenTripPlanner are marked `acceptance`: they run only when asked for."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "acceptance: starts OpenTripPlanner, which is fetched once (pytest -m acceptance)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "acceptance" in config.getoption("markexpr"):
        return
    skipped = pytest.mark.skip(reason="starts OpenTripPlanner: run with -m acceptance")
    for item in items:
        if item.get_closest_marker("acceptance"):
            item.add_marker(skipped)
