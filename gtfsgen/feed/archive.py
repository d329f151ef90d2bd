"""The files of a feed: a zip archive or a folder, opened as the canonical validator opens it.

That validator first reads an archive as a stream, from its first byte to the first GTFS file in a
folder, and gives up with `i_o_error` at anything it cannot read on the way; only then does it go by
the archive's directory. Here nothing is inflated twice. What the headers tell (encryption, odd
compression) is said at once; damaged data is noticed when an entry is read, and
`Archive.check_unread` reads what nobody else has.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import sys
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gtfsgen.budget import (
    RATIO_FREE,
    Budget,
    UnreadableInput,
    budget,
    exceeded,
    size,
)
from gtfsgen.csv.streams import DamagedEntry, Stream
from gtfsgen.schema import TABLES

TABLE_NAMES = frozenset(table.filename for table in TABLES.values())
LOCATIONS = "locations.geojson"
KNOWN_NAMES = TABLE_NAMES | {LOCATIONS}

# The names that tell the canonical validator of files in a folder. Later files are not among them.
NAMES_SOUGHT_IN_FOLDERS = TABLE_NAMES - {
    "booking_rules.txt",
    "fare_leg_join_rules.txt",
    "location_group_stops.txt",
    "location_groups.txt",
    "networks.txt",
    "rider_categories.txt",
    "route_networks.txt",
    "timeframes.txt",
}

ZIP_EXCEPTION = "java.util.zip.ZipException"
UNSUPPORTED = "org.apache.commons.compress.archivers.zip.UnsupportedZipFeatureException"

_STORED, _DEFLATED, _BZIP2 = 0, 8, 12
_METHOD_NAMES = {1: "UNSHRINKING", 6: "IMPLODING", 9: "ENHANCED_DEFLATED", 14: "LZMA"} | {
    95: "XZ", 98: "PPMD", 99: "AES_ENCRYPTED"
}  # fmt: skip
_ENCRYPTED, _SIZES_AFTER_DATA = 0x1, 0x8
_CHUNK = 1 << 20
_LARGEST_PART = 16 << 20
_LOCAL_HEADER = b"PK\x03\x04"
_END_OF_DIRECTORY, _END_OF_DIRECTORY_64 = b"PK\x05\x06", b"PK\x06\x06"

UNKNOWN_BYTES_READ = 64 << 20
"""Files that GTFS does not know are unpacked only to see whether the canonical validator would stop
at them. Beyond so many bytes of them the rest is left packed."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    offset: int
    packed: int
    size: int
    crc: int
    method: int
    flags: int
    streamed: bool  # the canonical validator reads it before it looks at the directory


class Archive:
    """A feed's files, by the names their archive or folder gives them.

    `names` are the files at the root, in the archive's order (a folder's are sorted). `tables`
    leads from a GTFS file name in lower case to the name to open; a second name that folds to the
    same is in `unknown`, with all other names. `lost` are GTFS files that are listed but cannot be
    opened at all, for which `system_errors` has (code, particulars); they are not in `tables`, and
    not missing either. `unlisted` are names in `tables` that the archive's directory does not hold
    (see `_finder_names`): opened, they fail with `DamagedEntry`.
    """

    def __init__(self, names: Iterable[str], *, in_subfolder: bool = False) -> None:
        self.names = list(dict.fromkeys(names))
        self.in_subfolder = in_subfolder
        self.tables: dict[str, str] = {}
        self.unknown: list[str] = []
        self.lost: set[str] = set()
        self.unlisted: set[str] = set()
        self.system_errors: list[tuple[str, dict[str, Any]]] = []
        for name in self.names:
            canonical = name.lower()
            if canonical in KNOWN_NAMES and canonical not in self.tables:
                self.tables[canonical] = name
            else:
                self.unknown.append(name)

    def know(self, filenames: Collection[str]) -> None:
        """Count these files among the GTFS files too: those that are only proposed."""
        for name in list(self.unknown):
            if name.lower() in filenames and name.lower() not in self.tables:
                self.tables[name.lower()] = name
                self.unknown.remove(name)

    @property
    def all_names(self) -> list[str]:
        """Also of files in folders of a zip, which the canonical validator does not look into."""
        return self.names

    def open_tolerantly(self, name: str) -> Stream:
        """A stream of any of `all_names`; whatever is wrong is `DamagedEntry`."""
        return self.open(name)

    def open(self, name: str) -> Stream:
        """A stream of the file's bytes. Raises KeyError for a name that is not there.

        The stream's `read` raises `UnreadableInput` or `DamagedEntry` when the data is damaged.
        """
        raise NotImplementedError

    def size(self, name: str) -> int:
        """Uncompressed size in bytes, as the archive states it."""
        raise NotImplementedError

    def read(self, name: str, limit: str = "unpacked") -> bytes:
        """All bytes of a file, which may not be more than a limit of the budget."""
        most = getattr(budget(), limit)
        with self.open(name) as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise exceeded(limit, f"{name} is larger than is read")
        return data

    def check_unread(self) -> None:
        """Read whatever has not been read whole. Raises `UnreadableInput` as the canonical
        validator would.
        """

    def close(self) -> None:
        """Let go of the archive's file."""

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_archive(
    path: str | os.PathLike[str] | bytes, name: str = "", *, tolerant: bool = False
) -> Archive:
    """Open a zip file or a folder by path, or the bytes of a zip file.

    `name` is the archive's file name where `path` is bytes. Raises `UnreadableInput` for what is no
    feed archive: absent, not a zip, cut short, or with an entry that a stream reader must stop at.
    Such an entry is no reason for a `tolerant` archive, whose files `open_tolerantly` opens.
    """
    if isinstance(path, bytes):
        return _ZipArchive(_Memory(path), Path(name).stem, tolerant)
    path = Path(path)
    try:
        if path.is_dir():
            return _Folder(path)
        file = _File(path)
    except (OSError, ValueError) as error:
        raise _not_opened(path, error) from None
    try:
        return _ZipArchive(file, path.stem, tolerant)
    except BaseException:
        file.close()
        raise


def _refused(exception: str, message: str) -> UnreadableInput:
    """What the canonical validator stops at, with the Java class that it names."""
    return UnreadableInput(message, exception)


def _not_opened(path: Path, error: OSError | ValueError) -> UnreadableInput:
    if isinstance(error, UnreadableInput):
        return error
    if isinstance(error, FileNotFoundError):
        return _refused("java.io.FileNotFoundException", f"{path} (No such file or directory)")
    said = getattr(error, "strerror", None) or str(error)
    return _refused("java.io.IOException", f"{path}: {said}")


class _Folder(Archive):
    """A folder's plain files, also by links; pipes, sockets and devices are none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        limits = budget()
        names = []
        with os.scandir(path) as entries:
            for entry in entries:
                if _is_file(entry):
                    names.append(_readable_name(entry.name))
                if len(names) > limits.entries:
                    raise exceeded("entries", f"{path} has more than {limits.entries:,} files")
        super().__init__(sorted(names))
        self._meter = _Meter(limits)

    def open(self, name: str) -> Stream:
        # Not blocking: what was a file when it was listed may be a pipe by now.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(self._path / self._checked(name), flags)
        except OSError as error:
            return _Broken(DamagedEntry(error.strerror or str(error)))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return _Broken(DamagedEntry("it is no file"))
        return _FileStream(descriptor, name, self._meter)

    def size(self, name: str) -> int:
        try:
            return (self._path / self._checked(name)).stat().st_size
        except OSError:  # opening it tells why
            return 0

    def _checked(self, name: str) -> str:
        if name not in self.names:
            raise KeyError(name)
        return name


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads round in a circle
        return False


def _readable_name(name: str) -> str:
    """A file's name without halves of surrogate pairs, in which Python keeps odd bytes."""
    return name if name.isprintable() else os.fsencode(name).decode("utf-8", "replace")


class _Meter:
    """What has been unpacked of one feed, held against the budget."""

    def __init__(self, limits: Budget) -> None:
        self._limits = limits
        self._bytes = 0

    def add(self, number: int) -> None:
        self._bytes += number
        if self._bytes > self._limits.unpacked:
            raise exceeded("unpacked", "the feed unpacks to more bytes than are read of one")

    def check_ratio(self, name: str, unpacked: int, packed: int) -> None:
        if unpacked > RATIO_FREE and unpacked > packed * self._limits.ratio:
            raise exceeded(
                "ratio",
                f"{name} unpacks from {size(packed)} to {size(unpacked)} or more,"
                " as no timetable does",
            )

    def lines(self, name: str, stated: int) -> _LineCounter | None:
        """A counter for a file that is large enough to have too many lines."""
        return _LineCounter(name, self._limits.rows) if stated > self._limits.rows else None


class _LineCounter:
    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._left = limit

    def add(self, part: bytes) -> None:
        self._left -= part.count(b"\n")
        if self._left < 0:
            raise exceeded("rows", f"{self._name} has too many lines")


class _FileStream:
    """A file of a folder, read under the budget."""

    def __init__(self, descriptor: int, name: str, meter: _Meter) -> None:
        self._file = io.FileIO(descriptor, "rb")
        self._meter = meter
        self._size = os.fstat(descriptor).st_size
        self._lines = meter.lines(name, self._size)

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end; all that is left without `size`."""
        parts: list[bytes] = []
        left = size if size >= 0 else sys.maxsize
        while left > 0 and (part := self._next(left)):
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next(self, most: int) -> bytes:
        try:
            part = self._file.read(min(most, max(_CHUNK, self._size))) or b""
        except OSError as error:
            raise DamagedEntry(error.strerror or str(error)) from None
        self._meter.add(len(part))
        if self._lines:
            self._lines.add(part)
        return part

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> _FileStream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _ZipArchive(Archive):
    def __init__(self, file: _File | _Memory, stem: str, tolerant: bool = False) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.meter = _Meter(budget())
        entries = _entries(file, tolerant)
        self._entries: dict[str, _Entry] = {}
        for entry in entries:
            self._entries.setdefault(entry.name, entry)
        self._unread = {entry.offset: entry for entry in entries if entry.streamed}
        for entry in self._unread.values():
            _check_streamable(entry)
        super().__init__(
            _finder_names(entries, stem),
            in_subfolder=any(not entry.streamed for entry in entries)
            or any(_is_sought(entry.name) for entry in entries),
        )
        for canonical, name in list(self.tables.items()):
            self._set_apart(canonical, self._entries.get(name))

    def _set_apart(self, canonical: str, entry: _Entry | None) -> None:
        """Mark a table that is listed and yet cannot be read."""
        if entry is None:
            self.unlisted.add(canonical)
        elif reason := _unsupported(entry):
            del self.tables[canonical]
            self.lost.add(canonical)
            particulars = {"exception": UNSUPPORTED, "message": reason}
            self.system_errors.append(("thread_execution_error", particulars))

    def open(self, name: str) -> Stream:
        entry = self._entries.get(name)
        if entry is not None:
            return _EntryStream(self, entry)
        if name in self.names:
            return _Broken(DamagedEntry("origin", unlisted=True))
        raise KeyError(name)

    @property
    def all_names(self) -> list[str]:
        return list(self._entries)

    def open_tolerantly(self, name: str) -> Stream:
        entry = self._entries[name]
        if reason := _unsupported(entry):
            return _Broken(DamagedEntry(reason))
        try:
            return _EntryStream(self, entry, checked=True)
        except DamagedEntry as damage:
            return _Broken(damage)

    def size(self, name: str) -> int:
        entry = self._entries.get(name)
        if entry is None and name not in self.names:
            raise KeyError(name)
        return entry.size if entry else 0

    def check_unread(self) -> None:
        left = UNKNOWN_BYTES_READ
        for entry in list(self._unread.values()):
            left -= max(entry.size, entry.packed)
            if left < 0:
                return
            with _EntryStream(self, entry) as stream:
                while stream.read(_CHUNK):
                    pass

    def was_read(self, entry: _Entry) -> None:
        with self._lock:
            self._unread.pop(entry.offset, None)

    def pread(self, size: int, offset: int) -> bytes:
        return self._file.pread(size, offset)

    def close(self) -> None:
        self._file.close()


class _File:
    """A file read at any offset by any thread."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        self._descriptor = os.open(path, flags)
        self._lock = threading.Lock()
        about = os.fstat(self._descriptor)
        if not stat.S_ISREG(about.st_mode):
            os.close(self._descriptor)
            raise _refused("java.io.IOException", f"{path} is neither a file nor a folder")
        self.size = about.st_size

    def pread(self, size: int, offset: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, size, offset)
        with self._lock:  # Windows
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, size)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _Memory:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def pread(self, size: int, offset: int) -> bytes:
        return self._data[offset : offset + size]

    def close(self) -> None:
        self._data = b""


class _Seekable:
    """Just enough of a file for the standard library's zipfile to read a directory."""

    def __init__(self, file: _File | _Memory) -> None:
        self._file = file
        self._at = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = (0, self._at, self._file.size)[whence]
        if base + offset < 0:
            raise OSError("seek before the start")
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        wanted = self._file.size - self._at if size < 0 else size
        data = self._file.pread(wanted, self._at) if wanted > 0 else b""
        self._at += len(data)
        return data


def _entries(file: _File | _Memory, tolerant: bool) -> list[_Entry]:
    """The archive's entries in the order of its directory."""
    import zipfile

    limits = budget()
    _check_directory(file, limits)
    try:
        with zipfile.ZipFile(_Seekable(file)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ArithmeticError, LookupError, struct.error, ValueError,
            NotImplementedError) as error:  # fmt: skip
        raise _refused(ZIP_EXCEPTION, f"archive is not a ZIP archive: {error}") from None
    if len(infos) > limits.entries:
        raise exceeded("entries", f"the archive has {len(infos):,} files")
    streamable = file.pread(4, 0) == _LOCAL_HEADER
    if not tolerant and not streamable and _bytes_before_archive(file):
        return []  # a self-extracting archive: the canonical validator finds no file in it
    first_sought = min(
        (i.header_offset for i in infos if _is_sought(i.filename)), default=file.size
    )
    return [
        _Entry(
            _name(info),
            info.header_offset,
            info.compress_size,
            info.file_size,
            info.CRC,
            info.compress_type,
            info.flag_bits,
            streamed=streamable and info.header_offset < first_sought and not tolerant,
        )
        for info in infos
    ]


def _check_directory(file: _File | _Memory, limits: Budget) -> None:
    """Look at the size that the directory claims before it is read into memory."""
    tail_at = max(0, file.size - 65_557)
    tail = file.pread(file.size - tail_at, tail_at)
    end = tail.rfind(_END_OF_DIRECTORY)
    if end < 0 or end + 22 > len(tail):
        return  # zipfile says what is wrong
    claimed = struct.unpack_from("<I", tail, end + 12)[0]
    end_64 = tail.rfind(_END_OF_DIRECTORY_64, 0, end)
    if claimed == 0xFFFFFFFF and 0 <= end_64 <= len(tail) - 56:
        claimed = struct.unpack_from("<Q", tail, end_64 + 40)[0]
    if min(claimed, file.size) > limits.directory:
        raise exceeded("directory", f"the archive's directory takes {size(claimed)}")


def _name(info: Any) -> str:
    """The entry's name. The canonical validator takes all names for UTF-8; zipfile only those
    marked so.
    """
    original: str = info.orig_filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            original = original.encode("cp437").decode("utf-8")
    return original.encode("utf-8", "replace").decode()


def _bytes_before_archive(file: _File | _Memory) -> bool:
    tail_at = max(0, file.size - 65_557)
    tail = file.pread(file.size - tail_at, tail_at)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0:
        return False
    directory_size, directory_offset = struct.unpack_from("<II", tail, end + 12)
    return tail_at + end > directory_size + directory_offset


def _is_sought(name: str) -> bool:
    _, slash, last = name.rpartition("/")
    return bool(slash) and last in NAMES_SOUGHT_IN_FOLDERS


def _finder_names(entries: list[_Entry], stem: str) -> list[str]:
    """Names at the root, as the canonical validator lists them.

    It takes a folder entry of the archive's own name for the work of a Mac's Finder and strips that
    folder from the names that follow; yet it then looks for them at the root, and finds them only
    if they are there too.
    """
    names = []
    prefix = None
    for entry in entries:
        name = entry.name
        if name == f"{stem}/":
            prefix = name
        if prefix:
            name = name.removeprefix(prefix)
        if name.strip() and "/" not in name and name != ".DS_Store":
            names.append(name)
    return names


def _check_streamable(entry: _Entry) -> None:
    """Raise what Java's reader of zip streams would, from the entry's header alone."""
    if entry.flags & _ENCRYPTED:
        raise _refused(ZIP_EXCEPTION, "encrypted ZIP entry not supported")
    if entry.method not in (_STORED, _DEFLATED):
        raise _refused(ZIP_EXCEPTION, "invalid compression method")
    if entry.method == _STORED and entry.flags & _SIZES_AFTER_DATA and entry.size:
        raise _refused(ZIP_EXCEPTION, "only DEFLATED entries can have EXT descriptor")


def _unsupported(entry: _Entry) -> str | None:
    if entry.flags & _ENCRYPTED:
        return f"Unsupported feature encryption used in entry {entry.name}"
    if entry.method not in (_STORED, _DEFLATED, _BZIP2):
        method = _METHOD_NAMES.get(entry.method, "UNKNOWN")
        return (
            f"Unsupported compression method {entry.method} ({method}) used in entry {entry.name}"
        )
    return None


class _Broken:
    """A file that is listed and has no bytes to give."""

    def __init__(self, damage: DamagedEntry) -> None:
        self._reason = damage

    def read(self, size: int = -1, /) -> bytes:
        raise self._reason

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> _Broken:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _EntryStream:
    """Inflates one entry as it is read, and checks it at its end."""

    def __init__(self, archive: _ZipArchive, entry: _Entry, *, checked: bool | None = None) -> None:
        from isal import isal_zlib

        self._archive = archive
        self._entry = entry
        self._crc32 = isal_zlib.crc32
        self._damage: Any = isal_zlib.error
        self._inflater: Any = None
        if entry.method == _DEFLATED:
            self._inflater = isal_zlib.decompressobj(-15)
        elif entry.method == _BZIP2:
            import bz2

            self._inflater = bz2.BZ2Decompressor()
        self._at = self._data_offset()
        self._end = self._at + entry.packed
        self._tail = b""
        self._crc = 0
        self._length = 0
        self._done = False
        self._taken = 0
        self._checked = entry.streamed if checked is None else checked
        self._meter = archive.meter
        self._meter.check_ratio(entry.name, entry.size, entry.packed)
        self._lines = self._meter.lines(entry.name, max(entry.size, entry.packed))

    def _data_offset(self) -> int:
        local = self._archive.pread(30, self._entry.offset)
        if len(local) < 30 or not local.startswith(_LOCAL_HEADER):
            raise self._fault("the entry's header is not where the directory says")
        return self._entry.offset + 30 + sum(struct.unpack_from("<HH", local, 26))

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end; all that is left without `size`."""
        parts: list[bytes] = []
        left = size if size >= 0 else sys.maxsize
        while left > 0 and not self._done:
            part = self._next(left)
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next(self, most: int) -> bytes:
        most = min(most, _LARGEST_PART)
        part = self._inflated(most) if self._inflater else self._packed(min(most, _CHUNK))
        self._crc = self._crc32(part, self._crc)
        self._length += len(part)
        self._meter.add(len(part))
        if self._inflater and self._length > RATIO_FREE:
            self._meter.check_ratio(self._entry.name, self._length, self._taken)
        if self._lines:
            self._lines.add(part)
        if self._inflater:
            self._done = self._inflater.eof
        else:
            self._done = self._at >= self._end
        if self._done:
            self._check_end()
        return part

    def _inflated(self, most: int) -> bytes:
        packed = self._tail or self._packed(_CHUNK)
        try:
            # Without input too: what was taken in before may not all have come out.
            part = self._inflater.decompress(packed, most)
        except (self._damage, OSError, EOFError) as damage:
            raise self._fault(str(damage)) from None
        if not part and not packed and not self._inflater.eof:
            raise self._fault("unexpected end of the packed data")
        self._tail = getattr(self._inflater, "unconsumed_tail", b"")
        return part

    def _packed(self, size: int) -> bytes:
        size = min(size, self._end - self._at)
        data = self._archive.pread(size, self._at)
        if size and not data:
            raise self._fault("the archive ends within the entry")
        self._at += len(data)
        self._taken += len(data)
        return data

    def _check_end(self) -> None:
        entry = self._entry
        if self._checked and (self._length != entry.size or self._crc != entry.crc):
            raise self._fault(
                f"invalid entry CRC (expected 0x{entry.crc:x} but got 0x{self._crc:x})"
            )
        self._archive.was_read(entry)

    def _fault(self, message: str) -> Exception:
        if self._entry.streamed:
            return _refused(ZIP_EXCEPTION, f"{message} in entry {self._entry.name}")
        return DamagedEntry(message)

    def close(self) -> None:
        self._inflater = None
        self._tail = b""
        self._done = True

    def __enter__(self) -> _EntryStream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
