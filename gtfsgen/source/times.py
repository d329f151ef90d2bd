"""One cell of a timetable grid: a time with its marks, as printed.

17:26  7.05  0705  7h05  09 15  24:35     the clock on the wall of the station
5:26 pm  5:26P  noon  midnight  7:10½     the same, by clocks of twelve hours; half minutes
07:35 +1      so many days after the train's first date (24:35 says the same of 00:35)
07:35 +2!     and that is meant, although the order of the calls suggests another day
次日07:35      on the day after the train's first; 07:35(第2日), 翌日, next day say the same
~19:03        an estimate          <17:26   railway time: the agency's clock
x 17:26       on request           | 17:26  passes, as an arrow does
^17:26        boards only          v17:26   alights only
(17:26)       stops with its doors closed, for an engine or the border
?             calls, time unknown  -        does not call, as a blank cell
19:03 b c     with the notes b and c; 19:03 (b), 19:03*, 09u15 where notes.csv has them
9:12 [3]      at platform 3        9:12 Sa  calls on Saturdays only

How a table is read (`Manner`) is found out by `manners.py`: a letter `a` or `p` behind a time is a
note or half of the day by what the table says, and an error where it says neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

DAY = 86400


class TimeError(ValueError):
    """A cell that is no time: `message` and how to mend it, `hint`; `code` if it has its own."""

    def __init__(self, message: str, hint: str = "", code: str = "unreadable_time") -> None:
        super().__init__(message)
        self.message, self.hint, self.code = message, hint, code


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
    platform: str = ""
    days: str = ""
    """Day words on which alone the train calls."""


@dataclass(frozen=True)
class Manner:
    """How the cells of a table, or of one of its columns, are read."""

    clock: str = "24"
    """`24`: a and p are notes; `12`: halves of the day; `?`: nothing says which of the two."""
    half: str = ""
    """`a` or `p`: the half of the day that a row or column gives to times without one."""
    letters: frozenset[str] = frozenset()
    """The letters of notes.csv."""
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """What a letter of notes.csv is bound to, as fields of `Cell`."""
    is_days: Callable[[str], bool] | None = field(default=None, hash=False, compare=False)
    """Whether words behind a time are days."""


PLAIN = Manner()
CLOSED = re.compile(r"\(([^()]*)\)([^()]*)")
"""A halt in brackets, as railways print those that are not for passengers."""
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u2501\ufe58\uff0d\u30fc"
DOTS = ".\u2026\u22ef\u00b7\u2022\u2219\u30fb\u2024\u2025\u3002"
NOTHING = re.compile(
    rf"[{DASHES}](?: ?[{DASHES}]){{0,11}}|[{re.escape(DOTS)}](?: ?[{re.escape(DOTS)}]){{0,11}}"
)
BLANK = frozenset(
    (
        "", "-", "–", "—", "--", ".", "..", "...", "…", "·", "=", "==", "===", "＝", "＝＝",
        "始发", "终到", "始發", "終到", "终点", "始発", "終着", "终到站", "始发站",
    )
)  # fmt: skip
DITTO = frozenset(("〃", '"', "″", "''", "do", "do.", "ditto", "dto.", "同上", "々", "仝"))
PASSING = (
    "|\u2502\u2503\u2551\u2016\u2225\u00a6\uff5c\uffe4\u4e28\u2223\u250a\u2506\u254e\u2575\u2577"
    "\u2193\u2191\u2192\u2190\u21d3\u21d2\u21d1\u21d0\u2b07\u2b06\u27a1\u2b05\u21e3\u21e1\u21e2\u21e0\u2195\u21a1\u219f"
    "\u25bc\u25b2\u25bd\u25b3\u25be\u25b4\u25b6\u25ba\u2794\u279c\u2b63\u2b61\ufe31\u2304\u30ec\uff9a"
)
"""Lines, arrows and the Japanese レ by which railways print that a train runs through."""
SAME_LINE = re.compile(rf"([{re.escape(PASSING)}])\1+")
"""`||`, as typewriters print a double line."""
MARKS = {
    "~": "estimate", "≈": "estimate", "<": "railway", "^": "boards_only", "?": "unknown",
} | dict.fromkeys(PASSING, "passes")  # fmt: skip
LETTER_MARKS = {"x": "on_request", "X": "on_request", "v": "alights_only"}
STARS = "*†‡§¶#⁎∗★☆◆◇●○▲△✕✻¹²³⁴⁵⁶⁷⁸⁹◊※✓✔✗✘♦♠♥♣■□▪▫⚑" + "".join(
    map(chr, (*range(0x2460, 0x249C), *range(0x24B6, 0x2500), *range(0x2776, 0x2794)))
)
"""Signs that are notes where notes.csv has them, numbers and letters in circles among them."""
HALVES = {"上午": "a", "早上": "a", "下午": "p", "晚上": "p", "午前": "a", "午後": "p"}
WORDS = {
    "noon": 43200, "midday": 43200, "mittag": 43200, "正午": 43200,
    "midnight": 0, "mitternacht": 0, "午夜": 0,
}  # fmt: skip
FRACTIONS = {"½": 30, "¼": 15, "¾": 45}

LONGEST = 200
"""Characters of a cell that may be a time."""

SPACES = re.compile(r"[\s,\u3000]+")
COLON_TIME = re.compile(
    r"(?P<hour>\d{1,3})\s?[:.hH\uff1a\u2236]\s?(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?!\d)"
)
LETTER_TIME = re.compile(r"(?P<hour>\d{1,2})(?P<letter>[^\W\d_]|[*†‡])(?P<minute>\d{2})(?!\d)")
SPACED_TIME = re.compile(r"(?P<hour>\d{1,2})[ \u00a0\u2009\u202f](?P<minute>\d{2})(?![\d:])")
DIGITS_TIME = re.compile(r"(?P<digits>\d{3,4})(?!\d)")
BARE_HOUR = re.compile(r"(?P<hour>\d{1,2})(?=\s?[ap]\.?\s?m\b|\s?[ap]\b|\s?noon|\s?n\b)", re.I)
HALF = re.compile(r"(?P<half>[ap])\.?\s?m\b\.?", re.IGNORECASE)
DAY_MARK = re.compile(r"\+\s?(?P<day>\d{1,2})(?P<insists>!?)")
DAY_WORD = re.compile(
    r"[(（]?\s*(?:(?P<next>次日|翌日|翌(?=\s?\d)|\bnext day\b|\bFolgetag\b|\bday 2\b)"
    r"|(?P<same>当日|当天|當日)|第\s?(?P<nth>[2-9二三四五六七八九])\s?[日天]"
    r"|(?<=[(（])\s*\+\s?(?P<plus>\d))\s*[)）]?",
    re.IGNORECASE,
)
"""Days in words: 次日 and 第二日 are the day after the train's first."""
CHINESE_NUMBERS = "〇一二三四五六七八九"
PLATFORM = re.compile(r"\[\s*([^\[\]]{1,16}?)\s*\]")
BRACKET = re.compile(r"[(（]\s*([^()（）]{1,16}?)\s*[)）]")
LETTERS = re.compile(rf"(?:[^\W\d_]|[{re.escape(STARS)}])+\.?")
STAR = re.compile(f"[{re.escape(STARS)}]+")
HALF_AND_STARS = re.compile(f"([apAP])([{re.escape(STARS)}]+)")


@dataclass
class Reading:
    """What has been read of a cell so far."""

    seconds: int | None = None
    hour: int | None = None
    """As printed, to tell whether a half of the day is missing."""
    half: str = ""
    day: int | None = None
    insists: bool = False
    marks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    platform: str = ""
    days: str = ""
    word: bool = False
    """Whether the time is a word, as noon, which is no hour of twelve."""


def parse_cell(text: str, manner: Manner = PLAIN) -> Cell | None:
    """Read one cell; None if the train does not call. Raises `TimeError`."""
    if text in BLANK or NOTHING.fullmatch(text):
        return None
    if len(text) > LONGEST:
        raise TimeError(f"This is not a time: it has {len(text):,} characters.", hint_for(""))
    if SAME_LINE.fullmatch(text):
        text = text[0]
    if text in DITTO:
        raise TimeError("A ditto mark does not say which time it repeats.", "write the time")
    closed = CLOSED.fullmatch(text)
    closed = closed if closed and re.search(r"\d", closed[1]) else None
    reading = Reading()
    read_marks(closed[1] + closed[2] if closed else text, text, manner, reading)
    marks = reading.marks
    twice = next((mark for mark in marks if marks.count(mark) > 1), None)
    if twice is not None:
        raise TimeError(f"The mark for {twice.replace('_', ' ')} stands twice.")
    for note in reading.notes:
        marks += [mark for mark in manner.marks.get(note, ()) if mark not in marks]
    if "boards_only" in marks and "alights_only" in marks:
        raise TimeError("^ boards only and v alights only exclude each other.")
    if closed:
        marks += [mark for mark in ("boards_only", "alights_only") if mark not in marks]
    clock, day = clock_and_day(reading, manner, text)
    unknown = "unknown" in marks
    if clock is None and not ("passes" in marks or unknown):
        raise TimeError("There is a mark but no time.", "write ? if the time is unknown")
    if clock is not None and unknown:
        raise TimeError("? says that the time is unknown, yet there is one.", "~ marks an estimate")
    return Cell(
        clock=clock,
        day=day,
        insists=reading.insists,
        notes=tuple(reading.notes),
        text=text,
        platform=reading.platform,
        days=reading.days,
        **{mark: True for mark in marks if mark != "unknown"},
    )


def read_marks(inner: str, text: str, manner: Manner, reading: Reading) -> None:
    """Read the pieces of a cell from left to right. Raises `TimeError`."""
    at = 0
    while at < len(inner):
        if space := SPACES.match(inner, at):
            at = space.end()
        elif (end := read_time(inner, at, manner, reading)) is not None:
            at = end
        elif inner[at] in MARKS:
            reading.marks.append(MARKS[inner[at]])
            at += 1
        elif (match := DAY_MARK.match(inner, at)) and reading.day is None:
            reading.day, reading.insists = int(match["day"]), bool(match["insists"])
            at = match.end()
        elif (match := DAY_WORD.match(inner, at)) and reading.day is None:
            reading.day, at = day_of_word(match), match.end()
        elif (match := PLATFORM.match(inner, at)) and not reading.platform:
            reading.platform, at = match[1], match.end()
        elif match := BRACKET.match(inner, at):
            read_word(match[1], inner, match.start(), match.end(), text, manner, reading)
            at = match.end()
        elif (match := HALF_AND_STARS.match(inner, at)) and manner.clock != "24":
            at = read_word(match[1], inner, at, match.end(1), text, manner, reading)
        elif match := LETTERS.match(inner, at):
            at = read_word(match[0], inner, at, match.end(), text, manner, reading)
        else:
            raise TimeError("This is not a time.", hint_for(text))


def day_of_word(match: re.Match[str]) -> int:
    """Days after the train's first that a word says."""
    if match["next"] or match["same"]:
        return int(bool(match["next"]))
    if match["plus"]:
        return int(match["plus"])
    nth = match["nth"]
    return (int(nth) if nth.isdecimal() else CHINESE_NUMBERS.index(nth)) - 1


def read_time(inner: str, at: int, manner: Manner, reading: Reading) -> int | None:
    """The clock, or the half of the day, that begins at `at`: where it ends, None if none does."""
    timed = reading.seconds is not None
    if not reading.half and (match := HALF.match(inner, at)) and not inner[at - 1 : at].isalpha():
        reading.half = match["half"].lower()
        return match.end()
    if not reading.half and inner[at : at + 2] in HALVES:
        reading.half = HALVES[inner[at : at + 2]]
        return at + 2
    if timed and inner[at] in FRACTIONS:
        reading.seconds += FRACTIONS[inner[at]]  # type: ignore[operator]
        return at + 1
    if timed or not (inner[at].isdecimal() or inner[at].isalpha()):
        return None
    if word := next((w for w in WORDS if inner[at : at + len(w)].lower() == w), None):
        reading.seconds, reading.word = WORDS[word], True
        return at + len(word)
    match = LETTER_TIME.match(inner, at)
    if match and match["letter"] in manner.letters and match["letter"] not in "hH":
        reading.notes.append(match["letter"])
    else:
        match = next(
            (
                found
                for form in (COLON_TIME, SPACED_TIME, DIGITS_TIME, BARE_HOUR)
                if (found := form.match(inner, at))
            ),
            None,
        )
    if match is None:
        return None
    parts = match.groupdict()
    if parts.get("digits"):
        hour, minute = int(parts["digits"][:-2]), int(parts["digits"][-2:])
    else:
        hour, minute = int(parts["hour"]), int(parts.get("minute") or 0)
    second = int(parts.get("second") or 0)
    if minute > 59 or second > 59:
        raise TimeError(f"There is no minute {max(minute, second)}.", "minutes go from 00 to 59")
    reading.hour, reading.seconds = hour, hour * 3600 + minute * 60 + second
    return match.end()


def read_word(
    word: str, inner: str, at: int, end: int, text: str, manner: Manner, reading: Reading
) -> int:
    """A letter or word: a mark, a half of the day, noon, notes or days; where it ends."""
    known = word in manner.letters
    low = word.lower().rstrip(".")
    if word in LETTER_MARKS and word not in manner.marks:
        reading.marks.append(LETTER_MARKS[word])
        return end
    if low in WORDS and reading.seconds is not None:
        if reading.seconds != 43200:
            raise TimeError(f"{word} is not at this time.", "write 12:00 noon, or midnight")
        reading.seconds, reading.word = WORDS[low], True
        return end
    if low in ("n", "m") and reading.seconds == 43200 and not reading.half:
        return noon(word, end, known, reading)
    if (
        low in ("a", "p")
        and reading.seconds is not None
        and not reading.half
        and not known_24(manner)
    ):
        return half_letter(word, end, text, known, manner, reading)
    rest = inner[at:].strip(" ()")
    first = text.find(next(iter(re.findall(r"\d", inner[at:])), "\0"), 0)
    before = inner[at : max(first, at)].strip() if reading.seconds is None else ""
    for words, stop in ((before, first), (rest, len(inner))):
        if words and not reading.days and means_days(words, word, known, manner):
            reading.days = words
            return stop
    if not known and not STAR.sub("", word).islower() and not STAR.fullmatch(word):
        raise TimeError("This is not a time.", hint_for(text))
    if reading.seconds is None and not known and not reading.marks:
        raise TimeError("This is not a time.", hint_for(text))
    reading.notes.append(word)
    return end


def known_24(manner: Manner) -> bool:
    """Whether the table goes by 24 hours, so that its letters are notes."""
    return manner.clock == "24"


def noon(word: str, end: int, known: bool, reading: Reading) -> int:
    """`12:00n`: noon, unless notes.csv has an n; `12:00m` is midday or midnight."""
    if word.lower() == "m" and not known:
        raise TimeError(
            f"12:00 {word} can be read in two ways: midday (meridies), or midnight.",
            "write noon or midnight",
        )
    if known:
        if word.lower() == "n":
            raise TimeError(
                f"12:00 {word} can be read in two ways: noon, or the note {word!r}.",
                f"write noon, or 12:00 ({word}) and a clock that is not 12:00",
            )
        reading.notes.append(word)
        return end
    reading.word = True
    return end


def half_letter(
    word: str, end: int, text: str, known: bool, manner: Manner, reading: Reading
) -> int:
    """`a` or `p` behind a time where the table does not go by 24 hours."""
    letter = word[0].lower()
    note = known or letter in manner.letters
    if manner.clock == "12" and not note:
        reading.half = letter
        return end
    raise TimeError(
        f"{text!r} can be read in two ways: {letter}.m., or the note {letter!r}.",
        f"write {letter}m for the time of day; for the note say that the table goes by 24 hours, "
        "in a row clock with 24 for each train",
        "ambiguous_letter",
    )


def means_days(words: str, word: str, known: bool, manner: Manner) -> bool:
    """Whether words beside a time are days; an error if they are notes as well."""
    if manner.is_days is None or known or not manner.is_days(words):
        return False
    if word.islower() and all(letter in manner.letters for letter in word):
        raise TimeError(
            f"{words!r} can be read in two ways: as days, or as the notes {' '.join(word)}.",
            "write Sa for days, s a for notes",
            "ambiguous_letter",
        )
    return True


def clock_and_day(reading: Reading, manner: Manner, text: str) -> tuple[int | None, int | None]:
    """Seconds after midnight and the day that the cell states; both None without a time."""
    if reading.seconds is None:
        if reading.day is not None or reading.half:
            raise TimeError("A day mark stands without a time.")
        return None, None
    seconds, hour = reading.seconds, reading.hour or 0
    half = reading.half or (manner.half if not reading.word else "")
    if half and not reading.word:
        if not 1 <= hour <= 12:
            if reading.half:
                raise TimeError("Hours with am or pm go from 1 to 12.")
        else:
            seconds += (hour % 12 + (12 if half == "p" else 0) - hour) * 3600
    elif manner.clock == "12" and not reading.word and 1 <= hour <= 12:
        raise TimeError(
            f"{text!r} can be read in two ways: am, or pm.",
            "other times of this table say am or pm; write it here too",
            "ambiguous_half",
        )
    days, clock = divmod(seconds, DAY)
    if days > 14:
        raise TimeError(f"Hour {seconds // 3600} is more than a fortnight after the start.")
    stated = reading.day
    if days and stated is not None and stated != days:
        raise TimeError(f"The hour says day +{days}, the mark +{stated}.")
    return clock, stated if stated is not None else days or None


def hint_for(text: str) -> str:
    """How to write what `text` may have been meant to say."""
    if re.search(r"[A-Z]", text):
        return "notes are lower-case letters after the time, or letters that notes.csv has"
    return "write it as 07:35; marks are ~ | x - ? ^ v < and +1"


def parse_clock(text: str) -> int:
    """A bare time such as the end of `every 20 min until 22:00`, in seconds. Raises `TimeError`."""
    cell = parse_cell(text)
    if cell is None or cell.clock is None:
        raise TimeError("A time is missing.", "write it as 22:00")
    return cell.clock + DAY * (cell.day or 0)
