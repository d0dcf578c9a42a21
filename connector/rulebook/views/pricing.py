"""The prices of a version as lines that can be laid side by side: with other versions, a quote, another rulebook."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.employees import band_label
from connector.domain.money import Money
from connector.domain.places import Line
from connector.rulebook.spec import BY_TIER, FLAT, PER_BUNDLE, PER_UNIT, PriceVersion, Range, TierScheme, UnitPrice
from connector.rulebook.views.words import FULL_SPOKE, days

LADDERS: Mapping[str, str] = {
    "graduated": "graduated: each unit at the price of its own step.",
    "volume": "volume: all units at the price of the step that the whole quantity falls into.",
}


@dataclass(frozen=True)
class PriceLine:
    """One price.

    Attributes:
        manner: who reads it, one of `spec.MANNERS`.
        metric: the metric it is for; None for prices by tier and of bundles.
        what: `full feature Spoke`, `Assessment Only bundle of 10`, `advisor-month (volume)`.
        size: `2-10 employees`, `each bundle`, `1-5 units`, `one price`.
        low: where the tier or step starts, by which lines are ordered.
    """

    manner: str
    metric: str | None
    what: str
    size: str
    low: int
    money: Money
    place: Line

    @property
    def key(self) -> tuple[str, str]:
        """What makes two lines of two versions the same line."""
        return self.what, self.size


def lines_of(version: PriceVersion, tiers: Mapping[str, TierScheme]) -> tuple[PriceLine, ...]:
    """Every price of a version, in the order in which people look for them."""
    return tuple(_lines(version, tiers))


def side_by_side(columns: Sequence[Iterable[PriceLine]]) -> Mapping[tuple[str, str], tuple[PriceLine | None, ...]]:
    """Lines of several versions, those of one key together; None where a version has no such price."""
    found = [{line.key: line for line in lines} for lines in columns]
    first = {line.key: line for lines in reversed(found) for line in lines.values()}
    names = list(dict.fromkeys(line.what for lines in found for line in lines.values()))
    manners = (BY_TIER, PER_BUNDLE, FLAT, PER_UNIT)
    order = {key: (manners.index(line.manner), names.index(line.what), line.low) for key, line in first.items()}
    return {key: tuple(lines.get(key) for lines in found) for key in sorted(first, key=order.__getitem__)}


def ladders(lines: Iterable[PriceLine]) -> tuple[str, ...]:
    """What the ladders among the lines mean, each once."""
    said = " ".join(line.what for line in lines)
    return tuple(meaning for kind, meaning in LADDERS.items() if f"({kind})" in said)


def valid(version: PriceVersion) -> Range:
    """The days of a version."""
    return version.first, version.last


def meeting(*ranges: Range) -> Range | None:
    """The days that lie in all ranges; None when there is none."""
    lows = [low for low, _ in ranges if low is not None]
    highs = [high for _, high in ranges if high is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    return None if low is not None and high is not None and high < low else (low, high)


def heading(version: PriceVersion) -> str:
    """A version as the head of a column: `USD 2025-03-01 to 2025-12-31`, with its selling entities if it names some."""
    own = f" ({', '.join(sorted(version.entities))})" if version.entities else ""
    return f"{version.currency} {days(valid(version))}{own}"


def _lines(version: PriceVersion, tiers: Mapping[str, TierScheme]) -> Iterator[PriceLine]:
    currency = version.currency
    bands = tiers[version.tiers].bands if version.tiers is not None else ()
    for band in bands if version.by_tier else ():
        price = version.by_tier[band.label]
        size = f"{band.label} employee" + ("" if band.label == "1" else "s")
        yield PriceLine(BY_TIER, None, FULL_SPOKE, size, band.low, Money(price.minor, currency), price.place)
    if version.bundle is not None:
        what = f"Assessment Only bundle of {version.bundle_size}"
        yield from _steps(PER_BUNDLE, None, what, "bundle", version.bundle, currency)
    for metric, price in sorted(version.flat.items()):
        yield PriceLine(FLAT, metric, metric, "one price", 1, Money(price.minor, currency), price.place)
    for metric, units in sorted(version.units.items()):
        yield from _steps(PER_UNIT, metric, metric, "unit", units, currency)


def _steps(
    manner: str, metric: str | None, what: str, noun: str, price: UnitPrice, currency: str
) -> Iterator[PriceLine]:
    name = f"{what} ({price.kind})" if price.ladder else what
    for step in price.steps:
        label = band_label(step.low, step.high)
        size = f"{label} {noun}" + ("" if label == "1" else "s") if price.ladder else f"each {noun}"
        yield PriceLine(manner, metric, name, size, step.low, Money(step.price.minor, currency), step.price.place)
