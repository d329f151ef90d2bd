"""Run a command as a whole process and say what it took: wall time, processor time, peak memory."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

MB = 1e6
RSS_UNIT = 1 if platform.system() == "Darwin" else 1024
"""What ru_maxrss counts, in bytes."""


@dataclass(frozen=True)
class Run:
    """One process from start to end. `output` is what it printed."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int
    output: str
    timed_out: bool = False

    @property
    def failed(self) -> bool:
        """Whether it gave no answer; 1 is one: the feed has errors."""
        return self.timed_out or self.exit_code not in (0, 1)


def run(command: Sequence[str | Path], limit_s: float = 3600) -> Run:
    """Run a command, children included; end it and all it started after `limit_s`.

    On Linux a process inherits the peak memory of the one that starts it. So whoever measures must
    stay small itself: no polars, no pyarrow in here.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)),
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        out_of_time = threading.Event()

        def end() -> None:
            out_of_time.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit_s, end)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        return Run(
            wall_s,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * RSS_UNIT / MB,
            process.returncode,
            printed.read(),
            out_of_time.is_set(),
        )


def best(runs: Sequence[Run]) -> Run:
    """The run with the least wall time: the one that other work on the machine disturbed least."""
    return min(runs, key=lambda each: each.wall_s)


def machine() -> str:
    """The machine in a line: processor, cores, memory, system, Python."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()}"
    )


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def versions(*packages: str) -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in packages)


def replace_section(page: Path, name: str, lines: Sequence[str]) -> None:
    """Put lines between `<!-- name -->` and `<!-- end of name -->` of a page."""
    first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(first)
    _, ended, after = rest.partition(last)
    if not found or not ended:
        raise ValueError(f"{page} has no section {name!r} between {first.strip()} and {last}")
    body = "\n".join(lines)
    page.write_text(f"{before}{first}\n{body}\n\n{last}{after}", encoding="utf-8")
