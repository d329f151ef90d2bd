"""CSV files made to be read in pieces, and what each road makes of them.

A file is a row of segments. In each one, every column keeps a habit (empty, blank, constant,
quoted, sparse, ...), so that pieces begin and end between and within them, and a column may hold
nothing but blanks in one piece. A seed gives the same file every time.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import gtfsgen
from gtfsgen.csv import quoted, reading
from gtfsgen.csv.raw import Column, Direct, RawTable

KINDS = ("text", "text", "float", "integer", "time")
BLOCK_BYTES = (512, 4096, 1024 * 1024)
"""What a thread of pyarrow reads at a time: dictionaries of several blocks are joined."""
DATE = "2026-11-20"

PLAIN = {
    "text": [
        "x",
        "yy",
        "S1",
        "Zürich",
        "trip_000001",
        "trip_000002",
        "a longer name of a stop",
        "🚌",
    ],
    "float": ["0", "1.5", "-2.25", "52.520006599999995", "8", "179.9999", "-0.0", "12345678.5"],
    "integer": ["0", "1", "7", "-3", "12345678", "123456789", "08", "2147483647"],
    "time": ["8:00:00", "08:00:00", "23:59:59", "25:10:09", "99:59:59", "00:00:00"],
}
ODD = {
    "text": ["#x", "'", "x\u00a0", "\ufeffx", "Ärger, sehr"[:5], "x" * 40, "\u0660\u0661"],
    "float": [
        "nan",
        "inf",
        "1e5",
        "+5",
        "0x1p3",
        "1.",
        ".5",
        "1e999",
        "\u0661.5",
        "1d",
        "x",
        "--1",
    ],
    "integer": ["2147483648", "0x1F", "+5", "1.0", "\u0661", "99999999999999999999", "x", "-"],
    "time": ["100:00:00", "8:60:00", "24:00", "x", "8:0:0", "-1:00:00", "\u0661:00:00", "8:00:0a"],
}
BLANKS = (" ", "  ", "\t", " \t ", "\x01", "\x1f ")
ODD_ROWS = (
    *("", "  ", "# a comment", "#", '""', '" "', ",", ",,,,,,,,", "x", '"x', 'x"y,z', '"x"y,1'),
    *(
        '"x\ny",1',
        '"x\r\ny",1',
        "x\ry,1",
        "\r",
        "a\0b,1",
        '"a\0b",1',
        ' "x" ,1',
        '"" ,""',
        '"""",1',
    ),
    *('"x""y",2', '"x,y",3', '" x",4', '"x ",5', "\ufeffx,y", '1,"2" ', '"1","2","3","4","5"'),
)
BAD_BYTES = (
    b"\xe9",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xe2\x82",
    b"\xff\xfe",
    b"\xf8\x88\x80\x80\x80",
)
LONG_CELLS = ("c" * 4096, "c" * 4097, '"' + "c" * 4096 + '"', '"' + "c" * 4097 + '"', "," * 520)


@dataclass(frozen=True)
class Example:
    """A file, the kinds of its columns, and how it is to be cut."""

    data: bytes
    kinds: dict[str, Any]
    piece_bytes: int
    block_bytes: int
    unlimited_cells: bool
    stream: bool


def example(seed: int) -> Example:
    """The file of a seed. One in fifty is longer than the pieces of an ordinary reading."""
    random = Random(seed)
    width = random.choice((1, 2, 2, 3, 5))
    kinds = {f"c{n}": random.choice(KINDS) for n in range(width)}
    segments = [_segment(random, list(kinds.values())) for _ in range(random.randint(1, 6))]
    if seed % 50 == 49:
        segments = [part * (400_000 // (len(part) + 1) + 1) for part in segments]
        piece_bytes = random.choice((len(segments[0]), 100_000, reading.PIECE_BYTES))
    else:
        whole = sum(map(len, segments))
        piece_bytes = random.choice((1, 7, 60, 300, len(segments[0]), 1 << 20))
        piece_bytes = max(piece_bytes, whole // random.choice((3, 8, 30)))
    data = b"\xef\xbb\xbf" * random.choice((0, 0, 0, 1, 2, 3))
    data += _header(random, list(kinds)) + b"".join(segments)
    if random.random() < 0.3:
        data = data.rstrip(b"\n")
    wanted = [name for name in kinds if random.random() < 0.9]
    return Example(
        data,
        {name: kinds[name] for name in wanted},
        max(piece_bytes, 1),
        random.choice(BLOCK_BYTES),
        random.random() < 0.2,
        random.random() < 0.3,
    )


def _header(random: Random, names: list[str]) -> bytes:
    before = random.choice(("", "", "", "\n", "# c\n\n"))
    names = [f'"{name}"' if random.random() < 0.1 else name for name in names]
    end = random.choice(("\n", "\n", "\r\n"))
    return f"{before}{','.join(names)}{end}".encode()


def _segment(random: Random, kinds: list[str]) -> bytes:
    """Lines in which each column keeps one habit; some of them odd in some segments."""
    cells = [random.choice(HABITS)(random, kind) for kind in kinds]
    end = random.choice(("\n", "\n", "\r\n"))
    odd = random.choice((0.0, 0.0, 0.0, 0.02, 0.3))
    damage = random.choice((0.0, 0.0, 0.0, 0.0, 0.1))
    rows = []
    for _ in range(random.choice((1, 3, 20, 60))):
        row = random.choice(ODD_ROWS) if random.random() < odd else ",".join(f() for f in cells)
        line = f"{row}{end}".encode()
        if random.random() < damage:
            at = random.randrange(len(line))
            line = line[:at] + random.choice(BAD_BYTES) + line[at:]
        rows.append(line)
    if random.random() < 0.01:
        rows.append(random.choice(LONG_CELLS).encode() + b"\n")
    return b"".join(rows)


Cells = Callable[[], str]


def _empty(random: Random, kind: str) -> Cells:
    return lambda: ""


def _blank(random: Random, kind: str) -> Cells:
    return lambda: random.choice(BLANKS)


def _blank_or_empty(random: Random, kind: str) -> Cells:
    return lambda: random.choice(("", *BLANKS[:2]))


def _quoted_blank(random: Random, kind: str) -> Cells:
    return lambda: random.choice(('""', '" "', '"\t"'))


def _constant(random: Random, kind: str) -> Cells:
    cell = random.choice(PLAIN[kind])
    return lambda: cell


def _quoted_constant(random: Random, kind: str) -> Cells:
    cell = f'"{random.choice(PLAIN[kind])}"'
    return lambda: cell


def _varied(random: Random, kind: str) -> Cells:
    return lambda: random.choice(PLAIN[kind])


def _distinct(random: Random, kind: str) -> Cells:
    if kind == "text":
        return lambda: f"id{random.randrange(10**9)}"
    return lambda: str(
        random.randrange(10 ** random.randint(1, 10)) / random.choice((1, 10, 10**6))
    )


def _quoted(random: Random, kind: str) -> Cells:
    return lambda: f'"{random.choice(PLAIN[kind])}"'


def _quoted_with_commas(random: Random, kind: str) -> Cells:
    return lambda: random.choice(('"x, y"', '"x ""y"" z"', '"1,5"', "x"))


def _half_quoted(random: Random, kind: str) -> Cells:
    return lambda: random.choice(('"{}"', "{}", " {} ")).format(random.choice(PLAIN[kind]))


def _sparse(random: Random, kind: str) -> Cells:
    blank = random.choice(("", " "))
    return lambda: random.choice(PLAIN[kind]) if random.random() < 0.05 else blank


def _padded(random: Random, kind: str) -> Cells:
    return lambda: random.choice((" {}", "{}\t", " {} ", "{}")).format(random.choice(PLAIN[kind]))


def _odd(random: Random, kind: str) -> Cells:
    return lambda: random.choice(ODD[kind] + PLAIN[kind])


def _sparsely_odd(random: Random, kind: str) -> Cells:
    return lambda: random.choice((ODD if random.random() < 0.03 else PLAIN)[kind])


HABITS = (
    *(_empty, _blank, _blank_or_empty, _quoted_blank, _constant, _quoted_constant, _varied),
    *(_distinct, _quoted, _quoted_with_commas, _half_quoted, _sparse, _padded, _odd, _sparsely_odd),
)


def content(table: RawTable) -> dict[str, Any]:
    """All that a table says, whichever codes it says it with. Numbers are compared as written."""
    return {
        "header": table.header,
        "header failed": table.header_failed,
        "failure": table.failure,
        "lines": table.csv_row_number.to_list(),
        "columns": {name: _cells(column) for name, column in table.columns.items()},
        "bad lengths": table.bad_lengths.rows(),
        "empty rows": table.empty_rows.to_list(),
    }


def _cells(column: Column | Direct) -> Any:
    if isinstance(column, Direct):
        return repr(column.values.to_list()), str(column.values.dtype), column.odd.rows()
    texts = column.values.to_list()
    assert len(set(texts)) == len(texts), "a text has two codes"
    return [None if code is None else texts[code] for code in column.codes.to_list()]


def careful(given: Example) -> dict[str, Any]:
    """The file by the careful road, in one go."""
    return content(
        reading.read_table(
            given.data,
            given.kinds,
            unlimited_cells=given.unlimited_cells,
            small_bytes=len(given.data) + 1,
        )
    )


def fast(given: Example) -> dict[str, Any]:
    """The file by the fast road, in pieces."""
    data: Any = io.BytesIO(given.data) if given.stream else given.data
    with mock.patch.object(quoted, "BLOCK_BYTES", given.block_bytes):
        return content(
            reading.read_table(
                data,
                given.kinds,
                unlimited_cells=given.unlimited_cells,
                small_bytes=0,
                piece_bytes=given.piece_bytes,
            )
        )


def agree(seed: int) -> None:
    """Raise AssertionError where the two roads differ on the file of a seed."""
    given = example(seed)
    expected, found = careful(given), fast(given)
    for part, value in expected.items():
        assert found[part] == value, f"roads differ: {part} of file {seed}, {given.piece_bytes=}"


@contextmanager
def cut(piece_bytes: int) -> Iterator[None]:
    """Every file, however small, is read by the fast road in pieces of this size."""
    how = reading.read_table.__kwdefaults__
    with mock.patch.dict(how, {"small_bytes": 0, "piece_bytes": piece_bytes}):
        yield


def rewritten(tables: dict[str, str], seed: int) -> dict[str, bytes]:
    """The same tables in other handwritings: quotes, blanks, line ends, marks, odd rows."""
    random = Random(seed)
    return {name: _rewritten(random, text) for name, text in tables.items()}


def _rewritten(random: Random, text: str) -> bytes:
    header, *rows = text.splitlines()
    width = header.count(",") + 1
    habits = [random.choice(("{}", "{}", '"{}"', " {}", "{}\t")) for _ in range(width)]
    blank = [random.choice(("", "", " ", '""')) for _ in range(width)]
    drop = [random.random() < 0.05 for _ in range(width)]
    end = random.choice(("\n", "\n", "\r\n"))
    written = [header]
    for row in rows:
        if random.random() < 0.02:
            written.append(random.choice(ODD_ROWS))
        cells = row.split(",")
        if '"' in row or len(cells) != width:
            written.append(row)
            continue
        if random.random() < 0.02:
            habits = [random.choice(("{}", '"{}"', " {}")) for _ in range(width)]
        written.append(
            ",".join(
                blank[n] if not cell or drop[n] else habits[n].format(cell)
                for n, cell in enumerate(cells)
            )
        )
    data = (end.join(written) + end).encode()
    return b"\xef\xbb\xbf" + data if random.random() < 0.2 else data


def feeds_agree(tables: dict[str, str], seed: int, folder: Path) -> None:
    """Raise AssertionError where a rewritten feed gets other notices by the fast road."""
    path = folder / f"{seed}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in rewritten(tables, seed).items():
            archive.writestr(name, data)
    rules = ("gtfsgen", "canonical-8.0.1")[seed % 2]
    expected = said(path, rules)
    with cut(Random(seed).choice((1, 40, 200, 1000, 1 << 20))):
        found = said(path, rules)
    path.unlink()
    assert found == expected, f"roads differ: feed {seed} under {rules}"


def said(path: Path, rules: str) -> tuple[str, list[Any]]:
    """The report of a feed without the times that were measured, and all notices."""
    report = gtfsgen.validate(path, rules, DATE)
    report.summary |= {"validationTimeSeconds": 0, "validatedAt": ""}
    return report.to_json(), report.notices.rows()
