"""The only file that knows requests: one exchange, sent at most once, with every limit set.

Nothing is retried here, not even a refused connection: whether to send again is decided by who knows what was sent. The
failures say which it is: `NotSent` (no connection, so nothing happened) or `NoAnswer` (it may have happened). Without a
`Reach` plain http goes to this machine only; with one, names are resolved once and their addresses checked.
"""

import ipaddress
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from connector.net.addresses import system_addresses
from connector.net.errors import SetupError
from connector.net.wire import Wire

CONNECT_TIME_OUT = 10.0
LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """An answer of whatever status. Header names are looked up in lower case; the body is as sent, unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class NotSent:
    """No connection came about, so the request never left."""

    reason: str


@dataclass(frozen=True)
class NotTrusted(NotSent):
    """There is a connection, but whoever answers there cannot prove to be the host that is meant."""


@dataclass(frozen=True)
class NoAnswer:
    """The request left, in part or as a whole, and no whole answer came back."""

    reason: str


@dataclass(frozen=True)
class Unusable(NoAnswer):
    """An answer came that is too large, or packed in a way that is not unpacked here: another will be no better."""


@dataclass(frozen=True)
class Reach:
    """How far a transport may go, for addresses that a person declares and nobody has checked.

    Attributes:
        allow_http: plain http is allowed.
        allow_private: addresses that are not public are allowed.
        total_seconds: how long one exchange may take in all, however slowly its bytes come.
        largest_bytes: size of an answer, unpacked.
        resolve: host and port → addresses; asked once for each host.
    """

    allow_http: bool
    allow_private: bool
    total_seconds: float
    largest_bytes: int
    resolve: Callable[[str, int], Sequence[str]] = system_addresses


class Transport:
    """A session to one or more hosts. Safe to use from several threads, unless it has a reach."""

    def __init__(
        self, time_out: float, monotonic: Callable[[], float] = time.monotonic, reach: Reach | None = None
    ) -> None:
        """Args: `time_out`, seconds that one exchange waits for its answer; `monotonic`, seconds that only grow."""
        self._time_out = time_out
        self._monotonic = monotonic
        self._reach = reach
        self._largest = reach.largest_bytes if reach else LARGEST_ANSWER
        self._total = reach.total_seconds if reach else CONNECT_TIME_OUT + time_out
        self._wire = Wire(reach.resolve, allow_private=reach.allow_private) if reach else None
        self._session = requests.Session()
        self._session.auth = _leave_as_is
        for prefix in ("http://", "https://"):
            adapter = HTTPAdapter(max_retries=0, pool_maxsize=16)
            if self._wire is not None:
                adapter.poolmanager.pool_classes_by_scheme = self._wire.pools()
            self._session.mount(prefix, adapter)

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply | NotSent | NoAnswer:
        """Send one request, once, and read its whole answer.

        Raises:
            SetupError: the address is neither https nor on this machine, or not within the reach.
        """
        where = _checked(url, self._reach)
        if self._wire is None:
            return self._exchanged(method, url, headers, body, where)
        try:
            self._wire.pin(where, _port(url))
        except OSError:
            return NotSent(f"{where} cannot be found: no address is known for that name")
        with self._wire.within(self._total):
            got = self._exchanged(method, url, headers, body, where)
        if self._wire.was_cut:  # also where a reply was made of what had come until then
            return NoAnswer(f"{where} did not finish its answer within {self._total:g} seconds")
        return got

    def _exchanged(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, where: str
    ) -> Reply | NotSent | NoAnswer:
        begun = self._monotonic()
        direct = self._reach is not None or url.startswith("http://")
        try:
            with self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=(CONNECT_TIME_OUT, self._time_out),
                allow_redirects=False,
                verify=True,
                stream=True,
                proxies=dict(_NO_PROXY) if direct else None,
            ) as response:
                content = self._read(response, begun)
                if isinstance(content, NoAnswer):
                    return content
                answered = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, answered, _unsigned(content, headers))
        except (requests.RequestException, HTTPError) as error:
            return _failure(error, where)

    def _read(self, response: requests.Response, begun: float) -> bytes | NoAnswer:
        packed = response.headers.get("Content-Encoding", "").strip().lower()
        if self._reach is not None and packed not in _UNPACKED:
            return Unusable(f"the answer is packed as {packed[:40]!r}, which was not asked for")
        parts = []
        size = 0
        # What has come is taken at once: to wait for a full piece would let a trickle go on for ever.
        while part := response.raw.read1(_CHUNK, decode_content=True):
            size += len(part)
            if size > self._largest:
                return Unusable(f"the answer is larger than {_megabytes(self._largest)}")
            if self._monotonic() - begun > self._total:
                return NoAnswer("the answer did not end in time")
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


_UNPACKED = {"", "identity", "gzip", "x-gzip", "deflate"}

# Shorter ones could be a part of anything, and nobody gives out a secret as short.
_SHORTEST_SECRET = 16

# An empty address stands for "no proxy", also where the environment names one: loopback is never reached through it.
_NO_PROXY = {"http": "", "https": "", "all": ""}


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands in for requests' look into ~/.netrc, which would replace our Authorization header."""
    return request


def _unsigned(content: bytes, headers: Mapping[str, str]) -> bytes:
    """An answer without what the request was signed with: a refusal that repeats the request ends up in a message."""
    secret = headers.get("Authorization", "").rpartition(" ")[2].encode()
    return content.replace(secret, b"***") if len(secret) >= _SHORTEST_SECRET else content


def _checked(url: str, reach: Reach | None) -> str:
    """The host for messages, once the address is known to be safe to send a token to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    plain_is_fine = reach.allow_http if reach else _is_loopback(host)
    if host and host.isascii() and (parts.scheme == "https" or (parts.scheme == "http" and plain_is_fine)):
        return host
    if reach is not None:
        message = f"The address {parts.scheme}://{host} is not https"
        raise SetupError(message, "Write its https address; where there is none, write allow_http: true.")
    message = f"The address {parts.scheme}://{host} is not https, and plain http is used on this machine only"
    raise SetupError(message, "Write the https address of the accounting system.")


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:g} MB" if size % 1_000_000 else f"{size // 1_000_000} MB"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _failure(error: Exception, where: str) -> NotSent | NoAnswer:
    """What a fault of the transport means. The reason is in our own words: the library's text can hold the request."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return NotSent(f"{where} did not accept a connection within {CONNECT_TIME_OUT:.0f} seconds")
    if isinstance(error, requests.exceptions.ReadTimeout):
        return NoAnswer(f"{where} did not answer in time")
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, NewConnectionError):
        return NotSent(f"{where} cannot be reached")
    if reason is not None and isinstance(_inner(reason), ssl.SSLCertVerificationError):
        return NotTrusted(f"the certificate of {where} is not valid")
    if isinstance(error, requests.exceptions.InvalidHeader | requests.exceptions.InvalidURL):
        return NotSent(f"the request to {where} could not be written")
    return NoAnswer(f"the connection to {where} ended before the answer ({type(error).__name__})")


def _inner(reason: Exception) -> object:
    return reason.args[0] if reason.args else None
