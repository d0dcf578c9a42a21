"""One answer of a browser to this machine: the address a person was sent back to after agreeing somewhere.

What a stranger would get wrong: it listens on loopback only, takes one request to the expected path, and keeps nothing.
"""

import html
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Self
from urllib.parse import urlsplit

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
    is_over = False
    timeout: float | None = None

    def handle_timeout(self) -> None:
        """Nobody came."""
        self.is_over = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_SECONDS

    def do_GET(self) -> None:
        """Take the answer, or tell that this is not it."""
        is_it = urlsplit(self.path).path == self.server.path
        if is_it:
            self.server.came = self.path
        words = html.escape(self.server.words if is_it else "There is nothing here.")
        body = f"<!DOCTYPE html><meta charset='utf-8'><title>Connector</title><p>{words}</p>".encode()
        self.send_response(200 if is_it else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds a code."""


class OneAnswer:
    """Listens at an address of this machine from when it is made. Use it as a context."""

    def __init__(self, address: str, words: str) -> None:
        """Args: `address`, where the browser is sent; `words`, what the person reads there.

        Raises:
            SetupError: the port is in use.
        """
        parts = urlsplit(address)
        try:
            self._server = _Server((_LOOPBACK[parts.hostname or ""], parts.port or 80), _Handler)
        except OSError as error:
            message = f"The port of {parts.hostname}:{parts.port} cannot be listened at ({error.strerror})"
            raise SetupError(message, "End what uses it, or choose --paste.") from None
        self._server.path, self._server.words = parts.path or "/", words

    def __enter__(self) -> Self:
        """Listen."""
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._server.server_close()

    def wait(self, seconds: float) -> str:
        """Path and query of the answer; empty when nobody has asked for so long."""
        self._server.timeout = seconds
        while not self._server.came and not self._server.is_over:
            self._server.handle_request()
        return self._server.came
