"""The page of a working folder as tests ask it: Django's own client, in this process, and people of every role."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.test import Client

from connector.runs import workspace
from connector.runs.asking import Clock
from connector.web.peoplefile import FILE, open_people
from connector.web.site import Site, serve_site

PASSWORD = "a long enough secret"  # noqa: S105 - of people who do not exist
WAIT_SECONDS = 60.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def put_people(path: Path) -> None:
    """Put a new file of people at this place: a copy, since to make one takes longer than most tests."""
    path.write_bytes(_empty())
    open_people(path)


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.sqlite3"
        open_people(path)
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def serve_here(folder: Path) -> Site:
    """Serve a working folder in this process, with new people."""
    site = Site(folder.resolve(), Clock(lambda: datetime.now(UTC), lambda _seconds: None))
    serve_site(site)
    put_people(site.folder / FILE)
    workspace.open_ledger(site.config())
    return site


def person(name: str, role: str, partner: str = "") -> Any:
    """A person who may sign in."""
    from connector.web.models import Person  # noqa: PLC0415 - Django is configured by the tests' conftest

    made = Person(name=name, role=role, partner_id=partner, made_at=datetime.now(UTC))
    made.set_password(PASSWORD)
    made.save()
    return made


def signed_in(who: Any) -> Client:
    """A browser in which this person is signed in."""
    client = Client(enforce_csrf_checks=False)
    client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
    return client


def token(page: Any) -> str:
    """The token of a page's form."""
    found = _TOKEN.search(page.content.decode())
    assert found is not None, page.content
    return found.group(1)


def rows_of(page: Any) -> Iterator[list[str]]:
    """The rows of a page's tables, as texts."""
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", page.content.decode(), re.DOTALL):
        yield [
            re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]


def text_of(page: Any) -> str:
    """What a page says, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def followed(browser: Client, answer: Any) -> Any:
    """Follow an answer until no work goes on any more."""
    end = time.monotonic() + WAIT_SECONDS
    while answer.status_code == HTTPStatus.FOUND or "/works/" in answer.request["PATH_INFO"]:
        assert time.monotonic() < end, answer.content
        if answer.status_code == HTTPStatus.OK and "refresh" not in answer.content.decode():
            return answer  # a work that failed, and says so
        time.sleep(0.1)
        answer = browser.get(
            answer["Location"] if answer.status_code == HTTPStatus.FOUND else answer.request["PATH_INFO"]
        )
    return answer


def approved(browser: Client, run: str) -> Any:
    """Approve a run; its page."""
    page = followed(browser, browser.post(f"/runs/{run}/approve/"))
    assert page.request["PATH_INFO"] == f"/runs/{run}/", page.content
    return page
