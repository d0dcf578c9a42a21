"""What is billed, metric by metric: each in one manner and with one term, whichever rule wins.

A rule that overrides takes the manner of pricing of the metric it overrides.
"""

from collections.abc import Mapping
from dataclasses import replace

from connector.rulebook import kinds
from connector.rulebook.sources import Sources, closest
from connector.rulebook.spec import Charge, Rule


def with_manners(rules: tuple[Rule, ...], sources: Sources) -> tuple[Rule, ...]:
    """The rules, each overriding one with the manner of pricing of its metric; contradictions are noted."""
    plain: dict[str, Rule] = {}
    for rule in rules:
        if rule.charge is not None and rule.charge.overrides is None:
            _agree(rule, plain.setdefault(rule.charge.metric, rule), sources)
    return tuple(_with_manner(rule, plain, sources) for rule in rules)


def _with_manner(rule: Rule, plain: Mapping[str, Rule], sources: Sources) -> Rule:
    charge = rule.charge
    if charge is None or charge.overrides is None:
        return rule
    model = plain.get(charge.overrides)
    if model is None or model.charge is None:
        step = closest(charge.overrides, plain)
        message = f"no rule bills {charge.overrides!r} to be overridden"
        sources.fault(charge.metric_place, kinds.NAME_UNKNOWN, message, step)
        return rule
    own = charge
    if not charge.manner:
        own = replace(charge, manner=model.charge.manner, units=model.charge.units)
    whole = replace(rule, charge=own)
    _agree(whole, model, sources)
    return replace(whole, charge=replace(own, manner=model.charge.manner))


def _agree(rule: Rule, first: Rule, sources: Sources) -> None:
    """Note where a rule bills its metric otherwise than the first rule of that metric."""
    charge, model = rule.charge, first.charge
    if charge is None or model is None:
        raise AssertionError(rule)
    if charge.manner != model.manner:
        message = f"rule {rule.id} bills {charge.metric!r} {charge.manner}; rule {first.id} does not"
        sources.fault(charge.metric_place, kinds.METRIC, message)
    elif charge.units != model.units:
        message = f"rule {rule.id} counts {charge.units} for {charge.metric!r}; rule {first.id} counts {model.units}"
        sources.fault(charge.metric_place, kinds.METRIC, message)
    if charge.term != model.term:
        message = f"rule {rule.id} bills {charge.metric!r} {_term(charge)}; rule {first.id} {_term(model)}"
        sources.fault(charge.metric_place, kinds.METRIC, message)


def _term(charge: Charge) -> str:
    renewal = charge.term.renewal
    follows = "without renewal" if renewal is None else f"renewed at the {renewal.price} price and {renewal.tier} tier"
    return f"{charge.term.length}, {follows}, proration {charge.term.proration}"
