"""The files of each format that `gtfsgen render --format` names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from gtfsgen.printing.csv_tables import csv_files
from gtfsgen.printing.drawings import drawings, png
from gtfsgen.printing.layers import geojson, geopackage, layers
from gtfsgen.printing.pdf import timetable_pdf
from gtfsgen.printing.tables import Printer
from gtfsgen.render.book import Book
from gtfsgen.render.pages import LEFT_OUT, Site
from gtfsgen.render.words import translate_plural

PDF_FILE, GPKG_FILE = "timetable.pdf", "feed.gpkg"


@dataclass
class Printed:
    """Files by path below the output, and what is to be told of them."""

    files: dict[str, bytes] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def printed(book: Book, site: Site, formats: Iterable[str], day: date | None = None) -> Printed:
    """The files of all formats but html.

    PDF is one file, GeoPackage too; CSV, SVG and PNG have a folder, GeoJSON a file for each layer.
    With `day` only what runs on that day is printed.
    Raises `PdfUnavailable` or `GisUnavailable` where a library is not installed.
    """
    found = Printed(remarks=_left_out(book))
    printer = Printer(book, site.language, day)
    wanted = set(formats)
    if "pdf" in wanted:
        made = timetable_pdf(book, printer, site.title)
        found.files[PDF_FILE] = made.content
        found.remarks += made.remarks
    if "csv" in wanted:
        found.files |= {f"csv/{n}": t.encode() for n, t in csv_files(book, printer)}
    if wanted & {"svg", "png"}:
        found.files |= dict(_drawings(book, site, day, wanted))
    if wanted & {"geojson", "gpkg"}:
        drawn = layers(book, site)
        if "geojson" in wanted:
            found.files |= {f"{name}.geojson": geojson(f).encode() for name, f in drawn.items()}
        if "gpkg" in wanted:
            found.files[GPKG_FILE] = geopackage(drawn)
    return found


def _drawings(
    book: Book, site: Site, day: date | None, wanted: set[str]
) -> Iterator[tuple[str, bytes]]:
    for name, text in drawings(book, site, day):
        if "svg" in wanted:
            yield f"svg/{name}", text.encode()
        if "png" in wanted:
            yield f"png/{name.removesuffix('.svg')}.png", png(text)


def _left_out(book: Book) -> list[str]:
    """What stands in no table, with its number, as the pages say it."""
    counts = {"trips_without_days": book.trips_without_days, **book.left_out}
    return [
        translate_plural(one, many, "en", n=counts[what])
        for what, one, many in LEFT_OUT
        if counts.get(what)
    ]
