"""Every type of value: what the GTFS validator 8.0.1 refused, and what Java makes of it.

`data/values.csv` holds the validator's own verdicts; `data/java.csv` answers of JDK 17.0.15.
"""

from __future__ import annotations

import csv
import math
import struct
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from gtfsgen.feed import values as read
from gtfsgen.java.addresses import is_domain, is_email, is_url
from gtfsgen.java.facts import names, rows
from gtfsgen.java.numbers import parse_double, parse_int

DATA = Path(__file__).parent / "data"


def texts(*items: str | None) -> pl.Series:
    return pl.Series("value", items, dtype=pl.String)


def facts(file_name: str) -> list[dict[str, str]]:
    with (DATA / file_name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


VERDICTS = facts("values.csv")
JAVA = facts("java.csv")

READERS: dict[str, Callable[[pl.Series], read.Parsed]] = {
    "color": read.colors,
    "currency": read.currencies,
    "date": read.dates,
    "decimal": read.decimals,
    "email": read.emails,
    "float": read.floats,
    "integer": read.integers,
    "language": read.languages,
    "time": read.times,
    "time_zone": read.time_zones,
    "url": read.urls,
}
MASKS = {"mixed_case": read.mixed_case_faults, "non_printable": read.non_printable}


@pytest.fixture(params=["by column", "one by one"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send all values down one road: a column of up to `FEW` values is read one by one."""
    monkeypatch.setattr(read, "FEW", -1 if request.param == "by column" else 1_000_000)


def faults(type_: str, country: str, values: pl.Series) -> list[bool]:
    """Tell which values are refused, or draw a warning."""
    if type_ in MASKS:
        return MASKS[type_](values).to_list()
    if type_ == "phone":
        parsed = read.phones(values, read.country(country))
    else:
        parsed = READERS[type_](values)
    return [False] * len(values) if parsed.refused is None else parsed.refused.to_list()


@pytest.mark.usefixtures("road")
@pytest.mark.parametrize(
    ("type_", "country"), sorted({(row["type"], row["country"]) for row in VERDICTS})
)
def test_the_validator_s_verdicts(type_: str, country: str) -> None:
    chosen = [row for row in VERDICTS if (row["type"], row["country"]) == (type_, country)]
    found = faults(type_, country, texts(*(row["text"] for row in chosen)))
    wrong = [
        row["text"]
        for row, is_fault in zip(chosen, found, strict=True)
        if is_fault != (row["verdict"] == "refused")
    ]
    assert wrong == []


def same_float(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return struct.pack(">d", one) == struct.pack(">d", other) or (one != one and other != other)


def java_answers(reader: str) -> tuple[pl.Series, list[str | None]]:
    chosen = [row for row in JAVA if row["reader"] == reader]
    return texts(*(row["text"] for row in chosen)), [row["answer"] or None for row in chosen]


@pytest.mark.usefixtures("road")
def test_integers_as_java() -> None:
    values, answers = java_answers("integer")
    expected = [None if answer is None else int(answer) for answer in answers]
    assert read.integers(values).values.to_list() == expected


@pytest.mark.usefixtures("road")
def test_floats_as_java_to_the_last_bit() -> None:
    values, answers = java_answers("float")
    found = read.floats(values).values
    wrong = [
        text
        for text, number, answer in zip(values, found, answers, strict=True)
        if not same_float(number, None if answer is None else float(answer))
    ]
    assert wrong == []


def test_decimals_as_java() -> None:
    values, answers = java_answers("decimal")
    scales = read.decimal_scale(values)
    plain = read.plain_decimals(values)
    found = [None if s is None else f"{s} {p}" for s, p in zip(scales, plain, strict=True)]
    assert found == answers


@pytest.mark.usefixtures("road")
def test_dates_as_java() -> None:
    values, answers = java_answers("date")
    expected = [None if answer is None else int(answer) for answer in answers]
    assert read.dates(values).values.to_physical().to_list() == expected


def test_time_zones_as_java() -> None:
    values, answers = java_answers("time_zone")
    assert read.time_zones(values).values.to_list() == answers


def test_languages_as_java() -> None:
    values, answers = java_answers("language")
    found = [
        None
        if tag is None
        else f"{tag} {read.primary_language(tag)}|{read.language_display_name(tag)}".lower()
        for tag in read.languages(values).values
    ]
    assert found == [answer and answer.lower() for answer in answers]


def test_doubles_are_written_as_java() -> None:
    values, answers = java_answers("double_text")
    assert [read.java_double(float(text)) for text in values] == answers


@pytest.mark.parametrize(
    ("number", "text"),
    [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (-0.0, "-0.0")],
)
def test_doubles_that_are_no_ordinary_numbers(number: float, text: str) -> None:
    assert read.java_double(number) == text


@given(st.floats(allow_nan=False))
def test_a_written_double_reads_back(number: float) -> None:
    assert same_float(parse_double(read.java_double(number)), number)


@given(st.lists(st.from_regex(r"-?[0-9]{1,11}", fullmatch=True), min_size=1))
def test_integers_by_column_are_those_read_one_by_one(items: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "FEW", -1)
        found = read.integers(texts(*items)).values
    assert found.to_list() == [parse_int(item) for item in items]


@given(st.lists(st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?", fullmatch=True), min_size=1))
def test_floats_by_column_are_those_read_one_by_one(items: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "FEW", -1)
        found = read.floats(texts(*items)).values
    assert all(map(same_float, found, map(parse_double, items)))


@given(st.dates())
def test_dates_of_odd_form_are_those_of_ordinary_form(day) -> None:  # type: ignore[no-untyped-def]
    ordinary = f"{day.year:04}{day.month:02}{day.day:02}"
    odd = ordinary.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "FEW", -1)
        found = read.dates(texts(ordinary, odd))
    assert found.values.to_list() == [day, day]
    assert found.refused is None


@pytest.mark.usefixtures("road")
def test_blank_stays_blank_and_is_not_refused() -> None:
    found = read.integers(texts("1", None, "+2", "x"))
    assert found.values.to_list() == [1, None, 2, None]
    assert found.refused is not None
    assert found.refused.to_list() == [False, False, False, True]
    assert read.times(texts("25:00:00", None)).refused is None
    assert read.phones(texts(None, "+1 202 555 0100"), "US").refused is None


@pytest.mark.usefixtures("road")
@pytest.mark.parametrize("reader", READERS.values())
def test_a_quoted_blank_is_a_value_and_is_refused(reader) -> None:  # type: ignore[no-untyped-def]
    found = reader(texts(""))
    assert found.refused is not None
    assert found.values.null_count() == 1


@pytest.mark.usefixtures("road")
@pytest.mark.parametrize("reader", READERS.values())
def test_an_empty_column_keeps_its_type(reader) -> None:  # type: ignore[no-untyped-def]
    assert reader(texts()).values.dtype == reader(texts("x")).values.dtype
    assert reader(texts()).refused is None


@pytest.mark.usefixtures("road")
def test_times_are_seconds() -> None:
    found = read.times(texts("0:00:00", "08:05:09", "25:00:01", "100:00:00"))
    assert_series_equal(found.values, pl.Series("value", [0, 29109, 90001, 360000], pl.Int32))


def test_colors_are_numbers() -> None:
    found = read.colors(texts("ff8000", "000000", "-00001", "#f8000"))
    assert found.values.to_list() == [0xFF8000, 0, -1, None]


def test_decimals_have_no_negative_zero() -> None:
    assert math.copysign(1.0, read.decimals(texts("-0.00")).values[0]) == 1.0


def test_currency_fraction_digits() -> None:
    codes = texts("USD", "JPY", "KWD", "XXX", "CLF", "QQQ", None)
    assert read.currency_fraction_digits(codes).to_list() == [2, 0, 3, -1, 4, None, None]


@pytest.mark.usefixtures("road")
def test_some_currencies_may_end_in_a_small_letter() -> None:
    found = read.currencies(texts("EUr", "eur", "USd", "USs"))
    assert found.values.to_list() == ["EUr", None, None, "USs"]


@pytest.mark.parametrize(
    ("asked", "country"),
    [
        ("us", "US"),
        ("UK", "GB"),
        ("uk", "GB"),
        ("XX", "ZZ"),
        ("", "ZZ"),
        (None, "ZZ"),
        ("AQ", "AQ"),
    ],
)
def test_countries(asked: str | None, country: str) -> None:
    assert read.country(asked) == country


@pytest.mark.parametrize(
    ("tag", "language", "name"),
    [
        ("en-GB", "en", "English"),
        ("iw", "he", "Hebrew"),
        ("zh-cmn-Hant", "cmn", "cmn"),
        ("mul", "mul", "Multiple languages"),
        ("und", "", ""),
        ("x-ours", "", ""),
        ("qqq", "qqq", "qqq"),
    ],
)
def test_languages_and_their_names(tag: str, language: str, name: str) -> None:
    canonical = read.languages(texts(tag)).values[0]
    assert read.primary_language(canonical) == language
    assert read.language_display_name(canonical) == name


def test_tags_of_one_locale_are_spelled_alike() -> None:
    tags = texts("EN-latn-us-u-nu-thai-ca-buddhist", "en-Latn-US-u-ca-buddhist-nu-thai")
    assert read.languages(tags).values.n_unique() == 1


def test_trimming() -> None:
    values = texts("a", " a", "a\t", "\x00a\x1f", "\u00a0a\u00a0", "a b", "", " ")
    assert read.java_trim(values).to_list() == ["a", "a", "a", "a", "\u00a0a\u00a0", "a b", "", ""]
    assert read.has_edge_whitespace(values).to_list() == [
        False, True, True, True, False, False, False, True,
    ]  # fmt: skip


def test_characters_that_draw_a_notice() -> None:
    values = texts("plain", "two\nlines", "\r", "caf\u00e9", "caf\ufffd", "tab\tbed", "\x7f")
    assert read.has_line_break(values).to_list() == [False, True, True] + [False] * 4
    assert read.has_replacement_character(values).to_list() == [False] * 4 + [True] + [False] * 2
    assert read.non_printable(values).to_list() == [False] + [True] * 6


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf16_length(text: str) -> None:
    assert read.utf16_length(texts(text)).item() == len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("name", "is_fault"),
    [
        ("Main Street", False),
        ("MAIN STREET", True),
        ("main street", True),
        ("MAIN", False),
        ("main", True),
        ("m", False),
        ("33DP", True),
        ("3a", False),
        ("B C", False),
        ("", False),
        ("123", False),
        ("東京", False),
        ("東京 STATION", True),
        ("ﬁn", True),
        ("ªº", False),
    ],
)
def test_names_in_one_case(name: str, is_fault: bool) -> None:
    assert read.mixed_case_faults(texts(name)).to_list() == [is_fault]


@pytest.mark.parametrize(
    ("address", "accepted"),
    [
        ("http://münchen.de/plan", True),
        ("http://例え.中国/", True),
        ("http://a\u0378.com", False),  # not yet a character in Unicode 3.2
        ("http://אa.com", False),  # two directions in one label
        ("http://" + "é" * 60 + ".de", False),  # too long once encoded
        ("http://a..de", False),
        ("http://a.de/../b", False),
        ("http://a.de/b/../../c", False),
        ("http://a.de/b/../c", True),
        ("http://[::1]:80/", True),
        ("http://[::1:2:3:4:5:6:7:8]/", False),
        ("http://1.2.3.4:65536/", False),
        ("http://a.de#\u2028", False),
    ],
)
def test_web_addresses(address: str, accepted: bool) -> None:
    assert is_url(address) is accepted


@pytest.mark.parametrize(
    ("address", "accepted"),
    [
        ("a@b.museum", True),
        ("a@[::1]", True),
        ("a@[1.2.3.256]", False),
        ("a@localhost", False),
        ('"a b"@c.org', True),
        ("a" * 65 + "@c.org", False),
        ("a@c.org.", False),
    ],
)
def test_email_addresses(address: str, accepted: bool) -> None:
    assert is_email(address) is accepted


def test_a_domain_of_more_than_253_characters() -> None:
    host = ".".join(["a" * 49] * 5)
    assert is_domain(host + ".de")
    assert not is_domain(host + ".org.de")


@pytest.mark.parametrize(
    ("number", "country", "accepted"),
    [
        ("1-800-FLOWERS", "US", True),
        ("(202) 555-0100 ext. 9", "US", True),
        ("tel:202-555-0100;phone-context=+1", "DE", True),
        ("tel:+1-202-555-0100;isub=7", "DE", True),
        ("+1 202 555 0100", "AQ", True),
        ("202 555 0100", "AQ", False),
        ("0044 20 7946 0000", "DE", True),
        ("4930123456", "DE", True),
        ("+999 12345", "DE", False),
        ("+800 1234 5678", "FR", True),
        ("911", "US", False),
        ("1" * 251, "US", False),
        ("no phone", "US", False),
    ],
)
def test_phone_numbers(number: str, country: str, accepted: bool) -> None:
    assert (read.phones(texts(number), country).refused is None) is accepted


def test_an_unknown_country_refuses_no_number() -> None:
    assert read.phones(texts("no phone"), "ZZ").refused is None


def test_every_country_s_numbering_plan_can_be_read() -> None:
    regions = [row["region"] for row in rows("phones.csv") if row["region"] != "001"]
    assert set(regions) - names("countries.txt") <= {"AC", "TA", "XK"}
    for region in regions:
        assert read.phones(texts("+44 20 7946 0000"), region).refused is None, region
