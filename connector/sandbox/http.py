"""HTTP itself: sockets, headers, bodies.

Owns the one place that touches the network. What a stranger would get wrong: a dropped connection is shut down
without a byte of reply; a stopped server closes its kept-alive connections too, or its threads would go on answering.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from connector.sandbox import replies
from connector.sandbox.replies import Reply, Request
from connector.sandbox.settings import BODY_LIMIT_BYTES

Answer = Callable[[Request], Reply | None]


class Listener(ThreadingHTTPServer):
    """The listening socket and its threads.

    Raises:
        OSError: the address cannot be had, as when the port is in use.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    answer: Answer

    def __init__(self, host: str, port: int) -> None:
        """Take the address at once; ``answer`` must be set before the first request is read."""
        self._guard = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for our own name, as the base class would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection until it is closed."""
        with self._guard:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._guard:
            self._connections.discard(connection)

    def close_connections(self) -> None:
        """Shut all open connections down."""
        with self._guard:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Listener
    protocol_version = "HTTP/1.1"
    server_version = "connector-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        """Begin the connection."""
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        """End the connection; it may be gone already."""
        self.server.closed(self.connection)
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing: the counts are the log."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._send(replies.plain(411, "Send Content-Length"), is_last=True)
            return
        if int(length) > BODY_LIMIT_BYTES:
            self._send(replies.plain(413, f"A body may have {BODY_LIMIT_BYTES} bytes"), is_last=True)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        headers = dict(self.headers.items())
        request = Request.of(self.command, self.path, headers, body, str(self.client_address[0]))
        reply = self.server.answer(request)
        if reply is None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(reply)

    def _send(self, reply: Reply, *, is_last: bool = False) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.body:
            self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if is_last:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()

    do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815  # the base class looks for these names
