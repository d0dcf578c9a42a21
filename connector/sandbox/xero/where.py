"""The ``where`` and ``order`` parameters.

Owns the part of Xero's filter language that the sandbox understands: comparisons joined by AND. What a stranger
would get wrong: a filter that is not understood is refused with 400; ignoring it would return everything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connector.sandbox.xero.objects import CONTACTS, CREDIT_NOTES, INVOICES, name_key


class WhereError(ValueError):
    """A filter or order outside the grammar."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL over the columns of ``objects`` and its values."""

    sql: str
    values: tuple[str, ...]


_DOCUMENT = {
    "Reference": "reference",
    "Status": "status",
    "Type": "type",
    "Date": "day",
    "Contact.ContactID": "contact_id",
}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    CONTACTS: {
        "ContactID": "id",
        "ContactNumber": "number",
        "Name": "name_key",
        "ContactStatus": "status",
        "EmailAddress": "email",
    },
    INVOICES: {"InvoiceID": "id", "InvoiceNumber": "number", **_DOCUMENT},
    CREDIT_NOTES: {"CreditNoteID": "id", "CreditNoteNumber": "number", **_DOCUMENT},
}
_COMPARISON = re.compile(
    r"\s*(?P<field>[A-Za-z.]+)\s*(?P<sign>==|!=|>=|<=|=|>|<)\s*"
    r"(?:\"(?P<text>(?:[^\"\\]|\\.)*)\"|guid\(\s*\"(?P<guid>[0-9a-fA-F-]{36})\"\s*\)"
    r"|DateTime\(\s*(?P<year>\d{4})\s*,\s*(?P<month>\d{1,2})\s*,\s*(?P<day>\d{1,2})\s*\))\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"(?:AND\b|&&)", re.IGNORECASE)
_ORDER = re.compile(r"(?P<field>[A-Za-z.]+)(?:\s+(?P<way>ASC|DESC))?", re.IGNORECASE)


def parse(kind: str, words: str) -> Condition:
    """The filter as SQL.

    Raises:
        WhereError: it is outside the grammar, or names a field this kind cannot be filtered by.
    """
    parts: list[str] = []
    values: list[str] = []
    place = 0
    while True:
        found = _COMPARISON.match(words, place)
        if found is None:
            message = f"the sandbox cannot read this filter from character {place + 1}: {words}"
            raise WhereError(message)
        column = _column(kind, found["field"])
        sign = {"==": "="}.get(found["sign"], found["sign"])
        parts.append(f"{column} {sign} ?")
        values.append(_value(column, found))
        place = found.end()
        if place == len(words):
            return Condition(" and ".join(parts), tuple(values))
        joint = _AND.match(words, place)
        if joint is None:
            message = f"the sandbox cannot read this filter from character {place + 1}: {words}"
            raise WhereError(message)
        place = joint.end()


def _column(kind: str, name: str) -> str:
    column = COLUMNS[kind].get(name)
    if column is None:
        message = f"the sandbox cannot filter {kind} by {name}, only by {', '.join(COLUMNS[kind])}"
        raise WhereError(message)
    return column


def _value(column: str, found: re.Match[str]) -> str:
    is_day, is_id = column == "day", column in ("id", "contact_id")
    if found["year"] is not None:
        if not is_day:
            message = f"{found['field']} is no date"
            raise WhereError(message)
        return f"{found['year']}-{int(found['month']):02d}-{int(found['day']):02d}"
    if is_day or (found["guid"] is not None) != is_id or (column != "day" and found["sign"] not in ("=", "==", "!=")):
        message = f"{found['field']} cannot be compared in this way"
        raise WhereError(message)
    if found["guid"] is not None:
        return str(found["guid"]).lower()
    value = re.sub(r"\\(.)", r"\1", found["text"])
    return name_key(value) if column == "name_key" else value


def order(kind: str, words: str) -> str:
    """The ``order`` parameter as SQL; by default the time of the last change, oldest first.

    Raises:
        WhereError: the field cannot be sorted by.
    """
    if not words:
        return "order by updated_ms, seq"
    found = _ORDER.fullmatch(words.strip())
    if found is None:
        message = f"the sandbox cannot read this order: {words}"
        raise WhereError(message)
    column = "updated_ms" if found["field"] == "UpdatedDateUTC" else _column(kind, found["field"])
    return f"order by {column} {(found['way'] or 'asc').lower()}, seq"
