"""The options of commands that tell something in several formats: --format, and -o for a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
OTHER_NAMES = {"text": "terminal", "md": "markdown"}


def told_in(
    formats: Collection[str], *, folder: str = "", option: str = "--output"
) -> Callable[[Command], Command]:
    """Give a command `formats`, a list of wanted formats in the order asked for; and, where
    `folder` says what is written there, `output`, the folder or None.
    """

    def decorate(function: Command) -> Command:
        command: Any = function
        if folder:
            command = click.option(
                *(("-o", option) if option == "--output" else (option,)),
                "output",
                type=click.Path(path_type=Path, file_okay=False),
                metavar="DIR",
                help=folder,
            )(command)
        return click.option(
            "--format",
            "formats",
            default="terminal",
            show_default=True,
            metavar="F,...",
            callback=lambda ctx, param, value: wanted_formats(value, formats),
            help=f"{', '.join(formats)}.",
        )(command)

    return decorate


def wanted_formats(text: str, known: Collection[str]) -> list[str]:
    """The formats of a list with commas. Raises UsageError for one that is not known."""
    named = [OTHER_NAMES.get(name.strip(), name.strip()) for name in text.split(",")]
    wanted = list(dict.fromkeys(name for name in named if name))
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"unknown format {name!r}; known are {', '.join(known)}")
    if not wanted:
        raise click.UsageError(f"no format is named; known are {', '.join(known)}")
    return wanted
