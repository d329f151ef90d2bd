"""Writing a feed: the same bytes on any machine, and all of it or nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import polars as pl

from gtfsgen.compile.tables import CELL_COLUMNS
from gtfsgen.source.model import ORIGIN
from gtfsgen.writing import write_file, write_files

EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
ZIP_NAME = "gtfs.zip"


def table_texts(tables: Mapping[str, pl.DataFrame]) -> dict[str, bytes]:
    """File name -> CSV in UTF-8 with LF, quoted only where needed, without the origin columns."""
    return {
        f"{name}.txt": csv_bytes(table.drop(*ORIGIN, *CELL_COLUMNS, strict=False))
        for name, table in tables.items()
    }


def csv_bytes(table: pl.DataFrame) -> bytes:
    """CSV of text columns. Blank cells are not quoted, but where a row is nothing else.

    Readers may take blanks around a cell away that is not in quotation marks, so that a table with
    such a cell is quoted throughout.
    """
    texts = table.select(pl.col(pl.String)).iter_columns()
    if any((text.str.strip_chars() != text).any() for text in texts):
        return table.write_csv(quote_style="non_numeric").encode()
    if table.width == 1 and (table.to_series() == "").any():
        return table.write_csv(quote_style="non_numeric").encode()
    return table.with_columns(pl.col(pl.String).replace("", None)).write_csv().encode()


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on nothing but the files.

    Stored, not deflated: zlib and its stand-ins (zlib-ng in many a Python of today) compress the
    same text to different bytes. Servers compress on the way, and these feeds are small.
    """
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH_OF_ZIP)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def feed_path(output: Path) -> Path:
    """Where the zip of a feed written to `output` is."""
    return output if output.suffix.lower() == ".zip" else output / ZIP_NAME


def write_feed(output: Path, files: Mapping[str, bytes], extra: Mapping[str, bytes]) -> Path:
    """Replace the feed in `output` and return the path of its zip.

    `output` is a folder, for gtfs.zip, its tables as text and the `extra` files (shapes.geojson,
    index.html); or a path ending in .zip, for that alone. Whatever interrupts it, there is the last
    feed or the new one. Raises OSError where the folder cannot be written.
    """
    if output.suffix.lower() == ".zip":
        return write_file(output, zip_bytes(files))
    content = {**files, **extra, ZIP_NAME: zip_bytes(files)}
    write_files(output, content, _written_before(output) - set(content))
    return output / ZIP_NAME


def _written_before(output: Path) -> set[str]:
    """Tables that the last build wrote beside its zip; others in the folder are not ours to
    remove.
    """
    try:
        with zipfile.ZipFile(output / ZIP_NAME) as archive:
            names = {name for name in archive.namelist() if "/" not in name}
    except (OSError, zipfile.BadZipFile):
        return set()
    return {name for name in names if (output / name).is_file()}
