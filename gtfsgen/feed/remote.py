"""Feeds by path or address: their names, and those from the web as files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

CHUNK = 1 << 20
TIMEOUT_S = 60


def is_url(feed: str) -> bool:
    return feed.lower().startswith(("http://", "https://"))


def feed_name(feed: str) -> str:
    """A folder name for a feed: the last part of its path or address, without `.zip`."""
    path = unquote(urlsplit(feed).path) if is_url(feed) else str(Path(feed).absolute())
    last = path.rstrip("/").rpartition("/")[2]
    return safe_name(re.sub(r"\.zip$", "", last, flags=re.IGNORECASE)) or "feed"


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
def local_copy(feed: str) -> Iterator[Path]:
    """The feed as a path; an address is downloaded first.

    Raises OSError (urllib's errors are among them) when the download fails.
    """
    if not is_url(feed):
        yield Path(feed)
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="gtfsgen-") as folder:
        path = Path(folder) / f"{feed_name(feed)}.zip"
        download(feed, path)
        yield path


def download(
    address: str, path: Path, headers: Mapping[str, str] | None = None, any_status: bool = False
) -> None:
    """Write what an address holds to a file; `headers` are sent with the request.

    With `any_status` the page that tells of an error is written like any other, as the canonical
    validator does it. Raises OSError (urllib's errors are among them) when the download fails.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    try:
        request = Request(address, headers={"User-Agent": "gtfsgen", **(headers or {})})
        try:
            answer = urlopen(request, timeout=TIMEOUT_S)
        except HTTPError as error:
            if not any_status:
                raise
            answer = error
        with answer, path.open("wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
    except HTTPException as error:
        raise OSError(f"the download broke off ({type(error).__name__})") from error
    except ValueError as error:
        raise OSError(f"the address is not one: {error}") from error
