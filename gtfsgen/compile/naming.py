"""Readable, stable ids: from the words of the tables, never from a position or a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from gtfsgen.clocks import DAY, NOON, Zone, zone_info
from gtfsgen.compile.chains import Chain
from gtfsgen.compile.ids import slug
from gtfsgen.compile.timing import Part, Timing
from gtfsgen.compile.trips import Bundle, Trip
from gtfsgen.dates import EPOCH
from gtfsgen.source.model import Coach


def carried(chain: Chain) -> frozenset[str]:
    """The coaches that change trains in a chain."""
    return frozenset(coach.coach_id for coaches in chain.hops.values() for coach in coaches)


def always_carried(chains: Iterable[Chain]) -> dict[str, frozenset[str]]:
    """run_id -> the coaches it carries on all of its dates, if these `chains` are all it is in."""
    found: dict[str, frozenset[str]] = {}
    for chain in chains:
        coaches = carried(chain)
        for run, _ in chain.runs:
            found[run] = found.get(run, coaches) & coaches
    return found


def chain_word(
    chain: Chain,
    riding: Mapping[str, Sequence[Coach]],
    always: Mapping[str, frozenset[str]],
) -> str:
    """What tells a chain's trips from others of their trains: `through`, or which coaches it
    carries; nothing where it carries no more than its trains always do.
    """
    coaches = carried(chain)
    if all(coaches <= always.get(run, frozenset()) for run, _ in chain.runs):
        return ""
    ever = {coach.coach_id for run, _ in chain.runs for coach in riding.get(run, ())}
    if ever <= coaches:
        return "through"
    return "through-" + "+".join(sorted(slug(coach) for coach in coaches))


def season_words(
    parts: Sequence[Part], timings: Sequence[Timing], zones: Iterable[Zone], agency: Zone
) -> list[str]:
    """A word for each reading of a chain's times: blank, `summer`, `winter` or its first date.

    A night in which some clock is changed gets its date; readings that differ by season get the
    season's name; whatever is left to tell apart gets the first date.
    """
    changing = [zone for zone in zones if zone.changes]
    crossing = [_crosses(parts, timing, changing, agency) for timing in timings]
    words = [
        first_date(timing) if crosses else _season(timing, changing)
        for timing, crosses in zip(timings, crossing, strict=True)
    ]
    regular = [word for word, crosses in zip(words, crossing, strict=True) if not crosses]
    if len(regular) == 1:
        words = [word if crosses else "" for word, crosses in zip(words, crossing, strict=True)]
    counts = Counter(words)
    return [
        word if counts[word] == 1 else first_date(timing)
        for word, timing in zip(words, timings, strict=True)
    ]


def first_date(timing: Timing) -> str:
    return timing.dates.first.isoformat()


def _crosses(parts: Sequence[Part], timing: Timing, zones: Iterable[Zone], agency: Zone) -> bool:
    """Whether some clock is changed between the service day's noon and the end of the chain."""
    day = (timing.dates.first - EPOCH).days
    start = agency.readings(day * DAY + NOON)[0] - NOON
    times = [t for moments in timing.moments for call in moments for t in call if t is not None]
    first, last = start + min([*times, NOON]), start + max([*times, NOON])
    return any(zone.offset_at(first) != zone.offset_at(last) for zone in zones)


def _season(timing: Timing, zones: Sequence[Zone]) -> str:
    noon = EPOCH + timedelta(days=(timing.dates.first - EPOCH).days)
    summer = [bool(_is_summer(zone, noon)) for zone in zones]
    if summer and all(summer):
        return "summer"
    if not any(summer):
        return "winter"
    return first_date(timing)


def _is_summer(zone: Zone, day: date) -> bool:
    from datetime import datetime, time

    moment = datetime.combine(day, time(12), tzinfo=zone_info(zone.name))
    return bool(moment.dst())


def name_trips(bundle: Bundle, word: str, season: str) -> None:
    """Fill in `trip_id` and `block_id` of a bundle's trips."""
    for trip in bundle.trips:
        pieces = ["-".join(slug(run) for run in trip.run_ids)]
        if trip.linked and word:
            pieces.append(word)
        first = trip.stretches[0]
        if first.part.first > 0:
            pieces.append(f"from-{slug(first.calls[0].station_id)}")
        if season:
            pieces.append(season)
        trip.trip_id = ".".join(pieces)
    if bundle.form == "block":
        runs = dict.fromkeys(run for trip in bundle.trips for run in trip.run_ids)
        pieces = ["-".join(slug(run) for run in runs)]
        if word and word != "through":
            pieces.append(word)
        if season:
            pieces.append(season)
        for trip in bundle.trips:
            trip.block_id = ".".join(pieces)


def settle_clashes(bundles: Sequence[Bundle]) -> None:
    """Give trips (and blocks) of one name the first date they run on as well."""
    counts = Counter(trip.trip_id for bundle in bundles for trip in bundle.trips)
    for bundle in bundles:
        if any(counts[trip.trip_id] > 1 for trip in bundle.trips):
            for trip in bundle.trips:
                _add_date(trip)


def _add_date(trip: Trip) -> None:
    day = trip.service.first.isoformat()
    trip.trip_id = f"{trip.trip_id}.{day}"
    if trip.block_id:
        trip.block_id = f"{trip.block_id}.{day}"
