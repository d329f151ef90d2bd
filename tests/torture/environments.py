"""Commands where the world around them is not as it should be: full disks, closed pipes, signals.

Each command ends with a code of its own, says why where it could not, shows no traceback, leaves
nothing among temporary files and no output that is not whole.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture import Result
from tests.torture.archives import FAULTS_OF_OURS, zipped
from tests.torture.kills import ROOT

COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "build": lambda feed, out: ["build", str(ROOT / "source"), "-o", str(out)],
    "validate": lambda feed, out: ["validate", str(feed), "-o", str(out), "--format", "json,csv"],
    "validate to stdout": lambda feed, out: ["validate", str(feed), "--format", "terminal,ndjson"],
    "canonical": lambda feed, out: ["canonical", "-i", str(feed), "-o", str(out)],
    "import": lambda feed, out: ["import", str(feed), "-o", str(out)],
    "render": lambda feed, out: ["render", str(feed), "-o", str(out)],
    "diff": lambda feed, out: ["diff", str(feed), str(ROOT / "feed"), "--format", "terminal,json"],
    "stats": lambda feed, out: ["stats", str(feed), "--format", "terminal,html", "-o", str(out)],
    "shapes": lambda feed, out: [
        "shapes", str(feed), "--tracks", str(feed.parent / "tracks"), "-o", str(out / "drawn.zip"),
    ],
    "journeys": lambda feed, out: ["journeys", str(feed), str(feed.parent / "journeys.csv")],
    "catalogue": lambda feed, out: [
        "catalogue", "validate", str(feed.parent / "list.txt"), "-o", str(out),
    ],
    "explain": lambda feed, out: ["explain", "foreign_key_violation"],
    "rules": lambda feed, out: ["rules"],
    "init": lambda feed, out: ["init", str(out / "project")],
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """What is odd: the environment, limits, outputs, or a signal after some seconds."""

    changes: dict[str, str | None] = field(default_factory=dict)
    limits: dict[int, int] = field(default_factory=dict)
    stdout: str = ""
    """`full` or `closed`."""
    stderr: str = ""
    sent: signal.Signals | None = None
    output: str = "out"
    codes: tuple[int, ...] = (0, 1, 2)


WORLDS = {
    "a full standard output": World(stdout="full"),
    "a closed standard output": World(stdout="closed"),
    "a closed standard error": World(stderr="closed"),
    "a full standard error": World(stderr="full"),
    "a terminal of ASCII": World({"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "TERM": "dumb"}),
    "no HOME, no PATH": World({"HOME": None, "PATH": None, "USER": None}),
    "a TMPDIR that is not there": World({"TMPDIR": "/nowhere/at/all"}),
    "a PYTHONTZPATH that is wrong": World({"PYTHONTZPATH": "/nowhere"}),
    "24 open files": World(limits={resource.RLIMIT_NOFILE: 24}),
    "files of 4 kB, as on a full disk": World(limits={resource.RLIMIT_FSIZE: 4096}),
    "an output below a file": World(output="file/out"),
    "an output that may not be made": World(output="../../../proc/out"),
    "limits that are no numbers": World({"GTFSGEN_MAX_ROWS": "many"}),
    "threads that are no number": World({"POLARS_MAX_THREADS": "100000"}),
    "SIGTERM": World(sent=signal.SIGTERM, codes=(0, 1, 2, 143)),
    "SIGINT": World(sent=signal.SIGINT, codes=(0, 1, 2, 130)),
    "SIGHUP": World(sent=signal.SIGHUP, codes=(0, 1, 2, 129)),
}
SOON_S = 0.4


def run(seconds: float) -> list[Result]:
    """Every world with every command, a row for each world."""
    began = time.monotonic()
    results = []
    commands = list(COMMANDS.items())
    with tempfile.TemporaryDirectory(prefix="torture-worlds-") as place:
        feed = prepared(Path(place))
        for number, (name, world) in enumerate(WORLDS.items()):
            result = Result(name)
            results.append(result)
            start = time.monotonic()
            share = (seconds - (start - began)) / (len(WORLDS) - number)
            for step in range(len(commands)):
                if result.tried and time.monotonic() - start > share:
                    break
                command, words = commands[(number + step) % len(commands)]
                result.note(tried(world, command, words, feed))
            result.seconds = time.monotonic() - start
    return results


def prepared(place: Path) -> Path:
    feed = zipped(place, {})
    (place / "tracks").mkdir()
    (place / "journeys.csv").write_text("name,date,from,to,depart\nx,2026-06-01,One,Two,08:00\n")
    (place / "list.txt").write_text("feed.zip\n")
    return feed


def tried(
    world: World, command: str, words: Callable[[Path, Path], list[str]], feed: Path
) -> str | None:
    """What did not hold, or None."""
    with tempfile.TemporaryDirectory(prefix="torture-world-") as place:
        folder = Path(place)
        (folder / "tmp").mkdir()
        (folder / "file").write_text("x")
        out = folder / world.output
        environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(ROOT)}
        for name, value in world.changes.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        with (folder / "said").open("w+b") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "gtfsgen", *words(feed, out)],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=_stream(world.stdout, said.fileno()),
                stderr=_stream(world.stderr, said.fileno()),
                preexec_fn=lambda: _confine(world),
            )  # fmt: skip
            if world.sent is not None:
                time.sleep(SOON_S)
                process.send_signal(world.sent)
            try:
                code = process.wait(90)
            except subprocess.TimeoutExpired:
                process.kill()
                return f"{command}: no end within 90 s"
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
        return _fault(world, command, code, text, folder)


def _fault(world: World, command: str, code: int, text: str, folder: Path) -> str | None:
    if code not in world.codes:
        return f"{command}: exit code {code}: {text[-300:]}"
    if shown := [word for word in FAULTS_OF_OURS if word in text]:
        return f"{command}: {shown[0]}: {text[-300:]}"
    if left := [path.name for path in (folder / "tmp").iterdir()]:
        return f"{command}: left behind: {left}"
    if stages := [path.name for path in folder.rglob(".gtfsgen-*")]:
        return f"{command}: left behind: {stages}"
    return None


def _stream(kind: str, usual: int) -> int:
    if kind == "full":
        return os.open("/dev/full", os.O_WRONLY)
    if kind == "closed":
        reader, writer = os.pipe()
        os.close(reader)
        return writer
    return usual


def _confine(world: World) -> None:
    for limit, most in world.limits.items():
        resource.setrlimit(limit, (most, most))
