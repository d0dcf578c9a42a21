"""A real Tryton for the tests, run by themselves on a free port: its database is a copy of the prepared one.

`tools/tryton.sh` makes both. What a stranger would get wrong: a server keeps its database open, so that one is put
back by copying into it, and never by replacing its file.
"""

import base64
import json
import os
import socket
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

HOME = Path(__file__).parents[1] / ".venv-tryton"
BOOKS = HOME.parent / "tools" / "tryton_books.py"
MODULES = ("ir", "res", "account_invoice", "account_product")
REQUIRED = "CONNECTOR_TRYTON"
LACKING = "no Tryton on this machine (tools/tryton.sh makes one): nothing is tested against a real ledger"
DATABASE = "billing"
PASSWORD = "not-a-secret-billing"  # noqa: S105 - of users of a database that holds nothing but samples
ADMIN_PASSWORD = "not-a-secret-admin"  # noqa: S105 - as above
_START_SECONDS = 60


def need() -> None:
    """Go on where there is a Tryton; else skip the test, or fail it where one is required."""
    if not (HOME / "books.sqlite").is_file():
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(LACKING)
        pytest.skip(LACKING)


@dataclass
class TrytonServer:
    """A server in a folder of its own.

    Attributes:
        folder: where its database, settings and log are.
        postgres: the URL of an empty database of a PostgreSQL server, to be prepared and used; else a copied file is.
        idle_seconds: after so long without a call a session is too old to post.
        keeps: go on with the database that stands in the folder, where there is one.
    """

    folder: Path
    postgres: str = ""
    idle_seconds: int = 300
    keeps: bool = False
    port: int = field(default=0, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> str:
        """Its name, which is a part of the address."""
        return urlsplit(self.postgres).path.removeprefix("/") or DATABASE

    def start(self) -> None:
        """Bring the prepared database, start, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = int(one.getsockname()[1])
        where = urlsplit(self.postgres)._replace(path="").geturl() + "/" if self.postgres else "sqlite://"
        self._settings.write_text(
            f"[database]\nuri = {where}\npath = {self.folder}\n[web]\nlisten = 127.0.0.1:{self.port}\n"
            f"[session]\ntimeout = {self.idle_seconds}\n"
        )
        if self.postgres:
            self._prepare()
        elif not (self.keeps and self._file.exists()):
            self.put_back()
        with (self.folder / "log").open("ab") as log:
            command = [str(HOME / "bin" / "trytond"), "-c", str(self._settings), "-d", self.database]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    @property
    def _settings(self) -> Path:
        return self.folder / "trytond.conf"

    def _prepare(self) -> None:
        """Prepare the empty database as `tools/tryton.sh` does."""
        (self.folder / "password").write_text(f"{ADMIN_PASSWORD}\n")
        settings, bin_folder = str(self._settings), HOME / "bin"
        active = ["-u", *MODULES, "--activate-dependencies", "--email", "admin@example.com"]
        for command in (
            [str(bin_folder / "trytond-admin"), "-c", settings, "-d", self.database, *active],
            [str(bin_folder / "python"), str(BOOKS), self.database, settings],
        ):
            environment = {**os.environ, "TRYTONPASSFILE": str(self.folder / "password"), "TRYTOND_CONFIG": settings}
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            assert done.returncode == 0, done.stderr[-2000:]

    def put_back(self) -> None:
        """Make the database as it was prepared, whatever was done to it; the server may be running."""
        with closing(sqlite3.connect(HOME / "books.sqlite")) as prepared, closing(sqlite3.connect(self._file)) as own:
            prepared.backup(own)

    @property
    def _file(self) -> Path:
        return self.folder / f"{DATABASE}.sqlite"

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement past the server; `?` stands for a value."""
        if self.postgres:
            with psycopg.connect(self.postgres, autocommit=True) as connection:
                done = connection.execute(sql.replace("%", "%%").replace("?", "%s").encode(), values)
                return done.fetchall() if done.description else []
        with closing(sqlite3.connect(self._file, timeout=30)) as own:
            rows = own.execute(sql, values).fetchall()
            own.commit()
            return rows

    def call(self, method: str, *params: object, user: str = "billing-us") -> Any:
        """Call the server as a person with a plain client would; the last parameter is the context."""
        password = ADMIN_PASSWORD if user == "admin" else PASSWORD
        told = self.raw("common.db.login", user, {"password": password}, "en")
        token = self.raw(method, *params, session=(user, *told.json()["result"][:2]))
        answer = token.json()
        assert "result" in answer, json.dumps(answer)[:2000]
        return answer["result"]

    def raw(self, method: str, *params: object, session: tuple[object, ...] = ()) -> requests.Response:
        signed = base64.b64encode(":".join(map(str, session)).encode()).decode()
        headers = {"Authorization": f"Session {signed}"} if session else {}
        body = {"id": 1, "method": method, "params": list(params)}
        return requests.post(f"{self.url}/{self.database}/rpc/", json=body, headers=headers, timeout=60)

    def _answers(self) -> bool:
        with suppress(requests.ConnectionError):
            body = {"id": 1, "method": "common.server.version", "params": []}
            return requests.post(f"{self.url}/rpc/", json=body, timeout=5).status_code == 200
        return False
