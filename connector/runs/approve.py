"""Approval: a plan is applied exactly or refused (invariant 6).

Everything is written in one transaction that holds what the plan rests on, after the plan's read set was checked again:
of two approvals of one plan, or of two plans over the same clients, one wins and the other is told what changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from connector import ledger
from connector.billing.master import CONTACT_DETAILS
from connector.domain.documents import INVOICE, Document
from connector.domain.entities import SellingEntity
from connector.domain.words import SETTLED
from connector.runs import drift, holds, serial, store
from connector.runs.adjusted import with_adjustments
from connector.runs.crashpoints import reached
from connector.runs.errors import INPUT, StopError
from connector.runs.issuing import issue
from connector.runs.known import read_partners, read_telling
from connector.runs.lock_dates import AskLocks, changed_locks
from connector.runs.overdraw import places_read
from connector.runs.runplan import Pins, RunPlan
from connector.runs.writing import append, stamped

_NAMED = 5  # of each kind of change
_STEPS = 6  # uploads, partners, clients, charges, documents, the chain


@dataclass(frozen=True)
class Approval:
    """What an approval wrote.

    Attributes:
        run_id: the run.
        documents: the documents with their numbers, in the order of their numbers.
        charges: new charges, opening entries among them.
        heads: the new heads of the hash chains, by selling entity, and of the ledger's own.
        unasked: tenants whose books could not be asked for their lock dates, and why; the push looks again.
    """

    run_id: str
    documents: tuple[Document, ...]
    charges: int
    heads: Mapping[str, str]
    unasked: Mapping[str, str]


@dataclass(frozen=True)
class Within:
    """What an approval is made within.

    Attributes:
        pins: the digests of the rulebook, mappings and books as they are now.
        entities: the selling entities, for their number prefixes and what they declare about locked periods.
        ask: asks the books for their lock dates.
        progress: told what is done, how many steps, and of how many.
    """

    pins: Pins
    entities: Mapping[str, SellingEntity]
    ask: AskLocks
    progress: Callable[[str, int, int], None]

    def done(self, steps: int) -> None:
        """So many steps are done."""
        self.progress("Approving", steps, _STEPS)


def approve(run_id: str, within: Within, *, now: datetime, by: str) -> Approval:
    """Apply a plan.

    Args:
        run_id: the run.
        within: what it is checked against, and who is told how far it is.
        now: the moment, UTC.
        by: who approves.

    Raises:
        StopError: the run was approved before, or what it was computed from has changed; every change is named.
    """
    whole = store.load_plan(run_id)
    within.done(0)
    locks = within.ask({draft.document.tenant for draft in whole.documents})  # a call, so before anything is held
    with ledger.transaction():
        serial.hold_plan(whole)
        plan, state = holds.standing(whole)
        changed = _changed_pins(plan.pins, within.pins)
        store.refuse_erased(state)
        if state.state != store.PLANNED:
            raise StopError(
                f"{plan.run_id} was approved before (now: {state.state})",
                f"'connector push {plan.run_id}' sends what is left; 'connector plan FILE' makes a new plan.",
                INPUT,
            )
        changed += _changed_ledger(plan)
        changed += changed_locks((draft.document for draft in plan.documents), within.entities, locks)
        if changed:
            message = f"{plan.run_id} was planned on something that has changed: {'; '.join(changed)}"
            raise StopError(message, "Nothing was written. Plan again with the same files and approve that.", INPUT)
        reached("approve:checked")
        done = replace(_apply(plan, within, now, by), unasked=locks.unasked)
        reached("approve:before-commit")
    reached("approve:committed")
    return done


def _changed_pins(planned: Pins, now: Pins) -> list[str]:
    names = {"rulebook": "the rulebook (rules/)", "mappings": "the mappings", "books": "accounts and tax codes"}
    names["tenants"] = "which tenant keeps whose books (connector.yaml)"
    return [text for name, text in names.items() if getattr(planned, name) != getattr(now, name)]


def _changed_ledger(plan: RunPlan) -> list[str]:
    """What the ledger has learnt since the plan was made, as far as the plan rests on it."""
    return [*_changed_charges(plan), *_changed_clients(plan), *_changed_places(plan), *_changed_master(plan)]


def _changed_charges(plan: RunPlan) -> list[str]:
    """Charges that are billed, on a document, or credited by now."""
    own = plan.frames["charges"]["charge_id"]
    taken = ledger.read_among("charge", "charge_id", own, columns=["charge_id"])["charge_id"]
    changed = [f"charge {one} is taken now" for one in taken.head(_NAMED)]
    invoices = [draft.document for draft in plan.documents if draft.document.kind == INVOICE]
    lines = {line.charge_id for document in invoices for line in document.lines if line.adjustment_id is None}
    earlier = lines - {*own}
    billed, credited = (
        {*ledger.read_among(table, "charge_id", earlier, columns=["charge_id"])["charge_id"]}
        for table in ("document_line", "credit")
    )
    changed += [f"charge {one} is on a document now" for one in sorted(billed | credited)[:_NAMED]]
    return changed + (_changed_billed(plan) if "credits" in plan.frames else [])


def _changed_clients(plan: RunPlan) -> list[str]:
    """Clients that have appeared under an id or a domain that the plan takes for new, or that have changed."""
    clients = plan.frames["clients"]
    fresh = clients.filter(pl.col("is_new") & pl.col("code").is_null())
    digests = pl.concat([fresh["ref_digest"], fresh["pair_digest"]]).drop_nulls()
    claims = clients.filter(pl.col("new_pair") & pl.col("code").is_null())
    named = ledger.aliases_of(digests).select("client_id")
    domains = ledger.read_among(
        "client_alias", "domain_digest", claims["domain_digest"].drop_nulls(), columns=["client_id"]
    )
    others = domains.filter(~pl.col("client_id").is_in(claims["client_id"].implode()))
    appeared = pl.concat([named, others])["client_id"].unique().sort()
    changed = [f"client {one} appeared meanwhile" for one in appeared.head(_NAMED)]
    frames = (clients, plan.frames.get("terms", clients), plan.frames.get("read_clients", clients))
    read = pl.concat(one.select("client_id", "known_sequence") for one in frames).drop_nulls().unique()
    versions = ledger.read_among("client_version", "client_id", read["client_id"], columns=["client_id", "sequence"])
    now = versions.group_by("client_id").agg(pl.col("sequence").max())
    moved = read.join(now, on="client_id").filter(pl.col("sequence") != pl.col("known_sequence"))
    return changed + [f"client {one} was changed meanwhile" for one in moved["client_id"].sort().head(_NAMED)]


def _changed_places(plan: RunPlan) -> list[str]:
    """Partners whose bundles the plan counted, and whose places have changed."""
    used = plan.frames["read_places"]
    if used.is_empty():
        return []
    now = places_read(read_telling(), used)
    partners = _difference(used, now)["partner_id"].unique().sort()
    return [f"the places of partner {one} were changed meanwhile" for one in partners.head(_NAMED)]


def _changed_billed(plan: RunPlan) -> list[str]:
    """The charges that a correction takes back or adjusts, and that are not what they were any more."""
    taken = [plan.frames["credits"].select("charge_id", was="amount_minor")]
    if "adjustments" in plan.frames:
        taken.append(plan.frames["adjustments"].select("charge_id", was="was_minor"))
    was = pl.concat(taken)
    charges, adjustments, credits_made = (
        ledger.read_among(table, "charge_id", was["charge_id"]) for table in ("charge", "adjustment", "credit")
    )
    standing = with_adjustments(charges, adjustments).join(credits_made, on="charge_id", how="anti")
    now = was.join(standing.select("charge_id", now="amount_minor"), on="charge_id", how="left", maintain_order="left")
    found = now.filter(pl.col("was").ne_missing(pl.col("now")))
    return [
        f"charge {charge} is credited now" if amount is None else f"charge {charge} was adjusted meanwhile"
        for charge, _, amount in found.head(_NAMED).iter_rows()
    ]


def _changed_master(plan: RunPlan) -> list[str]:
    """Partners and templates that the plan rests on and that have another version now."""
    used = plan.frames["used_partners"]["partner_id"]
    now = read_partners().filter(pl.col("partner_id").is_in(used.implode()))
    partners = _difference(plan.frames["read_partners"], now)["partner_id"].unique().sort()
    templates = _difference(plan.frames["read_templates"], ledger.read("template_version"))["template"].unique().sort()
    told = [f"partner {one} was changed meanwhile" for one in partners.head(_NAMED)]
    return told + [f"template {one} was changed meanwhile" for one in templates.head(_NAMED)]


def _difference(then: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Rows that are in one of the two frames only, by the columns of the first."""
    columns = then.columns
    now = now.select(columns)
    gone = then.join(now, on=columns, how="anti", nulls_equal=True)
    return pl.concat([gone, now.join(then, on=columns, how="anti", nulls_equal=True)])


def _apply(plan: RunPlan, within: Within, now: datetime, by: str) -> Approval:
    sources = {str(info["name"]): f"{plan.run_id}/{index}" for index, info in enumerate(plan.sources, 1)}
    _write_sources(plan, sources, now)
    reached("approve:sources")
    within.done(1)
    _write_master(plan, now)
    reached("approve:master")
    within.done(2)
    _write_clients(plan, sources, now)
    reached("approve:clients")
    within.done(3)
    _write_credits(plan, now)
    charges = _write_charges(plan, sources, now)
    _write_adjustments(plan, sources, now)
    reached("approve:charges")
    within.done(4)
    documents = issue(plan, within.entities, now)
    for one in plan.correction.reissued if plan.correction else ():
        drift.reissued(one, plan.run_id, now)
    reached("approve:documents")
    within.done(5)
    heads = ledger.seal(now, by)
    reached("approve:sealed")
    within.done(_STEPS)
    serial.hold_the_last()
    store.add_event(plan.run_id, store.APPROVED, now, by)
    return Approval(plan.run_id, documents, charges.height, heads, {})


def _located(frame: pl.DataFrame, sources: Mapping[str, str]) -> pl.DataFrame:
    """The rows with the ids of their sources; those of a term are the ones of what it renews."""
    own = pl.col("source").replace_strict(dict(sources), default=None, return_dtype=pl.String)
    return frame.with_columns(source_id=pl.coalesce("source_id", own) if "source_id" in frame.columns else own)


def _remember(owner: str, field: str, values: pl.DataFrame) -> None:
    """Put personal values into the erasable table; the last one of an owner stands."""
    identity, value = values.columns
    latest = values.filter(pl.col(value).is_not_null()).unique(identity, keep="last", maintain_order=True)
    frame = latest.select(
        owner_type=pl.lit(owner), owner_id=identity, field=pl.lit(field), value=pl.col(value).cast(pl.String)
    )
    ledger.put("personal", frame)


def _write_sources(plan: RunPlan, sources: Mapping[str, str], now: datetime) -> None:
    frame = pl.DataFrame(
        [
            (sources[str(one["name"])], one["name"], one["sha256"], one["size_bytes"], one["rows"])
            for one in plan.sources
        ],
        schema={
            "source_id": pl.String,
            "name": pl.String,
            "sha256": pl.String,
            "size_bytes": pl.Int64,
            "row_count": pl.Int64,
        },
        orient="row",
    )
    append("source", stamped(frame, plan, now))


def _write_master(plan: RunPlan, now: datetime) -> None:
    partners = stamped(plan.frames["partners"], plan, now)
    append("partner_version", partners.with_columns(sequence=pl.lit(1)))  # another content would be a conflict
    for field in CONTACT_DETAILS:
        _remember("partner", field, plan.frames["contact_details"].select("partner_id", field))
    append("template_version", stamped(plan.frames["templates"], plan, now))


def _write_clients(plan: RunPlan, sources: Mapping[str, str], now: datetime) -> None:
    """New clients, new aliases and new versions of those whose record is settled; held and blocked ones come again."""
    clients = _located(stamped(plan.frames["clients"], plan, now), sources)
    settled = clients.filter(pl.col("bucket").is_in(SETTLED))
    append("client", settled.filter("is_new"))
    refs = settled.filter("new_ref").select(
        "client_id",
        "partner_id",
        "run_id",
        "recorded_at",
        kind=pl.lit("ref"),
        digest="ref_digest",
        domain_digest=pl.lit(None, pl.String),
    )
    pairs = settled.filter("new_pair").select(
        "client_id",
        "partner_id",
        "run_id",
        "recorded_at",
        kind=pl.lit("domain"),
        digest="pair_digest",
        domain_digest="domain_digest",
    )
    aliases = pl.concat([refs, pairs.select(refs.columns)])
    append("client_alias", aliases)
    days = pl.col("selling_entity").replace_strict(dict(plan.as_of), return_dtype=pl.Date)
    append("client_version", settled.with_columns(sequence=pl.col("known_sequence").fill_null(0) + 1, said_on=days))
    _remember("client", "name", settled.select("client_id", "name"))


def _write_credits(plan: RunPlan, now: datetime) -> None:
    """What a correction takes back; before its charges, which may follow only then."""
    if "credits" in plan.frames:
        append("credit", stamped(plan.frames["credits"], plan, now))


def _write_adjustments(plan: RunPlan, sources: Mapping[str, str], now: datetime) -> None:
    """What a correction bills more or less of charges that stay."""
    if "adjustments" in plan.frames:
        append("adjustment", _located(stamped(plan.frames["adjustments"], plan, now), sources))


def _write_charges(plan: RunPlan, sources: Mapping[str, str], now: datetime) -> pl.DataFrame:
    charges = _located(stamped(plan.frames["charges"], plan, now), sources)
    append("charge", charges)
    return charges
