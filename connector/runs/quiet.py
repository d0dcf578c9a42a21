"""Rows of an upload that need no comparison with the earlier one: they and the ledger say what they said. Pure.

Most rows of a list that comes every night are like this, and looking for what differs in them costs most of its plan.
"""

from dataclasses import dataclass, replace

import polars as pl

from connector.domain.words import REMEMBERED, Bucket
from connector.runs.billed import Billed
from connector.runs.diff import Difference


@dataclass(frozen=True)
class Quiet:
    """The rows that need no comparison.

    Attributes:
        rows: as the upload's snapshot will hold them, with the number of their row of now as `at`.
        earlier: `source` and `head` of each.
    """

    rows: pl.DataFrame
    earlier: pl.DataFrame

    def others(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that are to be compared."""
        return rows.filter(~pl.col("subject").is_in(self.rows["subject"].implode()).fill_null(value=False))

    def among(self, found: Difference) -> Difference:
        """What was compared, and these rows among it, in the order of the upload."""
        if self.rows.is_empty():
            return found
        every = pl.int_range(found.now.height + self.rows.height, dtype=pl.UInt32, eager=True)
        rest = found.now.with_columns(at=every.filter(~every.is_in(self.rows["at"].implode())))
        matched = self.earlier.group_by("source", "head").agg(rows=pl.len())
        return replace(
            found,
            now=pl.concat([rest, self.rows.select(rest.columns)]).sort("at").drop("at"),
            matched=pl.concat([found.matched, matched]).group_by("source", "head").agg(pl.col("rows").sum()),
        )


def quiet(standing: pl.Series, billed: Billed, now: pl.DataFrame, before: pl.DataFrame) -> Quiet:
    """Each the only row of its client here and before, which stands as it was settled and was not billed since.

    Args:
        standing: the clients whose rows stand as they were settled.
        billed: asked what was billed since.
        now: the upload's rows, under `snapshots.schema`.
        before: the earlier ones, each with the number of its snapshot as `head`.
    """
    only = pl.col("subject").is_in(standing.implode()) & pl.col("subject").is_unique()
    here = now.with_row_index("at").filter(only)
    there = before.filter(only & pl.col("bucket").is_in(REMEMBERED) & pl.col("missing_since").is_null())
    if here.is_empty() or there.is_empty():
        return Quiet(here.clear(), pl.DataFrame(schema={"source": pl.String, "head": pl.Int64}))
    calm = [_untouched(billed, rows, run_id) for (run_id,), rows in there.group_by("run_id")]
    both = here.join(pl.concat(calm), on="subject", suffix="_before", maintain_order="left")
    said = [name for name in now.columns if name.startswith(("shown_", "value_"))]
    both = both.filter(pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in said))
    return Quiet(both.with_columns(money="money_before").select(here.columns), both.select("source", "head"))


def _untouched(billed: Billed, rows: pl.DataFrame, run_id: object) -> pl.DataFrame:
    """Those of the rows of a run that come to what they came to then."""
    since = billed.since(str(run_id))
    if since is None:
        return rows.clear()
    if not since.applied:  # what it would have billed is in their money
        rows = rows.filter(pl.col("bucket") == Bucket.UNCHANGED.value)
    return rows.filter(~pl.col("subject").is_in(since.touched.implode()))
