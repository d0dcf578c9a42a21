"""Requests and replies as values.

Owns what HTTP carries, whatever the service. What a stranger would get wrong: no reply at all (``None``) is an answer
too: the connection is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from connector.sandbox import jsontext

JSON = "application/json; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names in lower case, ``query`` with the last value of each name."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    client: str

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes, client: str) -> "Request":
        """The request for a target as it stands in a request line."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(method, target, parts.path, query, lowered, body, client)

    def header(self, name: str) -> str:
        """A header's value, empty when it was not sent."""
        return self.headers.get(name, "")

    def flag(self, name: str, *, default: bool) -> bool:
        """A query parameter that says true or false in any case."""
        return self.query.get(name, str(default)).lower() == "true"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply; ``None`` in its place means the connection is dropped without one."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def adding(self, headers: tuple[tuple[str, str], ...]) -> "Reply":
        """The same reply with more headers."""
        return replace(self, headers=(*self.headers, *headers))


def as_json(status: int, value: object) -> Reply:
    """A JSON reply."""
    return Reply(status, jsontext.write(value).encode())


def plain(status: int, words: str) -> Reply:
    """A plain-text reply."""
    return Reply(status, words.encode(), PLAIN)
