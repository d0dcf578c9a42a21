"""Names that are declared and that nothing reads: told as warnings, since a book may wait for its rule.

A version is read when a rule that reads its book can reach a selling entity that bills in its currency.
"""

from connector.rulebook import kinds
from connector.rulebook.sources import Sources
from connector.rulebook.spec import Charge, Declared, PriceVersion, Rule


def check_unused(declared: Declared, sources: Sources) -> None:
    """Note every price book, version, price of a metric and tier list that nothing reads."""
    books = {rule.charge.book for rule in declared.rules if rule.charge is not None}
    for version in declared.versions:
        reading = [charge for rule in declared.rules for charge in _reading(rule, version, declared)]
        if version.book not in books:
            message = f"no rule reads the price book {version.book}"
            sources.fault(version.place, kinds.UNUSED_BOOK, message)
        elif not reading:
            among = f" among {', '.join(version.entities)}" if version.entities else ""
            message = (
                f"no rule reads {version.label}: none reaches a selling entity{among} that bills in {version.currency}"
            )
            sources.fault(version.place, kinds.UNUSED_BOOK, message)
        else:
            _metrics(version, reading, sources)
    named = {version.tiers for version in declared.versions}
    for scheme in declared.tiers.values():
        if scheme.name not in named:
            sources.fault(scheme.place, kinds.UNUSED_TIERS, f"no price book names the tier list {scheme.name}")


def _reading(rule: Rule, version: PriceVersion, declared: Declared) -> tuple[Charge, ...]:
    """The charge of a rule that reads a version, if it does."""
    if rule.charge is None or rule.charge.book != version.book:
        return ()
    reached = rule.conditions.words.get("selling_entity", tuple(declared.entities))
    billing = [name for name in reached if declared.entities[name].currency == version.currency]
    return (rule.charge,) if any(not version.entities or name in version.entities for name in billing) else ()


def _metrics(version: PriceVersion, reading: list[Charge], sources: Sources) -> None:
    billed = {charge.metric for charge in reading}
    places = {metric: price.place for metric, price in version.flat.items()}
    places |= {metric: price.place for metric, price in version.units.items()}
    for metric, place in places.items():
        if metric not in billed:
            message = f"{version.label} has a price of {metric}, and no rule that reads the book bills it"
            sources.fault(place, kinds.UNUSED_BOOK, message)
