"""The tables as Django models, for migrations and for reading. They never leave this package.

A stranger's trap: `save()` on an entry that exists, `update()` and `delete()` are refused by the database's triggers,
not by these classes. Foreign keys have no action on delete for the same reason.
"""

from connector.ledger.models.billing import Charge, Document, DocumentEvent, DocumentLine, Receipt
from connector.ledger.models.corrections import Adjustment, AdjustmentLine, Credit, CreditLine
from connector.ledger.models.parties import (
    Client,
    ClientAlias,
    ClientVersion,
    PartnerVersion,
    Source,
    TemplateVersion,
)
from connector.ledger.models.registers import (
    BilledLine,
    BilledSum,
    ChainHead,
    ChainLink,
    ContactLink,
    Counter,
    Erasure,
    LedgerKey,
    Personal,
)
from connector.ledger.models.sending import Allocation, Outbox, TenantHold

__all__ = [
    "Adjustment",
    "AdjustmentLine",
    "Allocation",
    "BilledLine",
    "BilledSum",
    "ChainHead",
    "ChainLink",
    "Charge",
    "Client",
    "ClientAlias",
    "ClientVersion",
    "ContactLink",
    "Counter",
    "Credit",
    "CreditLine",
    "Document",
    "DocumentEvent",
    "DocumentLine",
    "Erasure",
    "LedgerKey",
    "Outbox",
    "PartnerVersion",
    "Personal",
    "Receipt",
    "Source",
    "TemplateVersion",
    "TenantHold",
]
