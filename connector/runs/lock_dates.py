"""Documents and the locked periods of the books: on which day each is dated, by the policy of its selling entity.

A stranger's trap: only the document moves, and with it the day it is due. The days of what it bills stay on its lines.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from connector.accounting.answers import Catalogue, RetryLater
from connector.accounting.connect import Connect
from connector.domain.documents import Document
from connector.domain.entities import FIRST_OPEN_DAY, SellingEntity
from connector.net.errors import SetupError
from connector.runs.asking import Clock
from connector.runs.config import Config


@dataclass(frozen=True)
class Locks:
    """Up to which day the books of each tenant are locked, None for not at all; and those not asked, and why."""

    until: Mapping[str, date | None]
    unasked: Mapping[str, str]


AskLocks = Callable[[Collection[str]], Locks]


def last_locked(catalogue: Catalogue) -> date | None:
    """The last day on which the books take no document; None where every day is open."""
    return max(catalogue.lock_dates.values(), default=None)


def placed(document: Document, entity: SellingEntity, locked: date | None) -> Document:
    """The document on its own day, or on the first open one where that is declared and its own is locked.

    Args:
        document: as it is dated so far.
        entity: its selling entity, for the policy.
        locked: the last locked day of its books.
    """
    own = document.moved_from or document.dated
    if locked is None or own > locked or entity.locked_period != FIRST_OPEN_DAY:
        return _on(document, own, None)
    return _on(document, locked + timedelta(days=1), own)


def _on(document: Document, day: date, moved_from: date | None) -> Document:
    return replace(document, dated=day, due=document.due + (day - document.dated), moved_from=moved_from)


def dated_on(document: Document) -> str:
    """The document's day for people, and instead of which other it is that."""
    moved = "" if document.moved_from is None else f", the first open day, instead of {document.moved_from}"
    return f"{document.dated}{moved}"


def ask_locks(config: Config, clock: Clock, connect: Connect) -> AskLocks:
    """A look at the lock dates of the working folder's tenants, reached by `connect`."""

    def ask(tenants: Collection[str]) -> Locks:
        until: dict[str, date | None] = {}
        unasked: dict[str, str] = {}
        for name in sorted(set(tenants) & set(config.tenants)):
            try:
                answer = connect(config.tenants[name], clock.now, clock.sleep).catalogue()
            except SetupError as error:
                unasked[name] = error.message
                continue
            if isinstance(answer, RetryLater):
                unasked[name] = answer.reason
            else:
                until[name] = last_locked(answer)
        return Locks(until, unasked)

    return ask


def changed_locks(documents: Iterable[Document], entities: Mapping[str, SellingEntity], locks: Locks) -> list[str]:
    """Where the lock dates of now would date a planned document on another day, or refuse it; each told once."""
    return list(dict.fromkeys(_changes(documents, entities, locks)))


def _changes(documents: Iterable[Document], entities: Mapping[str, SellingEntity], locks: Locks) -> Iterator[str]:
    for one in documents:
        entity = entities[one.selling_entity]
        if one.tenant not in locks.until:
            continue
        locked = locks.until[one.tenant]
        moved = placed(one, entity, locked)
        if moved != one or (locked is not None and moved.dated <= locked):
            now = "not locked" if locked is None else f"locked up to {locked}"
            yield f"the books of {one.tenant} are {now} now"
