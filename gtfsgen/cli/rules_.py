"""`gtfsgen rules`: list all rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gtfsgen.validation.engine import Rule

PIPED_COLUMNS = 200
COLOURS = {"ERROR": "red", "WARNING": "yellow", "INFO": "cyan"}


@click.command()
@click.option("--rules", "rule_set", metavar="NAME", help="Only the rules of this rule set.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
    help="For the terminal, as data, or as the page docs/rules.md.",
)
def command(rule_set: str | None, form: str) -> None:
    """List all rules: code, severity and what was found.

    Example: gtfsgen rules --rules canonical-8.0.1 --format json
    """
    from gtfsgen.fixing.registry import fix_of
    from gtfsgen.reports.rules_page import markdown, records
    from gtfsgen.validation import engine

    if rule_set is not None and rule_set not in engine.RULE_SETS:
        known = ", ".join(engine.RULE_SETS)
        raise click.UsageError(f"there is no rule set {rule_set!r}; there is {known}")
    rules = list(engine.rules(rule_set).values()) if rule_set else engine.every_rule()
    if form == "json":
        click.echo(json.dumps(records(rules, fix_of), ensure_ascii=False, indent=2))
    elif form == "markdown":
        click.echo(markdown(rules, fix_of), nl=False)
    else:
        _print_table(rules)


def _print_table(rules: Sequence[Rule]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_COLUMNS)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("code", "severity", "group", "what was found"):
        table.add_column(name, overflow="fold")
    for rule in rules:
        colour = COLOURS[rule.severity]
        severity = f"[{colour}]{rule.severity.lower()}[/{colour}]"
        table.add_row(rule.code, severity, rule.group, Text(rule.summary))
    console.print(table)
    console.print(f"{len(rules)} rules")
