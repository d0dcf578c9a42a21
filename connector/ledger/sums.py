"""Charges, lines and documents counted and summed by the database, which hands over a few rows however many there are.

A stranger's trap: of a charge there is at most one line, so that a charge and its line can stand in one row.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from connector.ledger import database
from connector.ledger.frames import column_sql, framed
from connector.tables.schemas import Schema

_SUM = "CAST(sum({}) AS BIGINT)"
# What is billed, taken back and differed by: tables of lines, each belonging to a charge.
_LINES = ("document_line", "credit_line", "adjustment_line")
BILLED: Schema = {
    "dated": pl.Date,
    "currency": pl.String,
    "subject_type": pl.String,  # client | bundle
    "tier": pl.String,  # null: without one
    "net_minor": pl.Int64,  # credit notes count against it
}


@dataclass(frozen=True)
class Tally:
    """Some entries of one currency: how many, and what they come to in minor units."""

    currency: str
    count: int
    minor: int


@dataclass(frozen=True)
class RunTally:
    """The charges and lines of a run.

    Attributes:
        openings: how many entries from before go-live it has.
        charges: its charges.
        waiting: those of them that are on none of its documents.
        lines: the lines of its documents.
        earlier: those of them that bill charges of earlier runs.
    """

    openings: int
    charges: tuple[Tally, ...]
    waiting: tuple[Tally, ...]
    lines: tuple[Tally, ...]
    earlier: tuple[Tally, ...]


def tally_run(run_id: str) -> RunTally:
    """Count and sum the charges and lines of a run."""
    counted = database.fetch(
        f"SELECT kind, currency, count(*), {_SUM.format('amount_minor')} FROM charge"  # noqa: S608 - our own names
        " WHERE run_id = ? GROUP BY 1, 2 ORDER BY 2",
        [run_id],
    )
    # Of each line of its documents whether it bills a charge of this run; a charge and its line are in one currency.
    billed = database.fetch(
        "SELECT d.currency, CASE WHEN c.run_id = ? THEN 1 ELSE 0 END, count(*),"  # noqa: S608 - as above
        f" {_SUM.format('l.net_minor')}, {_SUM.format('c.amount_minor')} FROM document d"
        " JOIN document_line l ON l.document_id = d.document_id JOIN charge c ON c.charge_id = l.charge_id"
        " WHERE d.run_id = ? GROUP BY 1, 2 ORDER BY 1, 2",
        [run_id, run_id],
    )
    charges = tuple(Tally(currency, count, minor) for kind, currency, count, minor in counted if kind == "charge")
    on_own = {currency: (count, minor) for currency, is_own, count, _, minor in billed if is_own}
    return RunTally(
        openings=sum(count for kind, _, count, _ in counted if kind != "charge"),
        charges=charges,
        waiting=tuple(left for one in charges if (left := _less(one, *on_own.get(one.currency, (0, 0)))).count),
        lines=_added([Tally(currency, count, net) for currency, _, count, net, _ in billed]),
        earlier=tuple(Tally(currency, count, net) for currency, is_own, count, net, _ in billed if not is_own),
    )


def _added(tallies: list[Tally]) -> tuple[Tally, ...]:
    """One for each currency."""
    sums: dict[str, Tally] = {}
    for one in tallies:
        so_far = sums.get(one.currency, Tally(one.currency, 0, 0))
        sums[one.currency] = Tally(one.currency, so_far.count + one.count, so_far.minor + one.minor)
    return tuple(sums.values())


def _less(one: Tally, count: int, minor: int) -> Tally:
    return Tally(one.currency, one.count - count, one.minor - minor)


def billed_since(day: date) -> pl.DataFrame:
    """What documents dated on that day or later bill before tax, under `BILLED`: summed by day, currency and tier."""
    signed = _SUM.format("CASE WHEN d.kind = 'credit_note' THEN -l.net_minor ELSE l.net_minor END")
    parts = [
        f"SELECT d.dated, d.currency, c.subject_type, c.tier, {signed} AS net_minor FROM document d"  # noqa: S608 - as above
        f" JOIN {table} l ON l.document_id = d.document_id JOIN charge c ON c.charge_id = l.charge_id"
        " WHERE d.dated >= ? GROUP BY 1, 2, 3, 4"
        for table in _LINES
    ]
    columns = ", ".join(column_sql(name, kind) for name, kind in BILLED.items())
    sql = f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}) AS told"  # noqa: S608 - as above
    frame = framed(database.fetch(sql, [day] * len(_LINES)), BILLED)
    return frame.group_by(list(BILLED)[:-1]).agg(pl.col("net_minor").sum()).sort(list(BILLED)[:-1])


def last_billed_on(day: date) -> date | None:
    """The day of the latest document that is not dated after a day; None where there is none."""
    last = {"dated": BILLED["dated"]}
    told = "(SELECT max(dated) AS dated FROM document WHERE dated <= ?) AS told"
    sql = f"SELECT {column_sql('dated', last['dated'])} FROM {told}"  # noqa: S608 - our own names
    found: date | None = framed(database.fetch(sql, [day]), last)["dated"][0]
    return found
