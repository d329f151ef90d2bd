"""Where a command ends: what it says and its exit code, for every command and every cause.

0: good. 1: notices at or above the limit, or differences. 2: a wrong command, an input that cannot
be read or an output that cannot be written, or a fault of gtfsgen. 130: Ctrl-C. 143: SIGTERM.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

GOOD, FOUND, FAILED, STOPPED, TERMINATED = 0, 1, 2, 130, 143
DEBUG = "GTFSGEN_DEBUG"
"""With this in the environment a fault of gtfsgen shows its traceback."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: everything is put away as after Ctrl-C."""


def exit_code(call: Callable[[], Any]) -> int:
    """Run a command, say how it ended where it did not end well, and return its exit code."""
    try:
        end = call()
        return end if isinstance(end, int) and not isinstance(end, bool) else GOOD
    except SystemExit as end:
        return _code_of(end)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort) as end:
        # click has begun a new line and made an Abort of what it caught.
        _say("Stopped." if isinstance(end, click.Abort) else "\nStopped.")
        causes = (end, end.__cause__)
        return TERMINATED if any(isinstance(e, Terminated) for e in causes) else STOPPED
    except click.ClickException as error:
        error.show()
        return FAILED
    except BrokenPipeError:
        return GOOD
    except MemoryError:
        _say("gtfsgen: there is not enough memory for this input")
    except RecursionError:
        _say("gtfsgen: the input is nested too deeply to be read")
    except OSError as error:
        _say(f"gtfsgen: {told(error)}")
    except BaseException as error:  # a panic of a library is no Exception
        _say_fault(error)
    return FAILED


def told(error: OSError) -> str:
    """What the system says of a file, in a line."""
    place = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{place}{reason}"


def _code_of(end: SystemExit) -> int:
    if isinstance(end.code, int):
        return end.code
    if end.code is None:
        return GOOD
    _say(str(end.code))
    return FAILED


def _say_fault(error: BaseException) -> None:
    if os.environ.get(DEBUG):
        _say("".join(traceback.format_exception(error)).rstrip())
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(Path(__file__).parents[1])
    ]
    at = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    said = " ".join(str(error).split())[:300]
    _say(
        f"gtfsgen: this should not have happened: {type(error).__name__}: {said}{at}\n"
        "It is a fault of gtfsgen; please report it with the command and its input."
        f" {DEBUG}=1 shows where it arose."
    )


def _say(text: str) -> None:
    with suppress(OSError):  # nobody listens
        click.echo(text, err=True)


def prepare_process() -> None:
    """SIGTERM ends a command as Ctrl-C does; what is written to closed pipes is lost in silence;
    a character that the terminal has not got is shown by its number.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, _patient(stream))


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


class _PatientPipe(io.RawIOBase):
    """A descriptor to which a reader may stop listening. The command goes on and ends with the
    code that it has, the same every time.
    """

    def __init__(self, descriptor: int, mode: str) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.mode = mode
        self.name = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        try:
            return os.write(self._descriptor, data)
        except BrokenPipeError:
            return len(memoryview(data).cast("B"))


def _patient(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    pipe = _PatientPipe(stream.fileno(), "wb")
    return io.TextIOWrapper(
        io.BufferedWriter(pipe),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
