"""What is only proposed: known and checked with --experimental, unknown without."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import gtfsgen
from gtfsgen.cli import main
from gtfsgen.validation.engine import every_rule
from tests.validation.test_cases import TODAY, found, write_feed

NOTICES = "notice_id,notice_group_id,display_text\nN,G,Dining car\nM,,Bicycles\n"
ASSIGNED = "notice_id,notice_group_id,table_name,record_id\n"
SEGMENTS = "trip_segment_id,trip_id,from_stop_sequence,to_stop_sequence\n"
GOOD = {
    "notices.txt": NOTICES,
    "notice_assignments.txt": ASSIGNED + "M,,trips,T1\n,G,trip_segments,P\n",
    "trip_segments.txt": SEGMENTS + "P,T2,1,2\n",
    "transfers.txt": "from_stop_id,to_stop_id,transfer_type,service_id\nB,B,1,S\n",
    "vehicles.txt": "label,high_label,vehicle_class\nA7,A12,C\n1001,1040,\nsingle,,C\n",
}

Found = tuple[str, str, int | None]

BAD: list[tuple[dict[str, str], set[Found]]] = [
    (
        {"transfers.txt": GOOD["transfers.txt"].replace(",1,S", ",1,X")},
        {("foreign_key_violation", "transfers.txt", 2)},
    ),
    ({"notice_assignments.txt": ""}, {("missing_required_file", "notice_assignments.txt", None)}),
    (
        {"notice_assignments.txt": ASSIGNED + "M,G,trips,T1\n,,stops,A\nN,,stops,Z\nM,,fares,T1\n"},
        {
            ("notice_assignment_without_one_notice", "notice_assignments.txt", 2),
            ("notice_assignment_without_one_notice", "notice_assignments.txt", 3),
            ("notice_assignment_foreign_key_violation", "notice_assignments.txt", 4),
            ("notice_assignment_unknown_table", "notice_assignments.txt", 5),
        },
    ),
    (
        {"notice_assignments.txt": ASSIGNED + "Q,,trips,T1\nM,,trips,T1\nN,,trips,T1\n"},
        {("foreign_key_violation", "notice_assignments.txt", 2)},
    ),
    (
        {"notices.txt": NOTICES.replace("Dining car", "<b>Dining</b> car")},
        {("notice_text_with_markup", "notices.txt", 2)},
    ),
    (
        {"notices.txt": NOTICES + "U,,Never shown & < 5 min\n"},
        {("unused_notice", "notices.txt", 4)},
    ),
    (
        {"trip_segments.txt": SEGMENTS + "P,T2,1,7\nR,T2,2,1\n"},
        {
            ("trip_segment_stop_sequence_unknown", "trip_segments.txt", 2),
            ("trip_segment_out_of_order", "trip_segments.txt", 3),
        },
    ),
    (
        {"vehicles.txt": "label,high_label,seating\nA7,B12,40\n1040,1001,\nA7,A9,\nB,,-1\n"},
        {
            ("vehicle_labels_no_range", "vehicles.txt", 2),
            ("vehicle_labels_no_range", "vehicles.txt", 3),
            ("number_out_of_range", "vehicles.txt", 5),
            ("duplicate_key", "vehicles.txt", 4),
        },
    ),
    (
        {
            "routes.txt": "route_id,agency_id,route_short_name,route_type,route_url,vehicle_class\n"
            "R1,W,R1,2,https://rail.example.org/r1,D\nR2,W,R2,2,https://rail.example.org/r2,C\n",
        },
        {
            ("vehicle_class_without_vehicles", "routes.txt", 2),
            ("missing_recommended_file", "shapes.txt", None),
        },
    ),
]


@pytest.mark.parametrize(("changed", "expected"), [({}, set()), *BAD])
def test_proposals(changed: dict[str, str], expected: set[Found], tmp_path: Path) -> None:
    folder = write_feed(GOOD | changed, tmp_path)
    assert set(found(gtfsgen.validate(folder, "experimental", TODAY))) == expected


def test_every_rule_of_a_proposal_is_shown() -> None:
    ours = {rule.code for rule in every_rule() if rule.group == "experimental"}
    assert ours <= {code for _, expected in BAD for code, *_ in expected}


def test_without_the_option_they_are_unknown(tmp_path: Path) -> None:
    told = found(gtfsgen.validate(write_feed(GOOD, tmp_path), date=TODAY))
    files = {name for code, name, _ in told if code == "unknown_file"}
    assert files == {"notices.txt", "notice_assignments.txt", "trip_segments.txt", "vehicles.txt"}
    assert {code for code, *_ in told} == {"unknown_file", "unknown_column"}


def test_the_command(tmp_path: Path) -> None:
    folder = write_feed(GOOD | {"notices.txt": NOTICES.replace("Dining", "<i>")}, tmp_path)
    args = ["validate", str(folder), "--date", TODAY]
    done = CliRunner().invoke(main, [*args, "--experimental"])
    assert "notice_text_with_markup" in done.output
    assert done.exit_code == 1
    assert CliRunner().invoke(main, args).exit_code == 0
    wrong = CliRunner().invoke(main, [*args, "--experimental", "--rules", "canonical-8.0.1"])
    assert wrong.exit_code == 2
    assert "--experimental adds to our own rules" in wrong.output
