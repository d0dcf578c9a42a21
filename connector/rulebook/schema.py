"""The JSON Schema of rule files, made from the words themselves, so that editors complete and check what is read.

It ships as `rules/rules.schema.json`. What only the whole rulebook shows (a gap, an overlap, a name that nothing
declares) only loading tells; everything the schema refuses, loading refuses too.
"""

import json

from connector.rulebook.read_entities import LOCKED_PERIOD, POLICIES
from connector.rulebook.schema_parts import (
    AMOUNT,
    BAND,
    CURRENCY,
    DAY,
    DEFS,
    NUMBER,
    TEXT,
    UNIT_PRICE,
    Schema,
    closed,
    keyed,
    meanings,
    some,
    told,
)
from connector.rulebook.schema_rules import LASTING, rule
from connector.rulebook.schema_tests import rule_tests
from connector.rulebook.views.words import LOCKED_PERIODS
from connector.rulebook.views.words import POLICIES as MEANINGS

FILE = "rules.schema.json"
_TOP = {
    "entities": "The companies that sell.",
    "policies": "What nobody has published and so must be declared.",
    "rules": "What is billed, what is not, what waits.",
    "tiers": "A list of employee tiers; the key holds its name.",
    "price_book": "A version of a price book; the key holds the book's name.",
    "rule_tests": "Clients, and what the rules must make of them; in rules/tests/.",
}


_POLICIES = {
    "employee_size": "Which size counts where a client has both a count and a declared band.",
    "upgrade": "What becomes of the Assessment Only place of a client that is upgraded.",
    "archived_client": "What becomes of a client that was archived before it was billed.",
    "archived_renewal": "What becomes of a term, or a month, that would begin while its client is archived.",
    "undated_upgrade": "What becomes of a client that was Assessment Only and is full now, without an upgrade date.",
    "overdraw": "What becomes of an Assessment Only client for which its partner has no place left.",
}


def rules_schema() -> Schema:
    """The whole schema, as plain values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rule file",
        "description": "A file of the rulebook. Its top key says what it declares.",
        "type": "object",
        "properties": {name: {"description": description} for name, description in _TOP.items()},
        "if": {"required": ["price_book"]},
        "then": {"$ref": "#/$defs/price_book_file"},
        "else": {
            "if": {"required": ["tiers"]},
            "then": {"$ref": "#/$defs/tiers_file"},
            "else": {
                "if": {"required": ["rule_tests"]},
                "then": {"$ref": "#/$defs/rule_tests_file"},
                "else": {"$ref": "#/$defs/rules_file"},
            },
        },
        "$defs": {
            **DEFS,
            "rule": rule(),
            "lasting": LASTING,
            "price_book_file": _price_book(),
            "tiers_file": _tiers(),
            "rule_tests_file": closed({"rule_tests": told(rule_tests(), _TOP["rule_tests"])}, ("rule_tests",)),
            "rules_file": _sections(),
        },
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(rules_schema(), indent=1, ensure_ascii=False) + "\n"


_PREFIX: Schema = {"type": ["string", "number"], "pattern": "^[A-Z0-9-]{1,8}$"}


def _sections() -> Schema:
    policies = {
        name: told(meanings({option: _sentence(MEANINGS[name, option]) for option in options}), _POLICIES[name])
        for name, options in POLICIES.items()
    }
    locked = {option: _sentence(LOCKED_PERIODS[option]) for option in LOCKED_PERIOD}
    entity = {
        "name": told(TEXT, "The company's name, as documents carry it."),
        "currency": told(CURRENCY, "The currency it sells in: a code of ISO 4217."),
        "bill_from": told(DAY, "Go-live: what happened before this day is not billed here."),
        "time_zone": told(TEXT, "The IANA name of the zone of its days, such as America/New_York."),
        "number_prefix": told(_PREFIX, "What its document numbers start with."),
        "locked_period": told(meanings(locked), "What happens to a document dated into a locked period."),
    }
    optional = {"credit_note_prefix": told(_PREFIX, "What the numbers of its credit notes start with.")}
    return closed(
        {
            "entities": told(keyed(closed({**entity, **optional}, entity)), _TOP["entities"]),
            "policies": told(closed(policies, policies), _TOP["policies"]),
            "rules": told({"type": "array", "items": {"$ref": "#/$defs/rule"}}, _TOP["rules"]),
        }
    )


def _sentence(meaning: str) -> str:
    return f"{meaning[0].upper()}{meaning[1:]}."


def _tiers() -> Schema:
    band = {"type": ["string", "integer"], "pattern": BAND, "minimum": 1}
    bands: Schema = {"type": "array", "items": band, "minItems": 1}
    return closed(
        {
            "tiers": told(TEXT, "The name of the list, by which price books call it."),
            "bands": told(bands, 'From 1 to an open end, no gap, no overlap: ["1", "2-10", "11+"].'),
        },
        ("tiers", "bands"),
    )


def _price_book() -> Schema:
    by_tier: Schema = {
        "type": "object",
        "patternProperties": {BAND: AMOUNT},
        "additionalProperties": False,
        "minProperties": 1,
    }
    bundle = closed(
        {
            "size": told(NUMBER, "Assessment Only places in one bundle."),
            "price": told(UNIT_PRICE, "The price of a bundle."),
        },
        ("size", "price"),
    )
    prices = {
        "full_spoke": told(by_tier, "Tier: the price of a full feature Spoke (price: by_tier)."),
        "assessment_bundle": told(bundle, "Bundles of Assessment Only places (price: per_bundle)."),
        "flat": told(keyed(AMOUNT), "Metric: its one price (price: flat)."),
        "per_unit": told(keyed(UNIT_PRICE), "Metric: the price of its units (price: per_unit)."),
    }
    keys = {
        "price_book": told(TEXT, "The book's name; its versions share it."),
        "effective_from": told(DAY, "The first day of this version."),
        "effective_to": told(DAY, "The last day of this version, included; without it, it has no end."),
        "currency": told(CURRENCY, "The currency of all its prices: a code of ISO 4217."),
        "selling_entity": told(some(TEXT, unique=False), "Only for these selling entities; without it, for all."),
        "tiers": told(TEXT, "The list of tiers that full_spoke prices."),
        "prices": told({**closed(prices), "minProperties": 1}, "At least one sort of price."),
    }
    return {
        **closed(keys, ("price_book", "effective_from", "currency", "prices")),
        "if": {"properties": {"prices": {"required": ["full_spoke"]}}},
        "then": {"required": ["tiers"]},
    }
