"""Looking rows up in a stratum, and which adjustments apply to each row.

A row has at most a handful of adjustments out of many, and many rows have the same ones: what travels with a row is the
number of its set, never a text or a list of them. Adjustments of one partner are looked up for its rows only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from connector.rulebook import table as t
from connector.rulebook.spec import EMPLOYEES
from connector.rulebook.table import Stratum, Table

CODE = pl.UInt32
NONE = 0  # the set of no adjustment
_WORD = 32  # adjustments looked up at once; each is a bit


def codes(numbers: Sequence[int]) -> pl.Series:
    """Numbers to look up, as a series."""
    return pl.Series(numbers, dtype=CODE)


def look(series: pl.Series, index: pl.Expr) -> pl.Expr:
    """The values of a small series at these positions."""
    return pl.lit(series).gather(index)


def cell_of(stratum: Stratum) -> pl.Expr:
    """The decision of a row in one stratum, by the columns of its codes."""
    place = look(codes(stratum.slices), pl.col("slice"))
    cell = look(codes(stratum.bases), place)
    for name in stratum.offsets:
        if name != EMPLOYEES:
            cell = cell + _offset(stratum, name, place, pl.col(f"code_{name}"))
    decisions = codes(stratum.decisions)
    if not stratum.runs:
        return look(decisions, cell)
    runs = codes(stratum.runs)
    low = cell + _offset(stratum, EMPLOYEES, place, pl.col("low"))
    high = cell + _offset(stratum, EMPLOYEES, place, pl.col("high"))
    same = look(runs, low) == look(runs, high)
    return pl.when(same).then(look(decisions, low)).otherwise(pl.lit(t.SPANS_RULE, CODE))


def _offset(stratum: Stratum, name: str, place: pl.Expr, code: pl.Expr) -> pl.Expr:
    steps = codes(stratum.offsets[name])
    width = steps.len() // len(stratum.bases)
    return look(steps, place * width + code)


@dataclass(frozen=True)
class Applied:
    """The adjustments of each row.

    Attributes:
        sets: of each row; `NONE` for no adjustment.
        spanning: whether one of them may or may not apply, by what is known of the headcount.
        members: set → the positions of its adjustments in the table, in order.
    """

    sets: pl.Series
    spanning: pl.Series
    members: tuple[tuple[int, ...], ...]


class Applier:
    """The adjustments of a table, laid out for polars."""

    def __init__(self, table: Table) -> None:
        self._changes = table.changes
        # Partners to whom the same adjustments are open are looked up together.
        self._open: dict[tuple[int, ...], list[int]] = {}
        for partner in range(1 + len(table.partners)):
            numbers = [n for n, change in enumerate(table.changes) if partner in (change.partners or (partner,))]
            self._open.setdefault(tuple(numbers), []).append(partner)
        self._alike = len(self._open) == 1
        self._open.pop((), None)

    def apply(self, rows: pl.DataFrame, wanted: pl.Series) -> Applied:
        """The adjustments of the rows that are wanted; the others have none.

        Args:
            rows: the codes of the attributes of each row.
            wanted: which rows have a price.
        """
        sets = pl.zeros(rows.height, CODE, eager=True)
        spanning = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
        members: list[tuple[int, ...]] = [()]
        priced = rows.with_row_index("at").filter(wanted) if self._open else rows
        for numbers, partners in self._open.items():
            own = priced if self._alike else priced.filter(pl.col("partner").is_in(partners))
            bits = [self._bits(own, numbers[at : at + _WORD], str(at)) for at in range(0, len(numbers), _WORD)]
            found = pl.concat(bits, how="horizontal")
            words = [name for name in found.columns if name.startswith("word")]
            kinds = found.select(words).unique()
            together = [_members(numbers, row) for row in kinds.iter_rows()]
            known = codes([len(members) + n if one else NONE for n, one in enumerate(together)])
            members += together
            own_sets = found.join(kinds.with_columns(set=known), on=words, how="left", maintain_order="left")["set"]
            sets = sets.scatter(own["at"], own_sets)
            spanning = spanning.scatter(own["at"], found.select(pl.any_horizontal(pl.exclude(words))).to_series())
        return Applied(sets, spanning, tuple(members))

    def _bits(self, rows: pl.DataFrame, numbers: Sequence[int], name: str) -> pl.DataFrame:
        """A word with one bit for each of these adjustments, and whether one of them spans."""
        cells = rows.select(cell_of(self._changes[number].stratum).alias(str(n)) for n, number in enumerate(numbers))
        applies = [pl.when(pl.col(one) != t.NO_GATE).then(1 << int(one)).otherwise(0) for one in cells.columns]
        spans = [pl.col(one) == t.SPANS_RULE for one in cells.columns]
        word = pl.sum_horizontal(applies).cast(CODE)
        return cells.select(word.alias(f"word_{name}"), pl.any_horizontal(spans).alias(f"spans_{name}"))


def _members(numbers: Sequence[int], words: Sequence[int]) -> tuple[int, ...]:
    return tuple(number for n, number in enumerate(numbers) if words[n // _WORD] >> (n % _WORD) & 1)
