"""What reading finds: archives, headers, rows and cells.

These faults are seen while a file is read (`gtfsgen/feed/`); here they get their names, severities
and words, and become notices like all others.
"""

from __future__ import annotations

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule


@rule(Severity.ERROR)
def invalid_input_files_in_subfolder(feed: Feed) -> list[Rows]:
    """GTFS files lie in a folder inside the archive.

    Readers look for them at the top level only, so nested files are as good as absent. Zip the
    files, not the folder they are in.
    """
    return feed.found_while_reading("invalid_input_files_in_subfolder")


@rule(Severity.INFO)
def unknown_file(feed: Feed) -> list[Rows]:
    """A file of the archive is no GTFS file.

    Its content is not read. Mend the name if it was meant as one, or leave it: extensions are
    allowed.
    """
    return feed.found_while_reading("unknown_file")


@rule(Severity.ERROR)
def empty_file(feed: Feed) -> list[Rows]:
    """A file has no header.

    A table without rows still needs its header; an optional one may be left out altogether.
    """
    return feed.found_while_reading("empty_file")


@rule(Severity.ERROR)
def csv_parsing_failed(feed: Feed) -> list[Rows]:
    """A file could not be read to its end.

    A cell of more than 4,096 characters or a row of more than 512 cells stops the reader; behind
    it is mostly a quotation mark that was never closed. The rows after that place are not seen.
    """
    return feed.found_while_reading("csv_parsing_failed")


@rule(Severity.ERROR)
def empty_column_name(feed: Feed) -> list[Rows]:
    """A header cell is empty.

    Mostly a comma too many at the end of the header. The rows of the file are not read.
    """
    return feed.found_while_reading("empty_column_name")


@rule(Severity.ERROR)
def duplicated_column(feed: Feed) -> list[Rows]:
    """A column name occurs twice in a header.

    Nobody can tell which of the two counts. The rows of the file are not read.
    """
    return feed.found_while_reading("duplicated_column")


@rule(Severity.INFO)
def unknown_column(feed: Feed) -> list[Rows]:
    """A column is not part of GTFS.

    Its cells are ignored. Check the spelling (names are in lower case), or leave it: extensions
    are allowed.
    """
    return feed.found_while_reading("unknown_column")


@rule(Severity.ERROR)
def invalid_row_length(feed: Feed) -> list[Rows]:
    """A row has more or fewer cells than the header.

    A missing or superfluous comma, or one in a text without quotation marks. The row is not used.
    """
    return feed.found_while_reading("invalid_row_length")


@rule(Severity.WARNING)
def empty_row(feed: Feed) -> list[Rows]:
    """A row consists of one empty cell.

    Often `""` or blanks in the last line. Delete it.
    """
    return feed.found_while_reading("empty_row")


@rule(Severity.ERROR)
def invalid_character(feed: Feed) -> list[Rows]:
    """A cell holds a character that is not UTF-8.

    It was replaced by U+FFFD while reading, or had been before. Save the file as UTF-8.
    """
    return feed.found_while_reading("invalid_character")


@rule(Severity.ERROR)
def new_line_in_value(feed: Feed) -> list[Rows]:
    """A cell holds a line break.

    Often a quotation mark that was not closed; the row number is that of the last line.
    """
    return feed.found_while_reading("new_line_in_value")


@rule(Severity.WARNING)
def leading_or_trailing_whitespaces(feed: Feed) -> list[Rows]:
    """A quoted cell begins or ends with white space.

    It is taken without the white space, but other readers may keep it, and ids then fail to match.
    """
    return feed.found_while_reading("leading_or_trailing_whitespaces")


@rule(Severity.WARNING)
def non_ascii_or_non_printable_char(feed: Feed) -> list[Rows]:
    """An id has characters other than printable ASCII.

    Allowed, but some tools stumble over it.
    """
    return feed.found_while_reading("non_ascii_or_non_printable_char")


@rule(Severity.ERROR)
def invalid_color(feed: Feed) -> list[Rows]:
    """A colour is not six hexadecimal digits.

    Write it as `FF8800`, without a `#`.
    """
    return feed.found_while_reading("invalid_color")


@rule(Severity.ERROR)
def invalid_currency(feed: Feed) -> list[Rows]:
    """A currency code is not one of ISO 4217.

    Three capital letters, as `EUR`.
    """
    return feed.found_while_reading("invalid_currency")


@rule(Severity.ERROR)
def invalid_date(feed: Feed) -> list[Rows]:
    """A date is not written as YYYYMMDD, or does not exist.

    12 March 2026 is `20260312`.
    """
    return feed.found_while_reading("invalid_date")


@rule(Severity.ERROR)
def invalid_email(feed: Feed) -> list[Rows]:
    """An e-mail address cannot be one.

    Give one address, as `info@example.com`.
    """
    return feed.found_while_reading("invalid_email")


@rule(Severity.ERROR)
def invalid_float(feed: Feed) -> list[Rows]:
    """A number cannot be read.

    Decimals take a point, not a comma; no units.
    """
    return feed.found_while_reading("invalid_float")


@rule(Severity.ERROR)
def invalid_integer(feed: Feed) -> list[Rows]:
    """A whole number cannot be read.

    Digits only, within 32 bits.
    """
    return feed.found_while_reading("invalid_integer")


@rule(Severity.ERROR)
def invalid_language_code(feed: Feed) -> list[Rows]:
    """A language code is not well formed.

    Codes follow BCP 47: `en`, `de-AT`, `zh-Hans`, with a hyphen.
    """
    return feed.found_while_reading("invalid_language_code")


@rule(Severity.ERROR)
def invalid_phone_number(feed: Feed) -> list[Rows]:
    """A phone number cannot be one in the feed's country.

    Checked only when a country is given. Numbers with `+` and the country code are understood
    everywhere.
    """
    return feed.found_while_reading("invalid_phone_number")


@rule(Severity.ERROR)
def invalid_time(feed: Feed) -> list[Rows]:
    """A time is not written as HH:MM:SS.

    Hours may pass 24: half past one the next morning is `25:30:00`.
    """
    return feed.found_while_reading("invalid_time")


@rule(Severity.ERROR)
def invalid_timezone(feed: Feed) -> list[Rows]:
    """A time zone is not one of the tz database.

    Names are as `Europe/Berlin`, in the right case.
    """
    return feed.found_while_reading("invalid_timezone")


@rule(Severity.ERROR)
def invalid_url(feed: Feed) -> list[Rows]:
    """A web address is not valid.

    It must be complete, with `https://` and a host that can exist.
    """
    return feed.found_while_reading("invalid_url")


@rule(Severity.ERROR)
def number_out_of_range(feed: Feed) -> list[Rows]:
    """A number is outside the range of its field.

    Latitudes within 90 degrees, longitudes within 180, distances and times not negative.
    """
    return feed.found_while_reading("number_out_of_range")


@rule(Severity.WARNING)
def unexpected_enum_value(feed: Feed) -> list[Rows]:
    """A value is none of those that the field knows.

    Consumers treat it as unknown. Extended route types (such as 102) are not part of the
    specification.
    """
    return feed.found_while_reading("unexpected_enum_value")


@rule(Severity.ERROR)
def malformed_json(feed: Feed) -> list[Rows]:
    """locations.geojson is not valid JSON."""
    return feed.found_while_reading("malformed_json")


@rule(Severity.ERROR)
def geo_json_duplicated_element(feed: Feed) -> list[Rows]:
    """A key occurs twice in one object of locations.geojson.

    No location of the file is used.
    """
    return feed.found_while_reading("geo_json_duplicated_element")


@rule(Severity.INFO)
def geo_json_unknown_element(feed: Feed) -> list[Rows]:
    """locations.geojson has a key that is not known there.

    It is ignored.
    """
    return feed.found_while_reading("geo_json_unknown_element")


@rule(Severity.ERROR, at="locations")
def duplicate_geo_json_key(feed: Feed) -> list[Rows]:
    """Two features of locations.geojson have the same id."""
    return feed.found_while_reading("duplicate_geo_json_key")


@rule(Severity.ERROR, at="locations")
def missing_required_element(feed: Feed) -> list[Rows]:
    """A feature of locations.geojson lacks something it must have.

    The whole file is then not used.
    """
    return feed.found_while_reading("missing_required_element")


@rule(Severity.ERROR, at="locations")
def unsupported_geo_json_type(feed: Feed) -> list[Rows]:
    """locations.geojson is not a FeatureCollection."""
    return feed.found_while_reading("unsupported_geo_json_type")


@rule(Severity.ERROR, at="locations")
def unsupported_feature_type(feed: Feed) -> list[Rows]:
    """A feature's type is not `Feature`."""
    return feed.found_while_reading("unsupported_feature_type")


@rule(Severity.ERROR, at="locations")
def unsupported_geometry_type(feed: Feed) -> list[Rows]:
    """A geometry is neither a Polygon nor a MultiPolygon."""
    return feed.found_while_reading("unsupported_geometry_type")


@rule(Severity.ERROR, at="locations")
def invalid_geometry(feed: Feed) -> list[Rows]:
    """A polygon is not valid.

    It is not closed, crosses itself, or a hole lies outside of it.
    """
    return feed.found_while_reading("invalid_geometry")
