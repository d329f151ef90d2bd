"""What holds for all tests."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from gtfsgen.faults import Fault
from gtfsgen.notices import RULE_GROUPS, kinds_of

os.environ.setdefault("GTFSGEN_ALLOW_PRIVATE", "1")  # servers of tests are on this machine

ROOMS = ("gtfsgen.source", "gtfsgen.compile", "gtfsgen.shapes", "gtfsgen.planners")


@pytest.fixture(scope="session", autouse=True)
def every_fault_is_in_the_registry() -> Iterator[None]:
    """Whatever the rooms tell in any test has its page, and a severity that the page names."""
    make = Fault.__init__

    def checked(fault: Fault, *args: Any, **kwargs: Any) -> None:
        make(fault, *args, **kwargs)
        if sys._getframe(1).f_globals["__name__"].startswith(ROOMS):
            pages = kinds_of(fault.code)
            assert pages, f"{fault.code} is not in notices.py"
            if not any(page.group in RULE_GROUPS for page in pages):
                assert any(fault.severity in page.severities for page in pages), fault

    Fault.__init__ = checked  # type: ignore[method-assign, assignment]
    yield
    Fault.__init__ = make  # type: ignore[method-assign]
