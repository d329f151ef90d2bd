"""Bytes of one file that are read once from front to back, and what ends them early."""

from __future__ import annotations

from typing import Protocol


class DamagedEntry(OSError):
    """One file of the feed breaks off or is not there, and the run goes on without it.

    `unlisted` marks a file that the canonical listing names but cannot find.
    """

    def __init__(self, message: str, *, unlisted: bool = False) -> None:
        super().__init__(message)
        self.unlisted = unlisted


class Stream(Protocol):
    """What `Archive.open` gives: bytes of one file, read once from front to back."""

    def read(self, size: int = -1, /) -> bytes: ...
    def close(self) -> None: ...
    def __enter__(self) -> Stream: ...
    def __exit__(self, *exception: object) -> None: ...
