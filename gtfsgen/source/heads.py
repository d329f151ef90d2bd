"""The words at the edges of a printed table: what its rows and columns are called.

Heads are compared without case, blanks at the ends, arrows, colons and the number of a footnote:
`◄ Train Number ►`, `Normal Days of Operation 4`. In other respects they are as printed.
"""

from __future__ import annotations

import re

from gtfsgen.source.stations import Stations
from gtfsgen.source.times import STARS
from gtfsgen.source.words import folded

WORDS_OF = {
    "train": (
        "train", "trains", "train number", "train numbers", "train no", "train no.", "train nos",
        "train nos.", "train nr", "train #", "#", "zug", "züge", "zug nr", "zug nr.", "zug-nr",
        "zug-nr.", "zugnr", "zugnr.", "zugnummer", "zugnummern", "车次", "列车", "列车号",
        "列车车次", "車次", "列車", "列車番号",
    ),
    "days": (
        "days", "day", "runs", "days of operation", "normal days of operation", "day of operation",
        "operating days", "operates", "days operated", "days run", "runs on", "service days",
        "days of the week", "days of week", "dates of operation", "verkehrstage", "verkehrstag",
        "tage", "verkehrt", "fährt", "开行日", "开行日期", "运行日", "运行日期", "开行", "运行",
        "开行规律", "開行日", "運転日", "運行日",
    ),
    "not": (
        "will not operate", "does not operate", "does not run", "will not run", "not running",
        "verkehrt nicht", "停运", "停运日期", "運休", "運休日",
    ),
    "also": (
        "will also operate", "also operates", "will also run", "also runs", "verkehrt auch",
        "加开", "加开日期",
    ),
    "route": ("route", "line"),
    "headsign": ("headsign",),
    "name": ("name", "train name", "zugname", "列车名", "列車名"),
    "class": ("class",),
    "note": ("note", "remarks", "bemerkungen", "备注", "hinweise", "備考"),
    "notes": ("notes", "footnotes", "fußnoten", "注"),
    "bikes": ("bikes",),
    "wheelchair": ("wheelchair",),
    "reservation": ("reservation",),
    "block": ("block",),
    "direction": ("direction",),
    "every": ("every", "then every"),
    "cars": ("cars",),
    "source": ("source",),
    "agency": ("agency",),
    "trip": ("trip", "trip id"),
    "number": ("number",),
    "clock": ("clock", "am/pm", "a.m./p.m.", "am pm", "a.m. p.m."),
    "category": (
        "category", "type", "train type", "train category", "gattung", "zuggattung", "zugart",
        "列车种类", "列车类型", "类型", "种类", "车型", "车种", "列車種別", "種別",
    ),
    "operator": (
        "operator", "operators", "operated by", "operating company", "train operator",
        "train operating company", "toc", "betreiber", "evu",
    ),
    "symbols": (
        "symbols", "symbol", "facilities", "services", "on board service", "on board services",
        "onboard service", "on-board service", "on-board services", "catering", "meals",
        "reservations", "reservierung", "ausstattung", "设备", "席别",
    ),
    "connections": (
        "connections", "connection", "connects with", "connects to", "connecting train",
        "connecting trains", "anschluss", "anschlüsse", "接续",
    ),
    "ends": (
        "from", "to", "origin", "destination", "through from", "through to", "via", "von", "nach",
        "aus", "über", "始发", "终到", "始发站", "终到站", "终点站", "运行区间", "区间", "始発",
        "終着", "始発駅", "終着駅", "行先", "行き先",
    ),
    "reading": (
        "read down", "read up", "reads down", "reads up", "down", "up", "read downward",
        "read upward",
    ),
}  # fmt: skip
"""What rows that are no stations say of each train -> how they are headed."""
HEADER_WORDS = {word: name for name, words in WORDS_OF.items() for word in words}
LEFT_OUT = ("category", "operator", "symbols", "connections", "ends")
"""Rows that are read but have no place in the feed."""
STAND_IN_FOR_TRAIN = frozenset(
    (
        "station", "stations", "stop", "stops", "bahnhof", "bahnhöfe", "haltestelle", "ort", "站名",
        "车站", "站", "駅名", "駅", "headcode", "headcodes", "heading code", "train id",
        "reporting number", "signalling id",
    )
)  # fmt: skip
"""Heads that name the trains where no row is headed `train`, and say nothing where one is."""

ARRIVAL_WORDS = frozenset(
    (
        "arr", "arrival", "arrives", "arrive", "arriving", "a", "ar", "an", "ank", "ankunft", "到",
        "到达", "到点", "到站", "着", "到着", "到達", "arrivée", "arrivo", "llegada", "chegada",
        "прибытие",
    )
)  # fmt: skip
DEPARTURE_WORDS = frozenset(
    (
        "dep", "departure", "departs", "depart", "departing", "d", "dp", "lv", "leave", "leaves",
        "ab", "abf", "abfahrt", "开", "开点", "发", "出发", "发车", "開", "発", "發", "出発",
        "départ", "partenza", "salida", "partida", "отправление",
    )
)  # fmt: skip
BOTH_WORDS = frozenset(
    (
        "arr/dep",
        "ar/dp",
        "a/d",
        "an/ab",
        "ar/lv",
        "arr/lv",
        "到/发",
        "到发",
        "到/开",
        "到开",
        "着/发",
        "着発",
        "発着",
        "arr dep",
        "ar dp",
        "arr & dep",
        "arr. dep.",
    )
)
KINDS = ARRIVAL_WORDS | DEPARTURE_WORDS | BOTH_WORDS
JOINED_KINDS = tuple(word for word in sorted(KINDS, key=len, reverse=True) if word[0] >= "\u2e80")
"""Kinds that stand behind a name without a gap, as in 北京西发."""

NO_TRAIN_WORDS = frozenset(
    (
        "note", "notes", "km", "source", "mile", "miles", "mi", "milepost", "distance", "dist",
        "entfernung", "里程", "公里", "里程(km)", "km.", "kilometre", "kilometres", "kilometer",
        "symbol", "symbols", "code", "codes", "station code", "zone", "zones", "time zone",
        "timezone", "tz", "platform", "platforms", "plat", "track", "gleis", "facilities",
        "services", "station services", "state", "province", "country", "tarif", "station type",
        "no.", "nr", "nr.", "序号", "站序", "站次", "站台", "备注", "remarks", "bemerkungen",
        "営業キロ", "キロ", "停留", "停时", "停车时间", "stop no", "stop no.", "天数",
    )
)  # fmt: skip
"""Heads of columns that are no trains."""
PLATFORM_ROWS = frozenset(("platform", "platforms", "plat", "track", "gleis", "站台", "股道"))
CONNECTION_ROW = re.compile(
    r"(?:(?:thruway|bus|rail|ferry|coach)\s+)*"
    r"(?:connect(?:s|ion|ions|ing)?|conn|anschlu(?:ss|ß)|correspondances?|接续)\b.*",
    re.IGNORECASE,
)

FOOTNOTE = re.compile(rf"(?:\s*\(?\d{{1,2}}\)?|[{re.escape(STARS)}\s])+$")
SIGNS = "○●◯◇◆□■△▲▽▼☆★♿⚹✈⊕⊖⊙◊◦▪▫*†‡§" + "\ufe0f"
"""Signs beside a station's name that say what is found there."""
ZONE_BEHIND = re.compile(
    r"\s*[(\[]\s*(?:[ECMPA][SD]?T|AK[SD]?T|H[SD]?T|GMT|BST|UTC|[CEW]E[ST]T?|[MOW]E[SZ]Z?)\s*[)\]]$"
)
"""`(ET)`, `(MEZ)` behind a name: the zone, which stations.csv says."""


def folded_label(text: str) -> str:
    """A label without the colon, point or arrow that may stand beside it."""
    return folded(text).strip(" :.▸►▶→▼◄◀◂←▲↓↑")


def header_word(label: str) -> str | None:
    """What a row of this label says of each train; None if it may be a station."""
    for text in (
        folded(label),
        folded_label(label),
        folded_label(FOOTNOTE.sub("", folded_label(label))),
    ):
        if text in HEADER_WORDS:
            return HEADER_WORDS[text]
    return None


def without_kind(label: str, stations: Stations) -> tuple[str, str]:
    """A station's label and the `arr` or `dep` behind it, if that is not part of its name."""
    known = stations.by_name
    for name in (label, undecorated(label)):
        if folded(name) in known:
            return name, ""
    bare = undecorated(label)
    name, _, last = bare.rpartition(" ")
    if name and folded_label(last) in KINDS:
        return undecorated(name) if folded(name) not in known else name, last
    for kind in JOINED_KINDS:
        if bare.endswith(kind) and folded(bare.removesuffix(kind)) in known:
            return bare.removesuffix(kind), kind
    return label, ""


def undecorated(label: str) -> str:
    """A name without signs at its ends and without the time zone in brackets behind it."""
    return ZONE_BEHIND.sub("", label.strip().strip(SIGNS).strip()).strip()
