"""Which notice codes can be mended, how, and why the others cannot.

A fixer is a function named by the code of its notice, in a module of `fixers/`. It is given the
feed as it was read (`Look`) and gives the changes. The first line of its docstring says what it
does; for a safe one the second paragraph, if there is one, says why nobody notices.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from gtfsgen.fixing.changes import Change
    from gtfsgen.fixing.looking import Look

Function = TypeVar("Function", bound="Callable[[Look], Iterable[Change]]")


@dataclass(frozen=True)
class Fixer:
    """A way to mend the notices of one code."""

    code: str
    safe: bool
    opening: bool
    """It makes a file readable whose rows nobody could read: notices about these are not new."""
    function: Callable[[Look], Iterable[Change]]

    @property
    def why(self) -> str:
        """What it does and why it may, in a line."""
        return " ".join((inspect.getdoc(self.function) or "").split())


_registry: dict[tuple[str, bool], Fixer] = {}


def fixer(*, safe: bool, opening: bool = False, code: str = "") -> Callable[[Function], Function]:
    """Register a function as a fixer of the notice code it is named by, or of `code`."""

    def register(function: Function) -> Function:
        name = code or function.__name__
        known = _registry.get((name, safe))
        if known and known.function.__module__ != function.__module__:
            raise ValueError(f"two fixers are named {name}")
        _registry[name, safe] = Fixer(name, safe, opening, function)
        return function

    return register


@cache
def fixers() -> dict[tuple[str, bool], Fixer]:
    """All fixers by code and whether they are safe, in alphabetical order."""
    from gtfsgen.fixing import fixers as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_registry.items()))


def fix_of(code: str) -> str:
    """The line of a code's page about mending it."""
    from gtfsgen.fixing.reasons import REASONS

    lines = []
    for safe, word in ((True, "safe"), (False, "unsafe")):
        found = fixers().get((code, safe))
        if found is not None:
            lines.append(f"Fix ({word}): {found.why}")
    if not lines and code in REASONS:
        lines.append(f"Fix: none. {REASONS[code]}")
    return "\n".join(lines)
