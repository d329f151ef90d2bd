"""Laws of the house: which room may import which, and that each answer has one place."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from importlib import resources

from tests.house import GROUND, PACKAGE, PAGE, ROOMS, SIBLINGS, drawn, imports, room_of, trees

UPWARD = {
    ("validation", "reports"): {"gtfsgen.validation"},
}
"""`Report.notices` and `Report.to_json` of the Python API ask the room that writes reports."""
BETWEEN_SIBLINGS = {
    ("importing", "render"): {
        "gtfsgen.importing.given",
        "gtfsgen.importing.layout",
        "gtfsgen.importing.railway",
        "gtfsgen.importing.trains",
    },
}
"""Import still reads trains by the page's model; these go when it asks the timetable room."""
NAMES_TWICE = frozenset(
    (
        *("Book", "Call", "Change", "Column", "Draft", "Entry", "Finding", "Grid", "Leg", "Line"),
        *(
            "Names",
            "Outcome",
            "Patterns",
            "Place",
            "Printed",
            "Reading",
            "Ride",
            "Run",
            "Settings",
            "Sheet",
        ),
        *("Stop", "Table", "Timetable", "Train", "Trains", "Trip", "Way", "Words"),
    )
)
"""Public class names that two rooms still have. None is to be added."""


def test_every_module_is_in_a_room_or_on_the_ground() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders <= set(ROOMS)


def test_imports_run_downward() -> None:
    upward = {}
    for (room, other), modules in imports().items():
        allowed = UPWARD.get((room, other), set())
        if room in SIBLINGS and other in SIBLINGS:
            continue  # the next law
        if other == GROUND or (room in ROOMS and ROOMS.index(other) < ROOMS.index(room)):
            continue
        if modules - allowed:
            upward[room, other] = modules - allowed
    assert not upward


def test_siblings_do_not_import_one_another() -> None:
    sideways = {
        (room, other): modules - BETWEEN_SIBLINGS.get((room, other), set())
        for (room, other), modules in imports().items()
        if room in SIBLINGS and other in SIBLINGS
    }
    assert not {pair: modules for pair, modules in sideways.items() if modules}


def test_the_figure_of_the_rooms_is_true() -> None:
    page = PAGE.read_text("utf-8")
    assert "<!-- rooms -->" in page
    assert page == drawn(page), "make it anew: python -m tests.house"


def test_a_class_name_is_used_once() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for module, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(module)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not {name: found for name, found in twice.items() if name not in NAMES_TWICE}


def test_one_module_reads_time_zones_and_the_day() -> None:
    """ruff's TID251 bans the names; here, that the ban has one exception and no more."""
    asking = re.compile(r"\bZoneInfo\(|available_timezones|datetime\.now|date\.today")
    found = set()
    for path in PACKAGE.rglob("*.py"):
        code = "\n".join(line.partition("#")[0] for line in path.read_text("utf-8").splitlines())
        if asking.search(code):
            found.add(path.relative_to(PACKAGE).as_posix())
    assert found <= {"clocks.py"}


def test_one_list_says_which_files_gtfs_has() -> None:
    """A module that names many files of GTFS keeps a list of its own."""
    from gtfsgen.schema import TABLES

    known = {table.filename for table in TABLES.values()}
    lists = {}
    for module, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
                named = {
                    each.value
                    for each in node.elts
                    if isinstance(each, ast.Constant) and each.value in known
                }
                if len(named) > len(known) // 2:
                    lists[module] = named
    assert not lists


def test_a_day_has_one_name() -> None:
    """86,400 seconds are `clocks.DAY`."""
    named = re.compile(r"^\s*(\w+)\s*(?::\s*\w+)?\s*=\s*86_?400\b", re.MULTILINE)
    found = {
        f"{path.relative_to(PACKAGE).as_posix()}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in named.findall(path.read_text("utf-8"))
    }
    assert found <= {"clocks.py: DAY", "source/times.py: DAY", "diff/runs.py: DAY"}


def test_the_package_is_found_as_it_is_imported() -> None:
    assert resources.files("gtfsgen").joinpath("schema.py").is_file()
    assert room_of("gtfsgen.timetable.links") == "timetable"
    assert room_of("gtfsgen.clocks") == GROUND
