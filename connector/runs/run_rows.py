"""The rows of a run's tables: each table as a frame, and some rows of it in words.

A stranger's trap: a frame may have hundreds of thousands of rows, so that only those that are shown become words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from connector.domain.documents import CREDIT_NOTE
from connector.domain.money import Money
from connector.domain.places import Cell
from connector.ledger import outbox
from connector.printed import Value
from connector.runs.changes import cells_to_plain, rows_to_plain, signed
from connector.runs.drift import in_files
from connector.runs.looked import Looked
from connector.runs.views import state_of
from connector.runs.words import BUCKETS, READY

_PLACE = ("source", "sheet", "row")
_OF_RATED = ("charge_id", "tier", "rule_id", *_PLACE)


@dataclass(frozen=True)
class Row:
    """One row: what names it (a charge, a document; empty for none), and its values."""

    key: str
    values: tuple[Value, ...]


def document_frame(run: Looked) -> pl.DataFrame:
    """The documents of a run: those of the plan, and of an approved run where each is."""
    told = [
        {
            "document_id": one["document_id"],
            "partner": one["document"]["party"]["partner_id"],
            "name": one["document"]["party"]["name"],
            "entity": one["document"]["selling_entity"],
            "tenant": one["document"]["tenant"],
            "kind": one["document"]["kind"],
            "currency": one["document"]["currency"],
            "dated": one["document"]["dated"],
            "moved_from": one["document"].get("moved_from"),
            "due": one["document"]["due"],
            "net": one["net_minor"],
            "tax": one["tax_minor"],
            "total": one["total_minor"],
            "planned": "blocked: " + "; ".join(text for _, text in one["faults"]) if one["faults"] else "",
        }
        for one in run.plain["documents"]
    ]
    frame = pl.DataFrame(told, schema=_DOCUMENTS)
    filed = in_files()
    where = [
        (one.document_id, one.number, state_of(one, is_filed=one.document_id in filed), one.detail, one.remote_id)
        for one in outbox.whereabouts(run.run_id)
    ]
    sent = pl.DataFrame(where, schema=_SENT, orient="row")
    counted = run.frame("lines").group_by("document_id").agg(lines=pl.len())
    ready = pl.col("kind").replace_strict(READY, default="ready")
    return (
        frame.join(sent, on="document_id", how="left", maintain_order="left")
        .join(counted, on="document_id", how="left", maintain_order="left")
        .with_columns(
            state=pl.coalesce("state", pl.when(pl.col("planned") != "").then(pl.lit("blocked")).otherwise(ready)),
            detail=pl.coalesce("detail", "planned"),
            lines=pl.col("lines").fill_null(0),
        )
    )


_DOCUMENTS = {
    **dict.fromkeys(
        ("document_id", "partner", "name", "entity", "tenant", "kind", "currency", "dated", "moved_from", "due"),
        pl.String,
    ),
    **dict.fromkeys(("net", "tax", "total"), pl.Int64),
    "planned": pl.String,
}
_SENT = dict.fromkeys(("document_id", "number", "state", "detail", "remote_id"), pl.String)


def documents(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    """Documents in words; the key of each is its number."""
    for one in frame.iter_rows(named=True):
        sign, code = -1 if one["kind"] == CREDIT_NOTE else 1, one["currency"]
        dated = f"{one['dated']} (for {one['moved_from']}, which is locked)" if one["moved_from"] else one["dated"]
        values: tuple[Value, ...] = (
            one["number"] or "",
            f"{one['partner']} {one['name']}",
            one["entity"],
            dated,
            one["due"],
            one["lines"],
            Money(one["net"], code),
            Money(one["tax"], code),
            Money(sign * one["total"], code),
            one["state"],
            one["detail"] or "",
        )
        yield Row(one["number"] or "", values)


def line_frame(run: Looked) -> pl.DataFrame:
    """The lines of the documents that are not blocked, with their partner and currency."""
    heads = [
        (one["document_id"], one["document"]["party"]["partner_id"], one["document"]["currency"])
        for one in run.plain["documents"]
        if not one["faults"]
    ]
    own = pl.DataFrame(heads, schema=dict.fromkeys(("document_id", "partner", "currency"), pl.String), orient="row")
    return run.frame("lines").join(own, on="document_id", how="inner", maintain_order="left")


def lines(run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    """Lines in words: what each bills, where it is booked, and the rule and the cell that it comes from."""
    why = rated_of(run, frame["charge_id"].to_list(), _OF_RATED)
    for one in frame.iter_rows(named=True):
        own, code = why.get(one["charge_id"], {}), one["currency"]
        values: tuple[Value, ...] = (
            one["partner"],
            one["description"],
            own.get("tier") or "",
            one["quantity"],
            Money(one["net_minor"], code),
            Money(one["tax_minor"], code),
            one["account"],
            one["tax_code"],
            own.get("rule_id") or "",
            str(Cell(own["source"], own["sheet"], own["row"])) if own else "charged by an earlier run",
        )
        yield Row(one["charge_id"], values)


def rated_of(run: Looked, charges: Sequence[str], columns: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """What the run's charges and adjustments of these ids say: rule, tier, price, row; or some columns of that."""
    frames = (run.frame(name, columns) for name in ("charges", "adjustments"))
    return {
        row["charge_id"]: row
        for frame in frames
        if frame.width
        for row in frame.filter(pl.col("charge_id").is_in(charges)).iter_rows(named=True)
    }


def row_frame(run: Looked) -> pl.DataFrame:
    """Every row; one that is no record is chosen by its kind."""
    return run.frame("rows").with_columns(became=pl.coalesce("bucket", pl.concat_str("kind", pl.lit(" row"))))


def rows(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    """Rows of the sources in words, with what became of each and why."""
    for one in frame.iter_rows(named=True):
        texts = [one[name] or "" for name in ("partner_id", "subject")]
        became = BUCKETS.get(one["bucket"] or "", one["became"].replace("_", " "))
        why = [one[name] or "" for name in ("reason", "rule_id", "code")]
        place = str(Cell(*(one[name] for name in _PLACE)))
        yield Row("", (place, *texts, became, *why, "hidden" if one["hidden"] else ""))


def problem_frame(run: Looked) -> pl.DataFrame:
    """Every problem of the sources."""
    columns = ("where", "severity", "message", "next_step", "code")
    rows = [tuple(one[name] for name in columns) for one in run.plain["problems"]]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def problems(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    """Problems, which are in words already."""
    return (Row("", values) for values in frame.iter_rows())


def terms(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    """Terms in words, those with an amount that are charged."""
    for one in frame.iter_rows(named=True):
        is_charged = one["bucket"] in ("billed", "awaiting_document")
        values: tuple[Value, ...] = (
            one["partner_id"] or "",
            one["name"] or one["subject_id"],
            one["metric"] or "",
            one["ordinal"],
            _day(one["event_on"]),
            BUCKETS.get(one["bucket"], one["bucket"]),
            Money(one["amount_minor"], one["currency"]) if is_charged else "",
            one["reason"] or "",
        )
        yield Row("", values)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def cells(frame: pl.DataFrame) -> Iterator[Row]:
    """Changed cells in words, as they were and as they are."""
    for one in cells_to_plain(frame):
        money = "yes" if one["changes_money"] else ""
        yield Row("", (one["where"], one["title"], one["before"] or "", one["after"] or "", money))


def changed_rows(frame: pl.DataFrame) -> Iterator[Row]:
    """Changed rows in words, with the bucket of each before and now."""
    for one in rows_to_plain(frame):
        buckets = (BUCKETS.get(word, word.replace("_", " ")) for word in (one["bucket_before"] or "", one["bucket"]))
        money = ", ".join(signed(minor, code) for code, minor in one["money"].items())
        yield Row("", (one["where"], one["record_kind"], one["change"], one["cells"] or "", *buckets, money))


def hold_frame(run: Looked) -> pl.DataFrame:
    """Every line that is on hold."""
    columns = ("charge_id", "partner_id", "by", "at", "reason")
    rows = [tuple(one[name] for name in columns) for one in run.plain["on_hold"]]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def holds(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    """Lines on hold in words; the key of each is its charge."""
    for charge, partner, by, at, reason in frame.iter_rows():
        yield Row(charge, (charge, partner, by, at[:10], reason))


def check_frame(run: Looked) -> pl.DataFrame:
    """The equations that were found to tie."""
    return pl.DataFrame(
        [(one["name"], one["left"], one["right"], one["currency"]) for one in run.plain["checks"]],
        schema={"name": pl.String, "left": pl.Int64, "right": pl.Int64, "currency": pl.String},
        orient="row",
    )


def checks(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    """Equations in words."""
    for name, left, right, code in frame.iter_rows():
        sides: tuple[Value, ...] = (Money(left, code), Money(right, code)) if code else (left, right)
        yield Row("", (name, *sides, "yes" if left == right else "no"))
