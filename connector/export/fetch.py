"""One export, page by page, into a file. What is there when it stops stays, and the next fetch goes on from there."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from connector.export.client import LATER, Client
from connector.export.declare import JSON, Export, Paging
from connector.export.outcomes import Fetched, Rejected, RetryLater
from connector.export.partfile import BusyError, PartFile, write_whole
from connector.net.addresses import system_addresses
from connector.net.http import Reach, Transport

Outcome = Fetched | Rejected | RetryLater
Report = Callable[[str, int, int], None]
_MEGABYTE = 1_000_000
_TOTAL_BY_WAIT = 10  # an exchange may take this many times its time-out in all
_PAGE_SECONDS = 300
_RESTART = "Compare paging: with the platform's documentation, then fetch with --restart."


@dataclass(frozen=True)
class World:
    """What fetching needs of the world: the time in UTC, waiting, seconds that only grow, and names' addresses."""

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    resolve: Callable[[str, int], Sequence[str]] = system_addresses


def fetch(export: Export, folder: Path, secret: str, world: World, report: Report, *, restart: bool = False) -> Outcome:
    """Fetch one export.

    Args:
        export: what to fetch.
        folder: where its file goes.
        secret: the value of the variable its auth names; "" for none.
        world: time and names.
        report: told after each page: the name, and the records and bytes that are there.
        restart: throw away what an earlier fetch has left.
    """
    reach = Reach(
        allow_http=export.allow_http,
        allow_private=export.allow_private,
        total_seconds=export.time_out_seconds * _TOTAL_BY_WAIT,
        largest_bytes=export.largest_mb * _MEGABYTE,
        resolve=world.resolve,
    )
    transport = Transport(export.time_out_seconds, world.monotonic, reach)
    client = Client(export, secret, transport, world.clock, world.sleep)
    try:
        if export.format == JSON and (export.paging or export.records):
            return _fetch_pages(export, folder, client, world, report, restart=restart)
        return _fetch_whole(export, folder, client, world, report)
    finally:
        transport.close()


def _fetch_whole(export: Export, folder: Path, client: Client, world: World, report: Report) -> Outcome:
    got = client.get(export.url)
    if not isinstance(got, bytes):
        return got
    if not got.strip():
        return Rejected("the answer is empty", "Check the url.")
    report(export.name, 0, len(got))
    path = write_whole(folder, export.name, got, world.clock(), export.format)
    return Fetched(path, None, 1, len(got))


def _fetch_pages(
    export: Export, folder: Path, client: Client, world: World, report: Report, *, restart: bool
) -> Outcome:
    try:
        part = PartFile(folder, export.name, export.digest, restart=restart)
    except BusyError:
        return RetryLater(world.clock() + LATER, f"another process is fetching {export.name}")
    try:
        begun = part.at.pages
        while not part.at.done:
            stopped = _fetch_page(export, part, client)
            if isinstance(stopped, RetryLater):
                return RetryLater(stopped.not_before, stopped.reason, part.at.pages, part.at.records)
            if stopped is not None:
                return stopped
            report(export.name, part.at.records, part.at.size)
        path = part.finish(world.clock(), "ndjson")
    finally:
        part.close()
    went_on = f"went on after {begun} page{'s' if begun > 1 else ''} fetched before" if begun else ""
    notes = tuple(note for note in (part.note, went_on) if note)
    return Fetched(path, part.at.records, part.at.pages, part.at.size, notes)


def _fetch_page(export: Export, part: PartFile, client: Client) -> Rejected | RetryLater | None:
    """Fetch the next page into the part; what comes back says why it could not be."""
    at, where = part.at, f"page {part.at.pages + 1}"
    if at.pages >= export.most_pages:
        return Rejected(f"there are more than {export.most_pages:,} pages", f"Raise most_pages. {_RESTART}")
    if _leads_elsewhere(export, at.cursor):
        return Rejected(f"{where} is on another host than the one declared", _RESTART)
    got = client.get(_address(export, at.cursor))
    if not isinstance(got, bytes):
        return got
    found, lines = _read(export, got)
    following = _following(export, found, part, where)
    if isinstance(following, Rejected):
        return following
    if at.size + len(lines) > export.largest_mb * _MEGABYTE:
        message = f"the export is larger than {export.largest_mb:,} MB"
        return Rejected(message, "Raise largest_mb in connector.yaml if that size is expected.")
    part.append(lines, found["records"], following)
    return None


def _address(export: Export, cursor: str | None) -> str:
    """The address of a page; of the first one without a cursor."""
    paging = export.paging
    if paging is None:
        return export.url
    if cursor is not None and not paging.cursor_param:
        return urljoin(export.url, cursor)
    query = [(paging.size_param, str(paging.size))] if paging.size_param else []
    if cursor is not None:
        query.append((paging.cursor_param, cursor))
    if not query:
        return export.url
    return f"{export.url}{'&' if urlsplit(export.url).query else '?'}{urlencode(query)}"


def _following(export: Export, found: dict[str, Any], part: PartFile, where: str) -> str | Rejected | None:
    """The cursor or link of the next page; None when this is the last."""
    if "fault" in found:
        return Rejected(f"{where} cannot be used: {found['fault']}", "Compare records: and next: with such a page.")
    paging = export.paging
    if paging is None:
        return None
    way = ".".join(paging.next)
    if "next" not in found and paging.size and found["records"] >= paging.size:
        message = f"{where} is full ({found['records']:,} records), but has nothing at {way}: the rest would be missing"
        return Rejected(message, _RESTART)
    following: str | None = found.get("next")
    if following is not None and part.was_seen(following):
        return Rejected(f"{where} leads back to a page that was there before", _RESTART)
    if _leads_elsewhere(export, following):
        return Rejected(f"{where} leads to another host", "Only pages of the host declared are fetched.")
    return following


def _leads_elsewhere(export: Export, cursor: str | None) -> bool:
    """Whether a link leaves the scheme, host and port declared, to which alone the token may be sent."""
    if cursor is None or export.paging is None or export.paging.cursor_param:
        return False
    return _origin(export.url, cursor) != _origin(export.url, "")


def _origin(base: str, link: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a link; None when it is no address."""
    try:
        parts = urlsplit(urljoin(base, link))
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return None if parts.username or parts.password else (parts.scheme, parts.hostname or "", port)


def _read(export: Export, page: bytes) -> tuple[dict[str, Any], bytes]:
    """What a page holds, and its records as lines, read in a process of its own."""
    paging: Paging | None = export.paging
    asked = {"records": export.records or None, "next": paging.next if paging else None, "sheet": export.sheet}
    command = [sys.executable, "-P", "-m", "connector.export.page", json.dumps(asked)]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module; the page comes on standard input)
            command, input=page, capture_output=True, timeout=_PAGE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {"fault": "it takes too long to read"}, b""
    if done.returncode:
        return {"fault": "it needs more memory or time than is allowed"}, b""
    told, _, lines = done.stdout.partition(b"\n")
    return json.loads(told), lines
