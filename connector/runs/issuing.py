"""Approved documents: numbered, written to the register, and put into the outbox. Frozen from here on.

A stranger's trap: what the outbox sends is the document's text as of now; a later upload changes nothing of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import polars as pl

from connector import ledger
from connector.billing.invoicing import Draft
from connector.domain.documents import Document
from connector.domain.entities import SellingEntity
from connector.ledger import outbox
from connector.runs.runplan import RunPlan
from connector.runs.writing import append, stamped


@dataclass(frozen=True)
class _Issued:
    """A document under its number, as it will be sent, with the digest of that text."""

    document_id: str
    document: Document
    request: str
    digest: str


def issue(plan: RunPlan, entities: Mapping[str, SellingEntity], now: datetime) -> tuple[Document, ...]:
    """Number the documents of a plan and write them, in the open transaction.

    Args:
        plan: what is approved.
        entities: the selling entities, for the prefixes of their numbers.
        now: the moment, UTC.
    """
    made = _numbered(plan.documents, entities)
    append("document", stamped(_document_frame(made), plan, now))
    append("document_line", _line_frame(made))
    events = [{"document_id": one.document_id, "state": "approved", "at": now, "detail": ""} for one in made]
    append("document_event", pl.DataFrame(events))
    outbox.enqueue(
        [
            outbox.NewItem(one.document_id, one.document.number, one.document.tenant, one.request, one.digest)
            for one in made
        ]
    )
    return tuple(one.document for one in made)


def _numbered(drafts: Sequence[Draft], entities: Mapping[str, SellingEntity]) -> list[_Issued]:
    """The drafts under the next numbers of their selling entities, in their order."""
    of_entity: dict[str, int] = {}
    for draft in drafts:
        entity = draft.document.selling_entity
        of_entity[entity] = of_entity.get(entity, 0) + 1
    numbers = {
        entity: iter(ledger.next_numbers(entity, "invoice", entities[entity].number_prefix, count))
        for entity, count in of_entity.items()
    }
    made = []
    for draft in drafts:
        document = replace(draft.document, number=next(numbers[draft.document.selling_entity]))
        request = _request_of(document)
        made.append(_Issued(draft.document_id, document, request, sha256(request.encode()).hexdigest()))
    return made


def _request_of(document: Document) -> str:
    """The document as the outbox keeps it."""
    return json.dumps(document.to_plain(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _document_frame(made: Sequence[_Issued]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "document_id": one.document_id,
                "number": one.document.number,
                "kind": one.document.kind,
                "partner_id": one.document.party.partner_id,
                "selling_entity": one.document.selling_entity,
                "tenant": one.document.tenant,
                "currency": one.document.currency,
                "dated": one.document.dated,
                "due": one.document.due,
                "net_minor": one.document.net.minor,
                "tax_minor": one.document.tax.minor,
                "total_minor": one.document.total.minor,
                "line_count": len(one.document.lines),
                "content_digest": one.digest,
            }
            for one in made
        ]
    )


_LINE = (
    *("charge_id", "net_minor", "tax_minor", "item", "item_code", "account", "tax_code", "tax_percent", "quantity"),
    "unit_minor",
)


def _line_frame(made: Sequence[_Issued]) -> pl.DataFrame:
    lines = [line for one in made for line in one.document.lines]
    columns = {name: [getattr(line, name) for line in lines] for name in _LINE}
    columns["tax_percent"] = [str(percent) for percent in columns["tax_percent"]]
    places = [(one.document_id, at) for one in made for at in range(1, len(one.document.lines) + 1)]
    numbered = pl.DataFrame(places, schema={"document_id": pl.String, "position": pl.Int64}, orient="row")
    return numbered.with_columns(pl.Series(name, values, strict=False) for name, values in columns.items())
