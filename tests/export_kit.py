"""A platform to fetch from: a real HTTP server on this machine whose answers a test writes, and a world that stands."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connector.declared import MapNode, Reader, parse_yaml
from connector.export import Export, read_exports
from connector.export.fetch import Outcome, World, fetch

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SECRET = "canary-secret-51f0"  # noqa: S105  # must never be seen again
URL = "https://platform.example/api/v1/clients"
PUBLIC = "93.184.216.34"

Answer = Callable[[BaseHTTPRequestHandler], None]


class Time:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self.asked: list[str] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return (self.now - START).total_seconds()

    def resolve(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        return [PUBLIC]

    def world(self) -> World:
        return World(self.clock, self.sleep, self.monotonic, self.resolve)


def declared(text: str) -> tuple[dict[str, Export], list[str]]:
    """The exports of a YAML text, and its faults with their lines."""
    node, faults = parse_yaml(text, "connector.yaml")
    assert not faults
    assert isinstance(node, MapNode)
    reader = Reader(text)
    found = read_exports(reader, node.entries["exports"])
    return found, [f"{one.place}: {one.message} [{one.code}] {one.next_step}" for one in reader.problems]


def export(settings: str = "", *, form: str = "json", url: str = URL, paging: str = "default") -> Export:
    """One export, paged by cursor unless told."""
    if paging == "default":
        paging = "{cursor_param: cursor, next: meta.next, size_param: limit, size: 2}"
    lines = [f"url: {url}", f"format: {form}", *settings.splitlines(), *([f"paging: {paging}"] if paging else [])]
    text = "exports:\n  platform:\n" + "".join(f"    {line}\n" for line in lines)
    found, faults = declared(text)
    assert faults == []
    return found["platform"]


def local(url: str, settings: str = "", **more: str) -> Export:
    return export(f"allow_http: true\nallow_private: true\n{settings}", url=url, **more)


def get(one: Export, folder: Path, time: Time | None = None, secret: str = SECRET, *, restart: bool = False) -> Outcome:
    held = time or Time()
    return fetch(one, folder, secret, held.world(), lambda _name, _records, _size: None, restart=restart)


def get_for_real(one: Export, folder: Path, time: Time | None = None) -> Outcome:
    """The same with real names and real seconds, but no waiting between attempts."""
    held = time or Time()
    return fetch(one, folder, SECRET, World(held.clock, held.sleep, held.monotonic), lambda _n, _r, _s: None)


def page(records: list[Any], following: str | None) -> dict[str, Any]:
    return {"items": records, "meta": {"next": following}}


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server that answers every request as told; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET  # noqa: N815  # named by http.server

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            pass  # clients that go away are what these tests are about

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/clients"
        finally:
            server.shutdown()
            thread.join()


def send(handler: BaseHTTPRequestHandler, body: Any, status: int = 200, **headers: str) -> None:
    """Answer with JSON, or with bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def asked(handler: BaseHTTPRequestHandler, name: str) -> str | None:
    """A parameter of the query."""
    return parse_qs(urlsplit(handler.path).query).get(name, [None])[0]
