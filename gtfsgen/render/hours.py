"""Dense lines as cities print them: a row an hour, a number a train; repeating trains in words."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from markupsafe import Markup

from gtfsgen.render.dense import Band, Direction, Run
from gtfsgen.render.markup import clock, esc, letters
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.words import headway_message


def dense_tables(directions: list[Direction], sheet: Sheet) -> Markup:
    return Markup("\n").join(_direction(direction, sheet) for direction in directions)


def _direction(direction: Direction, sheet: Sheet) -> Markup:
    ends = Markup(" → ").join(sheet.name(key) for key in direction.ends)
    parts = [Markup("<h3>{}</h3>").format(ends)]
    if direction.bands:
        parts.append(_bands(direction, sheet))
    starts: dict[str, list[Run]] = defaultdict(list)
    for run in direction.runs:
        starts[direction.patterns[run.pattern][0][0]].append(run)
    for station in sorted(starts, key=lambda key: (-len(starts[key]), key)):
        parts.append(_hours_from(station, starts[station], direction, sheet))
    if direction.timeless:
        parts.append(_timeless(direction, sheet))
    parts.append(_times_on_the_way(direction, sheet))
    return Markup('<section class="dir">{}</section>').format(Markup("\n").join(parts))


def _timeless(direction: Direction, sheet: Sheet) -> Markup:
    """Trips of which no time is known are counted, on their days."""
    counts = Counter(run.days for run in direction.timeless)
    items = "".join(
        Markup('<li class="{}">{} <span class="when">{}</span></li>').format(
            sheet.day(days),
            sheet.words.say("{n} trip without times", "{n} trips without times", n=count),
            sheet.words.days(days, sheet.service.period),
        )
        for days, count in counts.items()
    )
    return Markup(f'<ul class="timeless">{items}</ul>')


def _bands(direction: Direction, sheet: Sheet) -> Markup:
    rows = []
    for ends, bands in direction.bands:
        first, last = ends.split("\n")
        for band in bands:
            rows.append(
                Markup(
                    '<tr class="{}"><td>{} → {}</td><td>{}–{}</td><td>{}</td><td class="when">{}</td></tr>'
                ).format(
                    sheet.day(band.days), sheet.linked(first), sheet.name(last),
                    clock(band.start), clock(band.end), _band_words(band, sheet),
                    sheet.words.days(band.days, sheet.service.period),
                )
            )  # fmt: skip
    heads = "".join(
        f'<th scope="col">{sheet.words.say(text)}</th>'
        for text in ("Way", "From – until", "A train", "Days")
    )
    aria = sheet.words.attribute("aria-label", "Timetable, scrolls sideways")
    return Markup(
        f'<div class="scroll" tabindex="0" role="group" {aria}><table class="bands"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _band_words(band: Band, sheet: Sheet) -> Markup:
    return headway_words(band.shortest_s, band.longest_s, sheet)


def headway_words(shortest_s: int, longest_s: int, sheet: Sheet) -> Markup:
    """`every 5 to 6 minutes`, as an element that follows the chosen language."""
    message, plural, parts = headway_message(shortest_s, longest_s)
    return sheet.words.say(message, plural, **parts)


def _hours_from(station: str, runs: list[Run], direction: Direction, sheet: Sheet) -> Markup:
    """All trains that set out at one station, whatever their days: the page shows the day's."""
    ends = Counter(direction.patterns[run.pattern][0][-1] for run in runs)
    order = sorted(ends, key=lambda key: (-ends[key], key))
    mark_of = {key: letters(n - 1) if n else "" for n, key in enumerate(order)}
    entries = [
        (run.start, sheet.day(run.days), mark_of[direction.patterns[run.pattern][0][-1]])
        for run in runs
    ]
    legend = [
        Markup("<b>{}</b> {}").format(mark_of[key], sheet.words.say("only to {station}", station=sheet.service.stations[key].name))
        for key in order[1:]
    ]  # fmt: skip
    head = sheet.words.say("from {station}", station=sheet.service.stations[station].name)
    to = sheet.words.say("to {station}", station=sheet.service.stations[order[0]].name)
    return Markup(
        '<figure class="hours"><figcaption><h4><a href="{}">{}</a> {}</h4></figcaption>{}{}</figure>'
    ).format(
        sheet.station_links.get(station, "#main"), head, to, hour_table(entries, sheet),
        Markup('<p class="legend">{}</p>').format(Markup(" · ").join(legend)) if legend else "",
    )  # fmt: skip


def hour_table(entries: Iterable[tuple[int, str, str]], sheet: Sheet) -> Markup:
    """(minute of the service day, class of days, mark) as rows of an hour."""
    hours: dict[int, list[str]] = defaultdict(list)
    for minute, day, mark in entries:
        sup = f"<sup>{mark}</sup>" if mark else ""
        hours[minute // 60].append(f'<i class="{day}">{minute % 60:02d}{sup}</i>')
    return hour_rows({hour: " ".join(found) for hour, found in hours.items()}, sheet)


def hour_rows(hours: dict[int, str], sheet: Sheet) -> Markup:
    rows = "".join(
        f'<tr><th scope="row">{hour % 24}{f"<sup>{hour // 24:+d}</sup>" if hour // 24 else ""}</th><td>{hours[hour]}</td></tr>'
        for hour in sorted(hours)
    )
    head = f'<thead><tr><th scope="col">{sheet.words.say("Hour")}</th><th scope="col">{sheet.words.say("Minutes")}</th></tr></thead>'
    return Markup(f'<table class="hr">{head}<tbody>{rows}</tbody></table>')


def _times_on_the_way(direction: Direction, sheet: Sheet) -> Markup:
    """Every station of the direction, and how long after the start trains call there."""
    spans: dict[str, list[int]] = {}
    first = direction.ends[0]
    for stations, after in direction.patterns.values():
        begin = dict(zip(stations, after, strict=True)).get(first)
        if begin is None:
            continue
        for station, minute in zip(stations, after, strict=True):
            if minute >= begin:
                span = spans.setdefault(station, [minute - begin, minute - begin])
                span[0] = min(span[0], minute - begin)
                span[1] = max(span[1], minute - begin)
    items = []
    for station in direction.stations:
        low, high = spans.get(station, ("", ""))
        text = f"{low}" if low == high else f"{low}–{high}"
        items.append(f'<li><span class="mins">{esc(text)}</span>{sheet.linked(station)}</li>')
    title = sheet.words.say(
        "Stations, and minutes from {station}", station=sheet.service.stations[first].name
    )
    return Markup(f'<h4>{title}</h4><ol class="way">{"".join(items)}</ol>')
