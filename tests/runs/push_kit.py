"""What a push needs in a test: an open ledger with approved documents, a real sandbox, a fast connection to it."""

import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import requests
from new_ledgers import put_new_ledger

from connector.accounting.answers import Booked, ContactFound
from connector.accounting.connect import TenantSettings, connect
from connector.accounting.port import AccountingSystem, Submission
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import Document, Line, Party
from connector.ledger import Place, append, insert_schema, open_store, read, server_of, transaction
from connector.ledger.outbox import NewItem, enqueue
from connector.runs.push import Progress, PushResult, push
from connector.sandbox import CLIENT_ID, CLIENT_SECRET, US_BOOKS

TENANT = "us-books"
QUIET_SECONDS = 1


def now() -> datetime:
    return datetime.now(UTC)


def settings(url: str, **changes: Any) -> TenantSettings:  # whatever a test changes
    values = {
        "name": TENANT,
        "system": "xero",
        "api_url": f"{url}/api.xro/2.0",
        "token_url": f"{url}/connect/token",
        "tenant_id": US_BOOKS.tenant_id,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "quiet_seconds": QUIET_SECONDS,
        "time_out_seconds": 5,
        "calls_per_minute": 1000,
        **changes,
    }
    return TenantSettings(**values)


def system(url: str, **changes: Any) -> AccountingSystem:  # as above
    return connect(settings(url, **changes), now, time.sleep)


def document(number: int, partner: int = 1, **changes: Any) -> Document:  # as above
    net = 180_000
    line = Line(
        charge_id=f"CH-{number}",
        description="Full Spoke: Northwind Clinics, 11-50 employees",
        item="SPOKE-FULL",
        item_code="SPOKE-FULL",
        account="200",
        tax_code="OUTPUT",
        tax_percent=Decimal("8.25"),
        quantity=1,
        unit_minor=net,
        net_minor=net,
        tax_minor=predict_tax_minor(net, Decimal("8.25"), "USD"),
    )
    values = {
        "number": f"US-{number:06d}",
        "kind": "invoice",
        "selling_entity": "us",
        "tenant": TENANT,
        "party": Party(f"P-{partner}", f"Partner {partner}", country="US"),
        "currency": "USD",
        "dated": date(2026, 11, 2),
        "due": date(2026, 12, 2),
        "reference": "November",
        "payment_method": "bank_transfer",
        "lines": (line,),
        **changes,
    }
    return Document(**values)


def credit_note(number: int, of: str, partner: int = 1, **changes: Any) -> Document:  # as above
    """A credit note that refers to an invoice."""
    made = replace(document(number, partner), number=f"US-CN-{number:06d}", kind="credit_note", reference=of)
    return replace(made, **changes)


def with_line(made: Document, **changes: object) -> Document:
    """The document with its line changed."""
    return replace(made, lines=(replace(made.lines[0], **changes),))  # type: ignore[arg-type]


def approve(documents: Sequence[Document]) -> None:
    """Put documents into the open ledger and its outbox, as an approval does."""
    at = now()
    rows = [
        {
            "document_id": f"D-{one.number}",
            "number": one.number,
            "kind": one.kind,
            "run_id": "R-1",
            "partner_id": one.party.partner_id,
            "selling_entity": "us",
            "tenant": one.tenant,
            "currency": one.currency,
            "dated": one.dated,
            "due": one.due,
            "net_minor": one.net.minor,
            "tax_minor": one.tax.minor,
            "total_minor": one.total.minor,
            "line_count": len(one.lines),
            "content_digest": "d",
            "recorded_at": at,
        }
        for one in documents
    ]
    with transaction():
        append("document", pl.DataFrame(rows, schema=dict(insert_schema("document"))))
        enqueue(
            [
                NewItem(f"D-{one.number}", one.number, one.tenant, text, sha256(text.encode()).hexdigest())
                for one, text in ((one, json.dumps(one.to_plain())) for one in documents)
            ]
        )


def run(url: str, store: Place, *, until_done: bool = False, **changes: Any) -> PushResult:  # as above
    return push(system(url, **changes), store=store, clock=now, sleep=time.sleep, until_done=until_done)


class Sandbox:
    """The control side of a sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        reply = requests.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=10)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def fault(self, kind: str, **more: Any) -> None:  # as above
        self.control("POST", "faults", {"kind": kind, **more})

    def books(self) -> tuple[dict[str, int], dict[str, int]]:
        """Invoices and contacts of the US books, by status."""
        held = self.control("GET", "counts")["tenants"][US_BOOKS.tenant_id]
        return held["Invoices"], held["Contacts"]

    def breaches(self) -> int:
        return int(self.control("GET", "counts")["limit_breaches"]["total"])


def allocated(state: Path) -> dict[str, list[tuple[str, Decimal]]]:
    """By credit note in the sandbox's state file: the invoices that it is applied to, and the amounts."""
    with closing(sqlite3.connect(state)) as db:
        rows = db.execute("select number, body from objects where kind = 'CreditNotes' order by number").fetchall()
    bodies = {number: json.loads(body, parse_float=Decimal) for number, body in rows}
    return {
        number: [(one["Invoice"]["InvoiceNumber"], Decimal(one["Amount"])) for one in body.get("Allocations", [])]
        for number, body in bodies.items()
    }


def states() -> dict[str, str]:
    """Outbox state by number."""
    frame = read("outbox")
    return dict(zip(frame["number"], frame["state"], strict=True))


def receipts() -> list[str]:
    return sorted(read("receipt")["remote_number"].to_list())


class Time:
    """A clock that jumps when someone sleeps, so that a test need not."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead += timedelta(seconds=seconds)


def jump(sandbox: Sandbox, store: Place, *, until_done: bool = False) -> tuple[PushResult, Time]:
    """Push with a clock that jumps."""
    made = Time()
    target = connect(settings(sandbox.url), made.clock, made.sleep)
    return push(target, store=store, clock=made.clock, sleep=made.sleep, until_done=until_done), made


def foreign_invoice(url: str, made: Document) -> None:
    """An invoice of this number that stands in the books already, and its contact: made without our ledger."""
    target = system(url)
    deadline = now() + timedelta(minutes=1)
    contact = target.create_contacts([made.party], "foreign", deadline)[made.party.partner_id]
    assert isinstance(contact, ContactFound)
    booked = target.create([Submission(made, contact.contact_id)], deadline)[made.number]
    assert isinstance(booked, Booked)


def place(folder: Path) -> Place:
    """Where the test's ledger is: in the folder, or where the environment says (the fixture `on_each_database`)."""
    url = os.environ.get("CONNECTOR_LEDGER")
    return folder / "ledger.sqlite3" if url is None else server_of(url)


def fresh_ledger(where: Place) -> None:
    """Open a new ledger."""
    if isinstance(where, Path):
        put_new_ledger(where)
    open_store(where)


class StopError(Exception):
    """Stands in for the end of the process where a test armed a point."""


def stop() -> None:
    """The action of such a point."""
    raise StopError


class Heard:
    """Remembers what a push reported."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def __call__(self, progress: Progress) -> None:
        self.messages.append(progress.message)
