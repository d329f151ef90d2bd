"""The `gtfsgen` command: one module per subcommand, imported only when it is asked for."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import sys
from typing import NoReturn

import click

# Before polars and numpy are imported. Plans of a millisecond are quicker without the pipelines of
# the streaming engine, and nobody here needs threads for linear algebra.
os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A command makes much that lasts and few cycles: looking for them so often costs 25 ms at start.
gc.set_threshold(100_000, 50, 100)

COMMANDS = {
    "init": "Start a small working project.",
    "build": "Compile, draw and validate curated tables into a GTFS feed.",
    "validate": "Say what is wrong with feeds.",
    "canonical": "Validate with the Java validator's arguments, files and exit codes.",
    "render": "Draw the page, timetables and charts of any feed.",
    "shapes": "Draw shapes along the rails for any feed.",
    "journeys": "Ask a real trip planner for the journeys a rider must find.",
    "import": "Turn any feed into curated tables.",
    "diff": "Say what riders would notice between two feeds.",
    "explain": "Say what a notice means, or where a row comes from.",
    "rules": "List all rules.",
    "watch": "Rebuild on save; the page reloads by itself.",
    "stats": "Service by day, kilometres, headways.",
    "catalogue": "Validate thousands of feeds.",
}
"""Short helps stand here so that `gtfsgen --help` need not import thirteen modules."""

STOPPED = 130
"""What a shell expects of a command that Ctrl-C ended."""


class LazyGroup(click.Group):
    """Imports `gtfsgen.cli.<name>` when its command is asked for; the module's `command` is the
    command.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"gtfsgen.cli.{name}_")
        return module.command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # Not 1, which says that something was found in a feed.
            click.echo("\nStopped.", err=True)
            raise click.exceptions.Exit(STOPPED) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gtfsgen")
def main() -> None:
    """Curated timetables in, a checked and drawn GTFS feed out.

    Example: gtfsgen build source -o feed
    """


def run() -> NoReturn:
    """The command as a process of its own.

    What is open is closed and written out; but the memory of a hundred modules and of the feed is
    left to the system, which takes it back at once. Python would need up to 50 ms to clear it away.
    """
    code: object = None
    try:
        try:
            main()
        except SystemExit as end:
            code = end.code
        atexit._run_exitfuncs()
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        pass  # nobody listens any more, and nobody minds
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"gtfsgen: {place}{error.strerror or error}", file=sys.stderr)
        code = 2
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
