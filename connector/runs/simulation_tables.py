"""A simulation in tables, worded alike on the command line and on the page."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from connector.billing.simulating import ASKS, POLICIES, SUMS
from connector.domain.money import Money

LINE_COLUMNS = (
    "partner",
    "client or purchase",
    "what",
    "event",
    "billed",
    "old rules",
    "new rules",
    "change",
    "why",
)
LINE_NUMBERS = ("billed", "old rules", "new rules", "change")
TOTAL_COLUMNS = (
    "policy",
    "currency",
    "billed",
    "kept",
    "credited",
    "billed again",
    "stands",
    "next terms old → new",
    "ask",
)
TOTAL_NUMBERS = TOTAL_COLUMNS[2:]
ASKING_COLUMNS = ("partner", "client or purchase", "under", "why")


def line_rows(lines: pl.DataFrame) -> list[list[str]]:
    """Lines as people read them, under `LINE_COLUMNS`."""
    return [_told(row) for row in lines.iter_rows(named=True)]


def total_rows(totals: pl.DataFrame) -> list[list[str]]:
    """Totals, under `TOTAL_COLUMNS`."""
    return [_total(row) for row in totals.iter_rows(named=True)]


def partner_rows(partners: pl.DataFrame) -> list[list[str]]:
    """Totals of each partner, under `partner` and `TOTAL_COLUMNS`."""
    return [[row["partner_id"], *_total(row)] for row in partners.iter_rows(named=True)]


def asking_rows(asking: pl.DataFrame) -> list[list[str]]:
    """What needs a person, under `ASKING_COLUMNS`: one row for each reason."""
    rows = []
    for row in asking.iter_rows(named=True):
        told = why_asked(row)
        for why in dict.fromkeys(told.values()):
            under = ", ".join(policy for policy, text in told.items() if text == why)
            rows.append([row["partner_id"], row["label"], under, why])
    return rows


def why_asked(row: Mapping[str, Any]) -> dict[str, str]:
    """By policy, why a line needs a person."""
    return {policy: row[f"{policy}_why"] for policy in POLICIES if row[f"{policy}_state"] == ASKS}


def _told(row: Mapping[str, Any]) -> list[str]:
    currency = row["currency"]
    billed = "opening" if row["billed_kind"] == "opening" else _money(row["billed_amount"], currency)
    return [
        row["partner_id"],
        row["label"],
        row["metric"] or "",
        f"{row['event']} {row['event_on']}",
        billed,
        _outcome(row, "old"),
        _outcome(row, "new"),
        _money(row["difference"], currency),
        "; ".join(_reasons(row)),
    ]


def _reasons(row: Mapping[str, Any]) -> Iterator[str]:
    """Why a line changes, and where that stands in the rule files."""
    yield from (row[name] for name in ("why", "asks") if row[name])
    if row["renews_on"] is not None and row["changed"]:
        old, new = (_money(row[f"{side}_renewal"], row["currency"]) or "nothing told" for side in ("old", "new"))
        yield f"renews on {row['renews_on']}: {old} → {new}"
    what = "priced" if row["why"] and row["why"].startswith("price changed") else "place"
    places = [row[f"{side}_{what}"] for side in ("old", "new") if row[f"{side}_{what}"]]
    if places:
        yield " → ".join(places)


def _outcome(row: Mapping[str, Any], side: str) -> str:
    if row[f"{side}_outcome"] == "charge":
        return _money(row[f"{side}_amount"], row["currency"])
    return str(row[f"{side}_outcome"]).replace("_", " ")


def _money(minor: int | None, currency: str | None) -> str:
    return "" if minor is None or currency is None else str(Money(minor, currency))


def _total(row: Mapping[str, Any]) -> list[str]:
    money = [_money(row[name], row["currency"]) for name in (*SUMS, "stands")]
    renews = [_money(row[name], row["currency"]) for name in ("renews_old", "renews_new")]
    return [
        row["policy"],
        row["currency"] or "",
        *money,
        " → ".join(renews) if row["renews_old"] or row["renews_new"] else "",
        str(row["asks"] or ""),
    ]
