"""Lists of feeds: a line of text for each, or a CSV with a column of paths or addresses."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gtfsgen.feed.remote import feed_name, is_url, safe_name, unique
from gtfsgen.files import UnreadableFile, read_text

FEED_COLUMNS = ("feed", "path", "url", "urls.direct_download", "urls.latest")
"""Names a CSV may have for the column of feeds; the last two are the Mobility Database's."""
NAME_COLUMNS = ("name", "id", "mdb_source_id")
COUNTRY_COLUMNS = ("country", "country_code", "location.country_code")


class ListError(ValueError):
    """A list that cannot be read, with what is wrong and how to mend it."""


@dataclass(frozen=True)
class Entry:
    """A feed to validate: a path or an address, a name for its folder, a country for phones."""

    feed: str
    name: str
    country: str = ""


def read_list(path: Path) -> list[Entry]:
    """Read a list of feeds.

    A `.csv` has a header with a column `feed`, `path` or `url`, and may have `name` and `country`.
    Any other file has a feed on each line; blank lines and those that begin with `#` are skipped.
    Relative paths start at the folder of the list. Names are unique. Raises ListError.
    """
    try:
        text = read_text(path)
    except UnreadableFile as error:
        hint = f" {error.hint[:1].upper()}{error.hint[1:]}." if error.hint else ""
        raise ListError(f"{path}: {error.message}{hint}") from None
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _text_rows(text)
    if not rows:
        raise ListError(f"{path}: names no feed; write a path or an address on each line")
    names = unique(name or feed_name(feed) for feed, name, _ in rows)
    return [
        Entry(feed if is_url(feed) else str(path.parent / feed), name, country)
        for (feed, _, country), name in zip(rows, names, strict=True)
    ]


def _text_rows(text: str) -> list[tuple[str, str, str]]:
    lines = (line.strip() for line in text.splitlines())
    return [(line, "", "") for line in lines if line and not line.startswith("#")]


def _csv_rows(path: Path, text: str) -> list[tuple[str, str, str]]:
    reader = csv.DictReader(text.splitlines())
    header = reader.fieldnames or []
    if not any(name in header for name in FEED_COLUMNS):
        raise ListError(f"{path}:1: has no column feed, path or url; found {', '.join(header)}")

    def cell(row: dict[str, str | None], names: Iterable[str]) -> str:
        """The first of these columns that has a value."""
        return next((text for name in names if (text := (row.get(name) or "").strip())), "")

    return [
        (feed, safe_name(cell(row, NAME_COLUMNS)), cell(row, COUNTRY_COLUMNS))
        for row in reader
        if (feed := cell(row, FEED_COLUMNS))
    ]
