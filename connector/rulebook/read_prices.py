"""Reading price books: every tier of the named list has one price, in whole minor units of the book's currency.

`effective_to` is the last day a version is valid, not the first day it is not.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from connector.declared import MapNode, Node, Reader, split_number
from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.read_entities import known_currency
from connector.rulebook.read_ladders import read_price, read_unit_price
from connector.rulebook.sources import Section, Sources, closest
from connector.rulebook.spec import Price, PriceVersion, TierScheme, UnitPrice

_PRICES = ("full_spoke", "assessment_bundle", "flat", "per_unit")
LARGEST_BUNDLE = 1_000_000
_P = TypeVar("_P", Price, UnitPrice)
_REQUIRED = ("price_book", "effective_from", "currency", "prices")
_OPTIONAL = ("effective_to", "selling_entity", "tiers")


def read_prices(
    sources: Sources, tiers: Mapping[str, TierScheme], declared_tiers: Iterable[str], entities: Iterable[str]
) -> tuple[PriceVersion, ...]:
    """The versions that are sound, in the order of their files; faults of the others are noted.

    Args:
        sources: the files.
        tiers: the sound tier schemes.
        declared_tiers: the names of all schemes, sound or not, so that one fault is told once.
        entities: the names of the selling entities.
    """
    declared_tiers, entities = tuple(declared_tiers), tuple(entities)
    read = (_version(section, tiers, declared_tiers, entities) for section in sources.of("price_book"))
    return tuple(version for version in read if version is not None)


def _version(
    section: Section, tiers: Mapping[str, TierScheme], declared_tiers: tuple[str, ...], entities: tuple[str, ...]
) -> PriceVersion | None:
    reader, root = section.reader, section.root
    before = len(reader.problems)
    entries = reader.mapping(root, "a price book", required=_REQUIRED, optional=_OPTIONAL) or {}
    book = reader.text(entries.get("price_book"), "price_book")
    first = reader.day(entries.get("effective_from"), "effective_from")
    last = reader.day(entries.get("effective_to"), "effective_to")
    currency = known_currency(entries.get("currency"), "currency", reader)
    # Where no entity is declared at all, that is told already.
    chosen = reader.choices(entries.get("selling_entity"), "selling_entity", entities or None, kinds.NAME_UNKNOWN)
    if first is not None and last is not None and last < first:
        message = f"effective_to {last} lies before effective_from {first}"
        reader.fault(entries["effective_to"], message, kinds.PRICE_VALIDITY.remedy, kinds.PRICE_VALIDITY)
    prices = reader.mapping(entries.get("prices"), "prices", optional=_PRICES) or {}
    if "prices" in entries and not prices:
        step = "Add full_spoke, assessment_bundle, flat or per_unit."
        reader.fault(root.key_places["prices"], "the book has no prices", step, kinds.PRICE_TIER)
    scheme_name = reader.text(entries.get("tiers"), "tiers")
    if scheme_name is not None:
        _known(entries["tiers"], scheme_name, declared_tiers, reader)
    by_tier: Mapping[str, Price] = {}
    if "full_spoke" in prices:
        place = _key_place(root.entries["prices"], "full_spoke")
        by_tier = _by_tier(prices["full_spoke"], place, section, scheme_name, tiers, currency)
    size, bundle = _bundle(prices.get("assessment_bundle"), reader, currency)
    flat = _by_metric(prices.get("flat"), "flat", currency, reader, read_price)
    units = _by_metric(prices.get("per_unit"), "per_unit", currency, reader, read_unit_price)
    if len(reader.problems) > before or book is None or first is None or currency is None:
        return None
    return PriceVersion(
        book=book,
        first=first.toordinal(),
        last=None if last is None else last.toordinal(),
        currency=currency,
        entities=chosen,
        tiers=scheme_name,
        by_tier=by_tier,
        bundle_size=size,
        bundle=bundle,
        label=f"{book}@{first} {currency}",
        place=root.key_places["price_book"],
        first_place=root.key_places["effective_from"],
        last_place=root.key_places.get("effective_to", root.key_places["price_book"]),
        flat=flat,
        units=units,
    )


def _known(node: Node, name: str, known: tuple[str, ...], reader: Reader) -> None:
    if known and name not in known:  # where none is declared at all, that is told already
        near = closest(name, known)
        reader.fault(node, f"no tier list is called {name!r}", near, kinds.NAME_UNKNOWN)


def _key_place(node: Node, key: str) -> Line:
    return node.key_places[key] if isinstance(node, MapNode) else node.place


def _by_tier(
    node: Node,
    place: Line,
    section: Section,
    scheme_name: str | None,
    tiers: Mapping[str, TierScheme],
    currency: str | None,
) -> Mapping[str, Price]:
    reader = section.reader
    if "tiers" not in section.root.entries:
        step = "Add tiers: and the name of the list these prices are for."
        reader.fault(node, "full_spoke has prices by tier, but the book names no tier list", step, kinds.PRICE_TIER)
    said = reader.mapping(node, "full_spoke", open_keys=True)
    if said is None or not isinstance(node, MapNode):
        return {}
    scheme = tiers.get(scheme_name or "")
    labels = [band.label for band in scheme.bands] if scheme else list(said)
    for label in labels:
        if label not in said:
            message = f"a client with {label} employees has no price: tier {label} of {scheme_name} is not priced"
            reader.fault(place, message, f'Add "{label}": and its price.', kinds.PRICE_TIER)
    before: Node | None = None
    for label, value in said.items():
        if label not in labels:
            message = f"{scheme_name} has no tier {label!r}"
            step = split_number(label, value, before) or closest(label, labels, in_order=True)
            reader.fault(node.key_places[label], message, step, kinds.PRICE_TIER)
        before = value
    known = {label: value for label, value in said.items() if label in labels}
    read = {label: read_price(value, f"the price of tier {label}", currency, reader) for label, value in known.items()}
    return {label: price for label, price in read.items() if price is not None}


def _bundle(node: Node | None, reader: Reader, currency: str | None) -> tuple[int, UnitPrice | None]:
    entries = reader.mapping(node, "assessment_bundle", required=("size", "price")) or {}
    size = reader.whole(entries.get("size"), "the bundle's size", 1, LARGEST_BUNDLE)
    return size or 0, read_unit_price(entries.get("price"), "the bundle's price", currency, reader)


def _by_metric(
    node: Node | None,
    what: str,
    currency: str | None,
    reader: Reader,
    read: Callable[[Node | None, str, str | None, Reader], _P | None],
) -> Mapping[str, _P]:
    """The sound prices under the names of metrics."""
    said = reader.mapping(node, what, open_keys=True) or {}
    if node is not None and not said:
        step = "Write METRIC: and its price, or take the key out."
        reader.fault(node, f"{what} names no metric", step, kinds.PRICE_TIER)
    prices = {name: read(value, f"the price of {name}", currency, reader) for name, value in said.items()}
    return {name: price for name, price in prices.items() if price is not None}
