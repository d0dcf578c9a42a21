"""Requests and replies as values, and the error bodies of the real service.

Owns the shapes of errors. What a stranger would get wrong: they differ by cause: validation has ErrorNumber and
Elements, authorisation has Title and Detail, a missing resource is plain text, a 429 has no body at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connector.sandbox import jsontext
from connector.sandbox.jsontext import Record

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


def problem(status: int, title: str, detail: str, path: str) -> Reply:
    """The shape of 401, 403 and the idempotency refusals."""
    body: Record = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": path,
        "Extensions": {},
    }
    return as_json(status, body)


def unauthorized(detail: str, path: str) -> Reply:
    """401: TokenExpired, AuthenticationUnsuccessful or AuthorizationUnsuccessful."""
    return problem(401, "Unauthorized", detail, path).adding((("WWW-Authenticate", "Bearer"),))


def not_found() -> Reply:
    """404 in the words of the real service."""
    return plain(404, "The resource you're looking for cannot be found")


def internal_error() -> Reply:
    """500, the shape of which the vendor does not promise."""
    return problem(500, "An error occurred", "An internal error of the sandbox, asked for or not", "")


def bad_request(number: int, kind: str, message: str) -> Reply:
    """400 about the request as a whole."""
    return as_json(400, {"ErrorNumber": number, "Type": kind, "Message": message})


def query_error(message: str) -> Reply:
    """400 for a filter, a page or a parameter that cannot be read."""
    return bad_request(16, "QueryParseException", message)


def invalid(elements: list[Record]) -> Reply:
    """400 ValidationException: only the failed elements."""
    body = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred"}
    return as_json(400, {**body, "Elements": elements})
