"""gtfsgen: curated timetables in, a checked and drawn GTFS feed out; and a fast, complete GTFS
validator.

    >>> import gtfsgen
    >>> build = gtfsgen.build("source")          # doctest: +SKIP
    >>> report = gtfsgen.validate("feed.zip")    # doctest: +SKIP
    >>> feed = gtfsgen.read("feed.zip")          # doctest: +SKIP
    >>> fixes = gtfsgen.fix("feed.zip", "fixed.zip")    # doctest: +SKIP

The functions import what they need when they are called, so that `gtfsgen --help` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gtfsgen.budget import LimitExceeded, UnreadableInput
    from gtfsgen.builds import Build, build
    from gtfsgen.feed import Feed, read
    from gtfsgen.fixing import Fixes, fix
    from gtfsgen.validation import Report, validate

__version__ = "0.1.0"  # the same as in pyproject.toml

__all__ = [
    "Build",
    "Feed",
    "Fixes",
    "LimitExceeded",
    "Report",
    "UnreadableInput",
    "__version__",
    "build",
    "fix",
    "read",
    "validate",
]

_HOMES = {
    "Build": "gtfsgen.builds",
    "build": "gtfsgen.builds",
    "Feed": "gtfsgen.feed",
    "read": "gtfsgen.feed",
    "Fixes": "gtfsgen.fixing",
    "fix": "gtfsgen.fixing",
    "LimitExceeded": "gtfsgen.budget",
    "Report": "gtfsgen.validation",
    "UnreadableInput": "gtfsgen.budget",
    "validate": "gtfsgen.validation",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gtfsgen' has no attribute {name!r}")
