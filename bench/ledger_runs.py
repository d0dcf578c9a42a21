"""What `ledger.py` measures, each in a process of its own: uploads, months and a file that comes again."""

import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from connector import ledger
from connector.ledger import Server, server_of
from connector.ledger.dialects import postgres, sqlite
from connector.ledger.frames import stored
from connector.runs import workspace
from connector.runs.asking import Asked, Clock
from connector.runs.config import load_config
from connector.runs.starter import make_folder

Write = Callable[[str, pl.DataFrame], None]
Uploaded = Callable[[], AbstractContextManager[Write]]

BARE = "CONNECTOR_BENCH_BARE"  # the URL of the peer's database; without it the peer writes a file
CLIENTS = 100_000
PARTNERS = 1_000
TABLES = (
    *("source", "partner_version", "client", "client_alias", "client_version", "charge"),
    *("document", "document_line", "document_event", "outbox", "personal"),
)
_PARTNER = (
    "Partner ID,Partner name,Kind,Selling entity,Currency,Country,Tax status,Terms,Payment method,Grouping,Valid from"
)
_CLIENT = "Client ID,Partner ID,Client name,Website,Plan,Created on,Upgraded on,Employees,Status"
_RENEWAL = "renewal: {price: kept, tier: kept}"
_MONTHLY = {
    "event: [created, upgraded], plan": "event: [created, upgraded, renewed], plan",
    "book: standard, term: once}\n\n  - id: assessment-bundle": (
        f"book: standard, term: monthly, {_RENEWAL}, proration: none}}\n\n  - id: assessment-bundle"
    ),
    "term: once\n      overrides": f"term: monthly\n      {_RENEWAL}\n      proration: none\n      overrides",
}
_TIERS = ((1, 60000), (10, 90000), (50, 180000), (200, 360000), (500, 600000), (1000, 960000))  # the sample prices


class Folder:
    """A working folder with an open ledger, and files for it."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder, "http://127.0.0.1:9")  # nothing is sent
        self.folder = folder

    def open(self) -> None:
        """Open its ledger and read its rules."""
        self.config = load_config(self.folder, os.environ)
        workspace.open_ledger(self.config)
        self.files = workspace.open_files(self.config)

    def partners(self, count: int) -> Path:
        """A file of so many partners."""
        rows = (
            f"P-{one},Partner {one},MSP,us,USD,US,Taxable,30,Bank transfer,On event,2024-01-01" for one in range(count)
        )
        return self._written("partners.csv", _PARTNER, rows)

    def clients(self, first: int, count: int, partners: int) -> Path:
        """A file of so many clients from a number on, of so many partners."""
        rows = (
            f"C-{one},P-{one % partners},Client {one},c{one}.example,Full,2025-04-{1 + one % 28:02d},,"
            f"{1 + one % 900},Active"
            for one in range(first, first + count)
        )
        return self._written(f"clients-{first}.csv", _CLIENT, rows)

    def _written(self, name: str, header: str, rows: Iterator[str]) -> Path:
        path = self.folder / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    def plan(self, day: date, *paths: Path) -> tuple[Any, float, float]:
        """A plan, the seconds that reading took, and those that planning took."""
        begun = time.perf_counter()
        intake = workspace.read_files(self.config, self.files.mappings, list(paths))
        read = time.perf_counter()
        plan = workspace.plan_run(self.config, self.files, intake, self.asked(day))
        return plan, read - begun, time.perf_counter() - read

    def asked(self, day: date) -> Asked:
        """Who plans and approves, and when."""
        noon = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
        return Asked(day, Clock(lambda: noon, time.sleep), "bench")

    def approve(self, plan: Any, day: date) -> float:  # noqa: ANN401 - a run plan
        """The seconds that approving took."""
        begun = time.perf_counter()
        workspace.approve_run(self.config, self.files, plan.run_id, self.asked(day))
        return time.perf_counter() - begun


def price(employees: int) -> int:
    """What a client costs by the sample price book, in minor units."""
    return next(minor for most, minor in _TIERS if employees <= most)


def bulk(folder: Path, uploads: int) -> dict[str, Any]:
    """So many uploads of new clients, planned and approved one after the other, and the same rows written bare."""
    work, day = Folder(folder), date(2025, 6, 20)
    work.open()
    plan, _, _ = work.plan(day, work.partners(PARTNERS))
    work.approve(plan, day)
    seconds = []
    for number in range(uploads):
        plan, _, planned = work.plan(day, work.clients(number * CLIENTS, CLIENTS, PARTNERS))
        seconds.append(planned + work.approve(plan, day))
        del plan
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = _net()
    expected = sum(price(1 + one % 900) for one in range(uploads * CLIENTS))
    if total != expected:
        message = f"the lines come to {total}, and not to {expected}"
        raise SystemExit(message)
    return {"seconds": seconds, "mib": peak, "total": f"USD {total / 100:,.2f}", "bare": _bare(folder, uploads)}


def _net() -> int:
    return int(ledger.read("document_line", columns=["net_minor"])["net_minor"].sum())


def _bare(folder: Path, uploads: int) -> list[float]:
    """Seconds that the rows of each upload take bare, in another ledger without its guards; one commit for each."""
    frames = {table: stored(ledger.read(table, columns=list(ledger.insert_schema(table)))) for table in TABLES}
    frames["client"] = _as_arrived(frames["client"], frames["client_version"]["client_id"])
    for table, key in (("charge", "charge_id"), ("document", "document_id"), ("outbox", "document_id")):
        frames[table] = _as_arrived(frames[table], frames["document_line"][key])
    ledger.close_store()
    other = server_of(os.environ[BARE]) if BARE in os.environ else folder / "bare.sqlite3"
    ledger.open_store(other)
    ledger.close_store()
    seconds = []
    with _postgres(other) if isinstance(other, Server) else _sqlite(other) as uploaded:
        for number in range(uploads):
            begun = time.perf_counter()
            with uploaded() as write:
                for table, frame in frames.items():
                    write(table, _part(table, frame, number, uploads))
            seconds.append(time.perf_counter() - begun)
    return seconds


def _as_arrived(frame: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """Rows that are read by their key, in the order in which they were written."""
    order = keys.unique(maintain_order=True).to_frame()
    return order.join(frame, on=keys.name, how="inner", maintain_order="left").select(frame.columns)


def _part(table: str, frame: pl.DataFrame, number: int, uploads: int) -> pl.DataFrame:
    """The rows of one upload, in the order in which they were written; what others refer to is in the first."""
    if table in ("source", "partner_version"):
        return frame if number == 0 else frame.clear()
    begin, end = (frame.height * one // uploads for one in (number, number + 1))
    return frame[begin:end]


@contextmanager
def _sqlite(path: Path) -> Iterator[Uploaded]:
    """Rows by executemany into a file, under the settings of a ledger."""
    settings = sqlite.entry(path)["OPTIONS"]["init_command"]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(settings)
        connection.execute("PRAGMA foreign_keys = OFF")
        for _, _, drop in connection.execute(sqlite.GUARDS).fetchall():
            connection.execute(drop)

        def write(table: str, frame: pl.DataFrame) -> None:
            names, marks = ", ".join(frame.columns), ", ".join("?" * frame.width)
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", frame.iter_rows())  # noqa: S608 - our tables

        @contextmanager
        def uploaded() -> Iterator[Write]:
            connection.execute("BEGIN IMMEDIATE")
            yield write
            connection.execute("COMMIT")

        yield uploaded


@contextmanager
def _postgres(server: Server) -> Iterator[Uploaded]:
    """COPY as the owner."""
    with psycopg.connect(**postgres.parameters(server)) as connection, connection.cursor() as cursor:
        for _, _, drop in cursor.execute(postgres.GUARDS).fetchall():
            cursor.execute(drop)
        connection.commit()

        @contextmanager
        def uploaded() -> Iterator[Write]:
            yield lambda table, frame: postgres.write(cursor, table, frame, ())
            connection.commit()

        yield uploaded


def years(folder: Path, count: int, clients: int) -> dict[str, Any]:
    """Monthly terms of so many clients for so many years, every run planned and approved on the first of its month."""
    work = Folder(folder)
    rules = folder / "rules" / "billing.yaml"
    text = rules.read_text(encoding="utf-8")
    for old, new in _MONTHLY.items():
        text = text.replace(old, new)
    rules.write_text(text, encoding="utf-8")
    work.open()
    seconds = []
    first = date(2025, 4, 28)
    paths = [work.partners(PARTNERS // 10), work.clients(0, clients, PARTNERS // 10)]
    for month in range(count * 12):
        day = date(first.year + (first.month - 1 + month) // 12, (first.month - 1 + month) % 12 + 1, 28)
        plan, _, planned = work.plan(day, *(paths if month == 0 else ()))
        seconds.append(planned + work.approve(plan, day))
    total, charges = _net(), ledger.read("document_line", columns=["net_minor"]).height
    expected = count * 12 * sum(price(1 + one % 900) for one in range(clients))
    if (total, charges) != (expected, count * 12 * clients):
        message = f"{charges} lines come to {total}, and not {count * 12 * clients} to {expected}"
        raise SystemExit(message)
    return {"seconds": seconds, "charges": charges, "total": f"USD {total / 100:,.2f}"}


def again(folder: Path, rounds: int) -> dict[str, Any]:
    """One file of clients, billed, and then uploaded again and again.

    Returns:
        `rounds`, of each the seconds of reading alone, of planning from the files, and of the commands `check` and
        `plan`; and `edited`, those of reading and of planning when one row is new.
    """
    work, day = Folder(folder), date(2025, 6, 20)
    work.open()
    paths = [work.partners(PARTNERS), work.clients(0, CLIENTS, PARTNERS)]
    plan, _, _ = work.plan(day, *paths)
    work.approve(plan, day)
    found, charges = [], 0
    for _ in range(rounds):
        begun = time.perf_counter()
        workspace.read_files(work.config, work.files.mappings, paths)
        read = time.perf_counter()
        plan = workspace.plan_files(work.config, work.files, paths, work.asked(day + timedelta(days=1)))
        planned = time.perf_counter()
        charges += plan.frames["charges"].height
        ledger.close_store()
        commands = [_command(folder, one, paths) for one in ("check", "plan")]
        found.append([read - begun, planned - read, *commands])
        work.open()
    with paths[1].open("a", encoding="utf-8") as file:
        file.write("C-more,P-0,One more,more.example,Full,2025-04-01,,5,Active\n")
    _, *edited = work.plan(day + timedelta(days=1), *paths)
    return {"rounds": found, "rows": CLIENTS, "charges": charges, "edited": edited}


def _command(folder: Path, word: str, paths: Sequence[Path]) -> float:
    """Seconds of a command over files, as a person waits for it."""
    command = [sys.executable, "-m", "connector", word, *map(str, paths), "--folder", str(folder)]
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - ourselves
    return time.perf_counter() - begun
