"""Stand-ins for Xero and QuickBooks Online: a real HTTP server with state, limits and faults.

Owns a second opinion: it imports nothing else of the product, so its arithmetic and rules can disagree with it. What
a stranger would get wrong: its books are invented, and what the real services do is UNCONFIRMED wherever a
switch stands in their ``settings.py``.
"""

from connector.sandbox.core import QuickBooks
from connector.sandbox.server import SandboxServer, serve
from connector.sandbox.store import StateError
from connector.sandbox.xero.settings import Limits, Switches
from connector.sandbox.xero.tenants import DEFAULT_TENANTS, UK_BOOKS, US_BOOKS, Tenant
from connector.sandbox.xero.tokens import CLIENT_ID, CLIENT_SECRET

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_TENANTS",
    "UK_BOOKS",
    "US_BOOKS",
    "Limits",
    "QuickBooks",
    "SandboxServer",
    "StateError",
    "Switches",
    "Tenant",
    "serve",
]
