"""The paths under ``/v3/company/`` and the single operations behind them.

Owns the routing. What a stranger would get wrong: paths are written in small letters while entities are not; a write is
always a POST, and its ``operation`` says what it does.
"""

from dataclasses import dataclass

from connector.sandbox import jsontext
from connector.sandbox.jsontext import Record
from connector.sandbox.quickbooks import entities, errors, listing
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.entities import Asked
from connector.sandbox.quickbooks.errors import Refused
from connector.sandbox.replies import Request

ROOT = "/v3/company/"
_ENTITIES = {kind.lower(): kind for kind in entities.KINDS}
BATCH, QUERY, CDC = "batch", "query", "cdc"
_PARAMETERS = {
    QUERY: {"query", "include"},
    CDC: {"entities", "changedSince"},
    BATCH: {"requestid"},
    "read": {"include"},
    "write": {"requestid", "operation", "include"},
}


@dataclass(frozen=True, slots=True)
class Route:
    """A path taken apart: ``{realm}/invoice``, ``{realm}/invoice/{key}``, ``{realm}/query``."""

    realm: str
    resource: str
    key: str = ""

    def is_read(self, method: str) -> bool:
        """Whether a call only reads; a query may be a POST."""
        return method == "GET" or self.resource == QUERY


def route(path: str) -> Route | None:
    """The route of a path, or ``None`` when there is no such resource."""
    if not path.startswith(ROOT):
        return None
    realm, resource, key, *rest = [*path.removeprefix(ROOT).strip("/").split("/"), "", ""]
    resource = resource.lower()
    is_known = resource in (*_ENTITIES, BATCH, QUERY, CDC) and not any(rest)
    return Route(realm, resource, key) if is_known and not (key and resource in (BATCH, QUERY, CDC)) else None


def stray(request: Request, found: Route) -> str:
    """A query parameter that the call does not have; empty when there is none."""
    which = found.resource if found.resource in _PARAMETERS else "read" if request.method == "GET" else "write"
    return next((name for name in request.query if name not in {*_PARAMETERS[which], "minorversion"}), "")


def perform(context: Context, request: Request, found: Route) -> Record | Refused | None:
    """Do a single call; ``None`` when the method is not allowed."""
    if found.resource == QUERY:
        words = request.query.get("query", "") if request.method == "GET" else request.body.decode("utf-8", "replace")
        return listing.answer(context, words) if request.method in ("GET", "POST") else None
    if found.resource == CDC:
        since = request.query.get("changedSince", "")
        return listing.changes(context, request.query.get("entities", ""), since) if request.method == "GET" else None
    kind = _ENTITIES[found.resource]
    if request.method == "GET":
        return entities.read(context, kind, found.key)
    return _write(context, request, kind) if request.method == "POST" and not found.key else None


def _write(context: Context, request: Request, kind: str) -> Record | Refused:
    try:
        body = jsontext.as_record(jsontext.read(request.body))
    except jsontext.NotJsonError as error:
        return (errors.unreadable(kind, error),)
    if body is None:
        return (errors.unreadable(kind, "the body is not a JSON object"),)
    options = frozenset(word for word in request.query.get("include", "").split(",") if word)
    return entities.perform(context, Asked(kind, request.query.get("operation", ""), options, body))
