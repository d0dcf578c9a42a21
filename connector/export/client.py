"""One GET after the other, with the token it needs. A GET changes nothing, so it is repeated here, and only here.

Keys and tokens live in this object only; answers are told by their status, never by their text, which could echo one.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from connector.export.declare import Auth, Export
from connector.export.outcomes import Rejected, RetryLater
from connector.net.errors import SetupError
from connector.net.http import NoAnswer, NotSent, NotTrusted, Reply, Transport, Unusable

ATTEMPTS = 4
LONGEST_WAIT = timedelta(seconds=60)
LATER = timedelta(minutes=5)
_LONGEST_TOKEN = 16_384
_OK, _UNAUTHORIZED = 200, 401
_REDIRECTS = range(300, 400)
_BUSY = {408, 425, 429, *range(500, 600)}
_ACCEPT = {
    "json": "application/json",
    "ndjson": "application/x-ndjson, application/json",
    "parquet": "application/vnd.apache.parquet, application/octet-stream",
    "csv": "text/csv",
}
_WITHOUT_AN_END = {"csv", "ndjson"}  # cut off, they look whole
_SAYS_ITS_END = {"content-length", "transfer-encoding"}
_ASKED_OF_PEOPLE = ("text/html", "application/xhtml")

Failed = Rejected | RetryLater


class Client:
    """Asks for the pages of one export.

    Args:
        export: the export.
        secret: the bearer token or API key; "" for none.
        transport: the way there, with the export's limits.
        clock: the time in UTC.
        sleep: takes seconds; called between attempts.
    """

    def __init__(
        self,
        export: Export,
        secret: str,
        transport: Transport,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._export, self._secret, self._transport = export, secret.strip(), transport
        self._clock, self._sleep = clock, sleep
        self._token = ""
        self._token_has_worked = False

    def get(self, url: str) -> bytes | Failed:
        """The body of one page."""
        renewed = False
        while True:
            token = self._bearer()
            if not isinstance(token, str):
                return token
            reply = self._asked("GET", url, {"Authorization": f"Bearer {token}"} if token else {})
            if not isinstance(reply, Reply):
                return reply
            if reply.status == _UNAUTHORIZED and self._is_exchanged() and self._token_has_worked and not renewed:
                self._token, self._token_has_worked, renewed = "", False, True
                continue
            found = self._body(reply)
            self._token_has_worked = self._token_has_worked or isinstance(found, bytes)
            return found

    def _is_exchanged(self) -> bool:
        return self._export.auth is not None and bool(self._export.auth.token_url)

    def _bearer(self) -> str | Failed:
        """The token for the next call: none, the one declared, or one for the key, exchanged when there is none."""
        auth = self._export.auth
        if auth is None:
            return ""
        if not _can_be_sent(self._secret):
            step = "Copy it again, without line breaks and quotes."
            return Rejected(f"{auth.variable} holds nothing that can be sent as a key", step)
        if not auth.token_url:
            return self._secret
        if not self._token:
            got = self._exchanged(auth)
            if not isinstance(got, str):
                return got
            self._token = got
        return self._token

    def _exchanged(self, auth: Auth) -> str | Failed:
        reply = self._asked("POST", auth.token_url, {auth.key_header: self._secret}, "application/json")
        if not isinstance(reply, Reply):
            return reply
        if reply.status in _REDIRECTS:
            return _redirected(reply, auth.token_url)
        if reply.status != _OK:
            step = f"Check {auth.variable} and the token_url; then try again."
            return Rejected(f"the token address does not accept the key: it answered {reply.status}", step)
        token = _inside(reply.body, auth.token)
        if not isinstance(token, str) or not _can_be_sent(token):
            message = f"the token address answered without a token at {'.'.join(auth.token)}"
            return Rejected(message, "Compare token: with the platform's documentation.")
        return token

    def _asked(self, method: str, url: str, headers: dict[str, str], accept: str = "") -> Reply | Failed:
        """Ask until an answer comes that another attempt would not change, or the attempts are used up."""
        sent = {"Accept": accept or _ACCEPT[self._export.format], "Accept-Encoding": "gzip", **headers}
        waited = timedelta(seconds=1)
        for left in reversed(range(ATTEMPTS)):
            try:
                got = self._transport.exchange(method, url, sent, b"" if method == "POST" else None)
            except SetupError as error:
                return Rejected(error.message[0].lower() + error.message[1:], error.next_step)
            failed = self._failure(got)
            if not isinstance(failed, RetryLater):
                return failed or got  # type: ignore[return-value]  # without a failure it is a reply
            pause = max(failed.not_before - self._clock(), timedelta(0)) if _is_told(got) else waited
            if not left or pause > LONGEST_WAIT:
                return failed
            self._sleep(pause.total_seconds())
            waited *= 2
        raise AssertionError

    def _failure(self, got: Reply | NotSent | NoAnswer) -> Failed | None:
        later = self._clock() + LATER
        if isinstance(got, NotTrusted):
            return Rejected(got.reason, "Is the address right? Nothing was sent there.")
        if isinstance(got, Unusable):
            return Rejected(got.reason, "Raise largest_mb in connector.yaml if that size is expected.")
        if isinstance(got, NotSent | NoAnswer):
            return RetryLater(later, got.reason)
        if got.status in _BUSY:
            return RetryLater(self._not_before(got) or later, f"the platform answered {got.status}")
        return None

    def _not_before(self, reply: Reply) -> datetime | None:
        text = reply.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit() and len(text) < len("1000000"):
            return self._clock() + timedelta(seconds=int(text))
        try:
            told = parsedate_to_datetime(text)
        except ValueError:
            return None
        return told if told.tzinfo else told.replace(tzinfo=UTC)

    def _body(self, reply: Reply) -> bytes | Rejected:
        url, status = self._export.url, reply.status
        if status in _REDIRECTS:
            return _redirected(reply, url)
        if status in (_UNAUTHORIZED, 403):
            named = self._export.auth.variable if self._export.auth else "auth: (none is declared)"
            return Rejected(f"the platform does not let this program in: it answered {status}", f"Check {named}.")
        if status != _OK:
            return Rejected(f"the platform answered {status}", f"Check the url of {self._export.name}.")
        return self._content(reply)

    def _content(self, reply: Reply) -> bytes | Rejected:
        """The body, unless it is plainly another thing than the export."""
        kind = reply.headers.get("content-type", "").strip().lower()
        head = reply.body[:200].lstrip().lower()
        if kind.startswith(_ASKED_OF_PEOPLE) or head.startswith((b"<!doctype html", b"<html")):
            return Rejected(
                "a web page came instead of the export, such as a sign-in page",
                "Check the url, and whether the export needs auth:.",
            )
        if self._export.format == "parquet" and not head.startswith(b"par1"):
            return Rejected("the answer is no Parquet file", "Check format: and the url.")
        if self._export.format in _WITHOUT_AN_END and not (_SAYS_ITS_END & reply.headers.keys()):
            step = "Ask for answers with a Content-Length, or use format: json or parquet, which show where they end."
            return Rejected("the answer does not say where it ends, so that a part could be missing", step)
        return reply.body


def _is_told(got: Reply | NotSent | NoAnswer) -> bool:
    """Whether the answer says itself how long to wait."""
    return isinstance(got, Reply) and "retry-after" in got.headers


def _redirected(reply: Reply, url: str) -> Rejected:
    parts = urlsplit(reply.headers.get("location", ""))
    where = f" to {parts.hostname}" if parts.hostname else ""
    message = f"{urlsplit(url).hostname} answered with a redirect{where}, and redirects are not followed"
    return Rejected(message, "Write the address it leads to, if it is the right one.")


def _can_be_sent(secret: str) -> bool:
    return 0 < len(secret) <= _LONGEST_TOKEN and secret.isascii() and secret.isprintable() and " " not in secret


def _inside(body: bytes, path: tuple[str, ...]) -> object:
    """What stands at a path of keys in a small JSON object; None for nothing."""
    try:
        value: Any = json.loads(body) if len(body) < 4 * _LONGEST_TOKEN else None
    except (ValueError, RecursionError):
        return None
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
