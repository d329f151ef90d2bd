"""The options of all commands that read an input: how much it may cost (`gtfsgen.budget`)."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from gtfsgen.budget import (
    OPTIONS,
    UNREADABLE,
    Budget,
    UnreadableInput,
    allowed_seconds,
    amount,
    count_input,
    from_environment,
    holding,
    watched,
)

Command = TypeVar("Command", bound=Callable[..., Any])

_HELP = {
    "memory": "Most memory to use, as 4G. [default: 4G]",
    "seconds": "Most seconds to take. [default: 50, and more for inputs above 3 MB]",
    "unpacked": "Most bytes to unpack of a feed, as 16G. [default: 16G]",
    "rows": "Most lines of a table. [default: 100 million]",
    "notices": "Most notices of a code to keep in full. [default: 2 million]",
}
FEEDS = ("feed", "old", "new")
"""Arguments of commands that are feeds."""
_METAVARS = {"memory": "BYTES", "seconds": "S", "unpacked": "BYTES", "rows": "N", "notices": "N"}


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on
    """A number above zero, which may have a unit: 512M, 4G."""

    name = "amount"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        try:
            return amount(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class FeedPath(click.Path):
    """A feed by its path, or by an address that `limited(fetches=True)` fetches first."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        from gtfsgen.feed.remote import is_other_address, is_url

        if isinstance(value, str) and is_url(value):
            return value
        if isinstance(value, str) and is_other_address(value):
            self.fail(f"{value[:80]!r} cannot be had: only http and https are fetched", param, ctx)
        return super().convert(value, param, ctx)


def _fetched(function: Callable[..., Any], kwargs: dict[str, Any], beside: bool) -> Any:
    """Call a command with feeds that are given by their address as files."""
    from contextlib import ExitStack

    from gtfsgen.feed.remote import is_url, local_copy

    addresses = [n for n in FEEDS if isinstance(kwargs.get(n), str) and is_url(kwargs[n])]
    if addresses and beside and kwargs.get("output") is None:
        raise click.UsageError("name with -o where to write; beside an address nothing can be")
    with ExitStack() as stack:
        for name in addresses:
            kwargs[name] = stack.enter_context(local_copy(kwargs[name]))
        return function(**kwargs)


def under(
    limits: Budget,
    work: Callable[[], Any],
    *,
    inputs: Iterable[Any] = (),
    timed: bool = True,
    failed: int = UNREADABLE,
) -> Any:
    """Do a command's work under limits: in a process that another looks after where that can be.

    The paths among `inputs` (also in tuples) are what the command reads: large ones give it time.
    `failed` is the exit code for an input beyond the limits.
    """
    from gtfsgen.cli.supervising import may_supervise, supervise

    for each in inputs:
        for path in each if isinstance(each, tuple) else (each,):
            if isinstance(path, str | Path):
                count_input(path)
    if may_supervise() and supervise(
        limits, lambda: allowed_seconds(limits, timed), failed, whole=timed
    ):
        with holding(limits):
            return _in_words(work, failed)
    with watched(limits, timed=timed):
        return _in_words(work, failed)


def _in_words(work: Callable[[], Any], failed: int) -> Any:
    """What an input can bring about that no reader has foreseen, as a line and an exit code."""
    try:
        return work()
    except UnreadableInput as error:
        said = error.message
    except OverflowError as error:
        said = f"a number or a date of the input is too large ({str(error)[:200]})"
    except RecursionError:
        said = "something in the input is too deep within itself"
    except MemoryError:
        said = "there is not enough memory for this input"
    click.echo(f"gtfsgen: {said}", err=True)
    raise click.exceptions.Exit(failed)


def limited(
    *,
    timed: bool | Callable[..., bool] = True,
    fetches: bool = False,
    beside: bool = False,
) -> Callable[[Command], Command]:
    """Give a command the options of the budget, and let it run under them.

    Stands below `@click.command()` and changes nothing in the function's own arguments. `timed`
    is False for a command that waits for people or for other programs, or a function that says so
    by the command's arguments; one that `fetches` feeds
    from the web can be told to do so from private networks too, and has its arguments `FEEDS` as
    files. `beside` says that it writes beside the feed unless it is told where.
    """

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def run(**kwargs: Any) -> Any:
            given = {name: kwargs.pop(f"max_{name}") for name in OPTIONS}
            if fetches and kwargs.pop("allow_private"):
                os.environ["GTFSGEN_ALLOW_PRIVATE"] = "1"  # for processes of a catalogue too
            try:
                limits = from_environment()
            except ValueError as error:
                raise click.UsageError(str(error)) from None
            changed = {name: value for name, value in given.items() if value is not None}
            whole = {n: v if n == "seconds" else int(v) for n, v in changed.items()}
            return under(
                dataclasses.replace(limits, **whole),
                lambda: _fetched(function, kwargs, beside),
                inputs=kwargs.values(),
                timed=timed(**kwargs) if callable(timed) else timed,
            )

        command: Any = run
        for name, option in reversed(OPTIONS.items()):
            command = click.option(
                option, f"max_{name}", type=Amount(), metavar=_METAVARS[name], help=_HELP[name]
            )(command)
        if fetches:
            command = click.option(
                "--allow-private", is_flag=True, help="Fetch from private networks too."
            )(command)
        return command

    return decorate
