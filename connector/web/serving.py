"""Serving the page: everything is opened once, then waitress answers, on this machine alone unless told otherwise."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connector.runs import workspace
from connector.runs.errors import StopError
from connector.web import made_files, settings
from connector.web.peoplefile import FILE, open_people, secret_of
from connector.web.site import Site, serve_site

THREADS = 8
_SERVING = "connector serve"  # who makes what the page itself enters
_LOG = logging.getLogger("connector.web")
_ROOM_FOR_FORMS = 2_000_000
# Whom a proxy on this machine speaks for, and that it does so over TLS.
_PROXY = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": {"x-forwarded-proto", "x-forwarded-for"}}


@dataclass(frozen=True)
class Served:
    """What is being served.

    Attributes:
        url: where it listens.
        first: the address that makes an admin, by the name under which browsers reach it; empty where there is one
            and no other is wanted.
    """

    url: str
    first: str


@dataclass(frozen=True)
class Wish:
    """Where the page is served.

    Attributes:
        host, port: where it listens; port 0 takes a free one.
        names: under which names browsers reach it, besides this machine's own.
        secure: it is reached over TLS by a proxy only.
        new_admin: a link for one more admin is wanted.
    """

    host: str
    port: int
    names: Sequence[str] = ()
    secure: bool = False
    new_admin: bool = False


def application(site: Site, names: Sequence[str] = (), *, secure: bool = False) -> Any:  # noqa: ANN401 - Django's own
    """The page as a WSGI application: Django configured, the ledger and the file of people open.

    Raises:
        StopError: the working folder, the ledger or the file of people cannot be used.
    """
    config = site.config()
    settings.configure(secret_of(site.folder), [*settings.HERE, *names], secure=secure)
    workspace.open_ledger(config)
    open_people(site.folder / FILE)
    try:
        made_files.take_over(site.folder, workspace.open_mappings(config), now=site.now(), by=_SERVING)
    except StopError as stop:  # mappings with faults stop no page: it tells of them, and the nightly run takes over
        _LOG.warning("%s. %s", stop.message, stop.next_step)
    serve_site(site)
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - Django is configured by now

    return get_wsgi_application()


def serve(site: Site, wish: Wish, announce: Callable[[Served], None]) -> tuple[str, ...]:
    """Serve until the process is told to stop.

    Args:
        site: what is served.
        wish: where.
        announce: told once it listens.

    Returns:
        what goes on by itself when the page has stopped, each in some words.

    Raises:
        StopError: as `application`.
        OSError: the port is taken, or may not be used.
    """
    from waitress import create_server  # noqa: PLC0415 - only this command needs the server

    app = application(site, wish.names, secure=wish.secure)
    from connector.web.invitations import another_admin, first_admin  # noqa: PLC0415 - Django is configured by now

    largest = site.config().limits.file_bytes + _ROOM_FOR_FORMS
    server = create_server(
        app,
        host=wish.host,
        port=wish.port,
        threads=THREADS,
        max_request_body_size=largest,
        ident="",
        clear_untrusted_proxy_headers=True,
        **(_PROXY if wish.secure else {}),
    )
    url = f"http://{wish.host}:{server.effective_port}/"
    secret = another_admin() if wish.new_admin else first_admin()
    reached = f"https://{wish.names[0]}/" if wish.secure and wish.names else url
    announce(Served(url, f"{reached}join/?key={secret}" if secret else ""))
    try:
        server.run()
    finally:
        server.close()
    from connector.web import works  # noqa: PLC0415 - as above

    return tuple(f"{works.TITLES[one.kind]} (started by {one.by})" for one in works.still_going())
