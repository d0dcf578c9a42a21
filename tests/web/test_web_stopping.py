"""The page is stopped while something goes on, and a page that fails: what a person is told, and what is kept."""

import logging
import re
import signal
import subprocess
import time
from http import HTTPStatus
from pathlib import Path

import pytest
import requests
from django.test import Client
from serving_kit import process_of
from web_kit import PASSWORD, WAIT_SECONDS, followed, person, signed_in
from world import World, client

from connector.web.checked import FAULTS, FOLDER
from connector.web.peoplefile import FILE
from connector.web.site import Site

ROWS = 60_000
TIME_OUT_SECONDS = 20
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def sent(browser: requests.Session, url: str, address: str, **more: object) -> str:
    """Send a form of a page; the address that it leads to."""
    found = _TOKEN.search(browser.get(url + address, timeout=TIME_OUT_SECONDS).text)
    assert found is not None
    data = {"csrfmiddlewaretoken": found[1], **dict(more.pop("data", {}))}  # type: ignore[call-overload]
    answer = browser.post(
        url + address,
        data=data,
        headers={"Referer": url + address},
        timeout=TIME_OUT_SECONDS,
        **more,  # type: ignore[arg-type]
    )
    return answer.url.removeprefix(url)


def got(browser: requests.Session, address: str) -> requests.Response:
    return browser.get(address, timeout=TIME_OUT_SECONDS)


def test_a_work_goes_on_to_its_end_when_the_page_is_stopped_and_the_next_start_shows_it(alone: World) -> None:
    path = Path(alone.clients(*(client(f"C-{one}") for one in range(ROWS))))
    browser = requests.Session()
    with process_of(alone.folder, complaints=subprocess.PIPE) as (process, url, first):
        join = first.removeprefix(url)
        given = {"key": join.partition("key=")[2], "name": "Ada", "password": PASSWORD, "again": PASSWORD}
        sent(browser, url, join, data=given)
        with path.open("rb") as file:
            work = sent(browser, url, "/uploads/", files={"files": (path.name, file)})
        assert work == "/works/1/"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=TIME_OUT_SECONDS)
        assert process.returncode == 0
        assert "Checking the files (started by Ada) goes on by itself to its end." in " ".join(told.split())
        assert "Traceback" not in told
    with process_of(alone.folder) as (_, url, first):
        assert first == ""
        sent(browser, url, "/sign-in/", data={"username": "Ada", "password": PASSWORD})
        end = time.monotonic() + WAIT_SECONDS
        while "/works/" in (page := got(browser, f"{url}/uploads/1/")).url and time.monotonic() < end:
            time.sleep(0.2)
        assert page.url == f"{url}/uploads/1/"
        assert f"{ROWS:,} record" in page.text
    assert (alone.folder / FILE).is_file()


def test_a_page_that_fails_gives_a_reference_and_no_traceback_and_the_log_has_it(
    world: World, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    ada = signed_in(person("Ada", "admin"))
    with Path(world.clients(client("C-1", created="2025-13-01"))).open("rb") as file:
        followed(ada, ada.post("/uploads/", {"files": [file]}))
    (site.uploads(1) / FOLDER / FAULTS).write_bytes(b"ARROW1 and nothing of it")
    browser = Client(raise_request_exception=False)
    browser.cookies = ada.cookies
    with caplog.at_level(logging.ERROR, "connector.web"):
        answer = browser.get("/uploads/1/faults/")
    page = answer.content.decode()
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    reference = re.search(r"Tell whoever runs the page this reference: (connector-defect-\w+)\. What was done", page)
    assert reference is not None, page
    assert "This is a defect of the program: " in page
    for word in ("Traceback", "File &quot;", "/tmp", str(site.folder)):  # noqa: S108 - nothing is written there
        assert word not in page
    written = re.search(rf"Its details are in (\S+{reference[1]}\.txt); send them", caplog.text)
    assert written is not None, caplog.text
    assert "GET /uploads/1/faults/: this is a defect of the program" in caplog.text
    details = Path(written[1])
    assert "Traceback (most recent call last)" in details.read_text(encoding="utf-8")
    assert details.stat().st_mode & 0o077 == 0
    details.unlink()
    assert ada.get("/uploads/").status_code == HTTPStatus.OK
