"""`gtfsgen watch`: rebuild on save, and let the page reload by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click

from gtfsgen import clocks
from gtfsgen.cli.ending import Terminated

POLL_S = 0.4
"""Polling sees saves on every system and network drive, and needs no library."""
VERSION_PATH = "/version"


@dataclass
class Screen:
    """The page as last drawn, for the server's threads."""

    html: bytes = b""
    version: int = 0
    tables: dict[str, Any] = field(default_factory=dict)
    geojson: Any = None

    def show(self, html: str) -> None:
        self.html = html.encode()
        self.version += 1


@click.command()
@click.argument(
    "source", default="source", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for the feed. [default: feed beside SOURCE]",
)
@click.option(
    "--port", default=8765, show_default=True, help="Port on this computer; 0 takes a free one."
)
def command(source: Path, output: Path | None, port: int) -> None:
    """Build on every save and show the page; it reloads by itself.

    While the tables have errors the page shows the last good timetable with the errors above it,
    and the feed on disk stays as it was. Stop with Ctrl-C.

    Example: gtfsgen watch source
    """
    screen = Screen()
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(screen))
    except OSError as error:
        raise click.UsageError(
            f"port {port} cannot be used: {error.strerror}; try --port 0"
        ) from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(
        f"Open http://127.0.0.1:{server.server_address[1]}/ and edit {source}; stop with Ctrl-C"
    )
    try:
        watch(source, lambda: rebuild(source, output, screen))
    except Terminated:
        raise
    except KeyboardInterrupt:  # how a person ends it
        click.echo("Stopped.")
    finally:
        server.shutdown()
        server.server_close()


def watch(source: Path, rebuilt: Callable[[], None], rounds: int | None = None) -> None:
    """Call `rebuilt` at once and after every change below `source`, `rounds` times or for ever."""
    seen: dict[Path, tuple[int, int]] | None = None
    while rounds is None or rounds > 0:
        now = snapshot(source)
        if now != seen:
            seen = now
            rebuilt()
        time.sleep(POLL_S)
        rounds = None if rounds is None else rounds - 1


def snapshot(source: Path) -> dict[Path, tuple[int, int]]:
    """Each file's time and size. Spreadsheets' lock files (`~$x`, `.~lock`) are no change."""
    found = {}
    for path in sorted(source.rglob("*")):
        if path.name.startswith((".", "~")):
            continue
        try:
            state = path.stat()
        except OSError:
            continue  # saved by renaming, just now
        if path.is_file():
            found[path] = (state.st_mtime_ns, state.st_size)
    return found


def rebuild(source: Path, output: Path | None, screen: Screen) -> None:
    """Build, tell the outcome in a line and its faults, and draw the page anew."""
    from gtfsgen.builds import build
    from gtfsgen.faults import Fault, Severity
    from gtfsgen.render import page
    from gtfsgen.source import SourceUnreadable

    began = time.monotonic()
    try:
        made = build(source, output)
        notices = list(made.notices)
        if made.ok:
            screen.tables, screen.geojson = made.tables, made.compiled.geojson
        outcome = f"{made.feed}" if made.ok else "not written: the tables have errors"
    except (SourceUnreadable, OSError) as error:
        notices = [Fault(Severity.ERROR, "not_built", str(source), 0, "", str(error))]
        outcome = f"not built: {error}"
    for notice in notices:
        click.echo(f"  {notice}")
    click.echo(f"{clocks.now():%H:%M:%S} {outcome} ({time.monotonic() - began:.1f} s)")
    banner = [str(notice) for notice in notices if notice.severity is Severity.ERROR]
    html = page(screen.tables, geojson=screen.geojson, reload=VERSION_PATH, banner=banner)
    screen.show(html)


def _handler(screen: Screen) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == VERSION_PATH:
                self._answer("text/plain", str(screen.version).encode())
            elif self.path in ("/", "/index.html"):
                self._answer("text/html", screen.html)
            else:
                self.send_error(404)

        def _answer(self, kind: str, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Reloading pages ask several times a second: nothing to tell."""

    return Handler
