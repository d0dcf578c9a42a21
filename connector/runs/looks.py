"""Looks at the books, as stored: when each tenant was read back last, and what stands there that is not ours.

A stranger's trap: rows are only added. Of a foreign document the latest row counts.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector import ledger


class How(StrEnum):
    """How the documents of a tenant were looked for."""

    NUMBER = "by number"
    CHANGE = "by change"


@dataclass(frozen=True)
class Look:
    """One whole look at a tenant's books.

    Attributes:
        tenant: the tenant.
        at: when it began.
        how: by number, each of them; or those alone that have changed since.
        since: what has changed since then was looked at; None where that could not be told.
        documents: how many of ours were compared.
        drift: how many of them differ, and nobody has answered.
        by: who looked.
    """

    tenant: str
    at: datetime
    how: How
    since: datetime | None
    documents: int
    drift: int
    by: str

    def to_plain(self) -> dict[str, Any]:
        """The look as JSON values."""
        since = None if self.since is None else self.since.isoformat()
        return {"how": self.how.value, "since": since, "documents": self.documents, "drift": self.drift}


FOUND, ACCEPTED = "found", "accepted"


@dataclass(frozen=True)
class Foreign:
    """A document in the books under a number of our kind, which is none of ours; `said` is `found` or `accepted`."""

    tenant: str
    remote_id: str
    kind: str
    number: str
    said: str
    reason: str
    by: str
    at: datetime

    @property
    def told(self) -> str:
        """What it is, for people."""
        return f"a foreign {self.kind.replace('_', ' ')} has a number of ours in the books ({self.remote_id})"


def last(tenant: str, *how: How) -> datetime | None:
    """When the last whole look at a tenant's books began, of these kinds where named; None before the first."""
    from connector.runs.models import BooksLook

    wanted = BooksLook.objects.filter(tenant=tenant, how__in=[one.value for one in how or How])
    return wanted.order_by("-at").values_list("at", flat=True).first()


def latest() -> tuple[Look, ...]:
    """The last whole look at the books of each tenant, by tenant."""
    from django.db.models import Max

    from connector.runs.models import BooksLook

    newest = BooksLook.objects.values("tenant").annotate(newest=Max("id")).order_by().values("newest")
    columns = list(Look.__dataclass_fields__)
    rows = BooksLook.objects.filter(id__in=newest).order_by("tenant").values(*columns)
    return tuple(Look(**{**row, "how": How(row["how"])}) for row in rows)


def add(look: Look, foreign: Iterable[Foreign]) -> None:
    """Store a look, and the foreign documents that it found, in one transaction."""
    from connector.runs.models import BooksLook, ForeignDocument

    with ledger.transaction():
        BooksLook.objects.create(**asdict(look))
        ForeignDocument.objects.bulk_create(ForeignDocument(**asdict(one)) for one in foreign)


def foreign() -> dict[tuple[str, str], Foreign]:
    """The foreign documents by tenant and id, each as it was told of last."""
    from connector.runs.models import ForeignDocument

    columns = list(Foreign.__dataclass_fields__)
    rows = (Foreign(**row) for row in ForeignDocument.objects.order_by("id").values(*columns))
    return {(one.tenant, one.remote_id): one for one in rows}


def accept(known: Foreign, reason: str, by: str, at: datetime) -> None:
    """Record that a person knows of a foreign document and leaves it where it is."""
    from connector.runs.models import ForeignDocument

    told = {**asdict(known), "said": ACCEPTED, "reason": reason, "by": by, "at": at}
    ForeignDocument.objects.create(**told)
