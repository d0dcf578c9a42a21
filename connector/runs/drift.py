"""Drift: documents in the books that are not as they were approved; what of it stands, and what a person said of it.

A stranger's trap: what a person accepts is one sentence about one document. Once the books say anything else, it is
drift again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import polars as pl

from connector import ledger
from connector.accounting.answers import CHANGED, GONE, IMPORTED, WRITTEN, RemoteDocument
from connector.domain.money import Money
from connector.ledger import allocations, outbox


class Said(StrEnum):
    """What is noted of a document in the books; the latest counts."""

    DRIFT = "drift"  # it is not as approved, and nobody has answered
    ACCEPTED = "accepted"  # a person takes it as the books have it
    REISSUED = "reissued"  # the books have it no more, and what it billed is billed again
    AGREES = "agrees"  # it is as approved again


TAX = "tax"  # the books computed the tax themselves, and rightly so
NOTES = (*(one.value for one in Said), TAX, *allocations.NOTES)  # events that do not change how far a document is
IN_FILES = (WRITTEN, IMPORTED)  # of receipts that say where a document was written, and not that it is in the books
_WORDS = {
    Said.DRIFT: "differs",
    Said.ACCEPTED: "accepted",
    Said.REISSUED: "issued again",
    Said.AGREES: "agrees",
}
_OF_FILES = {
    CHANGED: "was changed after it was written, so that what was imported is not known",
    GONE: "is not in the outbox any more, and whether it was imported is not known",
}
_GONE = "the books have it no more"
_AGAIN = "it stands in the books, and what it billed is billed again by another"


@dataclass(frozen=True)
class Difference:
    """How a document in the books differs from the approved one; `is_gone` where it is voided, deleted or not there."""

    told: str
    is_gone: bool


@dataclass(frozen=True)
class Note:
    """The latest that is said of a document.

    Attributes:
        document_id: the document.
        said: what kind of note it is.
        told: the difference that it is about.
        is_reissued: whether what it billed was ever billed again, so that the books must not have it.
    """

    document_id: str
    said: Said
    told: str
    is_reissued: bool = False


@dataclass(frozen=True)
class Entry:
    """A note of a document in the books, for whoever looks back.

    Attributes:
        said: what kind of note it is.
        at: when it was made, UTC.
        told: what it is about.
        answer: who accepted it, and why; empty for any other note.
    """

    said: Said
    at: datetime
    told: str
    answer: str = ""

    @property
    def word(self) -> str:
        """What kind of note it is, in words."""
        return _WORDS[self.said]


def difference(row: Mapping[str, Any], found: RemoteDocument | None, live: frozenset[str]) -> Difference | None:
    """How a document in the books differs from the one that was approved; None when it does not.

    Args:
        row: the document with its receipt, as `booked_documents` lists them.
        found: what the books have under its number now.
        live: states in which a document counts.
    """
    if found is None and row["booked_as"] in IN_FILES:
        return Difference("no file of the outbox holds it, and whether it was imported is not known", is_gone=True)
    if found is None:
        return Difference("it is not in the books any more", is_gone=True)
    if found.file and found.status in _OF_FILES:
        return Difference(f"its file {found.file} {_OF_FILES[found.status]}", is_gone=found.status == GONE)
    if found.status not in live:
        return Difference(f"it is {found.status} in the books", is_gone=True)
    if found.others:
        return Difference(f"another one has its number in the books: {', '.join(found.others)}", is_gone=False)
    faults = [*_of_money(row, found)]
    if found.contact_id != row["booked_contact"]:
        faults.append(f"its contact is {found.contact_id} in the books, not {row['booked_contact']}")
    return Difference("; ".join(faults), is_gone=False) if faults else None


def _of_money(row: Mapping[str, Any], found: RemoteDocument) -> list[str]:
    approved = {"net": row["net_minor"], "total": row["booked_minor"] if row["own_tax"] else row["total_minor"]}
    for what, there in (("total", found.total_minor), ("net", found.net_minor)):
        if (found.currency, there) != (row["currency"], approved[what]):
            expected = Money(approved[what], row["currency"])
            return [f"its {what} is {Money(there, found.currency)} in the books, not {expected}"]
    return []


def booked_documents() -> pl.DataFrame:
    """The documents that are in the books, with what their receipts said.

    Adds to the ledger's columns: `remote_id`, `booked_minor` (total), `booked_contact`, `booked_as` (status),
    `received_at`, and `own_tax` where the books computed the tax themselves.
    """
    receipts = ledger.read("receipt").select(
        "document_id",
        "remote_id",
        "received_at",
        booked_minor="total_minor",
        booked_contact="contact_id",
        booked_as="status",
    )
    taxed = ledger.read("document_event", "state = ?", [TAX]).select("document_id", own_tax=pl.lit(value=True))
    return (
        ledger.read("document")
        .join(receipts, on="document_id", maintain_order="left")
        .join(taxed.unique(), on="document_id", how="left", maintain_order="left")
    )


def in_files() -> frozenset[str]:
    """The documents that were written to files for a person to import: what the books have of them is not known."""
    receipts = ledger.read("receipt", columns=["document_id", "status"])
    return frozenset(receipts.filter(pl.col("status").is_in(IN_FILES))["document_id"])


def notes() -> dict[str, Note]:
    """The latest note of every document that has one, by document."""
    events = ledger.read("document_event").filter(pl.col("state").is_in([one.value for one in Said]))
    again = {*events.filter(pl.col("state") == Said.REISSUED.value)["document_id"]}
    latest = events.sort("id").unique("document_id", keep="last", maintain_order=True)
    return {
        document: Note(document, Said(state), detail.partition("\n")[0], document in again)
        for document, state, detail in latest.select("document_id", "state", "detail").iter_rows()
    }


def history(number: str) -> tuple[Entry, ...]:
    """Everything that was ever noted of the documents of a number in the books, the newest first."""
    own = ledger.read("document", "number = ?", [number], columns=["document_id"])
    events = ledger.read_among("document_event", "document_id", own["document_id"]).sort("id", descending=True)
    told = events.filter(pl.col("state").is_in([one.value for one in Said])).select("state", "at", "detail")
    return tuple(Entry(Said(state), at, *_parted(detail)) for state, at, detail in told.iter_rows())


def _parted(detail: str) -> tuple[str, str]:
    """What a note is about, and what a person said of it."""
    told, _, answer = detail.partition("\n")
    return told, answer


def noted(document_id: str, found: Difference | None, before: Note | None, now: datetime) -> Note | None:
    """Note what was found of a document, where that is new; what stands of it from now on.

    Args:
        document_id: the document.
        found: how it differs; None when it is as approved.
        before: the latest note of it.
        now: the moment, UTC.
    """
    if before is not None and before.is_reissued:
        return _of_reissued(before, found, now)
    if found is None:
        if before is None or before.said is Said.AGREES:
            return None
        return _record(Note(document_id, Said.AGREES, "it is as approved again"), now)
    if before is not None and before.said in (Said.DRIFT, Said.ACCEPTED) and before.told == found.told:
        return before
    return _record(Note(document_id, Said.DRIFT, found.told), now)


def _of_reissued(before: Note, found: Difference | None, now: datetime) -> Note:
    """What stands of a document whose charges are billed again: the books must not have it."""
    if found is not None and found.is_gone:
        return before if before.said is Said.REISSUED else _record(replace(before, said=Said.REISSUED, told=_GONE), now)
    return before if before.told == _AGAIN else _record(replace(before, said=Said.DRIFT, told=_AGAIN), now)


def accept(note: Note, reason: str, by: str, now: datetime) -> None:
    """Record that a person takes a document as the books have it: just this difference, and no other."""
    outbox.record_event(note.document_id, Said.ACCEPTED, f"{note.told}\naccepted by {by}: {reason}", now)


def reissued(document_id: str, run_id: str, now: datetime) -> None:
    """Record, in the open transaction, that the books have a document no more and what it billed is billed again."""
    outbox.record_event(document_id, Said.REISSUED, f"billed again by {run_id}", now)


def _record(note: Note, now: datetime) -> Note:
    outbox.record_event(note.document_id, note.said, note.told, now)
    return note
