"""Reading the books back, whatever run a document is of: what was edited, voided, deleted, paid there, or is foreign.

What has changed since the last look is asked for, and by number whatever that tells of; once a week, and where the
books cannot tell it whole, every number. A stranger's trap: a look counts only once all of a tenant was compared, so
that one that was stopped is made again from where the last whole one began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import polars as pl

from connector import ledger
from connector.accounting.answers import Change, Changes, RetryLater
from connector.accounting.port import AccountingSystem
from connector.domain.documents import CREDIT_NOTE, INVOICE
from connector.domain.entities import SellingEntity
from connector.domain.money import Money
from connector.net.errors import SetupError
from connector.runs import drift, looks
from connector.runs.asking import Asked
from connector.runs.config import Config
from connector.runs.errors import INPUT, REMAINS, StopError
from connector.runs.looks import Foreign, How, Look
from connector.runs.reading_back import Books, ToImport, read_back
from connector.runs.tenants import system_of
from connector.runs.workspace import ReadProgress, read_silently

BY_NUMBER_EVERY = timedelta(days=7)  # of a deleted document no list of changes tells for sure
OVERLAP = timedelta(hours=1)  # the remote's clock and its search are its own
Prefixes = Mapping[str, tuple[str, ...]]  # by kind of document, what our numbers begin with in some books
_LISTED = "'connector reconcile' lists what waits for an answer."


@dataclass(frozen=True)
class Drift:
    """A document in the books, or in a file for them, that waits for an answer: where it is and what is the matter.

    Attributes:
        number: its number.
        tenant: in whose books it is.
        told: how it differs.
        is_foreign: whether it is none of ours.
        is_filed: whether it was written to a file for a person to import.
        partner_id: who was billed; empty for a foreign one.
        approved: its total with tax as it was approved; None for a foreign one.
    """

    number: str
    tenant: str
    told: str
    is_foreign: bool = False
    is_filed: bool = False
    partner_id: str = ""
    approved: Money | None = None

    @property
    def next_step(self) -> str:
        """The answers there are to it."""
        accept = f"'connector reconcile --accept {self.number} --reason …'"
        if self.is_foreign:
            return f"Let whoever made it give it another number; or leave it there: {accept}."
        again = f"'connector reconcile --reissue {self.number} --reason …'"
        if self.is_filed:
            return (
                f"Look in the books whether they have it as approved. If so: {accept}; if not, let it never be"
                f" imported, take its file away, and bill it again: {again}."
            )
        return f"Take it as the books have it: {accept}; or void it there, and bill it again: {again}."

    def to_plain(self) -> dict[str, Any]:
        """It as JSON values."""
        told = {"number": self.number, "tenant": self.tenant, "what": self.told, "foreign": self.is_foreign}
        return {**told, "next_step": self.next_step}


@dataclass(frozen=True)
class Reconciled:
    """What a look at the books found.

    Attributes:
        looked: one for each tenant that was compared whole.
        drift: what waits for an answer, by number.
        paid: numbers of the documents among those compared that are paid, or settled by a credit.
        unread: tenants that could not be read now, and why.
        faults: tenants where nothing can work before a person acts: a sentence and the next step.
        files: those that a person has to import, of every tenant that is reached by files.
    """

    looked: tuple[Look, ...]
    drift: tuple[Drift, ...]
    paid: tuple[str, ...]
    unread: Mapping[str, str]
    faults: Mapping[str, tuple[str, str]]
    files: tuple[ToImport, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """What was found, as JSON values."""
        return {
            "tenants": {one.tenant: one.to_plain() for one in self.looked},
            "drift": [one.to_plain() for one in self.drift],
            "paid": list(self.paid),
            "not_read": dict(self.unread),
            "files_to_import": [asdict(one) for one in self.files],
            "setup_faults": {name: {"message": one, "next_step": two} for name, (one, two) in self.faults.items()},
        }


def reconcile(
    config: Config,
    entities: Mapping[str, SellingEntity],
    since: date | None,
    asked: Asked,
    progress: ReadProgress = read_silently,
) -> Reconciled:
    """Compare what is in the books with what was approved; one tenant's trouble does not stop another's.

    Args:
        config: the settings.
        entities: the selling entities, for what our numbers look like.
        since: look at what has changed since this day; None: since the last whole look.
        asked: who asks, and how the books are reached.
        progress: told what is done, how many tenants are behind it, and of how many.
    """
    booked = drift.booked_documents()
    names = booked["tenant"].unique().sort().to_list()
    looked: list[Look] = []
    paid: list[str] = []
    unread: dict[str, str] = {}
    faults: dict[str, tuple[str, str]] = {}
    files: list[ToImport] = []
    for done, name in enumerate(names):
        own = booked.filter(pl.col("tenant") == name)
        progress(f"Reading the books of {name}", done, len(names))
        try:
            tell = partial(_told_at, progress, done, len(names))
            system = system_of(config, name, asked.clock, asked.connect, tell)
            found = _look(system, own, since, _prefixes(config, name, entities), asked)
        except SetupError as error:
            faults[name] = (error.message, error.next_step)
            continue
        if isinstance(found, RetryLater):
            unread[name] = found.reason
            continue
        look, books = found
        looked.append(look)
        paid += books.paid
        files += books.to_import.get(name, ())
    return Reconciled(tuple(looked), standing(), tuple(sorted(paid)), unread, faults, tuple(files))


def _told_at(progress: ReadProgress, done: int, total: int, told: str) -> None:
    """Tell of a wait, as far as the reading has come."""
    progress(told, done, total)


def standing() -> tuple[Drift, ...]:
    """What waits for an answer, by number: as it was found last."""
    waiting = {note.document_id: note.told for note in drift.notes().values() if note.said is drift.Said.DRIFT}
    filed = drift.in_files()
    ours = [
        Drift(
            row["number"],
            row["tenant"],
            waiting[row["document_id"]],
            is_filed=row["document_id"] in filed,
            partner_id=row["partner_id"],
            approved=Money(row["total_minor"], row["currency"]),
        )
        for row in ledger.read_among("document", "document_id", waiting).iter_rows(named=True)
    ]
    others = [one for one in looks.foreign().values() if one.said == looks.FOUND]
    foreign = [Drift(one.number, one.tenant, one.told, is_foreign=True) for one in others]
    return tuple(sorted((*ours, *foreign), key=lambda one: (one.number, one.is_foreign)))


def accept(config: Config, numbers: Sequence[str], reason: str, asked: Asked) -> tuple[Drift, ...]:
    """Take documents as the books have them. The books are read again: what is accepted is what stands there now.

    Args:
        config: the settings.
        numbers: their numbers.
        reason: why; it is kept.
        asked: who asks, and how the books are reached.

    Raises:
        StopError: no reason, a number that waits for no answer, books that cannot be read, or that say something else
            by now. Nothing is accepted then.
    """
    if not reason.strip():
        raise StopError("to accept a difference needs a reason", "Say why, with --reason.")
    waiting = [one for one in standing() if one.number in numbers]
    idle = [number for number in numbers if number not in {one.number for one in waiting}]
    if idle:
        raise StopError(f"waiting for no answer: {', '.join(idle)}", _LISTED, INPUT)
    ours = [one.number for one in waiting if not one.is_foreign]
    books = look_now(config, ours, asked)
    moved = [one.number for one in waiting if not one.is_foreign and _told(books, one.number) != one.told]
    if moved:
        message = f"the books say something else by now of {', '.join(moved)}"
        raise StopError(message, f"Nothing was accepted. {_LISTED}", INPUT)
    now = asked.clock.now()
    foreign = [one for one in looks.foreign().values() if one.said == looks.FOUND and one.number in numbers]
    with ledger.transaction():
        for number in ours:
            drift.accept(books.drift[number], reason.strip(), asked.by, now)
        for one in foreign:
            looks.accept(one, reason.strip(), asked.by, now)
    return tuple(waiting)


def look_now(config: Config, numbers: Sequence[str], asked: Asked) -> Books:
    """Documents of ours as the books have them at this moment.

    Raises:
        StopError: a number is in no books, or they cannot be read now.
    """
    booked = drift.booked_documents()
    own = booked.filter(pl.col("number").is_in(list(numbers)))
    unknown = sorted({*numbers} - {*own["number"].to_list()})
    if unknown:
        message = f"not in the books by what we know: {', '.join(unknown)}"
        raise StopError(message, "'connector documents' lists the documents and where each is.", INPUT)
    try:
        names = own["tenant"].unique().sort().to_list()
        systems = {name: system_of(config, name, asked.clock, asked.connect) for name in names}
    except SetupError as error:
        raise StopError(error.message, error.next_step) from error
    books = read_back(own, systems, asked.clock)
    if books.unread:
        told = "; ".join(f"{name}: {reason}" for name, reason in books.unread.items())
        raise StopError(f"the books cannot be read now: {told.rstrip('.')}", "Try again later.", REMAINS)
    return books


def _told(books: Books, number: str) -> str:
    return books.drift[number].told if number in books.drift else ""


def _look(
    system: AccountingSystem,
    own: pl.DataFrame,
    since: date | None,
    prefixes: Prefixes,
    asked: Asked,
) -> tuple[Look, Books] | RetryLater:
    """Compare one tenant's documents with its books, and store that it was done."""
    began = asked.clock.now()
    before = looks.last(system.tenant)
    start = None if before is None else before - OVERLAP
    if since is not None:
        day = datetime.combine(since, time(), UTC)
        start = day if start is None else min(day, start)  # a later day would leave a stretch that nobody looks at
    told = system.changes(start or min(own["received_at"].to_list()) - OVERLAP)
    if isinstance(told, RetryLater):
        return told
    how = How.CHANGE if told.whole and (since is not None or _is_recent(system.tenant, began)) else How.NUMBER
    wanted = _touched(own, told) if how is How.CHANGE else own
    books = read_back(wanted, {system.tenant: system}, asked.clock)
    if books.unread:
        return RetryLater(began, books.unread[system.tenant], whole_tenant=True)
    look = Look(system.tenant, began, how, start, wanted.height, len(books.drift), asked.by)
    looks.add(look, _foreign(system.tenant, told, prefixes, look))
    return look, books


def _is_recent(tenant: str, now: datetime) -> bool:
    """Whether every number was asked for not long ago."""
    before = looks.last(tenant, How.NUMBER)
    return before is not None and now - before < BY_NUMBER_EVERY


def _touched(own: pl.DataFrame, told: Changes) -> pl.DataFrame:
    """The documents that a list of changes names, by number or by id, and those whose drift is not over."""
    numbers, ids = [one.number for one in told.documents], [one.id for one in told.documents]
    waiting = [note.document_id for note in drift.notes().values() if note.said is drift.Said.DRIFT]
    named = pl.col("number").is_in(numbers) | pl.col("remote_id").is_in(ids) | pl.col("document_id").is_in(waiting)
    return own.filter(named)


def _prefixes(config: Config, tenant: str, entities: Mapping[str, SellingEntity]) -> Prefixes:
    """What the numbers of each kind begin with in the books of a tenant."""
    bound = [one for name, one in entities.items() if config.books.get(name) == tenant]
    credit = tuple(one.credit_note_prefix for one in bound if one.credit_note_prefix is not None)
    return {INVOICE: tuple(one.number_prefix for one in bound), CREDIT_NOTE: credit}


def _foreign(tenant: str, told: Changes, prefixes: Prefixes, look: Look) -> list[Foreign]:
    """Documents among what has changed that have a number of our kind, and that we never made; each told once."""
    ours = {*ledger.read("document")["number"].to_list()}
    known = looks.foreign()
    found = {
        one.id: Foreign(tenant, one.id, one.kind, one.number, looks.FOUND, "", look.by, look.at)
        for one in told.documents
        if one.number not in ours and _is_like_ours(one, prefixes) and (tenant, one.id) not in known
    }
    return list(found.values())


def _is_like_ours(one: Change, prefixes: Prefixes) -> bool:
    own = prefixes[one.kind]
    return any(one.number.startswith(prefix) and one.number.removeprefix(prefix).isdigit() for prefix in own)
