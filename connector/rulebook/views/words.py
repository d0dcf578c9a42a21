"""Rules in plain words: what stands in the files, without YAML and without ordinals."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal

from connector.domain.entities import Policies
from connector.domain.money import Money
from connector.domain.places import Line
from connector.printed.tables import Difference
from connector.rulebook.spec import (
    ADJUST,
    BY_DAY,
    CHARGE,
    CLIENTS_THIS_YEAR,
    DAY,
    EMPLOYEES,
    HOLD,
    INSIDE_BUNDLE,
    NO_CHARGE,
    NOT_BILLABLE,
    PLACES_LEFT,
    TAG,
    TAGGED,
    Adjustment,
    Charge,
    Conditions,
    Range,
    Term,
)

FULL_SPOKE = "full feature Spoke"
OUTCOMES: Mapping[str, str] = {
    CHARGE: "charge",
    INSIDE_BUNDLE: "inside the bundle",
    NO_CHARGE: "no charge",
    HOLD: "hold",
    NOT_BILLABLE: "not billable",
    ADJUST: "adjust",
}
VALUES: Mapping[str, str] = {
    "assessment_only": "Assessment Only",
    "full_spoke": FULL_SPOKE,
    "bundle": "bundle bought",
    "month": "each month",
}
MANNERS: Mapping[str, str] = {
    "by_tier": "by tier",
    "per_bundle": "per bundle",
    "flat": "one price",
    "per_unit": "per unit",
}
LOCKED_PERIODS: Mapping[str, str] = {
    "refuse": "a document dated into a locked period is not sent",
    "first_open_day": "a document dated into a locked period is dated on the first open day instead",
}
POLICIES: Mapping[tuple[str, str], str] = {
    ("employee_size", "count_first"): "a real employee count goes before a declared band",
    ("employee_size", "band_first"): "a declared band goes before a real employee count",
    ("upgrade", "keeps_bundle_place"): "an upgraded client keeps its Assessment Only place",
    ("upgrade", "frees_bundle_place"): "an upgraded client frees its Assessment Only place",
    ("archived_client", "bill"): "a client archived before it was billed is billed",
    ("archived_client", "hold"): "a client archived before it was billed is held",
    ("archived_renewal", "stop"): "no term of an archived client begins",
    ("archived_renewal", "hold"): "a term of an archived client is held",
    ("archived_renewal", "bill"): "a term of an archived client is billed",
    ("undated_upgrade", "hold"): "an upgrade without a date is held",
    ("undated_upgrade", "upload_day"): "an upgrade without a date is of the day of the upload that first says it",
    ("overdraw", "hold"): "an Assessment Only client without a place left is held",
    ("overdraw", "charge_bundle"): "an Assessment Only client without a place left has its partner charged a bundle",
    ("overdraw", "allow"): "an Assessment Only client without a place left is taken all the same",
}
_RANGES: Mapping[str, str] = {
    EMPLOYEES: "employees",
    CLIENTS_THIS_YEAR: "clients this year",
    PLACES_LEFT: "places left",
}


def place_of(place: Line) -> str:
    """`rules/billing.yaml:12`."""
    return f"{place.file}:{place.line}"


def conditions(said: Conditions) -> Mapping[str, tuple[str, ...]]:
    """Each condition and the values that fit it, days apart; of tags all are needed, of all else one."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute, words in said.words.items():
        if attribute.startswith(TAG):
            tag = attribute.removeprefix(TAG)
            found["tags"] = tuple(sorted((*found.get("tags", ()), tag if words == (TAGGED,) else f"not {tag}")))
        else:
            plain = (VALUES.get(word, word) for word in words)
            found[attribute.replace("_", " ")] = tuple(sorted(plain))
    for attribute, bounds in said.ranges.items():
        if attribute != DAY:
            found[_RANGES.get(attribute, attribute)] = (numbers(bounds),)
    return found


def when(said: Conditions) -> str:
    """All conditions but the days, in one line: `event: created or upgraded; plan: full feature Spoke`."""
    parts = [
        f"{name}: {' and '.join(values) if name == 'tags' else any_of(values)}"
        for name, values in conditions(said).items()
    ]
    return "; ".join(parts) or "always"


def any_of(words: Iterable[str]) -> str:
    """`P-1, P-2 or P-3`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def numbers(bounds: Range) -> str:
    """Closed bounds: `11 to 50`, `51 or more`, `at most 10`, `5`."""
    low, high = bounds
    if low is None:
        return "any" if high is None else f"at most {high}"
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"


def days(bounds: Range) -> str:
    """Closed days: `2025-07-01 to 2026-06-30`, `from 2025-07-01`, `to 2026-06-30`, `always`."""
    first, last = (None if bound is None else date.fromordinal(bound).isoformat() for bound in bounds)
    if first is None:
        return "always" if last is None else f"to {last}"
    return f"from {first}" if last is None else f"{first} to {last}"


def days_of(said: Conditions) -> Range:
    """The days on which the conditions can hold."""
    return said.ranges.get(DAY, (None, None))


def price(charge: Charge) -> str:
    """How a charge is priced: `by tier, book quote-1042, instead of the other prices of full-spoke`."""
    manner = MANNERS[charge.manner]
    counted = f" ({charge.units})" if charge.units else ""
    quoted = f", instead of the other prices of {charge.overrides}" if charge.overrides else ""
    return f"{manner}{counted}, book {charge.book}{quoted}"


def term(said: Term) -> str:
    """`once`, or `annual; renewed at the current price in the same tier; part terms by day`."""
    parts = [said.length]
    if said.renewal is not None:
        amount = "the current price" if said.renewal.price == "current" else "the same price"
        tier = "the current tier" if said.renewal.tier == "current" else "the same tier"
        parts.append(f"renewed at {amount} in {tier}")
    if said.proration == BY_DAY:
        parts.append("part terms by day")
    return "; ".join(parts)


def adjustment(said: Adjustment) -> str:
    """`-10 % of the list price`, `-USD 50.00`, `at least GBP 400.00 or USD 500.00`."""
    amounts = [Money(minor, currency) for currency, minor in sorted(said.money.items())]
    if said.percent is not None:
        return f"{percent(said.percent)} of the list price"
    if said.kind == "amount":
        return any_of(str(Difference(money)) for money in amounts)
    return f"{'at least' if said.kind == 'minimum' else 'at most'} {any_of(map(str, amounts))}"


def percent(value: Decimal) -> str:
    """With its sign and no digit too many: `-2.5 %`."""
    return f"{value.normalize():+f} %"


def policies(said: Policies) -> Mapping[str, str]:
    """Each policy and what it says."""
    return {one.name: str(getattr(said, one.name)) for one in fields(said)}
