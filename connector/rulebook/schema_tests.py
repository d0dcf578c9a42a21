"""The schema of rule tests: one client or bundle given, one line expected."""

from collections.abc import Mapping

from connector.domain.words import EventKind, PartnerKind, Plan
from connector.rulebook import spec
from connector.rulebook.schema_parts import COUNT, CURRENCY, DAY, TEXT, Schema, closed, some, told, words

_MONEY: Schema = {"type": "string", "pattern": r"^[A-Z]{3} (0|[1-9][0-9]{0,19})(\.[0-9]{1,10})?$"}
_MONTH: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"}
_COUNTS: Mapping[str, str] = {
    "quantity": "Bundles bought.",
    "employees": "Employees of the client.",
    "advisors": "Advisors of the client.",
    "users": "Users of the client.",
    "clients_this_year": "Its number among its partner's billable clients of the calendar year, from 1.",
    "places_left": "Assessment Only places that the partner has left before the event.",
    "term_days": "Days of a term cut short.",
    "term_of": "Days of that term, if it were whole.",
}
_REASON = "The rule's reason, or the part of it that matters."


def rule_tests() -> Schema:
    """The list of tests."""
    test = {
        "name": told(TEXT, "What the test shows, in one sentence; no two tests have the same."),
        "given": told(_given(), "One client or bundle, and what happened to it on which day."),
        "expect": told(_expect(), "Exactly one outcome, and as much of the line as the test is about."),
    }
    return {"type": "array", "items": closed(test, test)}


def _given() -> Schema:
    events = {event.value: told(_MONTH if event == "month" else DAY, "The day of the event.") for event in EventKind}
    keys = {
        **events,
        "plan": told(words(Plan), "The plan of the client after the event; a bundle has none."),
        "partner": told(TEXT, "The partner's id."),
        "partner_kind": told(words(PartnerKind), "What the partner is."),
        "selling_entity": told(TEXT, "Who sells."),
        "currency": told(CURRENCY, "The partner's currency; without it, that of the selling entity."),
        "country": told({"type": "string", "pattern": "^[A-Z]{2}$"}, "The client's country."),
        "domain": told(TEXT, "The client's website, as records carry it: example.com."),
        "template": told(TEXT, "The template the client was made from."),
        "tags": told(some(TEXT, unique=False), "Tags of the client."),
        "band": told(TEXT, "The size band that the client declared, such as 11-50."),
        **{name: told(COUNT, description) for name, description in _COUNTS.items()},
    }
    return {
        **closed(keys, ("partner", "partner_kind", "selling_entity")),
        "oneOf": [{"required": [event]} for event in events],
        "if": {"required": [EventKind.BUNDLE.value]},
        "then": {"required": ["quantity"]},
        "else": {"required": ["plan"]},
    }


def _expect() -> Schema:
    outcomes = {
        "charge": told(_MONEY, 'The amount billed: "USD 3600.00".'),
        "held": told(TEXT, _REASON),
        "not_billable": told(TEXT, _REASON),
        "inside_bundle": told(TEXT, _REASON),
        "blocked": told(TEXT, "The code of the problem, such as rate-size-unknown."),
    }
    keys = {
        **outcomes,
        "metric": told(TEXT, "What is billed."),
        "item": told(TEXT, "The item on the document."),
        "tier": told(TEXT, "The tier it is priced by, such as 51-200."),
        "rule": told(TEXT, "The id of the rule that decides."),
        "price_book": told(TEXT, "The version it is priced from, such as standard@2025-03-01 USD."),
        "term": told(words((spec.ONCE, spec.MONTHLY, spec.ANNUAL)), "How long it is billed for."),
        "size_source": told(words(("count", "band")), "Whether the tier comes from a count or a declared band."),
        "quantity": told(COUNT, "The quantity on the line."),
        "unit": told(_MONEY, "The price of one unit on the line."),
        "list": told(_MONEY, "The list amount, before adjustments and proration."),
        "adjusted_by": told(some(TEXT, unique=False), "The ids of the adjust rules that changed the amount."),
    }
    return {**closed(keys), "oneOf": [{"required": [outcome]} for outcome in outcomes]}
