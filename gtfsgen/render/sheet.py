"""One page while it is being written: its words, its days, its stations and where they link to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from gtfsgen.dates import Dates
from gtfsgen.render.trains import Service
from gtfsgen.render.words import DaySets, Words


@dataclass
class Sheet:
    service: Service
    words: Words
    days: DaySets
    station_links: Mapping[str, str]
    """station_id -> where its departures are, seen from this page."""
    shown: dict[str, None] = field(default_factory=dict)
    """Stations named on the page, in the order of their first naming."""

    def day(self, dates: Dates) -> str:
        """The class of what is shown on these days."""
        return f"d{self.days.number(dates)}"

    def name(self, station_id: str, tag: str = "span") -> Markup:
        """A station's name, which follows the chosen language."""
        self.shown[station_id] = None
        name = self.service.stations[station_id].name
        if not self.translated(station_id):
            return Markup(escape(name))
        marked = f'<{tag} class="nm" data-s="{escape(station_id)}">{escape(name)}</{tag}>'
        return Markup(marked)

    def linked(self, station_id: str) -> Markup:
        """The name as a link to the station's departures."""
        link = self.station_links.get(station_id)
        name = self.name(station_id)
        return Markup(f'<a href="{escape(link)}">{name}</a>') if link else name

    def translated(self, station_id: str) -> bool:
        names = self.service.names
        return any(station_id in n for key, n in names.by_language.items() if key != names.own)

    def data(self) -> dict[str, Any]:
        """What the page's script needs: sentences, names, sets of days."""
        service = self.service
        shown = [key for key in self.shown if self.translated(key)]
        names = {
            language: {key: known[key] for key in shown if key in known}
            for language, known in service.names.by_language.items()
        }
        return {
            "own": self.words.own,
            "words": self.words.sentences(),
            "names": names,
            "namesOwn": service.names.own,
        }
