"""The charges that tell: of a line of terms without a gap the first and the latest, of every other line all.

A line is what is billed of one subject under one metric, term after term. After years most of a ledger's charges are
terms in the middle of such lines, and no plan looks at one of them: that each is billed is all there is to know.
"""

import json
from collections.abc import Sequence

import polars as pl

from connector.ledger import database
from connector.ledger.frames import framed, read
from connector.tables.schemas import Schema

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
    f"CASE WHEN min(ordinal) > {_CALENDAR}"
    " THEN (max(ordinal) / 100 - min(ordinal) / 100) * 12"
    " + max(ordinal) - max(ordinal) / 100 * 100 - min(ordinal) + min(ordinal) / 100 * 100"
    " ELSE max(ordinal) - min(ordinal) END"
)
_CREDITED = (
    "SELECT charge.subject_type, charge.subject_id, charge.metric"
    " FROM credit JOIN charge ON charge.charge_id = credit.charge_id"
)
# Read from the index of charge keys alone.
_STRETCHES = (
    f"SELECT {_KEY}, min(ordinal) AS first, max(ordinal) AS latest FROM charge GROUP BY {_KEY}"  # noqa: S608 - constants only
    f" HAVING count(*) > 2 AND max(revision) = 1 AND count(*) - 1 = {_SPAN}"
    f" AND ({_KEY}) NOT IN ({_CREDITED}) AND subject_id NOT IN ({{listed}})"
)


def stretches(whole: Sequence[str] = ()) -> pl.DataFrame:
    """The lines without a gap, a credit or a second revision, under `STRETCHES`.

    Args:
        whole: subjects whose lines are wanted whole.
    """
    return framed(database.fetch(_sql(), [json.dumps(list(whole))]), STRETCHES)


def telling_charges(whole: Sequence[str] = ()) -> pl.DataFrame:
    """Every charge and opening entry but those between the first and the latest of `stretches`.

    Args:
        whole: as for `stretches`.
    """
    same = " AND ".join(f"charge.{name} = line.{name}" for name in _KEY.split(", "))
    ends = " UNION ALL ".join(
        f"SELECT charge_id FROM ({_sql()}) AS line JOIN charge ON {same} AND charge.ordinal = line.{end}"  # noqa: S608 - constants only
        for end in ("first", "latest")
    )
    others = f"SELECT charge_id FROM charge WHERE ({_KEY}) NOT IN (SELECT {_KEY} FROM ({_sql()}) AS line)"  # noqa: S608 - constants only
    listed = [json.dumps(list(whole))] * 3
    return read("charge", f"charge_id IN ({ends} UNION ALL {others})", listed)


def waiting_charges() -> pl.DataFrame:
    """The charges and opening entries that are on no invoice and not credited."""
    without = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} AS made WHERE made.charge_id = charge.charge_id)"  # noqa: S608 - constants only
        for table in ("document_line", "credit")
    )
    return read("charge", f"charge_id IN (SELECT charge_id FROM charge WHERE {without})")  # noqa: S608 - constants only


def _sql() -> str:
    return _STRETCHES.format(listed=database.dialect().LISTED)
