"""report.html: one page without anything to load, for reading, searching and sending on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any, BinaryIO

from gtfsgen.faults import Severity
from gtfsgen.findings import gtfs_name
from gtfsgen.notices import kinds
from gtfsgen.reports.fault_map import WIDTH, fault_map
from gtfsgen.reports.model import (
    BuildReport,
    Finding,
    FindingGroup,
    explanation_of,
    findings_of,
    summary_of,
)
from gtfsgen.reports.readings import Reading, readings
from gtfsgen.reports.terminal import other_system_errors
from gtfsgen.validation.places import other_particulars, place

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SHOWN_PER_CODE = 50
CANONICAL_PAGE = "https://gtfs-validator.mobilitydata.org/rules.html#{}-rule"
FACTS = {
    "publisherName": "Publisher",
    "feedLanguage": "Language",
    "feedStartDate": "Valid from",
    "feedEndDate": "Valid until",
    "feedServiceWindowStart": "First day of service",
    "feedServiceWindowEnd": "Last day of service",
}
TELLING = ("value", "speed", "distance", "zone", "name", "time", "date", "id")
"""Endings of particulars, those that say most first; others keep their order after them."""


def write(report: Report | BuildReport, out: BinaryIO, feed: str) -> None:
    out.write(page(report, feed).encode())


def page(report: Report | BuildReport, feed: str) -> str:
    """The whole page. The template escapes every text of the feed."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_part("report.html.jinja"))
    return template.render(
        name=feed, style=_part("report.css"), script=_part("report.js"), **_content(report, feed)
    )


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _content(report: Report | BuildReport, feed: str) -> dict[str, Any]:
    validated = report.build.report if isinstance(report, BuildReport) else report
    findings = findings_of(report, feed)
    causes = readings(validated) if validated else []
    owners = _owners(validated)
    cards = [_card(group, causes, owners) for group in _ordered(findings.groups, causes)]
    samples = [sample for card in cards for sample in card["samples"]]
    is_build = isinstance(report, BuildReport)
    summary = validated.summary if validated else {}
    return {
        "kind": "build" if is_build else "validation",
        "readable": is_build or "counts" in summary,
        "totals": [
            (str(level), sum(g.total for g in findings.groups if g.severity == level))
            for level in Severity
        ],
        "failures": other_system_errors(validated) if validated else [],
        "readings": causes,
        "map": fault_map(validated) if validated else None,
        "map_width": WIDTH,
        "cards": cards,
        "files": sorted({sample["file"] for sample in samples if sample["file"]}),
        "agencies": sorted({sample["agency"] for sample in samples if sample["agency"]}),
        "ignored": validated.ignored if validated else [],
        "remarks": [str(remark) for remark in validated.remarks] if validated else [],
        "unfinished": _unfinished(findings.skipped),
        "facts": _facts(summary),
        "footer": _footer(summary),
    }


def _ordered(groups: Iterable[FindingGroup], causes: list[Reading]) -> list[FindingGroup]:
    """Causes before what follows from them, which stands directly below; otherwise the gravest and
    then the most frequent first.
    """
    ranks = list(Severity)
    under = {code: reading.cause for reading in causes for code in reading.follow}
    plain = sorted(
        groups, key=lambda group: (ranks.index(group.severity), -group.total, group.code)
    )
    heads = [group for group in plain if group.code not in under]
    placed = []
    for group in heads:
        placed.append(group)
        placed += [
            other for other in plain if under.get(other.code) == group.code and other not in placed
        ]
    return placed + [group for group in plain if group not in placed]


def _card(group: FindingGroup, causes: list[Reading], owners: Mapping[str, str]) -> dict[str, Any]:
    kind = kinds().get(group.code)
    text = explanation_of(group.code).partition("\n")[2].strip()
    cause = next((reading.cause for reading in causes if group.code in reading.follow), "")
    return {
        "id": group.code,
        "code": group.code,
        "severity": str(group.severity),
        "total": group.total,
        "summary": summary_of(group.code).replace("`", ""),
        "cause": cause.replace("_", " "),
        "paragraphs": [
            " ".join(part.split()).replace("`", "") for part in text.split("\n\n") if part
        ],
        "page": CANONICAL_PAGE.format(group.code) if kind and kind.group == "canonical" else "",
        "samples": [_sample(finding, owners) for finding in group.first(SHOWN_PER_CODE)],
    }


def _sample(finding: Finding, owners: Mapping[str, str]) -> dict[str, Any]:
    """One notice: its place, and all its particulars, the telling ones first."""
    entry = finding.particulars
    if "path" in entry:  # a fault of a build says it in words
        said = finding.message.removeprefix(summary_of(finding.code)).strip()
        return {
            "place": finding.place,
            "file": finding.place.partition(":")[0],
            "agency": "",
            "text": said,
            "fields": [],
        }
    others = other_particulars(finding.code, entry)
    ordered = sorted(others, key=_telling)
    ids = (str(entry[name]) for name in ("agencyId", "tripId", "routeId") if entry.get(name))
    return {
        "place": finding.place,
        "file": place(finding.code, entry)[0],
        "agency": next((owners[id_] for id_ in ids if id_ in owners), ""),
        "text": "",
        "fields": [(gtfs_name(name), _value(others[name])) for name in ordered],
    }


def _telling(name: str) -> int:
    words = gtfs_name(name).split("_")
    return next((rank for rank, word in enumerate(TELLING) if word in words), len(TELLING))


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return "empty" if value == "" else str(value)


def _owners(report: Report | None) -> dict[str, str]:
    """Trip or route id -> its agency's name; a trip and a route of one id are told by the trip."""
    if report is None or report.agencies is None:
        return {}
    frame = report.agencies
    return dict(zip(frame["id"].to_list(), frame["agency"].to_list(), strict=True))


def _unfinished(skipped: Mapping[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for code, reason in skipped.items():
        reasons.setdefault(reason, []).append(code)
    return reasons


def _facts(summary: Mapping[str, Any]) -> dict[str, str]:
    if "counts" not in summary:
        return {}
    info = summary.get("feedInfo", {})
    facts = {title: info[key] for key, title in FACTS.items() if info.get(key)}
    agencies = [agency["name"] for agency in summary.get("agencies", []) if agency["name"]]
    more = f" and {len(agencies) - 20} others" if len(agencies) > 20 else ""
    facts["Agencies"] = ", ".join(agencies[:20]) + more
    facts |= {
        name: f"{number:,}"
        for name, number in summary["counts"].items()
        if number and name != "Agencies"
    }
    facts["Files"] = ", ".join(summary.get("files", []))
    facts["Features"] = ", ".join(summary.get("gtfsFeatures", []))
    return {title: str(said) for title, said in facts.items() if said}


def _footer(summary: Mapping[str, Any]) -> str:
    said = [f"gtfsgen {version('gtfsgen')}"]
    if summary.get("validatedAt"):
        said.append(str(summary["validatedAt"]))
    if summary.get("dateForValidation"):
        said.append(f"dates as of {summary['dateForValidation']}")
    return ", ".join(said)
