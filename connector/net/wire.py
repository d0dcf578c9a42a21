"""Connections that go to addresses checked beforehand, and that can be cut while they wait. Used by `http` alone.

A name is resolved once in the life of a wire; every later connection goes to what was found then. Certificates and the
Host header stay with the name. A time-out of the socket starts anew with every byte, so a total needs cutting.
"""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import Any, ClassVar
from weakref import WeakSet

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from connector.net.addresses import first_few, is_public
from connector.net.errors import SetupError


class Wire:
    """The connections of one transport.

    Args:
        resolve: host and port → addresses; asked once for each.
        allow_private: whether addresses that are not public may be connected to.
    """

    def __init__(self, resolve: Callable[[str, int], Sequence[str]], *, allow_private: bool) -> None:
        self._resolve, self._allow_private = resolve, allow_private
        self._pins: dict[tuple[str, int], tuple[str, ...]] = {}
        self._open: WeakSet[_Checked] = WeakSet()
        self.was_cut = False

    def pin(self, host: str, port: int) -> None:
        """Resolve a name, unless that was done, and check every address it has.

        Raises:
            OSError: the name has no address.
            SetupError: an address is not public, and only those are allowed.
        """
        if (host, port) in self._pins:
            return
        addresses = self._resolve(host, port)
        private = [address for address in addresses if not is_public(address)]
        if private and not self._allow_private:
            message = f"{host} has the address {private[0]}, which is not a public one"
            raise SetupError(message, "Is the address right? Inside your own network, write allow_private: true.")
        if not addresses:
            raise OSError
        self._pins[host, port] = first_few(addresses)

    def pinned(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses that were checked."""
        return self._pins[host, port]

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut whatever is connected when the time is up."""
        self.was_cut = False
        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def watch(self, connection: "_Checked") -> None:
        """Remember a connection for cutting."""
        self._open.add(connection)
        if self.was_cut:
            connection.cut()

    def pools(self) -> Mapping[str, type[HTTPConnectionPool]]:
        """Connection pools for urllib3 whose connections belong to this wire."""
        plain = type("_PlainConnection", (_Checked, HTTPConnection), {"wire": self})
        safe = type("_SafeConnection", (_Checked, HTTPSConnection), {"wire": self})
        return {
            "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_SafePool", (HTTPSConnectionPool,), {"ConnectionCls": safe}),
        }

    def _cut(self) -> None:
        self.was_cut = True
        for connection in list(self._open):
            connection.cut()


class _Checked(HTTPConnection):
    """A connection to a pinned address. Its twin is a second handle of the socket, which outlives the one of TLS."""

    wire: ClassVar[Wire]

    def _new_conn(self) -> socket.socket:
        failure: Exception | None = None
        for address in self.wire.pinned(self.host.strip("[]"), self.port):
            try:
                made = create_connection(
                    (address, self.port),
                    self.timeout,
                    source_address=self.source_address,
                    socket_options=self.socket_options,
                )
            except TimeoutError:
                failure = ConnectTimeoutError(self, "no connection in time")
            except OSError:
                failure = NewConnectionError(self, "no connection")
            else:
                self.twin = made.dup()
                self.wire.watch(self)
                return made
        raise failure or NewConnectionError(self, "no address")

    def cut(self) -> None:
        """End the connection from another thread; whoever waits for it is told at once."""
        twin: socket.socket | None = self.__dict__.get("twin")
        if twin is not None:
            try:
                twin.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended already

    def close(self, *arguments: Any) -> None:  # noqa: ANN401  # as the class it stands for has it
        """Close both handles."""
        super().close(*arguments)
        twin: socket.socket | None = self.__dict__.pop("twin", None)
        if twin is not None:
            twin.close()
