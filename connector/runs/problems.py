"""Verdicts on records, and faults of documents, as problems with the cell they stand on."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from connector import rulebook
from connector.billing import kinds as billing_kinds
from connector.billing.books import KINDS as BOOK_KINDS
from connector.billing.invoicing import Draft
from connector.declared import KINDS as DECLARED_KINDS
from connector.domain.places import Cell, Line
from connector.domain.problems import Kind, Problem
from connector.domain.words import RecordKind
from connector.intake import KINDS as INTAKE_KINDS
from connector.intake import Intake
from connector.runs.gone import GONE
from connector.runs.look_ahead import REFUSED
from connector.runs.rule_checks import KINDS as RULE_CHECK_KINDS

ALL_KINDS: tuple[Kind, ...] = (
    *INTAKE_KINDS,
    *rulebook.KINDS,
    *RULE_CHECK_KINDS,
    *billing_kinds.KINDS,
    *BOOK_KINDS,
    REFUSED,
    GONE,
    *DECLARED_KINDS,
)
_BY_CODE = {kind.code: kind for kind in ALL_KINDS}

# Which field of the record a person looks at first, per code; the rate codes are about the size or the partner.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    billing_kinds.ROW_UNKNOWN_PARTNER.code: ("partner_id",),
    billing_kinds.PARTNER_NOT_YET.code: ("partner_id",),
    billing_kinds.PARTNER_CONFLICT.code: ("valid_from",),
    billing_kinds.PARTNER_ENTITY.code: ("selling_entity",),
    billing_kinds.PARTNER_CURRENCY.code: ("currency",),
    billing_kinds.TEMPLATE_UNKNOWN.code: ("template",),
    billing_kinds.TEMPLATE_CONFLICT.code: ("plan",),
    billing_kinds.DUPLICATE_ROW.code: ("client_ref", "reference", "partner_id", "template"),
    billing_kinds.DUPLICATE_ID.code: ("client_ref", "reference"),
    billing_kinds.SHARED_DOMAIN.code: ("domain",),
    billing_kinds.NEW_ID_KNOWN_DOMAIN.code: ("client_ref", "domain"),
    billing_kinds.OTHER_PARTNER_DOMAIN.code: ("domain",),
    billing_kinds.MOVED.code: ("partner_id",),
    billing_kinds.DOWNGRADED.code: ("plan",),
    billing_kinds.UPGRADE_UNDATED.code: ("upgraded_on", "plan"),
    billing_kinds.FUTURE.code: ("upgraded_on", "created_on", "purchased_on"),
    billing_kinds.ARCHIVED.code: ("status",),
    billing_kinds.QUANTITY_CHANGED.code: ("quantity",),
    billing_kinds.REUSED.code: ("client_ref",),
    billing_kinds.NAMESAKE.code: ("name",),
    billing_kinds.OPENED.code: ("upgraded_on", "created_on", "purchased_on"),
    billing_kinds.OTHER_METRIC.code: ("client_ref", "reference"),
    billing_kinds.CHANGED.code: ("client_ref", "reference"),
    billing_kinds.NO_PLACE.code: ("plan", "template"),
    "rate-size-unknown": ("employees", "employee_count", "employee_band", "name"),
    "rate-band-spans-tiers": ("employees", "employee_band"),
}


def record_problems(intake: Intake, judged: Mapping[RecordKind, pl.DataFrame]) -> tuple[Problem, ...]:
    """One problem for every record that has a verdict or a flag, on the cell a person looks at first."""
    found = []
    for frame in judged.values():
        wrong = frame.filter(pl.col("code").is_not_null())
        text = "detail" if "detail" in wrong.columns else "reason"
        found += [_record_problem(intake, row, row["code"], row[text]) for row in wrong.iter_rows(named=True)]
        if "flag_code" in frame.columns:
            flagged = frame.filter(pl.col("flag_code").is_not_null())
            told = flagged.iter_rows(named=True)
            found += [_record_problem(intake, row, row["flag_code"], row["flag_detail"]) for row in told]
    return tuple(found)


def term_problems(terms: pl.DataFrame, labels: pl.DataFrame) -> tuple[Problem, ...]:
    """One problem for each client, metric and question: the first term it is about, and how many.

    Args:
        terms: what time brought about, each in its bucket.
        labels: what a document calls each client: `client_id`, `name`.
    """
    wrong = terms.filter(pl.col("code").is_not_null()).join(labels, on="client_id", how="left", maintain_order="left")
    told = wrong.with_columns(metric=pl.coalesce("line_metric", "metric")).group_by(
        "subject_id", "metric", "event", "code", maintain_order=True
    )
    first = pl.col("source", "sheet", "row", "event_on", "name", "reason").first()
    return tuple(_term_problem(row) for row in told.agg(first, count=pl.len()).iter_rows(named=True))


def _term_problem(row: Mapping[str, Any]) -> Problem:
    own = row["code"] in billing_kinds.TERMS
    kind = _BY_CODE[row["code"] if own else billing_kinds.TERM_BLOCKED.code]
    why = row["reason"] if own else f"{row['reason']} ({row['code']})"
    more = f" and {row['count'] - 1} more" if row["count"] > 1 else ""
    what = f"{row['metric'] or 'a month'} of {row['name'] or row['subject_id']}, {row['event']} {row['event_on']}{more}"
    place = Cell(row["source"], row["sheet"], row["row"])
    return Problem(kind.code, kind.severity, place, f"{what}: {why}", kind.remedy)


def document_problems(drafts: Iterable[Draft]) -> tuple[Problem, ...]:
    """One problem for every distinct reason that blocks a document; the documents it blocks are named."""
    blocked: dict[tuple[str, str], list[str]] = {}
    for draft in drafts:
        for fault in draft.faults:
            blocked.setdefault(fault, []).append(draft.document.party.partner_id)
    return tuple(
        Problem(
            code,
            _BY_CODE[code].severity,
            Line("mappings"),
            f"{text}; blocks the whole document of {', '.join(dict.fromkeys(partners))}",
            _BY_CODE[code].remedy,
        )
        for (code, text), partners in blocked.items()
    )


def _record_problem(intake: Intake, row: Mapping[str, Any], code: str, message: str) -> Problem:
    kind = _BY_CODE[code]
    place, excerpt, mark = intake.locate(row["source"], row["sheet"], row["row"], _FIELDS.get(kind.code, ()))
    return Problem(kind.code, kind.severity, place, message, kind.remedy, excerpt, mark)
