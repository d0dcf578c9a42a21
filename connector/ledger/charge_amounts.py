"""What subjects were billed, summed by the database."""

import json
from collections.abc import Iterable

import polars as pl

from connector.domain.words import BY_TIME
from connector.ledger import database
from connector.ledger.frames import framed
from connector.tables.schemas import Schema

AMOUNTS: Schema = {"subject": pl.String, "currency": pl.String, "minor": pl.Int64}
_LINE = ("subject_type", "subject_id", "metric", "ordinal")
_SAME = " AND ".join(f"later.{name} = earlier.{name}" for name in _LINE)
_TIMED = ", ".join(f"'{event}'" for event in BY_TIME)
# A charge has a later revision only once it is credited, and few are.
_LATER = f"earlier.charge_id = credit.charge_id AND {_SAME} AND later.revision > earlier.revision"
_BOTH = "charge AS earlier CROSS JOIN charge AS later"  # each credit is looked up in this order
_REPLACED = f"SELECT credit.charge_id FROM credit CROSS JOIN {_BOTH} WHERE {_LATER}"  # noqa: S608 - constants only
_STANDING = (
    f"subject_type = ? AND charge.kind = 'charge' AND charge.event NOT IN ({_TIMED})"
    f" AND charge.charge_id NOT IN ({_REPLACED}) AND subject_id IN ({{listed}})"
)
_OWN = "SELECT subject_id, currency, CAST(sum(amount_minor) AS BIGINT) FROM charge WHERE {standing} GROUP BY 1, 2"
_ADDED = (
    "SELECT subject_id, charge.currency, CAST(sum(adjustment.amount_minor) AS BIGINT) FROM adjustment CROSS JOIN charge"
    " WHERE adjustment.charge_id = charge.charge_id AND {standing} GROUP BY 1, 2"
)


def amounts_of(subject_type: str, subjects: Iterable[str]) -> pl.DataFrame:
    """What the rows of these subjects were billed, with its differences, under `AMOUNTS`; nothing that time brought.

    Of each line the latest revision counts, whether or not it is credited.

    Args:
        subject_type: `client` or `bundle`.
        subjects: their ids.
    """
    standing = _STANDING.format(listed=database.dialect().LISTED)
    wanted = [subject_type, json.dumps(list(subjects))]
    found = [framed(database.fetch(sql.format(standing=standing), wanted), AMOUNTS) for sql in (_OWN, _ADDED)]
    return pl.concat(found).group_by("subject", "currency", maintain_order=True).agg(pl.col("minor").sum())
