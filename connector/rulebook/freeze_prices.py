"""Freezing price books: one price row for each version and tier, found by day and by headcount interval.

A day before the first version and a day after the last are "no price", never the nearest version.
"""

from bisect import bisect_right
from collections.abc import Sequence

from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.coverage import sells, series
from connector.rulebook.spec import (
    BY_TIER,
    FLAT,
    PER_BUNDLE,
    PER_UNIT,
    Charge,
    Declared,
    Price,
    PriceVersion,
    TierScheme,
)
from connector.rulebook.table import (
    FIRST_TIER,
    NO_CURRENCY,
    NO_SIZE,
    NO_VERSION,
    NOT_PRICED,
    SPANS_TIERS,
    UNKNOWN_SIZE,
    Ladder,
    PriceRow,
    Prices,
)

Seller = tuple[str, str, str]  # book, manner, and the metric where a book prices each by its name
_NONE, _ABSENT, _BEFORE = 0, 1, 2
_FIXED = (
    PriceRow(),
    PriceRow(kinds.NO_CURRENCY.code, kinds.NO_CURRENCY.title),
    PriceRow(kinds.NO_PRICE.code, kinds.NO_PRICE.title),
    PriceRow(kinds.SIZE_UNKNOWN.code, kinds.SIZE_UNKNOWN.title),
    PriceRow(kinds.BAND_SPANS_TIERS.code, kinds.BAND_SPANS_TIERS.title, sized=True),
    PriceRow(kinds.QUANTITY.code, kinds.QUANTITY.title),
    PriceRow(kinds.UNITS_UNKNOWN.code, kinds.UNITS_UNKNOWN.title),
    PriceRow(None, "there is nothing to count"),
    PriceRow(kinds.BAND_SPANS_RULE.code, kinds.BAND_SPANS_RULE.title),
)


def seller(charge: Charge) -> Seller:
    """What prices a charge."""
    return (charge.book, charge.manner, charge.metric if charge.manner in (FLAT, PER_UNIT) else "")


def freeze_prices(
    declared: Declared, sellers: Sequence[Seller], headcounts: Sequence[int], days: Sequence[int]
) -> Prices:
    """The price list of a rulebook, by seller (book and manner of pricing)."""
    built = _Builder(declared)
    currencies = tuple(sorted({version.currency for version in declared.versions}))
    runs = [[_NONE] * (1 + len(days)), [_ABSENT] * (1 + len(days))]
    starts = [0] * (len(declared.entities) * (1 + len(currencies)))
    for book, manner, metric in sellers:
        for entity in declared.entities:
            starts.append(1)
            for currency in currencies:
                own = series(declared.versions, book, currency, entity)
                sold = [version for version in own if sells(version, manner, metric)]
                starts.append(len(runs) if sold else 1)
                if sold:
                    runs.append([_BEFORE, *(built.version_on(sold, manner, metric, start) for start in days)])
    return Prices(
        currencies=currencies,
        series=tuple(starts),
        versions=tuple(number for run in runs for number in run),
        schemes=tuple(built.schemes),
        tiers=tuple(column for scheme in declared.tiers.values() for column in _columns(scheme, headcounts)),
        columns=built.columns,
        cells=tuple(row for version in built.cells for row in version),
        rows=tuple(built.rows),
        ladders=tuple(built.ladders),
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
        self.ladders: list[Ladder] = []
        self._numbers: dict[tuple[str, str, Line], int] = {}

    def version_on(self, versions: Sequence[PriceVersion], manner: str, metric: str, day: int) -> int:
        """The number of the version valid on a day."""
        for version in versions:
            if version.first <= day and (version.last is None or day <= version.last):
                key = (manner, metric, version.place)
                if key not in self._numbers:
                    self._numbers[key] = self._add(version, manner, metric)
                return self._numbers[key]
        return _BEFORE

    def _add(self, version: PriceVersion, manner: str, metric: str) -> int:
        if manner == BY_TIER and version.tiers is not None:
            bands = self._bands[version.tiers]
            cells = [NO_SIZE, SPANS_TIERS, *(self._row(version, version.by_tier[b.label], b.label) for b in bands)]
            self.schemes.append(self._names.index(version.tiers))
        else:
            cells = [self._unsized(version, manner, metric)] * self.columns
            self.schemes.append(0)
        self.cells.append([*cells, *[NO_SIZE] * (self.columns - len(cells))])
        return len(self.cells) - 1

    def _unsized(self, version: PriceVersion, manner: str, metric: str) -> int:
        """The row of a price that no headcount has a say in."""
        if manner == FLAT:
            return self._row(version, version.flat[metric], None)
        price = version.bundle if manner == PER_BUNDLE else version.units[metric]
        if price is None:
            raise AssertionError(version)
        if not price.ladder:
            return self._row(version, price.steps[0].price, None)
        self.ladders.append(Ladder(price.kind, tuple((step.low, step.high, step.price.minor) for step in price.steps)))
        place = f"{price.place.file}:{price.place.line}"
        self.rows.append(PriceRow(None, None, None, version.label, place, ladder=len(self.ladders)))
        return len(self.rows) - 1

    def _row(self, version: PriceVersion, price: Price, tier: str | None) -> int:
        place = f"{price.place.file}:{price.place.line}"
        self.rows.append(PriceRow(None, None, tier, version.label, place, price.minor, sized=tier is not None))
        return len(self.rows) - 1


def _columns(scheme: TierScheme, headcounts: Sequence[int]) -> list[int]:
    """For each headcount code the column of its tier."""
    starts = [band.low for band in scheme.bands]
    return [UNKNOWN_SIZE, *(FIRST_TIER + bisect_right(starts, count) - 1 for count in headcounts)]
