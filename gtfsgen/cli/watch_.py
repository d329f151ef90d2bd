"""`gtfsgen watch`: rebuild on save, and let the page reload by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import click

from gtfsgen import clocks
from gtfsgen.cli.ending import Terminated

QUIET_MS = 100
"""Saves within this time are one change."""
WAIT_MS = 300
"""How often the listener looks whether it is to stop."""
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
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port on this computer; 0 takes a free one.",
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
    """Call `rebuilt` at once and after every change below `source`, `rounds` times or for ever.

    A save during a build leads to the next one. Where the system cannot tell of changes, as on
    some network drives, WATCHFILES_FORCE_POLLING=1 makes watchfiles look by itself.
    Raises OSError where the folder cannot be watched.
    """
    told: SimpleQueue[BaseException | None] = SimpleQueue()
    stop = threading.Event()
    # In a thread of its own, for watchfiles makes Ctrl-C of every signal while it waits.
    listener = threading.Thread(target=_listen, args=(source, told, stop), daemon=True)
    listener.start()
    try:
        while rounds is None or rounds > 0:
            failure = told.get()
            if failure is not None:
                raise failure
            rebuilt()
            rounds = None if rounds is None else rounds - 1
    finally:
        stop.set()
        listener.join()


def _listen(source: Path, told: SimpleQueue[BaseException | None], stop: threading.Event) -> None:
    """Put None for the beginning and for each change, and what went wrong as the last."""
    import watchfiles

    first = True
    try:
        for changes in watchfiles.watch(
            source,
            watch_filter=lambda _, path: is_source(Path(path)),
            debounce=QUIET_MS,
            step=QUIET_MS,
            stop_event=stop,
            rust_timeout=WAIT_MS,
            yield_on_timeout=True,
        ):
            if changes or first:
                told.put(None)
            first = False
    except Exception as failure:
        told.put(OSError(f"{source} cannot be watched: {failure}"))


def is_source(path: Path) -> bool:
    """Whether a change of this file is one of the tables: not spreadsheets' lock files (`~$x`,
    `.~lock`) and what editors leave.
    """
    return not path.name.startswith((".", "~")) and not path.name.endswith("~")


def rebuild(source: Path, output: Path | None, screen: Screen) -> None:
    """Build, tell the outcome in a line and its faults, and draw the page anew."""
    from gtfsgen.builds import build
    from gtfsgen.faults import Fault, Severity
    from gtfsgen.render import page
    from gtfsgen.source import SourceUnreadable
    from gtfsgen.validation.policy import PolicyError

    began = time.monotonic()
    try:
        made = build(source, output)
        notices = list(made.notices)
        if made.ok:
            screen.tables, screen.geojson = made.tables, made.compiled.geojson
        outcome = f"{made.feed}" if made.ok else "not written: the tables have errors"
    except (SourceUnreadable, PolicyError, OSError) as error:
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
