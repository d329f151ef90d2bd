"""Policies: what is ignored, graded differently, known; and how a wrong policy is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gtfsgen.faults import Severity
from gtfsgen.validation.policy import (
    PolicyError,
    apply_policy,
    read_policy,
    write_baseline,
)

from .feeds import report

TODAY = date(2026, 11, 20)
IGNORED_SOUTH = """
[[ignore]]
code = "stop_without_stop_time"
id = "S"
reason = "Opens next year."
until = 2026-11-20
"""


def policy(folder: Path, text: str) -> Any:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_id_is_ignored_and_counted(tmp_path: Path) -> None:
    found = report()
    apply_policy(found, read_policy(policy(tmp_path, IGNORED_SOUTH)), TODAY)
    assert found.counts["stop_without_stop_time"] == ("WARNING", 1)
    assert found.samples("stop_without_stop_time") == [{"csvRowNumber": 3, "stopId": "N"}]
    (ignored,) = found.ignored
    assert (ignored.code, ignored.total) == ("stop_without_stop_time", 2)
    assert (ignored.reason, ignored.until) == ("Opens next year.", date(2026, 11, 20))
    assert found.remarks == []


def test_an_entry_that_has_ended_stops_acting_and_says_so(tmp_path: Path) -> None:
    found = report()
    apply_policy(found, read_policy(policy(tmp_path, IGNORED_SOUTH)), date(2026, 11, 21))
    assert found.counts["stop_without_stop_time"] == ("WARNING", 3)
    assert found.ignored == []
    assert [str(remark) for remark in found.remarks] == [
        "policy.toml:2: warning policy_entry_ended the entry for stop_without_stop_time S ended on"
        " 2026-11-20 and no longer acts; decide anew"
    ]


def test_a_file_is_matched_by_name_or_by_its_code(tmp_path: Path) -> None:
    text = """
[[ignore]]
code = "stop_without_stop_time"
file = "stops.txt"
reason = "r"
until = 2027-01-01

[[ignore]]
code = "missing_recommended_field"
file = "agency.txt"
reason = "r"
until = 2027-01-01
"""
    found = report()
    apply_policy(found, read_policy(policy(tmp_path, text)), TODAY)
    assert "stop_without_stop_time" not in found.counts
    assert found.counts["missing_recommended_field"] == ("WARNING", 1)
    assert [str(remark) for remark in found.remarks] == [
        "policy.toml:8: warning policy_entry_unused nothing matches the entry for"
        " missing_recommended_field agency.txt; remove it"
    ]


def test_regrading_one_id_splits_the_code(tmp_path: Path) -> None:
    text = (
        '[[regrade]]\ncode = "stop_without_stop_time"\nid = "N"\nseverity = "error"\nreason = "r"\n'
    )
    found = report()
    apply_policy(found, read_policy(policy(tmp_path, text)), TODAY)
    totals = {key: sum(map(len, rows)) for key, rows in found.graded().items()}
    assert totals["stop_without_stop_time", Severity.ERROR] == 1
    assert totals["stop_without_stop_time", Severity.WARNING] == 2
    assert found.counts["stop_without_stop_time"] == ("ERROR", 3)
    assert found.samples("stop_without_stop_time", severity=Severity.ERROR) == [
        {"csvRowNumber": 3, "stopId": "N"}
    ]


def test_regrading_a_rule_everywhere(tmp_path: Path) -> None:
    code = "forbidden_arrival_or_departure_time"
    text = f'[[regrade]]\ncode = "{code}"\nseverity = "INFO"\nreason = "r"\n'
    found = report()
    apply_policy(found, read_policy(policy(tmp_path, text)), TODAY)
    assert found.counts[code] == ("INFO", 1)
    assert found.worst() is Severity.WARNING


def test_the_first_entry_that_matches_decides(tmp_path: Path) -> None:
    text = (
        '[[regrade]]\ncode = "stop_without_stop_time"\nid = "S"\nseverity = "INFO"\nreason = "r"\n'
        '[[regrade]]\ncode = "stop_without_stop_time"\nseverity = "ERROR"\nreason = "r"\n'
    )
    found = report()
    apply_policy(found, read_policy(policy(tmp_path, text)), TODAY)
    totals = {key: sum(map(len, rows)) for key, rows in found.graded().items()}
    assert totals["stop_without_stop_time", Severity.INFO] == 2
    assert totals["stop_without_stop_time", Severity.ERROR] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[ignroe]]\n", "policy.toml:1: unknown section 'ignroe'; did you mean ignore?"),
        ("[ignore]\n", "policy.toml:1: 'ignore' is no list; write [[ignore]] before each"),
        (
            '\n[[ignore]]\ncode = "unused_trip"\nreasn = "x"\n',
            "policy.toml:4: unknown key 'reasn'; did you mean reason?",
        ),
        (
            '[[ignore]]\ncode = "unused_tripp"\nreason = "x"\nuntil = 2027-01-01\n',
            "policy.toml:2: there is no rule 'unused_tripp'; did you mean unused_trip?",
        ),
        (
            '[[ignore]]\ncode = "unused_trip"\nuntil = 2027-01-01\n',
            "policy.toml:1: [[ignore]] without reason; say why",
        ),
        (
            '[[ignore]]\ncode = "unused_trip"\nreason = "x"\n',
            "policy.toml:1: [[ignore]] without until",
        ),
        (
            '[[ignore]]\ncode = "unused_trip"\nreason = "x"\nuntil = "2027-01-01"\n',
            "policy.toml:4: until = '2027-01-01' is no date; write until = 2027-03-12",
        ),
        (
            '[[regrade]]\ncode = "unused_trip"\nreason = "x"\nseverity = "FATAL"\n',
            "policy.toml:4: severity 'FATAL' is unknown; write ERROR, WARNING, INFO",
        ),
        (
            '[[regrade]]\ncode = "unused_trip"\nreason = "x"\nseverity = "INFO"\nid = 52\n',
            'policy.toml:5: id = 52 is no text; write id = "52"',
        ),
        ("[[ignore\n", "policy.toml:1: This is not TOML"),
    ],
)
def test_a_wrong_policy_says_where_and_how_to_mend_it(tmp_path: Path, text: Any, said: Any) -> None:
    with pytest.raises(PolicyError) as raised:
        read_policy(policy(tmp_path, text))
    assert said in str(raised.value)


def test_sections_of_other_commands_are_left_alone(tmp_path: Path) -> None:
    assert read_policy(policy(tmp_path, "[[known_limits]]\nplanner = 'otp'\n")).entries == ()


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(tmp_path / "policy.toml")


def test_known_notices_are_not_told_again_though_rows_move(tmp_path: Path) -> None:
    path = policy(tmp_path, "")
    assert write_baseline(report(), path, TODAY) == tmp_path / "baseline.json"
    again = report()
    for rows in again.found["stop_without_stop_time"]:
        rows.frame = rows.frame.with_columns(csv_row_number=rows.frame["csv_row_number"] + 10)
    apply_policy(again, read_policy(path), TODAY)
    assert again.counts == {}
    assert sum(ignored.total for ignored in again.ignored) == 6
    assert {ignored.reason for ignored in again.ignored} == {
        "known since 2026-11-20 (baseline.json)"
    }


def test_one_more_than_known_is_news(tmp_path: Path) -> None:
    path = policy(tmp_path, "")
    write_baseline(report(), path, TODAY)
    again = report()
    (rows,) = again.found["stop_without_stop_time"]
    rows.frame = rows.frame.vstack(rows.frame.tail(1))  # a third notice about S
    apply_policy(again, read_policy(path), TODAY)
    assert again.counts == {"stop_without_stop_time": ("WARNING", 1)}


def test_a_flood_is_known_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gtfsgen.validation.policy.MOST_KEPT", 2)
    path = policy(tmp_path, "")
    write_baseline(report(), path, TODAY)
    baseline = read_policy(path).baseline
    assert baseline is not None
    assert baseline.totals["stop_without_stop_time"] == 3
    assert "stop_without_stop_time" not in baseline.texts
    again = report()
    apply_policy(again, read_policy(path), TODAY)
    assert again.counts == {}


def test_what_is_ignored_is_not_in_the_baseline(tmp_path: Path) -> None:
    path = policy(tmp_path, IGNORED_SOUTH)
    write_baseline(report(), path, TODAY)
    baseline = read_policy(path).baseline
    assert baseline is not None
    assert baseline.totals["stop_without_stop_time"] == 1


def test_a_damaged_baseline(tmp_path: Path) -> None:
    path = policy(tmp_path, "")
    (tmp_path / "baseline.json").write_text('{"day": "2026-11-20"}')
    with pytest.raises(PolicyError, match="is no baseline of known notices"):
        read_policy(path)
