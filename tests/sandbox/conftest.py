from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox import UK_BOOKS, SandboxServer
from connector.sandbox.quickbooks import UK_COMPANY, US_OLDER_COMPANY

pytest.register_assert_rewrite("sandbox_client", "quickbooks_client")
from quickbooks_client import QuickBooksClient  # noqa: E402  # its asserts are to tell what they compared
from sandbox_client import Client  # noqa: E402  # as above


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


@pytest.fixture
def books(server: SandboxServer) -> Iterator[QuickBooksClient]:
    """QuickBooks in the United States, with automated sales tax; slow enough for no limit of the second."""
    with QuickBooksClient(server.url) as client:
        client.control("POST", "limits", {"second": 1000})
        yield client


@pytest.fixture
def older(books: QuickBooksClient) -> Iterator[QuickBooksClient]:
    with QuickBooksClient(books.url, US_OLDER_COMPANY) as client:
        yield client


@pytest.fixture
def british(books: QuickBooksClient) -> Iterator[QuickBooksClient]:
    with QuickBooksClient(books.url, UK_COMPANY) as client:
        yield client
