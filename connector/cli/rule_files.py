"""rules show, rules diff, rules schema. As in `main`, each imports what it needs when it runs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.options import HERE, AsJson, Folder

Rules = Annotated[
    Path | None,
    typer.Argument(
        help="A working folder, a folder that holds rules/, or rules themselves. Default: the working folder.",
        metavar="FOLDER",
    ),
]


def attach(to: typer.Typer) -> None:
    """Add these commands to an application."""
    to.command("show")(rules_show)
    to.command("diff")(rules_diff)
    to.command("schema")(rules_schema)


def rules_show(
    rules: Rules = None,
    *,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page instead.", metavar="OUT.html")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Write a workbook instead.", metavar="OUT.xlsx")] = None,
    on: Annotated[
        str, typer.Option("--on", help="Only what is valid on this day, such as 2025-06-30.", metavar="DATE")
    ] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print the tables people read: prices by tier, plan and currency, quotes, rules, policies, selling entities."""
    from connector.cli import rule_views

    rule_views.show(rules or folder, rule_views.Wanted(html, xlsx, on), as_json=as_json)


def rules_diff(
    old: Annotated[Path, typer.Argument(help="The rulebook as it was: a folder.", metavar="OLD", show_default=False)],
    new: Annotated[
        Path | None, typer.Argument(help="As it will be. Default: that of the working folder.", metavar="NEW")
    ] = None,
    *,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """What differs between two rulebooks: what is declared, what it costs, what is decided."""
    from connector.cli import rule_views

    rule_views.diff(old, new or folder, as_json=as_json)


def rules_schema() -> None:
    """Print the JSON Schema of rule files, by which editors complete and check them."""
    from connector.rulebook.schema import schema_text

    sys.stdout.write(schema_text())
