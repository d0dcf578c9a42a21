"""The schema of a rule: its conditions, and exactly one outcome."""

from collections.abc import Mapping

from connector.domain.words import EventKind, PartnerKind, Plan
from connector.rulebook import spec
from connector.rulebook.domains import HOST
from connector.rulebook.read_charge import UNITS
from connector.rulebook.schema_parts import (
    AMOUNT,
    BAND,
    COUNT,
    CURRENCY,
    DAY,
    NUMBER,
    SIGNED,
    TEXT,
    Schema,
    bounds,
    closed,
    meanings,
    some,
    told,
    words,
)

_ALONE = "month"  # the event that stands alone in a rule: it is no event of the client, but the calendar's
_SHORT: Schema = {
    "type": ["string", "number"],
    "pattern": r"^[^\u0000-\u001f\u007f]*\S[^\u0000-\u001f\u007f]*$",
    "maxLength": 200,
}
_MONEY: Schema = {
    "type": "object",
    "propertyNames": CURRENCY,
    "additionalProperties": AMOUNT,
    "minProperties": 1,
}


def conditions() -> Mapping[str, Schema]:
    """Each condition a rule can name."""
    dated = [event for event in EventKind if event != _ALONE]
    events: Schema = {
        "if": {"type": "array", "minItems": 2},
        "then": some(words(dated)),
        "else": some(words(EventKind)),
    }
    return {
        "event": told(events, "What happened: one, or a list. month stands alone: once for each month of a client."),
        "plan": told(some(words(Plan)), "The plan of the client after the event; a bundle has none."),
        "partner": told(some(_SHORT), "Partner ids, as the partner master has them."),
        "partner_kind": told(some(words(PartnerKind)), "What the partner is."),
        "selling_entity": told(some(TEXT), "Selling entities, as entities: declares them."),
        "country": told(some({"type": "string", "pattern": "^[A-Z]{2}$"}), "Countries: two capital letters each."),
        "domain": told(
            some({"type": "string", "pattern": f"^{HOST.pattern}$"}),
            "Websites of clients, as records carry them: example.com.",
        ),
        "template": told(some(_SHORT), "Client templates, by name or id."),
        "tags": told(some(_SHORT), "Tags: the client must have all of them."),
        "band": told(
            some({"type": ["string", "integer"], "pattern": BAND, "minimum": 1}),
            "Employee tiers that lie side by side, such as 2-10.",
        ),
        "employees": told(bounds(NUMBER, "employee count"), "Employee counts, both ends included."),
        "dates": told(bounds(DAY, "day"), "Days of the event, both ends included."),
        spec.CLIENTS_THIS_YEAR: told(
            bounds(NUMBER, "number"), "Its number among its partner's billable clients of the calendar year, from 1."
        ),
        spec.PLACES_LEFT: told(
            bounds(COUNT, "number of places"), "Assessment Only places that the partner has left before the event."
        ),
    }


def outcomes() -> Mapping[str, Schema]:
    """What a rule can say: exactly one of these."""
    return {
        spec.CHARGE: told(_charge(), "Bill it."),
        spec.INSIDE_BUNDLE: told(TEXT, "It takes a place of its partner's bundles; why, in a few words."),
        spec.NO_CHARGE: told(TEXT, "It costs nothing; why, in a few words."),
        spec.HOLD: told(TEXT, "It waits for a person; why, in a few words. Goes before not_billable."),
        spec.NOT_BILLABLE: told(TEXT, "It is never billed; why, in a few words."),
        spec.ADJUST: told(_adjust(), "Change the amount of whatever is charged."),
    }


LASTING: Schema = {  # a charge with terms that follow one another
    "required": ["term"],
    "properties": {"term": {"enum": [spec.MONTHLY, spec.ANNUAL]}},
}


def rule() -> Schema:
    """One rule."""
    said = outcomes()
    when = {**closed(conditions()), "minProperties": 1, "not": {"required": ["band", "employees"]}}
    keys = {
        "id": told(TEXT, "A name of its own, by which messages and lines call the rule."),
        "when": told(when, "All of these must hold."),
        **said,
    }
    lasting: Schema = {"required": [spec.CHARGE], "properties": {spec.CHARGE: {"$ref": "#/$defs/lasting"}}}
    monthly: Schema = {"properties": {"when": {"required": ["event"], "properties": {"event": _only(_ALONE)}}}}
    by_month = {"required": ["term"], "properties": {"term": {"const": spec.MONTHLY}}, **_without("renewal")}
    return {
        **closed(keys, ("id", "when")),
        "oneOf": [{"required": [outcome]} for outcome in said],
        "if": monthly,
        "then": {"properties": {spec.CHARGE: by_month}},
        "else": {
            "if": lasting,
            "then": {"properties": {spec.CHARGE: {"required": ["renewal"]}}},
            "else": {"properties": {spec.CHARGE: _without("renewal")}},
        },
    }


def _only(word: str) -> Schema:
    return {"enum": [word, [word]]}


def _charge() -> Schema:
    renewal = closed(
        {
            "price": told(
                meanings(
                    {
                        spec.KEPT: "What was billed before.",
                        spec.CURRENT: "By the price book of the renewal's day.",
                    }
                ),
                "What the new term costs.",
            ),
            "tier": told(
                meanings(
                    {
                        spec.KEPT: "The tier billed before.",
                        spec.CURRENT: "The tier of the headcount known then.",
                    }
                ),
                "The tier of the new term.",
            ),
        },
        ("price", "tier"),
    )
    own_book = closed({"book": told(TEXT, "The price book of the quote.")}, ("book",))
    manners = {
        spec.BY_TIER: "By the client's employee tier, from full_spoke of the book.",
        spec.PER_BUNDLE: "For each bundle, from assessment_bundle of the book.",
        spec.FLAT: "One price, from flat of the book, under the metric.",
        spec.PER_UNIT: "For each unit, from per_unit of the book, under the metric.",
    }
    terms = {
        spec.ONCE: "Billed once.",
        spec.MONTHLY: "For a month at a time.",
        spec.ANNUAL: "For a year at a time.",
    }
    keys = {
        "metric": told(TEXT, "What is billed; a client is billed once for each metric and term."),
        "item": told(TEXT, "The item on the document; mappings/books-….yaml gives its account and tax code."),
        "price": told(
            {
                "if": {"type": "object"},
                "then": own_book,
                "else": meanings({manner: manners[manner] for manner in spec.MANNERS}),
            },
            "How it is priced; or {book: NAME}: as the rule that is overridden, from a book of its own.",
        ),
        "book": told(TEXT, "The price book it is priced from."),
        "units": told(words(UNITS), "What price: per_unit counts."),
        "term": told(meanings(terms), "How long it is billed for."),
        "renewal": told(
            {"if": {"type": "object"}, "then": renewal, "else": {"const": "none"}},
            "What follows when the term ends: none, or what the next term costs.",
        ),
        "proration": told(
            meanings({"none": "A term is always billed whole.", spec.BY_DAY: "A term cut short costs its days."}),
            "What a term costs that is cut short.",
        ),
        "overrides": told(TEXT, "The metric whose other rules lose against this one."),
        "from": told(DAY, "The first day of the quote, included."),
        "to": told(DAY, "The last day of the quote, included."),
        "price_at": told({"const": "event"}, "The price of the day of the event."),
    }
    return {
        **closed(keys, ("metric", "item", "price")),
        "allOf": [
            {
                "if": {"required": ["price"], "properties": {"price": {"type": "object"}}},
                "then": {"required": ["overrides"], **_without("book")},
                "else": {"required": ["book"]},
            },
            {
                "if": _priced(spec.PER_BUNDLE),
                "then": {"properties": {"term": {"const": spec.ONCE}}},  # R7: a bundle is bought once
                "else": {"required": ["term"]},
            },
            {"if": {"$ref": "#/$defs/lasting"}, "then": {"required": ["proration"]}, "else": _without("proration")},
            {"if": _priced(spec.PER_UNIT), "then": {"required": ["units"]}, "else": _without("units")},
        ],
    }


def _priced(manner: str) -> Schema:
    return {"required": ["price"], "properties": {"price": {"const": manner}}}


def _without(key: str) -> Schema:
    return {"not": {"required": [key]}}


def _adjust() -> Schema:
    kinds: Mapping[str, Schema] = {
        "percent": told(
            {**SIGNED, "minimum": -100, "maximum": 1000},
            "Percent of the list price: -10 takes a tenth off. Percentages are summed.",
        ),
        "amount": told(
            {**_MONEY, "additionalProperties": SIGNED}, "An amount to add, for each currency: {USD: -50, GBP: -40}."
        ),
        "minimum": told(_MONEY, "At least this amount, for each currency."),
        "cap": told(_MONEY, "At most this amount, for each currency."),
    }
    reason = told(TEXT, "Why, in a few words; it stands on the document's line.")
    return {
        **closed({**kinds, "reason": reason}, ("reason",)),
        "oneOf": [{"required": [kind]} for kind in kinds],
    }
