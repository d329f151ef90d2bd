"""Cells, lines and faults of CSV text. The expected answers are the Java library's own."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.csv import reading, records
from gtfsgen.csv.raw import Column, Direct, RawTable
from gtfsgen.csv.streams import DamagedEntry

BIG = {"small_bytes": 0}  # send even short texts down the fast road


def table_of(text: str | bytes, wanted: Any = ("a", "b"), **how: Any) -> RawTable:
    data = text if isinstance(text, bytes) else text.encode()
    return reading.read_table(data, wanted, **how)


def cells(column: Column | Direct) -> list[Any]:
    if isinstance(column, Direct):
        return [*column.values.to_list(), *column.odd.rows()]
    values = column.values.to_list()
    assert len(set(values)) == len(values)
    return [None if code is None else values[code] for code in column.codes.to_list()]


def content(table: RawTable) -> dict[str, Any]:
    return {
        "header": table.header,
        "lines": table.csv_row_number.to_list(),
        "columns": {name: cells(column) for name, column in table.columns.items()},
        "bad lengths": table.bad_lengths.rows(),
        "empty rows": table.empty_rows.to_list(),
        "failed": (table.failure is not None, table.header_failed),
    }


@pytest.mark.parametrize("how", [{}, BIG, BIG | {"piece_bytes": 7}], ids=["small", "big", "pieces"])
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("x,y", ["x", "y"]),
        (" x , y\t", ["x", "y"]),
        (",", [None, None]),
        ('"x","y"', ["x", "y"]),
        ('" x ",y', [" x ", "y"]),
        ('  "x"  ,y', ["x", "y"]),
        ('"",y', [None, "y"]),
        ('x,"y, z"', ["x", "y, z"]),
        ('x,"y ""z"""', ["x", 'y "z"']),
        ('x,y "z"', ["x", 'y "z"']),
        ('x,"y"z', ["x", '"y"z']),
        ('x,"y" z ', ["x", '"y" z']),
        ('x,"y\nz"', ["x", "y\nz"]),
        ('x,"y\r\nz"', ["x", "y\r\nz"]),
        ("x,y\rz", ["x", "y\rz"]),
        ("x,#y", ["x", "#y"]),
        (" #x,y", ["#x", "y"]),
        ("x,\ufeffy", ["x", "\ufeffy"]),
        ("\ufeffx,y", ["\ufeffx", "y"]),
        ("x,\u00a0y", ["x", "\u00a0y"]),
        ("x,a\0b", ["x", "a\0b"]),
        ('x,"a\0b"', ["x", "a\0b"]),
        ('x,"a\0""b"', ["x", 'a"b']),
        ("x,🚌", ["x", "🚌"]),
    ],
)
def test_cells(row: str, expected: list[Any], how: dict[str, Any]) -> None:
    table = table_of(f"a,b\n1,2\n{row}\n3,4\n", **how)
    assert [cells(table.columns[name])[1] for name in "ab"] == expected
    assert table.height == 3
    assert table.csv_row_number[1] == 3 + row.count("\n")
    assert table.csv_row_number[2] == 4 + row.count("\n")


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("x,y", ["x", "y"]),
        ("x,y  ", ["x", "y"]),
        ("x,", ["x", None]),
        ('x,"y"', ["x", "y"]),
        ('x,"y', ["x", "y"]),
        ('x,"y\n', ["x", "y\n"]),
        ('x,"', ["x", '"']),
        ('x,""', ["x", None]),
        ('x,"""', ["x", '"']),
        ('x,"y" z"', ["x", '"y" z""']),  # the library's own slip
        ('x,"y" 🚌"', ["x", '"y" 🚌"']),
    ],
)
def test_last_line_without_its_end(end: str, expected: list[Any]) -> None:
    for how in ({}, BIG):
        table = table_of(f"a,b\n{end}", **how)
        assert [cells(table.columns[name]) for name in "ab"] == [[cell] for cell in expected]
        assert table.csv_row_number.to_list() == [2 + end.count("\n")]


def test_lines_that_are_no_rows() -> None:
    text = 'a,b\n\n# c\n  \n1,2\n""\n3\n4,5,6\n""\n   '
    for how in ({}, BIG):
        table = table_of(text, **how)
        assert table.csv_row_number.to_list() == [5]
        assert table.bad_lengths.rows() == [(7, 1), (8, 3)]
        assert table.empty_rows.to_list() == [6, 9, 10]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("a,b", ["a", "b"]),
        (" a ,\tb\r", ["a", "b"]),
        ('"a"," b "', ["a", "b"]),
        ("a, a", ["a", " a"]),
        ("a,A ", ["a", "A "]),
        ("a,a", ["a", "a"]),
        ("'a','b", ["a", "'b"]),
        ("a,", ["a", ""]),
        ('a,""', ["a", ""]),
        (' "a",b', ['"a"', "b"]),
        ("a," + "n" * 1024, ["a", "n" * 1024]),
        ("a," + "n" * 1025, ["a", ""]),
        ("\ufeffa,b", ["a", "b"]),
        ("# c\n\na,b", ["a", "b"]),
        ("\r\na,b", [""]),
        ("   \na,b", [""]),
    ],
)
def test_header(header: str, names: list[str]) -> None:
    for how in ({}, BIG):
        assert table_of(f"{header}\n1,2\n", **how).header == names


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", "# c\n", "# c"])
def test_no_header(text: str) -> None:
    for how in ({}, BIG):
        table = table_of(text, **how)
        assert (table.header, table.height, table.failure) == (None, 0, None)


def test_longest_cell() -> None:
    for how in ({}, BIG):
        for cell in ("c" * 4096, "🚌" * 2048, " " * 5000 + "c", '"' + "c" * 4096 + '"'):
            assert table_of(f"a,b\n1,{cell}\n", **how).failure is None
        for cell in ("c" * 4097, "🚌" * 2049, "c" + " " * 4096, '"' + "c" * 4097 + '"'):
            assert table_of(f"a,b\n1,{cell}\n", **how).failure is not None
            assert table_of(f"a,b\n1,{cell}\n", unlimited_cells=True, **how).failure is None


def test_failure_ends_the_file_and_costs_the_row_before() -> None:
    long = "c" * 4097
    for how in ({}, BIG, BIG | {"piece_bytes": 10}):
        table = table_of(f"a,b\n1,2\n3,4\n5,{long}\n6,7\n", **how)
        assert cells(table.columns["a"]) == ["1"]
        assert table.failure is not None
        assert (table.failure["lineIndex"], table.failure["columnIndex"]) == (3, 1)
        assert "never closed" in table.failure["message"]
        table = table_of(f"a,b\n1,2\n3\n5,{long}\n", **how)
        assert (cells(table.columns["a"]), table.bad_lengths.height) == (["1"], 0)
        table = table_of(f"a,{long}\n1,2\n", **how)
        assert (table.header_failed, table.height, table.columns) == (True, 0, {})


def test_most_cells_of_a_record() -> None:
    for how in ({}, BIG):
        assert table_of("a,b\n" + "," * 511 + "\n", **how).bad_lengths.rows() == [(2, 512)]
        assert table_of("a,b\n" + "," * 512 + "\n", **how).failure is not None


@pytest.mark.parametrize(
    ("data", "cell"),
    [
        (b"Caf\xe9", "Caf\ufffd"),
        (b"\xc0\xaf", "\ufffd\ufffd"),
        (b"\xed\xa0\x80", "\ufffd"),
        (b"Top\xe2\x82", "Top\ufffd"),
        (b"\xf4\x90\x80\x80", "\ufffd" * 4),
        (b"\xf8\x88\x80\x80\x80", "\ufffd" * 5),
    ],
)
def test_bytes_that_are_not_utf_8(data: bytes, cell: str) -> None:
    for how in ({}, BIG):
        table = table_of(b"a,b\n1," + data + b"\n2,3\n", **how)
        assert cells(table.columns["b"]) == [cell, "3"]


def test_numbers_are_read_directly() -> None:
    text = "a,b\n1.5, 7 \n-0.25,-3\n,\nx,2147483648\n1e2,0x10\nnan,+5\n1e999,08\n"
    for how in ({}, BIG, BIG | {"piece_bytes": 12}):
        table = table_of(text, {"a": "float", "b": "integer"}, **how)
        a, b = table.columns["a"], table.columns["b"]
        assert isinstance(a, Direct)
        assert isinstance(b, Direct)
        assert a.values.to_list() == [1.5, -0.25, None, None, 100.0, None, None]
        assert a.odd.rows() == [(3, "x"), (5, "nan"), (6, "1e999")]
        assert b.values.to_list() == [7, -3, None, None, None, None, 8]
        assert b.odd.rows() == [(3, "2147483648"), (4, "0x10"), (5, "+5")]
        assert a.values.dtype == pl.Float64
        assert b.values.dtype == pl.Int32


def test_doubles_are_the_nearest_as_in_java() -> None:
    texts = ["52.520006599999995", "0.1", "9007199254740993", "2.2250738585072014E-308", "4.9e-324"]
    text = "a,b\n" + "".join(f"{number},x\n" for number in texts)
    for how in ({}, BIG):
        values = table_of(text, {"a": "float"}, **how).columns["a"]
        assert isinstance(values, Direct)
        assert values.values.to_list() == [float(number) for number in texts]


def test_only_wanted_columns_and_the_first_of_a_name() -> None:
    for how in ({}, BIG):
        table = table_of("a,b,a,c\n1,2,3,4\n", ("a", "z"), **how)
        assert {name: cells(column) for name, column in table.columns.items()} == {"a": ["1"]}
        assert table_of("a,b\n1,2\n", (), **how).height == 1


def test_a_stream_that_breaks_off() -> None:
    class Broken(io.RawIOBase):
        def __init__(self, good: bytes) -> None:
            self.good = io.BytesIO(good)

        def read(self, size: int = -1) -> bytes:
            data = self.good.read(size)
            if not data:
                raise DamagedEntry("invalid distance")
            return data

    table = reading.read_table(Broken(b"a,b\n1,2\n"), ("a",))  # type: ignore[arg-type]
    assert table.header_failed
    assert table.failure is not None
    assert table.failure["message"] == "invalid distance"
    table = reading.read_table(Broken(b"a,b\n1,2\n3,4\n5,6\n"), ("a",), **BIG, piece_bytes=4)  # type: ignore[arg-type]
    assert (table.header_failed, table.header) == (False, ["a", "b"])
    assert table.failure is not None


def test_a_long_file_in_pieces_is_the_file() -> None:
    rows = [f"t{n % 700},{n},{n * 0.5},name {n % 13}" for n in range(30_000)]
    rows[100] = '"t100" x,100,50.0,name 9'
    rows[20_000] = 'x,"20\n000",1,2'
    text = "trip,n,half,name\n" + "\n".join(rows) + "\n"
    wanted = {"trip": "text", "n": "text", "half": "float", "name": "text"}
    whole = content(reading.read_table(text.encode(), wanted, small_bytes=1 << 30))
    assert whole["lines"][20_000] == 20_003
    pieces = reading.read_table(io.BytesIO(text.encode()), wanted, piece_bytes=50_000)
    assert content(pieces) == whole


ODD = st.sampled_from(
    [
        *'""",,\n\n#\r\0\t \'é🚌x1',
        "\r\n",
        '""',
        '",',
        '"\n',
        "\ufeff",
        "\u00a0",
        "-2.5",
        "nan",
        "0x1",
    ]
)
LONG = st.sampled_from(["x,y\n", '"x","y"\n', "x" * 4096, '"' + "y" * 4097, "," * 511])
PLAIN = st.sampled_from(["1,2\n", "x,y\n", '"x",\n', "-3.25,7\n", " x,\ty\n", '"x, y",2\n'])


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.one_of(PLAIN, PLAIN, ODD, ODD, LONG), max_size=40),
    piece=st.sampled_from([1, 3, 16, 50, 1 << 20]),
    kind=st.sampled_from(["text", "float", "integer"]),
    unlimited=st.booleans(),
)
def test_both_roads_lead_to_the_same_table(
    rows: Any, piece: Any, kind: Any, unlimited: Any
) -> None:
    data = ("a,b\n" + "".join(rows)).encode()
    how = {"unlimited_cells": unlimited}
    careful = content(table_of(data, {"a": kind, "b": "text"}, **how))
    fast = content(table_of(data, {"a": kind, "b": "text"}, **how, **BIG, piece_bytes=piece))
    assert fast == careful


@settings(max_examples=50, deadline=None)
@given(tail=st.binary(max_size=40), piece=st.sampled_from([1, 9, 1 << 20]))
def test_both_roads_agree_on_any_bytes(tail: bytes, piece: int) -> None:
    data = b"a,b\n1,2\n" + tail
    assert content(table_of(data, **BIG, piece_bytes=piece)) == content(table_of(data))


REGULAR = st.sampled_from(["x", "1.5", "", " x", "x y ", '"x"', '"x, y"', '""', "é", "'", "#x"])
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", '"\n'])


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.tuples(REGULAR, REGULAR, ENDS), min_size=1, max_size=6),
    ended=st.booleans(),
    limit=st.sampled_from([0, 4096]),
)
def test_rows_split_at_once_are_the_rows_read_one_by_one(rows: Any, ended: Any, limit: Any) -> None:
    text = "".join(f"{a},{b}{end}" for a, b, end in rows)
    text = text if ended else text.removesuffix("\n")
    at_once = records.plain_rows(text, 0, 2, limit)
    one_by_one = [record.cells for record in records.records(text, limit)]
    if at_once is not None:
        assert [[cell or None for cell in row] for row in at_once] == one_by_one


@pytest.mark.parametrize("row", ['x,"y, z"', " x ,y", "x,", '"x",""', '" x",y', "x,'y'"])
def test_regular_rows_are_split_at_once(row: str) -> None:
    assert records.plain_rows(f"{row}\n{row}\r\n", 0, 2, 4096) is not None


@pytest.mark.parametrize(
    "row", ["x", "x,y,z", "#x,y", 'x,y"z', '"x"y,z', ' "x",y', '"x" ,y', "", "\t,x"]
)
def test_odd_rows_are_not_split_at_once(row: str) -> None:
    assert records.plain_rows(f"a,b\n{row}\n", 0, 2, 4096) is None


def test_a_long_cell_is_not_split_at_once() -> None:
    assert records.plain_rows(f'a,"{"x" * 200_000}"\n', 0, 2, 0) is None


@pytest.mark.parametrize("text", [b'"' * (20 << 20), b"x" * (20 << 20), b'"' + b"y\n" * (10 << 20)])
def test_a_record_without_end_costs_no_square_of_its_length(text: bytes) -> None:
    table = reading.read_table(b"a,b\nS,T\n" + b"c,d\n" * 100_000 + b"S," + text, ("a", "b"))
    assert table.failure is not None
    assert "longer than" in table.failure["message"]
    assert table.height >= 100_000
