"""Plain files: which a folder has, and their bytes, within the limits of one input."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gtfsgen.budget import LimitExceeded, budget, exceeded
from gtfsgen.faults import Fault, Severity


class UnreadableFile(Exception):
    """A file that cannot be read: in words, and how to mend it."""

    def __init__(self, message: str, hint: str = "", code: str = "unreadable_file") -> None:
        super().__init__(message)
        self.message, self.hint, self.code = message, hint, code

    def fault(self, path: str) -> Fault:
        return Fault(Severity.ERROR, self.code, path, 0, "", self.message, "", self.hint)


def too_large(limit: LimitExceeded) -> UnreadableFile:
    return UnreadableFile(limit.message[:1].upper() + limit.message[1:] + ".", code="too_large")


def read_text(file: Path, limit: str = "table") -> str:
    """The text of a plain file in UTF-8. Raises `UnreadableFile`."""
    try:
        return read_bytes(file, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"The file is not UTF-8 (byte {error.start + 1})."
        raise UnreadableFile(message, "save the file in UTF-8", "bad_encoding") from None


def read_bytes(file: Path, limit: str = "table") -> bytes:
    """All of a plain file that is not larger than the limit of the budget allows.

    Raises `UnreadableFile`; pipes and devices, at which one could wait for ever, are not read.
    """
    most = int(getattr(budget(), limit))
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(file, flags), "rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if not stat.S_ISREG(mode):
                kind = "folder" if stat.S_ISDIR(mode) else "pipe or a device"
                raise UnreadableFile(f"It is a {kind}, not a file.")
            data = opened.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        raise UnreadableFile(f"The file cannot be read: {reason}.") from None
    if len(data) > most:
        raise too_large(exceeded(limit, "the file is too large"))
    return data


def files_in(folder: Path, prefix: str = "") -> tuple[list[Path], list[Fault]]:
    """The files of a folder in order, without hidden ones and what editors leave beside them.

    Faults, with `prefix` before the file's name, are told of those that cannot be named or listed.
    """
    place = prefix.rstrip("/") or folder.name
    if not folder.is_dir():
        if not prefix or not os.path.lexists(folder):
            return [], []
        return [], [UnreadableFile("A folder is expected here.").fault(place)]
    found: list[str] = []
    try:
        for name in os.listdir(folder):
            if not name.startswith((".", "~", "_")):
                found.append(name)
    except OSError as error:
        return [], [UnreadableFile(f"The folder cannot be read: {error.strerror}.").fault(place)]
    if len(found) > budget().entries:
        limit = exceeded("entries", f"the folder has {len(found):,} files")
        return [], [too_large(limit).fault(place)]
    good = [name for name in found if name.isprintable() and is_utf8(name)]
    message = "The file's name is not UTF-8, or has control characters."
    faults = [
        UnreadableFile(message, "give it another name").fault(prefix + shown(name))
        for name in sorted(set(found).difference(good))
    ]
    return [folder / name for name in sorted(good)], faults


def is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(name: str) -> str:
    """A file's name with what cannot be shown as numbers."""
    return repr(name)[1:-1]
