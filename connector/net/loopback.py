"""One answer of a browser to this machine: the address a person was sent back to after agreeing somewhere.

What a stranger would get wrong: it listens on loopback only, and any page that is open in a browser can call it. So it
takes the one answer to the expected path that repeats our secret word, tells the others off, and keeps nothing.
"""

import html
import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from connector.net.errors import SetupError

_LOOPBACK = {"localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1"}
_REQUEST_SECONDS = 10


def is_loopback(address: str) -> bool:
    """Whether a browser on this machine would be sent to this machine."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


class _Server(HTTPServer):
    came = ""
    path = "/"
    words = ""
    state = ""
    timeout: float | None = None

    def told(self, target: str) -> tuple[int, str]:
        """Status and words for whoever asks for that path; what is the answer is kept."""
        parts = urlsplit(target)
        if parts.path != self.path:
            return 404, "There is nothing here."
        given = parse_qs(parts.query).get("state", [""])[-1]
        if not secrets.compare_digest(given.encode(), self.state.encode()):
            return 400, "This answer belongs to another attempt to connect: use the newest page."
        self.came = target
        return 200, self.words


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_SECONDS

    def do_GET(self) -> None:
        """Take the answer, or tell that this is not it."""
        status, words = self.server.told(self.path)
        shown = html.escape(words)
        body = f"<!DOCTYPE html><meta charset='utf-8'><title>Connector</title><p>{shown}</p>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds a code."""


class OneAnswer:
    """Listens at an address of this machine from when it is made. Use it as a context."""

    def __init__(self, address: str, words: str, state: str) -> None:
        """Args: `address`, where the browser is sent; `words`, what the person reads there; `state`, our secret word.

        Raises:
            SetupError: the port is in use.
        """
        parts = urlsplit(address)
        try:
            self._server = _Server((_LOOPBACK[parts.hostname or ""], parts.port or 80), _Handler)
        except OSError as error:
            message = f"The port of {parts.hostname}:{parts.port} cannot be listened at ({error.strerror})"
            raise SetupError(message, "End what uses it, or choose --paste.") from None
        self._server.path, self._server.words, self._server.state = parts.path or "/", words, state

    def __enter__(self) -> Self:
        """Listen."""
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._server.server_close()

    def wait(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> str:
        """Path and query of the answer; empty when it has not come for so long, whoever else has called."""
        ends = monotonic() + seconds
        while not self._server.came and (left := ends - monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        return self._server.came
