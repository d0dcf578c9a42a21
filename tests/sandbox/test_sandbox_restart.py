"""The sandbox as a process: restarts, kill -9, ports in use."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sandbox_client import BULK, Client, invoice

from connector.sandbox import Limits, SandboxServer, StateError, serve, store

ROOT = Path(__file__).parents[2]


@contextmanager
def process(state: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "connector.sandbox", "--state", str(state), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def test_everything_survives_kill_9(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "sandbox.sqlite3"
    with process(state) as (first, url), Client(url) as client:
        client.put("Invoices", {"Invoices": [invoice(client.contact(), "A-1")]}, headers={"Idempotency-Key": "k"})
        client.control("POST", "switches", {"strict_fields": False, "late_commit_seconds": 0.5})
        client.control("POST", "limits", {"minute": 50})
        client.control("POST", "organisation", {"tenant": "UK-BOOKS", "PeriodLockDate": "2026-01-31"})
        client.control("POST", "clock", {"advance_seconds": 100})
        client.fault("unavailable_503", path="Items")
        wanted = [client.control("GET", path) for path in ("counts", "declaration", "faults")]
        first.send_signal(signal.SIGKILL)
        first.wait()
        token = client.session.headers["Authorization"]
    with process(state) as (_, url), Client(url) as client:
        requests_before = wanted[0]["requests"]["total"]
        held = client.control("GET", "counts")
        assert (held["tenants"], held["requests"]["total"]) == (wanted[0]["tenants"], requests_before + 1)
        assert [client.control("GET", path) for path in ("declaration", "faults")] == wanted[1:]
        client.session.headers["Authorization"] = token
        assert [client.get("Items").status_code for _ in range(2)] == [503, 200]
        assert client.get("Invoices/A-1").json()["Invoices"][0]["Total"] == 108.25


@pytest.mark.parametrize("delay_ms", [5, 15, 30])
def test_kill_9_in_the_middle_of_bulk_calls_leaves_whole_batches(tmp_path: Path, delay_ms: int) -> None:
    state = tmp_path / "sandbox.sqlite3"
    with process(state) as (running, url), Client(url) as client:
        contact = client.contact()
        acknowledged: list[int] = []

        def push() -> None:
            with contextlib.suppress(requests.RequestException):
                for batch in range(40):
                    body = {"Invoices": [invoice(contact, f"B-{batch}-{n}") for n in range(50)]}
                    client.put("Invoices", body, params=BULK, judged=False)
                    acknowledged.append(batch)

        pushing = threading.Thread(target=push)
        pushing.start()
        while not acknowledged:
            time.sleep(0.001)
        time.sleep(delay_ms / 1000)
        os.kill(running.pid, signal.SIGKILL)
        pushing.join()
    server = SandboxServer(state)
    server.start()
    with Client(server.url) as client:
        kept = client.invoices()["AUTHORISED"]
    server.stop()
    assert kept % 50 == 0
    assert len(acknowledged) <= kept // 50 <= len(acknowledged) + 1


def test_sigterm_ends_the_process_in_peace(tmp_path: Path) -> None:
    with process(tmp_path / "sandbox.sqlite3") as (running, url):
        assert requests.get(f"{url}/health", timeout=5).status_code == 200
        running.terminate()
        assert running.wait(timeout=5) == 0


def test_a_port_in_use_is_an_oserror(tmp_path: Path, server: SandboxServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        SandboxServer(tmp_path / "other.sqlite3", port=port).start()
    with pytest.raises(OSError, match="in use"):
        serve(tmp_path / "other.sqlite3", "127.0.0.1", port, print)
    with pytest.raises(RuntimeError, match="not been started"):
        _ = SandboxServer(tmp_path / "other.sqlite3").url


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "notes.txt"
    state.write_text("dear diary, " * 100)
    for path in (state, tmp_path):
        with pytest.raises(StateError, match="cannot be used as a sandbox state file"):
            SandboxServer(path).start()


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite3"
    with contextlib.closing(sqlite3.connect(state)) as db:
        db.execute("pragma user_version=99")
    with pytest.raises(StateError, match="version 99"):
        SandboxServer(state).start()


def test_a_state_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite3"
    with contextlib.closing(sqlite3.connect(state)) as db:
        db.executescript(f"{store.STEPS[0]} pragma user_version=1;")
        db.execute("insert into faults values (1, 'unavailable_503', 1, 0, '', '', '', '', 0)")
        db.commit()
    server = SandboxServer(state)
    server.start()
    with Client(server.url) as client:
        assert [client.get("Items").status_code for _ in range(2)] == [503, 200]
    server.stop()


def test_settings_given_in_code_win(tmp_path: Path) -> None:
    for limits, expected in ((Limits(minute=7), 7), (None, 7), (Limits(minute=8), 8)):
        server = SandboxServer(tmp_path / "sandbox.sqlite3", limits=limits)
        server.start()
        assert requests.get(f"{server.url}/sandbox/declaration", timeout=5).json()["limits"]["minute"] == expected
        server.stop()


def test_a_stopped_server_closes_its_connections_and_can_start_again(tmp_path: Path) -> None:
    server = SandboxServer(tmp_path / "sandbox.sqlite3")
    server.start()
    with requests.Session() as session:
        url = server.url
        assert session.get(f"{url}/health", timeout=5).status_code == 200
        server.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(f"{url}/health", timeout=5)
    server.start()
    assert requests.get(f"{server.url}/health", timeout=5).status_code == 200
    server.stop()


def test_half_a_body_does_nothing(us: Client) -> None:
    host, port = us.url.removeprefix("http://").split(":")
    body = b'{"kind": "slow"}'
    head = f"POST /sandbox/faults HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body) + 1}\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(head + body)
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(100) == b""
    assert us.control("GET", "faults") == {"faults": []}
