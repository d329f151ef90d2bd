"""The calendar of running days: a square per day, a row per weekday, a month at a time."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from datetime import date, timedelta

from gtfsgen.dates import Dates
from gtfsgen.render.markup import esc, number
from gtfsgen.render.service import MONTHS, SHORT, days_text, span_text, union
from gtfsgen.render.trains import Line, Service

CELL, GAP, LEFT, TOP = 12.0, 2.0, 30.0, 18.0
MAX_WEEKS = 95
"""Squares beyond this are not drawn; the words say it all the same."""
MAX_STRIPS = 8


def calendars(line: Line, service: Service) -> str:
    """One strip for every set of days that trains of the line share."""
    by_days: dict[int, list[str]] = {}
    for column in line.columns:
        label = ("Through coaches " if column.through else "") + column.label
        labels = by_days.setdefault(column.dates.bits, [])
        if label not in labels:
            labels.append(label)
    sets = [(Dates(bits), labels) for bits, labels in by_days.items() if bits]
    if not sets:
        return ""
    whole = union(dates for dates, _ in sets)
    strips = [_strip(dates, labels, whole, service) for dates, labels in sets[:MAX_STRIPS]]
    if len(sets) > MAX_STRIPS:
        strips.append(f"<p class='legend'>{len(sets) - MAX_STRIPS} more sets of days</p>")
    return "\n".join(strips)


def _strip(dates: Dates, labels: list[str], whole: Dates, service: Service) -> str:
    monday = whole.first - timedelta(days=whole.first.weekday())
    weeks = min(MAX_WEEKS, (whole.last - monday).days // 7 + 1)
    width = max(LEFT + weeks * (CELL + GAP), 400.0)
    on: list[str] = []
    off: list[str] = []
    for offset in range(weeks * 7):
        day = monday + timedelta(days=offset)
        if whole.first <= day <= whole.last:
            x, y = LEFT + offset // 7 * (CELL + GAP), TOP + offset % 7 * (CELL + GAP)
            square = f"M{number(x)} {number(y)}h{CELL:g}v{CELL:g}h-{CELL:g}z"
            (on if day in dates else off).append(square)
    names = ", ".join(labels[:12]) + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")
    words = days_text(dates, service.period)
    weekdays = "".join(
        f'<text class="wd" x="{LEFT - 6}" y="{number(TOP + n * (CELL + GAP) + 10)}">{SHORT[n]}</text>'
        for n in (0, 2, 4, 6)
    )
    said = f"{names}: {words}, {span_text(dates.first, dates.last)}"
    return f"""<figure class="cal"><figcaption><b>{esc(names)}</b> <span>{esc(words)}, {len(dates)} days</span></figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="Calendar, scrolls sideways">
<svg viewBox="0 0 {number(width)} {number(TOP + 7 * (CELL + GAP))}" style="min-width:{number(width * 0.8)}px" role="img" aria-label="{esc(said)}">
{_months(monday, weeks)}{weekdays}<path class="off" d="{"".join(off)}"/><path class="on" d="{"".join(on)}"/></svg></div></figure>"""


def _months(monday: date, weeks: int) -> str:
    labels = []
    for week in range(weeks):
        days = [monday + timedelta(days=week * 7 + n) for n in range(7)]
        first = next((day for day in days if day.day == 1), None)
        if first:
            text = MONTHS[first.month - 1] + (f" {first.year}" if first.month == 1 else "")
            x = LEFT + week * (CELL + GAP)
            labels.append(f'<text class="mo" x="{number(x)}" y="11">{text}</text>')
    return "".join(labels)
