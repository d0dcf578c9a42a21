"""rules proposals, rules activate: other rules that were made by the page, and putting in force what is due."""

import typer

from connector.cli.options import HERE, AsJson, Folder


def attach(to: typer.Typer) -> None:
    """Add these commands to an application."""
    to.command("proposals")(proposals)
    to.command("activate")(activate)


def proposals(*, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """List the proposals: what each changes, where it stands, and from which day it is in force."""
    from connector.cli import proposing

    proposing.listed(folder, as_json=as_json)


def activate(*, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Put in force what was approved and is due. Every plan does it first, by itself."""
    from connector.cli import proposing

    proposing.activate(folder, as_json=as_json)
