"""A fault of the data, with the cell to mend.

Every room that can find fault returns faults and goes on, so that a curator sees all of them in
one run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell of the source tables.

    `path` is relative to the source folder; `line` is counted from 1 as a spreadsheet does (the
    header is line 1); `column` is a spreadsheet letter, or "" for a whole row; `line` 0 means the
    whole file.
    """

    severity: Severity
    code: str
    path: str
    line: int
    column: str
    message: str
    found: str = ""
    hint: str = ""

    @property
    def place(self) -> str:
        """The cell as a curator names it: `timetables/k27.csv:7:C`, `timetable.xlsx[K27]!C7`."""
        if self.path.endswith("]"):
            return f"{self.path}!{self.column}{self.line}" if self.line else self.path
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)

    def __str__(self) -> str:
        text = f"{self.place}: {self.severity.lower()} {self.code} {self.message}"
        if self.found:
            text += f" (found: {self.found!r})"
        return f"{text}; {self.hint}" if self.hint else text


def errors(faults: Iterable[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.severity is Severity.ERROR]
