from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox import UK_BOOKS, SandboxServer

pytest.register_assert_rewrite("sandbox_client")
from sandbox_client import Client  # noqa: E402  # its asserts are to tell what they compared


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    made = SandboxServer(tmp_path / "sandbox.sqlite3")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def us(server: SandboxServer) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.fixture
def uk(server: SandboxServer) -> Iterator[Client]:
    with Client(server.url, UK_BOOKS) as client:
        yield client
