"""Against a real server: slowness, size, packing, redirects, pinned names, certificates; and a fetch that is killed."""

import gzip
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from export_kit import SECRET, Time, asked, export, get, get_for_real, local, page, send, serving
from world import World

from connector.export import Fetched, Rejected, RetryLater
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, NotTrusted, Reach, Reply, Transport, Unusable

PATIENCE = 60


def reach(**changes: Any) -> Reach:
    values = {"allow_http": True, "allow_private": True, "total_seconds": 20, "largest_bytes": 1_000_000, **changes}
    return Reach(**values)


def test_pages_over_a_real_connection(tmp_path: Path) -> None:
    heard = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        heard.append((to.headers["Host"], to.headers["Authorization"]))
        at = int(asked(to, "cursor") or 0)
        packed = gzip.compress(json.dumps(page([{"id": at}, {"id": at + 1}], str(at + 2) if at < 4 else None)).encode())
        send(to, packed, Content_Encoding="gzip")

    with serving(answer) as url:
        got = get_for_real(local(url, "auth: {bearer_from: PLATFORM_TOKEN}"), tmp_path)
    assert isinstance(got, Fetched)
    assert [json.loads(line)["id"] for line in got.path.read_text().splitlines()] == list(range(6))
    assert heard == [(url.split("/")[2], f"Bearer {SECRET}")] * 3


def test_a_proxy_of_the_environment_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(lambda to: send(to, page([], None))) as url:
        assert isinstance(get_for_real(local(url), tmp_path), Fetched)


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    paths = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        paths.append(to.path)
        send(to, b"", 302, Location="http://127.0.0.1:1/secret?x=1")

    with serving(answer) as url:
        got = get_for_real(local(url, paging=""), tmp_path)
    reason = "127.0.0.1 answered with a redirect to 127.0.0.1, and redirects are not followed"
    assert got == Rejected(reason, "Write the address it leads to, if it is the right one.")
    assert paths == ["/clients"]


def test_an_answer_that_trickles_is_cut_in_time() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("Content-Length", "100000")
        to.end_headers()
        for _ in range(100):
            to.wfile.write(b" ")
            to.wfile.flush()
            time.sleep(0.1)

    with serving(answer) as url:
        begun = time.monotonic()
        got = Transport(5, reach=reach(total_seconds=1)).exchange("GET", url, {})
    assert got == NoAnswer("127.0.0.1 did not finish its answer within 1 seconds")
    assert time.monotonic() - begun < 4


def test_a_head_that_trickles_is_cut_in_time() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            to.wfile.write(b"X-%d: y\r\n" % number)
            to.wfile.flush()
            time.sleep(0.1)

    with serving(answer) as url:
        begun = time.monotonic()
        got = Transport(5, reach=reach(total_seconds=1)).exchange("GET", url, {})
    assert got == NoAnswer("127.0.0.1 did not finish its answer within 1 seconds")
    assert time.monotonic() - begun < 4


def test_a_server_that_says_nothing_is_left(tmp_path: Path) -> None:
    with serving(lambda _: time.sleep(3)) as url:
        held = Time()
        got = get_for_real(local(url, "time_out_seconds: 1"), tmp_path, held)
    assert isinstance(got, RetryLater)
    assert got.reason == "127.0.0.1 did not answer in time"
    assert held.slept == [1, 2, 4]


def test_an_answer_that_breaks_off_is_asked_for_again(tmp_path: Path) -> None:
    seen = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        seen.append(to.path)
        if len(seen) == 1:
            to.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"items": [')
            to.close_connection = True
        else:
            send(to, page([{"id": 1}], None))

    with serving(answer) as url:
        got = get_for_real(local(url), tmp_path)
    assert isinstance(got, Fetched)
    assert (got.records, len(seen)) == (1, 2)


def test_an_answer_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with serving(lambda to: send(to, b"[" + b" " * 2_000_000 + b"]")) as url:
        got = get_for_real(local(url, "largest_mb: 1", paging=""), tmp_path)
    assert isinstance(got, Rejected)
    assert got.reason == "the answer is larger than 1 MB"


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_refused_while_it_unpacks(layers: int) -> None:
    bomb = b"\0" * 200_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb)

    def answer(to: BaseHTTPRequestHandler) -> None:
        send(to, bomb, Content_Encoding=", ".join(["gzip"] * layers))

    with serving(answer) as url:
        begun = time.monotonic()
        got = Transport(20, reach=reach()).exchange("GET", url, {})
    told = (
        "the answer is larger than 1 MB"
        if layers == 1
        else "the answer is packed as 'gzip, gzip', which was not asked for"
    )
    assert got == Unusable(told)
    assert time.monotonic() - begun < 5


def test_a_name_is_asked_for_once_and_its_address_kept() -> None:
    heard, names = [], []

    def answer(to: BaseHTTPRequestHandler) -> None:
        heard.append(to.headers["Host"])
        send(to, {}, Connection="close")

    def resolve(host: str, _port: int) -> list[str]:
        names.append(host)
        return ["127.0.0.1"] if len(names) == 1 else ["127.0.0.99"]  # what a rebinding name server would say

    with serving(answer) as url:
        port = url.split(":")[2].split("/")[0]
        transport = Transport(5, reach=reach(resolve=resolve))
        for _ in range(3):
            assert isinstance(transport.exchange("GET", f"http://platform.example:{port}/x", {}), Reply)
        transport.close()
    assert (heard, names) == ([f"platform.example:{port}"] * 3, ["platform.example"])


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with serving(lambda to: send(to, {})) as url:
        port = url.split(":")[2].split("/")[0]
        transport = Transport(5, reach=reach(resolve=lambda _h, _p: ["127.0.0.98", "127.0.0.1"]))
        assert isinstance(transport.exchange("GET", f"http://platform.example:{port}/x", {}), Reply)


def test_no_address_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    transport = Transport(5, reach=reach(resolve=lambda _h, _p: ["127.0.0.98", "127.0.0.1"]))
    got = transport.exchange("GET", f"http://platform.example:{port}/x", {})
    assert got == NotSent("platform.example cannot be reached")


@pytest.mark.parametrize("found", [OSError("no such name"), []])
def test_a_name_without_an_address(found: Any) -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        if isinstance(found, Exception):
            raise found
        return list(found)

    got = Transport(5, reach=reach(resolve=resolve)).exchange("GET", "https://nowhere.example/", {})
    assert got == NotSent("nowhere.example cannot be found: no address is known for that name")


PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),  # noqa: S104
    *("255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "no address"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_before_anything_is_sent(address: str) -> None:
    transport = Transport(5, reach=reach(allow_private=False, resolve=lambda _h, _p: ["93.184.216.34", address]))
    with pytest.raises(SetupError) as refused:
        transport.exchange("GET", "https://platform.example/", {"Authorization": "Bearer x"})
    assert refused.value.message == f"platform.example has the address {address}, which is not a public one"


def test_a_refused_address_is_a_value(tmp_path: Path) -> None:
    time_ = Time()
    time_.resolve = lambda _h, _p: ["10.0.0.1"]  # type: ignore[method-assign]
    got = get(export(), tmp_path, time_)
    assert got == Rejected(
        "platform.example has the address 10.0.0.1, which is not a public one",
        "Is the address right? Inside your own network, write allow_private: true.",
    )


def test_plain_http_is_refused_unless_told() -> None:
    with pytest.raises(SetupError) as refused:
        Transport(5, reach=reach(allow_http=False)).exchange("GET", "http://platform.example/", {})
    assert refused.value.message == "The address http://platform.example is not https"


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for platform.example that signs itself, and its key."""
    made, key = tmp_path / "made.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=platform.example",
    ]
    named = ["-addext", "subjectAltName=DNS:platform.example", "-keyout", str(key), "-out", str(made)]
    try:
        subprocess.run([*command, *named], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl here: certificates are not tried")
    return made, key


@pytest.mark.parametrize(
    ("host", "trusted", "good"), [("platform", True, True), ("other", True, False), ("platform", False, False)]
)
def test_a_certificate_must_be_of_the_name_and_not_of_the_address(
    authority: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    trusted: bool,  # noqa: FBT001  # a case
    good: bool,  # noqa: FBT001  # a case
) -> None:
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[0]))
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    def serve(server: socket.socket) -> None:
        taken, _ = server.accept()
        try:
            with context.wrap_socket(taken, server_side=True) as safe:
                safe.recv(65_536)
                safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        transport = Transport(5, reach=reach(allow_http=False, resolve=lambda _h, _p: ["127.0.0.1"]))
        got = transport.exchange("GET", f"https://{host}.example:{server.getsockname()[1]}/", {})
        transport.close()
        thread.join(PATIENCE)
    if good:
        assert isinstance(got, Reply)
        assert got.body == b"ok"
    else:
        assert got == NotTrusted(f"the certificate of {host}.example is not valid")
    assert names == [f"{host}.example"]


def test_a_fetch_that_is_killed_goes_on_where_it_was(alone: World) -> None:
    """A SIGKILL while a page is waited for; then the same command again: each record once, whole file compared."""
    held, asked_for = threading.Event(), []

    def answer(to: BaseHTTPRequestHandler) -> None:
        at = int(asked(to, "cursor") or 0)
        asked_for.append(at)
        if at == 6 and asked_for.count(6) == 1:
            held.set()
            time.sleep(PATIENCE / 10)
        send(to, page([{"id": at}, {"id": at + 1, "name": "x" * 1000}], str(at + 2) if at < 10 else None))

    with serving(answer) as url:
        settings = alone.folder / "connector.yaml"
        settings.write_text(
            settings.read_text()
            + f"exports:\n  platform:\n    url: {url}\n    format: json\n"
            + "    allow_http: true\n    allow_private: true\n"
            + "    paging: {cursor_param: cursor, next: meta.next}\n    auth: {bearer_from: PLATFORM_TOKEN}\n"
        )
        command = [sys.executable, "-m", "connector", "fetch", "--json", "--folder", str(alone.folder)]
        environment = {**os.environ, "PLATFORM_TOKEN": SECRET}
        first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert held.wait(PATIENCE)
        first.send_signal(signal.SIGKILL)
        first.wait(PATIENCE)
        with (alone.folder / "exports" / "platform.part").open("ab") as part:
            part.write(b'{"id": 6}\n{"torn')
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["exports"]["platform"]
    want = "".join(f'{{"id": {at}}}\n{{"id": {at + 1}, "name": "{"x" * 1000}"}}\n' for at in range(0, 12, 2))
    path = Path(told["file"])
    assert path.read_text() == want
    assert (told["records"], told["pages"], told["notes"]) == (12, 6, ["went on after 3 pages fetched before"])
    assert asked_for == [0, 2, 4, 6, 6, 8, 10]
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert SECRET not in done.stdout + done.stderr
