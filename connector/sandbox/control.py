"""The control paths under ``/sandbox/``: faults, switches, limits, lock dates, clock, counts.

Owns what no real service has. What a stranger would get wrong: these calls carry no token and are answered to this
machine only; they never count against a limit.
"""

import sqlite3
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from connector.sandbox import dates, faults, jsontext, replies, settings, store
from connector.sandbox.jsontext import Record, text
from connector.sandbox.replies import Reply, Request
from connector.sandbox.settings import Limits, SettingError, Switches
from connector.sandbox.store import Store
from connector.sandbox.xero.context import LOCK_FIELDS
from connector.sandbox.xero.objects import ALLOCATIONS, CONTACTS, CREDIT_NOTES, INVOICES
from connector.sandbox.xero.tenants import Tenant

ROOT = "/sandbox/"


class Control:
    """Answers the control paths."""

    def __init__(self, held: Store, tenants: Iterable[Tenant]) -> None:
        """Steer the sandbox of that state file and those tenants."""
        self._store = held
        self._tenants = {tenant.code: tenant.tenant_id for tenant in tenants}
        self._paths: dict[tuple[str, str], Callable[[sqlite3.Connection, Record], Record]] = {
            ("GET", "declaration"): lambda db, _: _declaration(db),
            ("GET", "counts"): lambda db, _: self._counts(db),
            ("GET", "faults"): lambda db, _: {"faults": faults.pending(db)},
            ("POST", "faults"): self._order_fault,
            ("DELETE", "faults"): lambda db, _: self._clear_faults(db),
            ("POST", "switches"): _set_switches,
            ("POST", "limits"): _set_limits,
            ("POST", "organisation"): self._set_locks,
            ("POST", "clock"): _shift_clock,
        }

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

    def _order_fault(self, db: sqlite3.Connection, asked: Record) -> Record:
        faults.order(db, asked, self._tenants)
        return {"faults": faults.pending(db)}

    def _clear_faults(self, db: sqlite3.Connection) -> Record:
        faults.clear(db)
        return {"faults": []}

    def _set_locks(self, db: sqlite3.Connection, asked: Record) -> Record:
        named = text(asked, "tenant")
        tenant = self._tenants.get(named, named)
        if tenant not in self._tenants.values():
            message = f"{named!r} is not a tenant"
            raise SettingError(message)
        strays = sorted(set(asked) - {"tenant", *LOCK_FIELDS})
        if strays:
            message = f"{strays[0]} cannot be set; there are {', '.join(LOCK_FIELDS)}"
            raise SettingError(message)
        held = jsontext.as_record(store.get(db, f"locks {tenant}")) or {}
        for name in LOCK_FIELDS:
            value = asked.get(name, held.get(name))
            if value is not None and dates.parse_day(str(value)) is None:
                message = f"{name} is not a date: {value!r}"
                raise SettingError(message)
            held[name] = value
        store.put(db, f"locks {tenant}", held)
        return {"tenant": tenant, **held}

    def _counts(self, db: sqlite3.Connection) -> Record:
        tenants: dict[str, Record] = {}
        for code, tenant in self._tenants.items():
            kinds: Record = {"code": code}
            for kind in (CONTACTS, INVOICES, CREDIT_NOTES, ALLOCATIONS):
                sql = "select status, count(*) from objects where tenant = ? and kind = ? group by status"
                kinds[kind] = dict(db.execute(sql, (tenant, kind)).fetchall())
            tenants[tenant] = kinds
        held = dict(db.execute("select name, n from counters").fetchall())
        requests = {name.removeprefix("request "): n for name, n in held.items() if name.startswith("request ")}
        breaches = {name.removeprefix("breach "): n for name, n in held.items() if name.startswith("breach ")}
        return {
            "tenants": tenants,
            "requests": {"total": sum(requests.values()), "by_path": requests},
            "limit_breaches": {"total": sum(breaches.values()), **breaches},
        }


def _declaration(db: sqlite3.Connection) -> Record:
    return settings.declaration(store.limits(db), store.switches(db))


def _set_switches(db: sqlite3.Connection, asked: Record) -> Record:
    changed = settings.changed(store.switches(db), asked)
    store.put(db, "switches", settings.as_record(changed))
    return _declaration(db)


def _set_limits(db: sqlite3.Connection, asked: Record) -> Record:
    changed = settings.changed(store.limits(db), asked)
    store.put(db, "limits", settings.as_record(changed))
    return _declaration(db)


def _shift_clock(db: sqlite3.Connection, asked: Record) -> Record:
    advance = jsontext.number(asked, "advance_seconds")
    if advance is None or set(asked) != {"advance_seconds"}:
        message = "send advance_seconds, a number"
        raise SettingError(message)
    held = store.get(db, "clock_shift_ms")
    shift = (held if isinstance(held, int) else 0) + int(advance * 1000)
    store.put(db, "clock_shift_ms", shift)
    return {"clock_shift_ms": shift, "now": dates.instant(store.now_ms(db)).isoformat()}


def apply_settings(held: Store, limits: Limits | None, switches: Switches | None) -> None:
    """Let settings given in code win over those of the state file."""
    with held.transaction() as db:
        for name, value in (("limits", limits), ("switches", switches)):
            if value is not None:
                store.put(db, name, settings.as_record(value))
