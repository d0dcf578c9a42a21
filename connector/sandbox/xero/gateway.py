"""The way of a call: token, tenant, limits, faults, idempotency, work.

Owns that order. What a stranger would get wrong: counting a call is one transaction and its whole work (documents and
idempotency record) is another, so that a call which is killed or breaks was counted, and did all of its work or none.
"""

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from connector.sandbox import atwork, faults, replies, store
from connector.sandbox.atwork import RealTime
from connector.sandbox.faults import NO_FAULT, Fault
from connector.sandbox.replies import Reply, Request
from connector.sandbox.store import Store
from connector.sandbox.xero import (
    accounting,
    bulk,
    connections,
    consents,
    idempotency,
    rates,
    refusals,
    settings,
    tokens,
)
from connector.sandbox.xero.accounting import Route
from connector.sandbox.xero.context import Context, locks_of
from connector.sandbox.xero.rates import THROTTLES, Remaining
from connector.sandbox.xero.settings import Limits, Switches
from connector.sandbox.xero.tenants import Tenant

SERVICE = "xero"
_OUTSIDE = ("/connect/token", "/connections", consents.AUTHORIZE, consents.REVOKE)
_log = logging.getLogger(__name__)
_PAGE = b"<!DOCTYPE html><html><head><title>Xero</title></head><body><h1>We'll be right back</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may go ahead: whose it is, what applies to it, and what is to go wrong."""

    app: str
    tenant: Tenant
    route: Route
    limits: Limits
    switches: Switches
    fault: Fault
    remaining: Remaining


class Gateway:
    """Answers every call outside ``/sandbox/``; ``None`` means: drop the connection."""

    def __init__(self, held: Store, tenants: Iterable[Tenant], time: RealTime) -> None:
        """Answer for those tenants out of that state file."""
        self._store = held
        self._time = time
        self._tenants = {tenant.tenant_id: tenant for tenant in tenants}
        self._slots = atwork.Slots()
        self._running = atwork.Running()

    def answer(self, request: Request) -> Reply | None:
        """The reply to a call, or ``None`` to drop its connection."""
        if request.path in _OUTSIDE:
            return self._outside_tenants(request)
        found = accounting.route(request.path)
        if found is None:
            return refusals.not_found()
        known = self._identify(request, found)
        if isinstance(known, Reply):
            return known
        app, tenant, concurrent = known
        with self._slots.take(app, tenant.tenant_id, concurrent) as is_free:
            admitted = self._admit(request, app, tenant, found, is_free=is_free)
            if not isinstance(admitted, Admitted):
                return admitted
            reply = self._faulty(request, admitted)
            return None if reply is None else reply.adding(admitted.remaining.headers)

    def _identify(self, request: Request, found: Route) -> tuple[str, Tenant, int] | Reply:
        """The app, the tenant and how many calls it may have at once; or the 401 or 403."""
        with self._store.transaction() as db:
            grant = tokens.check(db, request)
            limits, switches = settings.limits(db), settings.switches(db)
            store.count(db, f"request {request.method} {found.resource}{'/Allocations' if found.part else ''}")
            if isinstance(grant, Reply):
                return grant
            reached = consents.reached(db, grant.app, self._tenants.values())
        if not accounting.is_allowed(grant.scope, request.method, found.resource) and switches.check_scopes:
            return refusals.unauthorized("AuthorizationUnsuccessful", request.path)
        tenant = self._tenant(request, switches)
        if tenant not in reached:
            return refusals.problem(403, "Forbidden", "AuthenticationUnsuccessful", request.path)
        return grant.app, tenant, limits.concurrent

    def _tenant(self, request: Request, switches: Switches) -> Tenant | None:
        key = request.header("xero-tenant-id").strip().lower()
        if not key and not switches.tenant_header_required:
            return next(iter(self._tenants.values()))
        return self._tenants.get(key)

    def _admit(self, request: Request, app: str, tenant: Tenant, found: Route, *, is_free: bool) -> Admitted | Reply:
        with self._store.transaction() as db:
            limits, switches = settings.limits(db), settings.switches(db)
            if not is_free:
                store.count(db, "breach concurrent")
                return rates.refusal(switches.concurrent_header, None, Remaining(limits.app_minute))
            remaining = rates.admit(db, app, tenant.tenant_id, limits, switches)
            if isinstance(remaining, Reply):
                return remaining
            fault = faults.take(db, request, SERVICE, tenant.tenant_id, accounting.ROOT) or NO_FAULT
        return Admitted(app, tenant, found, limits, switches, fault, remaining)

    def _outside_tenants(self, request: Request) -> Reply | None:
        with self._store.transaction() as db:
            store.count(db, f"request {request.method} {request.path}")
            fault = faults.take(db, request, SERVICE, "", accounting.ROOT) or NO_FAULT
            if fault.kind in ("drop_before", "late_commit"):
                return None
            early = _refusal_of(fault, request, settings.switches(db), store.now_ms(db))
            if early is not None:
                return early
            reply = self._about_access(db, request)
        if fault.kind == "slow":
            self._time.sleep(float(max(fault.seconds, Decimal(0))))
        if fault.kind.startswith("error_500"):
            return refusals.internal_error()
        return None if fault.kind == "reply_lost_after_commit" else reply

    def _about_access(self, db: sqlite3.Connection, request: Request) -> Reply:
        if request.path == "/connections":
            return connections.answer(db, request, self._tenants.values())
        if request.path == consents.AUTHORIZE:
            return consents.page(db, request, self._tenants.values())
        return (
            tokens.revoke(db, request)
            if request.path == consents.REVOKE
            else tokens.mint(db, request, settings.switches(db))
        )

    def _faulty(self, request: Request, call: Admitted) -> Reply | None:
        """The call's reply, or what the fault ordered for it makes of that."""
        switches, fault = call.switches, call.fault
        if fault.kind == "drop_before":
            return None
        with self._store.transaction() as db:
            now = store.now_ms(db)
        early = _refusal_of(fault, request, switches, now) or _careless(request, switches)
        if early is not None:
            return early
        if fault.kind == "late_commit":
            self._time.begin(lambda: self._once(request, call))
            return None
        reply = self._once(request, call)
        return None if fault.kind == "reply_lost_after_commit" else reply

    def finish(self) -> None:
        """Wait for work that was to be committed late."""
        self._time.finish()

    def _once(self, request: Request, call: Admitted) -> Reply:
        key = idempotency.key_of(request)
        wait = call.switches.concurrent_same_key == "wait"
        with self._running.hold(call.app, key, wait=wait) as is_mine:
            if not is_mine:
                words = f"Idempotency Key: {key} is used by a request that is still running."
                return refusals.problem(409, "Conflict", words, request.path)
            self._time.sleep(_delay_seconds(request, call.switches, call.fault))
            return self._commit(request, call, key)

    def _commit(self, request: Request, call: Admitted, key: str) -> Reply:
        try:
            with self._store.transaction() as db:
                held = idempotency.recall(db, call.app, request) if key else None
                if held is not None:
                    return held
                now = store.now_ms(db)
                digits = 4 if request.query.get("unitdp") == "4" else 2
                locks = locks_of(db, call.tenant)
                context = Context(db, call.tenant, locks, call.switches, now, call.app, digits)
                reply = refusals.internal_error()
                if call.fault.kind != "error_500_before":
                    reply = accounting.answer(context, request, call.route)
                if call.fault.kind == "error_500_after":
                    reply = refusals.internal_error()
                if key:
                    idempotency.remember(db, call.app, request, now, reply)
        except UnicodeEncodeError:
            return refusals.bad_request(
                call.switches.malformed_error_number, "PostDataInvalidException", "half a character"
            )
        except Exception:  # noqa: BLE001  # whatever breaks is the 500 of the real service, cached as it would be
            _log.exception("the sandbox broke on %s %s", request.method, request.target)
            reply = refusals.internal_error()
            if key:
                with self._store.transaction() as db:
                    idempotency.remember(db, call.app, request, store.now_ms(db), reply)
        return reply


def _delay_seconds(request: Request, switches: Switches, fault: Fault) -> float:
    """How long the work waits: what the fault orders, and what the latency switches say."""
    ordered = Decimal(0)
    if fault.kind in ("slow", "late_commit"):
        default = switches.late_commit_seconds if fault.kind == "late_commit" else Decimal(0)
        ordered = fault.seconds if fault.seconds >= 0 else default
    ms = switches.latency_ms_per_call
    if switches.latency_ms_per_element and request.method != "GET":
        ms += switches.latency_ms_per_element * bulk.size(request)
    return float(ordered) + ms / 1000


def _careless(request: Request, switches: Switches) -> Reply | None:
    """The refusal of a call whose headers or address would not get far with the real service."""
    if switches.url_limit and len(request.target) > switches.url_limit:
        return replies.plain(414, "The address is too long; ask for fewer ids or numbers at a time")
    if switches.accept_header_required and "application/json" not in request.header("accept"):
        return replies.plain(406, "Send Accept: application/json; the real service answers in XML without it")
    if request.method in ("PUT", "POST") and "application/json" not in request.header("content-type"):
        return replies.plain(415, "Send Content-Type: application/json; the sandbox reads nothing else")
    if request.query.get("unitdp", "2") not in ("2", "4"):
        return refusals.query_error("unitdp is 2 or 4")
    return idempotency.refused(request)


def _refusal_of(fault: Fault, request: Request, switches: Switches, now: int) -> Reply | None:
    """The reply of a fault that lets nothing happen, or ``None`` when the call goes on."""
    if fault.kind in THROTTLES:
        problem = fault.kind.removeprefix("throttle_")
        if problem == "concurrent":
            return rates.refusal(switches.concurrent_header, None, Remaining(0))
        return rates.refusal(problem, fault.retry_after, Remaining(0))
    made = {
        "unavailable_503": replies.plain(503, "Service unavailable"),
        "offline_503": replies.plain(503, "The Organisation is offline"),
        "html": Reply(200, _PAGE, replies.HTML),
        "token_expired": tokens.expired(now - 1000, request.path),
    }
    return made.get(fault.kind) or faults.echo(fault.kind, request)
