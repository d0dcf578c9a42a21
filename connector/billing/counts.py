"""Everything is counted (invariant 5): rows to records to buckets to charges to documents, in counts and in money.

A run whose counts do not tie is refused: a difference means that something was dropped or counted twice, which is a
defect of the program and must not reach the books.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connector.billing.invoicing import Draft
from connector.domain.money import Money
from connector.domain.words import Bucket


@dataclass(frozen=True)
class Check:
    """One equation of the tie-out: two numbers that must be the same.

    Attributes:
        name: what is compared.
        left, right: the two numbers; whole minor units where there is a currency.
        currency: of both, or empty for counts.
    """

    name: str
    left: int
    right: int
    currency: str = ""

    @property
    def ties(self) -> bool:
        """Whether both sides are equal."""
        return self.left == self.right

    def __str__(self) -> str:
        """The equation for people: `total of documents and receipts: USD 1,948.50 against USD 0.00`."""
        sides = [str(Money(side, self.currency) if self.currency else side) for side in (self.left, self.right)]
        return f"{self.name}: {sides[0]} against {sides[1]}"


def row_checks(rows: pl.DataFrame, source_rows: Mapping[str, int], records: Mapping[str, int]) -> tuple[Check, ...]:
    """Rows as the sources hold them against rows by kind, and record rows against records.

    Rows of a source, or records of a kind, that are counted on one side only are told as well.

    Args:
        rows: `tables.ROWS`.
        source_rows: how many rows each source says it has.
        records: how many records of each kind went on.
    """
    per_source = dict(rows.group_by("source").len().iter_rows())
    sources = (
        Check(f"rows of {name}", per_source.get(name, 0), source_rows.get(name, 0))
        for name in dict.fromkeys([*source_rows, *sorted(per_source)])
    )
    record_rows = rows.filter(pl.col("kind") == "record")
    per_kind = dict(record_rows.group_by("record_kind").len().iter_rows())
    kinds = (
        Check(f"{kind} rows that are records", per_kind.get(kind, 0), records.get(kind, 0))
        for kind in dict.fromkeys([*records, *sorted(per_kind)])
    )
    return (*sources, *kinds)


def bucket_counts(settled: pl.DataFrame) -> dict[str, int]:
    """How many records ended in each bucket, in the order of precedence; empty buckets are left out."""
    counted = dict(settled.group_by("bucket").len().iter_rows())
    return {bucket.value: counted[bucket.value] for bucket in Bucket if bucket.value in counted}


def charge_checks(settled: Sequence[pl.DataFrame], records: int, charges: pl.DataFrame) -> tuple[Check, ...]:
    """Records against buckets, and the buckets that make charges against the charges.

    Args:
        settled: what `charges.settled` returned, one frame per subject type.
        records: how many records of clients and bundles there are.
        charges: all new charges and opening entries, before any document is blocked.
    """
    counted = sum(sum(bucket_counts(frame).values()) for frame in settled)
    waiting = sum(frame.filter(pl.col("bucket") == Bucket.AWAITING_DOCUMENT.value).height for frame in settled)
    opened = sum(
        frame.filter((pl.col("bucket") == Bucket.OPENING.value) & pl.col("metric").is_not_null()).height
        for frame in settled
    )
    made = charges.filter(pl.col("kind") == "charge")
    return (
        Check("records in exactly one bucket", counted, records),
        Check("records charged against charges", waiting, made.height),
        Check("records opened against opening entries", opened, charges.height - made.height),
        Check("charge keys once", charges["charge_id"].n_unique(), charges.height),
    )


def term_checks(terms: pl.DataFrame, begun: int, added: pl.DataFrame, charges: pl.DataFrame) -> tuple[Check, ...]:
    """What time brought about against its buckets, and the bucket that makes charges against the charges.

    Args:
        terms: each in its bucket.
        begun: how many there are, counted before they were judged.
        added: the charges that they add.
        charges: all charges of the run.
    """
    counted = bucket_counts(terms)
    return (
        Check("terms in exactly one bucket", sum(counted.values()), begun),
        Check("terms charged against charges", counted.get(Bucket.AWAITING_DOCUMENT.value, 0), added.height),
        Check("charge keys of rows and terms once", charges["charge_id"].n_unique(), charges.height),
    )


def money_checks(charges: pl.DataFrame, waiting: pl.DataFrame, drafts: Sequence[Draft]) -> tuple[Check, ...]:
    """Money of charges against money of document lines, per currency, in minor units.

    Args:
        charges: every charge that could stand on a document: new ones and those the ledger still has without one.
        waiting: those of them that stay without a document in this run.
        drafts: the documents of the run, the blocked ones included.
    """
    made = dict(charges.group_by("currency").agg(pl.col("amount_minor").sum()).iter_rows())
    left = dict(waiting.group_by("currency").agg(pl.col("amount_minor").sum()).iter_rows())
    lines: dict[str, int] = {}
    for draft in drafts:
        lines[draft.document.currency] = lines.get(draft.document.currency, 0) + draft.document.net.minor
    currencies = sorted({*made, *left, *lines})
    money = (
        Check("charges against lines", made.get(code, 0), left.get(code, 0) + lines.get(code, 0), code)
        for code in currencies
    )
    count = sum(len(draft.document.lines) for draft in drafts)
    return (Check("charges against lines", charges.height, waiting.height + count), *money)
