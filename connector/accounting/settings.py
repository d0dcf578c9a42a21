"""How an accounting tenant is reached and how it bills: the settings, as values; `runs.config` reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from connector.accounting.oauth.tokenfile import TokenFile
from connector.accounting.oauth.tokenkeys import TokenKeys

Taxation = Literal["automated", "manual", "global"]


@dataclass(frozen=True)
class ConsentSettings:
    """How a person lets the connector in, and where what that gives is kept.

    Attributes:
        authorize_url: the page on which a person agrees.
        redirect_uri: where that page sends the person back to; on this machine, or an address registered with the app.
        token_file: where the tokens of the consent are kept.
        keys: what they are sealed under.
        has_secret: whether the app has a client secret; an app for PKCE alone has none.
    """

    authorize_url: str
    redirect_uri: str
    token_file: Path
    keys: TokenKeys
    has_secret: bool = True


@dataclass(frozen=True)
class QuickBooksSettings:
    """What only QuickBooks needs.

    Attributes:
        taxation: `automated` and `manual` are the United States: the remote computes the tax from addresses, or from
            one tax code of the document; `global` is everywhere else: every line has a tax code.
        document_tax_code: for manual taxation, name or id of the code that taxable lines are taxed by.
        line_class, department: name of the class of every line and of the department of every document, if any.
        sales_terms: names of the terms of payment that invoices carry, each by the days it gives; none: no terms.
        batches_per_minute, calls_per_second: a little under the limits, which other programs may share.
    """

    taxation: Taxation
    document_tax_code: str = ""
    line_class: str = ""
    department: str = ""
    sales_terms: tuple[str, ...] = ()
    batches_per_minute: int = 38
    calls_per_second: int = 9


@dataclass(frozen=True)
class TrytonSettings:
    """What only Tryton needs.

    Attributes:
        database: its name at the address.
        company: the name of the company's party, which is how a person knows it.
        by_products: lines name products by their codes, which decide on the account; else they name accounts.
        journal: code of the journal of sales; empty where there is one only.
    """

    database: str
    company: str
    by_products: bool = False
    journal: str = ""


@dataclass(frozen=True)
class FileSettings:
    """What a person declares of books that are reached by files only, because nobody can ask them.

    Attributes:
        outbox: the folder that the tenant's files are written into; its parent's parent is the working folder.
        organisation: its name.
        base_currency: ISO 4217 code.
        currencies: every code it can bill in.
        month_first: dates are written month/day/year, as the import of the United States reads them; else day first.
        tax_codes: how each tax rate is called in the books → its percent.
        accounts: codes of the accounts that take sales; empty where lines are booked by items.
        items: how each item is called in the books → the account it is booked to, or nothing where lines name theirs.
        contacts: partner id → the exact name of its contact in the books: the import goes by names.
        locked_until: the last day on which the books take no document.
        has_tax: whether a line of the file has a tax code.
        branding_themes: of Xero: payment method → name of the theme.
        tracking: of Xero: name and option of up to two tracking categories, for every line.
    """

    outbox: Path
    organisation: str
    base_currency: str
    currencies: frozenset[str]
    month_first: bool
    tax_codes: Mapping[str, Decimal]
    contacts: Mapping[str, str]
    accounts: tuple[str, ...] = ()
    items: Mapping[str, str] = field(default_factory=dict)
    locked_until: date | None = None
    has_tax: bool = True
    branding_themes: Mapping[str, str] = field(default_factory=dict)
    tracking: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TenantSettings:
    """One accounting tenant and how to reach it.

    Attributes:
        name: our name of it, as the ledger's outbox has it.
        system: `xero`, `quickbooks` or `tryton`;
            `xero-csv` or `quickbooks-csv` where files are written for a person to import.
        api_url: base address of the interface, without a slash at the end.
        token_url: where access tokens come from.
        tenant_id: the system's id of the organisation: QuickBooks calls it the realm.
        client_id, client_secret: of the connection; with Tryton a user and the password. The secret is in no repr.
        invoice_status: of Xero: `AUTHORISED` (invoices are approved as they arrive) or `DRAFT`.
        quiet_seconds: how long after an unanswered call the system may still act on it, or not yet find what it did.
        time_out_seconds: how long a call waits for its answer.
        branding_themes: of Xero: payment method → the theme whose payment services it shows (R9).
        tracking: of Xero: tracking category → option, of every line.
        calls_per_minute: a little under the system's limit, which other programs may share.
        consent: how a person lets the connector in; None where client id and secret alone do.
        quickbooks: what only QuickBooks needs; None for another system.
        tryton: what only Tryton needs; None for another system.
        files: what is declared of books that are reached by files; None where they are called.
    """

    name: str
    system: str
    api_url: str = ""
    token_url: str = ""
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    invoice_status: str = "AUTHORISED"
    quiet_seconds: int = 120
    time_out_seconds: int = 100
    branding_themes: Mapping[str, str] = field(default_factory=dict)
    tracking: Mapping[str, str] = field(default_factory=dict)
    calls_per_minute: int = 55
    consent: ConsentSettings | None = None
    quickbooks: QuickBooksSettings | None = None
    tryton: TrytonSettings | None = None
    files: FileSettings | None = None

    @property
    def again(self) -> str:
        """The command by which a person connects it."""
        return f"connector connect {self.system} {self.name}"

    @property
    def lacks_credentials(self) -> bool:
        """Whether the client id is missing, or a secret that there should be."""
        needs_secret = self.consent is None or self.consent.has_secret
        return not self.client_id or (needs_secret and not self.client_secret)

    def token_file(self, consent: ConsentSettings) -> TokenFile:
        """Where the tokens of its consent are."""
        return TokenFile(consent.token_file, self.name, consent.keys, self.again)
