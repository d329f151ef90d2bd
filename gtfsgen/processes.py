"""What one process can know and ask of another: that it ends with it, and what memory it holds."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def end_with(parent: int) -> None:
    """Have the system end this process when the one that started it ends, however that ends."""
    if not sys.platform.startswith("linux"):
        return
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(1)


def adopt_orphans() -> None:
    """Have processes whose parent ends come to this one, if it is above that parent."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value)


def children_of(process: int) -> list[int]:
    """The processes that another one's main thread has started and that have not ended."""
    with suppress(OSError, ValueError):
        listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
        return [int(each) for each in listed.split()]
    return []


def resident_of(process: int) -> int:
    """Bytes of memory that a process holds; 0 for one that has ended, or where none is known."""
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{process}/statm").read_bytes().split()[1]) * PAGE
    return 0
