"""What of a feed means anything to riders and planners: all else is taken off before they are told.

At the level `data` feeds are compared as they are written. A rider and a planner notice neither a
blank too many, nor a value in a field that has no meaning where it stands, nor a stop at which
nothing ever calls. Nor do they notice what ran before the day from which they look.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from gtfsgen.diff.reading import LONG, Side, canonical
from gtfsgen.schema import TABLES, Type
from gtfsgen.spelling import PLAIN

PRIOR = "prior_notice_"
NO_MEANING = {
    "0": "duration_min duration_max last_day last_time start_day start_time service_id",
    "1": "last_day last_time service_id",
    "2": "duration_min duration_max",
}
"""Kind of booking -> fields of notice that say nothing for it."""
DECORATION = (
    ("trips", "shape_id", "shapes", "shape_id"),
    ("stops", "level_id", "levels", "level_id"),
)


def keep_what_is_meant(side: Side, since: date | None = None) -> None:
    """Leave in a feed only what means something from a day on, in plain spelling."""
    side.meant = True
    side.since = since
    for stem, frame in side.tables.items():
        side.tables[stem] = _plain(stem, frame)
    _plain_calls(side)
    for stem, change in _BLANKED.items():
        if stem in side.tables:
            side.tables[stem] = _complete(side.tables[stem], stem).pipe(change)
    _blank_routes_of_trips(side)
    _one_medium(side)
    _blank_dangling(side)
    if since is not None:
        _leave_out_ended(side, since)
    _leave_out_unused(side)
    _blank_idle_blocks(side)


def _plain(stem: str, frame: pl.DataFrame) -> pl.DataFrame:
    if stem in TABLES:
        frame = frame.rename(_plain_names(stem, frame.columns))
    changes = []
    for name in frame.columns:
        if name != "_row" and (stem != "shapes" or TABLES["shapes"].fields.get(name) is None):
            mapped = _plain_values(stem, name, frame[name])
            if mapped is not None:
                changes.append(mapped)
    frame = frame.with_columns(changes) if changes else frame
    if f"{stem}.txt" in LONG or frame.width < 2:
        return frame
    cells = [name for name in frame.columns if name != "_row"]
    return frame.unique(cells, keep="first", maintain_order=True)


def _plain_names(stem: str, columns: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in columns:
        bare = name.strip().strip("\"'\u200b\ufeff").lower().replace("-", "_").replace(" ", "_")
        if bare != name and bare in TABLES[stem].fields and bare not in columns:
            found.setdefault(name, bare)
    return found


def _speller(stem: str, name: str) -> Callable[[str], str | None] | None:
    field = TABLES[stem].fields.get(name) if stem in TABLES else None
    if field is None or field.type in (Type.ID, Type.AMOUNT):
        return PLAIN[Type.TEXT] if field is None else None
    return PLAIN.get(field.type)


def _plain_values(stem: str, name: str, column: pl.Series) -> pl.Series | None:
    """The column in plain spelling; None where it is so already."""
    speller = _speller(stem, name)
    if speller is None or column.dtype != pl.String:
        return None
    new = {}
    for text in column.drop_nulls().unique().to_list():
        plain = speller(text)
        if plain is not None and plain != text:
            told = canonical(stem, name, plain) if stem in TABLES else plain
            if told != text:
                new[text] = told
    return column.replace(new) if new else None


def _plain_calls(side: Side) -> None:
    calls = side.calls
    for old, new in _plain_names("stop_times", [*calls.codes]).items():
        calls.codes[new], calls.texts[new] = calls.codes.pop(old), calls.texts.pop(old)
    for name, texts in calls.texts.items():
        mapped = _plain_values("stop_times", name, texts)
        if mapped is not None:
            calls.texts[name] = mapped
    timed = [calls.codes[n] >= 0 for n in ("arrival_time", "departure_time") if n in calls.codes]
    if "timepoint" in calls.codes and timed:
        without = ~np.logical_or.reduce(timed)
        if without.any():
            calls.codes["timepoint"] = np.where(without, -1, calls.codes["timepoint"])
    _one_of_twins(side)


def _one_of_twins(side: Side) -> None:
    """A call that is written twice, cell for cell, is one."""
    calls = side.calls
    if not {"trip_id", "stop_sequence"} <= {*calls.codes} or calls.height < 2:
        return
    key = calls.codes["trip_id"].astype(np.int64) * (len(calls.texts["stop_sequence"]) + 1)
    key += calls.codes["stop_sequence"]
    if (key[1:] > key[:-1]).all():
        return
    by = np.argsort(key, kind="stable")
    ordered = key[by]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return
    for codes in calls.codes.values():
        same &= codes[by[1:]] == codes[by[:-1]]
    if same.any():
        kept = np.ones(calls.height, bool)
        kept[by[1:][same]] = False
        calls.codes = {name: codes[kept] for name, codes in calls.codes.items()}
        calls.height = int(kept.sum())


def _complete(frame: pl.DataFrame, stem: str) -> pl.DataFrame:
    absent = [
        pl.lit(None, pl.String).alias(n) for n in TABLES[stem].fields if n not in frame.columns
    ]
    return frame.with_columns(absent)


def _blank_if(column: str, condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(None).otherwise(pl.col(column)).alias(column)


def _booking(frame: pl.DataFrame) -> pl.DataFrame:
    kind = pl.col("booking_type")
    for number, fields in NO_MEANING.items():
        frame = frame.with_columns(
            _blank_if(f"{PRIOR}{field}", (kind == number).fill_null(False))
            for field in fields.split()
        )
    alone = pl.col(f"{PRIOR}start_day").is_null()
    return frame.with_columns(_blank_if(f"{PRIOR}start_time", alone))


def _fare_transfers(frame: pl.DataFrame) -> pl.DataFrame:
    same = (pl.col("from_leg_group_id") == pl.col("to_leg_group_id")).fill_null(False)
    return frame.with_columns(
        _blank_if("duration_limit_type", pl.col("duration_limit").is_null()),
        _blank_if("transfer_count", ~same),
    )


def _timeframes(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col("start_time").fill_null("00:00:00"), pl.col("end_time").fill_null("24:00:00")
    )


def _stops(frame: pl.DataFrame) -> pl.DataFrame:
    other = pl.col("location_type").fill_null("0") != "0"
    return frame.with_columns(_blank_if("stop_access", other | pl.col("parent_station").is_null()))


_BLANKED: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "booking_rules": _booking,
    "fare_transfer_rules": _fare_transfers,
    "timeframes": _timeframes,
    "stops": _stops,
}
"""Tables -> what blanks fields that say nothing, or fills those whose blank says something."""


def _blank_routes_of_trips(side: Side) -> None:
    """A route beside a trip of that route adds nothing."""
    if "transfers" not in side.tables:
        return
    routes = side.frame("trips", "trip_id", "route_id").drop_nulls().unique("trip_id", keep="first")
    frame = _complete(side.tables["transfers"], "transfers")
    for end in ("from", "to"):
        known = frame.select(trip_id=f"{end}_trip_id").join(
            routes, on="trip_id", how="left", maintain_order="left"
        )["route_id"]
        frame = frame.with_columns(own=known)
        same = (pl.col("own") == pl.col(f"{end}_route_id")).fill_null(False)
        frame = frame.with_columns(_blank_if(f"{end}_route_id", same)).drop("own")
    side.tables["transfers"] = frame


def _one_medium(side: Side) -> None:
    """Fare media of one name and type are one."""
    names = ("fare_media_name", "fare_media_type")
    if "fare_media" not in side.tables:
        return
    frame = _complete(side.tables["fare_media"], "fare_media")
    first = frame.with_columns(first=pl.col("fare_media_id").first().over(names))
    same = dict(first.select("fare_media_id", "first").drop_nulls().iter_rows())
    side.tables["fare_media"] = frame.unique(names, keep="first", maintain_order=True)
    products = side.tables.get("fare_products")
    if products is not None and "fare_media_id" in products.columns:
        side.tables["fare_products"] = products.with_columns(
            pl.col("fare_media_id").replace(same)
        ).unique([c for c in products.columns if c != "_row"], keep="first", maintain_order=True)


def _blank_dangling(side: Side) -> None:
    lone = side.frame("shapes", "shape_id").group_by("shape_id").len().filter(pl.col("len") == 1)
    for stem, column, owner, own in DECORATION:
        frame = side.tables.get(stem)
        if frame is None or column not in frame.columns:
            continue
        known = {*side.frame(owner, own)[own].drop_nulls().unique().to_list()}
        if owner == "shapes":
            known -= {*lone["shape_id"].to_list()}
        there = pl.col(column).is_in(known)
        side.tables[stem] = frame.with_columns(_blank_if(column, ~there.fill_null(False)))


def _blank_idle_blocks(side: Side) -> None:
    """A block of several trips that never run on one date keeps nothing together."""
    from gtfsgen.diff.runs import services_of

    trips = side.tables.get("trips")
    if trips is None or not {"block_id", "service_id"} <= {*trips.columns}:
        return
    dates = services_of(side)
    counts = trips["block_id"].drop_nulls().value_counts()
    shared: dict[str, int] = {}
    together = {*counts.filter(pl.col("count") == 1)["block_id"].to_list()}
    for block, service in trips.select("block_id", "service_id").drop_nulls().iter_rows():
        bits = dates[service].bits if service in dates else 0
        if block not in together and shared.get(block, 0) & bits:
            together.add(block)
        elif block not in together:
            shared[block] = shared.get(block, 0) | bits
    kept = pl.col("block_id").is_in(together).fill_null(False)
    side.tables["trips"] = trips.with_columns(_blank_if("block_id", ~kept))


def _leave_out_ended(side: Side, since: date) -> None:
    """Services whose last day was before, and what hangs on their trips."""
    from gtfsgen.diff.runs import services_of

    ended = {name for name, dates in services_of(side).items() if dates and dates.last < since}
    if not ended or "trips" not in side.tables:
        return
    trips = side.frame("trips", "trip_id", "service_id")
    mine = {*trips.filter(pl.col("service_id").is_in(ended))["trip_id"].drop_nulls().to_list()}
    for stem in ("trips", "calendar", "calendar_dates"):
        _without(side, stem, "service_id", ended)
    for stem, columns in (
        ("frequencies", "trip_id"),
        ("transfers", "from_trip_id to_trip_id"),
        ("attributions", "trip_id"),
    ):
        for column in columns.split():
            _without(side, stem, column, mine)
    rows = side.tables.get("translations")
    if rows is not None and {"table_name", "record_id"} <= {*rows.columns}:
        of_trip = pl.col("table_name").str.to_lowercase().is_in(["trips", "stop_times"])
        gone = of_trip & pl.col("record_id").is_in(mine)
        side.tables["translations"] = rows.filter(~gone.fill_null(False))


def _without(side: Side, stem: str, column: str, values: set[str]) -> None:
    frame = side.tables.get(stem)
    if frame is not None and column in frame.columns:
        side.tables[stem] = frame.filter(~pl.col(column).is_in(values).fill_null(False))


def _leave_out_unused(side: Side) -> None:
    """Trips that never call, stops at which nothing calls, translations of nothing."""
    calls = side.calls
    called = _called(side, "trip_id")
    trips = side.tables.get("trips")
    if trips is not None and "trip_id" in trips.columns and calls.height:
        used = called | _referred(side, "trips.trip_id") | _translated(side, "trips")
        side.tables["trips"] = trips.filter(pl.col("trip_id").is_in(used).fill_null(True))
    for _ in range(3):  # stops, their stations, and what these belong to
        stops = side.tables.get("stops")
        if stops is None or "stop_id" not in stops.columns:
            break
        used = _called(side, "stop_id") | _referred(side, "stops.stop_id")
        used |= _translated(side, "stops")
        used |= {*side.frame("location_group_stops", "stop_id")["stop_id"].drop_nulls().to_list()}
        kept = stops.filter(
            pl.col("stop_id").is_in(used).fill_null(True)
            | ~pl.col("location_type").fill_null("0").is_in(["0", "1"])
        )
        if kept.height == stops.height:
            break
        side.tables["stops"] = kept
    _leave_out_translations(side)


def _called(side: Side, column: str) -> set[str]:
    codes, texts = side.calls.codes.get(column), side.calls.texts.get(column)
    if codes is None or texts is None:
        return set()
    there = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(texts)))
    return {*texts.gather(there).to_list()}


def _referred(side: Side, target: str) -> set[str]:
    found: set[str] = set()
    for table in TABLES.values():
        for field in table.fields.values():
            if target in field.references and table.name != "stop_times":
                found |= {*side.frame(table.name, field.name)[field.name].drop_nulls().to_list()}
    return found


def _translated(side: Side, stem: str) -> set[str]:
    rows = side.frame("translations", "table_name", "record_id")
    return {*rows.filter(pl.col("table_name").str.to_lowercase() == stem)["record_id"].drop_nulls()}


def _leave_out_translations(side: Side) -> None:
    rows = side.tables.get("translations")
    if rows is None or "table_name" not in rows.columns:
        return
    rows = _complete(rows, "translations")
    stem = pl.col("table_name").str.to_lowercase()
    there = {*side.tables, *(["stop_times"] if side.calls.height else [])}
    gone = ~stem.is_in(there)
    for name in rows["table_name"].drop_nulls().str.to_lowercase().unique().sort().to_list():
        key = TABLES[name].primary_key if name in TABLES else ()
        if not key or name not in there:
            continue
        first = (
            _called(side, key[0])
            if name == "stop_times"
            else {*side.frame(name, key[0])[key[0]].drop_nulls().to_list()}
        )
        lost = pl.col("record_id").is_not_null() & ~pl.col("record_id").is_in(first)
        if len(key) > 1 and name != "stop_times":
            pairs = {
                f"{a}\0{canonical(name, key[1], b)}"
                for a, b in side.frame(name, *key[:2]).iter_rows()
            }
            texts = [
                f"{a}\0{canonical(name, key[1], b)}"
                for a, b in rows.select("record_id", "record_sub_id").iter_rows()
            ]
            named = pl.Series([text in pairs for text in texts])
            lost |= pl.col("record_id").is_not_null() & ~named
        gone |= (stem == name) & lost & pl.col("field_value").is_null()
    side.tables["translations"] = rows.filter(~gone.fill_null(False))
