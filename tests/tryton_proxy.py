"""What stands between the connector and a real Tryton in tests, and loses calls and answers as networks do."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

CREATE, POST = "model.account.invoice.create", "model.account.invoice.post"
LATE_SECONDS = 0.3
_LIMITS = {"minute": "Minute", "day": "Day", "appminute": "AppMinute", "concurrent": "Concurrent"}
# Answered instead of being forwarded.
_INSTEAD = {
    "error_500_before": (500, b"failed"),
    "unavailable_503": (503, b"failed"),
    "offline_503": (503, b"failed"),
    "html": (200, b"<html>Please log in</html>"),
}

Fault = Callable[[str], str]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where a caller was killed before its answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Proxy:
    """Forwards calls to a server, but for those that are to go wrong.

    Attributes:
        url: where it listens.
        decide: tells how a call of that method goes wrong; empty where it does not.
        methods: every method that was called through it.
        busy: calls that the server is at work on.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.decide: Fault = lambda _method: ""
        self.methods: list[str] = []
        self.busy = 0
        self._late: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.rest()
        self._server.shutdown()
        self._server.server_close()

    def fault(self, kind: str, method: str) -> None:
        """Let the next call of that method go wrong in this way."""
        waiting = [kind]

        def decide(called: str) -> str:
            with self._lock:
                return waiting.pop() if called == method and waiting else ""

        self.decide = decide

    def rest(self) -> None:
        """Wait until everything that was abandoned is done."""
        while self._late:
            self._late.pop().join()
        while self.busy:
            time.sleep(0.02)

    def count(self, more: int) -> None:
        with self._lock:
            self.busy += more

    def later(self, act: Callable[[], object]) -> None:
        def wait() -> None:
            time.sleep(LATE_SECONDS)
            act()

        thread = threading.Thread(target=wait)
        self._late.append(thread)
        thread.start()


class _Handler(BaseHTTPRequestHandler):
    """One call on its way; `proxy` is set by a class of its own for each proxy."""

    proxy: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(body)
        kind = self.proxy.decide(asked["method"])
        self.proxy.methods.append(asked["method"])
        if kind in _INSTEAD:
            self._answer(*_INSTEAD[kind], {})
        elif kind.startswith("throttle_"):
            problem = _LIMITS[kind.removeprefix("throttle_")]
            self._answer(429, b"", {"Retry-After": "2", "X-Rate-Limit-Problem": problem})
        elif kind == "late_commit":
            self.proxy.later(lambda: self._forward(body))
        elif kind != "drop_before":
            self._forwarded(kind, body)

    def _forwarded(self, kind: str, body: bytes) -> None:
        if kind == "token_expired":
            self._forward(json.dumps({"id": 1, "method": "common.db.logout", "params": []}).encode())
        reply = self._forward(body)
        if kind == "error_500_after":
            self._answer(500, b"failed", {})
        elif kind != "reply_lost_after_commit":
            self._answer(reply.status_code, reply.content, {"Content-Type": reply.headers["Content-Type"]})

    def _forward(self, body: bytes) -> requests.Response:
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
        self.proxy.count(1)
        try:
            return requests.post(f"{self.proxy.target}{self.path}", data=body, headers=headers, timeout=60)
        finally:
            self.proxy.count(-1)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@contextmanager
def between(target: str) -> Iterator[Proxy]:
    """A proxy before a server."""
    proxy = Proxy(target)
    proxy.start()
    yield proxy
    proxy.stop()
