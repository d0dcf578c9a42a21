"""From a run's charges to its documents, and from blocked documents back to what they block.

A stranger's trap: a client is remembered with its first charge. Where that stands on a blocked document, what else is
billed for the client must wait as well, on whichever document it stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from connector.accounting.totals import predict_tax_minor
from connector.billing import kinds
from connector.billing.books import BookSet
from connector.billing.context import Context
from connector.billing.invoicing import Draft, draft_documents, ready_for_document
from connector.domain.words import Bucket
from connector.runs.known import Known

_KEY = ["subject_id", "metric", "ordinal"]


@dataclass(frozen=True)
class Drafted:
    """The documents of a run.

    Attributes:
        drafts: one for each, those that something blocks included.
        open_charges: every charge that could stand on one.
        waiting: those of them that stay without a document in this run.
    """

    drafts: tuple[Draft, ...]
    open_charges: pl.DataFrame
    waiting: pl.DataFrame


def drafted(
    charges: pl.DataFrame,
    names: Mapping[str, str],
    known: Known,
    books: BookSet,
    tenants: Mapping[str, str],
    context: Context,
) -> Drafted:
    """The drafts of what is billed now, before the books are asked about them.

    Args:
        charges: what the run adds.
        names: what documents call clients, by their ids.
        known: the ledger.
        books: accounts and tax codes.
        tenants: the accounting tenant of each selling entity.
        context: the givens of the run.
    """
    columns = [name for name in charges.columns if name in known.waiting.columns]
    open_charges = pl.concat([known.waiting.select(columns), charges.select(columns)])
    open_charges = open_charges.filter(pl.col("kind") == "charge")
    ready = ready_for_document(open_charges, context)
    subjects = ready.select("charge_id", "subject_type", "subject_id").iter_rows()
    labels = {
        charge: str(names.get(subject, subject)) if kind == "client" else f"purchase {subject.partition('/')[2]}"
        for charge, kind, subject in subjects
    }
    drafts = draft_documents(ready, labels, books, tenants, predict_tax_minor, context)
    waiting = open_charges.join(ready.select("charge_id"), on="charge_id", how="anti")
    return Drafted(drafts, open_charges, waiting)


def with_dependents(drafts: Sequence[Draft], charges: pl.DataFrame, fresh: pl.DataFrame) -> tuple[Draft, ...]:
    """The drafts, those blocked too that bill a new client whose other charges stand on a blocked one.

    Args:
        drafts: of the run.
        charges: what the run adds.
        fresh: `client_id` of the clients that the ledger does not know yet.
    """
    if not any(draft.faults for draft in drafts):
        return tuple(drafts)
    new = charges.join(fresh.select(subject_id="client_id"), on="subject_id", how="semi")
    owner = dict(new.select("charge_id", "subject_id").iter_rows())
    of_draft = [{owner[one.charge_id] for one in draft.document.lines if one.charge_id in owner} for draft in drafts]
    blocked = [bool(draft.faults) for draft in drafts]
    while True:
        stuck = {client for clients, faulty in zip(of_draft, blocked, strict=True) if faulty for client in clients}
        now = [faulty or bool(clients & stuck) for clients, faulty in zip(of_draft, blocked, strict=True)]
        if now == blocked:
            break
        blocked = now
    fault = (kinds.CLIENT_BLOCKED.code, kinds.CLIENT_BLOCKED.title)
    return tuple(
        replace(draft, faults=(fault,)) if faulty and not draft.faults else draft
        for draft, faulty in zip(drafts, blocked, strict=True)
    )


def lines_of(drafts: Sequence[Draft]) -> pl.DataFrame:
    """Every line of the documents: its `charge_id`, and what blocks its document: `fault` and `fault_text`, or null."""
    none = pl.lit(None, pl.String)
    parts = [
        pl.DataFrame({"charge_id": [line.charge_id for line in draft.document.lines]}).with_columns(
            fault=pl.lit(draft.faults[0][0]), fault_text=pl.lit(draft.faults[0][1])
        )
        for draft in drafts
        if draft.faults
    ]
    sound = [line.charge_id for draft in drafts if not draft.faults for line in draft.document.lines]
    whole = pl.DataFrame({"charge_id": pl.Series(sound, dtype=pl.String)}).with_columns(fault=none, fault_text=none)
    return pl.concat([whole, *parts])


def after_documents(frame: pl.DataFrame, charges: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Charged records move on to `billed`, or back to `blocked` where their whole document is blocked.

    Args:
        frame: records or terms in their buckets.
        charges: what the run adds.
        lines: `lines_of` its documents.
    """
    placed = charges.select(*_KEY, "charge_id").join(lines, on="charge_id")
    joined = frame.join(placed, on=_KEY, how="left", maintain_order="left")
    waiting = pl.col("bucket") == Bucket.AWAITING_DOCUMENT.value
    blocked = waiting & pl.col("fault").is_not_null()
    return joined.with_columns(
        bucket=pl.when(blocked)
        .then(pl.lit(Bucket.BLOCKED.value))
        .when(waiting & pl.col("charge_id").is_not_null())
        .then(pl.lit(Bucket.BILLED.value))
        .otherwise("bucket"),
        reason=pl.when(blocked).then("fault_text").otherwise("reason"),
    ).drop("charge_id", "fault", "fault_text")


def approvable(charges: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Without the charges of blocked documents (`lines_of`): they come again with the next plan."""
    blocked = lines.filter(pl.col("fault").is_not_null()).select("charge_id")
    return charges.join(blocked, on="charge_id", how="anti", maintain_order="left")
