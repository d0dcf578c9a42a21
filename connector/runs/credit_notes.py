"""Credit notes: the lines of booked invoices taken back as they were billed, account, tax and all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from connector import ledger
from connector.billing.context import Context
from connector.billing.digests import keyed_digest
from connector.billing.invoicing import Draft
from connector.domain.documents import CREDIT_NOTE, Document, Line
from connector.ledger import outbox
from connector.runs.errors import INPUT, StopError


@dataclass(frozen=True)
class Billed:
    """A charge on its document: the number, the line's position from 1, the document, and its id."""

    number: str
    position: int
    document: Document
    document_id: str


def billed_on(charges: pl.DataFrame) -> Mapping[str, Billed]:
    """By charge, where it stands; charges that wait for their document are left out.

    Raises:
        StopError: a document is not in the books yet: what the books have not cannot be credited there.
    """
    lines = ledger.read("document_line").join(charges.select("charge_id"), on="charge_id", how="semi")
    wanted = set(lines["document_id"].to_list())
    items = {one.document_id: one for one in outbox.items() if one.document_id in wanted}
    unsent = sorted(f"{one.number} ({one.state.value})" for one in items.values() if one.state is not outbox.State.DONE)
    if unsent:
        message = f"not in the books yet: {', '.join(unsent)}"
        raise StopError(message, "Push what waits first; then correct what the partner has.", INPUT)
    documents = {key: Document.from_plain(json.loads(item.request)) for key, item in items.items()}
    return {
        row["charge_id"]: Billed(
            items[row["document_id"]].number, row["position"], documents[row["document_id"]], row["document_id"]
        )
        for row in lines.iter_rows(named=True)
    }


def credit_notes(billed: Mapping[str, Billed], context: Context) -> tuple[Draft, ...]:
    """One credit note for each document of which lines are taken back, dated on the run's day.

    Raises:
        StopError: a selling entity declares no prefix for the numbers of its credit notes.
    """
    entities = sorted({one.document.selling_entity for one in billed.values()})
    without = [name for name in entities if context.entities[name].credit_note_prefix is None]
    if without:
        message = f"selling entity {', '.join(without)} declares no numbers for credit notes"
        raise StopError(message, "Declare credit_note_prefix in rules/entities.yaml, such as US-CN-.", INPUT)
    by_document: dict[str, list[tuple[Billed, Line]]] = {}
    for charge, one in sorted(billed.items(), key=lambda pair: (pair[1].number, pair[1].position)):
        line = next(line for line in one.document.lines if line.charge_id == charge)
        told = replace(line, description=f"Credit of {one.number}/{one.position}: {line.description}")
        by_document.setdefault(one.document_id, []).append((one, told))
    return tuple(_draft(context, document_id, own) for document_id, own in by_document.items())


def _draft(context: Context, document_id: str, own: list[tuple[Billed, Line]]) -> Draft:
    first = own[0][0]
    day = context.as_of[first.document.selling_entity]
    identity = keyed_digest(f"{context.run_id}\x1f{document_id}\x1f{CREDIT_NOTE}", context.key)[:16]
    lines = tuple(line for _, line in own)
    head = replace(first.document, number="", kind=CREDIT_NOTE, dated=day, due=day, moved_from=None)
    return Draft(f"D-{identity}", replace(head, reference=first.number, lines=lines), ())
