"""What the rows above the stations say of each train, where they are not plainly headed.

Railways print `Mondays to Fridays` as a title, day codes and note letters in rows without a label,
and the dates of Christmas in rows of their own (`Will Not Operate`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.books import Reader
from gtfsgen.source.british import is_british
from gtfsgen.source.grids import Grid, is_title
from gtfsgen.source.heads import SIGNS
from gtfsgen.source.times import DITTO

OPENS_WITH_NOT = re.compile(
    r"(?:but |and )?(?:not|except|ex|exc)\b|außer\b|nicht\b|除", re.IGNORECASE
)


def settle_upper_rows(
    grid: Grid, candidates: list[int], reader: Reader, faults: list[Fault]
) -> None:
    """Give days and note letters in rows without a label, and days in titles, their place."""
    first = min((row for visit in grid.visits for row in visit.rows), default=0)
    above = [row for row in grid.left_out if row < first and grid.label(row) == ""]
    titles = [
        row
        for row in grid.left_out
        if row < first and is_title(grid.rows[row]) and is_above_all(grid, row, candidates)
    ]
    for row in above:
        if row not in titles:
            settle_row(grid, row, candidates, reader, faults)
    take_title(grid, titles, reader, faults)
    if "days" not in grid.header and not grid.title_days:
        faults.append(
            grid.fault(
                "missing_days_row",
                grid.header["train"],
                0,
                "No row says on which days the trains run.",
                "add a row days with daily, Mo-Fri, ... per train",
            )
        )


def is_above_all(grid: Grid, row: int, candidates: list[int]) -> bool:
    """Whether a lone cell stands over the table rather than over one of its trains."""
    index = next(i for i, cell in enumerate(grid.rows[row]) if cell)
    over_train = index in candidates and grid.rows[grid.header["train"]][index] != ""
    return not (over_train and is_british([grid.rows[row][index]]))


def settle_row(
    grid: Grid, row: int, candidates: list[int], reader: Reader, faults: list[Fault]
) -> None:
    cells = {i: grid.rows[row][i] for i in candidates if grid.rows[row][i]}
    gb = is_british([text for text in cells.values() if has_letter(text)])
    parts = {i: part_days(text, reader, gb) for i, text in cells.items()}
    days = {i for i, part in parts.items() if part is not None and part[0]}
    if days and None not in parts.values():
        if "days" not in grid.header:
            grid.header["days"] = row
            grid.left_out.remove(row)
            faults.append(
                grid.fault(
                    "row_taken_as_days",
                    row,
                    0,
                    "This row has no label; it is read as the days of the trains.",
                    "begin it with days",
                    Severity.INFO,
                )
            )
        else:
            compare_days(grid, row, days, reader, gb, faults)
    elif days:
        index = min(i for i, part in parts.items() if part is None)
        faults.append(
            grid.fault(
                "row_without_label",
                row,
                index,
                "This row has no label. Some of its cells are days, this one is none.",
                "begin the row with days, notes or #",
            )
        )
    elif any(part is not None and part[1] for part in parts.values()):
        grid.header.setdefault("notes", row)


def compare_days(
    grid: Grid, row: int, days: Iterable[int], reader: Reader, gb: bool, faults: list[Fault]
) -> None:
    """A row without a label beside the row days: both must say the same."""
    for index in sorted(days):
        said, other = grid.rows[row][index], grid.rows[grid.header["days"]][index]
        readings = [reader.calendar(text, gb) for text in (said, other)] if reader.calendar else []
        if other and readings and readings[0].around != readings[1].around:
            message = f"The row days says {other!r} for this train."
            faults.append(grid.fault("days_said_twice", row, index, message, "write the days once"))


def take_title(grid: Grid, titles: list[int], reader: Reader, faults: list[Fault]) -> None:
    """Days in a title go for all trains that have none of their own."""
    said = {}
    for row in titles:
        text = next(cell for cell in grid.rows[row] if cell)
        if means_days(text, reader, False):
            said[row] = text
    if not said:
        return
    row, text = next(iter(said.items()))
    dates = (
        [reader.calendar(each, False).around for each in said.values()] if reader.calendar else []
    )
    if any(each != dates[0] for each in dates):
        last = max(said)
        message = f"Another title says {text!r}, so that the days of the trains are not clear."
        faults.append(grid.fault("days_said_twice", last, 0, message, "add a row days"))
        return
    grid.title_days = text
    days = grid.header.get("days")
    trains = [i for i, cell in enumerate(grid.rows[grid.header["train"]]) if cell]
    blank = sum(days is None or not grid.rows[days][i] for i in trains if i != grid.label_column)
    if days is None or blank > 1:
        faults.append(
            grid.fault(
                "days_from_title",
                row,
                next(i for i, cell in enumerate(grid.rows[row]) if cell),
                "Trains without days of their own have those of this title.",
                "a row days says them for each train",
                Severity.INFO,
            )
        )


def means_days(text: str, reader: Reader, gb: bool) -> bool:
    """Whether a text is days in words; figures alone are not believed where no label says days."""
    return has_letter(text) and reader.means_days(text, gb)


def has_letter(text: str) -> bool:
    """Whether there is a letter, of any script; figures in circles are none."""
    return any(character.isalpha() for character in text)


def plain(word: str, reader: Reader) -> str:
    """A word of a row without a label, without the signs of another meaning beside it."""
    return word if word in reader.letters else word.strip(SIGNS + "◇")


def part_days(text: str, reader: Reader, gb: bool) -> tuple[str, list[str]] | None:
    """`SX A`: day words and the letters of notes beside them; None if it is anything else."""
    words = [plain(word, reader) for word in re.findall(r"[^\s,]+", text)]
    if means_days(text, reader, gb) and not set(words) & reader.letters:
        return text, []
    letters: list[str] = []
    rest: list[str] = []
    for word in words:
        (letters if word in reader.letters else rest).append(word)
    days = " ".join(rest)
    if letters and (not days or means_days(days, reader, gb)):
        return days, letters
    return None


def header_of(
    grid: Grid,
    texts: tuple[str, ...],
    before: dict[str, str],
    reader: Reader,
    index: int,
    faults: list[Fault],
) -> dict[str, str]:
    """What the upper rows say of a train; a ditto mark repeats what they say of the one before."""
    header = {}
    for name, row in grid.header.items():
        text = texts[row]
        if text in DITTO and name not in ("train", "trip", "number"):
            text = before.get(name, "")
        if text:
            header[name] = text
    settle_days(grid, header, reader, index, faults)
    return header


def settle_days(
    grid: Grid, header: dict[str, str], reader: Reader, index: int, faults: list[Fault]
) -> None:
    """The days of a train from its own cell, the title, and the rows of further dates."""
    days = header.get("days", "")
    twice = [word for word in re.findall(r"[^\s,]+", days) if word in reader.letters]
    if twice and reader.means_days(days, grid.british):
        message = f"{twice[0]!r} can be read in two ways: as days, or as the note of notes.csv."
        hint = "write days as Mo or Sa, and the letter in a row notes"
        faults.append(grid.fault("ambiguous_letter", grid.header["days"], index, message, hint))
    if days and not reader.means_days(days, grid.british):
        parts = part_days(days, reader, grid.british)
        if parts is not None:
            days = parts[0]
            header["notes"] = " ".join([*header.get("notes", "").split(), *parts[1]])
    row = grid.header.get("notes")
    if row is not None and grid.label(row) == "" and "notes" in header:
        words = [plain(word, reader) for word in header["notes"].split()]
        header["notes"] = " ".join(word for word in words if word in reader.letters)
    if not header.get("notes", "x"):
        del header["notes"]
    if grid.title_days and (not days or OPENS_WITH_NOT.match(days) or is_british([days])):
        days = f"{grid.title_days} {days}".strip()
    for name in ("not", "also"):
        text = header.pop(name, "")
        if not any(character.isalnum() for character in text):
            continue
        wrong = reader.calendar(text, grid.british).wrong if reader.calendar else None
        if wrong is not None:
            faults.append(grid.fault("unreadable_days", grid.header[name], index, *wrong))
        elif days:
            days = f"{days} {name} {text}"
        elif name == "also":
            days = text
    if days or "days" in header:
        header["days"] = days
