"""Faults of a build in the forms of other tools, at the cells they come from."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.reports.cells import cell_span, column_number

ROOT = Path(__file__).parents[2]
DAY = ("--today", "2026-11-20")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The flagship in a folder of its own, in which the command runs."""
    shutil.copytree(ROOT / "source", tmp_path / "source")
    (tmp_path / "validation").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(*words: str) -> Any:
    return CliRunner().invoke(main, ["build", "source", *DAY, *words])


def misspell(project: Path) -> None:
    table = project / "source" / "timetables" / "beijing-pyongyang.csv"
    table.write_text(table.read_text().replace("Shenyang,arr", "Shenyng,arr", 1))


def test_a_typo_is_annotated_at_its_cell(project: Path) -> None:
    misspell(project)
    result = build("--format", "github")
    assert result.exit_code == 1
    (told,) = [line for line in result.stdout.splitlines() if line.startswith("::error")]
    assert told.startswith(
        "::error file=source/timetables/beijing-pyongyang.csv,line=8,col=1,endColumn=8,"
        "title=unknown_station::"
    )
    assert "did you mean" in told


def test_every_form_tells_a_typo_at_its_cell(project: Path) -> None:
    misspell(project)
    assert build("--format", "json,sarif,junit,github,html,terminal").exit_code == 1
    folder = project / "validation"
    (entry,) = json.loads((folder / "build.json").read_text())["notices"]
    assert (entry["code"], entry["severity"], entry["totalNotices"]) == (
        "unknown_station", "ERROR", 1,
    )  # fmt: skip
    (sample,) = entry["sampleNotices"]
    assert sample["file"] == "source/timetables/beijing-pyongyang.csv"
    assert (sample["row"], sample["column"], sample["found"]) == (8, "A", "Shenyng")
    (run,) = json.loads((folder / "build.sarif").read_text())["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "source/timetables/beijing-pyongyang.csv"
    assert place["region"] == {"startLine": 8, "startColumn": 1, "endColumn": 8}
    (suite,) = ET.parse(folder / "build-junit.xml").getroot()
    assert suite.attrib["failures"] == "1"
    assert "Shenyng" in (folder / "build.html").read_text()


def test_notices_of_the_built_feed_lead_to_the_source(project: Path) -> None:
    result = build("--format", "sarif,json")
    assert result.exit_code == 0, result.output
    (run,) = json.loads((project / "validation" / "build.sarif").read_text())["runs"]
    places = {
        each["ruleId"]: each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in run["results"]
    }
    assert places["service_date_differs_from_local_date"].startswith("source/timetables/")


def test_levels_fail_alike_in_every_form(project: Path) -> None:
    assert build("--fail-on", "INFO", "--format", "junit").exit_code == 1
    (suite,) = ET.parse("validation/build-junit.xml").getroot()
    assert int(suite.attrib["failures"]) > 0
    assert build("--fail-on", "never", "--format", "junit").exit_code == 0
    (suite,) = ET.parse("validation/build-junit.xml").getroot()
    assert suite.attrib["failures"] == "0"


def test_what_the_policy_ignores_is_suppressed_at_its_cell(project: Path) -> None:
    (project / "validation" / "policy.toml").write_text(
        '[[ignore]]\ncode = "service_date_differs_from_local_date"\n'
        'reason = "as printed"\nuntil = 2099-01-01\n'
    )
    result = build("--format", "terminal,sarif")
    assert "service_date_differs_from_local_date  2 info: as printed" in result.output
    (run,) = json.loads((project / "validation" / "build.sarif").read_text())["runs"]
    suppressed = [each for each in run["results"] if "suppressions" in each]
    assert len(suppressed) == 2
    here = suppressed[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert here.startswith("source/timetables/")


def test_a_baseline_of_a_build_makes_its_notices_known(project: Path) -> None:
    (project / "validation" / "policy.toml").write_text("")
    assert "known since" not in build().stderr
    assert build("--write-baseline").exit_code == 0
    result = build()
    assert "service_date_differs_from_local_date" not in result.stderr.partition("Ignored")[0]
    assert "known since" in result.stderr


def test_the_last_line_is_the_outcome(project: Path) -> None:
    result = build()
    assert re.fullmatch(r".*12 trips, 36 stop times; \d+ infos", result.stdout.strip())
    assert result.output.rstrip().endswith(" infos")


def test_an_unknown_format_is_a_wrong_command(project: Path) -> None:
    result = build("--format", "parquet")
    assert result.exit_code == 2
    assert "terminal, json, html, sarif, junit, github" in result.output


def test_a_cell_is_found_where_an_editor_shows_it(tmp_path: Path) -> None:
    """Whatever is quoted: the span of a cell holds the text that csv reads there."""
    rng = random.Random(7)
    for separator in ",;":
        rows = [
            [rng.choice(["a", 'q"q', "x\ny", "", "长沙", f"p{separator}q"]) for _ in range(4)]
            for _ in range(40)
        ]
        rows[0] = ["one", "two", "three", "four"]
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=separator, lineterminator="\n").writerows(rows)
        path = tmp_path / f"{ord(separator)}.csv"
        path.write_text("\ufeff" + buffer.getvalue(), encoding="utf-8")
        lines = buffer.getvalue().split("\n")
        for row, cells in enumerate(rows, 1):
            for letter, cell in zip("ABCD", cells, strict=True):
                span = cell_span(path, row, letter)
                begins = lines[span.line - 1][span.column - 1 :]
                first = cell.split("\n")[0]
                assert begins.lstrip('"').replace('""', '"').startswith(first)
                if "\n" not in cell:
                    whole = lines[span.line - 1][span.column - 1 : span.end_column - 1]
                    assert next(csv.reader([whole], delimiter=separator), [""]) in ([cell], [])


def test_letters_of_columns() -> None:
    assert [column_number(each) for each in ("", "A", "Z", "AA", "BC")] == [0, 1, 26, 27, 55]
