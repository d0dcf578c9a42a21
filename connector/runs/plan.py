"""Making a run plan: from read sources, a rulebook and the ledger to documents, with everything counted on the way.

Nothing is written to the books here. What does not tie is refused: it would be a defect of the program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connector.accounting.totals import predict_tax_minor
from connector.billing import counts
from connector.billing.books import BookSet
from connector.billing.charges import new_charges
from connector.billing.context import Context
from connector.billing.invoicing import Draft, draft_documents, ready_for_document
from connector.billing.replay import NEXT
from connector.domain.problems import Problem
from connector.domain.words import Bucket, RecordKind
from connector.intake import Intake
from connector.runs.errors import INPUT, StopError
from connector.runs.events import (
    Basis,
    Given,
    Records,
    counted,
    events_of_bundles,
    events_of_clients,
    given,
    identified,
    settle,
)
from connector.runs.known import Known
from connector.runs.later import refuse_due_renewals, refuse_months
from connector.runs.look_ahead import Look, look_nowhere, refused
from connector.runs.problems import document_problems, record_problems
from connector.runs.rows import every_row, hidden_rows, record_buckets, row_kinds
from connector.runs.runplan import Pins, RunPlan
from connector.runs.snapshots import Snapshot
from connector.runs.uploads import upload_of
from connector.runs.versions import compare


@dataclass(frozen=True)
class Inputs(Basis):
    """Everything a plan follows from.

    Attributes:
        intake: the read sources.
        books: accounts and tax codes.
        pins: what of the files approval compares.
        tenants: the accounting tenant of each selling entity.
        look: asks the books whether they would take the documents.
        earlier: the last uploads of every source.
    """

    intake: Intake
    books: BookSet
    pins: Pins
    tenants: Mapping[str, str]
    look: Look = look_nowhere
    earlier: tuple[Snapshot, ...] = ()


def make_plan(inputs: Inputs) -> RunPlan:
    """The run plan of these inputs; the same inputs give the same plan.

    Raises:
        StopError: a selling entity has no tenant, the rules bill what no plan makes yet, or the counts do not tie.
    """
    refuse_months(inputs.rulebook)
    made = _given(inputs)
    context, partners, templates = made.context, made.partners, made.templates
    clients, bundles = _settled(inputs, context)
    charges = pl.concat([new_charges(clients, context), new_charges(bundles, context)])
    renewable = pl.concat([inputs.known.charges.select(NEXT), charges.select(NEXT)])
    refuse_due_renewals(renewable, inputs.rulebook, max(context.as_of.values()))
    charges_checks = counts.charge_checks([clients, bundles], _records(inputs), charges)
    drafts, open_charges, ready = _documents(inputs, context, charges, clients)
    looked = inputs.look([draft for draft in drafts if not draft.faults])
    drafts = refused(drafts, looked)
    staying = open_charges.join(ready.select("charge_id"), on="charge_id", how="anti")
    checks = (*_row_checks(inputs), *charges_checks, *counts.money_checks(open_charges, staying, drafts))
    refuse_untied(checks)
    clients, bundles = (_after_documents(frame, charges, drafts) for frame in (clients, bundles))
    charges = _approvable(charges, drafts)
    judged = {
        RecordKind.PARTNERS: partners,
        RecordKind.TEMPLATES: templates,
        RecordKind.CLIENTS: clients,
        RecordKind.BUNDLES: bundles,
    }
    every = every_row(inputs.intake.rows, judged)
    upload = upload_of(inputs.run_id, inputs.intake, every, judged, inputs.known.charges, charges)
    compared = compare(upload, inputs.earlier)
    refuse_untied(compared.checks)
    found = (*inputs.intake.problems, *record_problems(inputs.intake, judged), *document_problems(drafts))
    return RunPlan(
        run_id=inputs.run_id,
        created_at=inputs.now,
        as_of=context.as_of,
        sources=tuple(_source(info) for info in inputs.intake.sources),
        problems=tuple(sorted((*found, *compared.problems), key=_by_place)),
        row_kinds=row_kinds(every),
        hidden=hidden_rows(every),
        buckets=record_buckets(every),
        amounts=dict(charges.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency").iter_rows()),
        drafts=drafts,
        checks=(*checks, *compared.checks),
        unasked=looked.unasked,
        pins=inputs.pins,
        frames={
            "rows": every,
            "partners": partners.filter("is_new"),
            "contact_details": made.details,
            **_read_set(inputs.known, clients, bundles, drafts),
            "templates": templates.filter("is_new"),
            "clients": clients,
            "bundles": bundles,
            "charges": charges,
            "changed_cells": compared.cells,
            "changed_rows": compared.rows,
        },
        changes=compared.changes,
        snapshots=compared.snapshots,
        continued=compared.continued,
    )


def refuse_untied(checks: Sequence[counts.Check]) -> None:
    """Refuse a run whose counts or money do not tie.

    Raises:
        StopError: with every equation that does not hold.
    """
    wrong = [str(check) for check in checks if not check.ties]
    if wrong:
        message = f"the run does not tie out and is refused: {'; '.join(wrong)}"
        raise StopError(message, "Nothing was written. Report this with the workbook: it is a defect.", INPUT)


def _given(inputs: Inputs) -> Given:
    """The givens of the run; every selling entity must have its books."""
    unbound = sorted(set(inputs.rulebook.entities) - set(inputs.tenants))
    if unbound:
        message = f"selling entity {', '.join(unbound)} of the rulebook has no accounting tenant"
        raise StopError(message, "Bind it under 'books' in connector.yaml.")
    return given(inputs, _frames(inputs.intake))


def _settled(inputs: Inputs, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every event of clients and of bundles in its bucket."""
    clients = events_of_clients(inputs, identified(inputs, inputs.intake.clients), context)
    bundles = events_of_bundles(inputs, inputs.intake.bundles, context)
    clients, bundles = counted(inputs, clients, bundles, context)
    charges = inputs.known.charges
    return settle(inputs.rulebook, clients, charges), settle(inputs.rulebook, bundles, charges)


def _documents(
    inputs: Inputs, context: Context, charges: pl.DataFrame, clients: pl.DataFrame
) -> tuple[tuple[Draft, ...], pl.DataFrame, pl.DataFrame]:
    """The drafts, every charge that could stand on one, and those of them that are due now."""
    columns = [name for name in charges.columns if name in inputs.known.waiting.columns]
    open_charges = pl.concat([inputs.known.waiting.select(columns), charges.select(columns)])
    open_charges = open_charges.filter(pl.col("kind") == "charge")
    ready = ready_for_document(open_charges, context)
    names = {**dict(inputs.known.labels.iter_rows()), **dict(clients.select("client_id", "name").iter_rows())}
    subjects = ready.select("charge_id", "subject_type", "subject_id").iter_rows()
    labels = {
        charge: str(names.get(subject, subject)) if kind == "client" else f"purchase {subject.partition('/')[2]}"
        for charge, kind, subject in subjects
    }
    drafts = draft_documents(ready, labels, inputs.books, inputs.tenants, predict_tax_minor, context)
    return drafts, open_charges, ready


def _after_documents(frame: pl.DataFrame, charges: pl.DataFrame, drafts: Sequence[Draft]) -> pl.DataFrame:
    """Charged records move on to `billed`, or back to `blocked` where their whole document is blocked."""
    lines = pl.DataFrame(
        [
            (line.charge_id, draft.faults[0][0] if draft.faults else None, draft.faults[0][1] if draft.faults else None)
            for draft in drafts
            for line in draft.document.lines
        ],
        schema={"charge_id": pl.String, "fault": pl.String, "fault_text": pl.String},
        orient="row",
    )
    placed = charges.select("subject_id", "metric", "charge_id").join(lines, on="charge_id")
    joined = frame.join(placed, on=["subject_id", "metric"], how="left", maintain_order="left")
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


def _approvable(charges: pl.DataFrame, drafts: Sequence[Draft]) -> pl.DataFrame:
    """Without the charges of blocked documents: they come again with the next plan."""
    blocked = [line.charge_id for draft in drafts if draft.faults for line in draft.document.lines]
    return charges.filter(~pl.col("charge_id").is_in(blocked))


def _frames(intake: Intake) -> Records:
    return {
        RecordKind.PARTNERS: intake.partners,
        RecordKind.CLIENTS: intake.clients,
        RecordKind.BUNDLES: intake.bundles,
        RecordKind.TEMPLATES: intake.templates,
    }


def _records(inputs: Inputs) -> int:
    return inputs.intake.clients.height + inputs.intake.bundles.height


def _row_checks(inputs: Inputs) -> tuple[counts.Check, ...]:
    intake = inputs.intake
    records = {kind.value: frame.height for kind, frame in _frames(intake).items()}
    return counts.row_checks(intake.rows, {info.name: info.rows for info in intake.sources}, records)


def _read_set(
    known: Known, clients: pl.DataFrame, bundles: pl.DataFrame, drafts: Sequence[Draft]
) -> dict[str, pl.DataFrame]:
    """The versions of partners and templates that the plan rests on; approval looks whether they are still the same."""
    of_drafts = pl.Series([draft.document.party.partner_id for draft in drafts], dtype=pl.String)
    used = pl.concat([clients["partner_id"], bundles["partner_id"], of_drafts]).unique().sort()
    partners = known.partners.filter(pl.col("partner_id").is_in(used.implode()))
    return {
        "used_partners": pl.DataFrame({"partner_id": used}),
        "read_partners": partners.select("partner_id", "valid_from", "content_digest"),
        "read_templates": known.templates.select("template", "partner_id", "valid_from", "plan"),
    }


def _source(info: object) -> dict[str, object]:
    return {name: getattr(info, name) for name in ("name", "sha256", "size_bytes", "rows", "failed")}


def _by_place(problem: Problem) -> tuple[str, str, int, int, str]:
    place = problem.place
    row = getattr(place, "row", 0) or getattr(place, "line", 0)
    return place.file, getattr(place, "sheet", ""), row, place.column, problem.code
