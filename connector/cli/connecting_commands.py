"""connect: the commands by which a person lets the connector into an accounting system, or sees that it is let in."""

from typing import Annotated

import typer

from connector.cli.options import HERE, AsJson, Folder

app = typer.Typer(help="Let the connector into an accounting system.", no_args_is_help=True)

Tenant = Annotated[
    str, typer.Argument(help="The tenant's name in connector.yaml. Default: the only one.", metavar="[TENANT]")
]
Paste = Annotated[
    bool, typer.Option("--paste", help="Paste the address that the browser ends at, instead of listening for it.")
]


@app.callback()
def connect() -> None:
    """Let the connector into an accounting system."""


@app.command("xero")
def xero(tenant: Tenant = "", *, paste: Paste = False, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Connect an organisation of Xero (grant: code): a person agrees in the browser, and the tokens are stored."""
    from connector.cli import connecting

    connecting.connect(folder, "xero", tenant, paste=paste, as_json=as_json)


@app.command("quickbooks")
def quickbooks(tenant: Tenant = "", *, paste: Paste = False, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Connect a company of QuickBooks Online: a person agrees in the browser, and the tokens are stored."""
    from connector.cli import connecting

    connecting.connect(folder, "quickbooks", tenant, paste=paste, as_json=as_json)


@app.command("tryton")
def tryton(tenant: Tenant = "", *, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Log in to a company of Tryton with the user and password that the environment holds, and say what is there."""
    from connector.cli import connecting

    connecting.log_in(folder, "tryton", tenant, as_json=as_json)
