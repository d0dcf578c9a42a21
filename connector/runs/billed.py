"""What clients and purchases were billed so far, as a comparison with earlier uploads asks for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from connector import ledger
from connector.domain.words import BY_TIME
from connector.runs import store


class Billed(Protocol):
    """Asked about the amounts of the rows of some clients or purchases."""

    def amounts(self, subject_type: str, subjects: Iterable[str]) -> pl.DataFrame:
        """What the rows of these subjects were billed, under `ledger.AMOUNTS`; not what time alone brought about."""
        ...

    def since(self, run_id: str) -> "Since | None":
        """What became of a run's subjects after it was planned; None where nobody can tell."""
        ...


@dataclass(frozen=True)
class Since:
    """What became of a run's subjects after it was planned.

    Attributes:
        touched: those that other runs billed or adjusted.
        applied: whether the run was applied whole, so that its charges are billed.
    """

    touched: pl.Series
    applied: bool


class Ledger:
    """Asked of the ledger."""

    amounts = staticmethod(ledger.amounts_of)

    def since(self, run_id: str) -> Since | None:
        """As the ledger and the history of the runs tell."""
        others = store.approved_since(run_id)
        if others is None:
            return None
        charges = ledger.read_among("charge", "run_id", others, columns=["subject_id"])
        adjusted = ledger.read_among("adjustment", "run_id", others, columns=["charge_id"])["charge_id"]
        theirs = ledger.read_among("charge", "charge_id", adjusted, columns=["subject_id"])
        touched = pl.concat([charges, theirs])["subject_id"].unique()
        return Since(touched, store.is_applied_whole(run_id))


@dataclass(frozen=True)
class Charges:
    """Asked of charges that are known: the latest of each line."""

    charges: pl.DataFrame

    def amounts(self, subject_type: str, subjects: Iterable[str]) -> pl.DataFrame:
        """As these charges tell."""
        by_rows = (pl.col("subject_type") == subject_type) & ~pl.col("event").is_in(BY_TIME)
        named = pl.col("subject_id").is_in([*subjects])
        found = self.charges.filter(by_rows & named & (pl.col("kind") == "charge"))
        return found.rename({"subject_id": "subject", "amount_minor": "minor"}).select(list(ledger.AMOUNTS))

    def since(self, run_id: str) -> Since | None:
        """Not known."""
        del run_id
        return None
