"""A command in a process of its own, under the eyes of one that does nothing else.

What a hostile input can bring about cannot be trusted to the process that reads it: a call into C
may keep Python's lock for minutes, a library may end the process in a crash, memory may be gone
before the next line is run. So `supervise` forks early, before anything heavy is imported: the
child goes on with the command, the parent looks at its time and memory, and ends with the child's
exit code, or with words and exit code 2. See docs/limits.md.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from gtfsgen import budget as budget_
from gtfsgen.budget import Budget, OutOfTime, exceeded
from gtfsgen.cli.ending import FAILED
from gtfsgen.processes import adopt_orphans, children_of, end_with, resident_of

TICK_S = 0.02
LONGEST_TICK_S = 1.0
"""A look that took longer counts as so much: the machine slept, or the process was stopped."""
GRACE_S = 3.0
"""How long the child may take to leave its work in order when time is up."""
AGAIN_S = 1.0
"""A second Ctrl-C within so short a time is the first one on another way."""

_FORWARDED = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]

_own_process = False


def begin_process() -> None:
    """Say that this process is the command's own, and may be forked."""
    global _own_process
    _own_process = sys.platform == "linux"


def may_supervise() -> bool:
    return _own_process and not budget_.is_supervised()


def supervise(
    limits: Budget, allowed: Callable[[], float], failed: int = FAILED, whole: bool = False
) -> bool:
    """Go on in a child under supervision; the process that was there ends with it.

    `allowed` gives the seconds that the command may take so far, `failed` is the exit code for one
    that is beyond a limit or crashes. `whole` counts the memory of processes that the child starts
    as well. Returns whether there is a
    supervisor; where the system lets no process be forked, or says nothing of its memory, there is
    none.
    """
    if not Path("/proc/self/statm").exists():
        return False
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    kept, told = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    parent = os.getpid()
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, [*_FORWARDED, signal.SIGCHLD])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        child = os.fork()
    except OSError:
        os.close(kept)
        os.close(told)
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        return False
    if child:
        os.close(told)
        with suppress(BaseException):
            os._exit(_Supervisor(child, limits, allowed, kept, failed, whole).watch())
        os._exit(failed)
    os.close(kept)
    end_with(parent)
    budget_.tell_supervisor(told)
    signal.signal(signal.SIGXCPU, _leave)
    signal.signal(signal.SIGINT, _interrupted)
    signal.pthread_sigmask(signal.SIG_SETMASK, masked)
    return True


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise OutOfTime


_interrupted_at = -AGAIN_S


def _interrupted(number: int, frame: FrameType | None) -> None:
    global _interrupted_at
    now = time.monotonic()
    first = now - _interrupted_at >= AGAIN_S
    _interrupted_at = now
    if first:
        raise KeyboardInterrupt


class _Supervisor:
    """The parent: it waits for the child, forwards signals, and looks at memory and time."""

    def __init__(
        self,
        child: int,
        limits: Budget,
        allowed: Callable[[], float],
        notes: int,
        failed: int,
        whole: bool,
    ) -> None:
        self._whole = whole
        self._failed = failed
        self._child = child
        self._limits = limits
        self._allowed = allowed
        self._notes = notes
        self._noted = b""
        self._over = False

    def watch(self) -> int:
        """Wait for the child's end; returns the exit code for this process."""
        adopt_orphans()
        spent, kill_at = 0.0, float("inf")
        before = time.monotonic()
        while (status := self._ended()) is None:
            self._wait()
            self._read_notes()
            now = time.monotonic()
            spent += min(now - before, LONGEST_TICK_S)
            before = now
            if self._resident() > self._limits.memory * budget_.MEMORY_SHARE:
                self._kill("memory", "the memory that this takes is too much", self._limits.memory)
            elif spent > kill_at:
                self._kill()
            elif not self._over and spent > (allowed := self._allowed()):
                self._say("seconds", "this takes too many seconds", allowed)
                os.kill(self._child, signal.SIGXCPU)
                kill_at = spent + GRACE_S
        self._read_notes()
        return self._code(status)

    def _ended(self) -> int | None:
        """The child's status once it has ended; others that came to this process are reaped."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == self._child:
                    return status
                if pid == 0:
                    return None
        return self._failed << 8

    def _wait(self) -> None:
        came = signal.sigtimedwait([*_FORWARDED, signal.SIGCHLD], TICK_S)
        # What a terminal sends goes to the child as well; what a process sends does not.
        if came is not None and came.si_signo != signal.SIGCHLD and came.si_code <= 0:
            with suppress(ProcessLookupError):
                os.kill(self._child, came.si_signo)

    def _resident(self) -> int:
        """The bytes of memory that the child holds, and those that it has started with it."""
        started = children_of(self._child) if self._whole else []
        return sum(resident_of(each) for each in (self._child, *started))

    def _say(self, name: str, what: str, limit: float) -> None:
        self._over = True
        _write_error(exceeded(name, what, limit).message)

    def _kill(self, name: str = "", what: str = "", limit: float = 0) -> None:
        if not self._over and name:
            self._say(name, what, limit)
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)

    def _read_notes(self) -> None:
        """What the child has noted: see `budget.tell_supervisor`."""
        while select.select([self._notes], [], [], 0)[0]:
            part = os.read(self._notes, 1 << 16)
            if not part:
                return
            self._noted += part
            *lines, self._noted = self._noted.split(b"\n")
            for line in lines:
                budget_.take_note(line)

    def _code(self, status: int) -> int:
        if os.WIFEXITED(status):
            code = self._failed if self._over else os.WEXITSTATUS(status)
            self._end_orphans()
            return code
        number = os.WTERMSIG(status)
        self._end_orphans()
        _sweep()
        if self._over:
            return self._failed
        if number in _FORWARDED:
            return 128 + number
        if number == signal.SIGKILL:
            _write_error("the system ended this, as it does where memory is at its end")
        else:
            name = signal.Signals(number).name
            _write_error(
                f"this should not have happened: a library crashed ({name})\n"
                "It is a fault of gtfsgen; please report it with the command and its input."
            )
        return self._failed

    def _end_orphans(self) -> None:
        """End what the child has started and left behind."""
        for _ in range(100):
            for each in children_of(os.getpid()):
                with suppress(OSError):
                    os.kill(each, signal.SIGKILL)
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.01)
            except ChildProcessError:
                return


def _sweep() -> None:
    """Remove what the child would have removed at its end."""
    left = budget_.left_behind()
    if left:
        from gtfsgen.writing import sweep

        for parent in sorted({path.parent for path in left}):
            sweep(parent)


def _write_error(text: str) -> None:
    """Not by click or print, whose buffers this process shares with the child."""
    with suppress(OSError):
        os.write(2, f"gtfsgen: {text}\n".encode())
