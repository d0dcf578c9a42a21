"""Reading `charge:`. What it does not say is never filled in: it names its price book, its term, and what follows it.

`renewal` and `proration` are asked for exactly where they mean something, so that nobody wonders which default holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connector.declared import MapNode, Node, Reader, ScalarNode
from connector.rulebook import kinds
from connector.rulebook.read_when import read_interval
from connector.rulebook.sources import closest
from connector.rulebook.spec import (
    ANNUAL,
    BY_DAY,
    BY_TIER,
    CURRENT,
    DAY,
    FLAT,
    KEPT,
    MANNERS,
    MONTHLY,
    ONCE,
    PER_BUNDLE,
    PER_UNIT,
    Charge,
    Conditions,
    Range,
    Renewal,
    Term,
)

TERMS = (ONCE, MONTHLY, ANNUAL)
UNITS = ("advisors", "users")
PRORATIONS = ("none", BY_DAY)
CHARGE_KEYS = ("metric", "item", "price", "book", "units", "term", "renewal", "proration", "overrides", "from", "to")
_REQUIRED = ("metric", "item", "price")
_PRICE_AT = "price_at"
_NO_RENEWAL = "none"


@dataclass(frozen=True)
class Names:
    """What a charge may name: declared price books and metrics of plain rules, sound or not."""

    books: tuple[str, ...]
    metrics: frozenset[str] = frozenset()


def read_charge(node: Node, reader: Reader, names: Names, *, monthly_event: bool) -> Charge | None:
    """The charge of a rule; None when it is faulty, which is noted.

    Args:
        node: what stands under `charge`.
        reader: of the file.
        names: what it may name.
        monthly_event: whether the rule is about `event: month`.
    """
    before = len(reader.problems)
    optional = [key for key in CHARGE_KEYS if key not in _REQUIRED]
    entries = reader.mapping(node, "charge", _REQUIRED, (*optional, _PRICE_AT))
    if entries is None or not isinstance(node, MapNode):
        return None
    metric = reader.text(entries.get("metric"), "metric")
    item = reader.text(entries.get("item"), "item")
    overrides = reader.text(entries.get("overrides"), "overrides")
    manner, book_node = _price(node, reader, quoted=overrides is not None)
    book = _book(book_node, reader, names)
    units = _units(node, manner, reader)
    term = _term(node, reader, monthly_event=monthly_event, needed=manner != PER_BUNDLE)
    if _PRICE_AT in entries:
        _price_at(entries[_PRICE_AT], reader)
    metric_place = node.key_places.get("overrides", node.key_places.get("metric", node.place))
    if metric is not None and overrides is not None and metric != overrides:
        _two_metrics(node, metric, overrides, reader, names.metrics)
    if len(reader.problems) > before or metric is None or item is None or manner is None or book is None:
        return None
    place = book_node.place if book_node is not None else node.place
    days = (node.key_places.get("from"), node.key_places.get("to"))
    return Charge(metric, item, manner, book, term, overrides, units, metric_place, place, *days)


def narrowed(conditions: Conditions, node: Node, reader: Reader) -> Conditions:
    """The conditions within the charge's own `from` and `to`."""
    entries = node.entries if isinstance(node, MapNode) else {}
    own = {key: entries[key] for key in ("from", "to") if key in entries}
    if not own:
        return conditions
    low, high = read_interval(own, "the charge", reader, lowest=None)
    given: Range = conditions.ranges.get(DAY, (None, None))
    lows = [bound for bound in (low, given[0]) if bound is not None]
    highs = [bound for bound in (high, given[1]) if bound is not None]
    both = (max(lows, default=None), min(highs, default=None))
    if lows and highs and max(lows) > min(highs) and DAY in conditions.ranges:
        message = "no day lies both in the rule's dates and in the charge's from and to"
        reader.fault(next(iter(own.values())), message, "Mend one of the two.", kinds.CONDITION)
    return replace(conditions, ranges={**conditions.ranges, DAY: both})


def _two_metrics(node: MapNode, metric: str, overrides: str, reader: Reader, billed: frozenset[str]) -> None:
    """Note that a rule bills another metric than it overrides; the one that no plain rule bills is the wrong one."""
    message = f"the rule bills {metric!r} and overrides {overrides!r}"
    place = node.key_places["overrides"]
    if (metric in billed) == (overrides in billed):
        step = "Write one metric in both." if metric in billed else closest(overrides, billed)
    elif metric in billed:
        message += ", which no rule bills"
        step = f"Did you mean {metric!r}?"
    else:
        message = f"the rule overrides {overrides!r} and bills {metric!r}, which no rule bills"
        place, step = node.key_places["metric"], f"Write metric: {overrides}."
    reader.fault(place, message, step, kinds.METRIC)


def _price(node: MapNode, reader: Reader, *, quoted: bool) -> tuple[str | None, Node | None]:
    price, book = node.entries.get("price"), node.entries.get("book")
    if isinstance(price, MapNode):
        own = reader.mapping(price, "price", ("book",)) or {}
        if book is not None:
            step = "Name the book once, under price."
            reader.fault(node.key_places["book"], "the price book is named twice", step, kinds.OUTCOME)
        if not quoted:
            step = f"Write price: {BY_TIER}, {PER_BUNDLE}, {FLAT} or {PER_UNIT}, and book: NAME; or overrides: METRIC."
            message = "a price out of a book of its own needs the metric whose manner of pricing it takes over"
            reader.fault(price, message, step, kinds.METRIC)
        return "", own.get("book")
    manner = reader.choice(price, "price", MANNERS)
    if price is not None and book is None:
        step = "Add book: and the name of the price book; none is assumed."
        reader.fault(node.key_places["price"], "the charge does not say which price book it reads", step, kinds.OUTCOME)
    return manner, book


def _book(node: Node | None, reader: Reader, names: Names) -> str | None:
    book = reader.text(node, "book")
    if node is None or book is None or book in names.books or not names.books:
        return book
    reader.fault(node, f"no price book is called {book!r}", closest(book, names.books), kinds.NAME_UNKNOWN)
    return None


def _units(node: MapNode, manner: str | None, reader: Reader) -> str | None:
    said = node.entries.get("units")
    if said is None:
        if manner == PER_UNIT:
            step = f"Add units: {' or '.join(UNITS)}."
            reader.fault(node.key_places["price"], "the charge does not say which units it counts", step, kinds.OUTCOME)
        return None
    if manner != PER_UNIT:
        step = f"Take it out, or write price: {PER_UNIT}."
        reader.fault(node.key_places["units"], f"units are counted by {PER_UNIT} only", step, kinds.OUTCOME)
    return reader.choice(said, "units", UNITS)


def _term(node: MapNode, reader: Reader, *, monthly_event: bool, needed: bool) -> Term:
    """The term, with what follows it; `once` where it is faulty, which is noted."""
    entries = node.entries
    if "term" not in entries:
        if needed:
            step = "Add term: once, monthly or annual; no term is assumed."
            reader.fault(node, "the charge does not say its term", step, kinds.OUTCOME)
    elif not needed:
        reader.choice(entries["term"], "the term of a bundle", (ONCE,))  # R7: a bundle is bought once
    length = reader.choice(entries.get("term"), "term", TERMS) if needed else ONCE
    if monthly_event and length not in (MONTHLY, None):
        step = f"Write term: {MONTHLY}: each month is an event of its own."
        reader.fault(entries.get("term", node), f"a charge of event: month has the term {length}", step, kinds.TERM)
    renews = length in (MONTHLY, ANNUAL) and not monthly_event
    renewal = _renewal(node, reader, asked=renews)
    proration = _asked("proration", node, reader, asked=length in (MONTHLY, ANNUAL))
    said = None if proration is None else reader.choice(proration, "proration", PRORATIONS)
    return Term(length or ONCE, renewal, said or "none")


def _asked(key: str, node: MapNode, reader: Reader, *, asked: bool) -> Node | None:
    """The entry of a key, noted when it is missing where it is asked for, or stands where it means nothing."""
    said = node.entries.get(key)
    if asked and said is None:
        place = node.key_places.get("term", node.place)
        step = f"Add {key}: none if that is what is meant; it is not assumed."
        reader.fault(place, f"the charge has a term, but does not say its {key}", step, kinds.TERM)
    elif said is not None and not asked:
        reader.fault(node.key_places[key], f"{key} means nothing for this term", "Take it out.", kinds.TERM)
        return None
    return said


def _renewal(node: MapNode, reader: Reader, *, asked: bool) -> Renewal | None:
    said = _asked("renewal", node, reader, asked=asked)
    if said is None or (isinstance(said, ScalarNode) and said.text == _NO_RENEWAL):
        return None
    entries: Mapping[str, Node] = reader.mapping(said, "renewal", ("price", "tier")) or {}
    price = reader.choice(entries.get("price"), "the price of a renewal", (KEPT, CURRENT))
    tier = reader.choice(entries.get("tier"), "the tier of a renewal", (KEPT, CURRENT))
    return Renewal(price or KEPT, tier or KEPT)


def _price_at(node: Node, reader: Reader) -> None:
    if isinstance(node, ScalarNode) and node.text == "billing":
        message = "this version does not know price_at: billing"
        reader.fault(node, message, "Write price_at: event.", kinds.NOT_KNOWN)
    else:
        reader.choice(node, _PRICE_AT, ("event",))
