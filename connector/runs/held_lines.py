"""What a plan is without the lines on hold: what it counts and adds up is counted and added up again.

A plan is looked at by way of this as it is stored, frame by frame, and whole where it is applied. A stranger's trap: a
document that is blocked for another reason keeps its lines: none of them is billed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from connector.billing.counts import Check
from connector.domain.money import Money
from connector.domain.words import Bucket
from connector.runs.rows import record_buckets, term_buckets
from connector.runs.runplan import Hold

Read = Callable[[str, Sequence[str]], pl.DataFrame]
LINES = {
    "charge_id": pl.String,
    "document_id": pl.String,
    "partner_id": pl.String,
    "currency": pl.String,
    "net_minor": pl.Int64,
}
_PLACE = ("source", "sheet", "row")
_KEY = ("subject_id", "metric", "ordinal")


@dataclass(frozen=True)
class Sums:
    """How many lines, and per currency what they come to, in minor units."""

    count: int
    minor: Mapping[str, int]

    @classmethod
    def of(cls, lines: pl.DataFrame) -> "Sums":
        """Those of lines under `LINES`."""
        return cls(lines.height, dict(lines.group_by("currency").agg(pl.col("net_minor").sum()).iter_rows()))


@dataclass(frozen=True)
class Cut:
    """What becomes of a plan whose lines are partly on hold.

    Attributes:
        taken: the hold of each line that leaves, by charge.
        buckets, terms, amounts: as in `RunPlan`, of what stays.
        planned, out: the lines as planned, and those of them that leave.
        by_record: why each record is held: the columns that name it, and `on_hold`.
        rows: every row, in the bucket that it is in without them.
    """

    taken: Mapping[str, Hold]
    buckets: Mapping[str, Mapping[str, int]]
    terms: Mapping[str, Any]
    amounts: Mapping[str, int]
    planned: Sums
    out: Sums
    by_record: pl.DataFrame
    rows: pl.DataFrame

    @property
    def on_hold(self) -> tuple[Hold, ...]:
        """The lines that leave, by charge."""
        return tuple(self.taken[one] for one in sorted(self.taken))

    def checks(self, left: Sums) -> tuple[Check, ...]:
        """Lines and money as planned, against what stands in the documents that are left and what is on hold."""
        name = "lines as planned, against those left and those on hold"
        total = self.planned.minor
        rest = {code: left.minor.get(code, 0) + self.out.minor.get(code, 0) for code in total}
        counted = Check(name, self.planned.count, left.count + self.out.count)
        return (counted, *(Check(name, total[code], rest[code], code) for code in sorted(total)))

    def frame(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame of the plan as it is without them."""
        if name in ("charges", "lines"):
            return frame.filter(~pl.col("charge_id").is_in(list(self.taken)))
        if name in ("clients", "bundles", "terms"):
            return _marked(frame, self.by_record, _KEY)
        return self.rows if name == "rows" else frame

    def stored(self, plain: Mapping[str, Any], lines: pl.DataFrame) -> dict[str, Any]:
        """The plan as it is stored, without them.

        Args:
            plain: as it is stored; see `RunPlan.to_stored`.
            lines: its frame of lines.
        """
        own = lines.filter(pl.col("charge_id").is_in(list(self.taken)))["document_id"].unique()
        touched = lines.filter(pl.col("document_id").is_in(own.implode()))
        sums = self.frame("lines", touched).group_by("document_id").agg(pl.col("net_minor", "tax_minor").sum())
        left = {document: (net, tax) for document, net, tax in sums.iter_rows()}
        emptied = {*own} - {*left}
        documents = [
            _summed(one, left.get(one["document_id"]))
            for one in plain["documents"]
            if one["document_id"] not in emptied
        ]
        return {
            **plain,
            "documents": documents,
            "buckets": self.buckets,
            "terms": self.terms,
            "amounts_minor": self.amounts,
            "checks": [*plain["checks"], *(asdict(one) for one in self.checks(self._left(documents, lines)))],
            "on_hold": [one.to_plain() for one in self.on_hold],
        }

    def _left(self, documents: Sequence[Mapping[str, Any]], lines: pl.DataFrame) -> Sums:
        """What stands in stored documents: their own sums, and the lines that the frame has of them."""
        minor: dict[str, int] = {}
        usable = [one for one in documents if not one["faults"]]
        for one in usable:
            code = one["document"]["currency"]
            minor[code] = minor.get(code, 0) + one["net_minor"]
        there = pl.col("document_id").is_in([one["document_id"] for one in usable])
        return Sums(self.frame("lines", lines.filter(there)).height, minor)


def cut(lines: pl.DataFrame, read: Read, held: Mapping[str, Hold], stopped: int) -> Cut | None:
    """What holds make of a plan; None where none of its lines is on hold.

    Args:
        lines: those of its documents that are not blocked, under `LINES`.
        read: columns of its frames, by name: of those that approval writes, and of `rows` and `terms`; none: all. It
            hands over an empty frame without columns for `terms` where an earlier version made the plan.
        held: lines on hold by charge, of whatever plan.
        stopped: how many terms of archived clients do not begin.
    """
    if lines.filter(pl.col("charge_id").is_in(list(held))).is_empty():
        return None
    charges = read("charges", ["charge_id", *_KEY, "currency", "amount_minor"])
    clients = read("clients", [*_KEY, *_PLACE, "is_new"])
    held = {**held, **_dependent(clients, charges, held)}
    out = lines.filter(pl.col("charge_id").is_in(list(held)))
    taken = {one: held[one] for one in out["charge_id"]}
    is_taken = pl.col("charge_id").is_in(list(taken))
    told = {charge: str(one) for charge, one in taken.items()}
    by_record = charges.filter(is_taken).select(*_KEY, on_hold=pl.col("charge_id").replace_strict(told))
    records = (clients, read("bundles", [*_KEY, *_PLACE]))
    by_row = pl.concat(own.join(by_record, on=list(_KEY)).select(*_PLACE, "on_hold") for own in records)
    rows, staying = _marked(read("rows", ()), by_row, _PLACE), charges.filter(~is_taken)
    terms = read("terms", [*_KEY, "event", "bucket", "reason"])
    return Cut(
        taken=taken,
        buckets=record_buckets(rows),
        terms=term_buckets(_marked(terms, by_record, _KEY), staying, stopped) if terms.width else {},
        amounts=dict(staying.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency").iter_rows()),
        planned=Sums.of(lines),
        out=Sums.of(out),
        by_record=by_record,
        rows=rows,
    )


def _dependent(clients: pl.DataFrame, charges: pl.DataFrame, held: Mapping[str, Hold]) -> dict[str, Hold]:
    """What is billed of a new client besides a charge on hold: the client is remembered with its first charge only."""
    first = charges.filter((pl.col("ordinal") == 1) & pl.col("charge_id").is_in(list(held)))
    fresh = clients.filter(pl.col("is_new") & pl.col("subject_id").is_in(first["subject_id"].implode()))
    causes = first.join(fresh, on="subject_id", how="semi").select("subject_id", first="charge_id")
    pairs = charges.join(causes, on="subject_id").select("charge_id", "first")
    return {one: replace(held[cause], charge_id=one) for one, cause in pairs.iter_rows()}


def _marked(frame: pl.DataFrame, reasons: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The frame with what is on hold in its bucket, and the reason; one that the plan does not have stays none."""
    if not frame.width:
        return frame
    joined = frame.join(reasons, on=list(keys), how="left", maintain_order="left")
    held = pl.col("on_hold").is_not_null()
    return joined.with_columns(
        bucket=pl.when(held).then(pl.lit(Bucket.HELD.value)).otherwise("bucket"),
        reason=pl.coalesce("on_hold", "reason"),
    ).drop("on_hold")


def _summed(one: Mapping[str, Any], sums: tuple[int, int] | None) -> Mapping[str, Any]:
    """A stored document with other sums, where it has any."""
    if sums is None:
        return one
    net, tax = sums
    total = Money(net + tax, one["document"]["currency"])
    return {**one, "net_minor": net, "tax_minor": tax, "total_minor": total.minor, "total": str(total)}
