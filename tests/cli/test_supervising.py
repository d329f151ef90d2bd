"""Time, memory and crashes end a command with words and exit code 2, whatever it is doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no supervision elsewhere")

COMMAND = """
import sys
import click
from gtfsgen.cli.limits import limited
from gtfsgen.cli import ending, supervising
ending.prepare_process()
supervising.begin_process()

@click.command()
@limited()
def command():
    from pathlib import Path
    from gtfsgen.writing import staging
    {body}

sys.exit(ending.exit_code(lambda: command.main(sys.argv[1:], standalone_mode=False)))
"""


def start(tmp_path: Path, body: str, *words: str) -> subprocess.Popen[str]:
    script = tmp_path / "command.py"
    script.write_text(COMMAND.format(body=body.replace("\n", "\n    ")))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(script), *words],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, said = process.communicate(timeout=30)
    return process.returncode, out, said


BLIND = "(1 << 300_000_000) % 1_000_003 ** 99"
"""Takes long, and never lets go of Python's lock."""


def test_what_ends_well_or_with_a_code_of_its_own_is_let_be(tmp_path: Path) -> None:
    assert ended(start(tmp_path, "print('done')")) == (0, "done\n", "")
    assert ended(start(tmp_path, "print('found'); sys.exit(1)")) == (1, "found\n", "")
    code, _, said = ended(start(tmp_path, "raise KeyError('x')"))
    assert code == 2
    assert "should not have happened" in said


def test_time_ends_a_call_that_holds_pythons_lock(tmp_path: Path) -> None:
    began = time.monotonic()
    code, _, said = ended(start(tmp_path, f"{BLIND}", "--max-seconds", "1"))
    assert code == 2
    assert said.startswith("gtfsgen: this takes too many seconds; the limit is 1 ")
    assert "--max-seconds" in said
    assert time.monotonic() - began < 15


def test_work_that_can_is_left_in_order_when_time_is_up(tmp_path: Path) -> None:
    body = "try:\n    import time; time.sleep(60)\nfinally:\n    print('put away')"
    code, out, said = ended(start(tmp_path, body, "--max-seconds", "4"))
    assert (code, out) == (2, "put away\n")
    assert said.count("\n") == 1


def test_memory_ends_what_takes_it_and_nothing_is_left(tmp_path: Path) -> None:
    body = (
        "with staging(Path('place')) as stage:\n"
        "    (stage / 'big').write_bytes(b'x')\n"
        "    held = []\n"
        "    while True: held.append(bytearray(1 << 24))"
    )
    code, _, said = ended(start(tmp_path, body, "--max-memory", "300M"))
    assert code == 2
    assert "memory" in said
    assert "--max-memory" in said
    assert list((tmp_path / "place").iterdir()) == []


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_crash_is_words(tmp_path: Path, name: str) -> None:
    body = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    code, _, said = ended(start(tmp_path, body))
    assert code == 2
    assert said.startswith("gtfsgen: ")
    assert "Traceback" not in said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("group", [False, True])
def test_signals_reach_the_work_once(tmp_path: Path, number: Any, code: Any, group: Any) -> None:
    body = (
        "import time\n"
        "print('began', flush=True)\n"
        "try:\n"
        "    time.sleep(60)\n"
        "finally:\n"
        "    time.sleep(0.3); print('put away')"
    )
    process = start(tmp_path, body)
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    time.sleep(0.3)  # until it is asleep
    process.send_signal(number)
    if group:  # as a terminal does, to the parent and to the child
        os.kill(int(listed.split()[0]), number)
    assert ended(process)[:2] == (code, "put away\n")


def test_the_work_ends_with_its_supervisor(tmp_path: Path) -> None:
    body = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    process = start(tmp_path, body)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    until = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_what_the_work_has_started_ends_with_it(tmp_path: Path) -> None:
    body = (
        "import os, signal, subprocess\n"
        "print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    code, out, _ = ended(start(tmp_path, body))
    assert code == 2
    assert not Path(f"/proc/{out.strip()}").exists()
