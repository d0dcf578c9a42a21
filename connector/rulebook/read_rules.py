"""Reading `rules:`: each has an id, conditions and exactly one outcome.

Rules are compared with one another only when each reads well by itself.
"""

from dataclasses import dataclass

from connector.declared import ListNode, MapNode, Node, Reader, ScalarNode
from connector.domain.places import Line
from connector.domain.words import EventKind
from connector.rulebook import kinds
from connector.rulebook.metrics import with_manners
from connector.rulebook.read_adjust import read_adjust
from connector.rulebook.read_charge import Names, narrowed, read_charge
from connector.rulebook.read_when import read_when
from connector.rulebook.sources import Sources
from connector.rulebook.spec import ADJUST, CHARGE, HOLD, INSIDE_BUNDLE, NO_CHARGE, NOT_BILLABLE, Band, Rule

OUTCOMES = (CHARGE, INSIDE_BUNDLE, NO_CHARGE, HOLD, NOT_BILLABLE, ADJUST)


@dataclass(frozen=True)
class Known:
    """What rules may name: declared selling entities, price books and tiers, sound or not."""

    entities: tuple[str, ...]
    books: tuple[str, ...]
    bands: tuple[Band, ...]


def read_rules(sources: Sources, known: Known) -> tuple[Rule, ...]:
    """The rules that are sound, in the order of their places; faults of the others are noted."""
    rules: list[Rule] = []
    places: dict[str, Line] = {}
    before = len(sources.problems())
    names = Names(known.books, _plainly_billed(sources))
    for section in sources.of("rules"):
        reader = section.reader
        listed = section.root.entries["rules"]
        for node in reader.items(listed, "rules"):
            rule = _rule(node, reader, known, names)
            if rule is None:
                continue
            if rule.id in places:
                message = f"the id {rule.id!r} is that of the rule at {places[rule.id]}"
                reader.fault(rule.place, message, kinds.ID_TWICE.remedy, kinds.ID_TWICE)
                continue
            places[rule.id] = rule.place
            rules.append(rule)
    ordered = tuple(sorted(rules, key=lambda rule: rule.place))
    return with_manners(ordered, sources) if len(sources.problems()) == before else ordered


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


def _rule(node: Node, reader: Reader, known: Known, names: Names) -> Rule | None:
    before = len(reader.problems)
    if not isinstance(node, MapNode):
        reader.fault(node, "a rule must be a mapping (key: value)", "Start it with `- id: NAME`.")
        return None
    entries = reader.mapping(node, "a rule", ("id", "when"), OUTCOMES) or {}
    name = reader.text(entries.get("id"), "id")
    place = node.key_places.get("id", node.place)
    said = [outcome for outcome in OUTCOMES if outcome in entries]
    if len(said) != 1:
        found = " and ".join(said) or "none"
        message = f"a rule has one outcome; this one says {found}"
        reader.fault(place, message, kinds.OUTCOME.remedy, kinds.OUTCOME)
    conditions = read_when(entries.get("when"), reader, known.entities, known.bands)
    outcome = said[0] if said else HOLD
    reason, charge, adjustment = None, None, None
    if outcome == CHARGE:
        monthly = conditions.words.get("event") == (EventKind.MONTH.value,)
        charge = read_charge(entries[CHARGE], reader, names, monthly_event=monthly)
        conditions = narrowed(conditions, entries[CHARGE], reader)
    elif outcome == ADJUST:
        adjustment, reason = read_adjust(entries[ADJUST], reader)
    elif said:
        reason = reader.text(entries[outcome], outcome)
    if len(reader.problems) > before or name is None:
        return None
    return Rule(name, conditions, outcome, reason, charge, place, adjustment)
