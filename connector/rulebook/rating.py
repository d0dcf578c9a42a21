"""Rating: a million events in a handful of look-ups, never a loop over rows.

A row's attributes become small whole numbers, these the number of its cell, and the frozen table has the decision of
each cell. Null never reaches a look-up: a row that lacks what it must have is turned into a decision of its own first.
"""

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import polars as pl

from connector.domain.money import Money
from connector.domain.words import PartnerKind
from connector.rulebook import table as t
from connector.rulebook.amounts import LARGEST_QUANTITY
from connector.rulebook.applying import CODE, Applier, cell_of, codes, look
from connector.rulebook.cells import COMBOS
from connector.rulebook.spec import DAY, TAG
from connector.rulebook.table import PriceRow, Table
from connector.rulebook.working import Worker
from connector.tables import EVENTS, RATED, conform

_CHAIN_LENGTH = 16  # up to here a chain of comparisons beats a hash join
_DENSE = 200_000  # headcounts up to here are looked up directly, beyond by bisection
_OPEN_END = 1 << 62
_EPOCH = date(1970, 1, 1).toordinal()


class Rater:
    """A decision table, laid out for polars."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._decisions = {
            name: pl.Series(name, [getattr(each, name) for each in table.decisions], dtype=dtype)
            for name, dtype in _DECIDED.items()
        }
        self._sellers = codes([decision.seller for decision in table.decisions])
        self._counts = codes([decision.counts for decision in table.decisions])
        self._counting = any(decision.counts for decision in table.decisions)
        self._applier = Applier(table)
        self._worker = Worker(table)
        self._prices = {
            name: pl.Series(name, [getattr(row, name) for row in table.prices.rows], dtype=dtype)
            for name, dtype in _PRICED.items()
        }
        self._days = _dense(table.days)
        self._headcounts = _dense(table.headcounts) if table.headcounts[-1] <= _DENSE else None

    @property
    def counted(self) -> tuple[str, ...]:
        """The counts that some rule looks at."""
        return tuple(self._table.counted)

    @property
    def near_tiers(self) -> dict[str, str]:
        """`{price_place} {tier}` → the tiers beside it: `2-10 at USD 900.00, 51-200 at USD 3,600.00`."""
        rows = [row for row in self._table.prices.rows if row.tier is not None]
        near: dict[str, list[str]] = {f"{row.price_place} {row.tier}": [] for row in rows}
        for left, right in pairwise(rows):
            if left.price_book == right.price_book and _start(_shown(left)) < _start(_shown(right)):
                near[f"{left.price_place} {left.tier}"].append(_shown(right))
                near[f"{right.price_place} {right.tier}"].append(_shown(left))
        return {key: ", ".join(sorted(beside, key=_start)) for key, beside in near.items() if beside}

    @property
    def monthly_plans(self) -> tuple[str, ...]:
        """The plans whose months some rule charges."""
        return self._table.monthly_plans

    def rate(self, events: pl.DataFrame) -> pl.DataFrame:
        """One rated row for each event, in the same order.

        Args:
            events: `tables.EVENTS`.

        Returns:
            `tables.RATED`.
        """
        events = conform(events, EVENTS)
        coded = events.select(**self._attributes(), **self._sizes(events))
        decided = coded.with_columns(gate=cell_of(self._table.gates), charge=cell_of(self._table.charges)).with_columns(
            decision=pl.when(pl.col("bad") != t.NO_GATE)
            .then("bad")
            .when(pl.col("gate") != t.NO_GATE)
            .then("gate")
            .otherwise("charge")
        )
        facts = events.select("event_id", "currency", "quantity", "advisors", "users", "term_days", "term_of")
        counted = facts.with_columns(self._priced(decided)).with_columns(quantity=self._quantity())
        priced = counted.with_columns(price=self._countable())
        applied = self._applier.apply(decided, priced["price"] >= t.FIRST_PRICE)
        changed = priced.with_columns(
            changes=applied.sets,
            price=pl.when(applied.spanning).then(pl.lit(t.SPANS_ADJUST, CODE)).otherwise("price"),
        )
        return conform(self._rated(self._worker.work(changed, applied.members)), RATED)

    def _attributes(self) -> dict[str, pl.Expr]:
        table = self._table
        combo = pl.lit(len(COMBOS), CODE)
        for number, (event, plan) in enumerate(COMBOS):
            planned = pl.col("plan").is_null() if plan is None else pl.col("plan") == plan.value
            combo = pl.when((pl.col("event") == event.value) & planned).then(pl.lit(number, CODE)).otherwise(combo)
        kinds = [kind.value for kind in PartnerKind]
        known = pl.any_horizontal(pl.col("partner_kind") == kind for kind in kinds)
        occurs = look(pl.Series([number in table.combos for number in range(len(COMBOS) + 1)]), combo)
        sound = occurs & known & pl.col("event_on").is_not_null() & pl.col("partner").is_not_null()
        partner = _word("partner", table.partners, missing=0, other=0, first=1)
        entity = _word(
            "selling_entity", table.entities, missing=len(table.entities), other=len(table.entities), first=0
        )
        bad = (
            pl.when(~sound.fill_null(value=False))
            .then(pl.lit(t.BAD_EVENT, CODE))
            .when(entity == len(table.entities))
            .then(pl.lit(t.BAD_ENTITY, CODE))
            .otherwise(pl.lit(t.NO_GATE, CODE))
        )
        safe_combo = pl.when(occurs).then(combo).otherwise(pl.lit(0, CODE))
        safe_entity = pl.when(entity < len(table.entities)).then(entity).otherwise(pl.lit(0, CODE))
        words = {
            f"code_{name}": _word(name, named, missing=t.MISSING, other=t.OTHER, first=t.FIRST_NAMED)
            for name, named in table.words.items()
        }
        words |= {f"code_{name}": _tagged(name.removeprefix(TAG)) for name in table.tags}
        words |= {f"code_{name}": _interval(name, starts) for name, starts in table.counted.items()}
        return {
            "bad": bad,
            "slice": safe_combo * (1 + len(table.partners)) + partner,
            "partner": partner,
            "entity": safe_entity,
            "money": _word("currency", table.prices.currencies, missing=0, other=0, first=1),
            f"code_{DAY}": look(self._days, _clipped(_ordinal(), self._days, table.days)),
            **words,
        }

    def _sizes(self, events: pl.DataFrame) -> dict[str, pl.Expr]:
        """The codes of the smallest and the largest headcount a row can mean, and which source says so."""
        count, low, high = pl.col("count"), pl.col("band_low"), pl.col("band_high").fill_null(_OPEN_END)
        banded = low.is_not_null()
        by_band = banded if self._table.band_first else banded & count.is_null()
        if events["band_low"].null_count() == events.height:
            one = self._headcount(count)
            return {"low": one, "high": one, "banded": pl.lit(value=False)}
        return {
            "low": self._headcount(pl.when(by_band).then(low).otherwise(count)),
            "high": self._headcount(pl.when(by_band).then(high).otherwise(count)),
            "banded": by_band,
        }

    def _headcount(self, number: pl.Expr) -> pl.Expr:
        starts = self._table.headcounts
        if self._headcounts is not None:
            return look(self._headcounts, _clipped(number, self._headcounts, starts))
        found = pl.lit(pl.Series(starts, dtype=pl.Int64)).search_sorted(number.fill_null(0), side="right")
        return found.cast(CODE)

    def _priced(self, decided: pl.DataFrame) -> pl.DataFrame:
        prices, table = self._table.prices, self._table
        seller = look(self._sellers, pl.col("decision"))
        series = (seller * len(table.entities) + pl.col("entity")) * (1 + len(prices.currencies)) + pl.col("money")
        days = pl.col(f"code_{DAY}")
        version = look(codes(prices.versions), look(codes(prices.series), series) * (1 + len(table.days)) + days)
        found = decided.select("decision", "banded", "low", "high", version=version)
        tiers = codes(prices.tiers)
        schemes = look(codes(prices.schemes), pl.col("version")) * (1 + len(table.headcounts))
        start = schemes if any(prices.schemes) else pl.lit(0, CODE)
        low, high = (look(tiers, start + pl.col(name)) for name in ("low", "high"))
        column = pl.when(low == high).then(low).otherwise(pl.lit(t.SPANNING_SIZE, CODE))
        row = look(codes(prices.cells), pl.col("version") * prices.columns + column)
        return found.select("decision", "banded", price=row)

    def _quantity(self) -> pl.Expr:
        """What is counted: the quantity of the event, or people of the client."""
        if not self._counting:
            return pl.col("quantity")
        counts = look(self._counts, pl.col("decision"))
        return (
            pl.when(counts == t.ADVISORS).then("advisors").when(counts == t.USERS).then("users").otherwise("quantity")
        )

    def _countable(self) -> pl.Expr:
        """The price row, unless the quantity is none that can be billed."""
        quantity, row = pl.col("quantity"), pl.col("price")
        bad = ~quantity.is_between(1, LARGEST_QUANTITY).fill_null(value=False)
        wrong: pl.Expr = pl.lit(t.BAD_QUANTITY, CODE)
        if self._counting:
            people = look(self._counts, pl.col("decision")) != t.QUANTITY
            wrong = (
                pl.when(people & quantity.is_null())
                .then(pl.lit(t.NO_UNITS, CODE))
                .when(people & (quantity == 0))
                .then(pl.lit(t.NOTHING, CODE))
                .otherwise(wrong)
            )
        return pl.when((row >= t.FIRST_PRICE) & bad).then(wrong).otherwise(row)

    def _rated(self, frame: pl.DataFrame) -> pl.DataFrame:
        decision, row = pl.col("decision"), pl.col("price")
        decided = {name: look(series, decision) for name, series in self._decisions.items()}
        priced = {name: look(series, row) for name, series in self._prices.items()}
        unpriced = (row != t.NOT_PRICED) & (row < t.FIRST_PRICE)
        outcome = (
            pl.when(row == t.NOTHING)
            .then(pl.lit("not_billable"))
            .when(unpriced)
            .then(pl.lit("blocked"))
            .otherwise(decided["outcome"])
        )
        charged = row >= t.FIRST_PRICE
        source = pl.when("banded").then(pl.lit("band")).otherwise(pl.lit("count"))
        listed = pl.coalesce("worked_list", priced["unit_minor"] * pl.col("quantity"))
        quantity = pl.coalesce("worked_quantity", "quantity")
        unit = pl.coalesce("worked_unit", priced["unit_minor"])
        return frame.select(
            "event_id",
            outcome.alias("outcome"),
            pl.coalesce(priced["reason"], decided["reason"]).alias("reason"),
            pl.coalesce(priced["problem"], decided["problem"]).alias("problem"),
            *(decided[name].alias(name) for name in ("rule_id", "rule_place", "metric", "item", "term")),
            priced["tier"].alias("tier"),
            pl.when(priced["sized"]).then(source).alias("size_source"),
            priced["price_book"].alias("price_book"),
            priced["price_place"].alias("price_place"),
            "currency",
            pl.when(charged).then(quantity).alias("quantity"),
            pl.when(charged).then(unit).alias("unit_minor"),
            pl.when(charged).then(unit * quantity).alias("amount_minor"),
            pl.when(charged).then(listed).alias("list_minor"),
            "basis",
            "adjustments",
            decided["lost"].alias("lost"),
        )


_DECIDED = {
    "outcome": pl.String,
    "reason": pl.String,
    "problem": pl.String,
    "rule_id": pl.String,
    "rule_place": pl.String,
    "metric": pl.String,
    "item": pl.String,
    "term": pl.String,
    "lost": pl.String,
}
_PRICED = {
    "problem": pl.String,
    "reason": pl.String,
    "tier": pl.String,
    "price_book": pl.String,
    "price_place": pl.String,
    "unit_minor": pl.Int64,
    "sized": pl.Boolean,
}


def _word(column: str, words: Sequence[str], *, missing: int, other: int, first: int) -> pl.Expr:
    """The code of a text: `first` and up for the words listed, `other` for any other, `missing` for none."""
    text = pl.col(column)
    if len(words) > _CHAIN_LENGTH:
        codes = list(range(first, first + len(words)))
        found = text.replace_strict(list(words), codes, default=other, return_dtype=CODE)
        return pl.when(text.is_null()).then(pl.lit(missing, CODE)).otherwise(found)
    code = pl.when(text.is_null()).then(pl.lit(missing, CODE)).otherwise(pl.lit(other, CODE))
    for number, word in enumerate(words, start=first):
        code = pl.when(text == word).then(pl.lit(number, CODE)).otherwise(code)
    return code


def _shown(row: PriceRow) -> str:
    if row.price_book is None or row.unit_minor is None:
        raise AssertionError(row)
    return f"{row.tier} at {Money(row.unit_minor, row.price_book.rsplit(' ', 1)[1])}"


def _start(shown: str) -> int:
    return int(re.split(r"[-+ ]", shown)[0])


def _tagged(tag: str) -> pl.Expr:
    """1 where the record has the tag, else 0."""
    return pl.col("tags").list.contains(tag).fill_null(value=False).cast(CODE)


def _interval(column: str, starts: Sequence[int]) -> pl.Expr:
    """0 for no number, 1 before the first start, and so on."""
    found = pl.lit(pl.Series(starts, dtype=pl.Int64)).search_sorted(pl.col(column).fill_null(0), side="right")
    return pl.when(pl.col(column).is_null()).then(pl.lit(0, CODE)).otherwise(1 + found.cast(CODE))


def _ordinal() -> pl.Expr:
    return pl.col("event_on").cast(pl.Int32).cast(pl.Int64) + _EPOCH


def _dense(starts: Sequence[int]) -> pl.Series:
    """For each number from just before the first start to the last start the code of its interval."""
    span = pl.int_range(starts[0] - 1, starts[-1] + 1, eager=True)
    return pl.Series(starts, dtype=pl.Int64).search_sorted(span, side="right").cast(CODE)


def _clipped(number: pl.Expr, dense: pl.Series, starts: Sequence[int]) -> pl.Expr:
    """The position of a number in what `_dense` made of these starts."""
    return (number - (starts[0] - 1)).clip(0, dense.len() - 1).fill_null(0)
