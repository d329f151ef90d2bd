"""The pages of a feed: timetables, map, charts, stations; they open from disk, the network off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.render.notices import Notice
    from gtfsgen.render.tables import PageTables

__all__ = ["page", "site"]


def page(
    feed: Mapping[str, pl.DataFrame] | PageTables,
    *,
    geojson: Mapping[str, Any] | None = None,
    title: str = "",
    reload: str = "",
    banner: Iterable[str] = (),
    areas: Sequence[Mapping[str, Any]] = (),
) -> str:
    """A whole feed as one HTML file: map, timetables, coaches, charts, running days, stations.

    `feed` maps table names without `.txt` to frames of text cells; missing tables and columns are
    taken as empty. Or it is what `gtfsgen.render.tables.read_page_tables` made of a file.
    `geojson` is that of `gtfsgen.shapes.draw`, to dash the legs that follow no track. `reload` is a
    path on the same server that answers with the page's version, `banner` what `gtfsgen watch` has
    to say above everything. `areas` are the features of locations.geojson. The same arguments give
    the same text.
    """
    from gtfsgen.render.book import book_of
    from gtfsgen.render.pages import Site

    return Site(book_of(feed, areas), geojson=geojson, title=title, reload=reload).single(
        banner=banner
    )


def site(
    feed: Mapping[str, pl.DataFrame] | PageTables,
    *,
    geojson: Mapping[str, Any] | None = None,
    title: str = "",
    areas: Sequence[Mapping[str, Any]] = (),
) -> Iterator[tuple[str, str]]:
    """(path, text) of the pages of a feed: one file where it is small, else a small site.

    A site has an index, a page for each line and one for each station. Arguments as for `page`.
    """
    from gtfsgen.render.book import book_of
    from gtfsgen.render.pages import Site

    book = book_of(feed, areas)
    drawn = Site(book, geojson=geojson, title=title)
    if book.small:
        yield "index.html", drawn.single()
    else:
        yield from drawn.pages()


def report(notices: Iterable[Notice]) -> str:
    """What a build found, as a page of its own for those who build: not for passengers."""
    from gtfsgen.render.notices import report_html

    return report_html(notices)
