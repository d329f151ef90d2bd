"""The timetable room: which trains run when, on which clocks, in which vehicles.

    >>> from gtfsgen.feed import read
    >>> from gtfsgen.timetable import timetable_of
    >>> timetable = timetable_of(read("feed.zip"))                       # doctest: +SKIP
    >>> timetable.lines                                                  # doctest: +SKIP
    >>> timetable.trains_on(0, date(2026, 3, 12))                        # doctest: +SKIP

Everything is a polars frame, made when it is first asked for and kept; nothing is an object per
trip. Frames name one another's rows by number (UInt32): `stop` is a row of `stops`, `trip` of
`trips`, `pattern` of `patterns`, and so on. Numbers follow the order of the files and are the same
every time, but are not ids to keep: ids (`trip_id`, `stop_id`, `route_id`, ...) are Categoricals of
the feed.

Units. Times and offsets are whole seconds. `start` and `end` of a trip are seconds of its service
day, as in stop_times.txt: counted from noon less twelve hours in the agency's zone, 24:00:00 and
more for the next day, null where no time is known. Offsets count from the start of the trip,
pattern or course. A set of dates is a number too: `timetable.dates(number)` is a
`gtfsgen.dates.Dates`; 0 is the empty set. Sets are numbered as they are first needed, so sorting by
them tells nothing.

Nothing raises for what is wrong in a feed: what cannot be understood is left out and counted in
`left_out`. Of repeated ids the first row counts.

**stops**: every stop of stops.txt and every unknown one that stop_times.txt names.
`stop`, `stop_id`, `stop_name`, `station` (the `stop` that is its topmost parent, or itself),
`station_id`, `station_name`, `zone` (the clock there: its station's stop_timezone, else the
agency's; always one that gtfsgen.clocks knows), `lat`, `lon`, `csv_row_number` (null: unknown).

**trips**: every trip of trips.txt, in the order of the file. `trip`, `trip_id`, `number`
(trip_short_name, as riders are told; null where blank), `route_id`, `route_type`, `rail`,
`direction_id`, `headsign`, `service_id`, `dates` (a set), `block_id`, `shape_id`, `pattern`,
`start`, `end`, `calls` (null where stop_times.txt has none), `first_stop`, `last_stop`,
`first_station`, `last_station`, `first_row`, `last_row` (of stop_times.txt), `csv_row_number`.

**headways**: rows of frequencies.txt. `trip`, `start`, `end`, `headway` (seconds), `exact`.

**patterns**: a distinct sequence of calls. `pattern`, `calls`, `trips` (how many), `first_call`
(its first row in `calls`), `duration`, `first_stop`, `last_stop`.

**calls**: of patterns. `pattern`, `order` (from 0), `stop`, `stop_id`, `arrival_offset`,
`departure_offset`, `start_pickup_drop_off_window_offset`, `end_pickup_drop_off_window_offset`,
`pickup_type`, `drop_off_type`, `continuous_pickup`, `continuous_drop_off`, `timepoint` (the
defaults of GTFS where blank), `stop_headsign`, `location_group_id`, `location_id`,
`pickup_booking_rule_id`, `drop_off_booking_rule_id`. `stop` is null for a call in a zone or group.

**services**: `service_id`, `dates`. Equal sets have one number. `date_sets` lists those in use:
`dates`, `first`, `last`, `days`.

**links**: one trip going on as another. `from_trip`, `to_trip`, `days_later` (k: the to trip is of
the service day k days later), `wait` (seconds at the joint; both null where a time is unknown),
`dates` (service days of the from trip on which it holds; 0 never), `by` ("transfer" or "block"),
`transfer_type` (4, 5, null for blocks), `csv_row_number` (of transfers.txt), `in_seat` (not type
5), `meets` (both ends at one station), `splits`, `joins` (another in-seat link leaves the same
trip, or comes to it, on a shared date), `from_number`, `to_number`, `from_stop`, `to_stop`. Where
transfers.txt and block_id differ, transfers.txt counts.

**vehicles**: what stays together. `vehicle`, `position` (from 0), `trip`, `days_later` (since the
first trip's service day), `dates` (service days of the first trip on which it goes exactly this
way). Where trains split, each way has rows; a round of vehicles that comes back to a trip begins
anew at a wait for another day.

**spans**: the service dates cut where a clock in use changes. `first`, `last`, `steady`: while it
is true, no clock changes during any trip of these dates: local times are the same on all of them.

**rides**: a train on a service day: a trip, or the pieces of one number joined again (`trips` of
`ride_trips`: `ride`, `piece`, `trip`, `piece_days`). A ride is called by its first `trip`. `ride`,
`course`, `start` (local seconds after midnight at its first station, on most of its days),
`local_days` (from the service date to the local date there), `service_dates`, `dates` (local).

**courses**, **course_calls**: a column of a printed timetable. `course`, `calls`, `first_call`,
`first_station`, `last_station`; `course`, `order`, `station`, `stop`, `arrival_offset`,
`departure_offset` (local clock times, in seconds after the start), `pickup_type`,
`drop_off_type`, `timepoint`.

**trains**: what a printed table means by a train: all rides with one number, route, course, start
and headways. `train`, `number`, `route_id`, `line`, `direction` (0 or 1), `headsign`, `rail`,
`course`, `start`, `first_station`, `last_station`, `calls`, `headways` (null or a list of `start`,
`end`, `headway`, `exact`), `ride` (the first), `rides` (how many), `dates` (local dates at the
first station), `exceptions` (dates about a change of clocks on which it has other times).
**train_rides**: `train`, `ride`, `usual`, `local_days`, `service_dates`, `dates`.

**lines**: `line`, `name`, `ends`, `route_ids`, `rail`, `trains`, `course` (the longest).
**directions**: the stations of each line and direction in one order. `line`, `direction`,
`order`, `station`, `occurrence` (from 0, for a train that calls twice), `branch`, `trains`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gtfsgen.timetable.room import Timetable, timetable_of, timetable_of_tables

__all__ = ["Timetable", "timetable_of", "timetable_of_tables"]


def __getattr__(name: str) -> Any:
    # Late, for rules ask single modules of this room and need not wait for all of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gtfsgen.timetable import room

    return getattr(room, name)
