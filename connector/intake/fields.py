"""The fields a mapping can fill, per kind of record: their sort, their words, and which are needed.

A mapping may ask for more, never for less: what stands in `NEEDED` is needed whatever a mapping says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connector.domain.words import (
    ClientStatus,
    Grouping,
    PartnerKind,
    PaymentMethod,
    Plan,
    RecordKind,
    TaxStatus,
)


class Sort(StrEnum):
    """How a field's text is read."""

    IDENTIFIER = "identifier"
    TEXT = "text"
    DOMAIN = "domain"
    WORD = "word"
    DATE = "date"
    SIZE = "size"
    COUNT = "count"
    BAND = "band"
    WHOLE = "whole"
    CURRENCY = "currency"
    COUNTRY = "country"
    EMAIL = "email"
    CONTACT = "contact"


SIZES = frozenset({Sort.SIZE, Sort.COUNT, Sort.BAND})
# The sorts whose words a mapping can give a value. Of sizes and identifiers every sign counts, so that their words are
# compared closely: 11-50 is not 1150.
MAPPED = frozenset({Sort.WORD, Sort.COUNTRY, Sort.CURRENCY, Sort.IDENTIFIER}) | SIZES
CLOSE = frozenset({Sort.IDENTIFIER}) | SIZES
SIZE_SOURCES = ("both", "count", "band")
DATE_ORDERS = ("day_first", "month_first")


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        name: as mappings and tables spell it.
        sort: how its text is read.
        title: how messages name it.
        words: the closed list of a WORD.
        low, high: the range of a WHOLE.
        days: whether a WHOLE is a number of days, which people also write `Net 30`.
        code: the problem code of a WORD that is not known.
    """

    name: str
    sort: Sort
    title: str
    words: tuple[str, ...] = ()
    low: int = 0
    high: int = 1_000_000
    days: bool = False
    code: str = "record-choice"


RECORD_TYPE = "record_type"
TEMPLATE_ROW = "template"

_CLIENTS = (
    Field("client_ref", Sort.IDENTIFIER, "client id"),
    Field("partner_id", Sort.IDENTIFIER, "partner id"),
    Field("name", Sort.TEXT, "client name"),
    Field("domain", Sort.DOMAIN, "website domain"),
    Field("plan", Sort.WORD, "plan", tuple(Plan), code="record-plan"),
    Field("template", Sort.IDENTIFIER, "template"),
    Field(RECORD_TYPE, Sort.WORD, "record type", ("client", TEMPLATE_ROW)),
    Field("created_on", Sort.DATE, "creation date"),
    Field("upgraded_on", Sort.DATE, "upgrade date"),
    Field("employees", Sort.SIZE, "employee count"),
    Field("employee_count", Sort.COUNT, "employee count"),
    Field("employee_band", Sort.BAND, "company size"),
    Field("employees_as_of", Sort.DATE, "date of the employee count"),
    Field("status", Sort.WORD, "status", tuple(ClientStatus), code="record-status"),
    Field("archived_on", Sort.DATE, "archive date"),
    Field("country", Sort.COUNTRY, "country"),
    Field("advisors", Sort.WHOLE, "number of advisors"),
    Field("users", Sort.WHOLE, "number of client users"),
    Field("tags", Sort.TEXT, "tags"),
)
_PARTNERS = (
    Field("partner_id", Sort.IDENTIFIER, "partner id"),
    Field("name", Sort.TEXT, "partner name"),
    Field("kind", Sort.WORD, "kind of partner", tuple(PartnerKind)),
    Field("selling_entity", Sort.IDENTIFIER, "selling entity"),
    Field("currency", Sort.CURRENCY, "currency"),
    Field("country", Sort.COUNTRY, "country"),
    Field("tax_status", Sort.WORD, "tax status", tuple(TaxStatus)),
    Field("tax_number", Sort.IDENTIFIER, "tax number"),
    Field("terms_days", Sort.WHOLE, "payment terms", high=366, days=True),
    Field("po_reference", Sort.IDENTIFIER, "PO reference"),
    Field("payment_method", Sort.WORD, "payment method", tuple(PaymentMethod)),
    Field("contact_id", Sort.CONTACT, "contact id"),
    Field("email", Sort.EMAIL, "e-mail address"),
    Field("included_places", Sort.WHOLE, "included places"),
    Field("included_until", Sort.DATE, "last day of the included places"),
    Field("opening_places", Sort.WHOLE, "opening places"),
    Field("grouping", Sort.WORD, "document grouping", tuple(Grouping)),
    Field("valid_from", Sort.DATE, "first day of validity"),
)
_BUNDLES = (
    Field("partner_id", Sort.IDENTIFIER, "partner id"),
    Field("reference", Sort.IDENTIFIER, "purchase reference"),
    Field("purchased_on", Sort.DATE, "purchase date"),
    Field("quantity", Sort.WHOLE, "number of bundles", low=1),
)
_TEMPLATES = (
    Field("template", Sort.IDENTIFIER, "template"),
    Field("partner_id", Sort.IDENTIFIER, "partner id"),
    Field("plan", Sort.WORD, "plan", tuple(Plan), code="record-plan"),
    Field("valid_from", Sort.DATE, "first day of validity"),
)

FIELDS: Mapping[RecordKind, Mapping[str, Field]] = {
    RecordKind.PARTNERS: {field.name: field for field in _PARTNERS},
    RecordKind.CLIENTS: {field.name: field for field in _CLIENTS},
    RecordKind.BUNDLES: {field.name: field for field in _BUNDLES},
    RecordKind.TEMPLATES: {field.name: field for field in _TEMPLATES},
}

# Each group needs one of its fields in every record.
NEEDED: Mapping[RecordKind, tuple[tuple[str, ...], ...]] = {
    RecordKind.PARTNERS: tuple(
        (name,)
        for name in (
            "partner_id", "name", "kind", "selling_entity", "currency", "country", "tax_status", "terms_days",
            "payment_method", "grouping", "valid_from",
        )
    ),
    RecordKind.CLIENTS: (
        ("partner_id",), ("name",), ("plan", "template"), ("created_on",), ("status",), ("client_ref", "domain"),
    ),
    RecordKind.BUNDLES: (("partner_id",), ("reference",), ("purchased_on",), ("quantity",)),
    RecordKind.TEMPLATES: (("template",), ("plan",), ("valid_from",)),
}  # fmt: skip

# A group whose absence has a problem code of its own.
NEEDED_CODES: Mapping[tuple[str, ...], str] = {
    ("client_ref", "domain"): "client-no-identity",
    ("reference",): "bundle-no-reference",
}
