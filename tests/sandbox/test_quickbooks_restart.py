"""The sandbox as a process: what survives kill -9, and how far a batch came."""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from quickbooks_client import QuickBooksClient, invoice, item

from connector.sandbox import QuickBooks, SandboxServer
from connector.sandbox.quickbooks import Limits, Switches

ROOT = Path(__file__).parents[2]


@contextmanager
def process(state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "connector.sandbox", "--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def test_everything_survives_kill_9(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite3"
    with process(state) as (first, url), QuickBooksClient(url) as client:
        made = client.made("invoice", invoice(client.customer(), "A-1"), params={"requestid": "r"})
        client.switch(duplicate_numbers="refuse", late_commit_seconds=0.5)
        client.control("POST", "limits", {"minute": 300})
        client.control("POST", "organisation", {"tenant": "US-COMPANY", "BookCloseDate": "2026-01-31"})
        client.fault("unavailable_503", path="item")
        wanted = [client.control("GET", path) for path in ("declaration", "faults")]
        token = client.session.headers["Authorization"]
        first.send_signal(signal.SIGKILL)
        first.wait()
    with process(state) as (_, url), QuickBooksClient(url) as client:
        client.session.headers["Authorization"] = token
        assert [client.control("GET", path) for path in ("declaration", "faults")] == wanted
        assert [client.get("item/21").status_code for _ in range(2)] == [503, 200]
        assert client.get("preferences").json()["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-01-31"
        again = client.made("invoice", invoice(made["CustomerRef"]["value"], "A-1"), params={"requestid": "r"})
        assert (again, client.held()) == (made, {"open": 1})


@pytest.mark.parametrize("delay_ms", [100, 250])
def test_kill_9_in_the_middle_of_a_batch_leaves_a_part_of_it(tmp_path: Path, delay_ms: int) -> None:
    state = tmp_path / "sandbox.sqlite3"
    with process(state) as (running, url), QuickBooksClient(url) as client:
        customer = client.customer()
        client.switch(latency_ms_per_item=50)
        asked = [item(str(n), invoice(customer, f"A-{n}")) for n in range(30)]

        def push() -> None:
            with contextlib.suppress(requests.RequestException):
                client.batch(*asked, params={"requestid": "r"})

        pushing = threading.Thread(target=push)
        pushing.start()
        time.sleep(delay_ms / 1000)
        while not client.held():
            time.sleep(0.01)
        running.kill()
        pushing.join()
    server = SandboxServer(state, quickbooks=QuickBooks(limits=Limits(), switches=Switches()))
    server.start()
    with QuickBooksClient(server.url) as client:
        kept = client.held()["open"]
        client.batch(*asked, params={"requestid": "r"})
        after = client.held()["open"]
    server.stop()
    assert 0 < kept < 30
    assert after == 30


def test_settings_given_in_code_win(tmp_path: Path) -> None:
    for limits, expected in ((Limits(minute=7), 7), (None, 7), (Limits(minute=8), 8)):
        server = SandboxServer(tmp_path / "sandbox.sqlite3", quickbooks=QuickBooks(limits=limits))
        server.start()
        told = requests.get(f"{server.url}/sandbox/quickbooks/declaration", timeout=5).json()
        assert told["limits"]["minute"] == expected
        server.stop()
