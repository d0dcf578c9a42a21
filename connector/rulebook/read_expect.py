"""Reading what a test of the rules expects: exactly one outcome, and as much of the line as the test is about.

Every expectation becomes the text that what is rated is compared with, so that a difference is told in the same words.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.declared import ListNode, Node, Reader
from connector.domain.currency import digits, is_currency
from connector.domain.money import InexactAmountError, Money
from connector.rulebook import kinds
from connector.rulebook.sources import closest
from connector.rulebook.spec import ANNUAL, MONTHLY, ONCE, Declared

OUTCOMES = ("charge", "held", "not_billable", "inside_bundle", "blocked")
# What an expectation may name besides its outcome, and the column of RATED that it is compared with.
COLUMNS: Mapping[str, str] = {
    "metric": "metric",
    "item": "item",
    "tier": "tier",
    "rule": "rule_id",
    "price_book": "price_book",
    "term": "term",
    "size_source": "size_source",
    "quantity": "quantity",
    "unit": "unit_minor",
    "list": "list_minor",
    "adjusted_by": "adjustments",
}
_MONEY = re.compile(r"([A-Z]{3}) ((?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,10})?)")


@dataclass(frozen=True)
class Expected:
    """One expectation, as the text that what is rated is compared with, and where it stands."""

    key: str
    text: str
    at: Node


@dataclass(frozen=True)
class Names:
    """What tests may name: key of an expectation → the names declared."""

    known: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, declared: Declared) -> "Names":
        """The names that a rulebook declares."""
        charges = [rule.charge for rule in declared.rules if rule.charge is not None]
        ids = tuple(rule.id for rule in declared.rules)
        known: dict[str, Iterable[str]] = {
            "metric": [charge.metric for charge in charges],
            "item": [charge.item for charge in charges],
            "tier": [band.label for scheme in declared.tiers.values() for band in scheme.bands],
            "rule": ids,
            "adjusted_by": ids,
            "price_book": [version.label for version in declared.versions],
            "term": (ONCE, MONTHLY, ANNUAL),
            "size_source": ("count", "band"),
            "blocked": [kind.code for kind in kinds.KINDS if kind.scope == "row"],
        }
        return cls({key: tuple(dict.fromkeys(names)) for key, names in known.items()})


def read_expect(node: Node | None, reader: Reader, names: Names) -> tuple[Expected, ...]:
    """What a test expects; faults are noted."""
    entries = reader.mapping(node, "expect", (), (*OUTCOMES, *COLUMNS)) or {}
    said = [key for key in OUTCOMES if key in entries]
    if node is not None and len(said) != 1:
        message = f"a test expects one outcome; this one expects {' and '.join(said) or 'none'}"
        step = 'Write one of charge: "USD 3600.00", inside_bundle, held, not_billable, blocked.'
        reader.fault(node, message, step, kinds.TEST)
    known = {key: value for key, value in entries.items() if key in (*OUTCOMES, *COLUMNS)}
    read = ((key, _text(key, value, reader, names), value) for key, value in known.items())
    return tuple(Expected(key, text, value) for key, text, value in read if text is not None)


def _text(key: str, node: Node, reader: Reader, names: Names) -> str | None:
    """The text that an expectation is compared as."""
    if key in ("charge", "unit", "list"):
        return _money(key, node, reader)
    if key == "quantity":
        number = reader.whole(node, key)
        return None if number is None else str(number)
    if key not in names.known:
        return reader.text(node, key)
    listed = node.items if isinstance(node, ListNode) and key == "adjusted_by" else (node,)
    read = [_named(key, item, reader, names.known[key]) for item in listed]
    return None if None in read else ", ".join(str(word) for word in read)


def _named(key: str, node: Node, reader: Reader, known: Iterable[str]) -> str | None:
    word = reader.text(node, key)
    known = tuple(known)
    if word is None or word in known:
        return word
    reader.fault(node, f"nothing declares the {key.replace('_', ' ')} {word!r}", _near(word, known), kinds.NAME_UNKNOWN)
    return None


def _near(word: str, known: tuple[str, ...]) -> str:
    return closest(word, known, in_order=True)


def _money(key: str, node: Node, reader: Reader) -> str | None:
    text = reader.text(node, key)
    match = _MONEY.fullmatch(text or "")
    if text is None:
        return None
    if match is None or not is_currency(match[1]):
        step = 'Write the currency and the amount in plain digits: "USD 3600.00".'
        reader.fault(node, f"{key} cannot be {text!r}", step, kinds.TEST)
        return None
    try:
        money = Money.exact(Decimal(match[2]), match[1])
    except InexactAmountError:
        message = f"{key} is {text}: {match[1]} has {digits(match[1]) or 'no'} decimal digits"
        reader.fault(node, message, "Write the amount with the currency's digits.", kinds.TEST)
        return None
    return money_text(money)


def money_text(money: Money) -> str:
    """Money as tests write it: `USD 3600.00`."""
    return f"{money.currency} {money.amount}"
