"""The sandbox as a server: start, stop, serve until told to stop.

Owns the wiring. What a stranger would get wrong: a port in use is an ``OSError`` of ``start``, not of the
constructor; ``stop`` waits for work that a fault made late, ``kill -9`` loses it.
"""

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from connector.sandbox import control, replies
from connector.sandbox.control import Control
from connector.sandbox.http import Listener
from connector.sandbox.replies import Reply, Request
from connector.sandbox.store import Store
from connector.sandbox.xero import settings
from connector.sandbox.xero.gateway import Gateway
from connector.sandbox.xero.settings import Limits, Switches
from connector.sandbox.xero.steering import steering
from connector.sandbox.xero.tenants import DEFAULT_TENANTS, Tenant


class SandboxServer:
    """A stand-in for Xero on this machine, with its state in one file.

    Args:
        state: the SQLite file; made when absent.
        host: the address to listen on.
        port: the port; 0 takes a free one, told by ``url``.
        tenants: the organisations.
        limits: when given, replace those of the state file.
        switches: when given, replace those of the state file.
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
    ) -> None:
        """Nothing is opened before ``start``."""
        self._state = state
        self._address = (host, port)
        self._tenants = tuple(tenants)
        self._settings = ((settings.LIMITS, limits), (settings.SWITCHES, switches))
        self._running: tuple[Store, Gateway, Listener, threading.Thread] | None = None

    @property
    def url(self) -> str:
        """Where the running server listens."""
        if self._running is None:
            message = "the sandbox has not been started"
            raise RuntimeError(message)
        listener = self._running[2]
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
        gateway = Gateway(store, self._tenants)
        listener.answer = _router(gateway, Control(store, [steering(self._tenants)]))
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), name="sandbox", daemon=True)
        thread.start()
        self._running = (store, gateway, listener, thread)

    def stop(self) -> None:
        """Stop listening, close all connections, close the state file."""
        if self._running is None:
            return
        store, gateway, listener, thread = self._running
        self._running = None
        listener.shutdown()
        listener.server_close()
        thread.join()
        gateway.finish()
        listener.close_connections()
        store.close()


def _router(gateway: Gateway, steering: Control) -> Callable[[Request], Reply | None]:
    def answer(request: Request) -> Reply | None:
        if request.path.startswith(control.ROOT):
            return steering.answer(request)
        if request.path == "/health":
            return replies.as_json(200, {"status": "ok"})
        return gateway.answer(request)

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
