"""Making a run plan: from read sources, a rulebook and the ledger to documents, with everything counted on the way.

Nothing is written to the books here. What does not tie is refused: it would be a defect of the program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from connector.billing import counts
from connector.billing.books import BookSet
from connector.billing.charges import new_charges
from connector.billing.context import Context
from connector.billing.invoicing import Draft
from connector.domain.problems import Problem
from connector.domain.words import EventKind, Plan, RecordKind
from connector.intake import Intake
from connector.runs.billed import Billed, Charges
from connector.runs.doubts import DOUBTS, gone_clients, open_doubts
from connector.runs.drafting import after_documents, approvable, drafted, lines_of, with_dependents
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
from connector.runs.look_ahead import Look, answered, look_nowhere
from connector.runs.overdraw import automatic, charged, places_read, without_overdraw
from connector.runs.problems import document_problems, record_problems, term_problems
from connector.runs.rows import every_row, hidden_rows, record_buckets, row_kinds, shown_terms, term_buckets
from connector.runs.runplan import Pins, RunPlan
from connector.runs.snapshots import Snapshot
from connector.runs.standing import Uploaded, everybody_asked, left_alone
from connector.runs.timed import Present, billed_too_late, terms_of, with_purchases
from connector.runs.uploads import is_whole, upload_of
from connector.runs.versions import compare
from connector.tables import empty


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
        doubts: the questions about clients that stood after the last plan, see `doubts.open_doubts`.
        uploaded: the client records, those apart that stand as they were settled; None where all are asked about.
        billed: what rows were billed so far; None where `known` has all of it.
    """

    intake: Intake
    books: BookSet
    pins: Pins
    tenants: Mapping[str, str]
    look: Look = look_nowhere
    earlier: tuple[Snapshot, ...] = ()
    doubts: pl.DataFrame = field(default_factory=lambda: empty(DOUBTS))
    uploaded: Uploaded | None = None
    billed: Billed | None = None

    @cached_property
    def parted(self) -> Uploaded:
        """The client records, by whether they are asked about."""
        return self.uploaded or everybody_asked(self.intake.clients, self.known.key)


def make_plan(inputs: Inputs) -> RunPlan:
    """The run plan of these inputs; the same inputs give the same plan.

    Raises:
        StopError: a selling entity has no tenant, or the counts do not tie.
    """
    made = given_of(inputs)
    context, partners, templates = made.context, made.partners, made.templates
    standing = left_alone(inputs.parted.standing)
    clients, bundles = settled_records(inputs, context)
    charges = pl.concat([new_charges(clients, context), new_charges(bundles, context)])
    doubts = _doubts(inputs, clients, standing)
    present = Present(clients, bundles, charges, doubts, inputs.earlier)
    timed, late = terms_of(inputs, context, present), billed_too_late(inputs, context, present)
    purchases = automatic(inputs, context, clients, bundles)
    timed = with_purchases(timed, charged(inputs, context, purchases), context)
    counted_once = counts.charge_checks([clients, standing, bundles], _records(inputs), charges)
    of_records, charges = charges, pl.concat([charges, timed.charges])
    waiting = inputs.known.waiting.select(client_id="subject_id")
    called = [clients.select("client_id", "name"), standing.join(waiting, on="client_id", how="semi")]
    labels = pl.concat([*(one.select("client_id", "name") for one in called), inputs.known.labels])
    labels = labels.unique("client_id", keep="first")
    names = dict(labels.iter_rows())
    found = drafted(charges, names, inputs.known, inputs.books, inputs.tenants, context)
    looked = inputs.look([draft for draft in found.drafts if not draft.faults])
    drafts = answered(found.drafts, looked, context.entities)
    drafts = with_dependents(drafts, charges, clients.filter("is_new"))
    checks = (
        *_row_checks(inputs),
        *counted_once,
        *counts.term_checks(timed.events, timed.begun, timed.charges, charges),
        *counts.money_checks(found.open_charges, found.waiting, drafts),
    )
    refuse_untied(checks)
    lines = lines_of(drafts)
    clients, bundles, terms = (after_documents(one, charges, lines) for one in (clients, bundles, timed.events))
    charges, of_records = (approvable(one, lines) for one in (charges, of_records))
    judged = {
        RecordKind.PARTNERS: partners,
        RecordKind.TEMPLATES: templates,
        RecordKind.CLIENTS: pl.concat([clients, standing], how="diagonal"),
        RecordKind.BUNDLES: bundles,
    }
    every = every_row(inputs.intake.rows, judged)
    billed = inputs.billed or Charges(inputs.known.charges)
    compared = compare(upload_of(inputs.run_id, inputs.intake, every, judged, billed, of_records), inputs.earlier)
    refuse_untied(compared.checks)
    problems = (
        *inputs.intake.problems,
        *record_problems(inputs.intake, judged),
        *term_problems(terms, labels),
        *term_problems(late, labels),
        *document_problems(drafts),
        *compared.problems,
    )
    return RunPlan(
        run_id=inputs.run_id,
        created_at=inputs.now,
        as_of=context.as_of,
        sources=tuple(_source(info) for info in inputs.intake.sources),
        problems=tuple(sorted(problems, key=_by_place)),
        row_kinds=row_kinds(every),
        hidden=hidden_rows(every),
        buckets=record_buckets(every),
        terms=term_buckets(terms, charges, timed.stopped),
        amounts=dict(charges.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency").iter_rows()),
        drafts=drafts,
        checks=(*checks, *compared.checks),
        unasked=looked.unasked,
        efforts=looked.efforts,
        pins=inputs.pins,
        frames={
            "rows": every,
            "partners": partners.filter("is_new"),
            "contact_details": made.details,
            **read_set(inputs.known, [clients, bundles, terms], drafts),
            "templates": templates.filter("is_new"),
            "clients": clients,
            "standing": standing.select("source", "sheet", "row", "client_id"),
            "bundles": bundles,
            "terms": shown_terms(terms, labels),
            "doubts": doubts,
            "read_places": _read_places(inputs, clients, timed.events),
            "charges": charges,
            "changed_cells": compared.cells,
            "changed_rows": compared.rows,
        },
        changes=compared.changes,
        snapshots=compared.snapshots,
        continued=compared.continued,
    )


def _doubts(inputs: Inputs, clients: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """The questions about clients that stand after this upload."""
    intake = inputs.intake
    here = pl.concat(frame.select("source", "client_id") for frame in (clients, standing))
    gone = gone_clients(here, intake.sources, inputs.earlier) if is_whole(intake) else []
    return open_doubts(clients, inputs.doubts, gone, inputs.run_id)


def refuse_untied(checks: Sequence[counts.Check]) -> None:
    """Refuse a run whose counts or money do not tie.

    Raises:
        StopError: with every equation that does not hold.
    """
    wrong = [str(check) for check in checks if not check.ties]
    if wrong:
        message = f"the run does not tie out and is refused: {'; '.join(wrong)}"
        raise StopError(message, "Nothing was written. Report this with the workbook: it is a defect.", INPUT)


def given_of(inputs: Inputs) -> Given:
    """The givens of the run; every selling entity must have its books."""
    unbound = sorted(set(inputs.rulebook.entities) - set(inputs.tenants))
    if unbound:
        message = f"selling entity {', '.join(unbound)} of the rulebook has no accounting tenant"
        raise StopError(message, "Bind it under 'books' in connector.yaml.")
    return given(inputs, _frames(inputs.intake))


def settled_records(inputs: Inputs, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every event of clients and of bundles in its bucket."""
    clients = events_of_clients(inputs, identified(inputs, inputs.parted.asked), context)
    bundles = events_of_bundles(inputs, inputs.intake.bundles, context)
    clients, bundles = counted(inputs, clients, bundles, context)
    charges = inputs.known.charges
    clients, bundles = settle(inputs.rulebook, clients, charges), settle(inputs.rulebook, bundles, charges)
    return without_overdraw(inputs, context, clients, bundles), bundles


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


def read_set(known: Known, judged: Sequence[pl.DataFrame], drafts: Sequence[Draft]) -> dict[str, pl.DataFrame]:
    """The versions of partners and templates that the plan rests on; approval looks whether they are still the same."""
    of_drafts = pl.Series([draft.document.party.partner_id for draft in drafts], dtype=pl.String)
    used = pl.concat([*(frame["partner_id"] for frame in judged), of_drafts]).unique().sort()
    partners = known.partners.filter(pl.col("partner_id").is_in(used.implode()))
    return {
        "used_partners": pl.DataFrame({"partner_id": used}),
        "read_partners": partners.select("partner_id", "valid_from", "content_digest"),
        "read_templates": known.templates.select("template", "partner_id", "valid_from", "plan"),
    }


def _read_places(inputs: Inputs, clients: pl.DataFrame, timed: pl.DataFrame) -> pl.DataFrame:
    """What the places rest on of the partners whose clients were held, taken over or charged for by them."""
    if not inputs.rulebook.policies.counts_places:
        return places_read(inputs.known, clients.clear())
    taking = clients.filter(pl.col("is_new") & (pl.col("plan") == Plan.ASSESSMENT_ONLY.value))
    bought = timed.filter(pl.col("event") == EventKind.BUNDLE.value)
    return places_read(inputs.known, pl.concat([taking.select("partner_id"), bought.select("partner_id")]))


def _source(info: object) -> dict[str, object]:
    return {name: getattr(info, name) for name in ("name", "sha256", "size_bytes", "rows", "failed")}


def _by_place(problem: Problem) -> tuple[str, str, int, int, str]:
    place = problem.place
    row = getattr(place, "row", 0) or getattr(place, "line", 0)
    return place.file, getattr(place, "sheet", ""), row, place.column, problem.code
