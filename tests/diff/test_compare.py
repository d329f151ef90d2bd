"""Feeds compared: what is told, once, and what is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.diff import compare
from tests.render.feeds import bus, through_coaches


def written(tables: Any, folder: Path) -> Any:
    folder.mkdir()
    for stem, frame in tables.items():
        frame.write_csv(folder / f"{stem}.txt")
    return folder


@pytest.fixture
def told(tmp_path: Path) -> Any:
    """What is told from one feed to another, and that the mirror image tells as much."""

    def tell(old: Any, new: Any, level: Any = "data") -> Any:
        a, b = written(old, tmp_path / "a"), written(new, tmp_path / "b")
        found = compare(a, b, level)
        assert len(compare(b, a, level)) == len(found)
        return [entry.text for entry in found.entries]

    return tell


def test_a_feed_has_not_changed_from_itself(told: Callable[..., Any]) -> None:
    assert told(through_coaches(), through_coaches()) == []


def test_other_ids_are_no_change(told: Callable[..., Any]) -> None:
    new = through_coaches()
    for stem in ("trips", "stop_times"):
        new[stem] = new[stem].with_columns(trip_id=pl.lit("x-") + pl.col("trip_id"))
    for stem in ("trips", "calendar"):
        new[stem] = new[stem].with_columns(service_id=pl.lit("s-") + pl.col("service_id"))
    assert told(through_coaches(), new) == []


def test_the_command_tells_prints_and_exits(tmp_path: Path) -> None:
    a, b = (str(written(f, tmp_path / n)) for f, n in ((through_coaches(), "a"), (bus(), "b")))
    same = CliRunner().invoke(main, ["diff", a, a])
    assert (same.exit_code, same.output) == (0, "No difference.\n")
    other = CliRunner().invoke(main, ["diff", a, b, "--format", "json"])
    assert other.exit_code == 1
    texts = [entry["text"] for entry in json.loads(other.output)["differences"]]
    assert any("Market" in text and text.endswith("is new") for text in texts)
    lost = CliRunner().invoke(main, ["diff", a, str(tmp_path / "none.zip")])
    assert lost.exit_code == 2
    assert "none.zip" in lost.output


def test_damage_is_told_and_what_can_be_read_is_compared(tmp_path: Path) -> None:
    from tests.torture.archives import CORE, altered, directory, put, zipped

    (tmp_path / "whole").mkdir()
    whole = zipped(tmp_path / "whole", {})
    changes: dict[str, Callable[[bytearray], None]] = {
        "encrypted": lambda d: put(d, directory(d, b"stops.txt") + 8, "<H", 1),
        "checksum": lambda d: put(d, directory(d, b"stops.txt") + 16, "<I", 1),
    }
    for name, change in changes.items():
        (tmp_path / name).mkdir()
        damaged = altered(change)(tmp_path / name)
        found = compare(whole, damaged)
        assert [said.split(" (")[0] for said in found.remarks] == [
            f"{damaged}: stops.txt: cannot be read"
        ]
    (tmp_path / "quote").mkdir()
    open_quote = zipped(tmp_path / "quote", {"stops.txt": f'{CORE["stops.txt"]!s}S3,"x,5,1\n'})
    assert (
        "stops.txt: 1 row is longer or shorter than the header"
        in compare(whole, open_quote).remarks[0]
    )
    assert compare(whole, whole).remarks == []
