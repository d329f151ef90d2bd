"""Calendars that contradict themselves: what counts for which rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gtfsgen

from .feeds import write_feed

TODAY = "2026-11-20"
CALENDAR = (
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "D,1,1,1,1,1,1,1,20260101,20260131\n"
)


def counts(tmp_path: Path, *exceptions: str) -> dict[str, int]:
    """Totals of the canonical rules for a service of January with exceptions."""
    lines = "".join(f"D,{line}\n" for line in exceptions)
    feed = write_feed(
        tmp_path / "feed",
        calendar=CALENDAR,
        calendar_dates="service_id,date,exception_type\n" + lines,
    )
    report = gtfsgen.validate(feed, "canonical-8.0.1", TODAY)
    return {code: total for code, (_, total) in report.counts.items()}


@pytest.mark.parametrize(
    ("exceptions", "expired", "gap"),
    [
        (["20261231,1"], False, True),
        (["20261231,2"], True, False),
        (["20261231,1", "20261231,2"], True, False),
        # Removed for the rule of expired services; for that of gaps the later row counts.
        (["20261231,2", "20261231,1"], True, True),
        # A type that nobody knows removes for the one, and does nothing for the other.
        (["20261231,1", "20261231,3"], True, True),
    ],
)
def test_a_removal_is_stronger_or_the_last_row_counts(
    tmp_path: Path, exceptions: Any, expired: Any, gap: Any
) -> None:
    found = counts(tmp_path, *exceptions)
    assert ("expired_calendar" in found, "big_gap_in_service" in found) == (expired, gap)


def test_the_feeds_period_ends_with_the_last_row_that_counts(tmp_path: Path) -> None:
    feed = write_feed(
        tmp_path / "feed",
        calendar=CALENDAR,
        calendar_dates="service_id,date,exception_type\nD,20261231,2\nD,20261231,1\n",
    )
    report = gtfsgen.validate(feed, "canonical-8.0.1", TODAY)
    assert report.summary["feedInfo"]["feedServiceWindowEnd"] == "2026-12-31"
