"""translations.txt: of every text that is translated first the text itself, as the feed has it."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

KEY = ("table_name", "field_name", "record_id", "field_value")
FEED = Path(__file__).parents[2] / "feed" / "gtfs.zip"
KEYS = {"stops": "stop_id", "agency": "agency_id", "routes": "route_id"}


def tables(path: Path) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(path) as archive:
        return {
            name.removesuffix(".txt"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode("utf-8")))
            )
            for name in archive.namelist()
        }


@pytest.mark.parametrize("path", [FEED], ids=["flagship"])
def test_the_feeds_own_text_stands_first_and_is_the_text(path: Path) -> None:
    feed = tables(path)
    lang = feed["feed_info"][0]["feed_lang"]
    first: dict[tuple[str, ...], dict[str, str]] = {}
    for row in feed["translations"]:
        first.setdefault(tuple(row[name] for name in KEY), row)
    assert first
    for (table, field, record, value), row in first.items():
        assert row["language"] == lang
        texts = {
            row[field]
            for row in feed[table]
            if (value and row[field] == value) or (record and row[KEYS[table]] == record)
        }
        assert texts == {row["translation"]}
    keys = {(*(row[name] for name in KEY), row["language"]) for row in feed["translations"]}
    assert len(keys) == len(feed["translations"]) > len(first)
