"""Mended feeds on disk: as a zip or a folder, files and entries as they were but for the fixes."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

from gtfsgen.fixing.documents import Document
from gtfsgen.writing import write_file, write_files

EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)


def write_scratch(document: Document, folder: Path) -> Path:
    """The feed as a zip that passes, not packed."""
    own = folder / str(len(list(folder.iterdir())))
    own.mkdir()
    place = own / "feed.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
        for name, content in document.files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH_OF_ZIP), content)
    return place


def write_feed(document: Document, input_: Path, output: Path, changed: bool) -> Path:
    """Write a feed to a path that ends in .zip, or else to a folder.

    A zip keeps the order, dates and packing of the entries it came from. Raises OSError.
    """
    if output.suffix.lower() == ".zip":
        if not changed and input_.is_file():
            return write_file(output, input_.read_bytes())
        return write_file(output, _zip(document, _entries(input_)))
    write_files(output, document.files)
    return output


def _entries(input_: Path) -> dict[str, zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(input_) as archive:
            return {info.filename: info for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return {}


def _zip(document: Document, entries: dict[str, zipfile.ZipInfo]) -> bytes:
    buffer = BytesIO()
    packed = zipfile.ZIP_STORED
    if not entries or any(info.compress_type for info in entries.values()):
        packed = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w", packed) as archive:
        for name, content in document.files.items():
            known = entries.get(name)
            date = known.date_time if known else EPOCH_OF_ZIP
            entry = zipfile.ZipInfo(name, max(date, EPOCH_OF_ZIP))
            entry.create_system = 3
            entry.external_attr = (known.external_attr if known else 0) or 0o644 << 16
            entry.compress_type = packed
            archive.writestr(entry, content)
    return buffer.getvalue()
