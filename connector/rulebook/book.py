"""The rulebook as the rest of the product holds it: proved, frozen, named by its digest.

It cannot be changed, only loaded anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from connector.domain.entities import Policies, SellingEntity
from connector.rulebook.rating import Rater
from connector.rulebook.spec import Term
from connector.rulebook.table import Table


@dataclass(frozen=True)
class BundleSize:
    """How many Assessment Only places one bundle has, from `first` to `last` (ordinals, inclusive; None: no end)."""

    entity: str
    currency: str
    first: int
    last: int | None
    places: int


@dataclass(frozen=True)
class Frozen:
    """All that a rulebook is, apart from the files it was read from; what the cache keeps."""

    entities: Mapping[str, SellingEntity]
    policies: Policies
    items: frozenset[str]
    metrics: Mapping[str, str]
    terms: Mapping[str, Term]
    cell_count: int
    bundle_sizes: tuple[BundleSize, ...]
    table: Table


@dataclass(frozen=True)
class Rulebook:
    """All rule files of one version, checked and frozen.

    Attributes:
        digest: SHA-256 over the files' names and texts and the language version.
        entities: the selling entities, by id.
        policies: what is declared because nobody has published it.
        items: every item a rule can put on a line.
        metrics: metric → what it is charged for, `client` or `bundle`.
        terms: metric → how long a charge lasts, and what follows.
        cell_count: how many elementary cells were proved.
    """

    digest: str
    entities: Mapping[str, SellingEntity]
    policies: Policies
    items: frozenset[str]
    metrics: Mapping[str, str]
    terms: Mapping[str, Term]
    cell_count: int
    _bundle_sizes: tuple[BundleSize, ...] = field(repr=False)
    _rater: Rater = field(repr=False, compare=False)

    @property
    def counted(self) -> tuple[str, ...]:
        """Which counts some rule looks at: they are to be given with each event."""
        return self._rater.counted

    @property
    def monthly_plans(self) -> tuple[str, ...]:
        """The plans whose months some rule charges."""
        return self._rater.monthly_plans

    @property
    def near_tiers(self) -> Mapping[str, str]:
        """Of each price by tier, known by its place and tier, the tiers below and above it, each with its price."""
        return self._rater.near_tiers

    @classmethod
    def of(cls, digest: str, frozen: Frozen) -> "Rulebook":
        """The rulebook of a frozen table."""
        return cls(
            digest,
            frozen.entities,
            frozen.policies,
            frozen.items,
            frozen.metrics,
            frozen.terms,
            frozen.cell_count,
            frozen.bundle_sizes,
            Rater(frozen.table),
        )

    def rate(self, events: pl.DataFrame) -> pl.DataFrame:
        """What each event becomes: a charge with its price, or why it is none.

        An event before its entity's go-live is rated like any other; that it becomes an opening entry is the caller's
        to know. A row blocked for want of a size or a price still names its rule and metric.

        Args:
            events: `tables.EVENTS`.

        Returns:
            `tables.RATED`, one row for each event, in the same order.
        """
        return self._rater.rate(events)

    def bundle_size(self, entity: str, currency: str, on: date) -> int | None:
        """Assessment Only places in one bundle by the price book valid on that day; None when none is sold."""
        day = on.toordinal()
        for size in self._bundle_sizes:
            sold_here = (size.entity, size.currency) == (entity, currency)
            if sold_here and size.first <= day and (size.last is None or day <= size.last):
                return size.places
        return None
