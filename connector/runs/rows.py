"""Every row of a run with what became of it, and the same counted: what a plan shows of invariant 5."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from connector.billing.counts import bucket_counts
from connector.domain.words import BY_TIME, EventKind, RecordKind

_PLACE = ["source", "sheet", "row"]
_SUBJECT: Mapping[RecordKind, str] = {
    RecordKind.PARTNERS: "partner_id",
    RecordKind.CLIENTS: "name",
    RecordKind.BUNDLES: "reference",
    RecordKind.TEMPLATES: "template",
}


def every_row(rows: pl.DataFrame, judged: Mapping[RecordKind, pl.DataFrame]) -> pl.DataFrame:
    """Every row of the sources with its kind and, where it is a record, its bucket and why.

    Args:
        rows: `tables.ROWS`.
        judged: the records of each kind with their verdicts and, for clients and bundles, their buckets.

    Returns:
        source, sheet, row, record_kind, kind, hidden, subject, partner_id, bucket, rule_id, code, reason.
    """
    records = pl.concat([_record_rows(kind, frame) for kind, frame in judged.items()])
    return rows.join(records, on=_PLACE, how="left", maintain_order="left")


def _record_rows(kind: RecordKind, frame: pl.DataFrame) -> pl.DataFrame:
    decided = kind in (RecordKind.CLIENTS, RecordKind.BUNDLES)
    master = (
        pl.when(pl.col("code").is_not_null())
        .then(pl.lit("blocked"))
        .when(pl.col("is_new") if "is_new" in frame.columns else pl.lit(value=False))
        .then(pl.lit("new"))
        .otherwise(pl.lit("unchanged"))
    )
    return frame.select(
        *_PLACE,
        "partner_id",
        subject=pl.col(_SUBJECT[kind]),
        bucket=pl.col("bucket") if decided else master,
        rule_id=pl.col("rule_id") if decided else pl.lit(None, pl.String),
        code="code",
        reason=pl.col("reason" if decided else "detail"),
    )


def row_kinds(rows: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Per source, how many rows of each kind."""
    counted: dict[str, dict[str, int]] = {}
    for source, kind, number in rows.group_by("source", "kind").len().sort("source", "kind").iter_rows():
        counted.setdefault(source, {})[kind] = number
    return counted


def hidden_rows(rows: pl.DataFrame) -> dict[str, int]:
    """Per source, how many hidden rows were read all the same; a flag, counted apart from the kinds."""
    hidden = rows.filter("hidden").group_by("source").len().sort("source")
    return dict(hidden.iter_rows())


def record_buckets(every: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Per kind of record, how many are in each bucket.

    Rows that never became a record are told apart, as `blocked_row` and `template_row`.
    """
    buckets: dict[str, dict[str, int]] = {}
    for kind in RecordKind:
        own = every.filter(pl.col("record_kind") == kind.value)
        decided = own.filter(pl.col("bucket").is_not_null())
        if kind in (RecordKind.CLIENTS, RecordKind.BUNDLES):
            counted = bucket_counts(decided)
        else:
            counted = dict(decided.group_by("bucket").len().sort("bucket", descending=True).iter_rows())
        extra = {f"{word}_row": own.filter(pl.col("kind") == word).height for word in ("blocked", "template")}
        buckets[kind.value] = {name: number for name, number in {**counted, **extra}.items() if number}
    return buckets


def shown_terms(terms: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """What a plan keeps of each term: whose it is, what became of it and why, and the version of its client it used.

    Args:
        terms: each in its bucket.
        labels: what a document calls each client: `client_id`, `name`.
    """
    named = terms.join(labels, on="client_id", how="left", maintain_order="left")
    return named.select(
        *_PLACE,
        "subject_id",
        "client_id",
        "name",
        "partner_id",
        "event",
        "event_on",
        metric=pl.coalesce("line_metric", "metric"),
        ordinal="ordinal",
        bucket="bucket",
        currency="currency",
        amount_minor="amount_minor",
        rule_id="rule_id",
        code="code",
        reason="reason",
        known_sequence="known_sequence",
    )


def term_buckets(terms: pl.DataFrame, charges: pl.DataFrame, stopped: int) -> dict[str, Any]:
    """What time brought about, counted: per kind of event its buckets and its money.

    Args:
        terms: each in its bucket.
        charges: what approval writes.
        stopped: how many terms of archived clients do not begin.
    """
    events = {}
    key = ["subject_id", "metric", "ordinal"]
    for kind in (*BY_TIME, EventKind.BUNDLE.value):
        own = terms.filter(pl.col("event") == kind)
        if own.height:
            charged = charges.join(own.select(key), on=key, how="semi")
            sums = charged.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency")
            events[kind] = {"buckets": bucket_counts(own), "amounts_minor": dict(sums.iter_rows())}
    return {"events": events, "stopped": stopped}
