"""The only file that knows requests: one exchange, sent at most once, with every limit set.

Nothing is retried here, not even a refused connection: whether to send again is decided by who knows what was sent. The
failures say which it is: `NotSent` (no connection, so nothing happened) or `NoAnswer` (it may have happened).
"""

import ipaddress
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from connector.accounting.port import SetupError

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
class NoAnswer:
    """The request left, in part or as a whole, and no whole answer came back."""

    reason: str


class Transport:
    """A session to one or more hosts. Safe to use from several threads."""

    def __init__(self, time_out: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Args: `time_out`, seconds that one exchange waits for its answer; `monotonic`, seconds that only grow."""
        self._time_out = time_out
        self._monotonic = monotonic
        self._session = requests.Session()
        self._session.auth = _leave_as_is
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, HTTPAdapter(max_retries=0, pool_maxsize=16))

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply | NotSent | NoAnswer:
        """Send one request, once, and read its whole answer.

        Raises:
            SetupError: the address is neither https nor on this machine.
        """
        where = _checked(url)
        begun = self._monotonic()
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
                proxies=dict(_NO_PROXY) if url.startswith("http://") else None,
            ) as response:
                content = self._read(response, begun)
                if isinstance(content, NoAnswer):
                    return content
                answered = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, answered, content)
        except (requests.RequestException, HTTPError) as error:
            return _failure(error, where)

    def _read(self, response: requests.Response, begun: float) -> bytes | NoAnswer:
        parts = []
        size = 0
        for part in response.iter_content(_CHUNK):
            size += len(part)
            if size > LARGEST_ANSWER:
                return NoAnswer(f"the answer is larger than {LARGEST_ANSWER // 1024 // 1024} MB")
            if self._monotonic() - begun > CONNECT_TIME_OUT + self._time_out:
                return NoAnswer("the answer did not end in time")
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


# An empty address stands for "no proxy", also where the environment names one: loopback is never reached through it.
_NO_PROXY = {"http": "", "https": "", "all": ""}


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands in for requests' look into ~/.netrc, which would replace our Authorization header."""
    return request


def _checked(url: str) -> str:
    """The host for messages, once the address is known to be safe to send a token to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return host
    if parts.scheme == "http" and _is_loopback(host):
        return host
    message = f"The address {parts.scheme}://{host} is not https, and plain http is used on this machine only"
    raise SetupError(message, "Write the https address of the accounting system.")


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
        return NotSent(f"the certificate of {where} is not valid")
    if isinstance(error, requests.exceptions.InvalidHeader | requests.exceptions.InvalidURL):
        return NotSent(f"the request to {where} could not be written")
    return NoAnswer(f"the connection to {where} ended before the answer ({type(error).__name__})")


def _inner(reason: Exception) -> object:
    return reason.args[0] if reason.args else None
