"""Feeds by path or address: their names, and those from the web as files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gtfsgen.budget import UnreadableInput

LONGEST_NAME = 100
"""Characters of a folder's name; file systems end at 255 bytes."""
_OTHER_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(feed: str) -> bool:
    return feed.lower().startswith(("http://", "https://"))


def is_other_address(feed: str) -> bool:
    """An address that is not fetched: ftp, file and others."""
    return _OTHER_ADDRESS.match(feed) is not None and not is_url(feed)


def feed_name(feed: str) -> str:
    """A folder name for a feed: the last part of its path or address, without `.zip`."""
    path = unquote(urlsplit(feed).path) if is_url(feed) else str(Path(feed).absolute())
    last = path.rstrip("/").rpartition("/")[2]
    name = safe_name(re.sub(r"\.zip$", "", last, flags=re.IGNORECASE))
    return name[:LONGEST_NAME] or "feed"


def safe_name(text: str) -> str:
    """The text with what does not belong into a folder's name replaced."""
    return re.sub(r"[^\w.-]+", "-", text).strip(".-")


def unique(names: Iterable[str]) -> list[str]:
    """The names, with -2, -3, ... after those that came before."""
    taken: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}-{number}"
        taken.add(candidate)
        result.append(candidate)
    return result


@contextmanager
def local_copy(feed: str | Path) -> Iterator[Path]:
    """The feed as a path; an address is downloaded first.

    Raises `UnreadableInput` when the download fails.
    """
    if not is_url(str(feed)):
        yield Path(feed)
        return
    from gtfsgen.writing import scratch_folder

    with scratch_folder() as folder:
        path = folder / f"{feed_name(str(feed))}.zip"
        try:
            download(str(feed), path)
        except UnreadableInput as error:
            said = f"{told(feed)} cannot be had: {error.message}"
            raise type(error)(said, error.exception) from None
        yield path


def check_there(feed: str | Path) -> None:
    """Raise `UnreadableInput` where a path leads to nothing, or is an address of another kind."""
    if isinstance(feed, str) and is_other_address(feed):
        raise UnreadableInput(f"{feed[:80]!r} cannot be had: only http and https are fetched")
    try:
        os.stat(feed)
    except (OSError, ValueError) as error:
        absent = isinstance(error, FileNotFoundError)
        kind = "java.io.FileNotFoundException" if absent else "java.io.IOException"
        said = getattr(error, "strerror", None) or str(error)
        raise UnreadableInput(f"{feed} cannot be had: {said}", kind) from None


def download(
    address: str, path: Path, headers: Mapping[str, str] | None = None, any_status: bool = False
) -> None:
    """Write what an address holds to a file; see `gtfsgen.feed.fetching.fetch`."""
    from gtfsgen.feed.fetching import fetch

    fetch(address, path, headers, any_status)


def told(feed: str | Path) -> str:
    """The feed's path or address as it may be told: without user and password."""
    if not is_url(str(feed)):
        return str(feed)
    from gtfsgen.feed.fetching import shown

    return shown(str(feed))
