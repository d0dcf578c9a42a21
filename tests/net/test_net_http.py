"""One exchange, sent at most once; a failure says whether anything left. Against real sockets."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
import requests
import responses
from urllib3.exceptions import MaxRetryError, SSLError

from connector.net.errors import SetupError
from connector.net.http import LARGEST_ANSWER, NoAnswer, NotSent, NotTrusted, Reply, Transport, Unusable


@contextmanager
def listening(answer: Callable[[socket.socket, bytes], object]) -> Iterator[str]:
    """A server that takes connections one by one, reads once, and treats each as told; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ended = False

        def serve() -> None:
            while not ended:
                try:
                    taken, _ = server.accept()
                except TimeoutError:
                    continue
                with taken:
                    taken.settimeout(5)
                    answer(taken, taken.recv(65536))

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ended = True
        thread.join()


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(0.5)
    yield made
    made.close()


def test_an_answer_of_any_status_is_a_reply(transport: Transport) -> None:
    def answer(taken: socket.socket, _request: bytes) -> None:
        taken.sendall(b"HTTP/1.1 503 Busy\r\nX-Some-Header: 7\r\nContent-Length: 4\r\n\r\nbody")

    with listening(answer) as url:
        got = transport.exchange("GET", url, {})
    assert got == Reply(503, {"x-some-header": "7", "content-length": "4"}, b"body")


def test_a_dropped_connection_is_no_answer_and_is_not_tried_again(transport: Transport) -> None:
    seen = []
    with listening(lambda taken, _: seen.append(taken.fileno())) as url:
        got = transport.exchange("PUT", url, {}, b"{}")
    assert got == NoAnswer("the connection to 127.0.0.1 ended before the answer (ConnectionError)")
    assert len(seen) == 1


def test_half_an_answer_is_no_answer(transport: Transport) -> None:
    with listening(lambda taken, _: taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")) as url:
        assert isinstance(transport.exchange("PUT", url, {}, b"{}"), NoAnswer)


def test_an_answer_that_does_not_begin_is_no_answer(transport: Transport) -> None:
    with listening(lambda taken, _: [*iter(lambda: taken.recv(100), b"")]) as url:
        got = transport.exchange("PUT", url, {}, b"{}")
    assert got == NoAnswer("127.0.0.1 did not answer in time")


@responses.activate
def test_an_answer_that_does_not_end_is_no_answer() -> None:
    responses.get("https://xero.example/x", body=b"x" * 200_000)
    ticks = count(0, 100)
    transport = Transport(5, lambda: float(next(ticks)))
    assert transport.exchange("GET", "https://xero.example/x", {}) == NoAnswer("the answer did not end in time")


@responses.activate
def test_an_answer_that_is_too_large_is_no_answer(transport: Transport) -> None:
    responses.get("https://xero.example/x", body=b"x" * (LARGEST_ANSWER + 1))
    assert transport.exchange("GET", "https://xero.example/x", {}) == Unusable("the answer is larger than 32 MB")


def test_a_refused_connection_was_not_sent(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert transport.exchange("PUT", url, {}, b"{}") == NotSent("127.0.0.1 cannot be reached")


def test_a_redirect_is_not_followed(transport: Transport) -> None:
    seen = []

    def answer(taken: socket.socket, _request: bytes) -> None:
        seen.append(taken.fileno())
        taken.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    with listening(answer) as url:
        got = transport.exchange("GET", url, {"Authorization": "Bearer x"})
    assert isinstance(got, Reply)
    assert (got.status, len(seen)) == (302, 1)


def test_a_netrc_file_does_not_replace_our_authorization(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    heard = []

    def answer(taken: socket.socket, request: bytes) -> None:
        heard.append(b"Authorization: Bearer ours" in request and b"Basic" not in request)
        taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with listening(answer) as url:
        transport.exchange("GET", url, {"Authorization": "Bearer ours"})
    assert heard == [True]


@pytest.mark.parametrize(
    "url", ["http://api.xero.com/x", "http://10.0.0.1/", "ftp://127.0.0.1/", "https:///x", "http://localhost.example/"]
)
def test_plain_http_is_for_this_machine_only(transport: Transport, url: str) -> None:
    with pytest.raises(SetupError):
        transport.exchange("GET", url, {})


def test_localhost_is_this_machine(transport: Transport) -> None:
    assert isinstance(transport.exchange("GET", "http://localhost:9/", {}), NotSent)


URL = "https://xero.example/x"
_BAD_CERTIFICATE = SSLError(ssl.SSLCertVerificationError("certificate has expired"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            requests.exceptions.ConnectTimeout(),
            NotSent("xero.example did not accept a connection within 10 seconds"),
        ),
        (
            requests.exceptions.SSLError(MaxRetryError(None, URL, _BAD_CERTIFICATE)),  # type: ignore[arg-type]
            NotTrusted("the certificate of xero.example is not valid"),
        ),
        (
            requests.exceptions.SSLError(MaxRetryError(None, URL, SSLError())),  # type: ignore[arg-type]
            NoAnswer("the connection to xero.example ended before the answer (SSLError)"),
        ),
        (requests.exceptions.InvalidHeader("secret"), NotSent("the request to xero.example could not be written")),
        (
            requests.exceptions.ChunkedEncodingError("secret"),
            NoAnswer("the connection to xero.example ended before the answer (ChunkedEncodingError)"),
        ),
    ],
)
@responses.activate
def test_a_fault_is_told_in_our_own_words(transport: Transport, error: Exception, expected: NotSent | NoAnswer) -> None:
    responses.get(URL, body=error)
    assert transport.exchange("GET", URL, {}) == expected
