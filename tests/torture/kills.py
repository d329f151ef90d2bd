"""Commands killed at any moment: what they replace is the old edition or the new one, whole.

Each command is run on two inputs in turn and ended by SIGKILL, at a random moment or at one of the
calls that exchange files. Afterwards its output must equal one of the two whole editions; no child
may be left; and what the next run does not need, it has swept away.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.torture import Result

ROOT = Path(__file__).parents[2]
MARK = "GTFSGEN_TORTURE_RUN"
HOOK = """
import os, signal, sys
left = int(os.environ.get("GTFSGEN_KILL_AT", "-1"))
def hook(event, args):
    global left
    if event in ("os.rename", "gtfsgen.exchange", "os.link", "shutil.rmtree") and left >= 0:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
if left >= 0:
    sys.addaudithook(hook)
"""
"""A sitecustomize: ends the process at the n-th call that puts something in another's place."""
MOST_CALLS = 400
GRACE_S = 5.0
FAILED = 2
"""What the process that looks after a killed one ends with."""
AT_LEAST = 4
"""Kills of a command, however short the time."""


@dataclass(frozen=True)
class Work:
    """A command, its two inputs and what it writes below the folder of a trial."""

    name: str
    command: Callable[[int], list[str]]
    output: str


def run(seconds: float) -> list[Result]:
    """All commands, each for its share of the time; then the calls that exchange files."""
    with tempfile.TemporaryDirectory(prefix="torture-kills-") as folder:
        place = Path(folder)
        works = prepare(place)
        return [kill_often(work, place, seconds / len(works)) for work in works]


def prepare(place: Path) -> list[Work]:
    """Two projects and two feeds, and the commands that are killed upon them."""
    for edition in (0, 1):
        project = place / f"project{edition}"
        shutil.copytree(ROOT / "source", project / "source")
        settings = project / "source" / "feed.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("2026-11-20", f"2026-11-2{edition}"), encoding="utf-8")
        feed = place / f"feed{edition}.zip"
        _gtfsgen(place, ["build", str(project / "source"), "-o", str(feed)])
        (place / f"list{edition}.txt").write_text(f"{feed}\n", encoding="utf-8")

    def feed_of(edition: int) -> str:
        return str(place / f"feed{edition}.zip")

    out = str(place / "trial" / "out")
    return [
        Work(
            "build",
            lambda n: ["build", str(place / f"project{n}" / "source"), "-o", out],
            "out",
        ),
        Work("render", lambda n: ["render", feed_of(n), "-o", out], "out"),
        Work("import", lambda n: ["import", feed_of(n), "-o", out], "out"),
        Work(
            "validate -o",
            lambda n: ["validate", feed_of(n), "-o", out, "--format", "sarif,csv,ndjson"],
            "out",
        ),
        Work(
            "catalogue",
            lambda n: ["catalogue", "validate", str(place / f"list{n}.txt"), "-o", out],
            "out/catalogue.csv",
        ),
    ]


def kill_often(work: Work, place: Path, seconds: float) -> Result:
    result = Result(f"kills of {work.name}")
    began = time.monotonic()
    editions, slowest = _editions(work, place)
    fresh = work.name == "import"  # it writes into a new folder alone
    rng = random.Random(work.name)
    calls_left = True
    for moment in _moments(rng, slowest):
        if result.tried >= AT_LEAST and time.monotonic() - began > seconds:
            break
        if isinstance(moment, int) and not calls_left:
            continue
        trial = place / "trial"
        shutil.rmtree(trial, ignore_errors=True)
        (trial / "tmp").mkdir(parents=True)
        if not fresh:
            shutil.copytree(place / f"{_word(work)}0", trial / "out")
        ended = _killed(work.command(1), trial, moment)
        result.note(_fault(work, trial, editions, fresh, moment))
        if isinstance(moment, int) and ended not in (-signal.SIGKILL, FAILED):
            calls_left = False
    result.seconds = time.monotonic() - began
    return result


def _moments(rng: random.Random, slowest: float) -> Iterator[int | float]:
    """Calls (numbers) and moments (seconds) in turn."""
    for call in range(MOST_CALLS):
        yield call
        yield rng.uniform(0.05, slowest * 1.1)


def _word(work: Work) -> str:
    return "edition-" + work.name.split()[0]


def _editions(work: Work, place: Path) -> tuple[list[str], float]:
    """The digests of the two whole outputs, and how long the second took."""
    digests, seconds = [], 0.0
    for edition in (0, 1):
        trial = place / "trial"
        shutil.rmtree(trial, ignore_errors=True)
        (trial / "tmp").mkdir(parents=True)
        began = time.monotonic()
        _gtfsgen(trial, work.command(edition))
        seconds = time.monotonic() - began
        digests.append(_digest(trial / work.output))
        shutil.copytree(trial / "out", place / f"{_word(work)}{edition}")
    return digests, seconds


def _environment(trial: Path, **more: str) -> dict[str, str]:
    hooks = trial / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    return {
        **os.environ,
        "PYTHONPATH": f"{hooks}{os.pathsep}{ROOT}",
        "TMPDIR": str(trial / "tmp") if (trial / "tmp").is_dir() else str(trial),
        MARK: str(trial),
        **more,
    }


def _gtfsgen(trial: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gtfsgen", *command],
        cwd=trial,
        env=_environment(trial),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command}: {done.stderr}")


def _killed(command: list[str], trial: Path, moment: int | float) -> int:
    at_call = {"GTFSGEN_KILL_AT": str(moment)} if isinstance(moment, int) else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "gtfsgen", *command],
        cwd=trial,
        env=_environment(trial, **at_call),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if isinstance(moment, float):
        with suppress(subprocess.TimeoutExpired):
            return process.wait(moment)
        process.send_signal(signal.SIGKILL)
    return process.wait(120)


def _fault(
    work: Work, trial: Path, editions: list[str], fresh: bool, moment: int | float
) -> str | None:
    """What is not as it should be after a kill, or None."""
    from gtfsgen.writing import STAGE_PREFIX, sweep

    if left := _processes(str(trial)):
        return f"{moment}: processes {left} were left"
    # The next run writes to the same folders, and sweeps each before it does. A process that is
    # ending gives up its environment, by which it is known here, before the lock of its stage.
    until = time.monotonic() + GRACE_S
    while stages := sorted(trial.rglob(f"{STAGE_PREFIX}*")):
        for stage in stages:
            sweep(stage.parent)
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    found = trial / work.output
    allowed = [*editions, "nothing"] if fresh else editions
    if _digest(found) not in allowed:
        return f"{moment}: the output is neither the old nor the new edition"
    if debris := [path.name for path in trial.rglob(f"{STAGE_PREFIX}*")]:
        return f"{moment}: {debris} were left"
    if others := [path.name for path in (trial / "tmp").iterdir()]:
        return f"{moment}: {others} were left among temporary files"
    return None


def _digest(path: Path) -> str:
    if not path.exists():
        return "nothing"
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(path.parent).as_posix().encode())
        digest.update(_without_moments(file))
    return digest.hexdigest()


def _without_moments(file: Path) -> bytes:
    """A file but for the seconds that a run took."""
    content = file.read_bytes()
    if file.suffix == ".sarif":
        document = json.loads(content)
        for each in document.get("runs", ()):
            each.pop("invocations", None)
        return json.dumps(document, sort_keys=True).encode()
    if file.name == "catalogue.csv":
        return b"\n".join(b",".join(line.split(b",")[:3]) for line in content.splitlines())
    return content


def _processes(mark: str) -> list[int]:
    """Processes that carry the mark still after `GRACE_S`: one that is only starting notices that
    it is alone when it has started.
    """
    wanted = f"{MARK}={mark}".encode()
    found: list[int] = []
    until = time.monotonic() + GRACE_S
    while time.monotonic() < until:
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if wanted in (each / "environ").read_bytes().split(b"\0"):
                    found.append(int(each.name))
        if not found:
            break
        time.sleep(0.05)
    return found
