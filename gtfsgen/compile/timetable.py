"""All trips of a source: every date of every run once, alone or in its chain.

Most trains know one clock only and run alone; their times are their cells, column-wise. The others
are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import polars as pl

from gtfsgen.clocks import DAY, UnknownZone, Zone
from gtfsgen.compile import naming
from gtfsgen.compile.chains import Chain, Chains, coach_fault, follow_coaches
from gtfsgen.compile.timing import Call, Part, Timing, Train, timings
from gtfsgen.compile.trips import (
    LONG_LINK_WAIT_S,
    Bundle,
    JointWithoutTime,
    Link,
    Stretch,
    Trip,
    bundle,
)
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.model import Coach, Run, Source

NEVER_AGAIN = 1_000_000
"""Days to the next run of a train that runs once."""


@dataclass
class Timetable:
    """What the trains of a source come to."""

    plain_runs: pl.DataFrame
    """run_id and shift: trains whose seconds are their clock times plus `shift` per call."""
    plain_calls: pl.DataFrame
    """Calls of the plain runs with `shift_s`, the seconds to add to each clock time."""
    bundles: list[Bundle]
    chains_of: list[tuple[Chain, Bundle]]
    faults: list[Fault] = field(default_factory=list)


class _Zones(dict[str, Zone]):
    """Zones by name within the span of the feed, made when asked for."""

    def __init__(self, first_day: int, last_day: int) -> None:
        super().__init__()
        self.first_day, self.last_day = first_day, last_day

    def __missing__(self, name: str) -> Zone:
        self[name] = Zone(name, self.first_day, self.last_day)
        return self[name]


class _Gaps(dict[str, int]):
    """run_id -> fewest days between two dates of its train."""

    def __init__(self, runs: Mapping[str, Run]) -> None:
        super().__init__()
        self.runs = runs
        self.of_train: dict[str, int] = {}

    def __missing__(self, run_id: str) -> int:
        if not self.of_train:
            for run in self.runs.values():
                self.of_train[run.train] = self.of_train.get(run.train, 0) | run.dates.bits
        bits = self.of_train[self.runs[run_id].train]
        alone = bits & (bits - 1) == 0
        self[run_id] = NEVER_AGAIN if alone else next(gap for gap in count(1) if bits & bits >> gap)
        return self[run_id]


def make_timetable(source: Source, *, profile: str) -> Timetable:
    """Compile the trains and coaches of a source into trips on service days."""
    faults: list[Fault] = []
    runs = source.runs
    calls = source.calls.filter(~pl.col("passes"))
    zones = _zones(source, calls)
    agency = zones[source.settings.agency_timezone]
    zone_names = _zone_names(source, zones, faults)
    calls = calls.join(zone_names, on="station_id", how="left", maintain_order="left").with_columns(
        pl.when("railway_time")
        .then(pl.lit(agency.name))
        .otherwise(pl.col("zone").fill_null(agency.name))
        .alias("zone")
    )
    riding_runs = {run for coach in source.coaches for ride in coach.rides for run in ride.runs}
    own_clock = [run.run_id for run in runs.values() if run.by_agency]
    plain_calls = _plain_calls(calls, zones, agency, riding_runs, own_clock)
    plain = set(plain_calls["run_id"].unique())
    trains = _trains(calls.filter(~pl.col("run_id").is_in(list(plain))), zones)
    faults += _take_out_useless(runs, plain, trains)

    last_day = source.settings.last_day
    coaches = _sound_coaches(source, trains)
    chains = follow_coaches(coaches, runs, trains, last_day=(last_day - EPOCH).days)
    faults += chains.faults
    bundles, chains_of = _bundles(source, chains, trains, agency, profile, faults)
    faults += _clock_faults(trains.values(), source)
    period = Dates.between(EPOCH, last_day)
    plain_runs = pl.DataFrame(
        {"run_id": [run for run in runs if run in plain and runs[run].dates & period]},
        schema={"run_id": pl.String},
    )
    return Timetable(plain_runs, plain_calls, bundles, chains_of, faults)


def _zones(source: Source, calls: pl.DataFrame) -> _Zones:
    days = [run.dates for run in source.runs.values() if run.dates]
    first = min((dates.first for dates in days), default=source.settings.first_day)
    last = max((dates.last for dates in days), default=source.settings.last_day)
    longest = calls.select(
        pl.max_horizontal(pl.col("arrival_s").max(), pl.col("departure_s").max())
    )
    spare = (longest.item() or 0) // DAY + 30 if calls.height else 30
    return _Zones((first - EPOCH).days - 5, (last - EPOCH).days + spare)


def _zone_names(source: Source, zones: _Zones, faults: list[Fault]) -> pl.DataFrame:
    """station_id -> zone, the agency's where a station has none that is known."""
    names = {}
    for station in source.stations.iter_rows(named=True):
        name = station.get("timezone") or source.settings.agency_timezone
        try:
            zones[name]
        except UnknownZone:
            letter = source.columns.get("stations", {}).get("timezone", "")
            faults.append(
                Fault(
                    Severity.ERROR,
                    "unknown_timezone",
                    station["path"],
                    station["line"],
                    letter,
                    "There is no such time zone",
                    name,
                    "write Asia/Shanghai, Europe/Vienna ...",
                )
            )
            name = source.settings.agency_timezone
        names[station["station_id"]] = name
    return pl.DataFrame(
        {"station_id": list(names), "zone": list(names.values())},
        schema={"station_id": pl.String, "zone": pl.String},
    )


def _plain_calls(
    calls: pl.DataFrame, zones: _Zones, agency: Zone, riding: set[str], own_clock: list[str]
) -> pl.DataFrame:
    """Calls of trains that ride alone and whose clocks stand alike on all dates.

    That is so in zones without a clock change; in the agency's own zone between the hours in
    which its clocks are changed; and for the runs `own_clock`, whose times are those of the feed.
    """
    names = calls["zone"].unique().to_list()
    constant = {
        name: agency.offset_at(0) - zones[name].offset_at(0)
        for name in names
        if not zones[name].changes and not agency.changes
    }
    constant[agency.name] = 0
    by_agency = pl.col("run_id").is_in(own_clock)
    earliest = max((c.end_of_odd_walls % DAY or DAY for c in agency.changes), default=0)
    latest = DAY + min((c.first_odd_wall % DAY for c in agency.changes), default=DAY * 1000)
    shifts = pl.DataFrame(
        {"zone": list(constant), "shift_s": list(constant.values())},
        schema={"zone": pl.String, "shift_s": pl.Int32},
    )
    shifted = calls.join(shifts, on="zone", how="left", maintain_order="left").with_columns(
        shift_s=pl.when(by_agency).then(0).otherwise("shift_s").cast(pl.Int32)
    )
    arrival, departure = pl.col("arrival_s"), pl.col("departure_s")
    moment = pl.concat_list(arrival, departure)
    spans = shifted.group_by("run_id").agg(
        known=pl.col("shift_s").is_not_null().all(),
        first=pl.min_horizontal(arrival, departure).min(),
        last=pl.max_horizontal(arrival, departure).max(),
        starts=(departure.first() + pl.col("shift_s").first()),
        length=pl.len(),
        ends=(arrival.last() + pl.col("shift_s").last()),
        timed=moment.list.drop_nulls().list.len().gt(0).all(),
        rising=(
            pl.concat_list(arrival + pl.col("shift_s"), departure + pl.col("shift_s"))
            .explode()
            .drop_nulls()
            .diff()
            .fill_null(0)
            .ge(0)
            .all()
        ),
    )
    plain = spans.filter(
        (by_agency & (pl.col("length") > 1))
        | pl.col("known")
        & pl.col("timed")
        & pl.col("rising")
        & (pl.col("length") > 1)
        & pl.col("starts").is_not_null()
        & (pl.col("starts") >= 0)
        & pl.col("ends").is_not_null()
        & (pl.col("first") >= earliest)
        & (pl.col("last") < latest)
        & (pl.col("ends") - pl.col("starts") < DAY)
        & ~pl.col("run_id").is_in(list(riding))
    )
    return shifted.join(plain.select("run_id"), on="run_id", how="semi", maintain_order="left")


def _trains(calls: pl.DataFrame, zones: _Zones) -> dict[str, Train]:
    found: dict[str, list[Call]] = {}
    columns = ("run_id", "order", "station_id", "zone", "arrival_s", "departure_s")
    for run, order, station, zone, arrival, departure in calls.select(columns).iter_rows():
        found.setdefault(run, []).append(Call(order, station, zones[zone], arrival, departure))
    return {run: Train(run, halts) for run, halts in found.items()}


def _take_out_useless(
    runs: Mapping[str, Run], plain: set[str], trains: dict[str, Train]
) -> list[Fault]:
    """Trains with fewer than two halts or without any time: errors, and nothing to compile."""
    faults = []
    for run_id, run in runs.items():
        if run_id in plain:
            continue
        train = trains.get(run_id)
        if train is None or len(train.calls) < 2:
            message, hint = "calls at fewer than two stations", "give it times at two or more"
        elif all(call.arrives is None for call in train.calls):
            message, hint = "has no time at all", "give it its times, or estimates (~10:00)"
        else:
            continue
        trains.pop(run_id, None)
        text = f"train {run.train} {message}"
        place = (run.path, run.line, run.column)
        faults.append(Fault(Severity.ERROR, "train_without_calls", *place, text, hint=hint))
    return faults


def _end_fault(source: Source, run: Run, call: Call, what: str) -> Fault:
    path, line, column = cell_of(source, run.run_id, call.order, what)
    return Fault(
        Severity.ERROR,
        "trip_end_without_time",
        path,
        line,
        column,
        f"train {run.train} has no {what} at {call.station_id}, where its trip "
        + ("begins" if what == "departure" else "ends"),
        hint="give an estimate (~10:00), or leave the station out",
    )


def cell_of(source: Source, run_id: str, order: int, what: str) -> tuple[str, int, str]:
    """Path, line and column of the arrival or departure cell of a call; the other's if it has
    none.
    """
    row = source.calls.row(
        by_predicate=(pl.col("run_id") == run_id) & (pl.col("order") == order), named=True
    )
    return cell_in(row, what)


def cell_in(row: Mapping[str, Any], what: str) -> tuple[str, int, str]:
    """Like `cell_of`, for a row of `Source.calls`."""
    other = "arrival" if what == "departure" else "departure"
    line = row[f"{what}_line"] or row[f"{other}_line"] or 0
    return row["path"], line, row[f"{what}_column"] or row[f"{other}_column"] or row["column"]


def _sound_coaches(source: Source, trains: Mapping[str, Train]) -> list[Coach]:
    """Coaches without an error of their own or of a table of their trains; those would only echo
    it.
    """
    bad_cells = {(f.path, f.line) for f in source.faults if f.severity is Severity.ERROR}
    bad_tables = {path for path, _ in bad_cells}
    return [
        coach
        for coach in source.coaches
        if (coach.path, coach.line) not in bad_cells
        and all(
            run in trains and source.runs[run].path not in bad_tables
            for ride in coach.rides
            for run in ride.runs
        )
    ]


def _bundles(
    source: Source,
    chains: Chains,
    trains: Mapping[str, Train],
    agency: Zone,
    profile: str,
    faults: list[Fault],
) -> tuple[list[Bundle], list[tuple[Chain, Bundle]]]:
    """Trips of all chains and, on the dates left over, of each train that is not plain."""
    gaps = _Gaps(source.runs)
    period = Dates.between(EPOCH, source.settings.last_day)
    tied: dict[str, int] = {}
    for chain in chains.chains:
        for run, day in chain.runs:
            tied[run] = tied.get(run, 0) | chain.dates.shift(day).bits
    alone = []
    for run_id, train in trains.items():
        if run_id in source.runs and len(train.calls) > 1:
            rest = source.runs[run_id].dates - Dates(tied.get(run_id, 0))
            alone.append(Chain(((run_id, 0),), {}, rest))
    bundles: list[Bundle] = []
    chains_of: list[tuple[Chain, Bundle]] = []
    every = [chain for chain in (*chains.chains, *alone) if chain.dates & period]
    always = naming.always_carried(every)
    for chain in every:
        dates = chain.dates & period
        parts, joints = _parts(chain, trains)
        word = naming.chain_word(chain, chains.riding, always)
        zones = {call.zone for part in parts for call in part.train.calls} | {agency}
        found = timings(parts, dates, agency)
        ordered = sorted(zones, key=lambda zone: zone.name)
        seasons = naming.season_words(parts, found, ordered, agency)
        for timing, season in zip(found, seasons, strict=True):
            made = _bundle(parts, joints, timing, profile, gaps, faults, source)
            if made is None:
                break
            naming.name_trips(made, word, season)
            bundles.append(made)
            chains_of.append((chain, made))
    naming.settle_clashes(bundles)
    return bundles, chains_of


def _parts(
    chain: Chain, trains: Mapping[str, Train]
) -> tuple[list[Part], list[tuple[int, int, list[Coach]]]]:
    """The stretches of a chain's trains, cut where coaches change, and which follows which."""
    cuts: dict[str, set[int]] = {run: set() for run, _ in chain.runs}
    for hop in chain.hops:
        cuts[hop.from_run].add(hop.leave)
        cuts[hop.to_run].add(hop.join)
    parts: list[Part] = []
    joints: list[tuple[int, int, list[Coach]]] = []
    begins: dict[tuple[str, int], int] = {}
    ends: dict[tuple[str, int], int] = {}
    for run, day in chain.runs:
        last = len(trains[run].calls) - 1
        places = sorted(cuts[run] | {0, last})
        for first, following in pairwise(places):
            begins[run, first] = ends[run, following] = len(parts)
            if first > 0:
                joints.append((len(parts) - 1, len(parts), []))
            parts.append(Part(trains[run], day, first, following))
    for hop, coaches in chain.hops.items():
        joints.append((ends[hop.from_run, hop.leave], begins[hop.to_run, hop.join], coaches))
    return parts, joints


def _bundle(
    parts: Sequence[Part],
    joints: Iterable[tuple[int, int, list[Coach]]],
    timing: Timing,
    profile: str,
    gaps: _Gaps,
    faults: list[Fault],
    source: Source,
) -> Bundle | None:
    trips = [
        Trip([Stretch(part, moments)]) for part, moments in zip(parts, timing.moments, strict=True)
    ]
    order = {id(trip): number for number, trip in enumerate(trips)}
    links = [Link(trips[one], trips[other], coaches) for one, other, coaches in joints]
    own = {
        coach.extra.get("profile") or coach.extra.get("x_profile")
        for _, _, cs in joints
        for coach in cs
    }
    if "through" in own:
        profile = "through"
    try:
        made = bundle(trips, links, profile=profile, gap_days=gaps)
    except JointWithoutTime as error:
        faults.append(_joint_fault(error.link))
        return None
    for trip in made.trips:
        trip.service = timing.dates
    made.trips.sort(key=lambda trip: (trip.starts or 0, order.get(id(trip), len(order))))
    faults += _bundle_faults(made, source)
    for trip in made.trips:
        for stretch, at_end in ((trip.stretches[0], False), (trip.stretches[-1], True)):
            call = stretch.calls[-1 if at_end else 0]
            if call.arrives is None:
                run = source.runs[stretch.run_id]
                faults.append(_end_fault(source, run, call, "arrival" if at_end else "departure"))
    return made


def _joint_fault(link: Link) -> Fault:
    coach = next(iter(link.coaches))
    return coach_fault(
        coach,
        "trains",
        "joint_without_time",
        f"trains split or join at {link.station_id}, where a time is not known",
        hint="give an estimate (~10:00) there",
    )


def _bundle_faults(made: Bundle, source: Source) -> list[Fault]:
    """What a planner will not make of a chain as riders would have it."""
    faults = []
    if made.form == "transfers":
        for link in made.links:
            wait = link.wait
            if wait is not None and wait >= LONG_LINK_WAIT_S and link.coaches:
                faults.append(
                    coach_fault(
                        link.coaches[0],
                        "trains",
                        "split_with_long_wait",
                        f"coaches wait {wait // 60} min at {link.station_id} where trains split or "
                        "join; MOTIS drops such links at 120 min and will show a change there",
                        severity=Severity.WARNING,
                        hint="a chain without split or join keeps its seats at any wait",
                    )
                )
    for station in made.cuts:
        run = source.runs[made.trips[0].run_ids[0]]
        faults.append(
            Fault(
                Severity.WARNING,
                "trip_of_a_day_cut",
                run.path,
                run.line,
                run.column,
                f"the trip lasts a day or longer and its next run leaves before it arrives, which "
                f"OpenTripPlanner loses; it is cut at {station}",
            )
        )
    for trip in made.overlong:
        run = source.runs[trip.run_ids[0]]
        faults.append(
            Fault(
                Severity.WARNING,
                "trip_of_a_day",
                run.path,
                run.line,
                run.column,
                "the trip lasts a day or longer without a halt to cut it at; OpenTripPlanner will "
                "not find it from end to end",
            )
        )
    return faults


def _clock_faults(trains: Iterable[Train], source: Source) -> list[Fault]:
    """Times that do not exist on a night of a clock change, or that run back on some date.

    One for each train, at the first such cell.
    """
    odd = [train for train in trains if train.skipped or train.backward]
    wanted = {
        (t.run_id, t.calls[min(p)].order): 0 for t in odd for p in (t.skipped, t.backward) if p
    }
    places = pl.DataFrame(
        list(wanted), schema={"run_id": pl.String, "order": pl.Int32}, orient="row"
    )
    cells = {
        (row["run_id"], row["order"]): cell_in(row, "arrival")
        for row in source.calls.join(places, on=["run_id", "order"], how="semi").iter_rows(
            named=True
        )
    }
    faults = []
    for train in odd:
        number = source.runs[train.run_id].train
        if train.backward:
            position = min(train.backward)
            call = train.calls[position]
            day = EPOCH + timedelta(days=train.backward[position])
            faults.append(
                Fault(
                    Severity.ERROR,
                    "time_goes_back",
                    *cells[train.run_id, call.order],
                    f"train {number} of {day} would reach {call.station_id} before it left the "
                    "station in front, counted in true time",
                    hint="mind the zones of the two stations, and write +1 for the next day",
                )
            )
        elif train.skipped:
            position = min(train.skipped)
            call = train.calls[position]
            day = EPOCH + timedelta(days=train.skipped[position])
            faults.append(
                Fault(
                    Severity.INFO,
                    "time_skipped_by_clock_change",
                    *cells[train.run_id, call.order],
                    f"train {number} of {day} calls at {call.station_id} in the hour that the "
                    "clock change skips; it is taken to run late until the next time that exists",
                )
            )
    return faults
