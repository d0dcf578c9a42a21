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
from connector.domain.documents import INVOICE, Document, Line
from connector.domain.entities import SellingEntity
from connector.ledger import outbox
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
        (entity, kind): iter(ledger.next_numbers(entity, kind, _prefix(entities[entity], kind), count))
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


def _prefix(entity: SellingEntity, kind: str) -> str:
    """What the numbers of a kind start with; a correction is not planned where none is declared for credit notes."""
    return entity.number_prefix if kind == INVOICE else str(entity.credit_note_prefix)


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
    *(
        "charge_id",
        "adjustment_id",
        "net_minor",
        "tax_minor",
        "item",
        "item_code",
        "account",
        "tax_code",
        "tax_percent",
        "quantity",
    ),
    "unit_minor",
)


def _line_frame(made: Sequence[_Issued]) -> pl.DataFrame:
    lines = [line for one in made for line in one.document.lines]
    tables = [_table(line, one.document.kind) for one in made for line in one.document.lines]
    columns = {name: [getattr(line, name) for line in lines] for name in _LINE}
    columns["tax_percent"] = [str(percent) for percent in columns["tax_percent"]]
    places = [(one.document_id, at) for one in made for at in range(1, len(one.document.lines) + 1)]
    numbered = pl.DataFrame(places, schema={"document_id": pl.String, "position": pl.Int64}, orient="row")
    numbered = numbered.with_columns(pl.Series("table", tables, dtype=pl.String))
    return numbered.with_columns(pl.Series(name, values, strict=False) for name, values in columns.items())


def _table(line: Line, kind: str) -> str:
    """An adjustment is on an invoice or a credit note; a charge on an invoice, and taken back on a credit note."""
    if line.adjustment_id is not None:
        return "adjustment_line"
    return "document_line" if kind == INVOICE else "credit_line"
