"""rules check, rules test."""

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
    to.command("check")(rules_check)
    to.command("test")(rules_test)


def rules_check(
    rules: Rules = None,
    *,
    cases: Annotated[bool, typer.Option("--cases", help="List the boundary cases that were checked.")] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Prove the rules: every fault at once, each with its line, and what was proved."""
    from connector.cli import rule_reports

    rule_reports.check(rule_reports.where(folder, rules), with_cases=cases, as_json=as_json)


def rules_test(rules: Rules = None, *, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Run the tests that stand beside the rules (rules/tests/*.yaml), and say what they do not reach."""
    from connector.cli import rule_reports

    rule_reports.test(rule_reports.where(folder, rules), as_json=as_json)
