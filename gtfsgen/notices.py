"""The registry of notices: every code that gtfsgen can tell, with what it means, in one place.

The codes of the tables (reading, compiling, drawing), of policies and of runs stand here. Those of
feeds are the rules in `validation/rules/`, each of which is a `NoticeKind` with a function and
registers itself. `gtfsgen explain CODE`, policies, docs/rules.md and all reports ask here.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from functools import cache

from gtfsgen.faults import Severity

RULE_GROUPS = ("canonical", "gtfsgen", "next", "adopted", "experimental")
"""What MobilityData's validator 8.0.1 finds, what only gtfsgen finds, what came into that validator
after 8.0.1, what the specification has adopted and that validator does not check yet, and what is
only proposed."""

TABLES, POLICY, RUN = "tables", "policy", "run"
GROUPS = (*RULE_GROUPS, TABLES, POLICY, RUN)
"""All groups, as pages show them."""
SPEAKERS = (*reversed(RULE_GROUPS), TABLES, POLICY, RUN)
"""Of a code in several groups the first of these speaks: the latest rule before the table."""

RULES = "gtfsgen.validation.engine"
"""The module whose `every_rule` finds the rules. It is above this one and so is found by name."""


@dataclass(frozen=True, kw_only=True)
class NoticeKind:
    """A notice code and all that is known of it.

    `text` is Markdown as in a docstring: a sentence that says what was found, a blank line, and
    why it matters and how to settle it.
    """

    code: str
    severity: Severity
    text: str
    group: str
    """One of `GROUPS`."""
    subject: str
    """What it is about, in a word: "stops", "source"."""
    also: tuple[Severity, ...] = ()
    """Further severities that single notices can have."""
    file: str = ""
    """The file of a feed in which the row stands that a notice names without naming a file."""
    example: str = ""

    @property
    def summary(self) -> str:
        """What was found, in one sentence."""
        return inspect.cleandoc(self.text).partition("\n")[0]

    @property
    def details(self) -> str:
        """All below the first line, a line for each paragraph."""
        body = inspect.cleandoc(self.text).partition("\n")[2].strip()
        return "\n\n".join(" ".join(part.split()) for part in body.split("\n\n"))

    @property
    def explanation(self) -> str:
        """All of it, as `gtfsgen explain` prints it."""
        whose = "" if self.group in RULE_GROUPS else f", of the {self.group}"
        head = f"{self.code} ({self.severity.lower()}{whose})"
        parts = [head, inspect.cleandoc(self.text)]
        return "\n\n".join([*parts, f"Example: {self.example}"] if self.example else parts)

    @property
    def severities(self) -> tuple[Severity, ...]:
        """All that its notices can have unless a policy grades them otherwise."""
        return (self.severity, *self.also)

    @property
    def is_decided_by_policies(self) -> bool:
        """Whether a policy can ignore or grade it: what a run or a policy itself says it cannot."""
        return self.group not in (POLICY, RUN)


_registered: dict[tuple[str, str], NoticeKind] = {}
"""Kinds by code and group."""


def register(kind: NoticeKind) -> None:
    """Add a kind of notice; one of the same code and group is replaced."""
    _registered[kind.code, kind.group] = kind


def registered() -> tuple[NoticeKind, ...]:
    """The kinds registered until now, by code and then group."""
    return tuple(_registered[key] for key in sorted(_registered))


@cache
def kinds() -> dict[str, NoticeKind]:
    """Every code in alphabetical order -> what it means."""
    _find_rules()
    by_rank = sorted(registered(), key=lambda kind: (kind.code, -SPEAKERS.index(kind.group)))
    return {kind.code: kind for kind in by_rank}


def kinds_of(code: str) -> list[NoticeKind]:
    """All meanings of a code, of which a few have one for feeds and one for tables."""
    _find_rules()
    return [_registered[code, group] for group in SPEAKERS if (code, group) in _registered]


def kind_of(code: str, group: str) -> NoticeKind | None:
    """What a code means in a group."""
    return _registered.get((code, group))


def _find_rules() -> None:
    importlib.import_module(RULES).every_rule()


OF_TABLES = """
agency_zone_differs ERROR
    An agency has another time zone than the feed.
    All agencies of a feed keep one zone: leave the cell blank.

ambiguous_half ERROR
    A time of a table that goes by twelve hours does not say am or pm.
    Write am or pm behind the time.
    `7:05` beside `8:10 PM`

ambiguous_letter ERROR
    A letter behind a time may be a note, or a.m. or p.m., or days may be notes.
    Write am or pm for the time of day, or say 24 in a row `clock`.
    `12:33a` where notes.csv has an `a`

ambiguous_midnight ERROR WARNING
    A time could be of this day or the next.
    Write the day, as +1, or mend the time.
    10:00 followed by 9:30

bad_encoding ERROR
    A file is not UTF-8.
    Save it as CSV UTF-8.

blank_unlike_others INFO
    A cell is blank in a column that is otherwise filled.
    Fill it, if it has been lost.

broken_json ERROR
    A file of gtfs/ is not JSON.
    Mend the file.

broken_quotes ERROR
    The quotation marks of a row do not close.
    Write a quotation mark inside a quoted cell twice.

broken_toml ERROR
    feed.toml cannot be read.
    Mend the line that is named.

broken_workbook ERROR
    A workbook cannot be read.
    Open it in a spreadsheet and save it again.

coach_cycle ERROR
    Coaches lead trains round in a circle.
    Check the chains of coaches.csv.

coach_in_two_trains ERROR
    A coach is in two trains on one date.
    Give its rows different days.

coach_leaves_before_it_arrives ERROR
    A coach's next train leaves before the one before has arrived.
    Mend the times or the chain.

coach_leaves_feed INFO
    A coach goes on with a train of another feed.
    Nothing, if that is meant.
    `K3 >> EN 123`

coach_not_tied WARNING
    A coach's trains could not be tied for planners.
    Look at the reason that is given.

coach_station_not_served ERROR
    A coach begins or ends where its train does not call.
    Name a station at which the train calls.

coach_train_ambiguous ERROR
    Several runs of a train could carry the coach on a date.
    Give the columns of the train different days.

coach_train_not_running ERROR
    On a date of the coach its train does not run.
    Mend the days, or write `whenever the trains run`.

coach_train_without_halts WARNING
    A coach's train has no halt at which it could be tied.
    Write the calls of the train.

coach_trains_do_not_meet ERROR
    Two trains of a chain have no station in common.
    Mend the chain or the stations.

coach_waits_long WARNING
    A coach stands long between its trains; the dates are named.
    Nothing, if it is right: a column `wait` says how many days are meant.

coach_without_dates WARNING ERROR
    A coach runs on no date of the feed.
    Mend its days.

column_parts INFO
    A column headed by two numbers becomes two trains, one of which begins where they part.
    Say in coaches.csv which coaches go through.
    `7/27`

column_without_times ERROR
    Most cells of a column are no times.
    Head it with km, note or x_... if it is no train.
    a column `Meilen`

control_character ERROR
    A cell holds a control character, such as a line break, a tab or a NUL.
    Type the cell again.

day_mark_disagrees ERROR
    A written day contradicts the order of the calls.
    Mend the day, or write +2! if it is meant.

days_from_title INFO
    A title above the table gives its trains their days.
    Nothing, if it is right: a row days says them for each train.
    `Mondays to Fridays`

days_said_twice ERROR
    The days of a train stand in two places that do not agree.
    Write the days once.

departure_before_arrival ERROR
    A train leaves a station before it has arrived.
    Mend one of the times, or write the day.

detail_passed_over INFO
    A cell of gtfs/details/ says otherwise than the tables, which are right.
    Nothing need be done; the cell may be taken out.

detail_without_row INFO
    A row of gtfs/details/ is of a train or station that the tables no longer have.
    Nothing need be done; gtfsgen tidy takes such rows out.

detour_too_long WARNING
    The track between two stops is a great detour; the line is straight.
    Add the missing track.

door_opened_at_joint WARNING
    Doors that a cell closes are open where trains are tied, so that riders keep their seat.
    Nothing, if riders may stay aboard.

duplicate_coach ERROR
    A coach is twice in one train on the same days.
    Remove one of the rows.

duplicate_column ERROR
    A column stands twice.
    Remove one.

duplicate_fare ERROR
    Two rows of fares.csv have a price for one journey, class, kind of rider and days.
    Tell them apart, or leave one out.

duplicate_id ERROR
    Two rows have one id.
    Give each its own.

duplicate_row ERROR
    An upper row of a timetable stands twice.
    Remove one.

duplicate_station_name WARNING
    Two stations have the same name.
    Name them by id in timetables.

duplicate_station_row ERROR
    A station's rows are in the wrong order or do not say which they are.
    Write arr and then dep.

duplicate_table ERROR
    A table stands in two files.
    Remove one.

duplicate_train ERROR
    A train number runs twice on a date.
    Give its columns different days or numbers.

empty_chain ERROR
    A chain of trains lacks one.
    Write K27 > 95 > 52.

empty_period ERROR
    A period ends before it begins.
    Mend the dates.

empty_table ERROR
    A table has no header row.
    Write one, or remove the file.

fare_needs_version_2 ERROR
    A fare tells riders, days or stations of one zone apart, which fares v1 cannot.
    Write version = 2 in `[fares]` of feed.toml.

fare_without_trains WARNING
    No train calls at an end of a fare, which is left out.
    Mend the station, or remove the row.

hangs_on_deleted_train ERROR
    Rows of gtfs/ name a train that the tables no longer have.
    Take them out with gtfsgen tidy, or put the train back.

id_taken_twice ERROR
    Two trains become the same trip_id, for only blanks or slashes tell their names apart.
    Name one of them otherwise.

id_unlike_name INFO
    An id does not spell its name as the others do.
    See whether a letter is wrong.

impossible_position ERROR
    A position is none on the earth's land, or no number.
    Look the position up.

impossible_speed ERROR
    A train would go faster than 400 km/h.
    Mend the time, the station or its position.

invalid_email ERROR
    An address is no e-mail address.
    Mend it.

invalid_language ERROR
    A word is no language code.
    Write en, zh-Hans, ko.

invalid_option ERROR
    An option of feed.toml has a value that it cannot have.
    Mend it.

invalid_url ERROR
    An address is no web address.
    Write https://...

invalid_value ERROR
    A cell holds what its column cannot hold.
    Mend it as the message says.

joint_without_time ERROR
    Where trains are tied no time is known.
    Write a time, or an estimate with ~.

long_period WARNING
    The feed's period is longer than ten years.
    Mend the year.

long_stop WARNING
    A train stands for more than 12 hours.
    Write the day, such as +1, if it is right.

missing_arrival ERROR WARNING
    An arrival is missing.
    Fill the cell, or write ? for an unknown time.

missing_call ERROR
    A train has a time at one station only.
    Write where it comes from or goes to.

missing_column ERROR
    A table lacks a column.
    Add it.

missing_days ERROR
    A train has no days.
    Write daily, Mo-Fri, ...

missing_days_row ERROR
    A timetable has no row of days.
    Add a row `days`.

missing_departure ERROR WARNING
    A departure is missing.
    Fill the cell, or write ? for an unknown time.

missing_header ERROR
    A column with cells has no name.
    Name it.

missing_label ERROR WARNING
    A row does not say which station it is.
    Write the station.

missing_table ERROR
    A project lacks a table.
    Add the file.

missing_train ERROR
    A column with times has no train number.
    Write it, or head the column with note.

missing_train_row ERROR
    No row names the trains.
    Begin it with the word train.

missing_value ERROR
    A cell that is needed is blank.
    Fill it.

mixed_clocks ERROR
    Of arrival and departure one is railway time, the other not.
    Mark both with < or neither.

no_calls ERROR
    A train has no times.
    Write them, or remove the column.

no_days WARNING
    Days come to no date of the feed.
    Mend the days or the feed's period.

no_route WARNING INFO
    No way leads along the track between two stops; the line is straight.
    Join the pieces of track.

no_stations ERROR
    A timetable has no stations.
    Write one row for each.

no_trips ERROR
    The feed would have no trips.
    Give at least one train days within the feed's period.

note_binds_nothing WARNING
    A note says how the train stops, but planners are told nothing.
    Bind it in the column `mark` of notes.csv.
    "Calls to take up only" without `pickup only`

no_track INFO
    No track is given, so that all lines are straight.
    Put one into source/tracks/, or write network = "world" in [shapes] of feed.toml.

odd_name WARNING
    A name has odd marks or mixed scripts.
    See whether a letter is wrong or an encoding lost.

passes_at_end ERROR
    A train passes before its first or after its last stop.
    Write a time without
    . |

pattern_without_end ERROR
    A column says that trains repeat until the next one, which is none of them.
    Head the column with every 60 min until 21:00.
    and at the same minutes past each hour until

platforms_left_out INFO
    Timetables name platforms, which are not written to the feed.
    Give a platform a row of its own in stations.csv where riders must know it.

ragged_row ERROR
    A row has more or fewer cells than the others.
    Quote cells that hold the separator.

reserved_name ERROR
    A calendar's name is a word for days already.
    Choose another name.

route_unlike_stations INFO
    A route is not named after its stations as the others are.
    See whether a letter is wrong.

route_without_agency ERROR
    A route does not say whose it is.
    Fill the column agency.

row_taken_as_days INFO
    A row without a label is read as the days of the trains.
    Begin it with days.
    `SX`, `SO` above the trains of a British table

row_without_label ERROR
    Some cells of a row without a label are days, others are not.
    Begin the row with days, notes or #.

row_without_times ERROR
    A row names a station, but its cells are no times.
    Begin it with #, or mend the cells.

rows_do_not_match WARNING
    Trains arrive at one station and depart from another.
    See whether the rows name the same station.

rows_left_out INFO
    Rows of a timetable are no stations and not in the feed.
    Begin them with #, or mend a station's name.
    legends, symbols, connections

said_twice ERROR
    A row of gtfs/ says otherwise what a table says already.
    Say it in one place.

simplified INFO
    A leg follows a given line that is simplified, not the track itself.
    Give the track where its length matters.

slow_train WARNING
    A train is slower than 20 km/h over more than 8 hours.
    Write the day, such as +1, if it is right.

split_with_long_wait WARNING
    Trains part or join with a wait of two hours or more; MOTIS shows a change there.
    Nothing, if the wait is right.

station_again INFO
    A station stands in two places of a table.
    See whether it is the right station.

station_not_on_train ERROR
    A coach's train does not call at a station of its row.
    Name a station at which it calls.

station_off_the_way WARNING
    Trains make a great detour to a station.
    See whether it is a place of the same name.

station_twice WARNING
    A train calls twice at a station.
    See whether it is the right station.

stop_off_track WARNING INFO
    A stop lies farther from any track than allowed; the line is straight there.
    Mend the position or add the track.

time_goes_back ERROR
    A time is before the one above it.
    Mend the time or its day.

time_not_printed INFO
    Of arrival and departure only one is printed; the other is taken to be the same.
    Nothing, if that is right: ? says that a time is unknown.

time_skipped_by_clock_change INFO
    A time does not exist in the night in which clocks go forward.
    Nothing: it is told an hour later on that date.

time_without_note INFO
    All other times of a table bear a note.
    Write it, if it has been lost.

too_large ERROR
    A file, table or cell of the project is larger than the limits allow.
    Take out what does not belong there, or raise the limit that is named.

track_features_left_out INFO
    A file of tracks has features that are neither lines nor points of a leg.
    Give points the properties `from` and `to`, or take them out.

track_unreadable ERROR WARNING
    A file of tracks cannot be read.
    Mend the file.

train_above_kinds ERROR
    The column of arr and dep has a train number.
    Move the train to its own column.

train_date_lost_or_doubled ERROR
    A date of a train is lost or doubled in the feed.
    This is a fault of gtfsgen: please report it.

train_reads_upward ERROR
    The times of a train are in order only when they are read upward.
    Write read up in a row above the train.

train_twice ERROR
    A train stands twice in a chain.
    Mend the chain.

train_without_calls ERROR
    A run has no calls left.
    See which notes restrict its days.

train_without_route WARNING
    Other trains have a row in routes.csv, this one has none.
    Add it.

trip_end_without_time ERROR
    A trip begins or ends at a call without a time.
    Write it, or an estimate with ~.

trip_of_a_day WARNING
    A trip lasts a day or longer.
    Nothing.

trip_of_a_day_cut WARNING
    A trip of a day or longer is cut at a long halt.
    Nothing: riders keep their seat.

unknown_agency ERROR
    There is no such agency.
    Mend the id, or add the agency.

unknown_clock ERROR
    feed.toml names no clock that times go by.
    Write 24 or 12.

unknown_column ERROR
    A table has no such column.
    Mend its name, or begin it with x_.

unknown_day_codes ERROR
    feed.toml names no day codes.
    Write days = "gb".

unknown_file WARNING
    A file is not read.
    Mend its name, or begin it with _.

unknown_key ERROR
    feed.toml has no such key.
    Mend its name, or begin it with x_.

unknown_kind ERROR
    The column of arr and dep holds another word.
    Write arr or dep.

unknown_mark ERROR
    A note is bound to something that is no mark.
    Write pickup only, drop off only, on request, estimate, days Sa ...

unknown_note ERROR
    notes.csv has no such note.
    Add it, or mend the letter.

unknown_option ERROR
    feed.toml has no such option.
    Mend its name.

unknown_profile ERROR
    There is no such hand-over profile.
    Write linked or through.

unknown_route ERROR
    There is no such route.
    Add it to routes.csv, or mend the name.

unknown_station ERROR
    There is no such station.
    Mend the name, or add it to stations.csv.

zone_not_told ERROR
    A station has no zone, and its position tells none or several.
    Write the zone.

unknown_timezone ERROR
    There is no such time zone.
    Write Asia/Shanghai.

unknown_train ERROR
    No timetable has such a train.
    Mend the number; >> stands before a train of another feed.

unlikely_station WARNING
    A train could not reach a station in time.
    See whether it is the right station, at the right position.

unlisted_language WARNING
    A column is in a language that feed.toml does not list.
    Add it to languages.

unreadable_date ERROR
    A cell is no date.
    Write 2026-05-01.

unreadable_days ERROR
    Words are no days, or can be read in two ways.
    Write as the message says.
    `SO`, `5/6`

unreadable_file ERROR
    A file cannot be read.
    See its permissions.

unreadable_interval ERROR
    A cell is no interval.
    Write 20 min until 22:00.

unreadable_time ERROR
    A cell is no time, or can be read in two ways.
    Write it as 07:35.

unusable_letter ERROR
    A letter of notes.csv is a mark of its own.
    Bind it in the column `mark`, or take another.

unused_agency WARNING
    No route is an agency's.
    Remove it, or mend the routes.

unused_calendar WARNING
    Nothing runs by a calendar.
    Remove it, or mend its name.

unused_note INFO
    No time or train bears a note.
    Remove it.

unused_route WARNING
    No train is on a route.
    Remove it, or mend the trains.

world_network INFO
    A line follows a simplified network of the world's railways.
    Add the track for an exact line.

zone_not_at_position ERROR WARNING
    Clocks at a station's position do not go by its zone.
    Mend the zone or the position.
"""

OF_JOURNEYS = """
arrival_before_departure ERROR
    A journey arrives before it leaves.
    Write the days later behind the time, such as 18:07+1.

duplicated_column ERROR
    A column stands twice in journeys.csv.
    Remove one.

time_does_not_exist ERROR
    The clocks of a station skip a time on that date.
    Ask for another time.

unknown_stop ERROR
    The feed has no such stop.
    Give a stop_id or a name of the feed.

unknown_word ERROR
    A word is not known here.
    Write found or none.

unreadable_number ERROR
    A cell is no number of changes.
    Write 0, 1, ...

wrong_weekday ERROR
    A date is not the weekday written before it.
    Mend one of the two.
"""

OF_POLICIES = """
policy_entry_ended WARNING
    An entry of policy.toml has ended and no longer acts.
    Decide anew: write another day as `until`, or remove the entry.

policy_entry_unused WARNING
    No notice matches an entry of policy.toml.
    Remove it.
"""

OF_RUNS = """
i_o_error ERROR WARNING
    The input could not be opened, or a report could not be written.
    Mend the path, the file or its permissions.

runtime_exception_in_loader_error ERROR WARNING
    The validator failed while it read a file.
    The other files are validated. Where gtfsgen is at fault, please report it.

runtime_exception_in_validator_error ERROR WARNING
    A rule failed while it ran.
    The other rules were run. Of a strict rule set it can be a crash of the canonical validator too.

thread_execution_error ERROR WARNING
    A task of the validator ended before its work was done.
    Run it again with more memory.

too_many_rows ERROR WARNING
    A file has more rows than can be read.
    Split the feed, or raise the limit.

u_r_i_syntax_error ERROR WARNING
    The address of the input is none.
    Mend the address.
"""


def _read(text: str, group: str, subject: str) -> None:
    """Register kinds from blocks of lines: code and severities, what was found, how to settle it,
    and an example."""
    for block in text.strip().split("\n\n"):
        head, summary, settle, *example = (line.strip() for line in block.splitlines())
        code, severity, *others = head.split()
        register(
            NoticeKind(
                code=code,
                severity=Severity(severity),
                text=f"{summary}\n\n{settle}",
                group=group,
                subject=subject,
                also=tuple(map(Severity, others)),
                example="".join(example),
            )
        )


_read(OF_TABLES, TABLES, "source")
_read(OF_JOURNEYS, TABLES, "journeys")
_read(OF_POLICIES, POLICY, "policy")
_read(OF_RUNS, RUN, "run")
