"""Each format says what the report says, in the form its readers expect."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gtfsgen import reports
from gtfsgen.findings import Rows
from gtfsgen.reports import table
from gtfsgen.reports.sarif import document
from gtfsgen.reports.terminal import columns_of, lines, wrapped
from gtfsgen.validation.places import place_text
from gtfsgen.validation.policy import Ignored
from tests.parity.cases import load_cases

from .feeds import report

LATE = {"tripId": 'T"<1>\n%', "departureTime": "25:01:01", "shapeId": ""}


def printed(name: str, feed: str = "feed.zip") -> str:
    out = io.BytesIO()
    reports.print_report(report(), name, out, feed)
    return out.getvalue().decode()


def test_the_table_has_a_row_per_notice() -> None:
    rows = report().notices
    assert rows.schema == table.SCHEMA
    assert rows["code"].to_list() == [
        "forbidden_arrival_or_departure_time",
        "missing_recommended_field",
        *["stop_without_stop_time"] * 3,
        "unknown_file",
    ]
    assert rows["severity"].to_list() == ["ERROR", *["WARNING"] * 4, "INFO"]
    assert rows["filename"].to_list() == [
        "stop_times.txt", "feed_info.txt", *["stops.txt"] * 3, "x,y:z.txt",
    ]  # fmt: skip
    assert rows["csv_row_number"].to_list() == [7, 5, 2, 3, 4, None]
    assert [json.loads(text) for text in rows["particulars"]] == [
        LATE, {"fieldName": "feed_version"}, {"stopId": "S"}, {"stopId": "N"}, {"stopId": "S"}, {},
    ]  # fmt: skip


def test_particulars_of_every_type_become_json() -> None:
    frame = pl.DataFrame(
        {
            "route_id": pl.Series(["Ü"], dtype=pl.Categorical),
            "date": pl.Series([20_000], dtype=pl.Int32).cast(pl.Date),
            "distance_m": [1.5],
            "match": [[50.5, 10.25]],
            "found": [True],
        }
    )
    made = report()
    made.found = {"unknown_file": [Rows(frame, {"filename": "a.txt", "limit": None, "near": [1]})]}
    (text,) = made.notices["particulars"]
    assert json.loads(text) == {
        "near": [1], "routeId": "Ü", "date": "20241004", "distanceM": 1.5,
        "match": [50.5, 10.25], "found": True,
    }  # fmt: skip


def test_an_empty_report_has_an_empty_table() -> None:
    made = report()
    made.found = {}
    assert made.notices.schema == table.SCHEMA
    assert made.notices.is_empty()


def test_csv_parquet_and_ndjson_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "PIECE", 2)  # a code's rows come in two pieces
    made = report()
    for name in ("csv", "parquet", "ndjson"):
        reports.write(made, name, tmp_path, "feed.zip")
    expected = made.notices
    with (tmp_path / "notices.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["particulars"] for row in rows] == expected["particulars"].to_list()
    assert pl.read_parquet(tmp_path / "notices.parquet").equals(expected)
    objects = [json.loads(line) for line in (tmp_path / "notices.ndjson").open(encoding="utf-8")]
    assert [entry["particulars"] for entry in objects] == [
        json.loads(text) for text in expected["particulars"]
    ]
    assert [entry["csv_row_number"] for entry in objects] == expected["csv_row_number"].to_list()


def test_a_flood_of_notices_is_written_a_piece_at_a_time() -> None:
    many = pl.DataFrame({"csv_row_number": pl.int_range(2, 300_002, eager=True)})
    made = report()
    made.found = {"unused_trip": [Rows(many)]}
    made.severities["unused_trip"] = made.severities["unknown_file"]
    assert [piece.height for piece in table.pieces(made)] == [100_000] * 3


def test_sarif_findings_in_an_archive_are_on_the_archive() -> None:
    log = document(report(), "data/feed.zip")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == 6
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        here = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert here == {"uri": "data/feed.zip", "uriBaseId": "SRCROOT", "index": 0}
    late = run["results"][0]
    assert late["level"] == "error"
    assert late["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "stop_times.txt:7"}]
    assert late["message"]["text"].startswith("stop_times.txt:7: ")
    assert run["artifacts"][0]["location"] == {"uri": "data/feed.zip", "uriBaseId": "SRCROOT"}
    assert run["invocations"][0]["executionSuccessful"] is True
    assert {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules} == {
        "forbidden_arrival_or_departure_time": "error",
        "missing_recommended_field": "warning",
        "stop_without_stop_time": "warning",
        "unknown_file": "note",
    }
    assert all(rule["help"]["text"] for rule in rules)


def test_sarif_points_to_rows_of_files_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feed").mkdir()
    (run,) = document(report(), str(tmp_path / "feed"))["runs"]
    late = run["results"][0]["locations"][0]["physicalLocation"]
    assert late["artifactLocation"]["uri"] == "feed/stop_times.txt"
    assert late["region"] == {"startLine": 7}


def test_sarif_fingerprints_are_unique_and_do_not_depend_on_rows() -> None:
    def marks(made: Any) -> Any:
        (run,) = document(made, "feed.zip")["runs"]
        return [each["partialFingerprints"]["primaryLocationLineHash"] for each in run["results"]]

    first, second = report(), report()
    assert len(set(marks(first))) == 6
    for found in second.found.values():
        for part in found:
            if "csv_row_number" in part.frame.columns:
                part.frame = part.frame.with_columns(pl.col("csv_row_number") + 5)
    assert marks(first) == marks(second)


def test_sarif_shows_what_a_policy_ignores_as_suppressed() -> None:
    made = report()
    rows = made.found.pop("stop_without_stop_time")
    level = made.severities["stop_without_stop_time"]
    made.ignored.append(
        Ignored("stop_without_stop_time", level, 3, "closed for years", rows=tuple(rows))
    )
    (run,) = document(made, "feed.zip")["runs"]
    suppressed = [each for each in run["results"] if "suppressions" in each]
    assert [each["ruleId"] for each in suppressed] == ["stop_without_stop_time"] * 3
    assert suppressed[0]["suppressions"][0]["justification"] == "closed for years"


def test_sarif_takes_no_more_than_a_service_does_the_gravest_first() -> None:
    made = report()
    many = pl.DataFrame({"csv_row_number": pl.int_range(2, 5002, eager=True)})
    made.found = {**made.found, "unknown_file": [Rows(many)]}
    (run,) = document(made, "feed.zip")["runs"]
    assert run["results"][0]["level"] == "error"
    assert sum(each["ruleId"] == "unknown_file" for each in run["results"]) == 1000
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "4,000 more notices are not listed."


def test_junit_counts_failures_and_skipped_rules() -> None:
    root = ET.fromstring(printed("junit"))
    (suite,) = root
    assert suite.attrib["tests"] == "6"
    assert suite.attrib["failures"] == "1"  # errors alone, as --fail-on is ERROR
    assert suite.attrib["skipped"] == "1"
    cases = {case.attrib["name"]: case for case in suite}
    assert cases["stop_without_stop_time"].find("failure") is None
    said = cases["stop_without_stop_time"].findtext("system-out") or ""
    assert said.startswith("3 warning: ")
    assert "stops.txt:3: " in said
    assert cases["unknown_file"].find("failure") is None
    assert cases["unknown_file"].attrib["time"] == "0.500"
    assert list(cases["unused_trip"]) == []
    assert cases["unused_shape"].find("skipped") is not None


@pytest.mark.parametrize(("level", "failures"), [("NEVER", 0), ("WARNING", 3), ("INFO", 4)])
def test_junit_fails_at_the_level_asked_for(level: Any, failures: Any) -> None:
    made = report()
    made.fail_on = level
    out = io.BytesIO()
    reports.print_report(made, "junit", out, "feed.zip")
    (suite,) = ET.fromstring(out.getvalue())
    assert suite.attrib["failures"] == str(failures)


def test_junit_leaves_out_what_xml_cannot_hold() -> None:
    made = report()
    made.found["unknown_file"][0].frame = pl.DataFrame({"filename": ["a\x00\x1b.txt"]})
    out = io.BytesIO()
    reports.print_report(made, "junit", out, "feed.zip")
    assert "a\ufffd\ufffd.txt" in "".join(ET.fromstring(out.getvalue()).itertext())


def test_github_annotations_are_one_line_each(tmp_path: Path) -> None:
    told = printed("github", str(tmp_path)).splitlines()
    assert [line.partition(" ")[0] for line in told] == [
        "::error", *["::warning"] * 4, "::notice",
    ]  # fmt: skip
    assert re.match(
        r"::error file=[^,]*stop_times\.txt,line=7,title=forbidden_arrival_or_departure_time::",
        told[0],
    )
    assert 'trip_id=T"<1>%0A%25' in told[0]
    assert "x%2Cy%3Az.txt,title=unknown_file::" in told[-1]


def test_github_annotations_are_as_many_as_are_shown_and_every_code_is_among_them() -> None:
    made = report()
    many = pl.DataFrame({"csv_row_number": pl.int_range(2, 52, eager=True)})
    made.found["missing_recommended_field"] = [Rows(many, {"filename": "stops.txt"})]
    out = io.BytesIO()
    reports.print_report(made, "github", out, "feed.zip")
    told = out.getvalue().decode().splitlines()
    warnings = [line for line in told if line.startswith("::warning")]
    assert len(warnings) == 10
    assert {re.findall("title=(.*?)::", line)[0] for line in warnings} == {
        "missing_recommended_field", "stop_without_stop_time",
    }  # fmt: skip
    assert any(line.startswith("43 more of level warning") for line in told)


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: Any) -> None:
        self.texts.append(data)


def test_html_loads_nothing_and_escapes_all() -> None:
    made = report()
    made.ignored.append(Ignored("unused_trip", made.severities["unknown_file"], 3, "<i>why</i>"))
    made.summary["agencies"] = [{"name": "<script>alert(1)</script>"}]
    out = io.BytesIO()
    reports.print_report(made, "html", out, "<feed>")
    page = Texts()
    page.feed(out.getvalue().decode())
    assert page.tags.isdisjoint({"link", "img", "iframe", "object"})
    assert out.getvalue().count(b"<script>") == 1  # its own, for filters
    assert b"default-src 'none'" in out.getvalue()
    assert "src" not in page.attributes
    text = " ".join(page.texts)
    for said in ("<feed>", '"<1>', "<i>why</i>", "<script>alert(1)</script>", "stops.txt:4"):
        assert said in text
    assert "shapes.txt has rows with errors" in text


def test_the_terminal_tells_the_gravest_first() -> None:
    told = printed("terminal")
    order = ["1 error\n", "forbidden_arrival", "4 warnings\n", "1 info\n", "could not run"]
    assert [told.index(part) for part in order] == sorted(told.index(part) for part in order)
    assert "\x1b" not in told
    assert 'stop_times.txt:7  trip_id=T"<1> %, departure_time=25:01:01' in told
    assert "1 error, 4 warnings, 1 info" in told
    assert "gtfsgen explain forbidden_arrival_or_departure_time" in told


@pytest.mark.parametrize("width", [30, 80])
def test_lines_end_at_the_width_there_is_and_keep_their_indent(width: Any) -> None:
    words = "one two three 四五六七八九十 " * 9 + "averyveryverylongwordwithoutablankinside end"
    told = list(wrapped(words, 6, width))
    assert all(columns_of(line) <= width or " " not in line.strip() for line in told)
    assert told[0].startswith("      one")
    assert all(line.startswith(" " * 8) for line in told[1:])
    assert " ".join(line.strip() for line in told) == words


def test_control_characters_do_not_reach_the_terminal() -> None:
    made = report()
    made.found = {"unknown_file": [Rows(pl.DataFrame({"filename": ["\x1b[2Jx.txt"]}))]}
    assert "\ufffd[2Jx.txt" in "".join(lines(made, "feed.zip"))


def test_a_clean_feed_is_said_to_be_clean() -> None:
    made = report()
    made.found = {}
    assert "Nothing found." in "".join(lines(made, "feed.zip"))


def test_json_has_the_canonical_members() -> None:
    groups = json.loads(printed("json"))["notices"]
    assert [list(group) for group in groups] == [
        ["code", "severity", "totalNotices", "sampleNotices"]
    ] * 4
    assert groups[0]["sampleNotices"] == [{"csvRowNumber": 7, **LATE}]


def test_every_canonical_notice_with_a_row_points_to_a_file() -> None:
    unplaced = {
        code
        for case in load_cases()
        for code, entries in case["samples"].items()
        for entry in entries
        if any("owNumber" in name for name in entry) and ":" not in place_text(code, entry)
    }
    # its two rows are of stops.txt and of location_groups.txt, whichever are there
    assert unplaced == {"duplicate_geography_id"}


@pytest.mark.parametrize(
    ("code", "entry", "where"),
    [
        ("unknown_file", {"filename": "x.txt"}, "x.txt"),
        ("foreign_key_violation", {"childFilename": "trips.txt", "csvRowNumber": 3}, "trips.txt:3"),
        ("stop_too_far_from_shape", {"tripCsvRowNumber": 2, "stopTimeCsvRowNumber": 9},
         "stop_times.txt:9"),
        ("duplicate_key", {"filename": "stops.txt", "oldCsvRowNumber": 2, "newCsvRowNumber": 5},
         "stops.txt:5"),
        ("timeframe_overlap", {"prevCsvRowNumber": 2, "currCsvRowNumber": 3}, "timeframes.txt:3"),
        ("same_stop_and_route_url", {"stopCsvRowNumber": 4, "routeCsvRowNumber": 8}, "stops.txt:4"),
        ("trip_coverage_not_active_for_next7_days", {"currentDate": "20261121"}, ""),
    ],
)  # fmt: skip
def test_places(code: Any, entry: Any, where: Any) -> None:
    assert place_text(code, entry) == where
