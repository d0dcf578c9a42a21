"""What the tests of a push start from: an open ledger, and a sandbox that allows many calls a minute."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connector.ledger import Place, close_store
from connector.runs.crashpoints import disarm
from connector.sandbox import Limits, SandboxServer, Switches

pytest.register_assert_rewrite("push_kit")
from push_kit import Sandbox, fresh_ledger, place  # noqa: E402  # its asserts are to tell what they compared


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    switches = Switches(late_commit_seconds=Decimal("0.3"))
    made = SandboxServer(tmp_path / "sandbox.sqlite3", limits=Limits(minute=1000), switches=switches)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def books(server: SandboxServer) -> Sandbox:
    return Sandbox(server.url)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Place]:
    where = place(tmp_path)
    fresh_ledger(where)
    yield where
    disarm()
    close_store()
