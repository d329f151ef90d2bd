"""A feed copied into another archive, within the budget."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from gtfsgen.budget import size
from gtfsgen.csv.streams import DamagedEntry
from gtfsgen.feed.archive import KNOWN_NAMES, UNKNOWN_BYTES_READ
from gtfsgen.feed.tolerant import Files, open_files

if TYPE_CHECKING:
    import zipfile

EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
PART_BYTES = 1 << 20


def copy_entries(feed: Path, archive: zipfile.ZipFile, without: Collection[str] = ()) -> list[str]:
    """Copy a feed's files but some into an open archive, in the order of their names.

    Files stand at its root, in whatever folder they were. Returns a sentence for each that was not
    copied, or not whole. Raises `UnreadableInput` for what is no feed or beyond the budget.
    """
    told = []
    left = UNKNOWN_BYTES_READ
    with open_files(feed) as files:
        for name in files:
            if name in without or (feed.is_dir() and not _of_a_feed(name)):
                continue
            most = None
            if name.lower() not in KNOWN_NAMES:
                most = left
                left -= min(left, files.size(name))
            if said := _copy(files, name, archive, most):
                told.append(said)
    return told


def _of_a_feed(name: str) -> bool:
    return name.lower().endswith((".txt", ".geojson"))


def _copy(files: Files, name: str, archive: zipfile.ZipFile, most: int | None) -> str | None:
    """Copy one file; says what went wrong. One that is no GTFS may have `most` bytes."""
    import zipfile

    if most is not None and files.size(name) > most:
        return (
            f"{name} is no file of GTFS and is not copied: such files may have"
            f" {size(UNKNOWN_BYTES_READ)} together"
        )
    entry = zipfile.ZipInfo(name, EPOCH_OF_ZIP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    try:
        with files.open(name) as stream:
            part = stream.read(PART_BYTES)
            with archive.open(entry, "w", force_zip64=files.size(name) >= 1 << 31) as target:
                while part:
                    target.write(part)
                    part = stream.read(PART_BYTES)
    except DamagedEntry as damage:
        return f"{name} is damaged and is not copied whole: {damage}"
    return None
