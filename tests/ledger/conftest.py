"""A fresh ledger for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.ledger import close_store, open_store


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a new ledger, closed."""
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    open_store(path)
    close_store()
    return path


@pytest.fixture
def ledger(tmp_path: Path, empty_ledger: Path) -> Iterator[Path]:
    """A ledger of its own for the test, open."""
    path = tmp_path / "ledger.db"
    shutil.copy(empty_ledger, path)
    open_store(path)
    yield path
    close_store()
