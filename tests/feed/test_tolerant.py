"""What the tolerant reader takes, and what it says of the rest."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gtfsgen.budget import Budget, LimitExceeded, UnreadableInput, spending
from gtfsgen.feed.tolerant import open_files, text_tables

CORE = {
    "stops.txt": "stop_id,stop_name\nA,Ä\nB,b\n",
    "routes.txt": "route_id\nR\n",
    "trips.txt": "trip_id\nT\n",
    "stop_times.txt": "trip_id,stop_id\nT,A\n",
}


def zipped(path: Path, members: Any, prefix: Any = "", method: Any = zipfile.ZIP_DEFLATED) -> Any:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, text in members.items():
            archive.writestr(prefix + name, text)
    return path


def read(tmp_path: Path, **changes: Any) -> Any:
    members = {**CORE, **{f"{name}.txt": text for name, text in changes.items()}}
    return text_tables(zipped(tmp_path / "feed.zip", members))


@pytest.mark.parametrize("prefix", ["", "feed/", "a/b/"])
def test_files_may_stand_in_a_folder_of_the_archive(tmp_path: Path, prefix: Any) -> None:
    tables = text_tables(zipped(tmp_path / "feed.zip", CORE, prefix))
    assert tables["stops"].rows() == [("A", "Ä"), ("B", "b")]
    assert tables.remarks == []


def test_a_folder_of_one_zip_stands_for_it(tmp_path: Path) -> None:
    zipped(tmp_path / "feed.zip", CORE)
    assert set(text_tables(tmp_path)) == {"stops", "routes", "trips", "stop_times"}


def test_ragged_rows_are_filled_up_and_cut(tmp_path: Path) -> None:
    tables = read(tmp_path, stops="stop_id,stop_name\nA\nB,b,more\nC,c\n")
    assert tables["stops"].rows() == [("A", None), ("B", "b"), ("C", "c")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_and_told(tmp_path: Path, encoding: Any) -> None:
    tables = read(tmp_path, stops=("\ufeff" + CORE["stops.txt"]).encode(encoding))
    assert tables["stops"].rows() == [("A", "Ä"), ("B", "b")]
    assert tables.remarks == ["stops.txt is UTF-16, not UTF-8; it is read as that"]


def test_bytes_that_are_not_utf_8_are_told(tmp_path: Path) -> None:
    tables = read(tmp_path, stops=CORE["stops.txt"].encode("latin-1"))
    assert tables["stops"].rows() == [("A", "\ufffd"), ("B", "b")]
    assert "not UTF-8" in tables.remarks[0]


@pytest.mark.parametrize(
    "text", ['stop_id,stop_name\nA,"never closed\nB,b\n', "stop_id,stop_name\nA\0,b\n", "\n\n", '"']
)
def test_odd_text_is_no_crash(tmp_path: Path, text: Any) -> None:
    assert "stops" in read(tmp_path, stops=text)


def test_names_that_differ_in_blanks_only(tmp_path: Path) -> None:
    tables = read(tmp_path, stops="stop_id, stop_id ,stop_name\nA,B,c\n")
    assert tables["stops"].columns == ["stop_id", " stop_id ", "stop_name"]


def test_a_damaged_file_gives_the_rows_before_or_is_told(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "feed.zip", {**CORE, "agency.txt": "agency_id\nA\n" * 99})
    data = bytearray(feed.read_bytes())
    at = data.find(b"agency.txt") + 10
    data[at : at + 8] = b"\xff" * 8
    feed.write_bytes(data)
    tables = text_tables(feed)
    assert "agency" not in tables
    assert tables.remarks[0].startswith("agency.txt cannot be read")


def test_encrypted_and_oddly_packed_files_are_told(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "feed.zip", {**CORE, "agency.txt": "agency_id\nA\n"})
    data = bytearray(feed.read_bytes())
    data[data.rfind(b"agency.txt") - 46 + 8] |= 1
    feed.write_bytes(data)
    assert "encryption" in text_tables(feed).remarks[0]


@pytest.mark.parametrize("what", ["absent", "text", "empty", "fifo", "loop"])
def test_what_is_no_feed_is_unreadable(tmp_path: Path, what: Any) -> None:
    path = tmp_path / "feed.zip"
    if what == "text":
        path.write_text("hello")
    if what == "empty":
        path.write_bytes(b"")
    if what == "fifo":
        os.mkfifo(path)
    if what == "loop":
        path.symlink_to(path)
    with pytest.raises(UnreadableInput, match="cannot be read as a feed"):
        text_tables(path)


def test_pipes_and_devices_in_a_folder_are_not_opened(tmp_path: Path) -> None:
    for name, text in CORE.items():
        (tmp_path / name).write_text(text)
    os.mkfifo(tmp_path / "agency.txt")
    (tmp_path / "calendar.txt").symlink_to("/dev/zero")
    (tmp_path / "shapes.txt").symlink_to("shapes.txt")
    (tmp_path / "feed_info.txt").mkdir()
    assert set(text_tables(tmp_path)) == {"stops", "routes", "trips", "stop_times"}


@pytest.mark.parametrize(
    ("limits", "changes", "said"),
    [
        (Budget(unpacked=1000), {"stops": "stop_id\n" + "A\n" * 1000}, "more bytes"),
        (Budget(entries=3), {}, "4 files"),
        (Budget(columns=5), {"stops": "a,b,c,d,e,f\n"}, "more than 5 columns"),
        (Budget(rows=900), {"stops": "stop_id\n" + "A\n" * 1000}, "too many lines"),
        (Budget(), {"stops": "0" * (70 << 20)}, "as no timetable does"),
        (Budget(directory=10), {}, "directory"),
    ],
)
def test_the_budget_holds(tmp_path: Path, limits: Any, changes: Any, said: Any) -> None:
    with spending(limits), pytest.raises(LimitExceeded, match=said) as refused:
        read(tmp_path, **changes)
    assert "GTFSGEN_MAX_" in str(refused.value)


def test_one_stream_at_a_time_gives_all_bytes(tmp_path: Path) -> None:
    text = os.urandom(100_000)
    with open_files(zipped(tmp_path / "a.zip", {"x/n.bin": text})) as files:
        assert list(files) == ["n.bin"]
        with files.open("n.bin") as stream:
            found = io.BytesIO()
            while part := stream.read(1000):
                found.write(part)
        assert found.getvalue() == files.read("n.bin") == text
