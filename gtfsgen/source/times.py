"""One cell of a timetable grid: a time with its marks, as printed.

17:26  7.05  0705  7h05  5:26 pm  24:35   the clock on the wall of the station
07:35 +1      so many days after the train's first date (24:35 says the same of 00:35)
07:35 +2!     and that is meant, although the order of the calls suggests another day
~19:03        an estimate          <17:26   railway time: the agency's clock
x 17:26       on request           | 17:26  passes
^17:26        boards only          v17:26   alights only
(17:26)       stops with its doors closed, for an engine or the border
?             calls, time unknown  -        does not call, as a blank cell
19:03 b c     with the notes b and c
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DAY = 86400


class TimeError(ValueError):
    """A cell that is no time: `message` and how to mend it, `hint`."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell in which something happens."""

    clock: int | None
    """Seconds after midnight, below 86400; None for a time that is unknown."""
    day: int | None = None
    """Days after the train's first date, where the cell says so."""
    insists: bool = False
    estimate: bool = False
    railway: bool = False
    passes: bool = False
    on_request: bool = False
    boards_only: bool = False
    alights_only: bool = False
    notes: tuple[str, ...] = ()
    text: str = ""
    """The cell as written."""


CLOSED = re.compile(r"\(([^()]*)\)(.*)")
"""A halt in brackets, as railways print those that are not for passengers."""
BLANK = frozenset(("", "-", "–", "—", "--", ".", "..", "...", "…", "·"))
MARKS = {
    "~": "estimate", "≈": "estimate", "<": "railway", "|": "passes", "x": "on_request",
    "X": "on_request", "^": "boards_only", "v": "alights_only", "?": "unknown",
}  # fmt: skip

LONGEST = 200
"""Characters of a cell that may be a time. Reading one takes the square of its length at worst."""

CELL = re.compile(
    r"""
    (?P<before>(?:[~≈<|^?]|[xXv](?![a-z]))*(?:\s+(?:[~≈<|^?]|[xXv](?![a-z])))*)\s*
    (?:
        (?P<hour>\d{1,3})\s*[:.hH：]\s*(?P<minute>\d{2})(?::(?P<second>\d{2}))?
      | (?P<digits>\d{3,4})(?!\d)
    )?
    (?:\s*(?P<half>[ap]\.?m\b\.?))?
    (?:\s*\+\s*(?P<day>\d{1,2})(?P<insists>!?))?
    (?P<after>(?:\s*[~≈<|^]|\s*(?<![a-z])[xXv](?![a-z]))*)
    (?P<notes>(?:[\s,a-z*†‡]*[a-z*†‡])?)
    """,
    re.VERBOSE,
)


def parse_cell(text: str) -> Cell | None:
    """Read one cell; None if the train does not call. Raises `TimeError`."""
    if text in BLANK:
        return None
    if len(text) > LONGEST:
        raise TimeError(f"This is not a time: it has {len(text):,} characters.", hint_for(""))
    closed = CLOSED.fullmatch(text)
    match = CELL.fullmatch(closed[1] + closed[2] if closed else text)
    if match is None:
        raise TimeError("This is not a time.", hint_for(text))
    marks = [MARKS[c] for c in match["before"] + match["after"] if not c.isspace()]
    twice = next((mark for mark in marks if marks.count(mark) > 1), None)
    if twice is not None:
        raise TimeError(f"The mark for {twice.replace('_', ' ')} stands twice.")
    if "boards_only" in marks and "alights_only" in marks:
        raise TimeError("^ boards only and v alights only exclude each other.")
    if closed:
        marks += [mark for mark in ("boards_only", "alights_only") if mark not in marks]
    clock, day = clock_and_day(match)
    unknown = "unknown" in marks
    if clock is None and not ("passes" in marks or unknown):
        raise TimeError("There is a mark but no time.", "write ? if the time is unknown")
    if clock is not None and unknown:
        raise TimeError("? says that the time is unknown, yet there is one.", "~ marks an estimate")
    return Cell(
        clock=clock,
        day=day,
        insists=bool(match["insists"]),
        notes=tuple(re.findall(r"[a-z*†‡]+", match["notes"])),
        text=text,
        **{mark: True for mark in marks if mark != "unknown"},  # type: ignore[arg-type]
    )


def clock_and_day(match: re.Match[str]) -> tuple[int | None, int | None]:
    """Seconds after midnight and the day that the cell states; both None without a time."""
    digits = match["digits"]
    if digits is not None:
        hour, minute, second = int(digits[:-2]), int(digits[-2:]), 0
    elif match["hour"] is not None:
        hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    elif match["day"] is not None or match["half"] is not None:
        raise TimeError("A day mark stands without a time.")
    else:
        return None, None
    if minute > 59 or second > 59:
        raise TimeError(f"There is no minute {max(minute, second)}.", "minutes go from 00 to 59")
    if match["half"]:
        if not 1 <= hour <= 12:
            raise TimeError("Hours with am or pm go from 1 to 12.")
        hour = hour % 12 + (12 if match["half"][0] == "p" else 0)
    days, hour = divmod(hour, 24)
    if days > 14:
        raise TimeError(f"Hour {days * 24 + hour} is more than a fortnight after the start.")
    stated = None if match["day"] is None else int(match["day"])
    if days and stated is not None and stated != days:
        raise TimeError(f"The hour says day +{days}, the mark +{stated}.")
    return hour * 3600 + minute * 60 + second, stated if stated is not None else days or None


def hint_for(text: str) -> str:
    if re.search(r"[A-Z]", text):
        return "notes are lower-case letters after the time"
    return "write it as 07:35; marks are ~ | x - ? ^ v < and +1"


def parse_clock(text: str) -> int:
    """A bare time such as the end of `every 20 min until 22:00`, in seconds. Raises `TimeError`."""
    cell = parse_cell(text)
    if cell is None or cell.clock is None:
        raise TimeError("A time is missing.", "write it as 22:00")
    return cell.clock + DAY * (cell.day or 0)
