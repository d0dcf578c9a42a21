"""The error bodies of the real service.

Owns the shapes of errors. What a stranger would get wrong: they differ by cause: validation has ErrorNumber and
Elements, authorisation has Title and Detail, a missing resource is plain text, a 429 has no body at all.
"""

from connector.sandbox.jsontext import Record
from connector.sandbox.replies import Reply, as_json, plain


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
