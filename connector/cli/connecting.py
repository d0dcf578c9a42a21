"""connect: a person agrees in the browser, and the tokens are stored; or a declared user is seen to be let in."""

import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from rich.console import Console
from rich.text import Text

from connector.accounting.answers import Catalogue
from connector.accounting.settings import TenantSettings
from connector.cli import opening
from connector.cli.output import finish, say
from connector.net.loopback import OneAnswer, is_loopback
from connector.runs.connecting import connect_tenant, consented, declared, reach_tenant

_WAIT_SECONDS = 300
_CONSENTED = "Next: 'connector doctor' says until when, and what else is to be done."
_LOGGED_IN = "Nothing was stored: the password stays in the environment. Next: 'connector doctor'."
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

    _tell(settings, connect_tenant(settings, ask, opening.clock()), _CONSENTED, as_json=as_json)


def log_in(folder: Path, system: str, tenant: str, *, as_json: bool) -> None:
    """See that a tenant of an accounting system lets the declared user in."""
    settings = declared(opening.config(folder), system, tenant)
    _tell(settings, reach_tenant(settings, opening.clock()), _LOGGED_IN, as_json=as_json)


def _tell(settings: TenantSettings, books: Catalogue, next_step: str, *, as_json: bool) -> None:
    def render(to: Console) -> None:
        to.print(Text(f"{settings.name} is connected to {books.organisation} ({books.base_currency})."))
        to.print(Text(next_step))

    told = {"tenant": settings.name, "organisation": books.organisation, "currency": books.base_currency}
    finish(told, 0, as_json=as_json, render=render)
