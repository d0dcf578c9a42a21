"""serve: the page, until Ctrl-C."""

import sys
from pathlib import Path

from connector.cli import opening
from connector.cli.output import print_json, say
from connector.runs.errors import StopError
from connector.web.serving import Served, Wish
from connector.web.serving import serve as serve_page
from connector.web.site import Site


def serve(folder: Path, wish: Wish, *, as_json: bool) -> None:
    """Serve the page of a working folder.

    Raises:
        StopError: it cannot be served.
    """

    def announce(served: Served) -> None:
        if as_json:
            print_json({"url": served.url, "first_admin": served.first})
            sys.stdout.flush()
            return
        say(f"The page is at {served.url} Ctrl-C stops it.")
        if served.first:
            lacking = "" if wish.new_admin else "There is no admin yet. "
            say(f"{lacking}This link makes {'one more admin' if wish.new_admin else 'one'}, once, within 24 hours:")
            say(served.first)

    opening.arm_crash_point()
    try:
        going = serve_page(Site(folder.resolve(), opening.clock()), wish, announce)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StopError(f"the page cannot listen on port {wish.port}: {reason}", "Name another with --port.") from error
    for one in going:
        say(f"{one} goes on by itself to its end. The page shows what came of it when it is started again.")
