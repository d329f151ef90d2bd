"""Archives as the canonical validator opens them, faults included."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gtfsgen.budget import UnreadableInput
from gtfsgen.csv.streams import DamagedEntry
from gtfsgen.feed.archive import (
    KNOWN_NAMES,
    TABLE_NAMES,
    open_archive,
)

STOPS = "stop_id\n" + "".join(f"S{n}\n" for n in range(2000))
MEMBERS = {"agency.txt": "agency_name\nA\n", "levels.txt": "level_id\nL\n", "stops.txt": STOPS}


def zipped(members: Any = MEMBERS, method: Any = zipfile.ZIP_DEFLATED, before: Any = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as out:
        for name, text in members.items():
            out.writestr(name, text)
    return before + buffer.getvalue()


def damaged(
    data: bytes, name: str, *, flag: Any = 0, method: Any = None, spoil: Any = False
) -> bytes:
    """The archive with a member marked as encrypted, as packed in another way, or overwritten."""
    out = bytearray(data)
    local = out.find(name.encode()) - 30
    central = out.rfind(name.encode()) - 46
    out[local + 6] |= flag
    out[central + 8] |= flag
    if method is not None:
        out[local + 8] = out[central + 10] = method
    if spoil:
        start = local + 30 + len(name) + 20
        out[start : start + 40] = bytes(40)
    return bytes(out)


def in_folder_first(members: Any = MEMBERS) -> bytes:
    return zipped({"feed/stops.txt": "x\n", **members})


def test_known_names() -> None:
    assert len(TABLE_NAMES) == 31
    assert "locations.geojson" in KNOWN_NAMES


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_reads_what_was_written(tmp_path: Path, method: int) -> None:
    path = tmp_path / "feed.zip"
    path.write_bytes(zipped(method=method))
    with open_archive(path) as archive:
        assert archive.names == list(MEMBERS)
        assert {name: archive.read(name).decode() for name in archive.names} == MEMBERS
        assert archive.size("stops.txt") == len(STOPS)
        with archive.open("stops.txt") as stream:
            parts = iter(lambda: stream.read(100), b"")
            assert b"".join(parts).decode() == STOPS
        archive.check_unread()
        with pytest.raises(KeyError):
            archive.open("trips.txt")


def test_names_fold_and_the_first_is_taken() -> None:
    members = {"Agency.TXT": "1", "agency.txt": "2", "notes.md": "", "stops.txt ": ""}
    archive = open_archive(zipped({**members, ".DS_Store": ""}))
    assert archive.tables == {"agency.txt": "Agency.TXT"}
    assert archive.unknown == ["agency.txt", "notes.md", "stops.txt "]
    assert archive.names == list(members)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_same_name_twice_gives_the_first() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("stops.txt", "first")
        out.writestr("stops.txt", "second")
    archive = open_archive(buffer.getvalue())
    assert (archive.names, archive.unknown) == (["stops.txt"], [])
    assert archive.read("stops.txt") == b"first"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("feed/stops.txt", True),
        ("a/b/c/trips.txt", True),
        ("/stops.txt", True),
        ("feed/Stops.txt", False),
        ("feed/networks.txt", False),
        ("feed/locations.geojson", False),
        ("feed\\stops.txt", False),
        ("feed/", False),
    ],
)
def test_files_in_a_folder(name: str, found: bool) -> None:
    assert open_archive(zipped({**MEMBERS, name: ""})).in_subfolder is found


def test_folder(tmp_path: Path) -> None:
    for name, text in MEMBERS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / ".DS_Store").write_text("")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "trips.txt").write_text("")
    with open_archive(tmp_path) as archive:
        assert archive.names == [".DS_Store", *sorted(MEMBERS)]
        assert archive.unknown == [".DS_Store"]
        assert not archive.in_subfolder
        assert archive.read("stops.txt").decode() == STOPS


def test_folder_of_the_archives_own_name_is_stripped_but_not_found() -> None:
    members = {"feed/": "", "feed/agency.txt": "x", "feed/stops.txt": "x", "stops.txt": STOPS}
    archive = open_archive(zipped(members), name="feed.zip")
    assert archive.names == ["agency.txt", "stops.txt"]
    assert archive.unlisted == {"agency.txt"}
    assert archive.read("stops.txt").decode() == STOPS
    with pytest.raises(DamagedEntry):
        archive.read("agency.txt")
    assert open_archive(zipped(members), name="other.zip").names == ["stops.txt"]


def test_absent(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput) as refusal:
        open_archive(tmp_path / "none.zip")
    assert refusal.value.exception == "java.io.FileNotFoundException"


@pytest.mark.parametrize("data", [b"", b"agency_name\nA\n", zipped()[:-60], zipped()[:300]])
def test_no_archive(data: bytes) -> None:
    with pytest.raises(UnreadableInput) as refusal:
        open_archive(data)
    assert refusal.value.exception == "java.util.zip.ZipException"


def test_bytes_around_the_archive() -> None:
    assert open_archive(zipped() + b"trailing").names == list(MEMBERS)
    assert open_archive(zipped(before=b"#!/bin/sh\n")).names == []
    assert open_archive(zipped({})).names == []


@pytest.mark.parametrize("change", [{"flag": 1}, {"method": 14}, {"method": 99}, {"method": 12}])
def test_entries_that_a_stream_reader_stops_at(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableInput):
        open_archive(damaged(zipped(), "levels.txt", **change))
    with pytest.raises(UnreadableInput):
        open_archive(damaged(zipped({**MEMBERS, "feed/trips.txt": ""}), "levels.txt", **change))


@pytest.mark.parametrize("change", [{"flag": 1}, {"method": 14}, {"method": 99}])
def test_after_a_file_in_a_folder_such_entries_cost_their_table_only(
    change: dict[str, Any],
) -> None:
    archive = open_archive(damaged(in_folder_first(), "levels.txt", **change))
    assert archive.lost == {"levels.txt"}
    assert set(archive.tables) == {"agency.txt", "stops.txt"}
    [(code, particulars)] = archive.system_errors
    assert code == "thread_execution_error"
    assert particulars["message"].endswith("used in entry levels.txt")
    archive.check_unread()


def test_damaged_data() -> None:
    members = {"stops.txt": STOPS, "notes.md": STOPS}
    archive = open_archive(damaged(zipped(members), "stops.txt", spoil=True))
    with pytest.raises(UnreadableInput):
        archive.read("stops.txt")
    archive = open_archive(damaged(zipped(members), "notes.md", spoil=True))
    assert archive.read("stops.txt").decode() == STOPS
    with pytest.raises(UnreadableInput):
        archive.check_unread()
    archive = open_archive(
        damaged(in_folder_first({"levels.txt": STOPS}), "levels.txt", spoil=True)
    )
    with pytest.raises(DamagedEntry):
        archive.read("levels.txt")
    archive.check_unread()


def test_a_wrong_checksum_is_seen_at_the_end() -> None:
    data = bytearray(zipped({"stops.txt": STOPS}, zipfile.ZIP_STORED))
    at = data.find(b"S1000")
    data[at + 1] ^= 1
    with pytest.raises(UnreadableInput, match="CRC"):
        open_archive(bytes(data)).read("stops.txt")
