"""`gtfsgen watch`: what makes it build again, and what it shows."""

from __future__ import annotations

import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread, Timer

import pytest

from gtfsgen.cli.watch_ import Screen, _handler, is_source, rebuild, watch


def test_watch_builds_again_after_a_save_and_not_without(tmp_path: Path) -> None:
    file = tmp_path / "stations.csv"
    file.write_text("a")
    late = tmp_path / "late.csv"
    built = []

    def rebuilt() -> None:
        built.append(file.read_text())
        (tmp_path / ".~lock.stations.csv#").write_text("x" * len(built))
        (tmp_path / "~$stations.csv").write_text("x" * len(built))
        if len(built) == 1:  # a save while it builds
            file.write_text("ab")
        if len(built) == 2:
            Timer(1.0, late.write_text, ("c",)).start()
        if len(built) == 3:
            assert late.exists()

    watch(tmp_path, rebuilt, rounds=3)
    assert built == ["a", "ab", "ab"]
    assert is_source(file)
    assert not is_source(tmp_path / "~$stations.csv")


def test_a_folder_that_cannot_be_watched_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        watch(tmp_path / "absent", lambda: None)


def test_watch_shows_the_errors_and_serves_its_version(tmp_path: Path) -> None:
    screen = Screen()
    (tmp_path / "source").mkdir()
    rebuild(tmp_path / "source", tmp_path / "feed", screen)
    assert not (tmp_path / "feed").exists()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(screen))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        with urllib.request.urlopen(address + "/version", timeout=10) as answer:
            assert answer.read() == b"1"
        with urllib.request.urlopen(address + "/", timeout=10) as answer:
            page = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    assert "not_built" in page
    assert '"reload":"/version"' in page
