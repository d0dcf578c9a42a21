"""Fixtures that more than one room uses."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from coverage.exceptions import CoverageWarning
from django.conf import settings
from postgres_server import Databases, running
from tryton_server import TrytonServer, need
from world import World

from connector import ledger
from connector.sandbox import SandboxServer
from connector.web import settings as page

# The page's settings hold those of the ledger. Django is configured once in a process, whatever tests run in it.
page.configure("a secret of tests, which protects nothing of anybody", [*page.HERE, "testserver"])
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real ones take half a second


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test that is marked `unmeasured` runs as any other, without being slowed down by the measuring of coverage."""
    measuring = Coverage.current() if item.get_closest_marker("unmeasured") else None
    if measuring is None:
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoverageWarning)  # that it starts after what it measures was imported
            measuring.start()


@pytest.fixture(autouse=True)
def _readers_unmeasured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no process that the product starts to read a file: half its time would go into that.

    Measured are the programs that a test starts by itself, for which its module imports `subprocess`, and the process
    that proves rules, in the tests of the rulebook.
    """
    starts = "subprocess" in vars(request.module) or request.path.parent.name == "rulebook"
    if not starts or request.node.get_closest_marker("unmeasured"):
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL server for this run of the tests, started when the first test asks for it."""
    with running() as made:
        yield made


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of its own for the test, with a new ledger."""
    url = databases.make()
    yield url
    ledger.close_store()
    databases.drop(url)


@pytest.fixture
def on_postgres(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger of every working folder of the test is in a database of a server."""
    monkeypatch.setenv("CONNECTOR_LEDGER", database_url)


@pytest.fixture(params=["sqlite", "postgres"])
def on_each_database(request: pytest.FixtureRequest) -> None:
    """The ledger of every working folder of the test is in its folder, and then in a database of a server."""
    if request.param == "postgres":
        request.getfixturevalue("on_postgres")


@pytest.fixture(scope="session")
def tryton_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonServer]:
    """A Tryton for this run of the tests, started when the first test asks for it."""
    need()
    server = TrytonServer(tmp_path_factory.mktemp("tryton"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tryton(tryton_running: TrytonServer) -> TrytonServer:
    """A Tryton whose database is as it was prepared."""
    tryton_running.put_back()
    return tryton_running


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
