# ruff: noqa: E501
"""publish.py FEED SITE URL: what is served at a stable address.

    gtfs.zip                the feed, always of this name
    index.html              its page, if the feed's folder has one
    report.html             what validation says
    history/DATE.zip        every feed that was published, by the day of its version; history/index.json
    transitous.json         the source to add to Transitous' feeds/<region>.json
    mobility-database.csv   the row for the Mobility Database

Nothing is published twice: a feed that is the newest of the history already leaves it as it is.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import gtfsgen
from gtfsgen import clocks

COLUMNS = [
    "mdb_source_id",
    "data_type",
    "entity_type",
    "location.country_code",
    "location.subdivision_name",
    "location.municipality",
    "provider",
    "is_official",
    "name",
    "note",
    "feed_contact_email",
    "static_reference",
    "urls.direct_download",
    "urls.authentication_type",
    "urls.authentication_info",
    "urls.api_key_parameter_name",
    "urls.latest",
    "urls.license",
    "location.bounding_box.minimum_latitude",
    "location.bounding_box.maximum_latitude",
    "location.bounding_box.minimum_longitude",
    "location.bounding_box.maximum_longitude",
    "location.bounding_box.extracted_on",
    "status",
    "features",
    "redirect.id",
    "redirect.comment",
]
"""Of the Mobility Database's sources.csv."""


def main(feed: Path, site: Path, url: str) -> None:
    site.mkdir(parents=True, exist_ok=True)
    today = os.environ.get("DATE") or clocks.today().isoformat()
    report = gtfsgen.validate(feed, date=today)
    add_to_history(feed, site / "history", today)
    shutil.copyfile(feed, site / "gtfs.zip")
    if (page := feed.parent / "index.html").is_file():
        shutil.copyfile(page, site / "index.html")
    from gtfsgen.reports import write

    write(report, "html", site, "gtfs.zip")
    url = url.rstrip("/")
    write_transitous(site / "transitous.json", report.summary, f"{url}/gtfs.zip")
    write_row(
        site / "mobility-database.csv", gtfsgen.read(feed), report.summary, f"{url}/gtfs.zip", today
    )


def add_to_history(feed: Path, folder: Path, today: str) -> None:
    folder.mkdir(exist_ok=True)
    index = folder / "index.json"
    known: list[dict[str, Any]] = json.loads(index.read_text()) if index.exists() else []
    content = feed.read_bytes()
    if known and (folder / known[-1]["file"]).read_bytes() == content:
        return
    name, number = f"{today}.zip", 1
    while (folder / name).exists():
        number += 1
        name = f"{today}-{number}.zip"
    (folder / name).write_bytes(content)
    known.append({"file": name, "published": today, "bytes": len(content)})
    index.write_text(json.dumps(known, indent=1) + "\n")


def provider(summary: dict[str, Any]) -> str:
    agencies = [agency["name"] for agency in summary["agencies"] if agency["name"]]
    return summary["feedInfo"]["publisherName"] or ", ".join(agencies)


def write_transitous(path: Path, summary: dict[str, Any], url: str) -> None:
    name = re.sub(r"[^\w.-]+", "-", os.environ.get("FEED_NAME") or provider(summary)).strip("-.")
    source = {"name": name, "type": "http", "url": url}
    if licence := os.environ.get("LICENCE"):
        source["license"] = {"spdx-identifier": licence}  # type: ignore[assignment]
    document = {"maintainers": [], "sources": [source]}
    if maintainer := os.environ.get("MAINTAINER"):
        document["maintainers"] = [{"name": maintainer, "github": maintainer}]
    path.write_text(json.dumps(document, ensure_ascii=False, indent=4) + "\n", encoding="utf-8")


def write_row(path: Path, feed: Any, summary: dict[str, Any], url: str, today: str) -> None:
    stops = feed["stops"].drop_nulls(["stop_lat", "stop_lon"])
    row = dict.fromkeys(COLUMNS, "") | {
        "data_type": "gtfs",
        "location.country_code": os.environ.get("COUNTRY", "").upper(),
        "provider": provider(summary),
        "is_official": os.environ.get("IS_OFFICIAL", ""),
        "name": os.environ.get("FEED_NAME", ""),
        "feed_contact_email": summary["feedInfo"].get("feedEmail", ""),
        "urls.direct_download": url,
        "urls.authentication_type": "0",
        "urls.license": os.environ.get("LICENCE_URL", ""),
        "status": "active",
        "features": "|".join(summary["gtfsFeatures"]),
        "location.bounding_box.extracted_on": today,
    }
    for name, column in (("latitude", "stop_lat"), ("longitude", "stop_lon")):
        if stops.height:
            row[f"location.bounding_box.minimum_{name}"] = f"{stops[column].min():.6f}"
            row[f"location.bounding_box.maximum_{name}"] = f"{stops[column].max():.6f}"
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    path.write_text(text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: publish.py FEED SITE URL")
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
