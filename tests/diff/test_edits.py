"""Laws of a comparison: single edits told once, from both sides; what is the same never."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gtfsgen.diff import compare
from gtfsgen.diff.fields import DEFAULTS, FIELDS, Level
from gtfsgen.schema import TABLES
from tests.diff.edits import Feed, copied, edits_of, packed, read_feed, renumbered
from tests.render.feeds import bus


def test_every_field_of_gtfs_stands_in_the_table_of_fields() -> None:
    every = {(table, field) for table, known in TABLES.items() for field in known.fields}
    assert {*FIELDS} == every
    assert {*DEFAULTS} <= every


def feed_of(tables: dict[str, pl.DataFrame]) -> Feed:
    return {
        name: [{k: "" if v is None else str(v) for k, v in row.items()} for row in frame.to_dicts()]
        for name, frame in tables.items()
        if frame.height
    }


def faults(feed: Feed) -> list[str]:
    """What is told wrongly of all edits that a feed admits."""
    base = packed(feed)
    found = []
    for name, edited, once in edits_of(feed):
        new = packed(edited)
        if new == base:
            continue
        there = compare(base, new)
        back = compare(new, base) if "+" not in name else there
        if len(there) != int(once) or len(back) != int(once):
            found.append(f"{name}: {[entry.text for entry in (*there.entries, *back.entries)]}")
    return found


def test_each_edit_is_told_once_and_what_is_the_same_never() -> None:
    assert faults(feed_of(bus())) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp932"])
def test_another_encoding_and_other_line_ends_are_no_difference(encoding: Any) -> None:
    feed = feed_of(bus())
    for row in feed["stops"]:
        row["stop_name"] = f"{row['stop_name']} 駅前"
    assert not compare(packed(feed), packed(feed, encoding, "\n"))
    assert not compare(packed(feed, encoding, "\n"), packed(feed))


def test_levels_hold_what_they_say() -> None:
    feed = feed_of(bus())
    edited = copied(feed)
    edited["trips"][0]["block_id"] = "another"
    assert len(compare(packed(feed), packed(edited), Level.PLANNER)) == 1
    assert len(compare(packed(feed), packed(edited), Level.RIDER)) == 0


CORPUS = os.environ.get("GTFSGEN_CORPUS", "")
SOME = ("google-sample-feed", "brown-county-flex")


@pytest.mark.skipif(not CORPUS, reason="GTFSGEN_CORPUS is not set")
@pytest.mark.parametrize("name", SOME)
def test_a_real_feed_with_other_ids_is_the_same(name: str) -> None:
    feed = read_feed(Path(CORPUS) / f"{name}.zip")
    difference = compare(packed(feed), packed(renumbered(feed)))
    assert [entry.text for entry in difference.entries] == []
