"""Reading documents back from the books: what stands there, what differs, and what a person has accepted of that."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from connector.accounting.answers import WRITTEN, RemoteDocument, RetryLater
from connector.accounting.port import AccountingSystem
from connector.net.errors import SetupError
from connector.runs.asking import Clock
from connector.runs.drift import Difference, Note, Said, difference, noted, notes

PAID = "PAID"


@dataclass(frozen=True)
class ToImport:
    """A file that waits for a person: its path in the working folder, how many documents it has, what is to be done."""

    file: str
    documents: int
    next_step: str


@dataclass
class Books:
    """Documents as the books have them now.

    Attributes:
        standing: by number, those that are as approved, and those whose difference is accepted.
        accepted: by number, of those that are accepted or issued again, per currency, how many minor units more than
            was booked the books have; below zero: less.
        drift: the notes of those that differ, and nobody has answered.
        gone: numbers that the books have no more.
        unread: tenants that could not be read, and why.
        to_import: by tenant, the files that wait for a person; of every tenant that is reached by files and was read.
    """

    standing: dict[str, RemoteDocument] = field(default_factory=dict)
    accepted: dict[str, Mapping[str, int]] = field(default_factory=dict)
    drift: dict[str, Note] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unread: dict[str, str] = field(default_factory=dict)
    to_import: dict[str, tuple[ToImport, ...]] = field(default_factory=dict)

    @property
    def paid(self) -> list[str]:
        """The numbers of those that are paid, or settled by a credit; of credit notes, those that are used up."""
        return sorted(number for number, found in self.standing.items() if found.status == PAID)


def read_back(documents: pl.DataFrame, systems: Mapping[str, AccountingSystem], clock: Clock) -> Books:
    """Read documents of several tenants back, and note what differs; one tenant's trouble does not stop another's.

    Args:
        documents: what is in the books, as `drift.booked_documents` lists it.
        systems: the accounting systems by tenant; others are not asked.
        clock: the time.
    """
    books, before = Books(), notes()
    for name, system in systems.items():
        own = documents.filter(pl.col("tenant") == name)
        if own.is_empty():
            continue
        try:
            found = _found(system, own)
        except SetupError as error:
            books.unread[name] = error.message
            continue
        if isinstance(found, RetryLater):
            books.unread[name] = found.reason
            continue
        for row in own.iter_rows(named=True):
            there = found.get(row["number"])
            differs = difference(row, there, system.capabilities.adoptable)
            note = noted(row["document_id"], differs, before.get(row["document_id"]), clock.now())
            _take(books, row, there, differs, note)
        if system.capabilities.upload:
            books.to_import[name] = _to_import(found, system.capabilities.upload)
    return books


def _to_import(found: Mapping[str, RemoteDocument], next_step: str) -> tuple[ToImport, ...]:
    """The files among those found that nobody has moved to the imported ones."""
    counted = Counter(one.file for one in found.values() if one.status == WRITTEN)
    return tuple(ToImport(file, documents, next_step) for file, documents in sorted(counted.items()))


def _found(system: AccountingSystem, booked: pl.DataFrame) -> dict[str, RemoteDocument] | RetryLater:
    """What the books have under the numbers of these documents, kind by kind."""
    found: dict[str, RemoteDocument] = {}
    for (kind,), own in booked.group_by("kind", maintain_order=True):
        read = system.read_back(own["number"].to_list(), str(kind))
        if isinstance(read, RetryLater):
            return read
        found |= read
    return found


def _take(
    books: Books,
    row: Mapping[str, Any],
    there: RemoteDocument | None,
    differs: Difference | None,
    note: Note | None,
) -> None:
    number = row["number"]
    is_gone = there is None or (differs is not None and differs.is_gone)
    if is_gone:
        books.gone.add(number)
    if note is not None and note.said is Said.DRIFT:
        books.drift[number] = note
        return
    if there is not None and not is_gone:
        books.standing[number] = there
    if differs is not None:
        books.accepted[number] = _more(row, None if is_gone else there)


def _more(row: Mapping[str, Any], there: RemoteDocument | None) -> dict[str, int]:
    """What the books have more of a document than its receipt says, per currency."""
    more = {str(row["currency"]): -int(row["booked_minor"])}
    if there is not None:
        more[there.currency] = more.get(there.currency, 0) + there.total_minor
    return more
