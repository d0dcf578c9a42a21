"""The closed lists of the domain, spelt once. Tables, rules and mappings carry these very strings."""

from enum import StrEnum


class Plan(StrEnum):
    """The plan of a client (R1), chosen when the client is created."""

    ASSESSMENT_ONLY = "assessment_only"
    FULL_SPOKE = "full_spoke"


class EventKind(StrEnum):
    """What can make a charge: R3 `created` and `upgraded`, R7 `bundle`; a new term, and each month of a client."""

    CREATED = "created"
    UPGRADED = "upgraded"
    BUNDLE = "bundle"
    RENEWED = "renewed"
    MONTH = "month"


# Events that come about by time alone, without any row.
BY_TIME = (EventKind.RENEWED.value, EventKind.MONTH.value)


class PartnerKind(StrEnum):
    """Who onboards clients for service delivery (R12)."""

    ADVISOR = "advisor"
    MSP = "msp"
    MSSP = "mssp"


class TaxStatus(StrEnum):
    """How the partner stands to sales tax; the tax code follows from it, the country and the item."""

    TAXABLE = "taxable"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    EXPORT = "export"


class Grouping(StrEnum):
    """When a partner's charges become a document: at every run, or from the last day of their month on."""

    ON_EVENT = "on_event"
    MONTHLY = "monthly"


class PaymentMethod(StrEnum):
    """How the partner pays (R9): card can be substituted for direct bank transfer."""

    BANK_TRANSFER = "bank_transfer"
    CARD = "card"


class ClientStatus(StrEnum):
    """The client's status on the platform; only `active` is documented there."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class RecordKind(StrEnum):
    """What a sheet lists."""

    PARTNERS = "partners"
    CLIENTS = "clients"
    BUNDLES = "bundles"
    TEMPLATES = "templates"


class RowKind(StrEnum):
    """What a source row is; every row is exactly one of these (invariant 5)."""

    HEADER = "header"
    TITLE = "title"
    BLANK = "blank"
    TOTAL = "total"
    TEMPLATE = "template"
    RECORD = "record"
    BLOCKED = "blocked"


class Bucket(StrEnum):
    """Where a record of a client or a bundle ended, in order of precedence (invariant 5)."""

    BLOCKED = "blocked"
    HELD = "held"
    NOT_BILLABLE = "not_billable"
    OPENING = "opening"
    UNCHANGED = "unchanged"
    ALREADY_BILLED = "already_billed"
    INSIDE_BUNDLE = "inside_bundle"
    AWAITING_DOCUMENT = "awaiting_document"
    BILLED = "billed"


# What became of a record whose client or purchase the ledger remembers with that run.
SETTLED = (
    Bucket.OPENING.value,
    Bucket.ALREADY_BILLED.value,
    Bucket.INSIDE_BUNDLE.value,
    Bucket.AWAITING_DOCUMENT.value,
    Bucket.BILLED.value,
)
# The same, or it was so before: the record stands in the ledger.
REMEMBERED = (*SETTLED, Bucket.UNCHANGED.value)
