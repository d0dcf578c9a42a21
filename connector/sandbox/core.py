"""Both services over one state file, without a socket: a request goes in, a reply comes out.

Owns the wiring; the services are told apart by their paths. What a stranger would get wrong: the time is handed in, so
that a simulation can let years pass in no time; work that a fault made late is done when that time says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.sandbox import control, replies
from connector.sandbox.atwork import RealTime
from connector.sandbox.control import Control
from connector.sandbox.quickbooks import gateway as quickbooks_gateway
from connector.sandbox.quickbooks import settings as quickbooks_settings
from connector.sandbox.quickbooks import steering as quickbooks_steering
from connector.sandbox.quickbooks.companies import DEFAULT_COMPANIES, Company
from connector.sandbox.replies import Reply, Request
from connector.sandbox.store import Store
from connector.sandbox.xero import gateway as xero_gateway
from connector.sandbox.xero import settings as xero_settings
from connector.sandbox.xero import steering as xero_steering
from connector.sandbox.xero.settings import Limits, Switches
from connector.sandbox.xero.tenants import DEFAULT_TENANTS, Tenant


@dataclass(frozen=True, slots=True)
class QuickBooks:
    """What code says of QuickBooks: its companies; limits and switches that replace those of the state file."""

    companies: tuple[Company, ...] = DEFAULT_COMPANIES
    limits: quickbooks_settings.Limits | None = None
    switches: quickbooks_settings.Switches | None = None


@dataclass(frozen=True, slots=True)
class Xero:
    """The same of Xero and its organisations."""

    tenants: Sequence[Tenant] = DEFAULT_TENANTS
    limits: Limits | None = None
    switches: Switches | None = None


class Core:
    """The sandbox itself. Safe to use from several threads.

    Args:
        state: the SQLite file; made when absent.
        xero: what code says of Xero.
        quickbooks: what code says of QuickBooks.
        time: the clock of both, and what waits.

    Raises:
        StateError: the state file cannot be used.
    """

    def __init__(self, state: Path, xero: Xero, quickbooks: QuickBooks, time: RealTime) -> None:
        """Open the state file."""
        self._time = time
        self._store = Store(state, time.now_ms)
        settings = (
            (xero_settings.LIMITS, xero.limits),
            (xero_settings.SWITCHES, xero.switches),
            (quickbooks_settings.LIMITS, quickbooks.limits),
            (quickbooks_settings.SWITCHES, quickbooks.switches),
        )
        control.apply(self._store, settings)
        self._xero = xero_gateway.Gateway(self._store, xero.tenants, time)
        self._quickbooks = quickbooks_gateway.Gateway(self._store, quickbooks.companies, time)
        services = (xero_steering.steering(xero.tenants), quickbooks_steering.steering(quickbooks.companies))
        self._control = Control(self._store, services)

    def answer(self, request: Request) -> Reply | None:
        """The reply, or ``None`` where the connection is to be dropped without one."""
        if request.path.startswith(control.ROOT):
            return self._control.answer(request)
        if request.path == "/health":
            return replies.as_json(200, {"status": "ok"})
        gateway = self._quickbooks if self._quickbooks.owns(request.path) else self._xero
        return gateway.answer(request)

    def finish(self) -> None:
        """Wait for work that was to be committed late."""
        self._time.finish()

    def close(self) -> None:
        """Close the state file."""
        self._store.close()
