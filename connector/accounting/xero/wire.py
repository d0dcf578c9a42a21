"""Reading single fields of Xero's replies, none of which is taken on trust."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.domain.currency import is_currency
from connector.domain.money import Money

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def text(element: dict[str, Any], name: str) -> str:
    """The text of a field, empty when it is absent or no text."""
    value = element.get(name)
    return value if isinstance(value, str) else ""


def elements(reply: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list, empty when there is none."""
    value = reply.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def number(element: dict[str, Any], name: str) -> Decimal | None:
    """The number of a field, exact; None when it is absent or no number."""
    value = element.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def minor(element: dict[str, Any], name: str, currency: str) -> int | None:
    """The amount of a field in minor units, rounded to whole ones; None when it is absent or no amount."""
    amount = number(element, name)
    if amount is None or not is_currency(currency):
        return None
    return Money.rounded(amount, currency).minor


def day(element: dict[str, Any], name: str) -> date | None:
    """The day of a field, written `2026-03-31` or `/Date(1774915200000+0000)/`; None when it is absent."""
    at = moment(element, name)
    value = text(element, name)
    if at is not None:
        return at.date()
    return date.fromisoformat(value[:10]) if _ISO.match(value) else None


def moment(element: dict[str, Any], name: str) -> datetime | None:
    """The moment of a field, written `/Date(1774915200000+0000)/`, UTC; None when it is absent."""
    found = _MILLISECONDS.fullmatch(text(element, name))
    return _EPOCH + timedelta(milliseconds=int(found.group(1))) if found else None


def messages(element: dict[str, Any]) -> tuple[str, ...]:
    """What is said to be wrong with an element, its lines and its contact."""
    own = [text(fault, "Message") for fault in elements(element, "ValidationErrors")]
    inner = [message for line in elements(element, "LineItems") for message in messages(line)]
    return tuple(dict.fromkeys(message for message in (*own, *inner) if message))


def is_refused(element: dict[str, Any]) -> bool:
    """Whether a bulk reply says that this element was not accepted."""
    status = text(element, "StatusAttributeString").upper()
    return status == "ERROR" or element.get("HasErrors") is True or bool(messages(element))
