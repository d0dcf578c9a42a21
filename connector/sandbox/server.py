"""The sandbox as a server: start, stop, serve until told to stop.

Owns the wiring: both services behind one address and in one state file, told apart by their paths. What a stranger
would get wrong: a port in use is an ``OSError`` of ``start``, not of the constructor; ``stop`` waits for work that a
fault made late, ``kill -9`` loses it.
"""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from connector.sandbox import control, replies
from connector.sandbox.control import Control
from connector.sandbox.http import Listener
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
class _Running:
    store: Store
    gateways: tuple[xero_gateway.Gateway, quickbooks_gateway.Gateway]
    listener: Listener
    thread: threading.Thread


class SandboxServer:
    """A stand-in for Xero and for QuickBooks on this machine, with its state in one file.

    Args:
        state: the SQLite file; made when absent.
        host: the address to listen on.
        port: the port; 0 takes a free one, told by ``url``.
        tenants: the organisations of Xero.
        limits: when given, replace Xero's of the state file.
        switches: when given, replace Xero's of the state file.
        quickbooks: the same of QuickBooks.
    """

    def __init__(
        self,
        state: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        tenants: Sequence[Tenant] = DEFAULT_TENANTS,
        *,
        limits: Limits | None = None,
        switches: Switches | None = None,
        quickbooks: QuickBooks = QuickBooks(),  # a frozen value
    ) -> None:
        """Nothing is opened before ``start``."""
        self._state = state
        self._address = (host, port)
        self._tenants = tuple(tenants)
        self._companies = tuple(quickbooks.companies)
        self._settings = (
            (xero_settings.LIMITS, limits),
            (xero_settings.SWITCHES, switches),
            (quickbooks_settings.LIMITS, quickbooks.limits),
            (quickbooks_settings.SWITCHES, quickbooks.switches),
        )
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        """Where the running server listens."""
        if self._running is None:
            message = "the sandbox has not been started"
            raise RuntimeError(message)
        listener = self._running.listener
        return f"http://{listener.server_name}:{listener.server_port}"

    def start(self) -> None:
        """Listen in a background thread.

        Raises:
            OSError: the port is in use, or the address is not ours.
            StateError: the state file cannot be used.
        """
        if self._running is not None:
            return
        listener = Listener(*self._address)
        try:
            store = Store(self._state)
        except BaseException:
            listener.server_close()
            raise
        control.apply(store, self._settings)
        gateways = (
            xero_gateway.Gateway(store, self._tenants),
            quickbooks_gateway.Gateway(store, self._companies),
        )
        services = (xero_steering.steering(self._tenants), quickbooks_steering.steering(self._companies))
        listener.answer = _router(*gateways, Control(store, services))
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), name="sandbox", daemon=True)
        thread.start()
        self._running = _Running(store, gateways, listener, thread)

    def stop(self) -> None:
        """Stop listening, close all connections, close the state file."""
        if self._running is None:
            return
        running, self._running = self._running, None
        running.listener.shutdown()
        running.listener.server_close()
        running.thread.join()
        for gateway in running.gateways:
            gateway.finish()
        running.listener.close_connections()
        running.store.close()


def _router(
    xero: xero_gateway.Gateway, quickbooks: quickbooks_gateway.Gateway, steering: Control
) -> Callable[[Request], Reply | None]:
    def answer(request: Request) -> Reply | None:
        if request.path.startswith(control.ROOT):
            return steering.answer(request)
        if request.path == "/health":
            return replies.as_json(200, {"status": "ok"})
        return quickbooks.answer(request) if quickbooks.owns(request.path) else xero.answer(request)

    return answer


def serve(state: Path, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``announce`` gets the address once it listens.

    Raises:
        OSError: the port is in use, or the address is not ours.
        StateError: the state file cannot be used.
    """
    server = SandboxServer(state, host, port)
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    is_main = threading.current_thread() is threading.main_thread()
    before = {name: signal.signal(name, end) for name in (signal.SIGINT, signal.SIGTERM)} if is_main else {}
    try:
        server.start()
        announce(server.url)
        ended.wait()
    finally:
        server.stop()
        for name, handler in before.items():
            signal.signal(name, handler)
