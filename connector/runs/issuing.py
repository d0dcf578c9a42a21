"""Approved documents: numbered, written to the register, and put into the outbox. Frozen from here on.

A stranger's trap: what the outbox sends is the document's text as of now; a later upload changes nothing of it.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import polars as pl

from connector import ledger
from connector.billing.invoicing import Draft
from connector.billing.lines import line_frame
from connector.domain.documents import INVOICE, Document
from connector.domain.entities import SellingEntity
from connector.ledger import outbox
from connector.runs.coming_numbers import prefix_of
from connector.runs.runplan import RunPlan
from connector.runs.writing import append, stamped

# The tables of the ledger that hold lines of documents.
LINES = ("document_line", "credit_line", "adjustment_line")


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
    lines = _line_frame(made)
    for table in LINES:
        append(table, lines.filter(pl.col("table") == table))
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
    """The drafts under the next numbers of their selling entities and kinds, in their order."""
    counted = Counter((draft.document.selling_entity, draft.document.kind) for draft in drafts)
    numbers = {
        (entity, kind): iter(ledger.next_numbers(entity, kind, prefix_of(entities[entity], kind), count))
        for (entity, kind), count in counted.items()
    }
    made = []
    for draft in drafts:
        own = (draft.document.selling_entity, draft.document.kind)
        document = replace(draft.document, number=next(numbers[own]))
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


def _line_frame(made: Sequence[_Issued]) -> pl.DataFrame:
    """Every line with its `position` in its document, and the `table` that it belongs into.

    An adjustment is on an invoice or a credit note; a charge on an invoice, and taken back on a credit note.
    """
    lines = line_frame(Draft(one.document_id, one.document, ()) for one in made)
    kinds = pl.DataFrame(
        [(one.document_id, one.document.kind) for one in made],
        schema={"document_id": pl.String, "kind": pl.String},
        orient="row",
    )
    table = (
        pl.when(pl.col("adjustment_id").is_not_null())
        .then(pl.lit("adjustment_line"))
        .when(pl.col("kind") == INVOICE)
        .then(pl.lit("document_line"))
        .otherwise(pl.lit("credit_line"))
    )
    placed = lines.join(kinds, on="document_id", how="left", maintain_order="left")
    return placed.with_columns(table=table, position=pl.int_range(1, pl.len() + 1).over("document_id"))
