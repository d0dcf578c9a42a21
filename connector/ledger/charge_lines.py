"""The charges that tell: of a line of terms without a gap the first and the latest, of every other line all.

A line is what is billed of one subject under one metric, term after term. After years most of a ledger's charges are
terms in the middle of such lines, and no plan looks at one of them: that each is billed is all there is to know.
"""

import json
from collections.abc import Sequence

import polars as pl

from connector.ledger import database
from connector.ledger.frames import column_sql, framed, read
from connector.ledger.schemas import TABLES
from connector.tables.schemas import Schema, empty

# Of a line without a gap: the ordinals of its first and of its latest charge. Those between are billed too.
STRETCHES: Schema = {
    "subject_type": pl.String,
    "subject_id": pl.String,
    "metric": pl.String,
    "first": pl.Int64,
    "latest": pl.Int64,
}
_KEY = "subject_type, subject_id, metric"
# A month's ordinal is its calendar number, such as 202505, and the one after 202512 is 202601.
_CALENDAR = 9999
_SPAN = (
    f"CASE WHEN first > {_CALENDAR}"
    " THEN (latest / 100 - first / 100) * 12 + latest - latest / 100 * 100 - first + first / 100 * 100"
    " ELSE latest - first END"
)
# CROSS JOIN, or SQLite goes through all charges to look for their credits.
_CREDITED = (
    "SELECT charge.subject_type, charge.subject_id, charge.metric"
    " FROM credit CROSS JOIN charge WHERE charge.charge_id = credit.charge_id"
)
# Every line with whether it is without a gap, a credit or a second revision. No charge in the middle of one is read.
_LINES = (
    f"SELECT {_KEY}, first, latest,"  # noqa: S608 - constants only
    f" CASE WHEN charges > 2 AND revision = 1 AND charges - 1 = {_SPAN}"
    f" AND ({_KEY}) NOT IN ({_CREDITED}) AND subject_id NOT IN ({{listed}}) THEN 1 ELSE 0 END AS whole"
    " FROM billed_line"
)
_SAME = " AND ".join(f"charge.{name} = line.{name}" for name in _KEY.split(", "))
_ENDS = " UNION ALL ".join(
    f"SELECT charge.*, line.whole FROM line CROSS JOIN charge WHERE {_SAME} AND {which}"  # noqa: S608 - constants only
    for which in (
        "line.whole = 1 AND charge.ordinal = line.first",
        "line.whole = 1 AND charge.ordinal = line.latest",
        "line.whole = 0",
    )
)
_UNWRITTEN = "SELECT (SELECT count(*) FROM charge) - (SELECT count(*) FROM document_line)"


def telling_charges(whole: Sequence[str] = ()) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The charges that tell, and the lines of which those between the first and the latest are left out.

    Those are the lines without a gap, a credit or a second revision.

    Args:
        whole: subjects whose lines are wanted whole.

    Returns:
        charges and opening entries, and `STRETCHES`.
    """
    schema = {**TABLES["charge"], "whole": pl.Int64}
    selected = ", ".join(column_sql(name, kind) for name, kind in schema.items())
    lines = _LINES.format(listed=database.dialect().LISTED)
    order = database.bytewise("charge_id")
    sql = f"WITH line AS MATERIALIZED ({lines}) SELECT {selected} FROM ({_ENDS}) AS told ORDER BY {order}"  # noqa: S608 - constants only
    found = framed(database.fetch(sql, [json.dumps(list(whole))]), schema)
    ends = found.filter(pl.col("whole") == 1).group_by(_KEY.split(", "), maintain_order=True)
    stretches = ends.agg(first=pl.col("ordinal").min(), latest=pl.col("ordinal").max())
    return found.drop("whole"), stretches.select(pl.col(name).cast(kind) for name, kind in STRETCHES.items())


def waiting_charges() -> pl.DataFrame:
    """The charges and opening entries that are on no invoice and not credited."""
    [(unwritten,)] = database.fetch(_UNWRITTEN)
    if not unwritten:  # each is on an invoice, and stands there once
        return empty(TABLES["charge"])
    without = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} AS made WHERE made.charge_id = charge.charge_id)"  # noqa: S608 - constants only
        for table in ("document_line", "credit")
    )
    return read("charge", f"charge_id IN (SELECT charge_id FROM charge WHERE {without})")  # noqa: S608 - constants only
