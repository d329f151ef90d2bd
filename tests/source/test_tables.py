from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gtfsgen.faults import Severity
from gtfsgen.source import SourceUnreadable, read_source, write_holidays
from gtfsgen.source.cells import letter
from gtfsgen.source.workbooks import as_text
from tests.source.project import FEED, FILES, STATIONS, TIMETABLE, codes, read, times

COACHES = FILES["coaches.csv"]


def test_settings(tmp_path: Path) -> None:
    settings = read(tmp_path).settings
    assert (settings.first_day, settings.last_day) == (date(2026, 3, 12), date(2027, 11, 20))
    assert (settings.lang, settings.profile) == ("en", "linked")
    later = read_source(tmp_path, date(2027, 1, 1)).settings
    assert (later.as_of, later.last_day) == (date(2027, 1, 1), date(2028, 1, 1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("as_of =", "asof ="), ("unknown_key", 1)),
        (("languages =", "langauges ="), ("unknown_key", 4)),
        (("2026-03-12", '"12 March"'), ("invalid_value", 2)),
        (("Asia/Shanghai", "Asia/Shangai"), ("unknown_timezone", 3)),
        (('"zh"]', '"zh"'), ("broken_toml", 6)),
        (("https://", "htps://"), ("invalid_url", 8)),
        (('name = "A test"', 'name = ""'), ("missing_value", 7)),
        (("[publisher]", "[publischer]"), ("unknown_key", 6)),
        (("timezone", 'profile = "linkd"\ntimezone'), ("unknown_profile", 3)),
        (("timezone", "last_day = 2025-01-01\ntimezone"), ("empty_period", 3)),
    ],
)
def test_wrong_settings_are_told_at_their_line(
    tmp_path: Path, change: tuple[Any, ...], expected: tuple[Any, ...]
) -> None:
    source = read(tmp_path, {"feed.toml": FEED.replace(*change)})
    assert expected in {(f.code, f.line) for f in source.faults if f.path == "feed.toml"}


def test_no_project_at_all(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable):
        read_source(tmp_path / "nowhere")
    with pytest.raises(SourceUnreadable):
        read_source(tmp_path)


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("stations.csv", ("lat,lon", "latt,lon"), ("unknown_column", 1, "D")),
        ("stations.csv", ("lat,lon", "lon,lon"), ("duplicate_column", 1, "E")),
        ("stations.csv", ("name_zh", ""), ("missing_header", 1, "C")),
        ("stations.csv", ("39.9011168", "99.9011168"), ("impossible_position", 2, "D")),
        ("stations.csv", ("39.9011168", "39.9O11168"), ("impossible_position", 2, "D")),
        ("stations.csv", ("39.9011168,116.4210134", "0,0"), ("impossible_position", 2, "D")),
        ("stations.csv", ("39.9011168", ""), ("missing_value", 2, "D")),
        (
            "stations.csv",
            ("124.4018,Asia/Pyongyang", "124.4018,Asia/Seol"),
            ("unknown_timezone", 6, "F"),
        ),
        (
            "stations.csv",
            ("125.73639,Asia/Pyongyang", "125.73639,Asia/Shanghai"),
            ("zone_not_at_position", 7, "F"),
        ),
        ("stations.csv", ("39.00472", "49.00472"), ("zone_not_at_position", 7, "D")),
        ("stations.csv", ("41.7924481", "51.7924481"), ("station_off_the_way", 4, "D")),
        ("stations.csv", ("tianjin,", "beijing,"), ("duplicate_id", 3, "A")),
        (
            "stations.csv",
            ("tianjin,Tianjin", "tianjin,Beijing"),
            ("duplicate_station_name", 3, "B"),
        ),
        ("stations.csv", ("Beijing,北京", "Beijing"), ("ragged_row", 2, "F")),
        ("agencies.csv", ("https://www.12306.cn/", ""), ("missing_value", 2, "C")),
        ("agencies.csv", ("cr,", "rc,"), ("unused_agency", 2, "A")),
        ("routes.csv", ("95,cr", "95,crr"), ("unknown_agency", 3, "B")),
        ("routes.csv", ("95,", "59,"), ("unused_route", 3, "A")),
        ("agencies.csv", ("https://", "htps://"), ("invalid_value", 2, "C")),
        ("calendars.csv", ("summer", "sumer"), ("unused_calendar", 2, "A")),
        ("calendars.csv", ("summer", "daily"), ("reserved_name", 2, "A")),
        ("calendars.csv", ("2026-06-01", "2026-06-31"), ("unreadable_date", 2, "C")),
        ("calendars.csv", ("2026-06-01", "2026-09-01"), ("empty_period", 2, "D")),
        ("calendars.csv", (",daily,", ",dialy,"), ("unreadable_days", 2, "B")),
        ("coaches.csv", ("Mo We", "Mo Wo"), ("unreadable_days", 2, "C")),
        ("coaches.csv", ("not summer", "not sumer"), ("unreadable_days", 2, "C")),
        ("coaches.csv", ("K27 > 95", "K72 > 95"), ("unknown_train", 2, "D")),
        ("coaches.csv", ("K27 > 95", "K27 > K27"), ("train_twice", 2, "D")),
        ("coaches.csv", ("95 > 52", "95 > "), ("empty_chain", 2, "D")),
        ("coaches.csv", ("Beijing,Pyongyang", "Bejing,Pyongyang"), ("unknown_station", 2, "E")),
        ("coaches.csv", ("Beijing,Pyongyang", "Beijing,Dandong"), ("station_not_on_train", 2, "F")),
        ("coaches.csv", ("Beijing,Pyongyang", ",Pyongyang"), ("missing_value", 2, "E")),
        ("notes.csv", ("a,Printed", "q,Printed"), ("unused_note", 2, "A")),
        ("notes.csv", ("a,Printed", "x,Printed"), ("unusable_letter", 2, "A")),
        ("notes.csv", ("a,Printed", "b,Printed"), ("duplicate_id", 2, "A")),
    ],
)
def test_wrong_cells_are_told_at_their_cell(
    tmp_path: Path, name: str, change: tuple[str, str], expected: tuple[Any, ...]
) -> None:
    source = read(tmp_path, {name: FILES[name].replace(*change, 1)})
    assert expected in {(f.code, f.line, f.column) for f in source.faults if f.path == name}


def test_hints_say_what_was_probably_meant(tmp_path: Path) -> None:
    source = read(tmp_path, {"coaches.csv": COACHES.replace("Beijing", "Bejing")})
    (fault,) = source.faults
    assert fault.hint == "did you mean 'Beijing'?"
    assert str(fault).startswith("coaches.csv:2:E: error unknown_station")


def test_coaches(tmp_path: Path) -> None:
    (coach,) = read(tmp_path).coaches
    assert [ride.runs for ride in coach.rides] == [("K27",), ("95",), ("52",)]
    assert (coach.from_station, coach.to_station) == ("beijing", "pyongyang")
    assert coach.days == "Mo We Th Sa not summer"
    assert date(2026, 3, 12) in coach.dates
    assert date(2026, 7, 1) not in coach.dates


def test_a_coach_may_go_on_in_another_feed(tmp_path: Path) -> None:
    source = read(tmp_path, {"coaches.csv": COACHES.replace("95 > 52", "95 >> 1 Moskva")})
    assert [(r.train, r.runs) for r in source.coaches[0].rides][2:] == [("1 Moskva", ())]
    assert codes(source) == set()


def test_the_same_coach_twice_on_a_day(tmp_path: Path) -> None:
    row = COACHES.splitlines()[1]
    source = read(tmp_path, {"coaches.csv": COACHES + row + "\n"})
    assert codes(source) == {("duplicate_coach", "coaches.csv:3:A")}
    other = row.replace("Mo We Th Sa not summer", "Tu")
    assert codes(read(tmp_path, {"coaches.csv": COACHES + other + "\n"})) == set()


def test_stations_by_any_name(tmp_path: Path) -> None:
    table = (
        TIMETABLE.replace("Beijing", "北京")
        .replace("Tianjin", "tianjin")
        .replace("Shenyang", "SHENYANG")
    )
    assert read(tmp_path, {"timetables/k27.csv": table}).faults == []


def test_a_name_of_two_stations_asks_for_the_id(tmp_path: Path) -> None:
    text = STATIONS + "beijing_west,Beijing,北京西,39.8950,116.3220,Asia/Shanghai\n"
    source = read(tmp_path, {"stations.csv": text})
    (fault,) = [f for f in source.faults if f.path == "timetables/k27.csv"]
    assert (fault.line, fault.column) == (3, "A")
    assert "beijing, beijing_west" in fault.hint


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_dialects_of_spreadsheets(tmp_path: Path, delimiter: str, bom: bytes, end: str) -> None:
    def written(text: str) -> bytes:
        return bom + text.replace(",", delimiter).replace("\n", end).encode()

    source = read(
        tmp_path,
        {"stations.csv": written(STATIONS), "timetables/k27.csv": written(TIMETABLE)},
    )
    assert source.faults == []
    assert len(source.calls) == 8


def test_decimal_commas(tmp_path: Path) -> None:
    text = STATIONS.replace(",", ";").replace(".", ",")
    source = read(tmp_path, {"stations.csv": text})
    assert source.faults == []
    assert source.stations["lat"][0] == pytest.approx(39.9011168)


def test_bad_encoding_is_told_at_its_cell(tmp_path: Path) -> None:
    source = read(
        tmp_path, {"stations.csv": STATIONS.encode().replace("天津".encode(), b"M\xfcnchen")}
    )
    assert ("bad_encoding", "stations.csv:3:C") in codes(source)


def test_nul_is_told_at_its_cell(tmp_path: Path) -> None:
    source = read(tmp_path, {"stations.csv": STATIONS.encode().replace(b"Tianjin", b"Tian\0jin")})
    assert ("control_character", "stations.csv:3:B") in codes(source)


def test_open_quotes_are_told_at_their_row(tmp_path: Path) -> None:
    source = read(tmp_path, {"stations.csv": STATIONS.replace("Tianjin", '"Tianjin')})
    assert ("broken_quotes", "stations.csv:3") in codes(source)


def test_a_quoted_line_break_does_not_shift_lines(tmp_path: Path) -> None:
    text = FILES["notes.csv"].replace("Printed.", '"Printed\non paper"').replace("b,", "c,")
    source = read(tmp_path, {"notes.csv": text})
    assert ("unused_note", "notes.csv:3:A") in codes(source, Severity.INFO)


def test_utf_16_is_read_and_told(tmp_path: Path) -> None:
    source = read(tmp_path, {"notes.csv": FILES["notes.csv"].encode("utf-16")})
    assert codes(source) == {("bad_encoding", "notes.csv")}


def test_comments_and_own_columns_are_kept_apart(tmp_path: Path) -> None:
    text = (
        STATIONS.replace("timezone\n", "timezone,x_code,note\n", 1)
        .replace("Asia/Shanghai\n", "Asia/Shanghai,BJP,as printed\n")
        .replace("Asia/Pyongyang\n", "Asia/Pyongyang,,\n")
    )
    source = read(tmp_path, {"stations.csv": "# all stations\n\n" + text})
    assert source.faults == []
    assert source.stations["x_code"][0] == "BJP"
    assert source.stations["line"][0] == 4


def test_unknown_files_are_told(tmp_path: Path) -> None:
    source = read(tmp_path, {"statoins.csv": "a\n", "_draft.csv": "b\n"})
    (fault,) = source.faults
    assert (fault.path, fault.hint) == ("statoins.csv", "did you mean 'stations.csv'?")


def test_passthrough(tmp_path: Path) -> None:
    source = read(tmp_path, {"gtfs/fare_media.txt": "fare_media_id,fare_media_type\npaper,1\n"})
    assert source.faults == []
    assert source.gtfs["fare_media"].rows() == [("paper", "1", "gtfs/fare_media.txt", 2, "A")]


def test_holidays_are_locked(tmp_path: Path) -> None:
    table = TIMETABLE.replace("daily", "daily not holidays CN", 1)
    source = read(tmp_path, {"timetables/k27.csv": table})
    assert source.faults == []
    assert date(2026, 10, 1) in source.holidays["CN"]
    assert date(2026, 10, 1) not in source.runs["K27"].dates
    lock = write_holidays(source)
    assert lock is not None
    moved = lock.read_text(encoding="utf-8").replace("CN,2026-10-01", "CN,2026-10-09")
    again = read(tmp_path, {"timetables/k27.csv": table, "holidays.lock.csv": moved})
    assert again.holidays_locked
    assert write_holidays(again) is None
    assert date(2026, 10, 1) in again.runs["K27"].dates
    assert date(2026, 10, 9) not in again.runs["K27"].dates


def test_holidays_nobody_knows(tmp_path: Path) -> None:
    table = TIMETABLE.replace("daily", "daily not holidays QQ", 1)
    source = read(tmp_path, {"timetables/k27.csv": table})
    assert codes(source) == {("unreadable_days", "timetables/k27.csv:2:C")}


# ------------------------------------------------------------------------------------ workbooks


def test_columns_are_named_as_in_a_spreadsheet() -> None:
    assert [letter(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  07:35 ", "07:35"), (0.7263888888888889, "17:26"), (95.0, "95"), (705, "705"),
        (7.05, "7.05"), (39.9011168, "39.9011168"), (None, ""), (True, "yes"),
    ],
)  # fmt: skip
def test_values_become_what_one_would_type(value: object, text: str) -> None:
    assert as_text(value) == text


def test_times_and_dates_of_workbooks() -> None:
    from datetime import datetime, time, timedelta

    assert as_text(time(7, 35)) == "07:35"
    assert as_text(datetime(1899, 12, 30, 19, 28)) == "19:28"
    assert as_text(timedelta(hours=31, minutes=35)) == "31:35"
    assert as_text(datetime(2026, 3, 12)) == "2026-03-12"
    assert as_text(date(2026, 3, 12)) == "2026-03-12"


def xlsx(sheets: dict[str, list[list[str | float]]]) -> bytes:
    """A minimal workbook: text inline, numbers as they are (style 1 is a time)."""

    def cell(row: int, column: int, value: str | float) -> str:
        place = f"{letter(column)}{row + 1}"
        if isinstance(value, str):
            text = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'
        style = ' s="1"' if 0 < value < 1 else ""
        return f'<c r="{place}"{style}><v>{value!r}</v></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{packages}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
            '"/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            f'spreadsheetml.sheet.main+xml"/>{overrides}</Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{packages}/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        names = "".join(
            f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>'
            for i, name in enumerate(sheets, start=1)
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>',
        )
        links = "".join(
            f'<Relationship Id="r{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{packages}/relationships">{links}<Relationship Id="rs" '
            f'Type="{office}/styles" Target="styles.xml"/></Relationships>',
        )
        book.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
            '<xf numFmtId="20"/></cellXfs></styleSheet>',
        )
        for i, rows in enumerate(sheets.values(), start=1):
            body = "".join(
                f'<row r="{r + 1}">'
                + "".join(cell(r, c, v) for c, v in enumerate(row) if v != "")
                + "</row>"
                for r, row in enumerate(rows)
            )
            book.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
            )
    return out.getvalue()


def test_a_workbook_is_a_project_too(tmp_path: Path) -> None:
    stations: list[list[str | float]] = [list(line.split(",")) for line in STATIONS.splitlines()]
    for row in stations[1:]:
        row[3], row[4] = float(row[3]), float(row[4])
    grid: list[list[str | float]] = [list(line.split(",")) for line in TIMETABLE.splitlines()]
    grid[0][3], grid[0][4] = 95.0, 52.0
    grid[2][2] = 17 / 24 + 26 / 1440
    changes = {
        "stations.csv": None,
        "timetables/k27.csv": None,
        "railway.xlsx": xlsx({"stations": stations, "K27": grid}),
    }
    source = read(tmp_path, changes)
    assert codes(source) == set()
    assert list(source.runs) == ["K27", "95", "52"]
    assert times(source, "K27")[0] == ("beijing", None, 17 * 3600 + 26 * 60)
    grid[6][2] = "3:2O"
    wrong = read(tmp_path, {**changes, "railway.xlsx": xlsx({"stations": stations, "K27": grid})})
    assert codes(wrong) == {("unreadable_time", "railway.xlsx[K27]!C7")}


def test_a_broken_workbook_is_told(tmp_path: Path) -> None:
    source = read(tmp_path, {"timetables/more.xlsx": b"PK\x03\x04 no workbook"})
    assert codes(source) == {("broken_workbook", "timetables/more.xlsx")}


def test_habits_of_a_table_tell_slips(tmp_path: Path) -> None:
    stations = FILES["stations.csv"].replace("shenyang,Shenyang", "senyang,Shenyang")
    stations = stations.replace("平壤", "q壤").replace("Tianjin,天津", "Tianjin ??,")
    stations = stations.replace("name_zh", "name_hz")
    source = read(tmp_path, {"stations.csv": stations})
    assert codes(source, Severity.WARNING) == {
        ("odd_name", "stations.csv:7:C"),
        ("odd_name", "stations.csv:3:B"),
        ("unlisted_language", "stations.csv:1:C"),
    }
    assert codes(source, Severity.INFO) == {
        ("id_unlike_name", "stations.csv:4:A"),
        ("id_unlike_name", "stations.csv:4:B"),
        ("blank_unlike_others", "stations.csv:3:C"),
    }


def test_geojson_is_passed_through(tmp_path: Path) -> None:
    places = '{"type": "FeatureCollection", "features": []}'
    source = read(tmp_path, {"gtfs/locations.geojson": places, "gtfs/other.geojson": '{"type": '})
    assert source.files == {"locations.geojson": places.encode()}
    assert codes(source) == {("broken_json", "gtfs/other.geojson")}
