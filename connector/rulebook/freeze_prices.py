"""Freezing price books: one price row for each version and tier, found by day and by headcount interval.

A day before the first version and a day after the last are "no price", never the nearest version.
"""

from bisect import bisect_right
from collections.abc import Sequence

from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.coverage import sells, series
from connector.rulebook.spec import BY_TIER, Declared, Price, PriceVersion, TierScheme
from connector.rulebook.table import (
    FIRST_TIER,
    NO_CURRENCY,
    NO_SIZE,
    NO_VERSION,
    NOT_PRICED,
    SPANS_TIERS,
    UNKNOWN_SIZE,
    PriceRow,
    Prices,
)

Seller = tuple[str, str]
_NONE, _ABSENT, _BEFORE = 0, 1, 2
_FIXED = (
    PriceRow(),
    PriceRow(kinds.NO_CURRENCY.code, kinds.NO_CURRENCY.title),
    PriceRow(kinds.NO_PRICE.code, kinds.NO_PRICE.title),
    PriceRow(kinds.SIZE_UNKNOWN.code, kinds.SIZE_UNKNOWN.title),
    PriceRow(kinds.BAND_SPANS_TIERS.code, kinds.BAND_SPANS_TIERS.title, sized=True),
    PriceRow(kinds.QUANTITY.code, kinds.QUANTITY.title),
)


def freeze_prices(
    declared: Declared, sellers: Sequence[Seller], headcounts: Sequence[int], days: Sequence[int]
) -> Prices:
    """The price list of a rulebook, by seller (book and manner of pricing)."""
    built = _Builder(declared)
    currencies = tuple(sorted({version.currency for version in declared.versions}))
    runs = [[_NONE] * (1 + len(days)), [_ABSENT] * (1 + len(days))]
    starts = [0] * (len(declared.entities) * (1 + len(currencies)))
    for book, manner in sellers:
        for entity in declared.entities:
            starts.append(1)
            for currency in currencies:
                own = series(declared.versions, book, currency, entity)
                sold = [version for version in own if sells(version, manner)]
                starts.append(len(runs) if sold else 1)
                if sold:
                    runs.append([_BEFORE, *(built.version_on(sold, manner, start) for start in days)])
    return Prices(
        currencies=currencies,
        series=tuple(starts),
        versions=tuple(number for run in runs for number in run),
        schemes=tuple(built.schemes),
        tiers=tuple(column for scheme in declared.tiers.values() for column in _columns(scheme, headcounts)),
        columns=built.columns,
        cells=tuple(row for version in built.cells for row in version),
        rows=tuple(built.rows),
    )


class _Builder:
    """Numbers versions and price rows as they are met. Its first three versions are the three ways of having none."""

    def __init__(self, declared: Declared) -> None:
        self._names = tuple(declared.tiers)
        self._bands = {name: scheme.bands for name, scheme in declared.tiers.items()}
        self.columns = FIRST_TIER + max(len(bands) for bands in self._bands.values())
        self.rows: list[PriceRow] = list(_FIXED)
        self.cells = [[fixed] * self.columns for fixed in (NOT_PRICED, NO_CURRENCY, NO_VERSION)]
        self.schemes = [0, 0, 0]
        self._numbers: dict[tuple[str, Line], int] = {}

    def version_on(self, versions: Sequence[PriceVersion], manner: str, day: int) -> int:
        """The number of the version valid on a day."""
        for version in versions:
            if version.first <= day and (version.last is None or day <= version.last):
                key = (manner, version.place)
                if key not in self._numbers:
                    self._numbers[key] = self._add(version, manner)
                return self._numbers[key]
        return _BEFORE

    def _add(self, version: PriceVersion, manner: str) -> int:
        if manner == BY_TIER and version.tiers is not None:
            bands = self._bands[version.tiers]
            cells = [NO_SIZE, SPANS_TIERS, *(self._row(version, version.by_tier[b.label], b.label) for b in bands)]
            self.schemes.append(self._names.index(version.tiers))
        else:
            cells = [self._row(version, version.bundle.steps[0].price if version.bundle else None, None)] * self.columns
            self.schemes.append(0)
        self.cells.append([*cells, *[NO_SIZE] * (self.columns - len(cells))])
        return len(self.cells) - 1

    def _row(self, version: PriceVersion, price: Price | None, tier: str | None) -> int:
        if price is None:
            raise AssertionError(version)
        place = f"{price.place.file}:{price.place.line}"
        self.rows.append(PriceRow(None, None, tier, version.label, place, price.minor, sized=tier is not None))
        return len(self.rows) - 1


def _columns(scheme: TierScheme, headcounts: Sequence[int]) -> list[int]:
    """For each headcount code the column of its tier."""
    starts = [band.low for band in scheme.bands]
    return [UNKNOWN_SIZE, *(FIRST_TIER + bisect_right(starts, count) - 1 for count in headcounts)]
