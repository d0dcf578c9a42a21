"""Fixtures that more than one room uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import World

from connector import ledger
from connector.sandbox import SandboxServer


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    """A sandbox on a free port, with its books in the test's folder."""
    server = SandboxServer(state=tmp_path / "books.sqlite3", host="127.0.0.1", port=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def world(tmp_path: Path, sandbox: SandboxServer) -> Iterator[World]:
    """A working folder bound to a sandbox."""
    yield World(tmp_path / "work", sandbox)
    ledger.close_store()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[World]:
    """A working folder whose accounting system cannot be reached."""
    yield World(tmp_path / "work", None)
    ledger.close_store()
