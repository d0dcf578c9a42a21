"""What time alone brought about in a run plan, as people read it: terms that have begun."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

from connector.cli.output import table
from connector.domain.money import Money
from connector.runs.runplan import RunPlan

_MOST_ROWS = 100
_NAMES = {
    "renewed": ("term renewed", "terms renewed"),
    "month": ("month billed", "months billed"),
    "bundle": ("bundle charged for places beyond those bought", "bundles charged for places beyond those bought"),
}


def show_terms(to: Console, plan: RunPlan) -> None:
    """One line for each kind of event, and the terms themselves as long as people can read the list."""
    if not plan.row_kinds:
        to.print(Text("No files: this plan bills only what time brings about."))
    for kind, one in plan.terms.get("events", {}).items():
        to.print(Text(_summary(kind, one)))
    if plan.terms.get("stopped"):
        to.print(
            Text(f"{plan.terms['stopped']} of archived clients did not begin: the rules say so (archived_renewal).")
        )
    terms = plan.frames.get("terms", pl.DataFrame())
    if terms.is_empty():
        return
    first = terms.sort(pl.col("bucket").is_in(["blocked", "held"]), descending=True, maintain_order=True)
    rows = [
        (
            row["partner_id"],
            row["name"] or row["subject_id"],
            row["metric"] or "",
            str(row["ordinal"]),
            str(row["event_on"]),
            row["bucket"].replace("_", " "),
            _money(row),
            row["reason"] or "",
        )
        for row in first.head(_MOST_ROWS).iter_rows(named=True)
    ]
    columns = ["partner", "client", "metric", "term", "begins", "bucket", "amount", "why"]
    to.print(table("Terms, each in one bucket", columns, rows, ["term", "amount"]))
    if terms.height > len(rows):
        to.print(Text(f"… and {terms.height - len(rows)} more terms; 'connector show {plan.run_id} --json' has all."))


def _summary(kind: str, one: Mapping[str, Any]) -> str:
    """`3 terms renewed: USD 5,400.00; besides 1 held`."""
    buckets: dict[str, int] = dict(one["buckets"])
    made = buckets.pop("billed", 0) + buckets.pop("awaiting_document", 0)
    money = ", ".join(str(Money(minor, code)) for code, minor in one["amounts_minor"].items())
    told = f"{made} {_NAMES[kind][made != 1]}" + (f": {money}" if money else "")
    rest = ", ".join(f"{number} {bucket.replace('_', ' ')}" for bucket, number in buckets.items())
    return f"{told}; besides {rest}" if rest else told


def _money(row: Mapping[str, Any]) -> str:
    if row["bucket"] not in ("billed", "awaiting_document"):
        return ""
    return str(Money(row["amount_minor"], row["currency"]))
