"""Whoever looks, after whatever, finds the old edition or the new one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

import pytest

import gtfsgen
from gtfsgen import writing

ROOT = Path(__file__).parents[1]

OLD = {"a.txt": "old a", "b.txt": "old b", "gone.txt": "old only"}
NEW = {"a.txt": "new a", "b.txt": "new b", "sub/c.txt": "new c"}
CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from gtfsgen import writing
if {fallback}:
    writing._renameat2 = lambda: None
left = int(sys.argv[1])
def hook(event, args):
    global left
    if event in ("open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod",
                 "shutil.rmtree", "gtfsgen.exchange") and {place!r} in str(args):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
writing.write_files(Path({place!r}) / "feed", {new!r}, ["gone.txt"])
"""


def read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_at(folder: int, name: str) -> bytes:
    file = os.open(name, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(file, 99)
    finally:
        os.close(file)


def debris(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(f"{writing.STAGE_PREFIX}*")]


def test_a_folder_is_exchanged_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    writing.write_files(feed, OLD)
    (feed / "theirs").mkdir()
    (feed / "theirs" / "x").write_text("x")
    (feed / "link").symlink_to("a.txt")
    feed.chmod(0o750)
    writing.write_files(feed, NEW, ["gone.txt"])
    assert read(feed) == {**NEW, "theirs/x": "x", "link": "new a"}
    assert (feed / "link").is_symlink()
    assert feed.stat().st_mode & 0o777 == 0o750
    assert debris(tmp_path) == []


@pytest.mark.parametrize("fallback", [False, True])
def test_killed_at_any_moment_it_is_the_old_or_the_new(tmp_path: Path, fallback: Any) -> None:
    root = str(Path(__file__).parents[1])
    whole = {"theirs.txt": "theirs"}
    seen = set()
    for moment in range(200):
        feed = tmp_path / "feed"
        writing.write_files(feed, {**OLD, **whole}, ["sub/c.txt"])
        code = CHILD.format(root=root, fallback=fallback, place=str(tmp_path), new=NEW)
        done = subprocess.run([sys.executable, "-c", code, str(moment)], capture_output=True)
        writing.sweep(tmp_path)
        found = read(feed)
        assert found in ({**OLD, **whole}, {**NEW, **whole}), moment
        seen.add(found["a.txt"])
        assert debris(tmp_path) == []
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    else:
        pytest.fail("the child never came to its end")
    assert seen == {"old a", "new a"}
    assert moment > 8


def test_a_reader_never_sees_two_editions(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    editions = [{name: f"{n} {name}" for name in ("a", "b", "c")} for n in range(2)]
    writing.write_files(feed, editions[0])
    over = threading.Event()
    mixed = []

    def look() -> None:
        while not over.is_set():
            try:
                held = os.open(feed, os.O_RDONLY)
            except FileNotFoundError:
                mixed.append("there was no folder")
                continue
            try:
                texts = {name: read_at(held, name) for name in "abc"}
            except FileNotFoundError:
                continue  # the edition that was held is being cleared away: gone, not mixed
            finally:
                os.close(held)
            if len({text[:1] for text in texts.values()}) != 1:
                mixed.append(str(texts))

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(100):
        writing.write_files(feed, editions[n % 2])
    over.set()
    reader.join()
    assert mixed == []


def test_the_folder_one_works_in_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = tmp_path / "feed"
    writing.write_files(feed, OLD)
    before = feed.stat().st_ino
    monkeypatch.chdir(feed)
    writing.write_files(Path(), NEW, ["gone.txt"])
    assert read(feed) == NEW
    assert feed.stat().st_ino == before
    assert debris(tmp_path) == []


def test_a_folder_of_many_other_things_is_not_exchanged(tmp_path: Path) -> None:
    feed = tmp_path / "downloads"
    writing.write_files(feed, OLD)
    for number in range(10):
        (feed / f"theirs{number}").write_text("x")
    before = feed.stat().st_ino
    writing.write_files(feed, NEW, ["gone.txt"])
    assert feed.stat().st_ino == before
    assert {name: text for name, text in read(feed).items() if text != "x"} == NEW
    assert debris(tmp_path) == []


def test_neither_file_nor_folder_is_taken_for_the_other(tmp_path: Path) -> None:
    (tmp_path / "x" / "inside").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        writing.write_file(tmp_path / "x", b"")
    (tmp_path / "y").write_text("y")
    with pytest.raises(NotADirectoryError):
        writing.write_files(tmp_path / "y", {"a": b""})
    assert (tmp_path / "y").read_text() == "y"
    assert debris(tmp_path) == []


def test_a_failing_writer_leaves_the_old_one(tmp_path: Path) -> None:
    writing.write_file(tmp_path / "a", "old")

    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        writing.write_file(tmp_path / "a", fail)
    with pytest.raises(OSError, match="No space"):
        writing.write_files(tmp_path / "f", {"a": "1", "b": fail})
    assert read(tmp_path) == {"a": "old"}
    assert debris(tmp_path) == []


def test_a_stage_in_use_is_not_swept(tmp_path: Path) -> None:
    with writing.staging(tmp_path) as stage:
        (stage / "mine").write_text("mine")
        writing.write_file(tmp_path / "other", "other")
        assert (stage / "mine").read_text() == "mine"
    assert debris(tmp_path) == []


@pytest.mark.parametrize(("stands", "new"), [("a/x", "a"), ("a", "a/x")])
def test_nothing_is_written_where_a_folder_or_file_is_in_the_way(
    tmp_path: Path, stands: str, new: str
) -> None:
    folder = tmp_path / "f"
    (folder / stands).parent.mkdir(parents=True)
    (folder / stands).write_text("old")
    with pytest.raises((IsADirectoryError, NotADirectoryError)):
        writing.write_files(folder, {"b": "new", new: "new", "c": "new"})
    assert [path for path in folder.rglob("*") if path.is_file()] == [folder / stands]
    assert (folder / stands).read_text() == "old"


def test_a_file_in_the_place_of_the_reports_is_told_before_the_feed_is_written(
    tmp_path: Path,
) -> None:
    shutil.copytree(ROOT / "source", tmp_path / "source")
    (tmp_path / "validation").write_text("not a folder")
    with pytest.raises(NotADirectoryError):
        gtfsgen.build(tmp_path / "source")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "validation"]
