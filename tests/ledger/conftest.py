"""A fresh ledger for each test, on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.ledger import Place, Server, close_store, open_store, server_of


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a new ledger, closed."""
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    open_store(path)
    close_store()
    return path


@pytest.fixture
def ledger_file(tmp_path: Path, empty_file: Path) -> Iterator[Path]:
    """A ledger of its own for the test, open, on SQLite."""
    path = tmp_path / "ledger.db"
    shutil.copy(empty_file, path)
    open_store(path)
    yield path
    close_store()


@pytest.fixture
def ledger_server(database_url: str) -> Server:
    """A ledger of its own for the test, open, on PostgreSQL."""
    server = server_of(database_url)
    open_store(server)
    return server


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest) -> Place:
    """A ledger of its own for the test, open, on each database."""
    place: Place = request.getfixturevalue("ledger_file" if request.param == "sqlite" else "ledger_server")
    return place


@pytest.fixture(params=["sqlite", "postgres"])
def empty_ledger(request: pytest.FixtureRequest) -> Place:
    """A new ledger that tests share and leave as it is, closed, on each database."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("empty_file")
        return path
    return server_of(request.getfixturevalue("databases").empty)
