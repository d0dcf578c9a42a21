"""The control paths under ``/sandbox/``: faults, switches, limits, the organisation, clock, counts.

Owns what no real service has. What a stranger would get wrong: these calls carry no token and are answered to this
machine only; they never count against a limit; the clock is one for all services.
"""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from connector.sandbox import dates, faults, jsontext, replies, settings, store
from connector.sandbox.faults import Orders
from connector.sandbox.jsontext import Record, text
from connector.sandbox.replies import Reply, Request
from connector.sandbox.settings import SettingError
from connector.sandbox.store import Store

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ROOT = "/sandbox/"
Work = Callable[[sqlite3.Connection, Record], Record]


@dataclass(frozen=True, slots=True)
class Steering:
    """What one service lets itself be told, and how it tells of itself.

    Attributes:
        orders: the faults that can be ordered of it.
        path: what its control paths begin with, after ``/sandbox/``.
        mark: what the names of its counters begin with.
        held: the names its limits and switches are remembered by, with their defaults.
        declaration: what an adapter must assume of it.
        organisation: sets a tenant's lock dates and the like; gets its id and what is asked.
        counts: what it holds of each tenant.
    """

    orders: Orders
    path: str
    mark: str
    held: "dict[str, tuple[str, DataclassInstance]]"
    declaration: Callable[[sqlite3.Connection], Record]
    organisation: Callable[[sqlite3.Connection, str, Record], Record]
    counts: Callable[[sqlite3.Connection], Record]


class Control:
    """Answers the control paths."""

    def __init__(self, held: Store, services: Iterable[Steering]) -> None:
        """Steer the services of that state file."""
        self._store = held
        self._paths: dict[tuple[str, str], Work] = {}
        for service in services:
            self._paths |= {(method, service.path + name): work for (method, name), work in _works(service).items()}

    def answer(self, request: Request) -> Reply:
        """The reply to a control call."""
        if not ip_address(request.client).is_loopback:
            return replies.plain(403, "The sandbox is steered from its own machine only")
        work = self._paths.get((request.method, request.path.removeprefix(ROOT)))
        if work is None:
            return replies.plain(404, f"The sandbox has no {request.method} {request.path}")
        try:
            with self._store.transaction() as db:
                return replies.as_json(200, work(db, faults.parse(request.body)))
        except SettingError as error:
            return replies.as_json(400, {"error": str(error)})


def _works(service: Steering) -> dict[tuple[str, str], Work]:
    orders = service.orders

    def order(db: sqlite3.Connection, asked: Record) -> Record:
        faults.order(db, asked, orders)
        return {"faults": faults.pending(db, orders.service)}

    def clear(db: sqlite3.Connection, _: Record) -> Record:
        faults.clear(db, orders.service)
        return {"faults": []}

    def organisation(db: sqlite3.Connection, asked: Record) -> Record:
        named = text(asked, "tenant")
        tenant = orders.tenants.get(named, named)
        if tenant not in orders.tenants.values():
            message = f"{named!r} is not a tenant"
            raise SettingError(message)
        return service.organisation(db, tenant, {name: asked[name] for name in asked if name != "tenant"})

    return {
        ("GET", "declaration"): lambda db, _: service.declaration(db),
        ("GET", "counts"): lambda db, _: _counts(db, service),
        ("GET", "faults"): lambda db, _: {"faults": faults.pending(db, orders.service)},
        ("POST", "faults"): order,
        ("DELETE", "faults"): clear,
        ("POST", "switches"): lambda db, asked: _set(db, service, "switches", asked),
        ("POST", "limits"): lambda db, asked: _set(db, service, "limits", asked),
        ("POST", "organisation"): organisation,
        ("POST", "clock"): _shift_clock,
    }


def _set(db: sqlite3.Connection, service: Steering, which: str, asked: Record) -> Record:
    name, default = service.held[which]
    changed = settings.changed(store.settings_in_force(db, name, default), asked)
    store.put(db, name, settings.as_record(changed))
    return service.declaration(db)


def _counts(db: sqlite3.Connection, service: Steering) -> Record:
    held = dict(db.execute("select name, n from counters").fetchall())
    requests, breaches = (_beginning(held, f"{service.mark}{word} ") for word in ("request", "breach"))
    return {
        "tenants": service.counts(db),
        "requests": {"total": sum(requests.values()), "by_path": requests},
        "limit_breaches": {"total": sum(breaches.values()), **breaches},
    }


def _beginning(held: dict[str, int], words: str) -> dict[str, int]:
    return {name.removeprefix(words): n for name, n in held.items() if name.startswith(words)}


def by_status(db: sqlite3.Connection, tenant: str, kinds: Iterable[str]) -> Record:
    """How many objects of each kind a tenant holds, by their status."""
    sql = "select status, count(*) from objects where tenant = ? and kind = ? group by status"
    return {kind: dict(db.execute(sql, (tenant, kind)).fetchall()) for kind in kinds}


def _shift_clock(db: sqlite3.Connection, asked: Record) -> Record:
    advance = jsontext.number(asked, "advance_seconds")
    if advance is None or set(asked) != {"advance_seconds"}:
        message = "send advance_seconds, a number"
        raise SettingError(message)
    held = store.get(db, "clock_shift_ms")
    shift = (held if isinstance(held, int) else 0) + int(advance * 1000)
    store.put(db, "clock_shift_ms", shift)
    return {"clock_shift_ms": shift, "now": dates.instant(store.now_ms(db)).isoformat()}


def apply(held: Store, given: "Iterable[tuple[str, DataclassInstance | None]]") -> None:
    """Let settings given in code win over those of the state file."""
    with held.transaction() as db:
        for name, value in given:
            if value is not None:
                store.put(db, name, settings.as_record(value))


def known(asked: Record, names: Iterable[str]) -> None:
    """Refuse what an organisation has no setting for.

    Raises:
        SettingError: a name is none of these.
    """
    strays = sorted(set(asked) - set(names))
    if strays:
        message = f"{strays[0]} cannot be set; there are {', '.join(names)}"
        raise SettingError(message)


def day_of(asked: Record, name: str, otherwise: object) -> object:
    """A date to set, null to take it back, or what was held when it is not named.

    Raises:
        SettingError: it is no date.
    """
    value = asked.get(name, otherwise)
    if value is not None and dates.parse_day(str(value)) is None:
        message = f"{name} is not a date: {value!r}"
        raise SettingError(message)
    return value
