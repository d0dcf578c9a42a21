"""How an accounting tenant is reached and how it bills: the settings, as values; `runs.config` reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Taxation = Literal["automated", "manual", "global"]


@dataclass(frozen=True)
class QuickBooksSettings:
    """What only QuickBooks needs.

    Attributes:
        taxation: `automated` and `manual` are the United States: the remote computes the tax from addresses, or from
            one tax code of the document; `global` is everywhere else: every line has a tax code.
        authorize_url: the page on which a person agrees.
        token_file: where the tokens of the consent are kept.
        redirect_uri: where that page sends the person back to; on this machine, or an address registered with the app.
        document_tax_code: for manual taxation, name or id of the code that taxable lines are taxed by.
        class_id, department_id: the class of every line and the department of every document, if any.
        batches_per_minute, calls_per_second: a little under the limits, which other programs may share.
    """

    taxation: Taxation
    authorize_url: str
    token_file: Path
    redirect_uri: str
    document_tax_code: str = ""
    class_id: str = ""
    department_id: str = ""
    batches_per_minute: int = 38
    calls_per_second: int = 9


@dataclass(frozen=True)
class TenantSettings:
    """One accounting tenant and how to reach it.

    Attributes:
        name: our name of it, as the ledger's outbox has it.
        system: `xero` or `quickbooks`.
        api_url: base address of the interface, without a slash at the end.
        token_url: where access tokens come from.
        tenant_id: the system's id of the organisation: QuickBooks calls it the realm.
        client_id, client_secret: of the connection; the secret is in no repr.
        invoice_status: of Xero: `AUTHORISED` (invoices are approved as they arrive) or `DRAFT`.
        quiet_seconds: how long after an unanswered call the system may still act on it, or not yet find what it did.
        time_out_seconds: how long a call waits for its answer.
        branding_themes: of Xero: payment method → the theme whose payment services it shows (R9).
        calls_per_minute: a little under the system's limit, which other programs may share.
        quickbooks: what only QuickBooks needs; None for another system.
    """

    name: str
    system: str
    api_url: str
    token_url: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    invoice_status: str = "AUTHORISED"
    quiet_seconds: int = 120
    time_out_seconds: int = 100
    branding_themes: Mapping[str, str] = field(default_factory=dict)
    calls_per_minute: int = 55
    quickbooks: QuickBooksSettings | None = None
