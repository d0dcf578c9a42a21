"""The amounts that are no plain unit × quantity: ladders, adjustments, terms cut short.

Money is worked out in exact fractions by `amounts`, once for each distinct case, never in a frame: rounding there would
be another rounding.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from connector.domain.money import Money
from connector.domain.places import Line
from connector.rulebook import table as t
from connector.rulebook.amounts import Listed, adjusted, listed
from connector.rulebook.applying import NONE
from connector.rulebook.spec import EACH, Adjustment, Price, Step, UnitPrice
from connector.rulebook.table import Change, Ladder, Table

_CASE = ("price", "quantity", "currency", "changes", "term_days", "term_of")
_WORKED = {
    "worked_list": pl.Int64,
    "worked_quantity": pl.Int64,
    "worked_unit": pl.Int64,
    "basis": pl.String,
    "adjustments": pl.String,
}
_NOWHERE = Line("")


class Worker:
    """Works out the distinct cases of a frame."""

    def __init__(self, table: Table) -> None:
        self._rows = table.prices.rows
        self._ladders = [_unit_price(ladder) for ladder in table.prices.ladders]
        self._adjustments = [_adjustment(change) for change in table.changes]
        self._changes = table.changes
        self._laddered = pl.Series([bool(row.ladder) for row in self._rows])
        self._prorated = pl.Series([decision.prorated for decision in table.decisions])

    def work(self, frame: pl.DataFrame, members: Sequence[Sequence[int]]) -> pl.DataFrame:
        """The frame with the columns of the amounts worked out; null where an amount is plain.

        Args:
            frame: `decision`, `price`, `quantity`, `currency`, `term_days`, `term_of` and `changes`, the set of a row.
            members: set → the positions of its adjustments in the table.
        """
        ladder = pl.lit(self._laddered).gather(pl.col("price"))
        short = pl.lit(self._prorated).gather(pl.col("decision")) & (pl.col("term_days") < pl.col("term_of"))
        cut = short.fill_null(value=False)
        frame = frame.with_columns(term_days=pl.when(cut).then("term_days"), term_of=pl.when(cut).then("term_of"))
        wanted = (pl.col("price") >= t.FIRST_PRICE) & (ladder | (pl.col("changes") != NONE) | cut)
        cases = frame.filter(wanted).select(_CASE).unique(maintain_order=True)
        if cases.is_empty():
            return frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in _WORKED.items())
        rows = [self._worked(case, members[case["changes"]]) for case in cases.iter_rows(named=True)]
        worked = pl.DataFrame(rows, schema=_WORKED)
        joined = frame.join(cases.hstack(worked), on=list(_CASE), how="left", nulls_equal=True, maintain_order="left")
        unwanted = ~wanted
        return joined.with_columns(pl.when(unwanted).then(None).otherwise(name).alias(name) for name in _WORKED)

    def _worked(self, case: Mapping[str, Any], numbers: Sequence[int]) -> dict[str, object]:
        row, quantity, currency = self._rows[case["price"]], case["quantity"], case["currency"]
        price = self._ladders[row.ladder - 1] if row.ladder else _each(row.unit_minor)
        found = listed(price, quantity)
        days, of_days = case["term_days"], case["term_of"]
        plain = not numbers and days is None
        part = (1, 1) if days is None else (days, of_days)
        amount = adjusted(found.minor, currency, [self._adjustments[number] for number in numbers], part)
        if amount < 0:
            raise AssertionError(case)  # the rulebook is proved to have no such case
        whole = plain and found.unit_minor is not None
        return {
            "worked_list": found.minor,
            "worked_quantity": quantity if whole else 1,
            "worked_unit": found.unit_minor if whole else amount,
            "basis": _basis(found, currency, part) if row.ladder or days is not None else None,
            "adjustments": self._told(numbers, currency),
        }

    def _told(self, numbers: Sequence[int], currency: str) -> str | None:
        if not numbers:
            return None
        told = [
            {"rule": one.rule_id, "place": one.rule_place, "what": _what(one, currency), "reason": one.reason}
            for one in (self._changes[number] for number in numbers)
        ]
        return json.dumps(told, ensure_ascii=False)


def _what(change: Change, currency: str) -> str:
    if change.percent is not None:
        return f"{Decimal(change.percent):+f} %"
    return f"{change.kind} {Money(change.money[currency], currency)}"


def _basis(found: Listed, currency: str, part: tuple[int, int]) -> str:
    counted = " + ".join(f"{count} × {Money(minor, currency)}" for count, minor in found.steps)
    return counted if part == (1, 1) else f"{counted}; {part[0]} of {part[1]} days"


def _each(minor: int | None) -> UnitPrice:
    if minor is None:
        raise AssertionError
    return UnitPrice(EACH, (Step(1, None, Price(minor, _NOWHERE)),), _NOWHERE)


def _unit_price(ladder: Ladder) -> UnitPrice:
    steps = tuple(Step(low, high, Price(minor, _NOWHERE)) for low, high, minor in ladder.steps)
    return UnitPrice(ladder.kind, steps, _NOWHERE)


def _adjustment(change: Change) -> Adjustment:
    percent = None if change.percent is None else Decimal(change.percent)
    return Adjustment(change.kind, percent, change.money, _NOWHERE)
