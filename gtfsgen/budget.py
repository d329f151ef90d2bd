"""How much one input may cost: bytes, rows, cells, seconds, memory. One budget for all commands.

    >>> from gtfsgen.budget import Budget, budget, spending
    >>> budget().entries
    10000
    >>> with spending(Budget(entries=3)):
    ...     budget().entries
    3

Readers ask `budget()` and raise `LimitExceeded` with `exceeded(...)`. Seconds and memory cannot be
counted by those who spend them, so a command runs in a process that another one looks after
(`gtfsgen.cli.supervising`), or where that cannot be under a thread that ends the process with a
line and exit code 2 (`watched`). A program that calls gtfsgen as a library is not ended; there only
what is read is limited. What the limits are for is in docs/limits.md.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

MEBI = 1 << 20
ENVIRONMENT_PREFIX = "GTFSGEN_MAX_"
UNREADABLE = 2
"""The exit code of a command whose input cannot be read."""


class UnreadableInput(OSError):
    """An input that is not there, cannot be fetched or cannot be opened as a feed.

    `message` is for people; `exception` is the name of the Java class that the canonical validator
    reports for it in system_errors.json.
    """

    def __init__(self, message: str, exception: str = "java.io.IOException") -> None:
        super().__init__(message)
        self.message = message
        self.exception = exception

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.message, self.exception)


class LimitExceeded(UnreadableInput):
    """An input that asks for more than the budget allows; the message names limit and option."""


@dataclass(frozen=True)
class Budget:
    """The limits on one input. Each has an environment variable, GTFSGEN_MAX_<NAME>."""

    unpacked: int = 16 << 30
    """Bytes of all files of a feed that are read, after unpacking."""
    ratio: int = 200
    """Bytes unpacked for each byte packed, in a file of an archive of more than `RATIO_FREE`."""
    entries: int = 10_000
    """Files of an archive or a folder."""
    directory: int = 64 << 20
    """Bytes of an archive's directory."""
    rows: int = 100_000_000
    """Lines of one table."""
    cell: int = 1 << 20
    """Characters of a cell, where GTFS's own parsers set no lower limit."""
    columns: int = 512
    """Columns of a table."""
    json: int = 256 << 20
    """Bytes of a JSON document: locations.geojson, shapes.geojson."""
    nesting: int = 10_000
    """Lists and objects of JSON within each other."""
    table: int = 64 << 20
    """Bytes of a file of a curated project: a table, a workbook, a track."""
    cells: int = 5_000_000
    """Cells of a table of a curated project."""
    download: int = 4 << 30
    """Bytes of a feed fetched from the web, packed."""
    fetch: float = 0
    """Seconds of one fetch; 0 means 45, and one more for each 200,000 bytes that come."""
    seconds: float = 0
    """Of the whole command; 0 means `SECONDS_AT_LEAST` and more for a larger input."""
    notices: int = 2_000_000
    """Notices of one code that are kept in full; those beyond it are counted."""
    memory: int = 4 << 30
    """Bytes of memory of this process."""


RATIO_FREE = 32 * MEBI
"""So many bytes of one file may come out of any number of packed ones: small files of few distinct
rows are packed well, and do no harm."""

SECONDS_AT_LEAST = 50.0
FREE_BYTES = 3 * MEBI
BYTES_A_SECOND = 12_500
"""Each so many bytes of the input on disk, beyond the free ones, give a command a second more.
Validation takes a fiftieth of it, a page of a large feed a fifth."""
PLAIN_SHARE = 8
"""So many bytes that are not packed count as one that is."""
MEMORY_SHARE = 0.95
"""The watch ends the process at this share of the limit: what is asked for between two looks, and
what it takes to end, must still be under it."""
LOOKS_S = 0.02
GRACE_S = 3.0
"""How long the main thread may take to leave its work in order when time is up."""

OPTIONS = {
    "memory": "--max-memory",
    "seconds": "--max-seconds",
    "unpacked": "--max-unpacked",
    "rows": "--max-rows",
    "notices": "--max-notices",
}
"""Limits that have an option in commands; the others are set by the environment."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def amount(text: str) -> float:
    """A number with a unit or without: 800000, 512M, 4G (powers of 1024).

    Raises ValueError for anything else, and for what is not above zero.
    """
    body = text.strip().lower().removesuffix("b").removesuffix("i")
    unit = body[-1:] if body[-1:] in _UNITS else ""
    try:
        value = float(body.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        raise ValueError(f"{text!r} is no number; write 800000, 512M or 4G") from None
    if not 0 < value < float("inf"):
        raise ValueError(f"{text!r} is not above zero")
    return value


def from_environment() -> Budget:
    """The default limits, changed by GTFSGEN_MAX_MEMORY, GTFSGEN_MAX_ROWS and so on.

    Raises ValueError for a variable that is no number.
    """
    given = {}
    for each in fields(Budget):
        name = ENVIRONMENT_PREFIX + each.name.upper()
        if text := os.environ.get(name, "").strip():
            try:
                given[each.name] = amount(text)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    return Budget(**{name: _typed(name, value) for name, value in given.items()})  # type: ignore[arg-type]


def _typed(name: str, value: float) -> float:
    return value if name in ("seconds", "fetch") else int(value)


_current: ContextVar[Budget | None] = ContextVar("gtfsgen_budget", default=None)
_of_process: Budget | None = None


def budget() -> Budget:
    """The limits that hold here: those of `spending`, of the command, or of the environment."""
    return _current.get() or _of_process or from_environment()


@contextmanager
def spending(limits: Budget) -> Iterator[Budget]:
    """Let other limits hold within the block, in this thread."""
    token = _current.set(limits)
    try:
        yield limits
    finally:
        _current.reset(token)


def how_to_raise(name: str) -> str:
    """The option and the variable that set another limit."""
    option = f"{OPTIONS[name]} or " if name in OPTIONS else ""
    return f"{option}{ENVIRONMENT_PREFIX}{name.upper()} sets another"


def exceeded(name: str, what: str, limit: float | None = None) -> LimitExceeded:
    """The exception that says that `what` is more than a limit allows, and how to raise it."""
    allowed = getattr(budget(), name) if limit is None else limit
    return LimitExceeded(
        f"{what}; the limit is {_shown(name, allowed)} ({how_to_raise(name)})",
        f"gtfsgen.{LimitExceeded.__name__}",
    )


_BYTES = {"unpacked", "directory", "json", "table", "memory", "download"}


def _shown(name: str, value: float) -> str:
    return size(value) if name in _BYTES else f"{value:,.0f}"


def size(number: float) -> str:
    """Bytes as people say them: 900 bytes, 64 MiB, 1.5 GiB."""
    for unit, bytes_ in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number >= bytes_:
            return f"{number / bytes_:.4g} {unit}"
    return f"{number:.0f} bytes"


# ------------------------------------------------------------------- what has been read, and left

_packed_bytes = 0
_temporary: set[Path] = set()
_supervisor: int | None = None
"""The pipe to the process that looks after this one."""
_COUNTED, _MADE, _GONE = b"c", b"+", b"-"


def tell_supervisor(pipe: int) -> None:
    """Note down a pipe what is read and what is left if this process is killed: see `take_note`."""
    global _supervisor
    _supervisor = pipe


def is_supervised() -> bool:
    return _supervisor is not None


def _note(kind: bytes, content: bytes) -> None:
    if _supervisor is not None:
        with suppress(OSError):
            os.write(_supervisor, kind + content + b"\n")


def take_note(line: bytes) -> None:
    """In the process that looks after another: do what that one has noted."""
    kind, content = line[:1], line[1:]
    if kind == _COUNTED:
        count_packed(int(content))
    elif kind == _MADE:
        _temporary.add(Path(os.fsdecode(bytes.fromhex(content.decode()))))
    elif kind == _GONE:
        _temporary.discard(Path(os.fsdecode(bytes.fromhex(content.decode()))))


def count_packed(number: int) -> None:
    """Tell that the input has so many bytes, as packed on disk: they give the command more time."""
    global _packed_bytes
    _packed_bytes += number
    _note(_COUNTED, b"%d" % number)


def count_input(path: str | os.PathLike[str]) -> None:
    """Count a file or a folder, as far as there is one; see `count_packed`."""
    count_packed(packed_size(path))


def packed_size(path: str | os.PathLike[str]) -> int:
    """The bytes of a file or of the files of a folder, as packed; 0 for what is not there."""
    total = 0
    with suppress(OSError, ValueError):
        if not os.path.isdir(path):
            return _as_packed(os.fspath(path), os.stat(path).st_size)
        with os.scandir(path) as entries:
            for entry in itertools.islice(entries, Budget.entries):
                if entry.is_file():
                    total += _as_packed(entry.name, entry.stat().st_size)
    return total


def _as_packed(name: str, size: int) -> int:
    packed = name.lower().endswith((".zip", ".gz", ".bz2", ".pbf", ".xlsx", ".ods"))
    return size if packed else size // PLAIN_SHARE


@contextmanager
def removed_at_end(path: Path) -> Iterator[Path]:
    """While the block runs, a limit that ends the process removes the file or folder first."""
    told = os.fsencode(path).hex().encode()
    _temporary.add(path)
    _note(_MADE, told)
    try:
        yield path
    finally:
        _temporary.discard(path)
        _note(_GONE, told)


def left_behind() -> set[Path]:
    """Files and folders that `removed_at_end` was told of, and that are still there."""
    return {path for path in _temporary if path.exists()}


def _sweep() -> None:
    import shutil

    for path in list(_temporary):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


# -------------------------------------------------------------------------------------- the watch


class OutOfTime(SystemExit):
    """Time is up: the main thread is to leave what it does, in order, with exit code 2."""

    def __init__(self) -> None:
        super().__init__(UNREADABLE)


@contextmanager
def holding(limits: Budget) -> Iterator[None]:
    """Let these limits hold in all threads of this process while the block runs."""
    global _of_process
    before, _of_process = _of_process, limits
    try:
        yield
    finally:
        _of_process = before


@contextmanager
def watched(limits: Budget, *, timed: bool = True) -> Iterator[None]:
    """While the block runs, end the process when it is over the budget's memory or seconds.

    Without `timed`, time is limited only where the budget itself names seconds: some commands wait
    for people or for other programs.
    """
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(limits, timed, over), daemon=True)
    watch.start()
    try:
        with holding(limits):
            yield
    finally:
        over.set()


def allowed_seconds(limits: Budget, timed: bool = True) -> float:
    """How long a command may take, by the size of its input as far as that is known."""
    if not timed and not limits.seconds:
        return float("inf")
    return seconds_for(_packed_bytes, limits)


def seconds_for(packed: int, limits: Budget) -> float:
    """The seconds for an input of so many bytes on disk."""
    if limits.seconds:
        return limits.seconds
    return SECONDS_AT_LEAST + max(0, packed - FREE_BYTES) / BYTES_A_SECOND


def _watch(limits: Budget, timed: bool, over: threading.Event) -> None:
    began = time.monotonic()
    memory = resident_memory()
    while not over.wait(LOOKS_S):
        if memory is not None and memory() > limits.memory * MEMORY_SHARE:
            _end(exceeded("memory", "the memory that this takes is too much", limits.memory))
        allowed = allowed_seconds(limits, timed)
        if time.monotonic() - began > allowed:
            _say(exceeded("seconds", "this takes too many seconds", allowed))
            _interrupt_main_thread()
            if not over.wait(GRACE_S):
                _end()


def _interrupt_main_thread() -> None:
    import ctypes

    main = ctypes.c_ulong(threading.main_thread().ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(OutOfTime))


def _say(error: LimitExceeded) -> None:
    """Not by click or print, which another thread may be in the midst of."""
    with suppress(OSError):
        os.write(2, f"gtfsgen: {error.message}\n".encode())


def _end(error: LimitExceeded | None = None) -> None:
    if error is not None:
        _say(error)
    _sweep()
    os._exit(UNREADABLE)


@cache
def resident_memory() -> Callable[[], int] | None:
    """A function that gives the bytes of memory this process holds; None where none is known."""
    if sys.platform == "linux":
        page = os.sysconf("SC_PAGE_SIZE")
        descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        return lambda: int(os.pread(descriptor, 128, 0).split()[1]) * page
    return None
