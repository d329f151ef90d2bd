"""One registry: every code that gtfsgen can tell has its page there, whoever tells it."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.faults import Fault, Severity
from gtfsgen.notices import GROUPS, NoticeKind, kinds, kinds_of
from gtfsgen.reports.notice_schema import notice_schema
from gtfsgen.schema import TABLES
from gtfsgen.validation.policy import PolicyError, decide_faults, read_policy

PACKAGE = Path(__file__).parents[1] / "gtfsgen"
MAKERS = {
    "fault", "Fault", "fault_at", "whole", "wrong", "coach_fault", "TimeError", "Problem", "lonely",
    "_fault",
}  # fmt: skip


def codes_told() -> dict[str, set[str]]:
    """Codes that stand in calls which make faults -> the files they stand in."""
    found: dict[str, set[str]] = {}
    for room in ("source", "compile", "shapes", "planners"):
        for file in (PACKAGE / room).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name not in MAKERS:
                    continue
                for value in node.args:
                    if (
                        isinstance(value, ast.Constant)
                        and isinstance(value.value, str)
                        and "_" in value.value
                        and value.value.replace("_", "").isalpha()
                        and value.value.islower()
                    ):
                        found.setdefault(value.value, set()).add(file.name)
    return found


COLUMNS = {
    "agency_id", "agency_timezone", "station_id", "route_id", "first_day", "last_day", "as_of",
    "contact_url", "agency_email",
}  # fmt: skip


def test_every_code_has_its_page() -> None:
    told = codes_told()
    assert len(told) > 60
    assert {code: files for code, files in told.items() if code not in {*kinds(), *COLUMNS}} == {}


@pytest.mark.parametrize("code", ["ambiguous_letter", "stop_off_track", "coach_waits_long"])
def test_explain_says_what_it_means_and_how_to_settle_it(code: str) -> None:
    said = CliRunner().invoke(main, ["explain", code])
    assert said.exit_code == 0
    assert kinds()[code].summary in said.output
    assert kinds()[code].details in said.output


EVERY = [kind for code in kinds() for kind in kinds_of(code)]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: f"{kind.code}-{kind.group}")
def test_every_code_is_explained_and_says_what_was_found_and_where(kind: NoticeKind) -> None:
    assert kind.group in GROUPS
    assert kind.summary.endswith(".")
    assert " " in kind.summary
    assert kind.file in {"", "locations.geojson", *(table.filename for table in TABLES.values())}
    assert kind.severity not in kind.also
    said = CliRunner().invoke(main, ["explain", kind.code])
    assert said.exit_code == 0
    assert kind.summary in said.output


def test_a_policy_takes_every_code_but_those_of_policies_and_runs(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    head = '[[ignore]]\nreason = "tried"\nuntil = 2027-01-01\ncode = '
    decided = [code for code, kind in kinds().items() if kind.group not in ("policy", "run")]
    path.write_text("".join(f'{head}"{code}"\n' for code in decided))
    assert len(read_policy(path).entries) == len(decided) > 300
    for code in sorted(kinds().keys() - set(decided)):
        path.write_text(f'{head}"{code}"\n')
        with pytest.raises(PolicyError, match="no policy can decide"):
            read_policy(path)


def test_codes_of_the_canonical_validator_are_all_there() -> None:
    current = {code for code, entry in notice_schema().items() if not entry["deprecated"]}
    assert current <= set(kinds())


def test_a_code_of_tables_and_of_feeds_is_explained_as_both() -> None:
    said = CliRunner().invoke(main, ["explain", "unknown_file"]).output
    assert "of the tables" in said
    assert "A file of the archive is no GTFS file." in said


def test_a_policy_silences_a_notice_of_drawing_and_grades_another(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        '[[ignore]]\ncode = "stop_off_track"\nreason = "no track yet"\nuntil = 2027-01-01\n'
        '[[regrade]]\ncode = "slow_train"\nseverity = "INFO"\nreason = "a mountain"\n'
    )
    off = Fault(Severity.WARNING, "stop_off_track", "stations.csv", 2, "A", "off")
    slow = Fault(Severity.WARNING, "slow_train", "t.csv", 2, "A", "slow")
    wrong = Fault(Severity.ERROR, "stop_off_track", "stations.csv", 2, "A", "off")
    left, ignored = decide_faults([off, slow, wrong], read_policy(path), date(2026, 11, 20))
    assert ignored == [(off, "no track yet")]
    assert [(f.code, f.severity) for f in left] == [
        ("slow_train", Severity.INFO),
        ("stop_off_track", Severity.ERROR),
    ]
