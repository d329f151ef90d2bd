"""Forms of a value that say the same, and values of which only one can be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from gtfsgen.fixing.changes import CellChanges, Change, RowsOut
from gtfsgen.fixing.documents import cells_of
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer
from gtfsgen.schema import TABLES, Type
from gtfsgen.spelling import (
    date_text,
    plain_color,
    plain_currency,
    plain_date,
    plain_email,
    plain_float,
    plain_integer,
    plain_language,
    plain_time,
    plain_url,
    plain_zone,
)

DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
HALVES = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))? ?([AaPp])\.?[Mm]\.?")
MOST_LINES = 3
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₩": "KRW", "₹": "INR"}


@fixer(safe=True)
def leading_or_trailing_whitespaces(look: Look) -> Iterator[Change]:
    """White space at the edges of a cell is left out: readers leave it out too."""
    yield from look.mend_cells("leading_or_trailing_whitespaces", str.strip)


@fixer(safe=True)
def new_line_in_value(look: Look) -> Iterator[Change]:
    """A line break within a text becomes a blank: pages show it as one."""

    def mend(text: str) -> str | None:
        lines = text.splitlines()
        if len(lines) > MOST_LINES or any(line.count(",") > MOST_LINES for line in lines):
            return None  # rather a quotation mark that was never closed
        return " ".join(part.strip() for part in lines if part.strip())

    yield from look.mend_cells("new_line_in_value", mend)


@fixer(safe=True)
def invalid_color(look: Look) -> Iterator[Change]:
    """A colour is written with six digits and without `#`: #F80 is FF8800."""
    yield from look.mend_cells("invalid_color", plain_color)


@fixer(safe=True)
def invalid_time(look: Look) -> Iterator[Change]:
    """A time of day is written as HH:MM:SS: 8:05 is 08:05:00."""
    yield from look.mend_cells("invalid_time", plain_time)


@fixer(safe=False, code="invalid_time")
def time_of_twelve_hours(look: Look) -> Iterator[Change]:
    """A time with am or pm is written by 24 hours; whether a later day is meant it does not say."""

    def mend(text: str) -> str | None:
        found = HALVES.fullmatch(text.strip())
        if not found or not 1 <= int(found.group(1)) <= 12:
            return None
        hours = int(found.group(1)) % 12 + (12 if found.group(4).lower() == "p" else 0)
        return f"{hours:02}:{found.group(2)}:{found.group(3) or '00'}"

    yield from look.mend_cells("invalid_time", mend)


@fixer(safe=True)
def invalid_date(look: Look) -> Iterator[Change]:
    """A date that begins with the year is written as YYYYMMDD: 2026-03-12 is 20260312."""
    yield from look.mend_cells("invalid_date", plain_date)


@fixer(safe=False, code="invalid_date")
def date_with_day_first(look: Look) -> Iterator[Change]:
    """A date whose day and month cannot be mistaken is written as YYYYMMDD: 25/12/2026."""

    def mend(text: str) -> str | None:
        found = DAY_FIRST.fullmatch(text.strip())
        if not found:
            return None
        first, second, year = found.groups()
        if int(first) > 12:
            return date_text(year, second, first)
        return date_text(year, first, second) if int(second) > 12 or first == second else None

    yield from look.mend_cells("invalid_date", mend)


@fixer(safe=True)
def invalid_float(look: Look) -> Iterator[Change]:
    """A number is written with the digits and the point of ASCII and without blanks."""
    yield from look.mend_cells("invalid_float", plain_float)


@fixer(safe=False, code="invalid_float")
def decimal_comma(look: Look) -> Iterator[Change]:
    """A comma within a number becomes a point: 52,5 is 52.5, unless it parts thousands."""

    def mend(text: str) -> str | None:
        return text.replace(",", ".") if re.fullmatch(r"[-+]?\d{1,3},\d+", text) else None

    yield from look.mend_cells("invalid_float", mend)


@fixer(safe=True)
def invalid_integer(look: Look) -> Iterator[Change]:
    """A whole number loses a point with zeros, a plus sign and blanks: 3.0 is 3."""
    yield from look.mend_cells("invalid_integer", plain_integer)


@fixer(safe=True)
def invalid_language_code(look: Look) -> Iterator[Change]:
    """The parts of a language code are joined by hyphens: en_US is en-US."""
    yield from look.mend_cells("invalid_language_code", plain_language)


@fixer(safe=True)
def invalid_timezone(look: Look) -> Iterator[Change]:
    """A time zone's name is written as the tz database writes it: europe/berlin."""
    yield from look.mend_cells("invalid_timezone", plain_zone)


@fixer(safe=True)
def invalid_currency(look: Look) -> Iterator[Change]:
    """A currency code is written in capitals: eur is EUR."""

    def mend(text: str) -> str | None:
        bare = plain_currency(text)
        return bare if bare and _is_currency(bare) else None

    yield from look.mend_cells("invalid_currency", mend)


@fixer(safe=False, code="invalid_currency")
def currency_sign(look: Look) -> Iterator[Change]:
    """The sign of a currency becomes the code it mostly stands for: € is EUR."""
    yield from look.mend_cells("invalid_currency", lambda text: SIGNS.get(text.strip()))


def _is_currency(code: str) -> bool:
    from gtfsgen.feed.values import currencies

    return currencies(pl.Series([code])).refused is None


@fixer(safe=True)
def invalid_url(look: Look) -> Iterator[Change]:
    """Characters that may not stand in a web address are written as browsers send them."""
    yield from look.mend_cells("invalid_url", plain_url)


@fixer(safe=False, code="invalid_url")
def url_without_scheme(look: Look) -> Iterator[Change]:
    """A web address without a scheme gets https://."""

    def mend(text: str) -> str | None:
        bare = text.strip().removeprefix("//")
        host = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
        return f"https://{bare}" if re.fullmatch(rf"{host}(?:[/?#][!-~]*)?", bare) else None

    yield from look.mend_cells("invalid_url", mend)


@fixer(safe=True)
def invalid_email(look: Look) -> Iterator[Change]:
    """An e-mail address stands alone, without `mailto:` and angle brackets."""
    yield from look.mend_cells("invalid_email", plain_email)


@fixer(safe=True)
def invalid_currency_amount(look: Look) -> Iterator[Change]:
    """An amount gets the decimals of its currency, where only zeros come or go: 1.5 is 1.50."""
    notices = look.notices("invalid_currency_amount")
    if not notices.height:
        return
    from gtfsgen.feed.values import currency_fraction_digits

    digits = currency_fraction_digits(notices["currency_code"]).to_list()
    rows = notices["csv_row_number"].to_list()
    texts = dict(look.text("fare_products", "amount").iter_rows())
    new = {
        row: fixed
        for row, number in zip(rows, digits, strict=True)
        if (fixed := _with_decimals(texts.get(row), number)) is not None
    }
    yield from look.set_cells("fare_products", "amount", new)


def _with_decimals(text: str | None, digits: int | None) -> str | None:
    if text is None or digits is None or digits < 0:
        return None
    found = re.fullmatch(r"(-?\d+)(?:\.(\d*))?", text)
    if not found:
        return None
    whole, decimals = found.group(1), (found.group(2) or "").rstrip("0")
    if len(decimals) > digits:
        return None
    return f"{whole}.{decimals.ljust(digits, '0')}" if digits else whole


@fixer(safe=False)
def unexpected_enum_value(look: Look) -> Iterator[Change]:
    """A value that GTFS does not know becomes the nearest that it does: a route type of the
    extended list becomes its basic one, any other optional value is left blank."""
    notices = look.notices("unexpected_enum_value")
    if not notices.height:
        return
    for (file, column), rows in notices.group_by("filename", "field_name", maintain_order=True):
        table = str(file).removesuffix(".txt")
        field = TABLES[table].fields[str(column)]
        if field.name == "route_type":
            new = {
                row: str(basic)
                for row, value in rows.select("csv_row_number", "field_value").iter_rows()
                if (basic := _basic_route_type(int(value))) is not None
            }
        elif field.required or field.type is not Type.CHOICE:
            continue
        else:
            new = dict.fromkeys(rows["csv_row_number"].to_list(), "")
        yield from look.set_cells(table, str(column), new)


def _basic_route_type(number: int) -> int | None:
    """The basic type of an extended one, where the extended list says it."""
    kinds = {1: 2, 2: 3, 7: 3, 8: 11, 9: 0, 10: 4, 12: 4, 13: 6, 14: 7}
    if number in (405, 406):
        return 12
    return {4: 1}.get(number // 100, kinds.get(number // 100))


@fixer(safe=False)
def non_ascii_or_non_printable_char(look: Look) -> Iterator[Change]:
    """Characters of ids that nobody sees (no-break blanks, zero-width marks) are left out, in all
    files at once; realtime data may use the ids as they were."""
    notices = look.notices("non_ascii_or_non_printable_char")
    if not notices.height:
        return
    hidden = re.compile("[\u00a0\u200b-\u200f\u2060\ufeff\u00ad]")
    values = {v: hidden.sub("", v) for v in notices["field_value"].unique().sort().to_list()}
    values = {old: new for old, new in values.items() if new and new != old}
    if not values:
        return
    for table in TABLES.values():
        for name, field in table.fields.items():
            if field.type is not Type.ID and not field.references:
                continue
            if not look.has(table.name, name):
                continue
            cells = look.text(table.name, name)
            taken = {*values.values()} & {*cells[name].drop_nulls().to_list()}
            part = cells.filter(pl.col(name).is_in([*values]))
            if part.height and not taken:
                new = {row: values[old] for row, old in part.iter_rows()}
                yield from look.set_cells(table.name, name, new)


@fixer(safe=False)
def mixed_case_recommended_field(look: Look) -> Iterator[Change]:
    """A name in capitals or small letters gets a capital at the beginning of each word."""

    def mend(text: str) -> str | None:
        words = re.split(r"(\s+|[-/(])", text)
        return "".join(
            word if any(c.isdigit() for c in word) else word[:1].upper() + word[1:].lower()
            for word in words
        )

    yield from look.mend_cells("mixed_case_recommended_field", mend)


@fixer(safe=False)
def number_out_of_range(look: Look) -> Iterator[Change]:
    """A position whose latitude and longitude were exchanged is turned round, an optional number
    below zero is left blank."""
    notices = look.notices("number_out_of_range")
    if not notices.height:
        return
    for (file, column), rows in notices.group_by("filename", "field_name", maintain_order=True):
        table = str(file).removesuffix(".txt")
        numbers = rows["csv_row_number"].to_list()
        if str(column).endswith("lat"):
            yield from swap(look, table, str(column), str(column)[:-3] + "lon", numbers)
        elif not str(column).endswith("lon") and not TABLES[table].fields[str(column)].required:
            yield from look.set_cells(table, str(column), dict.fromkeys(numbers, ""))


def swap(look: Look, table: str, first: str, second: str, rows: list[int]) -> Iterator[CellChanges]:
    """Exchange the cells of two columns in some rows, unless one of them is blank."""
    if not look.has(table, first, second):
        return
    wanted = {*rows}
    cells = [r for r in look.text(table, first, second).iter_rows() if r[0] in wanted]
    full = [(row, a, b) for row, a, b in cells if a is not None and b is not None]
    yield from look.set_cells(table, first, {row: b for row, _, b in full})
    yield from look.set_cells(table, second, {row: a for row, a, _ in full})


@fixer(safe=True)
def empty_row(look: Look) -> Iterator[Change]:
    """A row without any cell is left out."""
    for (file,), rows in _grouped(look, "empty_row"):
        yield RowsOut(look.file_of(str(file).removesuffix(".txt")), rows)


@fixer(safe=True)
def invalid_row_length(look: Look) -> Iterator[Change]:
    """CellChanges beyond the header's are left out where they are blank."""
    yield from _other_lengths(look, short=False)


@fixer(safe=False, code="invalid_row_length")
def row_too_short(look: Look) -> Iterator[Change]:
    """A row that is too short is filled with blank cells at its end."""
    yield from _other_lengths(look, short=True)


def _other_lengths(look: Look, short: bool) -> Iterator[Change]:
    from gtfsgen.fixing.changes import Content

    for (file,), rows in _grouped(look, "invalid_row_length"):
        name = look.file_of(str(file).removesuffix(".txt"))
        text = look.document.text(name)
        width = len(text.header)
        changed: dict[int, bytes | None] = {}
        for place in text.places(rows).tolist():
            raw, end = cells_of(text.row(place))
            surplus = raw[width:]
            if place >= 0 and short and len(raw) < width:
                changed[place] = b",".join([*raw, *[b""] * (width - len(raw))]) + end
            elif place >= 0 and not short and surplus and not any(c.strip(b' "') for c in surplus):
                changed[place] = b",".join(raw[:width]) + end
        if changed:
            lines = [int(text.lines[place]) for place in sorted(changed)]
            data, _ = text.with_rows(changed)
            told = f"{len(lines)} rows of another length than the header (row {lines[0]})"
            yield Content(name, data, told, "rows of the header's length", row=lines[0])


def _grouped(look: Look, code: str) -> Iterator[tuple[tuple[str], list[int]]]:
    notices = look.notices(code)
    if notices.height:
        for (file,), rows in notices.group_by("filename", maintain_order=True):
            yield (str(file),), rows["csv_row_number"].to_list()
