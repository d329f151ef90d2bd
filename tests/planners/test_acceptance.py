"""The page that the acceptance writes, and what lets it pass."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flagship import flagship

from gtfsgen.planners import Question
from gtfsgen.planners.journeys import Journey, Outcome, Verdict
from tests import acceptance
from tests.acceptance import Result, page


def verdict(name: str, outcome: Outcome, reason: str = "") -> Verdict:
    question = Question(("a",), ("b",), 0, 0)
    day = date(2026, 12, 10)
    journey = Journey(name, 2, day, ("a",), ("b",), (), (), (), 0, True, question)
    return Verdict(journey, outcome, "what was found", reason)


GOOD = verdict("good", Outcome.HOLDS)
BAD = verdict("bad", Outcome.FAILS, "1 change, no change")
LIMITED = verdict("limited", Outcome.LIMIT, "five days at most")


def test_the_page_counts_and_names() -> None:
    results = [
        Result(
            "night", "linked", {"motis": [GOOD, LIMITED], "otp": [GOOD]}, {}, {"gtfs-kit": True}
        ),
        Result("night", "through", {"motis": [GOOD, BAD]}, {"otp": "no Java"}),
    ]
    text = page(results)
    assert "| night | linked | 1 of 2, 1 known limit | 1 of 1 | all trips | not run |" in text
    assert "| night | through | 1 of 2 | not asked | not run | not run |" in text
    assert "- night, limited, MOTIS: five days at most." in text
    assert "- night, through, MOTIS, bad: 1 change, no change (found: what was found)." in text
    assert "- otp: no Java." in text


def test_failures() -> None:
    assert Result("p", "linked", {"motis": [GOOD, LIMITED]}).failures == []
    assert Result("p", "through", {"motis": [BAD]}).failures == []
    (failed,) = Result("p", "linked", {"motis": [BAD]}).failures
    assert failed == "p, linked: motis: bad 1 change, no change (found: what was found)"
    assert Result("p", "through", notes={"otp": "no Java"}).failures == ["p, through: otp: no Java"]
    assert Result("p", "linked", notes={"node-gtfs": "no Node.js"}).failures == []
    assert len(Result("p", "through", importers={"gtfs-kit": False}).failures) == 1


def test_names_of_projects() -> None:
    assert acceptance.project_name(Path("tests/projects/optima-express/source")) == "optima-express"


def test_gtfs_kit_sees_all_trips(tmp_path: Path) -> None:
    pytest.importorskip("gtfs_kit")
    assert acceptance.gtfs_kit_trips(flagship("block", tmp_path / "gtfs.zip")) == 12
