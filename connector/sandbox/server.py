"""The sandbox as a server: start, stop, serve until told to stop.

Owns the address: both services stand behind one. What a stranger would get wrong: a port in use is an ``OSError`` of
``start``, not of the constructor; ``stop`` waits for work that a fault made late, ``kill -9`` loses it.
"""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from connector.sandbox.atwork import RealTime
from connector.sandbox.core import Core, QuickBooks, Xero
from connector.sandbox.http import Listener
from connector.sandbox.xero.settings import Limits, Switches
from connector.sandbox.xero.tenants import DEFAULT_TENANTS, Tenant


@dataclass(frozen=True, slots=True)
class _Running:
    core: Core
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
        quickbooks: QuickBooks = QuickBooks(),  # noqa: B008  # a frozen value
    ) -> None:
        """Nothing is opened before ``start``."""
        self._state = state
        self._address = (host, port)
        self._xero = Xero(tuple(tenants), limits, switches)
        self._quickbooks = quickbooks
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
            core = Core(self._state, self._xero, self._quickbooks, RealTime())
        except BaseException:
            listener.server_close()
            raise
        listener.answer = core.answer
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), name="sandbox", daemon=True)
        thread.start()
        self._running = _Running(core, listener, thread)

    def stop(self) -> None:
        """Stop listening, close all connections, close the state file."""
        if self._running is None:
            return
        running, self._running = self._running, None
        running.listener.shutdown()
        running.listener.server_close()
        running.thread.join()
        running.core.finish()
        running.listener.close_connections()
        running.core.close()


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
