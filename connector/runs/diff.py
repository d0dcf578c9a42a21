"""What differs between the rows of an upload and those of its earlier version: cells, rows and money. Pure.

A stranger's trap: money is compared record by record, what it comes to now (charged before and by this plan) with what
it came to then. A cell that changes nothing in money can stand in a row whose money changes for another reason.
"""

from dataclasses import dataclass

import polars as pl

from connector.domain.words import Bucket, RecordKind
from connector.runs.matching import paired
from connector.runs.snapshots import BLOCKED_ROW, MONEY, SIZES, compared_fields
from connector.tables.schemas import Schema

_BLOCKED = (Bucket.BLOCKED.value, BLOCKED_ROW)
# Cells that no rule can look at: their change never explains a change of money.
_NEUTRAL = ("name",)

CELLS: Schema = {
    "record_kind": pl.String,
    "upload": pl.String,  # the file of this upload whose change it is
    "source": pl.String,
    "sheet": pl.String,
    "row": pl.UInt32,
    "field": pl.String,
    "before": pl.String,
    "after": pl.String,
    "changes_money": pl.Boolean,  # the row's money changes, and the field can be why
}
ROWS: Schema = {
    "record_kind": pl.String,
    "upload": pl.String,
    "source": pl.String,  # where it stands; where it stood, for one that is gone
    "sheet": pl.String,
    "row": pl.UInt32,
    "change": pl.String,  # changed | new | back | otherwise | gone | still gone | repetition gone
    "cells": pl.Int64,  # how many of its cells changed
    "was_source": pl.String,  # null for a new one, as the next three
    "was_sheet": pl.String,
    "was_row": pl.UInt32,
    "was_run": pl.String,
    "bucket_before": pl.String,  # null for a new one
    "bucket": pl.String,  # for one that is gone, the one it was in
    "mended": pl.Boolean,  # it was blocked and is not
    "broken": pl.Boolean,  # it was not blocked and is
    "money": MONEY,  # what it comes to now less what it came to then, by currency; null for no difference
}
_AT = ["source", "sheet", "row"]


@dataclass(frozen=True)
class Difference:
    """The difference of one kind of record.

    Attributes:
        now: this upload's rows, as its snapshot will hold them: with their subjects and their money.
        missing: the earlier rows that are not there, with the money they come to now (`money`) and `money_between`.
        cells, rows: `CELLS` and `ROWS`, of the rows that are there.
        matched: per `source` of the upload and `head` of the earlier rows, how many `rows` were found again.
    """

    now: pl.DataFrame
    missing: pl.DataFrame
    cells: pl.DataFrame
    rows: pl.DataFrame
    matched: pl.DataFrame

    @property
    def again(self) -> int:
        """How many rows were found again."""
        return int(self.matched["rows"].sum())


def difference(
    now: pl.DataFrame, before: pl.DataFrame, ledger: pl.DataFrame, planned: pl.DataFrame, kind: RecordKind
) -> Difference:
    """Compare.

    Args:
        now: the upload's rows of this kind, under `snapshots.schema(kind)`; their money is not looked at.
        before: the earlier rows, those missing already among them, each with the number of its snapshot as `head`.
        ledger: what is charged: `subject`, `currency`, `minor`.
        planned: what this plan charges, in the same columns.
        kind: what the rows are.
    """
    pairs = paired(now, before, kind)
    both = _side_by_side(now, before, pairs)
    # A blocked row leads nowhere by itself: it is the client, or the purchase, that it was before.
    now = now.with_columns(subject=pl.coalesce("subject", both["subject_before"]))
    charged = pl.concat([ledger, planned]).group_by("subject", "currency").agg(pl.col("minor").sum())
    now = _with_money(now, charged)
    missing = before.with_row_index("at").join(pairs, left_on="at", right_on="before", how="anti").drop("at")
    elsewhere = charged.join(now.select("subject").drop_nulls().unique(), on="subject", how="anti")
    missing_now = _with_money(missing, elsewhere)
    both = both.with_columns(money=now["money"])
    cells = _changed_cells(both, kind)
    rows = _told_rows(both, cells, kind)
    moved = rows.filter(pl.col("money").list.len() > 0).select(_AT).with_columns(moved=True)
    bears = ~pl.col("field").is_in(_NEUTRAL)
    cells = cells.join(moved, on=_AT, how="left", maintain_order="left").with_columns(
        record_kind=pl.lit(kind.value),
        upload="source",
        changes_money=pl.col("moved").fill_null(value=False) & bears,
    )
    return Difference(
        now=now,
        missing=missing_now.with_columns(money_between=_money_between(missing_now["money"], missing["money"])),
        cells=cells.select(list(CELLS)),
        rows=rows,
        matched=both.filter("found").group_by("source", "head").agg(rows=pl.len()),
    )


def _side_by_side(now: pl.DataFrame, before: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Every row of now with the row it was before, in the order of now; `found` tells whether there was one."""
    earlier = before.with_row_index("before").with_columns(found=True)
    numbered = now.with_row_index("now").join(pairs, on="now", how="left", maintain_order="left")
    joined = numbered.join(earlier, on="before", how="left", suffix="_before", maintain_order="left")
    return joined.with_columns(pl.col("found").fill_null(value=False))


def _with_money(rows: pl.DataFrame, charged: pl.DataFrame) -> pl.DataFrame:
    """The rows with what their subject comes to; of several rows of one subject, the first sound one has it."""
    blocked = pl.col("bucket").is_in([*_BLOCKED, Bucket.HELD.value])
    named = rows.with_row_index("at").drop_nulls("subject")
    several = named["subject"].is_duplicated()
    contents = pl.struct(pl.selectors.starts_with("shown_")).hash()  # whatever their order in the file
    first = named.filter(several).sort(blocked, contents, "at").unique("subject", keep="first")
    owners = pl.concat([named.filter(~several), first]).select("at", "subject")
    sums = charged.sort("currency").group_by("subject").agg(money=pl.struct("currency", "minor"))
    money = owners.join(sums, on="subject").select("at", "money")
    return (
        rows.drop("money").with_row_index("at").join(money, on="at", how="left", maintain_order="left").drop("at")
    ).select(rows.columns)


def _changed_cells(both: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """The cells that say something else than before, field by field."""
    found = both.filter("found")
    sound = pl.col("sound") & pl.col("sound_before")
    differ = found.select(_is_changed(name, sound).alias(name) for name in compared_fields(kind))
    at_all = differ.select(pl.all().any())
    changed = [
        found.filter(differ[name]).select(
            *_AT,
            field=pl.lit(name),
            before=_told(name, "_before"),
            after=_told(name, ""),
            position=pl.lit(position, pl.Int64),
        )
        for position, name in enumerate(compared_fields(kind))
        if at_all[name].item()
    ]
    if not changed:
        return pl.DataFrame(schema={name: CELLS[name] for name in (*_AT, "field", "before", "after")})
    return pl.concat(changed).sort(*_AT, "position").drop("position")


def _is_changed(name: str, sound: pl.Expr) -> pl.Expr:
    shown = pl.col(f"shown_{name}").ne_missing(pl.col(f"shown_{name}_before"))
    value = pl.col(f"value_{name}").ne_missing(pl.col(f"value_{name}_before"))
    return pl.when(sound).then(value & shown if name in SIZES else value).otherwise(shown)


def _told(name: str, side: str) -> pl.Expr:
    """What the cell showed; where both showed the same, what was understood."""
    same = pl.col(f"shown_{name}").eq_missing(pl.col(f"shown_{name}_before"))
    return pl.when(same).then(f"value_{name}{side}").otherwise(f"shown_{name}{side}")


def _told_rows(both: pl.DataFrame, cells: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """The upload's rows that are new, back, changed, or come out otherwise than before."""
    counted = cells.group_by(_AT).agg(cells=pl.len().cast(pl.Int64))
    rows = both.join(counted, on=_AT, how="left", maintain_order="left").with_columns(pl.col("cells").fill_null(0))
    rows = rows.with_columns(
        money=_money_between(rows["money"], rows["money_before"]),
        was_blocked=pl.col("bucket_before").is_in(_BLOCKED),
        is_blocked=pl.col("bucket").is_in(_BLOCKED),
    )
    change = (
        pl.when(~pl.col("found"))
        .then(pl.lit("new"))
        .when(pl.col("missing_since_before").is_not_null())
        .then(pl.lit("back"))
        .when(pl.col("cells") > 0)
        .then(pl.lit("changed"))
        .when((pl.col("money").list.len() > 0) | (pl.col("was_blocked") != pl.col("is_blocked")))
        .then(pl.lit("otherwise"))
    )
    told = rows.with_columns(
        record_kind=pl.lit(kind.value),
        upload="source",
        change=change,
        was_source="source_before",
        was_sheet="sheet_before",
        was_row="row_before",
        was_run="run_id_before",
        mended=(pl.col("was_blocked") & ~pl.col("is_blocked")).fill_null(value=False),
        broken=(~pl.col("was_blocked") & pl.col("is_blocked")).fill_null(value=False),
    )
    return told.filter(pl.col("change").is_not_null()).select(list(ROWS))


def _money_between(now: pl.Series, before: pl.Series) -> pl.Series:
    """Row by row, what now has more than before, by currency; currencies without a difference are left out.

    Null where nothing differs.
    """
    signed = [
        one.to_frame("money")
        .with_row_index("at")
        .explode("money")
        .drop_nulls("money")
        .unnest("money")
        .with_columns(minor=pl.col("minor") * sign)
        for one, sign in ((now, 1), (before, -1))
    ]
    sums = pl.concat(signed).group_by("at", "currency").agg(pl.col("minor").sum()).filter(pl.col("minor") != 0)
    lists = sums.sort("at", "currency").group_by("at").agg(money=pl.struct("currency", "minor"))
    every = now.to_frame("now").with_row_index("at")
    return every.join(lists, on="at", how="left", maintain_order="left")["money"]
