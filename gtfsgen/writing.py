"""The one way to disk: what is new is written whole beside what is old, then put in its place.

A reader, or whoever looks after a kill, finds the old edition or the new one, and never parts of
both. Stages are folders named `.gtfsgen-...` beside what they replace; a writer holds a lock on
its own, and removes those that nobody holds any more (docs/decisions/writing.md).
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from gtfsgen.budget import removed_at_end

Content = bytes | str | Callable[[BinaryIO], object]
"""What a file is to hold; text is written as UTF-8, a function writes to the open file."""

STAGE_PREFIX = ".gtfsgen-"
NEW, OLD, TARGET = "new", "old", "target"
"""In a stage: the new edition, the old one where two renames are needed, and whose place it is."""
RENAME_EXCHANGE = 2
AT_FDCWD = -100
CANNOT_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV, errno.EPERM)
CANNOT_MOVE = (errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EINVAL)


def write_file(path: Path, content: Content) -> Path:
    """Write a file, in the place of one that is there; its folder is made if need be.

    Raises OSError; a folder that stands where the file is to be is not replaced.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder stands where the file is to be", str(path))
    with staging(path.parent) as stage:
        fresh = stage / NEW
        _fill(fresh, content)
        _take_mode(fresh, path)
        os.replace(fresh, path)
    return path


def write_files(folder: Path, files: Mapping[str, Content], stale: Collection[str] = ()) -> None:
    """Write files into a folder, all of them at one moment.

    `files` maps paths below the folder, with `/`, to contents. What else is in the folder stays,
    but for the names in `stale`. The whole folder is exchanged for a new one; where it cannot be
    (a mount, or the folder one works in) or should not be (it holds more that is not ours), its
    files are, one by one, in the order of `files`.
    Raises OSError.
    """
    write_stream(folder, files.items(), stale)


def write_stream(
    folder: Path, files: Iterable[tuple[str, Content]], stale: Collection[str] = ()
) -> tuple[int, int]:
    """Write files as `write_files` does, each as it is made: none is kept in memory. Returns how
    many there were, and their bytes.
    """
    check_folder(folder)
    place = Path(os.path.realpath(folder))
    with staging(place.parent) as stage:
        fresh = stage / NEW
        fresh.mkdir()
        names: dict[str, int] = {}
        for name, content in files:
            _fill(fresh / name, content)
            names[name] = (fresh / name).stat().st_size
        told = len(names), sum(names.values())
        _check_places(place, names)
        if not place.exists():
            _take_mode(fresh, place)
            os.rename(fresh, place)
            return told
        if _mostly_ours(place, {*names, *stale}) and not _work_below(place):
            _carry_over(place, fresh, {*names, *stale})
            _take_mode(fresh, place)
            if _exchange(stage, fresh, place):
                return told
        _exchange_each(fresh, place, list(names), stale)
        return told


def check_folder(folder: Path) -> None:
    """Raise NotADirectoryError where something else stands in the place of a folder of outputs."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            errno.ENOTDIR, "a file stands where the folder is to be", str(folder)
        )


def _check_places(place: Path, names: Iterable[str]) -> None:
    """Before anything is written: no folder stands where a file is to be, nor the other way."""
    for name in names:
        target = place / name
        if target.is_dir():
            raise IsADirectoryError(
                errno.EISDIR, "a folder stands where the file is to be", str(target)
            )
        if "/" in name:
            check_folder(target.parent)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what passes, in the system's place for such, that is gone afterwards."""
    with staging(Path(tempfile.gettempdir())) as stage:
        yield stage


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """An empty folder in `parent` that is gone afterwards; those of killed writers go first."""
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    stage, lock = _locked_folder(parent)
    try:
        with removed_at_end(stage):
            yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if lock >= 0:
            os.close(lock)


def sweep(parent: Path) -> None:
    """Remove what killed writers left in a folder; where one was in the midst of two renames, the
    new edition takes its place.
    """
    with suppress(OSError):
        for stage in sorted(parent.glob(f"{STAGE_PREFIX}*")):
            if stage.is_dir() and not stage.is_symlink():
                _sweep_stage(stage)


def _sweep_stage(stage: Path) -> None:
    lock = _lock(stage)
    if lock is None:
        return
    try:
        with suppress(OSError, ValueError):
            target = Path((stage / TARGET).read_text(encoding="utf-8"))
            if target.parent == stage.parent and not target.exists():
                os.rename(stage / NEW if (stage / NEW).exists() else stage / OLD, target)
        shutil.rmtree(stage, ignore_errors=True)
    finally:
        if lock >= 0:
            os.close(lock)


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """A new folder and the descriptor of its lock. Somebody may sweep it before it is locked."""
    while True:
        stage = Path(tempfile.mkdtemp(prefix=STAGE_PREFIX, dir=parent))
        with suppress(OSError):
            lock = _lock(stage)
            if lock is not None and stage.exists():
                return stage, lock


def _lock(stage: Path) -> int | None:
    """Lock a stage until its descriptor is closed; None if another process holds it.

    Where folders cannot be locked the answer is -1 for a stage of one's own and for an old one.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows
        return -1
    descriptor = os.open(stage, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:  # a file system without locks
        os.close(descriptor)
        return -1
    return descriptor


def _fill(path: Path, content: Content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content.encode() if isinstance(content, str) else content)


def _take_mode(fresh: Path, former: Path) -> None:
    """The rights of what is replaced, or those that the process gives to new files."""
    with suppress(OSError):
        mode = former.stat().st_mode if former.exists() else None
        usual = 0o777 if fresh.is_dir() else 0o666
        fresh.chmod(mode & 0o7777 if mode is not None else usual & ~_umask())


@cache
def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _work_below(folder: Path) -> bool:
    """The process, or the shell it was called from, stands in the folder."""
    with suppress(OSError):
        return Path.cwd().is_relative_to(folder)
    return True


def _mostly_ours(folder: Path, names: Collection[str]) -> bool:
    """Whether a folder is an edition of several files, and not one in which many things lie."""
    tops = {name.partition("/")[0] for name in names}
    others = sum(
        name not in tops and not name.startswith(STAGE_PREFIX) for name in os.listdir(folder)
    )
    return len(names) > 1 and others <= len(tops)


def _carry_over(former: Path, fresh: Path, left: Collection[str]) -> None:
    """Everything of the old folder that the new one has not, by hard links where they can be."""
    for entry in sorted(os.scandir(former), key=lambda entry: entry.name):
        target = fresh / entry.name
        if entry.name.startswith(STAGE_PREFIX) or entry.name in left:
            continue
        if entry.is_dir(follow_symlinks=False):
            below = {name.partition("/")[2] for name in left if name.startswith(f"{entry.name}/")}
            target.mkdir(exist_ok=True)
            _carry_over(Path(entry.path), target, below)
            shutil.copystat(entry.path, target)
        elif not target.exists():
            _link_or_copy(entry.path, target)


def _link_or_copy(path: str, target: Path) -> None:
    try:
        os.link(path, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, target, follow_symlinks=False)


def _exchange(stage: Path, fresh: Path, place: Path) -> bool:
    """Exchange two folders, at one moment where the system can; False if it can not at all."""
    try:
        _rename_exchange(fresh, place)
        return True
    except OSError as error:
        if error.errno not in CANNOT_EXCHANGE:
            if error.errno in CANNOT_MOVE:
                return False
            raise
    (stage / TARGET).write_text(str(place), encoding="utf-8")
    try:
        os.rename(place, stage / OLD)
    except OSError as error:
        if error.errno in CANNOT_MOVE:
            return False
        raise
    try:
        os.rename(fresh, place)
    except BaseException:
        os.rename(stage / OLD, place)
        raise
    return True


def _rename_exchange(first: Path, second: Path) -> None:
    """renameat2(2) with RENAME_EXCHANGE. Raises OSError, with ENOSYS where there is none."""
    call = _renameat2()
    if call is None:
        raise OSError(errno.ENOSYS, "no renameat2")
    sys.audit("gtfsgen.exchange", str(first), str(second))
    paths = os.fsencode(first), os.fsencode(second)
    if call(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(second))


@cache
def _renameat2() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    call.restype = ctypes.c_int
    return call


def _exchange_each(
    fresh: Path, place: Path, names: Collection[str], stale: Collection[str]
) -> None:
    """Put new files into a folder one by one, each whole; then remove those that are stale."""
    for name in names:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.replace(fresh / name, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _fill_beside(target, (fresh / name).read_bytes())
    for name in stale:
        (place / name).unlink(missing_ok=True)


def _fill_beside(target: Path, content: bytes) -> None:
    """Where the folder is on a file system of its own, the stage must be there as well."""
    with staging(target.parent) as stage:
        _fill(stage / NEW, content)
        os.replace(stage / NEW, target)
