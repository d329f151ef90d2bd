"""`gtfsgen init`: a small working project to start from."""

from __future__ import annotations

from pathlib import Path

import click

from gtfsgen import clocks

FEED = """\
# Who publishes this feed, and for when. Every key: docs/source-tables.md

as_of = {today}               # the build's today: the same source gives the same feed
first_day = {today}           # the feed ends a year after as_of, unless last_day says otherwise
timezone = "Europe/Vienna"       # of the agencies; the tables keep each station's local time
languages = ["en", "de"]         # the first is the feed's own, the others become translations

[publisher]
name = "Example project"
url = "https://example.org/"
email = "timetables@example.org"
"""

AGENCIES = """\
agency_id,name,url,note
lake,Lakeside Railway,https://example.org/lakeside,An invented railway: replace it by yours.
"""

STATIONS = """\
station_id,name,name_de,lat,lon,timezone
harbour,Harbour,Hafen,47.5031,9.7471,Europe/Vienna
meadow,Meadow,Wiese,47.4370,9.7160,Europe/Vienna
border,Border,Grenze,47.2680,9.5980,Europe/Vienna
summit,Summit,Gipfel,47.1660,9.5100,Europe/Vaduz
"""

ROUTES = """\
route_id,agency,short_name,long_name,type
lakeside,lake,L,Lakeside line,rail
"""

CALENDARS = """\
name,days,from,to,note
season,daily,,,A name for days that several trains share. Give it from and to.
"""

COACHES = """\
coach,name,days,trains,from,to,class,note
through,Through coach to the summit,Sa Su,11 > 71,Harbour,Summit,second,
"""

NOTES = """\
letter,text,source
a,The printed timetable.,Poster at Harbour station
b,An estimate until someone has looked.,
"""

TIMETABLE = """\
train,,11,71,13
route,,lakeside,lakeside,lakeside
days,,season,season,Sa Su
Harbour,dep,9:00 a,,23:20 a
Meadow,,9:12 a,,x 23:32 a
Border,arr,9:40 a,,0:00 a
Border,dep,,~10:05 b,
Summit,arr,,~10:25 b,
"""

FILES = {
    "feed.toml": FEED,
    "agencies.csv": AGENCIES,
    "stations.csv": STATIONS,
    "routes.csv": ROUTES,
    "calendars.csv": CALENDARS,
    "coaches.csv": COACHES,
    "notes.csv": NOTES,
    "timetables/lakeside.csv": TIMETABLE,
}


@click.command()
@click.argument(
    "folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path)
)
def command(folder: Path) -> None:
    """Start a small working project in DIR (default: here).

    It writes DIR/source with a timetable of three trains and a through coach. Make them yours.

    Example: gtfsgen init my-railway && cd my-railway && gtfsgen build
    """
    from gtfsgen.writing import write_files

    source = folder / "source"
    if source.exists() and any(source.iterdir() if source.is_dir() else [source]):
        raise click.UsageError(f"{source} is there already; nothing was written")
    try:
        write_files(
            source,
            {
                name: text.format(today=clocks.today()) if name == "feed.toml" else text
                for name, text in FILES.items()
            },
        )
    except OSError as error:
        raise click.UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
    click.echo(f"A project of three trains is in {source}. To build it:")
    if folder != Path("."):
        click.echo(f"  cd {folder}")
    click.echo("  gtfsgen build")
