"""`sync:` in connector.yaml: what the nightly run fetches, what it may approve by itself, when its silence is an alarm.

A stranger's trap: nothing is approved by itself that is not declared. Without `approve` every plan waits for a person,
and so does one in a currency that no limit names.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from connector.declared import Node, Reader
from connector.domain.currency import is_currency
from connector.domain.money import InexactAmountError, Money

NONE, WARNINGS = "none", "warnings"
_POLICY = ("problems", "largest_line", "largest_document", "unusual")
_MOST_TIMES, _MOST_RUNS, _MOST_HOURS = 100, 100, 24 * 40


@dataclass(frozen=True)
class Policy:
    """What a plan must be like to be approved without a person.

    Attributes:
        warnings_pass: whether warnings are let through; errors never are.
        largest_line: per currency, the largest net of one line, in minor units.
        largest_document: per currency, the largest total of one document, in minor units.
        times: how many times the usual it may bill, and how many times less than the usual it may have of rows.
        runs: the usual is the median of so many runs before.
    """

    warnings_pass: bool
    largest_line: Mapping[str, int]
    largest_document: Mapping[str, int]
    times: int
    runs: int


@dataclass(frozen=True)
class SyncSettings:
    """The nightly run.

    Attributes:
        exports: the exports it fetches; empty for all that are declared.
        policy: what it approves by itself; None: nothing.
        alarm_after: without a nightly run that ended for so long, `status --alarm` raises the alarm.
    """

    exports: tuple[str, ...] = ()
    policy: Policy | None = None
    alarm_after: timedelta = field(default=timedelta(hours=26))


def read_sync(reader: Reader, node: Node | None, exports: Collection[str]) -> SyncSettings:
    """What `sync:` says; faults are noted in the reader."""
    entries = reader.mapping(node, "sync", (), ("exports", "approve", "alarm_after_hours")) or {}
    chosen = entries.get("exports")
    hours = reader.whole(entries.get("alarm_after_hours"), "alarm_after_hours", 1, _MOST_HOURS)
    usual = SyncSettings()
    return SyncSettings(
        exports=() if chosen is None else reader.choices(chosen, "exports", exports),
        policy=_policy(reader, entries.get("approve")),
        alarm_after=usual.alarm_after if hours is None else timedelta(hours=hours),
    )


def _policy(reader: Reader, node: Node | None) -> Policy | None:
    """The policy; None where there is none, or where something of it is missing, which the reader then tells."""
    entries = reader.mapping(node, "approve", _POLICY)
    if entries is None or any(key not in entries for key in _POLICY):
        return None
    problems = reader.choice(entries["problems"], "problems", [NONE, WARNINGS])
    unusual = reader.mapping(entries["unusual"], "unusual", ("times", "runs")) or {}
    times = reader.whole(unusual.get("times"), "times", 1, _MOST_TIMES)
    runs = reader.whole(unusual.get("runs"), "runs", 1, _MOST_RUNS)
    return Policy(
        warnings_pass=problems == WARNINGS,
        largest_line=_limits(reader, entries["largest_line"], "largest_line"),
        largest_document=_limits(reader, entries["largest_document"], "largest_document"),
        times=times or 1,
        runs=runs or 1,
    )


def _limits(reader: Reader, node: Node, what: str) -> dict[str, int]:
    """Per currency, an amount in minor units."""
    found: dict[str, int] = {}
    for code, at in (reader.mapping(node, what, open_keys=True) or {}).items():
        amount = reader.decimal(at, f"{what} in {code}")
        if not is_currency(code):
            reader.fault(at, f"{what} names {code!r}, which is no currency", "Write its ISO 4217 code, such as USD.")
        elif amount is not None:
            found[code] = _minor(reader, at, amount, code)
    return found


def _minor(reader: Reader, at: Node, amount: Decimal, code: str) -> int:
    try:
        return Money.exact(amount, code).minor
    except InexactAmountError as error:
        reader.fault(at, str(error), "Write fewer digits.")
        return 0
