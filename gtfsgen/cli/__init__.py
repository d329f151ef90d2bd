"""The `gtfsgen` command: one module per subcommand, imported only when it is asked for."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import sys
from functools import partial
from typing import Any, NoReturn

import click

from gtfsgen.cli.ending import FAILED, GOOD, exit_code, prepare_process
from gtfsgen.cli.supervising import begin_process

# Before polars and numpy are imported. Plans of a millisecond are quicker without the pipelines of
# the streaming engine, and nobody here needs threads for linear algebra.
os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")
if os.environ["POLARS_ENGINE_AFFINITY"] not in ("auto", "in-memory", "streaming"):
    os.environ["POLARS_ENGINE_AFFINITY"] = "in-memory"
MOST_THREADS = 256
"""More than any machine has cores for; each thread takes memory of its own, and of very many polars
does not come to an end."""
_threads = os.environ.get("POLARS_MAX_THREADS", "1")
if not (_threads.isdecimal() and 1 <= int(_threads[:9]) <= MOST_THREADS):
    del os.environ["POLARS_MAX_THREADS"]
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
    "tidy": "Take out of gtfs/ what hangs on deleted trains.",
    "diff": "Tell every difference between two feeds once.",
    "stations": "Fill in names, positions and zones of stations.",
    "explain": "Say what a notice means, or where a row comes from.",
    "rules": "List all rules.",
    "watch": "Rebuild on save; the page reloads by itself.",
    "fix": "Mend what a machine may mend, and tell every change.",
    "stats": "Service in numbers, by day, line and stop.",
    "catalogue": "Validate thousands of feeds.",
}
"""Short helps stand here so that `gtfsgen --help` need not import thirteen modules."""


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0].lower(), COMMANDS, 1)
            meant = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{meant}")
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        call = partial(super().main, *args, standalone_mode=False, **extra)
        if not standalone_mode:
            return call()
        sys.exit(exit_code(call))

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
    prepare_process()
    begin_process()
    code = FAILED
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else GOOD
    if code == FAILED:  # what cannot be written has been told
        with contextlib.suppress(OSError):
            _put_away()
    elif (ended := exit_code(_put_away)) != GOOD:
        code = ended
    os._exit(code)


def _put_away() -> None:
    """Write out what is open. Raises OSError where it cannot be written."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
