"""The command that serves the page."""

from typing import Annotated

import typer

from connector.cli.options import HERE, AsJson, Folder


def attach(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    *,
    host: Annotated[str, typer.Option("--host", help="The address to listen on; a proxy reaches the usual one.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", help="The port; 0 takes a free one.", min=0, max=65535)] = 8800,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A name under which browsers reach it, such as billing.example.com."),
    ] = None,
    secure: Annotated[
        bool, typer.Option("--behind-tls", help="A proxy on this machine serves it over TLS, and says so.")
    ] = False,
    new_admin: Annotated[
        bool, typer.Option("--new-admin", help="Print a link that makes one more admin: where all are locked out.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Serve the page: upload, see, approve, in a browser; until Ctrl-C.

    Without an admin it prints a link that makes the first one.
    """
    from connector.cli import serving
    from connector.web.serving import Wish

    wish = Wish(host, port, tuple(name or ()), secure=secure, new_admin=new_admin)
    serving.serve(folder, wish, as_json=as_json)
