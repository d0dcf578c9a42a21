"""Credit notes: the lines of booked invoices taken back as they were billed, account, tax and all."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from connector import ledger
from connector.accounting.totals import predict_tax_minor
from connector.billing.context import Context
from connector.billing.digests import keyed_digest
from connector.billing.invoicing import Draft
from connector.domain.documents import CREDIT_NOTE, Document, Line
from connector.ledger import outbox
from connector.runs.errors import INPUT, StopError


@dataclass(frozen=True)
class Billed:
    """A charge on its document.

    Attributes:
        number, position: the document's number, and the line's position from 1.
        document: the document.
        document_id: its id.
        net_minor: what is left of the charge, with its adjustments.
        adjusted: whether it has any.
    """

    number: str
    position: int
    document: Document
    document_id: str
    net_minor: int
    adjusted: bool

    def line_of(self, charge_id: str) -> Line:
        """The line of the charge as it was billed."""
        return next(line for line in self.document.lines if line.charge_id == charge_id)


def billed_on(charges: pl.DataFrame) -> Mapping[str, Billed]:
    """By charge, where it stands; charges that wait for their document are left out.

    Raises:
        StopError: a document is not in the books yet: what the books have not cannot be credited there.
    """
    amounts = dict(charges.select("charge_id", "amount_minor").iter_rows())
    lines = ledger.read("document_line").join(charges.select("charge_id"), on="charge_id", how="semi")
    adjusted = ledger.read("adjustment_line").join(charges.select("charge_id"), on="charge_id", how="semi")
    wanted = {*lines["document_id"].to_list(), *adjusted["document_id"].to_list()}
    items = {one.document_id: one for one in outbox.items() if one.document_id in wanted}
    unsent = sorted(f"{one.number} ({one.state.value})" for one in items.values() if one.state is not outbox.State.DONE)
    if unsent:
        message = f"not in the books yet: {', '.join(unsent)}"
        raise StopError(message, "Push what waits first; then correct what the partner has.", INPUT)
    documents = {key: Document.from_plain(json.loads(item.request)) for key, item in items.items()}
    return {
        row["charge_id"]: Billed(
            items[row["document_id"]].number,
            row["position"],
            documents[row["document_id"]],
            row["document_id"],
            amounts[row["charge_id"]],
            row["charge_id"] in adjusted["charge_id"],
        )
        for row in lines.iter_rows(named=True)
    }


def gone_documents(numbers: Sequence[str], billed: Mapping[str, Billed]) -> tuple[str, ...]:
    """The ids of the documents that are to be issued again, each as a whole.

    Raises:
        StopError: one is no invoice that bills charges, or a difference of it stands in the books.
    """
    wrong = sorted({*numbers} - {one.number for one in billed.values()})
    if wrong:
        message = f"only an invoice of charges can be issued again: {', '.join(wrong)}"
        raise StopError(message, "Enter it in the books by hand, and accept it: 'connector reconcile --accept'.", INPUT)
    adjusted = sorted({one.number for one in billed.values() if one.adjusted})
    if adjusted:
        message = f"a difference of it was billed besides, and stands in the books: {', '.join(adjusted)}"
        raise StopError(message, "Enter it in the books by hand, and accept it: 'connector reconcile --accept'.", INPUT)
    return tuple(sorted({one.document_id for one in billed.values()}))


def credit_notes(billed: Mapping[str, Billed], context: Context) -> tuple[Draft, ...]:
    """One credit note for each document of which lines are taken back, dated on the run's day.

    Raises:
        StopError: a selling entity declares no prefix for the numbers of its credit notes.
    """
    refuse_unnumbered({one.document.selling_entity for one in billed.values()}, context)
    by_document: dict[str, list[tuple[Billed, Line]]] = {}
    for charge, one in sorted(billed.items(), key=lambda pair: (pair[1].number, pair[1].position)):
        by_document.setdefault(one.document_id, []).append((one, _credit_line(charge, one)))
    return tuple(_draft(context, document_id, own) for document_id, own in by_document.items())


def refuse_unnumbered(entities: Collection[str], context: Context) -> None:
    """Refuse credit notes of a selling entity that declares no numbers for them."""
    without = sorted(name for name in entities if context.entities[name].credit_note_prefix is None)
    if without:
        message = f"selling entity {', '.join(without)} declares no numbers for credit notes"
        raise StopError(message, "Declare credit_note_prefix in rules/entities.yaml, such as US-CN-.", INPUT)


def _credit_line(charge_id: str, one: Billed) -> Line:
    """The line that takes back what is left of a charge: as it was billed, or with its adjustments as one amount."""
    line, place = one.line_of(charge_id), f"{one.number}/{one.position}"
    if one.adjusted:
        net = one.net_minor
        tax = predict_tax_minor(net, line.tax_percent, one.document.currency)
        line = replace(line, quantity=1, unit_minor=net, net_minor=net, tax_minor=tax)
        place += " and its differences"
    return replace(line, description=f"Credit of {place}: {line.description}")


def _draft(context: Context, document_id: str, own: list[tuple[Billed, Line]]) -> Draft:
    first = own[0][0]
    day = context.as_of[first.document.selling_entity]
    identity = keyed_digest(f"{context.run_id}\x1f{document_id}\x1f{CREDIT_NOTE}", context.key)[:16]
    lines = tuple(line for _, line in own)
    head = replace(first.document, number="", kind=CREDIT_NOTE, dated=day, due=day, moved_from=None)
    return Draft(f"D-{identity}", replace(head, reference=first.number, lines=lines), ())
