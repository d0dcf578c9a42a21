"""connect: a person agrees in the browser, and the tokens are stored. One way for every accounting system."""

import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, say
from connector.net.loopback import OneAnswer, is_loopback
from connector.runs.connecting import connect_tenant, consented

_WAIT_SECONDS = 300
_DONE = "This page can be closed; the rest is told where the command runs."


def connect(folder: Path, system: str, tenant: str, *, paste: bool, as_json: bool) -> None:
    """Connect a tenant of an accounting system."""
    config = opening.config(folder)
    settings = consented(config, system, tenant)

    def ask(page: str, redirect_uri: str) -> str:
        say(f"Open this page in a browser, as an administrator of the organisation, and agree:\n{page}")
        if paste or not is_loopback(redirect_uri):
            say("Then paste the whole address that the browser shows afterwards, and press Enter:")
            return sys.stdin.readline()
        (state,) = parse_qs(urlsplit(page).query)["state"]
        with OneAnswer(redirect_uri, _DONE, state) as waiting:
            say(f"Waiting {_WAIT_SECONDS // 60} minutes for the answer at {redirect_uri} …")
            return waiting.wait(_WAIT_SECONDS)

    books = connect_tenant(settings, ask, opening.clock())

    def render(to: Console) -> None:
        to.print(Text(f"{settings.name} is connected to {books.organisation} ({books.base_currency})."))
        to.print(Text("Next: 'connector doctor' says until when, and what else is to be done."))

    told = {"tenant": settings.name, "organisation": books.organisation, "currency": books.base_currency}
    finish(told, 0, as_json=as_json, render=render)
