"""Everything a declaration says, as named values without places and order: two that are equal here say the same."""

from collections.abc import Mapping

from connector.domain.entities import SellingEntity
from connector.domain.money import Money
from connector.rulebook.spec import Adjustment, Charge, Declared, PriceVersion, Rule, TierScheme
from connector.rulebook.views import words
from connector.rulebook.views.pricing import valid

Facts = Mapping[str, tuple[str, ...]]


def entity_facts(entity: SellingEntity) -> Facts:
    """What is declared of a selling entity."""
    credited = {"credit note prefix": (entity.credit_note_prefix,)} if entity.credit_note_prefix else {}
    return {
        "name": (entity.name,),
        "currency": (entity.currency,),
        "bills from": (entity.bill_from.isoformat(),),
        "time zone": (entity.time_zone,),
        "number prefix": (entity.number_prefix,),
        **credited,
        "locked period": (entity.locked_period,),
    }


def policy_facts(declared: Declared) -> Facts:
    """The policies."""
    return {name: (value,) for name, value in words.policies(declared.policies).items()}


def tier_facts(scheme: TierScheme) -> Facts:
    """The tiers of a list."""
    return {"tiers": tuple(band.label for band in scheme.bands)}


def version_facts(version: PriceVersion) -> Facts:
    """What a version of a price book is for; its prices are compared as prices."""
    return {
        "valid": (words.days(valid(version)),),
        "selling entities": tuple(sorted(version.entities)),
        "tiers": (version.tiers,) if version.tiers else (),
    }


def rule_facts(rule: Rule) -> Facts:
    """What a rule says, its id apart."""
    return {
        "outcome": (words.OUTCOMES[rule.outcome],),
        **{f"when {name}": values for name, values in words.conditions(rule.conditions).items()},
        "days": (words.days(words.days_of(rule.conditions)),),
        **(charge_facts(rule.charge) if rule.charge is not None else {}),
        "overrides": (rule.charge.overrides,) if rule.charge is not None and rule.charge.overrides else (),
        **(_adjustment_facts(rule.adjustment) if rule.adjustment is not None else {}),
        "reason": (rule.reason,) if rule.reason is not None else (),
    }


def charge_facts(charge: Charge) -> Facts:
    """What a charge bills, whatever it overrides."""
    renewal = charge.term.renewal
    return {
        "metric": (charge.metric,),
        "item": (charge.item,),
        "price": (words.MANNERS[charge.manner],),
        "units": (charge.units,) if charge.units is not None else (),
        "book": (charge.book,),
        "term": (charge.term.length,),
        "renewal": (f"price {renewal.price}", f"tier {renewal.tier}") if renewal is not None else (),
        "proration": (charge.term.proration,),
    }


def _adjustment_facts(adjustment: Adjustment) -> Facts:
    percent = adjustment.percent
    amounts = tuple(str(Money(minor, currency)) for currency, minor in sorted(adjustment.money.items()))
    return {adjustment.kind: amounts if percent is None else (words.percent(percent),)}


def summary(facts: Facts) -> str:
    """Everything that is said, in one line."""
    return "; ".join(f"{name}: {text(values)}" for name, values in facts.items() if values)


def text(values: tuple[str, ...]) -> str:
    """The values in one line; nothing is an empty text."""
    return ", ".join(values)
