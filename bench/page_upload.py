"""Whether an upload of 100,000 rows blocks others: the times of other pages meanwhile, by those of an idle server.

The server is the one that people start, in a process of its own; the workbook goes in by its form, and is checked and
compared as any other. Meanwhile one person asks page after page. Exit code 1 when a threshold is passed.
"""

import os
import re
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import requests
from openpyxl import Workbook

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from bench_kit import judge  # noqa: E402 - after the path of the kits
from bench_rows import HEADER, client_rows  # noqa: E402 - as above
from serving_kit import served  # noqa: E402 - as above

from connector.runs.starter import make_folder  # noqa: E402 - as above

ROWS, IDLE_ROUNDS = 100_000, 20
PAGES = ("/overview/", "/runs/", "/clients/", "/uploads/", "/people/")
PASSWORD = "a long enough secret"  # noqa: S105 - of a person who does not exist
TIME_OUT_SECONDS = 120
MOST_BY_IDLE, MOST_BY_CHECK = 4.0, 0.1
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Browser:
    """Somebody who is signed in."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self._url, self._session = url, session

    def get(self, address: str) -> str:
        """A page's text.

        Raises:
            RuntimeError: the answer is none.
        """
        answer = self._session.get(self._url + address, timeout=TIME_OUT_SECONDS)
        if answer.status_code != HTTPStatus.OK:
            message = f"{address}: {answer.status_code}"
            raise RuntimeError(message)
        return answer.text

    def post(self, address: str, **more: object) -> str:
        """What a form leads to: an address."""
        found = _TOKEN.search(self.get(address))
        assert found is not None
        data = {**dict(more.pop("data", {})), "csrfmiddlewaretoken": found[1]}  # type: ignore[call-overload]
        headers = {"Referer": self._url + address}
        answer = self._session.post(
            self._url + address,
            data=data,
            headers=headers,
            timeout=TIME_OUT_SECONDS,
            **more,  # type: ignore[arg-type]
        )
        return answer.url.removeprefix(self._url)


def workbook(path: Path) -> Path:
    """A workbook of so many clients."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Clients")
    sheet.append(HEADER)
    for row in client_rows(ROWS):
        sheet.append(row)
    book.save(path)
    return path


def asked(browser: Browser, go_on: Callable[[int], bool]) -> list[float]:
    """Seconds of each answer, page after page, for as long as it goes on."""
    taken: list[float] = []
    while go_on(len(taken)):
        begun = time.perf_counter()
        browser.get(PAGES[len(taken) % len(PAGES)])
        taken.append(time.perf_counter() - begun)
    return taken


def measured(place: Path) -> tuple[list[float], list[float], float]:
    """Seconds of answers of an idle server, of those during the upload, and how long that took until it was checked."""
    make_folder(place / "work", "http://127.0.0.1:9")
    book = workbook(place / "clients.xlsx")
    with served(place / "work") as (url, first):
        session = requests.Session()
        ada = Browser(url, session)
        key = first.removeprefix(url)
        ada.post(key, data={"key": key.partition("key=")[2], "name": "Ada", "password": PASSWORD, "again": PASSWORD})
        over = threading.Event()
        asked(ada, lambda count: count < len(PAGES))
        idle = asked(ada, lambda count: count < IDLE_ROUNDS * len(PAGES))
        begun = time.perf_counter()
        window = requests.Session()  # a second one of the same person
        window.cookies.update(session.cookies)
        sender = threading.Thread(target=_send, args=(Browser(url, window), book, over), daemon=True)
        sender.start()
        during = asked(ada, lambda _: not over.is_set())
        seconds = time.perf_counter() - begun
        if f"{ROWS:,} record" not in ada.get("/uploads/1/"):
            message = "the upload was not read"
            raise RuntimeError(message)
        return idle, during, seconds


def _send(browser: Browser, book: Path, over: threading.Event) -> None:
    """Upload, and wait until it is checked."""
    try:
        with book.open("rb") as file:
            to = browser.post("/uploads/", files={"files": (book.name, file)})
        while 'http-equiv="refresh"' in browser.get(to):
            time.sleep(0.5)
    finally:
        over.set()


def main() -> int:
    """Measure, print, judge."""
    with TemporaryDirectory() as place:
        idle, during, seconds = measured(Path(place))
    print(
        f"\nOther pages while {ROWS:,} rows are uploaded and checked ({seconds:.1f} s); load {os.getloadavg()[0]:.1f}"
    )
    for name, taken in (("idle", idle), ("meanwhile", during)):
        told = f"median {median(taken) * 1000:6.1f} ms  worst {max(taken) * 1000:7.1f} ms"
        print(f"  {name:10} {told}  {len(taken)} answers of {', '.join(PAGES)}")
    within = judge("median by that of an idle server", median(during) / median(idle), MOST_BY_IDLE)
    within &= judge("worst by the time of the whole check", max(during) / seconds, MOST_BY_CHECK)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
