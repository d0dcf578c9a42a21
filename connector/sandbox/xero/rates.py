"""Rate limits: per minute, per day, at once, and per app.

Owns the counting of calls and the 429s. What a stranger would get wrong: the check comes before the idempotency
check, so a replay costs a call; a concurrency refusal has no Retry-After; a refused call is not counted as a call.
"""

import sqlite3
import zlib
from dataclasses import dataclass

from connector.sandbox import store
from connector.sandbox.replies import Reply
from connector.sandbox.xero.settings import Limits, Switches

THROTTLES = {"throttle_minute": 5, "throttle_day": 3600, "throttle_concurrent": 0, "throttle_appminute": 5}
MINUTE_MS = 60_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Remaining:
    """The calls left, as the X-…-Remaining headers tell them; ``None`` on calls without a tenant."""

    app_minute: int
    minute: int | None = None
    day: int | None = None

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of every reply."""
        named = (
            ("X-MinLimit-Remaining", self.minute),
            ("X-DayLimit-Remaining", self.day),
            ("X-AppMinLimit-Remaining", self.app_minute),
        )
        return tuple((name, str(max(0, left))) for name, left in named if left is not None)


def refusal(problem: str, retry_after: int | None, remaining: Remaining) -> Reply:
    """A 429: named, without a body, with Retry-After unless it is about concurrency."""
    after = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return Reply(429, b"", headers=(("X-Rate-Limit-Problem", problem), *after, *remaining.headers))


def admit(db: sqlite3.Connection, app: str, tenant: str, limits: Limits, switches: Switches) -> Remaining | Reply:
    """Count the call, or refuse it; ``tenant`` is empty for calls that name none."""
    now = store.now_ms(db)
    db.execute("delete from calls where app = ? and at_ms < ?", (app, now - 2 * DAY_MS))
    checks: list[tuple[str, str | None, int, int]] = [("appminute", None, MINUTE_MS, limits.app_minute)]
    if tenant:
        checks += [("minute", tenant, MINUTE_MS, limits.minute), ("day", tenant, DAY_MS, limits.day)]
    left: dict[str, int] = {}
    broken: tuple[str, int] | None = None
    for name, whose, span, limit in checks:
        since = _window_start(now, span, tenant, switches)
        used, oldest = _used(db, app, whose, since)
        left[name] = limit - used
        if used >= limit:
            free_at = (oldest if switches.rate_window == "rolling" else since) + span
            broken = (name, max(1, -(-(free_at - now) // 1000)))
    if broken is not None:
        store.count(db, f"breach {broken[0]}")
        return refusal(broken[0], broken[1], _remaining(left, 0))
    db.execute("insert into calls values (?, ?, ?)", (app, tenant, now))
    return _remaining(left, 1)


def _remaining(left: dict[str, int], spent: int) -> Remaining:
    minute, day = (left[name] - spent if name in left else None for name in ("minute", "day"))
    return Remaining(left["appminute"] - spent, minute, day)


def _window_start(now: int, span: int, tenant: str, switches: Switches) -> int:
    if switches.rate_window == "rolling":
        return now - span
    offset = zlib.crc32(tenant.encode()) % span
    return now - (now - offset) % span


def _used(db: sqlite3.Connection, app: str, tenant: str | None, since: int) -> tuple[int, int]:
    sql = "select count(*), coalesce(min(at_ms), ?) from calls where app = ? and at_ms > ?"
    values: list[object] = [since, app, since]
    if tenant is not None:
        sql += " and tenant = ?"
        values.append(tenant)
    used, oldest = db.execute(sql, values).fetchone()
    return int(used), int(oldest)
