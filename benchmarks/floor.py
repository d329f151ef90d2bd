"""The least a validator on pyarrow has to do: inflate every table and read it into dictionaries.

    python -m benchmarks.floor FEED

What gtfsgen takes beyond this is its checking.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile

import pyarrow as pa
from isal import isal_zlib
from pyarrow import csv

RAW_DEFLATE = -15
LOCAL_HEADER = struct.Struct("<26xHH")
"""The lengths of name and extra field, at the end of an entry's local header."""


def text(archive: zipfile.ZipFile, packed: io.BufferedReader, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type != zipfile.ZIP_DEFLATED:
        return archive.read(info)
    packed.seek(info.header_offset)
    lengths = LOCAL_HEADER.unpack(packed.read(LOCAL_HEADER.size))
    packed.seek(sum(lengths), io.SEEK_CUR)
    return isal_zlib.decompress(packed.read(info.compress_size), wbits=RAW_DEFLATE)


def dictionaries(table: bytes) -> pa.Table:
    header = table.partition(b"\n")[0].decode("utf-8-sig").strip("\r")
    columns = [name.strip('"') for name in header.split(",")]
    kind = pa.dictionary(pa.int32(), pa.string())
    return csv.read_csv(
        pa.py_buffer(table),
        read_options=csv.ReadOptions(column_names=columns, skip_rows=1),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(columns, kind)),
    )


def main(feed: str) -> None:
    rows = 0
    with zipfile.ZipFile(feed) as archive, open(feed, "rb") as packed:
        for info in archive.infolist():
            if info.filename.endswith(".txt"):
                rows += dictionaries(text(archive, packed, info)).num_rows
    print(f"{rows:,} rows")


if __name__ == "__main__":
    main(sys.argv[1])
