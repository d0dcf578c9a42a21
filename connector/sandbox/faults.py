"""Faults to order: what goes wrong on which of the next calls.

Owns the list of kinds and which call gets which. What a stranger would get wrong: a kind says whether the work was
done: ``…_before``, ``throttle_…`` and the 503s did nothing, ``…_after`` did everything, ``late_commit`` does it later.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.sandbox import jsontext, replies
from connector.sandbox.jsontext import Record, number, text
from connector.sandbox.replies import Reply, Request
from connector.sandbox.settings import SettingError

COMMON = (
    "reply_lost_after_commit",
    "late_commit",
    "error_500_before",
    "error_500_after",
    "unavailable_503",
    "slow",
    "html",
    "token_expired",
    "drop_before",
    "echo_400",
    "echo_500",
)
_KNOWN = {"kind", "times", "path", "tenant", "after", "seconds", "method", "retry_after"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong with one call."""

    kind: str
    seconds: Decimal
    retry_after: int


NO_FAULT = Fault("", Decimal(-1), 0)


@dataclass(frozen=True, slots=True)
class Orders:
    """What can be ordered of one service: kinds, the ``Retry-After`` of those that throttle, tenants by code."""

    service: str
    kinds: tuple[str, ...]
    throttles: Mapping[str, int]
    tenants: Mapping[str, str]


def order(db: sqlite3.Connection, asked: Record, orders: Orders) -> None:
    """Remember a fault.

    Raises:
        SettingError: the order cannot be understood.
    """
    kind, tenant, tenants = text(asked, "kind"), text(asked, "tenant"), orders.tenants
    times, after = (_whole(asked, name, default) for name, default in (("times", 1), ("after", 0)))
    retry_after = _whole(asked, "retry_after", orders.throttles.get(kind, 0))
    unknown = sorted(set(asked) - _KNOWN)
    if unknown:
        message = f"{unknown[0]} is not part of a fault; there are {', '.join(sorted(_KNOWN))}"
        raise SettingError(message)
    if kind not in orders.kinds:
        message = f"{kind!r} is not a kind of fault; there are {', '.join(orders.kinds)}"
        raise SettingError(message)
    if tenant and tenant not in tenants and tenant not in tenants.values():
        message = f"{tenant!r} is not a tenant"
        raise SettingError(message)
    seconds = number(asked, "seconds")
    held = (
        kind,
        times,
        after,
        text(asked, "path"),
        tenants.get(tenant, tenant),
        text(asked, "method").upper(),
        "" if seconds is None else str(max(seconds, Decimal(0))),
        retry_after,
        orders.service,
    )
    columns = "kind, times, skip, path, tenant, method, seconds, retry_after, service"
    db.execute(f"insert into faults({columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)", held)  # noqa: S608  # names of ours


def _whole(asked: Record, name: str, default: int) -> int:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        message = f"{name} is not a whole number"
        raise SettingError(message)
    return value


def take(db: sqlite3.Connection, request: Request, service: str, tenant: str, root: str) -> Fault | None:
    """The fault of this call, used up by it; those with ``after`` count the call instead."""
    columns = "id, kind, skip, path, tenant, method, seconds, retry_after"
    sql = f"select {columns} from faults where service = ? order by id"  # noqa: S608  # names of ours
    rows = db.execute(sql, (service,)).fetchall()
    for key, kind, skip, path, whose, method, seconds, retry_after in rows:
        is_meant = whose in ("", tenant) and method in ("", request.method)
        if not is_meant or not _path_matches(path, request.path, root):
            continue
        if skip:
            db.execute("update faults set skip = skip - 1 where id = ?", (key,))
            continue
        db.execute("update faults set times = times - 1 where id = ?", (key,))
        db.execute("delete from faults where times <= 0")
        return Fault(kind, Decimal(seconds or -1), retry_after)
    return None


def _path_matches(prefix: str, path: str, root: str) -> bool:
    if prefix.startswith("/") and not prefix.startswith(root):
        return path.startswith((prefix, root + prefix[1:]))
    return path.startswith(prefix if prefix.startswith(root) else root + prefix)


def echo(kind: str, request: Request) -> Reply | None:
    """What a careless server does: a refusal, in every service's form, that repeats the whole request, or ``None``."""
    if kind not in ("echo_400", "echo_500"):
        return None
    said = f"{request.method} {request.target} {dict(request.headers)} {request.body.decode('utf-8', 'replace')}"
    error = {"Message": said, "Detail": said, "code": "6000", "element": said}
    body = {
        "error": said,
        "error_description": said,
        "Message": said,
        "Detail": said,
        "Elements": [{"ValidationErrors": [{"Message": said}]}],
        "Fault": {"Error": [error], "type": "ValidationFault"},
    }
    return replies.as_json(int(kind.removeprefix("echo_")), body)


def pending(db: sqlite3.Connection, service: str) -> list[Record]:
    """The faults still to come."""
    told = ("kind", "times", "after", "path", "tenant", "method", "seconds", "retry_after")
    columns = "kind, times, skip, path, tenant, method, seconds, retry_after"
    sql = f"select {columns} from faults where service = ? order by id"  # noqa: S608  # names of ours
    return [dict(zip(told, row, strict=True)) for row in db.execute(sql, (service,))]


def clear(db: sqlite3.Connection, service: str) -> None:
    """Forget all faults of a service."""
    db.execute("delete from faults where service = ?", (service,))


def parse(body: bytes) -> Record:
    """A control request's JSON object.

    Raises:
        SettingError: it is none.
    """
    try:
        found = jsontext.as_record(jsontext.read(body or b"{}"))
    except jsontext.NotJsonError as error:
        raise SettingError(str(error)) from error
    if found is None:
        message = "the body is not a JSON object"
        raise SettingError(message)
    return found
