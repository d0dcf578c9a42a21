"""What subjects were billed, summed by the database."""

import json
from collections.abc import Iterable

import polars as pl

from connector.domain.words import BY_TIME
from connector.ledger import database
from connector.ledger.frames import framed, read, read_among
from connector.tables.schemas import Schema

AMOUNTS: Schema = {"subject": pl.String, "currency": pl.String, "minor": pl.Int64}
_LINE = ("subject_type", "subject_id", "metric", "ordinal")
_TIMED = ", ".join(f"'{event}'" for event in BY_TIME)
_STANDING = (
    f"subject_type = ? AND charge.kind = 'charge' AND charge.event NOT IN ({_TIMED})"
    " AND subject_id IN ({listed}) AND charge.charge_id NOT IN ({listed})"
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
    wanted = [subject_type, json.dumps(list(subjects)), json.dumps(_replaced())]
    found = [framed(database.fetch(sql.format(standing=standing), wanted), AMOUNTS) for sql in (_OWN, _ADDED)]
    return pl.concat(found).group_by("subject", "currency", maintain_order=True).agg(pl.col("minor").sum())


def _replaced() -> list[str]:
    """The charges that a later revision stands for: such a one is let in only where the earlier one is credited."""
    credited = read("credit", columns=["charge_id"])["charge_id"]
    subjects = read_among("charge", "charge_id", credited, columns=["subject_id"])["subject_id"].unique()
    lines = read_among("charge", "subject_id", subjects, columns=["charge_id", *_LINE, "revision"])
    return lines.filter(pl.col("revision") < pl.col("revision").max().over(_LINE))["charge_id"].to_list()
