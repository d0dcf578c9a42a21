"""Documents for the accounting system. Every contact is a partner (R8); a document is frozen once approved."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from connector.domain.money import Money

INVOICE, CREDIT_NOTE = "invoice", "credit_note"


@dataclass(frozen=True)
class Party:
    """The partner as the contact of a document.

    Attributes:
        partner_id: our id; travels as the accounting system's contact number.
        name: the partner's name in the books.
        contact_id: the accounting system's own id, when known.
        email, country, tax_number: told to the system only when the contact is created.
        currency: what the contact is to be billed in; known while it is created, and not kept with documents.
    """

    partner_id: str
    name: str
    contact_id: str | None = None
    email: str | None = None
    country: str | None = None
    tax_number: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Amounts are whole minor units of the document's currency.

    Attributes:
        charge_id: the charge this line bills.
        description: what the partner reads.
        item: our item, as the rules name it.
        item_code: the accounting system's item code, or None when the line goes straight to an account.
        account: the accounting system's account code.
        tax_code: the accounting system's tax code.
        tax_percent: the rate we expect that code to have, to predict the tax.
        quantity: whole, at least 1.
        unit_minor: price of one.
        net_minor: quantity × unit.
        tax_minor: predicted tax of the line.
        adjustment_id: the adjustment of that charge which this line bills or gives back; None for the charge itself.
    """

    charge_id: str
    description: str
    item: str
    item_code: str | None
    account: str
    tax_code: str
    tax_percent: Decimal
    quantity: int
    unit_minor: int
    net_minor: int
    tax_minor: int
    adjustment_id: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """The line as JSON values; `adjustment_id` is there only if set."""
        # Not `asdict`: it copies every value of every line, and a run may have a million of them.
        plain = {name: getattr(self, name) for name in _OF_LINE}
        plain["tax_percent"] = str(self.tax_percent)
        if self.adjustment_id is None:
            del plain["adjustment_id"]
        return plain


_OF_LINE = tuple(field.name for field in fields(Line))


@dataclass(frozen=True)
class Document:
    """An invoice or a credit note as it will be sent, with the totals that must be returned (invariant 11).

    Amounts are positive in both: `kind` says whether the partner owes them or gets them back. `moved_from` is the day
    on which it would have been dated, where the books were locked then and `dated` is the first open day; else None.
    """

    number: str
    kind: str
    selling_entity: str
    tenant: str
    party: Party
    currency: str
    dated: date
    due: date
    reference: str
    payment_method: str
    lines: tuple[Line, ...]
    moved_from: date | None = None

    @property
    def net(self) -> Money:
        """The sum of the lines before tax."""
        return Money(sum(line.net_minor for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        """The predicted tax, summed over lines each rounded on its own."""
        return Money(sum(line.tax_minor for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        """What the partner owes, or gets back."""
        return self.net + self.tax

    @property
    def owed(self) -> Money:
        """What it adds to what the partner owes: below zero for a credit note."""
        return Money(-self.total.minor, self.currency) if self.kind == CREDIT_NOTE else self.total

    def to_plain(self) -> dict[str, Any]:
        """The document as JSON values; `from_plain` reads it back equal. `moved_from` is there only if set."""
        lines = [line.to_plain() for line in self.lines]
        days = {"dated": self.dated.isoformat(), "due": self.due.isoformat()}
        party = {name: value for name, value in vars(self.party).items() if name != "currency"}
        plain = {**vars(self), **days, "party": party, "lines": lines}
        del plain["moved_from"]
        return plain if self.moved_from is None else {**plain, "moved_from": self.moved_from.isoformat()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Document":
        """The document that `to_plain` wrote."""
        lines = tuple(Line(**{**line, "tax_percent": Decimal(line["tax_percent"])}) for line in plain["lines"])
        days = {name: date.fromisoformat(plain[name]) for name in ("dated", "due", "moved_from") if name in plain}
        return cls(**{**plain, **days, "party": Party(**plain["party"]), "lines": lines})
