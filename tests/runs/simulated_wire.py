"""The network of a simulation: calls go to a sandbox in this process, and a seed decides what goes wrong with each.

It stands where `requests` would open a connection, so that the product's own transport, clients and adapters are used.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from random import Random
from typing import Any
from unittest.mock import patch

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from connector.sandbox.core import Core
from connector.sandbox.replies import Reply, Request

URL = "http://127.0.0.1:9"
_LOOPBACK = "127.0.0.1"
_FASTEST_MS, _SLOWEST_MS, _TIME_OUT_MS = 5, 200, 5000
_READS_ARE_SAFER = 12  # there are so many more of them, and what matters is what was written
_GRAVE = ("late_commit", "reply_lost_after_commit", "error_500_after")
UNCONNECTED = "connection refused"


@dataclass
class Wire:
    """The way to the sandbox.

    Attributes:
        core: the sandbox.
        random: decides.
        advance: lets time pass, in milliseconds.
        event: told before a call leaves and after it was answered; a process may end there.
        kinds: the faults of this service.
        paths: where faults are ordered, and what the paths of its books begin with.
        chance: how likely a call goes wrong; 0 while all is calm.
        log: what happened.
    """

    core: Core
    random: Random
    advance: Callable[[int], None]
    event: Callable[[str], None]
    kinds: tuple[str, ...]
    paths: tuple[str, str]
    chance: float = 0
    log: list[str] = field(default_factory=list)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Whatever calls out within this goes through here."""

        def send(_adapter: HTTPAdapter, request: requests.PreparedRequest, **_how: Any) -> requests.Response:
            return self._send(request)

        # Proxies that the environment may name are asked for with every call, and there is no network here.
        with patch.object(HTTPAdapter, "send", send), patch("requests.sessions.get_environ_proxies", _no_proxies):
            yield

    def control(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """A call to the sandbox's control side."""
        reply = self.core.answer(Request.of(method, f"/sandbox/{path}", {}, json.dumps(body).encode(), _LOOPBACK))
        assert reply is not None
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        method, url = str(request.method), str(request.url)
        is_books = url.startswith(URL + self.paths[1])
        # The time to send was checked just now: what happens from here to the remote takes next to no time.
        if is_books:
            self.event("wire:before")
        chance = self.chance if method != "GET" else self.chance / _READS_ARE_SAFER
        kind = self._fault(method) if is_books and self.random.random() < chance else ""
        self.log.append(f"{method} {url[len(URL) :].partition('?')[0]} {kind}")
        self.advance(self.random.randint(_FASTEST_MS, _SLOWEST_MS))
        if kind == UNCONNECTED:
            raise requests.exceptions.ConnectTimeout
        body = request.body or b""
        sent = body if isinstance(body, bytes) else body.encode()
        reply = self.core.answer(Request.of(method, url[len(URL) :], dict(request.headers), sent, _LOOPBACK))
        if is_books:  # a token is exchanged under the lock of its file
            self.event("wire:after")
        if reply is None:
            self.advance(self.random.randint(_FASTEST_MS, _TIME_OUT_MS))
            raise requests.exceptions.ConnectionError(ProtocolError("Connection aborted."))
        self.advance(self.random.randint(_FASTEST_MS, _SLOWEST_MS))
        return _response(request, reply)

    def _fault(self, method: str) -> str:
        is_grave = method != "GET" and self.random.random() < 0.4
        kind = self.random.choice(_GRAVE if is_grave else (*self.kinds, UNCONNECTED))
        if kind != UNCONNECTED:
            self.control("POST", self.paths[0], {"kind": kind, "method": method})
        return kind


def _no_proxies(_url: str, **_how: Any) -> dict[str, str]:
    return {}


def _response(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    headers = dict(reply.headers) | ({"Content-Type": reply.content_type} if reply.body else {})
    raw = HTTPResponse(BytesIO(reply.body), headers, reply.status, preload_content=False)
    return HTTPAdapter().build_response(request, raw)
