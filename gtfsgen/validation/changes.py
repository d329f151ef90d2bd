"""What the rule sets differ in beside whole groups of rules, each with its source.

The table of docs/validation.md is made from this; tests show each change on a feed.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtfsgen.validation.engine import RULE_SETS

TRANSIT = "google/transit"
VALIDATOR = "MobilityData/gtfs-validator"


@dataclass(frozen=True)
class Change:
    """One thing that not all rule sets say. `since` is the first rule set that has it."""

    what: str
    since: str
    code: str
    sources: tuple[tuple[str, int, str], ...]
    """Repository, number and state (adopted, merged, open) of issues and pull requests."""

    @property
    def rule_sets(self) -> list[str]:
        """The rule sets that have it: each holds all that those before it hold."""
        names = list(RULE_SETS)
        return names[names.index(self.since) :]


CHANGES = (
    Change(
        "a transfer of type 2 needs `min_transfer_time`",
        "canonical-next",
        "missing_required_field",
        ((TRANSIT, 640, "adopted 2026-08-17"), (VALIDATOR, 2175, "merged")),
    ),
    Change(
        "a transfer with a blank `transfer_type` needs both stop ids",
        "canonical-next",
        "missing_required_field",
        ((TRANSIT, 591, "adopted"), (VALIDATOR, 2177, "merged")),
    ),
    Change(
        "shapes.txt is recommended, but for feeds of service on demand",
        "canonical-next",
        "missing_recommended_file",
        ((TRANSIT, 470, "adopted"), (VALIDATOR, 2123, "merged")),
    ),
    Change(
        "`fare_products.amount` may be negative, as a discount on a transfer",
        "canonical-next",
        "number_out_of_range",
        ((VALIDATOR, 2164, "merged"),),
    ),
    Change(
        "a trip where riders board or alight along the way needs its `shape_id`",
        "canonical-next",
        "missing_required_field",
        ((VALIDATOR, 1785, "closed"), (VALIDATOR, 2173, "merged")),
    ),
    Change(
        "shapes.txt is required where riders board or alight along the way",
        "gtfsgen",
        "missing_required_file",
        ((TRANSIT, 660, "adopted 2026-09-16"), (VALIDATOR, 2196, "not checked as a file")),
    ),
    Change(
        "more than five consecutive stop times are equal",
        "gtfsgen",
        "too_many_consecutive_stop_times_with_same_time",
        ((VALIDATOR, 178, "open"), (VALIDATOR, 2185, "open")),
    ),
    Change(
        "extended route types (101, 700 and their like) are known, and understood as the kind of "
        "vehicle they are by all rules",
        "gtfsgen",
        "unexpected_enum_value",
        ((VALIDATOR, 927, "open"),),
    ),
    Change(
        "`trips.pickup_type`, a reservation that MOTIS reads, is known",
        "gtfsgen",
        "unknown_column",
        (),
    ),
)


def table() -> str:
    """The table in Markdown: a change a row, a rule set a column."""
    head = f"| what | code | {' | '.join(f'`{name}`' for name in RULE_SETS)} | source |"
    rows = [head, "|" + "---|" * (len(RULE_SETS) + 3)]
    for change in CHANGES:
        held = ["yes" if name in change.rule_sets else "" for name in RULE_SETS]
        cells = [change.what, f"`{change.code}`", *held, _sources(change)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _sources(change: Change) -> str:
    return (
        ", ".join(
            f"[{repository.rpartition('/')[2]} #{number}](https://github.com/{repository}/issues/{number})"
            f" ({state})"
            for repository, number, state in change.sources
        )
        or "MOTIS"
    )
