"""What QuickBooks will compute, and what may be expected to agree.

What a stranger would get wrong: with automated sales tax nobody but the remote knows the tax, so the net must match and
the tax is taken from the reply; elsewhere the tax of a document may be rounded once for each rate or on every line,
which no official text says, so both are known and either is recognised.
"""

from collections.abc import Sequence
from decimal import Decimal

from connector.accounting.port import RemoteDocument
from connector.accounting.quickbooks.documents import Taxation
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import Document, Line
from connector.domain.money import Money


def tax_per_rate_minor(lines: Sequence[Line], currency: str) -> int:
    """The tax of a document in minor units when it is rounded once for each tax code and rate."""
    nets: dict[tuple[str, Decimal], int] = {}
    for line in lines:
        key = (line.tax_code, line.tax_percent)
        nets[key] = nets.get(key, 0) + line.net_minor
    return sum(predict_tax_minor(net, percent, currency) for (_, percent), net in nets.items())


def drift(document: Document, receipt: RemoteDocument, taxation: Taxation) -> str | None:
    """How the booked totals differ from the expected ones, or None when they agree as far as they can be known."""
    net = Money(receipt.net_minor, receipt.currency)
    if (receipt.currency, receipt.net_minor) != (document.currency, document.net.minor):
        return f"predicted {document.net} before tax, booked {net}"
    if taxation == "automated":
        return None
    expected = {document.tax.minor, tax_per_rate_minor(document.lines, document.currency)}
    if receipt.tax_minor in expected:
        return None
    return f"predicted tax {document.tax}, booked {Money(receipt.tax_minor, receipt.currency)}"
