"""`rebuild --check`, sending: what stands in the outbox against events, receipts, documents and lines.

A stranger's trap: the outbox changes by its nature and is under no link of the chain. That what it sends is what was
approved is proved here, by the digest that the approved document keeps.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import polars as pl

from connector import ledger
from connector.ledger import allocations
from connector.runs.drift import NOTES
from connector.runs.issuing import LINES
from connector.runs.rebuild import Proof, prove, text

# What the outbox may say after the latest event of a document; claims and their ends leave no event.
_UNSENT = ["ready", "sending", "retry"]
_STATES = {
    "approved": _UNSENT,
    "ready": _UNSENT,
    "retry": _UNSENT,
    "booked": ["done"],
    "rejected": ["rejected"],
    "quarantined": ["quarantined"],
}
# The same of a credit note that is to be applied to its invoice; empty: it is still to be done.
_APPLYING = {
    "": "",
    "allocating": "",
    "allocation-ready": "",
    "allocated": "done",
    "allocation-rejected": "rejected",
}


def sending_proofs() -> tuple[Proof, ...]:
    """What must be so between the outbox, events, receipts and what the documents say."""
    documents = ledger.read("document")
    lines = pl.concat((ledger.read(table) for table in LINES), how="diagonal")
    outbox = ledger.read("outbox")
    return (*_states(documents, outbox), *_requests(documents, lines, outbox), _allocations())


def _allocations() -> Proof:
    """Credit notes that are to be applied to their invoices, against what was noted of that."""
    rows, events = ledger.read("allocation"), ledger.read("document_event")
    noted = events.filter(pl.col("state").is_in(allocations.NOTES)).unique("document_id", keep="last")
    rows = rows.join(noted.select("document_id", event="state"), on="document_id", how="left")
    allowed = pl.col("event").fill_null("").replace_strict(_APPLYING, default=None)
    told = pl.format("{}: to be applied it is {}, its latest event {}", "number", "state", text("event"))
    return prove("credits to be applied against their events", rows, _settled(pl.col("state")) == allowed, told)


def _settled(state: pl.Expr) -> pl.Expr:
    return pl.when(state.is_in(_UNSENT)).then(pl.lit("")).otherwise(state)


def _states(documents: pl.DataFrame, outbox: pl.DataFrame) -> Iterable[Proof]:
    events = ledger.read("document_event")
    latest = events.filter(~pl.col("state").is_in(NOTES)).unique("document_id", keep="last", maintain_order=True)
    states = pl.DataFrame(
        [(event, state) for event, allowed in _STATES.items() for state in allowed],
        schema={"event": pl.String, "state": pl.String},
        orient="row",
    ).with_columns(fits=pl.lit(value=True))
    waiting = documents.select("document_id", "number").join(
        outbox.select("document_id", "state"), on="document_id", how="left"
    )
    waiting = waiting.join(latest.select("document_id", event="state"), on="document_id", how="left")
    waiting = waiting.join(states, on=["event", "state"], how="left")
    told = pl.format("{}: the outbox says {}, its latest event {}", "number", text("state"), text("event"))
    yield prove("states of documents against their events", waiting, pl.col("fits"), told)
    receipts = ledger.read("receipt").select(
        "document_id", "currency", "net_minor", "total_minor", got=pl.lit(value=True)
    )
    booked = waiting.filter(pl.col("state") == "done").join(receipts, on="document_id", how="full", coalesce=True)
    yield prove(
        "receipts against documents in the books",
        booked,
        pl.col("got") & (pl.col("state") == "done"),
        pl.col("document_id"),
    )
    drifted = events.filter(pl.col("state") == "drift").select("document_id", drift=pl.lit(value=True)).unique()
    totals = receipts.join(documents, on="document_id", suffix="_said").join(drifted, on="document_id", how="left")
    taxed = events.filter(pl.col("state") == "tax").select("document_id", own_tax=pl.lit(value=True)).unique()
    totals = totals.join(taxed, on="document_id", how="left")
    equal = pl.col("total_minor") == pl.col("total_minor_said")
    equal |= pl.col("own_tax").fill_null(value=False) & (pl.col("net_minor") == pl.col("net_minor_said"))
    agreed = equal & (pl.col("currency") == pl.col("currency_said"))
    told = pl.format("{}: predicted {}, booked {}", "number", "total_minor_said", "total_minor")
    note = f"{totals['drift'].drop_nulls().len()} are marked as drift"
    note += f"; of {taxed.height} the books computed the tax themselves" if taxed.height else ""
    yield prove("receipts against predicted totals", totals, agreed | pl.col("drift"), told, note)


def _requests(documents: pl.DataFrame, lines: pl.DataFrame, outbox: pl.DataFrame) -> Iterable[Proof]:
    """What is sent says what was approved: word by word, and where names were erased in numbers and amounts."""
    joined = documents.join(outbox.select("document_id", "request"), on="document_id", how="left")
    amounts = {
        document: list(zip(charges, nets, taxes, strict=True))
        for document, charges, nets, taxes in lines.sort("position")
        .group_by("document_id")
        .agg("charge_id", "net_minor", "tax_minor")
        .iter_rows()
    }
    fits, same = [], []
    for document, number, digest, request in joined.select(
        "document_id", "number", "content_digest", "request"
    ).iter_rows():
        plain = _plain(request)
        said = [(one.get("charge_id"), one.get("net_minor"), one.get("tax_minor")) for one in plain.get("lines", [])]
        fits.append(plain.get("number") == number and said == amounts.get(document))
        same.append(sha256((request or "").encode()).hexdigest() == digest)
    known = joined.with_columns(fits=pl.Series(fits, dtype=pl.Boolean), same=pl.Series(same, dtype=pl.Boolean))
    yield prove("what is sent against documents and lines", known, pl.col("fits"), pl.col("number"))
    erased = _erased(documents, lines)
    whole = known.filter(~pl.col("document_id").is_in(erased.implode()))
    note = (
        f"of {erased.len()} the names are erased, so that only numbers and amounts were compared"
        if erased.len()
        else ""
    )
    yield prove("what is sent is what was approved, word by word", whole, pl.col("same"), pl.col("number"), note)


def _erased(documents: pl.DataFrame, lines: pl.DataFrame) -> pl.Series:
    """The documents of which a name was erased: the partner's, or a client's on one of their lines."""
    owners = ledger.read("erasure")["owner_id"].unique().implode()
    subjects = ledger.read("charge", columns=["charge_id", "subject_id"])
    of_clients = lines.join(subjects.filter(pl.col("subject_id").is_in(owners)), on="charge_id")["document_id"]
    of_partners = documents.filter(pl.col("partner_id").is_in(owners))["document_id"]
    return pl.concat([of_clients, of_partners]).unique()


def _plain(request: str | None) -> dict[str, Any]:
    """A request as JSON values; empty where it is none, which then agrees with nothing."""
    try:
        found: dict[str, Any] = json.loads(request or "{}")
    except ValueError:
        return {}
    return found
