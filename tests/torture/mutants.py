"""Small faults put into rules and the compiler: do the tests of that rule, that module notice?

mutmut 3 runs a whole suite for each mutant in forks of one process, and the threads of polars do
not live on in a fork. So here a process changes one function at a time in the module that is
loaded, runs the cases of the rule (or the tests of the module), and puts the function back.

The sample is random but fixed. `SURVIVORS` lists those that were looked at and change nothing that
can be seen, with the reason.

python -m tests.torture.mutants NUMBER...   shows these mutants and what became of each
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from tests.torture import Result

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "parity" / "cases"
OWN_CASES = ROOT / "tests" / "cases"
AIM = 0.85
FEW = 50
"""Of fewer mutants no share is asked for."""
SAMPLE = {"validation/rules": 160, "compile": 60}
"""So many mutants of each folder."""
SEED = 20261120
LONGEST_S = 60
"""Of the processor: a test that takes so long with a mutant has noticed it."""
LISTED = ROOT / "tests" / "torture" / "survivors.json"
"""Survivors that were looked at: what they change -> why no test can tell."""

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or,
    ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "first": "last", "last": "first", "any": "all", "all": "any",
         "is_null": "is_not_null", "is_not_null": "is_null"}  # fmt: skip
WORDS = {"semi": "anti", "anti": "semi", "inner": "left", "left": "inner"}
QUICKER = {"maintain_order", "optimizations", "nulls_last"}
"""Arguments that change speed alone, or an order that the engine sets anew."""


@dataclass(frozen=True)
class Mutant:
    module: str
    function: str
    number: int
    """Which of the changes that can be made to the function."""
    line: int
    change: str

    @property
    def name(self) -> str:
        return f"{self.module.removeprefix('gtfsgen.')}.{self.function}: {self.change}"


class _Changer(ast.NodeTransformer):
    """Makes the n-th change that can be made; with no n it only counts them."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.changes: list[tuple[int, str]] = []

    def _here(self, node: Any, said: str) -> bool:
        self.changes.append((getattr(node, "lineno", 0), said))
        return len(self.changes) - 1 == self.wanted

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        # Neither decorators nor types nor the docstring.
        start = 1 if ast.get_docstring(node) is not None else 0
        node.body[start:] = [self.visit(each) for each in node.body[start:]]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        for place, each in enumerate(node.ops):
            swapped = SWAPS.get(type(each))
            if swapped and self._here(node, f"{type(each).__name__} -> {swapped.__name__}"):
                node.ops[place] = swapped()  # type: ignore[call-overload]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        swapped = SWAPS.get(type(node.op))
        if swapped and self._here(node, f"{type(node.op).__name__} -> {swapped.__name__}"):
            node.op = swapped()  # type: ignore[assignment]
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        swapped = SWAPS[type(node.op)]
        if self._here(node, f"{type(node.op).__name__} -> {swapped.__name__}"):
            node.op = swapped()  # type: ignore[assignment]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Invert | ast.Not) and self._here(
            node, f"without {type(node.op).__name__}"
        ):
            return node.operand
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, bool):
            if self._here(node, f"{value} -> {not value}"):
                return ast.copy_location(ast.Constant(not value), node)
        elif isinstance(value, int | float):
            if self._here(node, f"{value} -> {value + 1}"):
                return ast.copy_location(ast.Constant(value + 1), node)
        elif value in WORDS and self._here(node, f"{value!r} -> {WORDS[value]!r}"):
            return ast.copy_location(ast.Constant(WORDS[value]), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr in NAMES and self._here(node, f".{node.attr} -> .{NAMES[node.attr]}"):
            node.attr = NAMES[node.attr]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.keywords = [
            each if each.arg in QUICKER else self.visit(each) for each in node.keywords
        ]
        node.func = self.visit(node.func)
        node.args = [self.visit(each) for each in node.args]
        filters = isinstance(node.func, ast.Attribute) and node.func.attr == "filter"
        if filters and node.args and self._here(node, "without a filter"):
            return node.func.value  # type: ignore[attr-defined]
        return node


def functions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(module))
    return {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}


def all_mutants(folder: str) -> list[Mutant]:
    found = []
    for path in sorted((ROOT / "gtfsgen" / folder).glob("*.py")):
        if path.stem == "__init__":
            continue
        name = f"gtfsgen.{folder.replace('/', '.')}.{path.stem}"
        for function, node in functions(importlib.import_module(name)).items():
            counter = _Changer()
            counter.visit(copy.deepcopy(node))
            found += [
                Mutant(name, function, number, line, change)
                for number, (line, change) in enumerate(counter.changes)
            ]
    return found


def sample() -> list[Mutant]:
    """The mutants that are tried, in the order in which they are."""
    chosen = []
    for folder, number in SAMPLE.items():
        mutants = all_mutants(folder)
        chosen += random.Random(SEED).sample(mutants, min(number, len(mutants)))
    random.Random(SEED).shuffle(chosen)
    return chosen


def run(seconds: float) -> list[Result]:
    """The sample, as much of it as there is time for; a survivor that is not listed is told."""
    listed = json.loads(LISTED.read_text(encoding="utf-8")) if LISTED.exists() else {}
    chosen = sample()
    began = time.monotonic()
    results = {folder: Result(f"mutants of {folder}") for folder in SAMPLE}
    survived: dict[str, list[str]] = {folder: [] for folder in SAMPLE}
    for number, killed in tried(range(len(chosen)), began + seconds):
        mutant = chosen[number]
        folder = next(f for f in SAMPLE if f.replace("/", ".") in mutant.module)
        result = results[folder]
        result.note(None)
        result.seconds = time.monotonic() - began
        if not killed:
            result.held -= 1
            survived[folder].append(f"{mutant.name} (line {mutant.line})")
    for folder, result in results.items():
        result.failures = [f"survived: {each}" for each in survived[folder] if each not in listed]
        if result.tried < FEW or result.held >= AIM * result.tried:
            result.enough = True
    return list(results.values())


def tried(numbers: range | list[int], until: float) -> Iterator[tuple[int, bool]]:
    """The number of each mutant and whether a test noticed it.

    One that ends the process, or keeps it for ever, has been noticed: another goes on behind it.
    """
    left = list(numbers)
    while left and time.monotonic() < until:
        with subprocess.Popen(
            [sys.executable, "-m", "tests.torture.mutants", *map(str, left)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONPATH": str(ROOT)},
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("mutant "):
                    _, number, word = line.split()[:3]
                    left.remove(int(number))
                    yield int(number), word == "killed"
                if time.monotonic() > until:
                    process.kill()
                    return
        if process.returncode and left:
            yield left.pop(0), True


# -------------------------------------------------------------------- in a process of their own


class _TooLong(BaseException):
    pass


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TooLong


def _is_killed(mutant: Mutant) -> bool:
    module = importlib.import_module(mutant.module)
    node = functions(module)[mutant.function]
    changer = _Changer(mutant.number)
    changer.visit(node)
    future = ast.parse("from __future__ import annotations").body
    ast.fix_missing_locations(node)
    code = compile(ast.Module([*future, node], []), str(module.__file__), "exec")
    original = {name: module.__dict__[name] for name in (mutant.function,)}
    importlib.import_module("gtfsgen.validation.engine").every_rule()
    before = _snapshot()
    signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
    try:
        exec(code, module.__dict__)
        _spread(original[mutant.function], module.__dict__[mutant.function])
        return _notices(mutant)
    except (_TooLong, Exception):
        return True
    except BaseException as error:  # a panic of polars is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return True
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _spread(module.__dict__[mutant.function], original[mutant.function])
        module.__dict__.update(original)
        _restore(before)


def _snapshot() -> dict[Any, Any]:
    """The registry, in which the changed rule takes the place of the whole one."""
    from gtfsgen import notices

    return dict(notices._registered)


def _restore(before: dict[Any, Any]) -> None:
    from gtfsgen import notices

    notices._registered.clear()
    notices._registered.update(before)
    _forget()


def _forget() -> None:
    """What is remembered of functions that have changed."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gtfsgen"):
            for each in list(vars(module).values()):
                if hasattr(each, "cache_clear"):
                    each.cache_clear()


def _spread(old: Any, new: Any) -> None:
    """The new function wherever the old one is known by name."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("gtfsgen", "tests")):
            for key, value in list(vars(module).items()):
                if value is old:
                    setattr(module, key, new)


def _notices(mutant: Mutant) -> bool:
    """Whether the tests of what is changed fail."""
    _forget()
    if ".compile." in mutant.module:
        return _changes_feed() or _fails_tests(mutant.module.rpartition(".")[2])
    from gtfsgen.validation import engine

    of_module = [rule for rule in engine.every_rule() if rule.function.__module__ == mutant.module]
    own = [rule for rule in of_module if rule.function.__name__ == mutant.function]
    codes = {rule.code for rule in own or of_module}
    return any(_fails_cases(code) for code in sorted(codes))


def _fails_cases(code: str) -> bool:
    import gtfsgen
    from tests.parity.__main__ import case_differences
    from tests.parity.cases import write_feed
    from tests.parity.texts import read_cases
    from tests.validation import test_cases
    from tests.validation.test_canonical_cases import KNOWN, known_differences

    known = known_differences(KNOWN.read_text(encoding="utf-8"))
    path = CASES / f"{code}.md"
    for case in read_cases(path.read_text("utf-8")) if path.exists() else ():
        if case["name"] not in known:
            with tempfile.TemporaryDirectory() as folder:
                feed = write_feed(case, Path(folder) / case.get("file_name", "case.zip"))
                if case_differences(case, feed):
                    return True
    own = OWN_CASES / f"{code}.md"
    for each in test_cases.cases(own) if own.exists() else ():
        with tempfile.TemporaryDirectory() as folder:
            feed = test_cases.write_feed(each.tables, Path(folder))
            report = gtfsgen.validate(feed, "gtfsgen", test_cases.TODAY)
            if test_cases.at_rows(report, each.expected) != each.expected or report.skipped:
                return True
    return False


def _changes_feed() -> bool:
    """Whether the feed that is committed is no longer what its tables give."""
    from gtfsgen.builds import build

    with tempfile.TemporaryDirectory() as folder:
        build(ROOT / "source", Path(folder, "feed"), validate=False)
        made = Path(folder, "feed", "gtfs.zip").read_bytes()
    return made != (ROOT / "feed" / "gtfs.zip").read_bytes()


def _fails_tests(stem: str) -> bool:
    import pytest

    own = ROOT / "tests" / "compile" / f"test_{stem}.py"
    path = own if own.exists() else own.with_name("test_tables.py")
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:warnings", "--no-header"]
    with suppress(ValueError):
        return pytest.main([*options, str(path)]) != 0
    return True


def main() -> None:
    chosen = sample()
    shown = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for each in sys.argv[1:]:
        mutant = chosen[int(each)]
        word = "killed" if _is_killed(mutant) else "survived"
        line = f"mutant {each} {word} {mutant.name} (line {mutant.line})\n"
        os.write(shown, line.encode())


if __name__ == "__main__":
    main()
