"""Secrets are planted and looked for in what is said, logged, raised and left in the folder, however a call fails."""

import json
import logging
import os
import sqlite3
import ssl
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import quickbooks_kit
import requests
import xero_kit
from consent_kit import agree_by_hand, stored
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from world import Answer, World, client

from connector.accounting.connect import TenantSettings, connect
from connector.cli import opening
from connector.net.http import Reply, Transport
from connector.runs.config import FILE, load_config
from connector.runs.config_tenants import SANDBOX_PAIRS
from connector.runs.connecting import connect_tenant
from connector.sandbox import US_BOOKS
from connector.sandbox.quickbooks import US_COMPANY

# No one's secrets; those that open the sandbox are planted beside them.
WRONG, KEY = "canary-client-secret-2f7d1c", "Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2E="
TOKENS = {
    "quickbooks": "select token from refresh_tokens union select token from tokens",
    "xero": "select token from xero_refresh_tokens union select token from tokens",
}
SYSTEMS = {
    "xero": (xero_kit.bind, US_BOOKS, "sandbox-web-secret", "/sandbox/", "/connect/token", "PUT"),
    "quickbooks": (
        quickbooks_kit.bind,
        US_COMPANY,
        "sandbox-quickbooks-secret",
        "/sandbox/quickbooks/",
        "/oauth2/v1/tokens/bearer",
        "POST",
    ),
}


@dataclass
class Watch:
    """A folder, and every secret that must be seen in nothing that is heard of it."""

    world: World
    system: str
    logs: pytest.LogCaptureFixture
    heard: list[str] = field(default_factory=list)
    planted: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)

    @property
    def settings(self) -> TenantSettings:
        return load_config(self.world.folder, os.environ).tenants["us-books"]

    def control(self, verb: str, what: str, **body: Any) -> None:
        assert self.world.server is not None
        url = self.world.server.url + SYSTEMS[self.system][3] + what
        requests.request(verb, url, json=body, timeout=10).raise_for_status()

    def order(self, kind: str, **where: str) -> None:
        """Let the next two calls go wrong in this way: a command for people and one for programs."""
        self.control("DELETE", "faults")
        self.control("POST", "faults", kind=kind, times=2, **where)

    def run(self, *arguments: str) -> Answer:
        """Run a command for people and for programs; the latter's answer."""
        said = [self.world.run(*arguments, as_json=as_json) for as_json in (False, True)]
        self.heard += [one.out + one.err for one in said]
        return said[-1]

    def bill(self) -> str:
        """One more invoice that waits to be sent; its run."""
        self.names.append(f"C{len(self.names)}")
        run: str = self.world.plan(self.world.partners(), self.world.clients(*map(client, self.names))).plain["run"]
        assert self.world.run("approve", run).code == 0
        return run

    def change(self, old: str, new: str) -> None:
        path = self.world.folder / FILE
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def state(self, sql: str) -> list[str]:
        with closing(sqlite3.connect(self.world.folder.parent / "books.sqlite3")) as db, db:
            return [str(one) for (one,) in db.execute(sql)]

    def expire(self) -> None:
        """Let every access token end, so that the next call renews."""
        access = stored(self.settings).access
        self.planted.add(access)
        self.state(f"update tokens set expires_ms = 0 where token = '{access}' returning 1")  # noqa: S608  # our own

    def look(self) -> None:
        """Fail where a secret is seen."""
        tokens = set(self.state(TOKENS[self.system]))
        with closing(sqlite3.connect(self.world.folder / "ledger.sqlite3")) as db:
            of_ledger = {str(value) for (value,) in db.execute("select value from ledger_key")}
        assert len(tokens) > 1
        assert of_ledger
        seen = "".join(self.heard) + self.logs.text + "".join(repr(vars(one)) for one in self.logs.records)
        assert "POST" in self.logs.text  # it does log
        files = {path: path.read_bytes().decode("latin-1") for path in self.world.folder.rglob("*") if path.is_file()}
        assert any(path.parent.name == ".tokens" for path in files)
        for secret in sorted(self.planted | tokens | of_ledger):
            assert secret not in seen
            kept = [path.name for path, text in files.items() if secret in text]
            assert [name for name in kept if secret not in of_ledger or not name.startswith("ledger.sqlite3")] == []


@pytest.fixture(params=sorted(SYSTEMS))
def watch(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Watch:
    """A folder whose tenant of the United States is connected."""
    caplog.set_level(logging.DEBUG)
    bind, chosen, secret, *_ = SYSTEMS[request.param]
    monkeypatch.setenv("CONNECTOR_TOKEN_KEY", KEY)
    bind(world)
    made = Watch(world, request.param, caplog, planted={secret, KEY})
    made.control("POST", "limits", **({"second": 1000} if made.system == "quickbooks" else {"minute": 1000}))
    connect_tenant(made.settings, lambda page, _: agree_by_hand(page, chosen), opening.clock())
    return made


def test_no_failing_call_shows_a_secret(watch: Watch) -> None:
    """Whatever is answered to a read and to a write, and to whoever asks by the room's own door."""
    writes = SYSTEMS[watch.system][5]
    for kind in ("echo_400", "echo_500", "token_expired", "drop_before"):
        run = watch.bill()
        watch.order(kind, method="GET")
        watch.run("doctor")
        watch.order(kind, method=writes)
        watch.run("push", run)
        watch.order(kind, method="GET")
        try:
            system = connect(watch.settings, opening.now, lambda _: None)
            watch.heard.append(f"{system.catalogue()!r} {vars(system)!r}")
        except Exception as error:  # noqa: BLE001  # whatever it is
            watch.heard.append("".join(traceback.format_exception(error)) + repr(vars(error)))
    watch.run("exceptions")
    watch.look()


def test_no_failing_renewal_and_no_refused_client_shows_a_secret(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    run, address = watch.bill(), SYSTEMS[watch.system][4]
    for kind in ("echo_400", "echo_500", "drop_before", "html"):
        watch.expire()
        watch.order(kind, path=address)
        assert watch.run("doctor").code == 1
        watch.order(kind, path=address)
        watch.run("push", run)
    watch.control("DELETE", "faults")
    watch.change("credentials: sandbox", "credentials: {client_id_from: A, client_secret_from: B}")
    monkeypatch.setenv("A", SANDBOX_PAIRS[watch.system, "code"][0])
    monkeypatch.setenv("B", WRONG)
    watch.planted.add(WRONG)
    watch.expire()
    assert "does not accept the client id and secret" in watch.run("doctor").out
    watch.run("push", run)

    class Typing:
        @staticmethod
        def readline() -> str:
            page = next(one for one in reversed(watch.heard) if one.startswith("Open this page"))
            return agree_by_hand(page.splitlines()[-1], SYSTEMS[watch.system][1])

    monkeypatch.setattr("connector.cli.connecting.say", watch.heard.append)
    monkeypatch.setattr("connector.cli.connecting.sys.stdin", Typing)
    told = watch.run("connect", watch.system, "us-books", "--paste")
    assert "does not accept the client id and secret" in told.out
    watch.heard.append(repr(watch.settings))
    watch.look()


class _Elsewhere(BaseHTTPRequestHandler):
    """Sends every caller on to another host, and remembers that it was called."""

    seen: list[str] = []  # noqa: RUF012  # one list for the test

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(307)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/further")  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_GET  # noqa: N815  # the names of the base class

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A caller that does not trust us hangs up."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Such a server on this machine; its port."""
    _Elsewhere.seen.clear()
    server = _Quiet(("127.0.0.1", 0), _Elsewhere)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def unproved(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, opening.now(), opening.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(plain + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_no_other_host_is_shown_a_secret(watch: Watch, tmp_path: Path) -> None:
    """No redirect is followed, and nothing is sent to a server that cannot prove who it is."""
    assert watch.world.server is not None
    ours, run = watch.world.server.url, watch.bill()
    for key, renews in (("api_url", False), ("token_url", True)):
        if renews:
            watch.expire()
        with serving() as port:
            watch.change(f"{key}: {ours}", f"{key}: http://127.0.0.1:{port}")
            assert watch.run("doctor").code == 1
            watch.run("push", run)
            assert _Elsewhere.seen
            assert "/further" not in _Elsewhere.seen
        with serving(unproved(tmp_path)) as secure:
            watch.change(f"{key}: http://127.0.0.1:{port}", f"{key}: https://localhost:{secure}")
            assert "the certificate of localhost is not valid" in watch.run("doctor").out.lower()
            watch.run("push", run)
            assert _Elsewhere.seen == []
        watch.change(f"{key}: https://localhost:{secure}", f"{key}: {ours}")
    watch.look()


def test_an_answer_that_repeats_what_a_call_was_signed_with_comes_without_it(watch: Watch) -> None:
    assert watch.world.server is not None
    path = "api.xro/2.0/Contacts" if watch.system == "xero" else f"v3/company/{US_COMPANY.realm}/preferences"
    signed = stored(watch.settings).access
    headers = {"Authorization": f"Bearer {signed}", "Accept": "application/json", "xero-tenant-id": US_BOOKS.tenant_id}
    watch.order("echo_400", method="GET")
    reply = Transport(5).exchange("GET", f"{watch.world.server.url}/{path}?minorversion=75", headers)
    assert isinstance(reply, Reply)
    said = json.loads(reply.body)["Message"]
    assert ("Bearer ***" in said, signed in said) == (True, False)
