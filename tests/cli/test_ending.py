"""However a command ends, it says so in words and with its own exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.cli.ending import FAILED, GOOD, STOPPED, TERMINATED, Terminated, exit_code

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "gtfsgen"]


def raising(error: BaseException) -> Any:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), STOPPED, "Stopped."),
        (click.Abort(), STOPPED, "Stopped."),
        (Terminated(), TERMINATED, "Stopped."),
        (click.UsageError("no such feed"), FAILED, "no such feed"),
        (click.ClickException("not to be done"), FAILED, "not to be done"),
        (SystemExit(1), 1, ""),
        (SystemExit(None), GOOD, ""),
        (SystemExit("in words"), FAILED, "in words"),
        (BrokenPipeError(), GOOD, ""),
        (MemoryError(), FAILED, "not enough memory"),
        (RecursionError(), FAILED, "nested too deeply"),
        (PermissionError(13, "Permission denied", "x.zip"), FAILED, "x.zip: Permission denied"),
        (OSError(28, "No space left on device", "y"), FAILED, "y: No space left on device"),
        (KeyError("[/] \x1b"), FAILED, "fault of gtfsgen"),
    ],
)
def test_each_cause_has_its_words_and_code(
    capsys: pytest.CaptureFixture[str], error: Any, code: Any, said: Any
) -> None:
    assert exit_code(raising(error)) == code
    shown = capsys.readouterr().err
    assert said in shown
    assert "Traceback" not in shown


def test_a_fault_of_ours_shows_its_traceback_only_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTFSGEN_DEBUG", "1")
    assert exit_code(raising(KeyError("x"))) == FAILED
    assert "Traceback" in capsys.readouterr().err


def test_a_mistyped_command_is_guessed() -> None:
    result = CliRunner().invoke(main, ["validte", "x.zip"])
    assert result.exit_code == 2
    assert "Did you mean 'validate'?" in result.output
    assert "Did you mean" not in CliRunner().invoke(main, ["zzzzzz"]).output


def test_no_room_writes_but_by_the_one_writer() -> None:
    """`writing.py` alone opens what is there for writing; the rest fills stages and pipes of its
    own.
    """
    banned = re.compile(
        r"write_text\(|write_bytes\(|\.open\(\s*[\"'][wax]|[^.\w]open\([^)]*[\"'][wax]b?[\"']"
        r"|os\.replace\(|os\.rename\(|TemporaryDirectory|mkdtemp|NamedTemporaryFile"
    )
    allowed = {
        "writing.py",
        # in a scratch folder, for another program to read
        "planners/motis.py",
        "planners/otp.py",
        "importing/__init__.py",
        "importing/railway.py",
        "feed/fetching.py",
        "cli/ending.py",  # the null device
        "render/world/pack.py",  # run by hand when the map is made anew
    }
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "gtfsgen").rglob("*.py"))
        if path.relative_to(ROOT / "gtfsgen").as_posix() not in allowed
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if banned.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("feed", ["feed/gtfs.zip"])
def test_a_closed_pipe_ends_with_the_code_of_the_command(feed: Any) -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [*COMMAND, "validate", feed, "--fail-on", "INFO", "--format", "json"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_a_line() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "rules"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert done.stderr == "gtfsgen: No space left on device\n"


def test_an_ascii_terminal_gets_numbers_for_what_it_has_not(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "validate", "北京[/].zip"],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b".zip" in done.stderr


def test_sigterm_is_put_away_as_ctrl_c_is(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "watch", str(ROOT / "source"), "-o", str(tmp_path / "feed"), "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Open http")
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert list(tmp_path.glob(".gtfsgen-*")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["watch", "source", "--port", "99999"], "99999 is not in the range"),
        (["build", "source", "--today", "9999-12-31"], "not in the years"),
        (["validate", "feed", "--policy", "/"], "/: "),
        (["validate", "feed", "--policy", "{pipe}"], "pipe or a device"),
        (["validate", "feed", "--policy", "{deep}"], "deep"),
        (["validate", "feed", "--policy", "{digits}"], "digits"),
        (["catalogue", "validate", "{pipe}"], "pipe or a device"),
        (["render", "ftp://example.com/a.zip"], "only http and https"),
        (["render", "https://example.com/a.zip"], "name with -o"),
    ],
)
def test_odd_arguments_are_words(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "deep").write_text("a = " + "[" * 100_000)
    (tmp_path / "digits").write_text("a = " + "9" * 10_000)
    places = {name: str(tmp_path / name) for name in ("pipe", "deep", "digits")}
    result = CliRunner().invoke(main, [word.format(**places) for word in words])
    assert result.exit_code == 2, result.output
    assert said in result.output
