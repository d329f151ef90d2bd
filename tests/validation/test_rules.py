"""The registry: every rule says what it found and has a case, and its page is up to date."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import pytest
from click.testing import CliRunner

import gtfsgen
from gtfsgen.cli import main
from gtfsgen.fixing.registry import fix_of
from gtfsgen.reports.rules_page import markdown
from gtfsgen.validation import Severity
from gtfsgen.validation.engine import RULE_SETS, Rule, every_rule, rule, rules, run
from tests.parity.cases import HERE, load_cases
from tests.parity.texts import read_cases, write_case
from tests.validation.test_cases import BASE, CASES, TODAY, cases, write_feed

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: f"{rule.code}-{rule.group}")
def test_every_rule_says_in_one_line_what_was_found(rule: Rule) -> None:
    assert rule.summary.endswith(".")
    assert " " in rule.summary


def test_every_rule_of_ours_has_cases_and_every_case_file_a_rule() -> None:
    ours = {code for code, rule in rules().items() if rule.group == "gtfsgen"}
    written = {path.stem for path in CASES.glob("*.md")}
    assert ours <= written <= set(rules("gtfsgen"))


@pytest.mark.parametrize("path", sorted(CASES.glob("*.md")), ids=lambda path: path.stem)
def test_some_case_finds_the_rule(path: Path) -> None:
    assert any(code == path.stem for case in cases(path) for code, _, _ in case.expected)


def test_every_canonical_rule_has_a_case_of_the_canonical_validator() -> None:
    found = {code for case in load_cases() for code in case["expect"]}
    canonical = {code for code, rule in rules("canonical-8.0.1").items()}
    assert canonical == found


def test_a_canonical_case_is_the_same_when_written_again() -> None:
    for path in sorted((HERE / "cases").glob("missing_*.md")):
        title, _, sections = path.read_text("utf-8").partition("\n\n")
        assert title == f"# {path.stem}"
        cases = list(read_cases(sections))
        assert "\n".join(map(write_case, cases)) == sections
        assert {case["name"].partition("--")[0] for case in cases} == {path.stem}


def test_next_takes_the_place_of_canonical_rules() -> None:
    later = {rule.code for rule in every_rule() if rule.group == "next"}
    assert later <= set(rules("canonical-8.0.1"))
    chosen = rules("canonical-next")
    assert {code for code, rule in chosen.items() if rule.group == "next"} == later
    assert set(chosen) == set(rules("canonical-8.0.1"))


def test_the_page_is_up_to_date() -> None:
    made = markdown(every_rule(), fix_of)
    assert PAGE.read_text("utf-8") == made, (
        "make it anew: gtfsgen rules --format markdown > docs/rules.md"
    )


@pytest.mark.parametrize("rule_set", RULE_SETS)
def test_rules_as_json(rule_set: str) -> None:
    done = CliRunner().invoke(main, ["rules", "--rules", rule_set, "--format", "json"])
    listed = json.loads(done.output)
    assert [rule["code"] for rule in listed] == list(rules(rule_set))
    assert all(rule_set in rule["rule_sets"] for rule in listed)


def test_rules_as_a_table() -> None:
    done = CliRunner().invoke(main, ["rules"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert any(line.startswith("unused_trip ") and "warning" in line for line in lines)
    assert lines[-1] == f"{len(every_rule())} rules"


def test_an_unknown_rule_set_is_a_wrong_command() -> None:
    done = CliRunner().invoke(main, ["rules", "--rules", "canonical-7"])
    assert done.exit_code == 2
    assert "canonical-8.0.1" in done.output


def test_explain_a_code() -> None:
    done = CliRunner().invoke(main, ["explain", "linked_trips_long_wait"])
    assert done.output.splitlines()[0] == "linked_trips_long_wait (warning)"
    assert "MOTIS" in done.output


def test_explain_a_row() -> None:
    source = Path(__file__).parents[2] / "source"
    done = CliRunner().invoke(
        main, ["explain", "stop_times", "K27", "dandong", "--source", str(source)]
    )
    assert "07:35 local = 31:35 agency time" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["linked_trip_cycle"], "did you mean linked_trips_cycle"),
        (["stop_tims", "K27"], "did you mean stop_times"),
        (["stop_times"], "which row of stop_times"),
        (["trips", "K27", "--source", "no such folder"], "no such folder"),
    ],
)
def test_explain_what_is_not_there(words: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["explain", *words])
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.parametrize(
    ("stop_times", "severity"),
    [
        ("T1,1,A,08:00:00,08:00:00\nT1,2,B,08:30:00,08:30:00\n", Severity.WARNING),
        ("T1,1,A,08:00:00,08:00:00\nT1,2,B,08:00:00,08:00:00\n", Severity.ERROR),
    ],
    ids=["on the next day", "on the same day"],
)
def test_a_self_link_is_an_error_on_the_same_day_only(
    stop_times: str, severity: Severity, tmp_path: Path
) -> None:
    tables = {
        "stop_times.txt": "trip_id,stop_sequence,stop_id,arrival_time,departure_time\n"
        + stop_times,
        "transfers.txt": "from_trip_id,to_trip_id,from_stop_id,to_stop_id,transfer_type\n"
        "T1,T1,B,A,4\n",
    }
    report = gtfsgen.validate(write_feed(tables, tmp_path), "gtfsgen", TODAY)
    assert report.counts["linked_trips_self_link"] == (severity, 1)


def test_our_rules_are_silent_in_the_canonical_set(tmp_path: Path) -> None:
    transfers = "from_trip_id,to_trip_id,transfer_type\nT1,T2,4\n"
    folder = write_feed({"transfers.txt": transfers}, tmp_path)
    assert not gtfsgen.validate(folder, "canonical-8.0.1", TODAY).counts
    assert list(gtfsgen.validate(folder, "gtfsgen", TODAY).counts) == [
        "linked_trips_without_stop_ids"
    ]
    assert not gtfsgen.validate(BASE, "gtfsgen", TODAY).counts


def test_a_feed_is_let_go_once_nobody_needs_it() -> None:
    feed = gtfsgen.read(BASE)
    run(feed, "gtfsgen")
    watched = weakref.ref(feed)
    del feed
    gc.collect()
    assert watched() is None


def test_a_rule_of_a_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"trips\.blok_id"):
        rule(Severity.INFO, of="trips.blok_id", code="no_such_rule")(lambda feed: [])
