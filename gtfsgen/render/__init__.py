"""The page of a feed: one HTML file that opens from disk with the network off."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.render.notices import Notice
    from gtfsgen.render.trains import Service

__all__ = ["page"]


def page(
    feed: Mapping[str, pl.DataFrame],
    notices: Iterable[Notice] | None = None,
    *,
    geojson: Mapping[str, Any] | None = None,
    title: str = "",
    reload: str = "",
) -> str:
    """`index.html` of a feed: map, timetables, stringline charts, coaches, running days, notices.

    `feed` maps table names without `.txt` to frames of text cells; missing tables and columns are
    taken as empty. `notices` are `Fault`s or mappings with severity, code, place and message; None
    leaves the section out. `geojson` is that of `gtfsgen.shapes.draw`, to dash the legs that
    follow no track. `reload` is a path on the same server that answers with the page's version
    (`gtfsgen watch`). The same arguments give the same text.
    """
    from gtfsgen.render.coaches import coach_diagrams
    from gtfsgen.render.days import calendars
    from gtfsgen.render.map import map_svg
    from gtfsgen.render.markup import esc
    from gtfsgen.render.notices import notices_html
    from gtfsgen.render.stringline import stringline
    from gtfsgen.render.timetable import timetables
    from gtfsgen.render.trains import service_of

    service = service_of(feed)
    parts = {
        "Map": map_svg(service, (geojson or {}).get("features", ())),
        "Timetables": _by_line(service, timetables),
        "Through coaches": _by_line(service, coach_diagrams, headed=False),
        "Stringline chart": _by_line(service, stringline),
        "Running days": _by_line(service, calendars),
    }
    if notices is not None:
        parts["Notices"] = notices_html(notices)
    shown = {name: html for name, html in parts.items() if html}
    anchors = {name: name.lower().replace(" ", "-") for name in shown}
    sections = "\n".join(
        f'<section id="{anchors[name]}"><h2>{name}</h2>\n{html}\n</section>'
        for name, html in shown.items()
    )
    links = "".join(f'<a href="#{anchor}">{name}</a>' for name, anchor in anchors.items())
    heading = title or service.title
    data = {"names": _names(service), "own": service.names.own, "reload": reload}
    fillings = {
        "lang": esc(service.names.own if service.names.own != "und" else "en"),
        "title": esc(heading),
        "heading": esc(heading),
        "subtitle": _subtitle(service),
        "languages": _language_buttons(service),
        "links": links,
        "sections": sections or "<p>This feed has no trips to show.</p>",
        "footer": _footer(service),
        "style": _own("page.css"),
        # `<` must not end the script element, whatever a station is called.
        "data": json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
        "script": _own("page.js"),
    }
    html = _own("page.html")
    for name, text in fillings.items():
        before, _, after = html.partition("{{" + name + "}}")
        html = before + text + after
    return html


def _own(name: str) -> str:
    return files("gtfsgen.render").joinpath(name).read_text(encoding="utf-8")


def _by_line(service: Service, part: Any, headed: bool = True) -> str:
    """A part for each line, with the lines' names where there are several."""
    from gtfsgen.render.markup import esc

    drawn = [(line.name, part(line, service)) for line in service.lines]
    drawn = [(name, html) for name, html in drawn if html]
    if len(drawn) < 2 or not headed:
        return "\n".join(html for _, html in drawn)
    return "".join(_folded(esc(name), html, open_=n < 3) for n, (name, html) in enumerate(drawn))


def _folded(name: str, html: str, open_: bool) -> str:
    return f"<details{' open' if open_ else ''}><summary>{name}</summary>\n{html}\n</details>"


def _subtitle(service: Service) -> str:
    from gtfsgen.render.markup import esc
    from gtfsgen.render.service import span_text

    facts = [", ".join(service.agencies[:4])]
    if service.period:
        facts.append(span_text(*service.period))
    facts.append(f"{len(service.shown_stations)} stations")
    zones = len({station.zone for station in service.shown_stations})
    if zones > 1:
        facts.append(f"{zones} time zones")
    if service.hidden_routes:
        facts.append(f"the busiest lines; {service.hidden_routes} routes are not shown")
    return " · ".join(esc(fact) for fact in facts if fact)


def _language_buttons(service: Service) -> str:
    from gtfsgen.render.markup import esc
    from gtfsgen.render.names import endonym

    languages = service.names.languages
    if len(languages) < 2:
        return ""
    buttons = "".join(
        f'<button type="button" data-lang="{esc(code)}" lang="{esc(code)}" aria-pressed="{str(not n).lower()}">'
        f"{esc(endonym(code) if code != 'und' else 'as given')}</button>"
        for n, code in enumerate(languages)
    )
    return f'<div class="langs" role="group" aria-label="Names of stations in">{buttons}</div>'


def _names(service: Service) -> dict[str, dict[str, str]]:
    shown = [station.station_id for station in service.shown_stations]
    return {
        language: {key: names[key] for key in shown if key in names}
        for language, names in service.names.by_language.items()
    }


def _footer(service: Service) -> str:
    from gtfsgen.render.markup import esc

    info = service.feed_info
    said = []
    if info.get("feed_publisher_name"):
        publisher = info["feed_publisher_name"]
        address = info.get("feed_publisher_url")
        said.append(f"Published by {publisher}" + (f" ({address})" if address else ""))
    if info.get("feed_version"):
        said.append(f"Version {info['feed_version']}")
    said += service.attributions
    said.append("Drawn by gtfsgen; this page loads nothing from the network")
    return "".join(f"<p>{esc(text)}</p>" for text in dict.fromkeys(said))
