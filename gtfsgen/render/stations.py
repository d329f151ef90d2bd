"""A station: its departures on the chosen day, its lines, ways to change, connections on foot."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
from markupsafe import Markup

from gtfsgen.dates import Dates
from gtfsgen.render.hours import headway_words, hour_rows, hour_table
from gtfsgen.render.markup import clock, esc
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.tables import Rows

PLAIN_MAX = 40
"""Departures of a line that are told each with its train and destination; more go by the hour."""


@dataclass
class Departures:
    """What leaves a station: trains one by one, or the minutes of an hour, by line and way."""

    trains: dict[tuple[str, str], list[tuple[int, Dates, str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """(line key, last station) -> minute of the local day, days, train, last station."""
    hours: dict[tuple[str, str], dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """(line key, last station) -> hour -> minutes as markup."""
    bands: dict[tuple[str, str], list[tuple[int, int, int, Dates]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    lines: dict[str, None] = field(default_factory=dict)


def dense_departures(
    rows: pl.DataFrame,
    day_class: Mapping[int, str],
    found: dict[str, Departures],
    line_of: Mapping[str, str],
) -> None:
    """The departures of dense lines into `found`. `rows` are those of `DenseStations.departures`,
    `day_class` tells the class of a set of dates by its number.
    """
    texts = (
        rows.lazy()
        .with_columns(day=pl.col("dates").replace_strict(day_class, return_dtype=pl.String))
        .select(
            "station_id", "route_id", "to",
            hour=pl.col("minute") // 60,
            text=pl.concat_str(
                pl.lit('<i class="'), "day", pl.lit('">'),
                pl.when("guessed").then(pl.lit("~")).otherwise(pl.lit("")),
                (pl.col("minute") % 60).cast(pl.String).str.zfill(2), pl.lit("</i>"),
            ),
        )
        .group_by("station_id", "route_id", "to", "hour", maintain_order=True)
        .agg(pl.col("text").str.join(" "))
        .collect()
    )  # fmt: skip
    for station, route, to, hour, text in texts.iter_rows():
        known = found.get(station)
        if known is None:
            known = found[station] = Departures()
        line = line_of[route]
        known.lines[line] = None
        hours = known.hours[line, to]
        hours[hour] = f"{hours[hour]} {text}" if hour in hours else text


def station_html(
    station_id: str,
    departures: Departures,
    lines: Mapping[str, tuple[str, str]],
    changes: list[tuple[str, int | None]],
    sheet: Sheet,
) -> Markup:
    """`lines` are key -> (heading as markup, link); `changes` those of `changes_of`."""
    parts = []
    keys = list(dict.fromkeys([*departures.trains, *departures.bands, *departures.hours]))
    places = {key: place for place, key in enumerate(lines)}
    keys.sort(key=lambda key: (places[key[0]], key[1]))
    for key in keys:
        line, to = key
        heading, link = lines[line]
        body = Markup("")
        trains = sorted(departures.trains.get(key, ()), key=lambda t: (t[0], t[2], t[1].bits, t[3]))
        if len(trains) > PLAIN_MAX:
            body += hour_table([(m, sheet.day(days), "") for m, days, _, _ in trains], sheet)
        elif trains:
            body += _plain(trains, sheet)
        if key in departures.hours:
            body += hour_rows(departures.hours[key], sheet)
        if key in departures.bands:
            body += _bands(departures.bands[key], sheet)
        parts.append(
            Markup('<article class="dep"><h3><a href="{}">{}</a> <span class="to">→ {}</span></h3>{}</article>').format(
                link, Markup(heading), sheet.name(to), body
            )
        )  # fmt: skip
    if not parts:
        parts.append(
            Markup('<p class="legend">{}</p>').format(sheet.words.say("No train leaves from here."))
        )
    if changes:
        items = "".join(
            f"<li>{sheet.linked(other)} {_change(n, sheet)}</li>" for other, n in changes
        )
        parts.append(
            Markup(f'<h3>{sheet.words.say("Connections")}</h3><ul class="changes">{items}</ul>')
        )
    return Markup("\n").join(parts)


def _change(minutes: int | None, sheet: Sheet) -> Markup:
    if minutes is None:
        return Markup("")
    if not minutes:
        return sheet.words.say("no change is possible")
    return sheet.words.say("{n} minute", "{n} minutes", n=minutes)


def _plain(trains: list[tuple[int, Dates, str, str]], sheet: Sheet) -> Markup:
    rows = "".join(
        f'<tr class="{sheet.day(days)}"><th scope="row">{clock(minute)}</th><td>{esc(train)}</td>'
        f'<td class="when">{sheet.words.days(days, sheet.service.period)}</td></tr>'
        for minute, days, train, _ in trains
    )
    heads = "".join(f'<th scope="col">{sheet.words.say(t)}</th>' for t in ("Time", "Train", "Days"))
    return Markup(
        f'<table class="plain"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _bands(bands: list[tuple[int, int, int, Dates]], sheet: Sheet) -> Markup:
    items = "".join(
        f'<li class="{sheet.day(days)}">{clock(first)}–{clock(last)} {headway_words(every, every, sheet)}'
        f' <span class="when">{sheet.words.days(days, sheet.service.period)}</span></li>'
        for first, last, every, days in bands
    )
    return Markup(f'<ul class="every">{items}</ul>')


def changes_of(
    rows: Rows, station_of: Mapping[str, str]
) -> dict[str, list[tuple[str, int | None]]]:
    """station_id -> other stations one can change to, and the minutes it takes, by transfers.txt.

    Zero minutes stand for a change that is said to be impossible, None for an unknown time.
    """
    found: dict[str, dict[str, int | None]] = defaultdict(dict)
    for first, last, kind, seconds, trip in rows.rows(
        "transfers", "from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time", "from_trip_id"
    ):  # fmt: skip
        a, b = station_of.get(first or ""), station_of.get(last or "")
        if not a or not b or a == b or trip or kind in ("4", "5"):
            continue
        known = -(-int(seconds) // 60) if seconds and seconds.isdigit() else None
        found[a].setdefault(b, 0 if kind == "3" else known)
    return {key: list(others.items()) for key, others in found.items()}
