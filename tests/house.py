"""How the rooms of the package hang together, read from its imports.

`python -m tests.house` writes the figure of the rooms into docs/ARCHITECTURE.md anew.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "gtfsgen"
PAGE = Path(__file__).parents[1] / "docs" / "ARCHITECTURE.md"

ROOMS = (
    "csv",
    "java",
    "feed",
    "timetable",
    "source",
    "compile",
    "shapes",
    "validation",
    "reports",
    "diff",
    "importing",
    "stats",
    "fixing",
    "render",
    "printing",
    "planners",
    "builds",
    "catalogue",
    "gtfsgen",
    "cli",
)
"""From below to above: a room imports rooms before it alone. `gtfsgen` is the Python API."""
GROUND = "ground"
"""The modules beside the rooms, which import no room."""
SIBLINGS = frozenset(("diff", "importing", "stats", "render", "planners"))
"""None of these imports another."""
FIGURE = re.compile(r"(<!-- rooms -->\n```\n).*?(```\n)", re.DOTALL)


def room_of(module: str) -> str:
    """The room that a module, by its dotted name, is in."""
    parts = module.split(".")
    name = parts[1] if len(parts) > 1 else "gtfsgen"
    if name == "__main__":
        return "cli"
    return name if name in ROOMS else GROUND


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Each module of the package by its dotted name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules of the package that a module imports, late or at once; not those for types
    alone.
    """
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("gtfsgen"))
        elif isinstance(node, ast.ImportFrom) and node.module == "gtfsgen":
            yield from (f"gtfsgen.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gtfsgen."):
            yield str(node.module)


def imports() -> dict[tuple[str, str], set[str]]:
    """Room and the room it imports -> the modules that do so."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for module, tree in trees():
        for other in imported(tree):
            if room_of(module) != room_of(other):
                found[room_of(module), room_of(other)].add(module)
    return dict(found)


def figure() -> str:
    """The rooms from above to below, each with those that stand directly under it: rooms that it
    imports by way of another are left out.
    """
    below: dict[str, set[str]] = defaultdict(set)
    for room, other in imports():
        below[room].add(other)

    def reached(room: str) -> set[str]:
        rank = ROOMS.index(room) if room in ROOMS else -1
        down = {each for each in below[room] if each in ROOMS and ROOMS.index(each) < rank}
        return down.union(*(reached(each) for each in down)) if down else set()

    lines = []
    for room in reversed(ROOMS):
        if not below[room] and not (PACKAGE / room).is_dir():
            continue
        down = [each for each in ROOMS if each in below[room] and each in reached(room)]
        direct = [each for each in down if not any(each in reached(other) for other in down)]
        lines.append(f"{room:<11} ─► {', '.join(direct) or GROUND}\n")
    modules = sorted(path.stem for path in PACKAGE.glob("*.py"))
    ground = [
        name for name in modules if name != "__init__" and room_of(f"gtfsgen.{name}") == GROUND
    ]
    return "".join(lines) + f"{GROUND:<11}    {' '.join(ground)}\n"


def drawn(page: str) -> str:
    """The page with the figure as it should be."""
    return FIGURE.sub(lambda match: f"{match[1]}{figure()}{match[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
