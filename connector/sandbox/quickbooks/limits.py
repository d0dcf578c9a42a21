"""Rate limits: a second, a minute, batches a minute, reads a month.

Owns the counting of calls and their refusal. What a stranger would get wrong: a batch is one call of the minute however
many items it has (a switch says otherwise), but there are far fewer batches a minute than calls; a refused call is not
counted as a call.
"""

import sqlite3
from dataclasses import dataclass

from connector.sandbox import dates, store
from connector.sandbox.quickbooks import errors
from connector.sandbox.quickbooks.settings import Limits, Switches
from connector.sandbox.replies import Reply

MARK = "quickbooks "
THROTTLES = dict.fromkeys(("throttle_second", "throttle_minute", "throttle_batch", "throttle_month"), 0)
_SECOND_MS, _MINUTE_MS = 1000, 60_000


@dataclass(frozen=True, slots=True)
class Call:
    """What counts of a call: whose it is, how many items of a batch (0 for no batch), whether it reads."""

    realm: str
    items: int
    is_read: bool

    @property
    def owner(self) -> str:
        """The name its calls are remembered under."""
        return f"{MARK}{self.realm}"


def admit(db: sqlite3.Connection, call: Call, limits: Limits, switches: Switches) -> Reply | None:
    """Count the call, or refuse it."""
    now = store.now_ms(db)
    db.execute("delete from calls where app = ? and at_ms < ?", (call.owner, now - 2 * _MINUTE_MS))
    spent = max(1, call.items) if switches.batch_items_count else 1
    broken = _broken(db, call, now, limits, switches, spent)
    month = f"{MARK}reads {call.realm} {dates.instant(now):%Y-%m}"
    if not broken and call.is_read and store.counted(db, month) >= limits.reads_month:
        broken = "month"
    if broken:
        store.count(db, f"{MARK}breach {broken}")
        return refusal(switches, switches.retry_after_seconds, now)
    if call.is_read:
        store.count(db, month)
    rows = [(call.owner, "call", now)] * spent + [(call.owner, "batch", now)] * bool(call.items)
    db.executemany("insert into calls values (?, ?, ?)", rows)
    return None


def refusal(switches: Switches, retry_after: int, now: int) -> Reply:
    """The reply of a refused call, in the form the switches say."""
    return errors.throttled(switches.throttle_form, switches.throttle_status, retry_after, now)


def _broken(db: sqlite3.Connection, call: Call, now: int, limits: Limits, switches: Switches, spent: int) -> str:
    checks = [("minute", "call", _MINUTE_MS, limits.minute, spent)]
    if switches.second_limit == "rate":
        checks.append(("second", "call", _SECOND_MS, limits.second, 1))
    if call.items:
        most = min(limits.batch_minute, limits.batch_minute_realm)
        checks.append(("batch", "batch", _MINUTE_MS, most, 1))
    sql = "select count(*) from calls where app = ? and tenant = ? and at_ms > ?"
    for name, which, span, limit, more in checks:
        (used,) = db.execute(sql, (call.owner, which, now - span)).fetchone()
        if used + more > limit:
            return name
    return ""
