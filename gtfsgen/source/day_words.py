"""The words for days that railways print: weekdays, months, what joins and what takes away.

Grammar is in `days.py`; here is only vocabulary, in English, German and Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gtfsgen.source.words import did_you_mean

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
EVERY_WEEKDAY = frozenset(range(7))


class DaysError(ValueError):
    """Words that are not days. `word` is the part at fault, `hint` how to mend it."""

    def __init__(self, message: str, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.word, self._hint = message, word, hint

    @property
    def hint(self) -> str:
        return self._hint


class UnknownDayWord(DaysError):
    """A word that is none for days; the known ones are looked through only for who asks."""

    OTHERWISE = "write daily, Mo-Fri, 2026-05-01 ..."

    def __init__(self, message: str, word: str, known: Iterable[str]) -> None:
        super().__init__(message, word)
        self.known = known

    @property
    def hint(self) -> str:
        return did_you_mean(self.word, self.known, self.OTHERWISE)


WEEKDAY_NAMES = (
    "mo tu we th fr sa su",
    "mon tue wed thu fri sat sun",
    "monday tuesday wednesday thursday friday saturday sunday",
    "mondays tuesdays wednesdays thursdays fridays saturdays sundays",
    "mo di mi do fr sa so",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "montags dienstags mittwochs donnerstags freitags samstags sonntags",
)
WEEKDAY_WORDS = {
    word: number for names in WEEKDAY_NAMES for number, word in enumerate(names.split())
} | {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5, "sonnabends": 5}

WEEK_WORDS = {
    "daily": EVERY_WEEKDAY,
    "every day": EVERY_WEEKDAY,
    "täglich": EVERY_WEEKDAY,
    "tgl": EVERY_WEEKDAY,
    "tägl": EVERY_WEEKDAY,
    "jeden tag": EVERY_WEEKDAY,
    "每日": EVERY_WEEKDAY,
    "每天": EVERY_WEEKDAY,
    "天天": EVERY_WEEKDAY,
    "毎日": EVERY_WEEKDAY,
    "weekdays": frozenset(range(5)),
    "working days": frozenset(range(5)),
    "arbeitstage": frozenset(range(5)),
    "工作日": frozenset(range(5)),
    "werktags": frozenset(range(6)),
    "werktage": frozenset(range(6)),
    "weekend": frozenset((5, 6)),
    "weekends": frozenset((5, 6)),
    "wochenende": frozenset((5, 6)),
    "周末": frozenset((5, 6)),
    "双休日": frozenset((5, 6)),
}
"""German `werktags` includes Saturday, as it does in German timetables."""

MONTH_NAMES = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
)
MONTH_WORDS = {
    word: number for names in MONTH_NAMES for number, word in enumerate(names.split(), start=1)
} | {"jän": 1, "jänner": 1, "mär": 3, "mrz": 3, "sept": 9, "okt": 10, "dez": 12}

CHINESE_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7}
CHINESE_DIGITS |= {str(i): i for i in range(1, 8)}

CHANGES = {
    "not": (
        "not",
        "but not",
        "except",
        "ex",
        "exc",
        "excl",
        "excluding",
        "without",
        "nicht",
        "außer",
        "ausser",
        "ohne",
    ),
    "also": ("also", "plus", "auch", "sowie", "zusätzlich", "additionally"),
}
CHANGE_WORDS = {word: change for change, words in CHANGES.items() for word in words}
CHANGE_WORDS |= {
    "除": "not",
    "除外": "not",
    "不含": "not",
    "另": "also",
    "另加": "also",
    "加开": "also",
}

FROM_WORDS = ("from", "ab", "vom", "von", "seit", "since", "starting", "自", "从", "beginning")
HOLIDAY_WORDS = (
    "holidays",
    "public holidays",
    "bank holidays",
    "holiday",
    "feiertage",
    "feiertags",
    "feiertagen",
    "法定节假日",
    "节假日",
)
FILLERS = (
    "of the month", "of each month", "of every month", "each month", "des monats", "each", "and",
    "und", "on", "the", "am", "an", "in", "im", "den", "der", "only", "nur", "runs", "verkehrt",
    "每月", "和", "及", "与", "逢", "开行", "起", "日期", "的", "在",
)  # fmt: skip
OPEN_FILLERS = frozenset(FILLERS) - frozenset(
    ("of the month", "of each month", "of every month", "each month", "des monats", "only", "nur",
     "runs", "verkehrt", "开行", "起", "日期", "的")
)  # fmt: skip
"""Fillers behind which something must follow: `Sa am` is a morning, not all of Saturday."""
OF_TWO_READINGS = {
    "s": ("Saturdays", "Sundays", "write Sa or Su"),
    "t": ("Tuesdays", "Thursdays", "write Tu or Th"),
    "m": ("Mondays", "Tuesdays (mardi, martes)", "write Mo or Tu"),
    "d": ("daily", "a weekday (Dienstag, Donnerstag, dimanche)", "write daily or the weekday"),
    "w": ("Wednesdays", "weekdays or werktags", "write We or Mo-Fr"),
    "ss": ("Saturdays and Sundays", "Saturdays, Sundays excepted", "write Sa Su"),
    "ssx": ("Saturdays and Sundays excepted", "a slip", "write Mo-Fr"),
}
"""Words that railways read differently -> two readings and what to write."""
GERMAN_WORDS = frozenset(
    (
        "di", "mi", "do", "sa", "montag", "dienstag", "mittwoch", "donnerstag", "freitag",
        "samstag", "sonnabend", "montags", "dienstags", "mittwochs", "donnerstags", "freitags",
        "samstags", "täglich", "tgl", "werktags", "werktage", "und", "außer", "ausser", "nicht",
        "feiertage", "feiertags", "auch", "sowie", "verkehrt", "nur", "an", "im",
    )
)  # fmt: skip
"""Words beside which `SO` is Sunday and not the British Saturdays only."""
NUMBER_WORDS = {"other": 2, "second": 2, "third": 3, "zweiten": 2, "dritten": 3, "fourth": 4}


def alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def in_text(words: Iterable[str]) -> str:
    """A pattern for words: those of letters stand alone, Chinese ones are written without gaps."""
    words = list(words)
    spaced = [word for word in words if word[0] < "\u2e80"]
    joined = [word for word in words if word[0] >= "\u2e80"]
    return rf"\b(?:{alternatives(spaced)})\b|{alternatives(joined)}"


ANY_MONTH = alternatives(MONTH_WORDS)
