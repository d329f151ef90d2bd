"""Which trip a vehicle goes on as, and on which dates: linked trips (transfers of types 4 and 5)
and blocks.

A link resolves so: A is the last arrival of the from trip and B the first departure of the to trip,
each in seconds of its own service day; k is the smallest whole number, zero or more, for which B
plus k days is not before A. The from trip of date d goes on as the to trip of date d + k, after B +
k days - A seconds. This is how MOTIS resolves them; the GTFS reference only says that the to trip
may be of a subsequent service day. Trips of a block follow one another on one service day.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from gtfsgen.clocks import DAY
from gtfsgen.dates import Dates
from gtfsgen.feed import Feed
from gtfsgen.schema import LINKED_TRIPS, MUST_ALIGHT
from gtfsgen.timetable.columns import mix, places, table
from gtfsgen.timetable.sets import DateSets

COLUMNS = {
    "from_trip": pl.UInt32,
    "to_trip": pl.UInt32,
    "days_later": pl.Int32,
    "wait": pl.Int32,
    "dates": pl.UInt32,
    "by": pl.String,
    "transfer_type": pl.Int16,
    "csv_row_number": pl.UInt32,
}


def links_of(feed: Feed, trips: pl.DataFrame, sets: DateSets) -> pl.DataFrame:
    """See `Timetable.links`."""
    by_transfer = _transfers(feed, trips, sets)
    by_block = _outranked(_blocks(trips, sets), by_transfer, sets)
    links = pl.concat([by_transfer, by_block]).sort("from_trip", "by", "to_trip", "csv_row_number")
    ends = trips.select(
        "trip", "first_stop", "last_stop", "first_station", "last_station", "number", "route_id"
    )
    for side in ("from", "to"):
        links = links.join(
            ends.select(pl.all().name.prefix(f"{side}_")),
            on=f"{side}_trip",
            how="left",
            maintain_order="left",
        )
    links = links.with_columns(
        in_seat=(pl.col("transfer_type") != MUST_ALIGHT).fill_null(True),
        meets=(pl.col("from_last_station") == pl.col("to_first_station")).fill_null(False),
    )
    links = links.with_columns(
        splits=pl.Series(_shared(links, sets, "from_trip"), dtype=pl.Boolean),
        joins=pl.Series(_shared(links, sets, "to_trip"), dtype=pl.Boolean),
    )
    return links.select(
        *COLUMNS,
        "in_seat",
        "meets",
        "splits",
        "joins",
        "from_number",
        "to_number",
        from_stop="from_last_stop",
        to_stop="to_first_stop",
    )


def days_between(gap_s: pl.Expr) -> pl.Expr:
    """k: how many service days after the from trip the to trip runs. `gap_s` is its departure less
    the arrival before, each in seconds of its own service day.
    """
    return (-(gap_s // DAY)).clip(0)


def wait_between(gap_s: pl.Expr) -> pl.Expr:
    """Seconds from the arrival to the departure, k days counted in."""
    return gap_s + days_between(gap_s) * DAY


def _transfers(feed: Feed, trips: pl.DataFrame, sets: DateSets) -> pl.DataFrame:
    rows = table(feed, "transfers", "from_trip_id", "to_trip_id", "transfer_type").filter(
        pl.col("transfer_type").is_in(LINKED_TRIPS)
    )
    sides = {side: places(trips["trip_id"], rows[f"{side}_trip_id"]) for side in ("from", "to")}
    known = (sides["from"] >= 0) & (sides["to"] >= 0)
    before, after = sides["from"][known], sides["to"][known]
    gap = trips["start"].gather(after).cast(pl.Int64) - trips["end"].gather(before).cast(pl.Int64)
    rows = rows.filter(pl.Series(known, dtype=pl.Boolean)).select(
        "csv_row_number",
        "transfer_type",
        from_trip=pl.Series(before, dtype=pl.UInt32),
        to_trip=pl.Series(after, dtype=pl.UInt32),
        gap=gap,
        one=trips["dates"].gather(before),
        other=trips["dates"].gather(after),
        by=pl.lit("transfer"),
    )
    gap_s = pl.col("gap")
    rows = rows.with_columns(days_later=days_between(gap_s), wait=wait_between(gap_s))
    return rows.with_columns(
        dates=sets.meets(rows["one"], rows["other"], rows["days_later"]),
    ).select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())


def _blocks(trips: pl.DataFrame, sets: DateSets) -> pl.DataFrame:
    """Each trip of a block and the next that its vehicle can run on the same service day."""
    rows = trips.filter(
        pl.col("block_id").is_not_null(), pl.col("start").is_not_null(), pl.col("dates") > 0
    ).select("trip", "block_id", "dates", "start", "end")
    rows = rows.filter(pl.len().over("block_id") > 1)
    running = on_kinds_of_day(rows, sets)
    order = ("block", "kind", "start", "end", "trip")
    running = running.sort(order).with_columns(
        group=pl.struct("block", "kind").rle_id().cast(pl.Int64)
    )
    group, start, end = (
        running[name].to_numpy().astype(np.int64) for name in ("group", "start", "end")
    )
    if not len(group):
        return pl.DataFrame(schema=COLUMNS)
    # All starts in one rising row, a group after another: the next trip is found by bisection.
    low = min(int(start.min()), int(end.min()))
    width = max(int(start.max()), int(end.max())) - low + 2
    at = np.searchsorted(group * width + start - low, group * width + end - low, side="left")
    at = np.maximum(at, np.arange(len(at)) + 1)
    has = (at < len(group)) & (group[np.minimum(at, len(group) - 1)] == group)
    pairs = pl.DataFrame(
        {
            "from_trip": running["trip"].gather(np.flatnonzero(has)),
            "to_trip": running["trip"].gather(at[has]),
            "wait": start[at[has]] - end[has],
            "days": running["days"].gather(np.flatnonzero(has)),
        }
    ).filter(pl.col("wait") >= 0)
    together = pairs.group_by("from_trip", "to_trip", maintain_order=True).agg(
        pl.col("wait").first(), pl.col("days").unique().sort()
    )
    return together.with_columns(
        days_later=pl.lit(0),
        dates=sets.unions(together["days"]),
        by=pl.lit("block"),
        transfer_type=pl.lit(None),
        csv_row_number=pl.lit(None),
    ).select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())


def on_kinds_of_day(rows: pl.DataFrame, sets: DateSets) -> pl.DataFrame:
    """The trips of each block on each kind of day: days on which the same sets of dates are in
    force. `block` is a number, `kind` one within its block, `days` the set of those days.
    """
    members = rows.select("block_id", "dates").unique(maintain_order=True)
    blocks = (
        members.group_by("block_id", maintain_order=True)
        .agg(pl.col("dates").sort())
        .with_row_index("block")
    )
    known: dict[tuple[int, ...], int] = {}
    mixtures: list[tuple[int, ...]] = []
    mixture = []
    for dates in blocks["dates"].to_list():
        key = tuple(dates)
        if key not in known:
            known[key] = len(mixtures)
            mixtures.append(key)
        mixture.append(known[key])
    kinds: dict[str, list[int]] = {"mixture": [], "kind": [], "dates": [], "days": []}
    for number, key in enumerate(mixtures):
        for kind, (days, active) in enumerate(_kinds_of_day(key, sets)):
            for dates in active:
                for name, value in zip(kinds, (number, kind, dates, days), strict=True):
                    kinds[name].append(value)
    frame = pl.DataFrame(kinds, schema=dict.fromkeys(kinds, pl.UInt32))
    of_block = blocks.select("block", "block_id", mixture=pl.Series(mixture, dtype=pl.UInt32))
    return rows.join(of_block, on="block_id", how="left", maintain_order="left").join(
        frame, on=["mixture", "dates"], how="inner", maintain_order="left"
    )


def _kinds_of_day(mixture: tuple[int, ...], sets: DateSets) -> list[tuple[int, tuple[int, ...]]]:
    """The days on which the same of some sets of dates are in force, and which these are."""
    if len(mixture) == 1:
        return [(mixture[0], mixture)]
    days = [sets[number].array() for number in mixture]
    every, place = np.unique(np.concatenate(days), return_inverse=True)
    which = np.repeat(np.arange(len(days), dtype=np.uint64), [len(each) for each in days])
    marks = np.zeros(len(every), np.uint64)
    np.add.at(marks, place, mix(which))
    _, first, kind = np.unique(marks, return_index=True, return_inverse=True)
    order = np.argsort(kind, kind="stable")
    groups = np.split(every[order], np.cumsum(np.bincount(kind))[:-1])
    return [
        (
            sets.number(Dates.of_numbers(groups[number].tolist())),
            tuple(each for each in mixture if sets[each].has(int(every[first[number]]))),
        )
        for number in np.argsort(first).tolist()
    ]


def _outranked(blocks: pl.DataFrame, transfers: pl.DataFrame, sets: DateSets) -> pl.DataFrame:
    """Blocks without the dates on which transfers.txt says how a trip goes on or begins: the linked
    transfer is taken where the two say different things.
    """
    said = transfers.filter(pl.col("dates") > 0)
    if not said.height or not blocks.height:
        return blocks
    for side in ("from_trip", "to_trip"):
        days = _days_at(said, sets, side)
        others = blocks.select(side).join(days, on=side, how="left", maintain_order="left")["days"]
        blocks = blocks.with_columns(dates=sets.withouts(blocks["dates"], others))
    return blocks.filter(pl.col("dates") > 0)


def _days_at(links: pl.DataFrame, sets: DateSets, side: str) -> pl.DataFrame:
    """`from_trip` or `to_trip`, and `days`: a list of the sets of its own service days on which its
    links hold, in order.
    """
    held = links["dates"]
    if side == "to_trip":
        held = sets.shifts(held, links["days_later"])
    rows = links.select(side, days=held)
    return rows.group_by(side, maintain_order=True).agg(pl.col("days").unique().sort())


def _shared(links: pl.DataFrame, sets: DateSets, side: str) -> np.ndarray:
    """Links whose trip has another in-seat link at the same end on a shared date."""
    found = np.zeros(links.height, bool)
    usable = links.with_row_index("row").filter(pl.col("in_seat") & (pl.col("dates") > 0))
    usable = usable.filter(pl.len().over(side) > 1)
    if usable.height:
        days = usable["dates"]
        if side == "to_trip":
            days = sets.shifts(days, usable["days_later"])
        groups = (
            usable.select(side, "row", days=days)
            .group_by(side, maintain_order=True)
            .agg("row", "days")
        )
        found[groups["row"].explode().to_numpy()] = sets.shared(groups["days"]).explode().to_numpy()
    return found


def vehicles_of(
    links: pl.DataFrame, trips: pl.DataFrame, sets: DateSets
) -> tuple[pl.DataFrame, int]:
    """See `Timetable.vehicles`; and how many ways were left out because there are too many."""
    usable = links.filter(
        pl.col("in_seat") & (pl.col("dates") > 0) & (pl.col("from_trip") != pl.col("to_trip"))
    ).select("from_trip", "to_trip", "days_later", "dates")
    usable = _without_circles(usable, trips.height)
    front = _heads(usable, trips, sets)
    steps = [front.with_columns(position=pl.lit(0, pl.UInt32), later=pl.lit(0, pl.Int32))]
    parents: list[pl.DataFrame] = []
    # Places are (step, row); a way is read backwards from its end.
    front = steps[0].select("trip", "dates", "later", way=pl.int_range(pl.len(), dtype=pl.UInt32))
    done: list[pl.DataFrame] = []
    left_out = 0
    trail = {0: steps[0].select("trip", "later")}
    depth = 0
    while front.height:
        onward = front.join(usable, left_on="trip", right_on="from_trip", maintain_order="left")
        onward = onward.with_columns(
            met=sets.meets(onward["dates"], onward["dates_right"].fill_null(0), onward["later"])
        ).filter(pl.col("met") > 0)
        taken = onward.group_by("way", maintain_order=True).agg(pl.col("met").unique().sort())
        others = front.select("way").join(taken, on="way", how="left", maintain_order="left")["met"]
        rest = sets.withouts(front["dates"], others)
        done.append(
            front.with_columns(dates=rest, depth=pl.lit(depth))
            .filter(pl.col("dates") > 0)
            .select("depth", "way", "dates")
        )
        if onward.height > MOST_WAYS:
            left_out += onward.height - MOST_WAYS
            onward = onward.head(MOST_WAYS)
        depth += 1
        nexts = onward.select(
            pl.col("to_trip").alias("trip"),
            pl.col("met").alias("dates"),
            pl.col("later") + pl.col("days_later"),
            pl.col("way").alias("before"),
        )
        parents.append(nexts.select("before"))
        trail[depth] = nexts.select("trip", "later")
        front = nexts.select("trip", "dates", "later", way=pl.int_range(pl.len(), dtype=pl.UInt32))
    return _ways(done, trail, parents), left_out


MOST_WAYS = 2_000_000
"""Trains that split at every station have more ways through them than anyone asks about."""


def _without_circles(links: pl.DataFrame, count: int) -> pl.DataFrame:
    """Links without those by which a vehicle comes round to a trip it has run: a round begins anew
    where it waits for another day, or else where it goes back in the order of trips.txt.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    while links.height:
        ones = np.ones(links.height, np.int8)
        before, after = (links[name].to_numpy() for name in ("from_trip", "to_trip"))
        graph = coo_array((ones, (before, after)), shape=(count, count))
        _, component = connected_components(graph, directed=True, connection="strong")
        inside = component[before] == component[after]
        if not inside.any():
            break
        later = inside & (links["days_later"].to_numpy() > 0)
        kept = ~later if later.any() else ~(inside & (after <= before))
        links = links.filter(pl.Series(kept))
    return links


def _heads(links: pl.DataFrame, trips: pl.DataFrame, sets: DateSets) -> pl.DataFrame:
    """`trip`, `dates`: the trips with links, on the dates on which no vehicle comes to them."""
    coming = _days_at(links, sets, "to_trip").rename({"to_trip": "trip"})
    linked = pl.concat([links["from_trip"], links["to_trip"]]).unique().sort().to_frame("trip")
    linked = linked.join(coming, on="trip", how="left", maintain_order="left")
    own = trips["dates"].gather(linked["trip"])
    return linked.select("trip", dates=sets.withouts(own, linked["days"])).filter(
        pl.col("dates") > 0
    )


def _ways(
    done: list[pl.DataFrame], trail: dict[int, pl.DataFrame], parents: list[pl.DataFrame]
) -> pl.DataFrame:
    """`vehicle`, `position`, `trip`, `days_later`, `dates` of ways of two trips and more."""
    parts = []
    first = 0
    steps = {at: (rows["trip"].to_numpy(), rows["later"].to_numpy()) for at, rows in trail.items()}
    befores = [rows["before"].to_numpy() for rows in parents]
    for depth, ends in enumerate(done):
        if not depth or not ends.height:
            continue
        way, dates = ends["way"].to_numpy(), ends["dates"].to_numpy()
        vehicle = np.arange(first, first + ends.height)
        for position in range(depth, -1, -1):
            trip, later = steps[position]
            parts.append((vehicle, np.full(len(way), position), trip[way], later[way], dates))
            if position:
                way = befores[position - 1][way]
        first += ends.height
    schema = {
        "vehicle": pl.UInt32,
        "position": pl.UInt32,
        "trip": pl.UInt32,
        "days_later": pl.Int32,
        "dates": pl.UInt32,
    }
    if not parts:
        return pl.DataFrame(schema=schema)
    columns = (np.concatenate(each) for each in zip(*parts, strict=True))
    frame = pl.DataFrame(
        [pl.Series(n, each).cast(schema[n]) for n, each in zip(schema, columns, strict=True)]
    )
    # Numbered by their trips, as trips.txt has them in order.
    trips = frame.sort("vehicle", "position").group_by("vehicle", maintain_order=True).agg("trip")
    ordered = sorted(zip(trips["trip"].to_list(), trips["vehicle"].to_list(), strict=True))
    new = np.zeros(len(ordered), np.uint32)
    new[[vehicle for _, vehicle in ordered]] = np.arange(len(ordered))
    return frame.with_columns(vehicle=pl.Series(new[frame["vehicle"].to_numpy()])).sort(
        "vehicle", "position"
    )
