"""Charges, and what documents bill, counted and summed: a few rows are handed over however many there are.

A stranger's trap: of a charge at most one line is on an invoice, so a run's charges less its own lines are what waits.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from connector.ledger import billed_sums, database
from connector.ledger.frames import column_sql, framed
from connector.tables.schemas import Schema

_SUM = "CAST(sum({}) AS BIGINT)"
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
    # A charge and its line are in one currency.
    billed = database.fetch(
        f"SELECT currency, own, {_SUM.format('line_count')}, {_SUM.format('net_minor')}, {_SUM.format('charged_minor')}"  # noqa: S608 - as above
        f" FROM {billed_sums.TABLE} WHERE run_id = ? AND lines_of = 'document_line' GROUP BY 1, 2 ORDER BY 1, 2",
        [run_id],
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
    signed = _SUM.format("CASE WHEN kind = 'credit_note' THEN -net_minor ELSE net_minor END")
    told = (
        f"SELECT dated, currency, subject_type, NULLIF(tier, '{billed_sums.NO_TIER}') AS tier, {signed} AS net_minor"  # noqa: S608 - as above
        f" FROM {billed_sums.TABLE} WHERE dated >= ? GROUP BY 1, 2, 3, 4"
    )
    columns = ", ".join(column_sql(name, kind) for name, kind in BILLED.items())
    sql = f"SELECT {columns} FROM ({told}) AS told"  # noqa: S608 - as above
    return framed(database.fetch(sql, [day]), BILLED).sort(list(BILLED)[:-1])


def last_billed_on(day: date) -> date | None:
    """The day of the latest document that is not dated after a day; None where there is none."""
    last = {"dated": BILLED["dated"]}
    told = f"(SELECT max(dated) AS dated FROM {billed_sums.TABLE} WHERE dated <= ?) AS told"  # noqa: S608 - our own names
    sql = f"SELECT {column_sql('dated', last['dated'])} FROM {told}"  # noqa: S608 - as above
    found: date | None = framed(database.fetch(sql, [day]), last)["dated"][0]
    return found
