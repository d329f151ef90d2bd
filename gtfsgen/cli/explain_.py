"""`gtfsgen explain`: what a notice means, or where a row of the feed comes from."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import click

from gtfsgen.cli.limits import limited


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="CODE | TABLE KEY...")
@click.option(
    "--source",
    default="source",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The project's folder, for rows.",
)
@click.option(
    "--profile",
    type=click.Choice(["linked", "through"]),
    help="How handovers are told, as with gtfsgen build.",
)
@limited()
def command(words: tuple[str, ...], source: Path, profile: str | None) -> None:
    """Say what a notice means and how to settle it, or where a row of the feed comes from.

    A row is named by its table and any of its ids, by a train number or by a station.

    \b
    Example: gtfsgen explain transfer_specificity_tie
             gtfsgen explain stop_times K27 dandong
    """
    from gtfsgen.schema import TABLES

    head, *keys = words
    if head.removesuffix(".txt") in TABLES:
        _explain_row(source, head, keys, profile)
    elif keys:
        raise click.UsageError(f"there is no table {head!r}{_near(head, TABLES)}")
    else:
        _explain_code(head)


def _explain_code(code: str) -> None:
    from gtfsgen.notices import kinds, kinds_of

    found = kinds_of(code)
    if not found:
        raise click.UsageError(
            f"there is no rule {code!r}{_near(code, kinds())}; `gtfsgen rules` lists all"
        )
    from gtfsgen.fixing.registry import fix_of

    texts = [*(kind.explanation for kind in found), fix_of(code)]
    click.echo("\n\n".join(text for text in texts if text))


def _explain_row(source: Path, table: str, keys: list[str], profile: str | None) -> None:
    from gtfsgen.compile.explain import NothingFound, explain_row
    from gtfsgen.source import SourceUnreadable

    if not keys:
        raise click.UsageError(f"which row of {table}? Name it: gtfsgen explain {table} KEY...")
    try:
        lines = explain_row(source, table, keys, profile=profile)
    except (NothingFound, SourceUnreadable) as error:
        click.echo(f"gtfsgen: {error}", err=True)
        raise SystemExit(2) from None
    for line in lines:
        click.echo(line)


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known))
    return f"; did you mean {' or '.join(near)}?" if near else ""
