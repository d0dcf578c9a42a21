"""Making a run plan: from read sources, a rulebook and the ledger to documents, with everything counted on the way.

Nothing is written to the books here. What does not tie is refused: it would be a defect of the program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from connector.accounting.totals import predict_tax_minor
from connector.billing import counts
from connector.billing.books import BookSet
from connector.billing.bundles import bundle_events
from connector.billing.charges import new_charges, rateable, settled
from connector.billing.context import Context
from connector.billing.counted import Counting, with_counts
from connector.billing.identity import ask_namesakes, identify, with_digests
from connector.billing.invoicing import Draft, draft_documents, ready_for_document
from connector.billing.lifecycle import client_events, tag_list
from connector.billing.master import contact_details, import_partners, import_templates
from connector.domain.problems import Problem
from connector.domain.words import Bucket, RecordKind
from connector.intake import Intake
from connector.rulebook import Rulebook
from connector.runs.errors import INPUT, StopError
from connector.runs.known import Known
from connector.runs.look_ahead import Look, look_nowhere, refused
from connector.runs.problems import document_problems, record_problems
from connector.runs.rows import every_row, hidden_rows, record_buckets, row_kinds
from connector.runs.runplan import Pins, RunPlan
from connector.runs.snapshots import Snapshot
from connector.runs.uploads import upload_of
from connector.runs.versions import compare
from connector.tables import EVENTS, conform


@dataclass(frozen=True)
class Inputs:
    """Everything a plan follows from.

    Attributes:
        run_id: the id it gets.
        now: the moment it is made, UTC.
        as_of: the day it is made for, or None for today in each selling entity's time zone.
        intake: the read sources.
        rulebook, books: the accountants' files.
        pins: what of the files approval compares.
        tenants: the accounting tenant of each selling entity.
        known: the ledger.
        look: asks the books whether they would take the documents.
        earlier: the last uploads of every source.
    """

    run_id: str
    now: datetime
    as_of: date | None
    intake: Intake
    rulebook: Rulebook
    books: BookSet
    pins: Pins
    tenants: Mapping[str, str]
    known: Known
    look: Look = look_nowhere
    earlier: tuple[Snapshot, ...] = ()


def make_plan(inputs: Inputs) -> RunPlan:
    """The run plan of these inputs; the same inputs give the same plan.

    Raises:
        StopError: a selling entity has no tenant, the rules bill what no plan makes yet, or the counts do not tie.
    """
    refuse_later(inputs.rulebook)
    context, partners, templates, details = _context(inputs)
    clients, bundles = _settled(inputs, context)
    charges = pl.concat([new_charges(clients, context), new_charges(bundles, context)])
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
            "contact_details": details,
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


def refuse_later(rulebook: Rulebook) -> None:
    """Refuse rules that bill by time alone: no plan makes renewals and months yet, and leaving them out would be wrong.

    Raises:
        StopError: some rule bills them.
    """
    if rulebook.later_events:
        what = " and ".join(_LATER[event] for event in rulebook.later_events)
        message = f"the rules bill {what}, which a plan does not make yet"
        step = "Plan with rules of the term once; 'connector rules simulate' and 'rules test' know the others."
        raise StopError(message, step)


_LATER = {"renewed": "renewals of terms", "month": "clients by the month"}


def refuse_untied(checks: Sequence[counts.Check]) -> None:
    """Refuse a run whose counts or money do not tie.

    Raises:
        StopError: with every equation that does not hold.
    """
    wrong = [str(check) for check in checks if not check.ties]
    if wrong:
        message = f"the run does not tie out and is refused: {'; '.join(wrong)}"
        raise StopError(message, "Nothing was written. Report this with the workbook: it is a defect.", INPUT)


def _context(inputs: Inputs) -> tuple[Context, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The givens of the run, the judged partner and template rows, and the partners' names and addresses."""
    entities, known = inputs.rulebook.entities, inputs.known
    unbound = sorted(set(entities) - set(inputs.tenants))
    if unbound:
        message = f"selling entity {', '.join(unbound)} of the rulebook has no accounting tenant"
        raise StopError(message, "Bind it under 'books' in connector.yaml.")
    partners = import_partners(inputs.intake.partners, known.partners, entities, known.key)
    templates = import_templates(inputs.intake.templates, known.templates, known.key)
    days = {
        name: inputs.as_of or inputs.now.astimezone(ZoneInfo(entity.time_zone)).date()
        for name, entity in entities.items()
    }
    details = contact_details(partners, known.partners, max(days.values()))
    columns = [name for name in known.partners.columns if name in partners.columns and name != "content_digest"]
    versions = pl.concat([known.partners.select(columns), partners.filter("is_new").select(columns)])
    context = Context(
        run_id=inputs.run_id,
        key=known.key,
        entities=entities,
        policies=inputs.rulebook.policies,
        as_of=days,
        partners=versions.update(details, on="partner_id"),
        templates=pl.concat(
            [
                known.templates.select("template", pl.col("partner_id").fill_null(""), "valid_from", "plan"),
                templates.filter("is_new").select("template", "partner_id", "valid_from", "plan"),
            ]
        ),
        rulebook_digest=inputs.rulebook.digest,
    )
    return context, partners, templates, details


def _settled(inputs: Inputs, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every event of clients and of bundles in its bucket."""
    known, rulebook = inputs.known, inputs.rulebook
    clients, bundles = with_counts(
        _clients(inputs, context),
        _bundles(inputs, context),
        known.versions,
        known.charges,
        Counting(rulebook.counted, rulebook.bundle_size),
        context,
    )
    return _settle(inputs, clients), _settle(inputs, bundles)


def _clients(inputs: Inputs, context: Context) -> pl.DataFrame:
    known = inputs.known
    digested = with_digests(inputs.intake.clients, context.key)
    identified = identify(digested, known.aliases, context.run_id, context.key)
    identified = ask_namesakes(identified, known.aliases, known.labels)
    return client_events(identified, known.versions, context).with_columns(
        subject_type=pl.lit("client"),
        subject_id="client_id",
        quantity=pl.lit(1, pl.Int64),
        size_as_of=pl.coalesce("employees_as_of", pl.lit(max(context.as_of.values()))),
        tags=tag_list(),
    )


def _bundles(inputs: Inputs, context: Context) -> pl.DataFrame:
    charged = inputs.known.charges.filter(pl.col("subject_type") == "bundle")
    return bundle_events(inputs.intake.bundles, charged, context).with_columns(
        subject_type=pl.lit("bundle"),
        plan=pl.lit(None, pl.String),
        domain=pl.lit(None, pl.String),
        template=pl.lit(None, pl.String),
        country="partner_country",
        count_low=pl.lit(None, pl.Int64),
        band_low=pl.lit(None, pl.Int64),
        band_high=pl.lit(None, pl.Int64),
        size_as_of=pl.lit(None, pl.Date),
        advisors=pl.lit(None, pl.Int64),
        users=pl.lit(None, pl.Int64),
        tags=pl.lit(None, pl.List(pl.String)),
    )


def _settle(inputs: Inputs, events: pl.DataFrame) -> pl.DataFrame:
    numbered = events.with_row_index("event_id").with_columns(pl.col("event_id").cast(pl.UInt32))
    asked = rateable(numbered).select(
        "event_id",
        "event",
        "event_on",
        "plan",
        "partner_kind",
        "selling_entity",
        "currency",
        "country",
        "domain",
        "template",
        "band_low",
        "band_high",
        "quantity",
        "advisors",
        "users",
        "tags",
        "clients_this_year",
        "places_left",
        partner="partner_id",
        count="count_low",
        term_days=pl.lit(None, pl.Int64),
        term_of=pl.lit(None, pl.Int64),
    )
    rated = inputs.rulebook.rate(conform(asked, EVENTS))
    return settled(numbered, rated, inputs.known.charges, list(inputs.rulebook.metrics))


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


def _records(inputs: Inputs) -> int:
    return inputs.intake.clients.height + inputs.intake.bundles.height


def _row_checks(inputs: Inputs) -> tuple[counts.Check, ...]:
    intake = inputs.intake
    frames = {
        RecordKind.PARTNERS: intake.partners,
        RecordKind.CLIENTS: intake.clients,
        RecordKind.BUNDLES: intake.bundles,
        RecordKind.TEMPLATES: intake.templates,
    }
    records = {kind.value: frame.height for kind, frame in frames.items()}
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
