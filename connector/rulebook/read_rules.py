"""Reading `rules:`: each has an id, conditions and exactly one outcome.

What a rule does not say is never filled in: a charge names its price book, and a charge by tier its term.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from connector.declared import ListNode, MapNode, Node, Reader, ScalarNode
from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.read_when import read_interval, read_when
from connector.rulebook.sources import Sources, closest
from connector.rulebook.spec import (
    BY_TIER,
    CHARGE,
    DAY,
    HOLD,
    INSIDE_BUNDLE,
    NOT_BILLABLE,
    PER_BUNDLE,
    Charge,
    Conditions,
    Range,
    Rule,
    Term,
)

_OUTCOMES = (CHARGE, INSIDE_BUNDLE, HOLD, NOT_BILLABLE)
_CHARGE_KEYS = ("book", "term", "overrides", "from", "to", "price_at")
_LATER_TERMS = ("monthly", "annual", "yearly", "quarterly")
_ONCE = "once"


@dataclass(frozen=True)
class Names:
    """What rules may name: declared selling entities, price books and metrics of plain rules, sound or not."""

    entities: tuple[str, ...]
    books: tuple[str, ...]
    metrics: frozenset[str] = frozenset()


def read_rules(sources: Sources, names: Names) -> tuple[Rule, ...]:
    """The rules that are sound, in the order of their places; faults of the others are noted.

    Rules are compared with one another only when each reads well by itself.
    """
    rules: list[Rule] = []
    places: dict[str, Line] = {}
    before = len(sources.problems())
    names = replace(names, metrics=_plainly_billed(sources))
    for section in sources.of("rules"):
        reader = section.reader
        listed = section.root.entries["rules"]
        nodes = reader.items(listed, "rules")
        for node in nodes:
            rule = _rule(node, reader, names)
            if rule is None:
                continue
            if rule.id in places:
                message = f"the id {rule.id!r} is that of the rule at {places[rule.id]}"
                reader.fault(rule.place, message, kinds.ID_TWICE.remedy, kinds.ID_TWICE)
                continue
            places[rule.id] = rule.place
            rules.append(rule)
    ordered = tuple(sorted(rules, key=lambda rule: rule.place))
    return _with_manners(ordered, sources) if len(sources.problems()) == before else ordered


def _plainly_billed(sources: Sources) -> frozenset[str]:
    """The metrics of the rules that override none, whatever else is wrong with them."""
    metrics = set()
    for section in sources.of("rules"):
        listed = section.root.entries["rules"]
        for rule in listed.items if isinstance(listed, ListNode) else ():
            charge = rule.entries.get(CHARGE) if isinstance(rule, MapNode) else None
            said = charge.entries if isinstance(charge, MapNode) else {}
            metric = said.get("metric")
            if isinstance(metric, ScalarNode) and "overrides" not in said:
                metrics.add(metric.text)
    return frozenset(metrics)


def _rule(node: Node, reader: Reader, names: Names) -> Rule | None:
    before = len(reader.problems)
    if not isinstance(node, MapNode):
        reader.fault(node, "a rule must be a mapping (key: value)", "Start it with `- id: NAME`.")
        return None
    _refuse_later(node, ("adjust",), reader)
    entries = reader.mapping(node, "a rule", ("id", "when"), (*_OUTCOMES, "adjust")) or {}
    name = reader.text(entries.get("id"), "id")
    place = node.key_places.get("id", node.place)
    said = [outcome for outcome in _OUTCOMES if outcome in entries]
    if len(said) != 1 and "adjust" not in entries:
        found = " and ".join(said) or "none"
        message = f"a rule has one outcome; this one says {found}"
        reader.fault(place, message, kinds.OUTCOME.remedy, kinds.OUTCOME)
    conditions = read_when(entries.get("when"), reader, names.entities)
    outcome = said[0] if said else HOLD
    reason, charge = None, None
    if outcome == CHARGE:
        charge = _charge(entries[CHARGE], reader, names)
        conditions = _narrowed(conditions, entries[CHARGE], reader)
    elif said:
        reason = reader.text(entries[outcome], outcome)
    if len(reader.problems) > before or name is None:
        return None
    return Rule(name, conditions, outcome, reason, charge, place)


def _refuse_later(node: MapNode, keys: Iterable[str], reader: Reader) -> None:
    for key in keys:
        if key in node.entries:
            message = f"this version does not know {key!r}"
            reader.fault(node.key_places[key], message, kinds.NOT_KNOWN.remedy, kinds.NOT_KNOWN)


def _charge(node: Node, reader: Reader, names: Names) -> Charge | None:
    entries = reader.mapping(node, "charge", ("metric", "item", "price"), _CHARGE_KEYS)
    if entries is None or not isinstance(node, MapNode):
        return None
    metric = reader.text(entries.get("metric"), "metric")
    item = reader.text(entries.get("item"), "item")
    overrides = reader.text(entries.get("overrides"), "overrides")
    manner, book_node = _price(node, reader, quoted=overrides is not None)
    book = _book(book_node, reader, names)
    term = _term(node, reader, needed=manner != PER_BUNDLE)
    if "price_at" in entries:
        _price_at(entries["price_at"], reader)
    metric_place = node.key_places.get("overrides", node.key_places.get("metric", node.place))
    if metric is not None and overrides is not None and metric != overrides:
        _two_metrics(node, metric, overrides, reader, names.metrics)
    if metric is None or item is None or manner is None or book is None or term is None or book_node is None:
        return None
    return Charge(metric, item, manner, book, Term(term), overrides, None, metric_place, book_node.place)


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
            step = "Write price: by_tier or per_bundle, and book: NAME; or say overrides: METRIC."
            message = "a price out of a book of its own needs the metric whose manner of pricing it takes over"
            reader.fault(price, message, step, kinds.METRIC)
        return "", own.get("book")
    manner = reader.choice(price, "price", (BY_TIER, PER_BUNDLE))
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


def _term(node: MapNode, reader: Reader, *, needed: bool) -> str | None:
    term = node.entries.get("term")
    if term is None:
        if needed:
            step = "Add term: once; no term is assumed."
            reader.fault(node, "the charge does not say its term", step, kinds.OUTCOME)
        return _ONCE  # a bundle is bought once: R7
    said = term.text if isinstance(term, ScalarNode) else None
    if said in _LATER_TERMS:
        message = f"this version does not know the term {said!r}"
        reader.fault(term, message, "Write term: once.", kinds.NOT_KNOWN)
        return None
    return reader.choice(term, "term", (_ONCE,))


def _price_at(node: Node, reader: Reader) -> None:
    if isinstance(node, ScalarNode) and node.text == "billing":
        message = "this version does not know price_at: billing"
        reader.fault(node, message, "Write price_at: event.", kinds.NOT_KNOWN)
    else:
        reader.choice(node, "price_at", ("event",))


def _narrowed(conditions: Conditions, node: Node, reader: Reader) -> Conditions:
    """The conditions within the charge's own `from` and `to`."""
    entries = node.entries if isinstance(node, MapNode) else {}
    own = {key: entries[key] for key in ("from", "to") if key in entries}
    if not own:
        return conditions
    low, high = read_interval(own, "the charge", reader, days=True)
    given: Range = conditions.ranges.get(DAY, (None, None))
    lows = [bound for bound in (low, given[0]) if bound is not None]
    highs = [bound for bound in (high, given[1]) if bound is not None]
    both = (max(lows, default=None), min(highs, default=None))
    if lows and highs and max(lows) > min(highs) and DAY in conditions.ranges:
        message = "no day lies both in the rule's dates and in the charge's from and to"
        reader.fault(next(iter(own.values())), message, "Mend one of the two.", kinds.CONDITION)
    return replace(conditions, ranges={**conditions.ranges, DAY: both})


def _with_manners(rules: tuple[Rule, ...], sources: Sources) -> tuple[Rule, ...]:
    """The rules, each overriding one with the manner of pricing of its metric; contradictions are noted."""
    plain: dict[str, Rule] = {}
    for rule in rules:
        if rule.charge is not None and rule.charge.overrides is None:
            first = plain.setdefault(rule.charge.metric, rule)
            if first.charge is not None and first.charge.manner != rule.charge.manner:
                message = f"rule {rule.id} bills {rule.charge.metric!r} {rule.charge.manner}; rule {first.id} does not"
                sources.fault(rule.charge.metric_place, kinds.METRIC, message)
    return tuple(_with_manner(rule, plain, sources) for rule in rules)


def _with_manner(rule: Rule, plain: Mapping[str, Rule], sources: Sources) -> Rule:
    charge = rule.charge
    if charge is None or charge.overrides is None:
        return rule
    model = plain.get(charge.overrides)
    if model is None or model.charge is None:
        step = closest(charge.overrides, plain)
        sources.fault(
            charge.metric_place, kinds.NAME_UNKNOWN, f"no rule bills {charge.overrides!r} to be overridden", step
        )
        return rule
    if charge.manner and charge.manner != model.charge.manner:
        message = f"rule {rule.id} bills {charge.metric!r} {charge.manner}; rule {model.id} does not"
        sources.fault(charge.metric_place, kinds.METRIC, message)
    return replace(rule, charge=replace(charge, manner=model.charge.manner))
