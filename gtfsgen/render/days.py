"""The calendar of running days: a square per day, a row per weekday, a month at a time."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from datetime import date, timedelta

from markupsafe import Markup

from gtfsgen.dates import Dates
from gtfsgen.render.markup import esc, number
from gtfsgen.render.service import union
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.timetable import is_coach, whole_trains
from gtfsgen.render.trains import Line
from gtfsgen.render.words import Words, locale_of, span_in_words

CELL, GAP, LEFT, TOP = 12.0, 2.0, 30.0, 18.0
MAX_WEEKS = 95
"""Squares beyond this are not drawn; the words say it all the same."""
MAX_STRIPS = 8


def calendars(line: Line, sheet: Sheet) -> Markup:
    """One strip for every set of days that trains of the line share."""
    by_days: dict[Dates, list[tuple[str, bool]]] = {}
    for table in line.tables:
        for column in whole_trains(table.columns):
            if column.rare:
                continue
            labels = by_days.setdefault(column.dates, [])
            if (column.label, is_coach(column)) not in labels:
                labels.append((column.label, is_coach(column)))
    sets = [(dates, labels) for dates, labels in by_days.items() if dates]
    if not sets:
        return Markup("")
    whole = union(dates for dates, _ in sets)
    strips = [_strip(dates, labels, whole, sheet) for dates, labels in sets[:MAX_STRIPS]]
    if len(sets) > MAX_STRIPS:
        said = sheet.words.say(
            "{n} more sets of days: choose a date above", n=len(sets) - MAX_STRIPS
        )
        strips.append(f'<p class="legend">{said}</p>')
    return Markup("\n".join(strips))


def _strip(dates: Dates, labels: list[tuple[str, bool]], whole: Dates, sheet: Sheet) -> str:
    words = sheet.words
    monday = whole.first - timedelta(days=whole.first.weekday())
    all_weeks = (whole.last - monday).days // 7 + 1
    weeks = min(MAX_WEEKS, all_weeks)
    width = max(LEFT + weeks * (CELL + GAP), 400.0)
    on: list[str] = []
    off: list[str] = []
    for offset in range(weeks * 7):
        day = monday + timedelta(days=offset)
        if whole.first <= day <= whole.last:
            x, y = LEFT + offset // 7 * (CELL + GAP), TOP + offset % 7 * (CELL + GAP)
            square = f"M{number(x)} {number(y)}h{CELL:g}v{CELL:g}h-{CELL:g}z"
            (on if day in dates else off).append(square)
    names = ", ".join(label for label, through in labels if not through)
    through = ", ".join(label for label, through in labels if through)
    said = [Markup(esc(names))] if names else []
    if through:
        said.append(words.say("Through coaches") + f" {through}")
    weekdays = "".join(
        f'<text class="wd" x="{LEFT - 6}" y="{number(TOP + n * (CELL + GAP) + 10)}">{words.mark(_weekday(n, words), "tspan")}</text>'
        for n in (0, 2, 4, 6)
    )
    days = words.days(dates, sheet.service.period)
    count = words.say("{n} day", "{n} days", n=len(dates))
    more = ""
    if all_weeks > weeks:
        left_out = words.say("{n} more weeks are not drawn", n=all_weeks - weeks)
        more = f'<p class="legend">{left_out}</p>'
    aria = words.attribute("aria-label", "Calendar, scrolls sideways")
    label = esc(f"{names or through}, {span_in_words(dates.first, dates.last, words.own)}")
    return f"""<figure class="cal"><figcaption><b>{Markup("; ").join(said)}</b> <span>{days}; {count}</span></figcaption>
<div class="scroll" tabindex="0" role="group" {aria}>
<svg viewBox="0 0 {number(width)} {number(TOP + 7 * (CELL + GAP))}" style="min-width:{number(width * 0.8)}px" role="img" aria-label="{label}">
{_months(monday, weeks, words)}{weekdays}<path class="off" d="{"".join(off)}"/><path class="on" d="{"".join(on)}"/></svg></div>{more}</figure>"""


def _weekday(number_: int, words: Words) -> tuple[str, ...]:
    return tuple(
        str(locale_of(language).days["stand-alone"]["abbreviated"][number_])
        for language in words.languages
    )


def _months(monday: date, weeks: int, words: Words) -> str:
    labels = []
    for week in range(weeks):
        days = [monday + timedelta(days=week * 7 + n) for n in range(7)]
        first = next((day for day in days if day.day == 1), None)
        if first:
            said = tuple(
                str(locale_of(language).months["stand-alone"]["abbreviated"][first.month])
                + (f" {first.year}" if first.month == 1 else "")
                for language in words.languages
            )
            x = LEFT + week * (CELL + GAP)
            labels.append(
                f'<text class="mo" x="{number(x)}" y="11">{words.mark(said, "tspan")}</text>'
            )
    return "".join(labels)
