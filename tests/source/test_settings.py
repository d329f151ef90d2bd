"""feed.toml: whatever stands at a key is read, or is an error at its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.model import Settings
from gtfsgen.source.settings import (
    KEYS,
    PUBLISHER_KEYS,
    SECTIONS,
    SourceUnreadable,
    read_settings,
)
from gtfsgen.tomltext import Broken, read_toml
from tests.source.project import FEED

VALUES = {
    str: '"nothing of the kind"',
    int: "5",
    float: "1e308",
    bool: "true",
    date: "2026-05-05",
    list: "[1, [2]]",
    dict: "{ a = { b = 1 } }",
}
OTHERS = {"nan": "nan", "inf": "-inf", "moment": "2026-05-05T08:00:00Z", "time": "08:00:00"}
REGISTRY = [
    *((("", key), kind) for key, kind in KEYS.items()),
    *((("publisher", key), kind) for key, kind in PUBLISHER_KEYS.items()),
    *((("", section), dict) for section in SECTIONS),
]


def settings(folder: Path, text: str | bytes) -> tuple[Settings, list[Fault]]:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "feed.toml").write_bytes(data)
    return read_settings(folder, None)


def with_key(section: str, key: str, value: str) -> tuple[str, int]:
    """feed.toml with one value, and its line."""
    rows = [row for row in FEED.splitlines() if not row.startswith((f"{key} =", f"[{key}]"))]
    if key == "publisher":
        rows = rows[: rows.index("")]
    at = rows.index(f"[{section}]") + 1 if section else 0
    rows.insert(at, f"{key} = {value}")
    return "\n".join(rows) + "\n", at + 1


@pytest.mark.parametrize(
    ("place", "kind"), REGISTRY, ids=lambda each: ".".join(each) if isinstance(each, tuple) else ""
)
def test_a_value_of_a_wrong_type_is_an_error_at_its_line(
    tmp_path: Path, place: tuple[str, str], kind: type
) -> None:
    wrong = [text for of, text in VALUES.items() if of is not kind] + list(OTHERS.values())
    for value in wrong:
        text, line = with_key(*place, value)
        _, faults = settings(tmp_path, text)
        told = [fault for fault in faults if fault.severity is Severity.ERROR]
        assert line in [fault.line for fault in told], (value, faults)


@pytest.mark.parametrize("section", ["attribution", "moved_days"])
@pytest.mark.parametrize("value", [v for k, v in VALUES.items() if k is not str])
def test_a_value_of_a_wrong_type_in_a_section_is_an_error_at_its_line(
    tmp_path: Path, section: str, value: str
) -> None:
    _, faults = settings(tmp_path, f"{FEED}[{section}]\n2026-12-26 = {value}\n")
    assert [(f.code, f.line) for f in faults] == [("invalid_value", len(FEED.splitlines()) + 2)]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a = 1\nx = " + "[" * 5000 + "]" * 5000, 2, "deep"),
        ("a = 1\nx = " + "[" * 200 + "]" * 200, 2, "deep"),
        ("a = 1\nx = " + "[" * 100_000, 2, ""),
        ("a = 1\nx" + ".b" * 50_000 + " = 1", 2, "parts"),
        ("a = 1\n[x" + ".b" * 50_000 + "]", 2, "parts"),
        ("a = 1\n\nx = " + "9" * 100_000, 3, "digits"),
        ("a = 1\nx = 0x" + "F" * 10_000, 2, "64 bits"),
        ("a = 1\nx = 9223372036854775808", 2, "64 bits"),
        ("a = 1\nx = ", 2, "TOML"),
        ("a = 1\nb = 2\na = 1\n", 3, "TOML"),
    ],
)
def test_what_toml_cannot_say_has_its_place(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    with pytest.raises(Broken) as caught:
        read_toml(text)
    assert says in caught.value.message
    assert caught.value.line == line
    _, faults = settings(tmp_path, text)
    assert ("broken_toml", line) in [(fault.code, fault.line) for fault in faults]


@given(st.text(alphabet="ab.=[]{}\"'# \n\\0_x-:TZeE+", max_size=60))
def test_any_text_is_read_or_broken_at_one_of_its_lines(text: str) -> None:
    line = 1
    try:
        read_toml(text)
    except Broken as error:
        line = error.line
    assert 1 <= line <= text.count("\n") + 1


@pytest.mark.parametrize("year", ["0001", "1799", "3000", "9999"])
@pytest.mark.parametrize("key", ["as_of", "first_day", "last_day"])
def test_years_of_no_timetable_are_errors(tmp_path: Path, year: str, key: str) -> None:
    text, line = with_key("", key, f"{year}-12-31")
    found, faults = settings(tmp_path, text)
    assert ("invalid_value", line) in [(fault.code, fault.line) for fault in faults]
    assert 1800 <= found.first_day.year <= found.last_day.year <= 2999


def test_a_day_of_no_timetable_is_no_today(tmp_path: Path) -> None:
    (tmp_path / "feed.toml").write_text(FEED, encoding="utf-8")
    with pytest.raises(ValueError, match="9999-12-31"):
        read_settings(tmp_path, date.max)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (FEED.replace("A test", "Über").encode("latin-1"), 7),
        (FEED.encode("utf-16"), 1),
        (FEED.encode("utf-16-le"), 1),
        (b"\0" * 100, 1),
        (b"\xff" * 100, 1),
    ],
)
def test_a_feed_toml_that_is_not_utf8_is_told_at_its_line(
    tmp_path: Path, data: bytes, line: int
) -> None:
    _, faults = settings(tmp_path, data)
    assert line in [fault.line for fault in faults if fault.severity is Severity.ERROR]


def test_a_feed_toml_of_megabytes_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="bytes"):
        settings(tmp_path, b"# x\n" * 2_000_000)


def test_dotted_keys_and_tables_in_braces_have_their_lines(tmp_path: Path) -> None:
    rows = FEED.partition("\n\n")[0].splitlines()
    _, faults = settings(tmp_path, "\n".join([*rows, "publisher.name = 1", "publisher.url = 2"]))
    assert [(f.code, f.line) for f in faults] == [("invalid_value", 5), ("invalid_value", 6)]
    _, faults = settings(tmp_path, "\n".join([*rows, "publisher = { name = 1, url = 2 }"]))
    assert [(f.code, f.line) for f in faults] == [("invalid_value", 5), ("invalid_value", 5)]
