"""`rebuild --check`, bundle balances: counted a second time, entry by entry, without a frame.

A stranger's trap: this shares no code with `billing.balance`, on purpose. What both say must be the same.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from connector import ledger
from connector.domain.words import Plan
from connector.rulebook import Rulebook
from connector.runs.rebuild import Proof, prove
from connector.runs.views import bundle_balances

Row = Mapping[str, Any]


def balance_proofs(rulebook: Rulebook, day: date) -> tuple[Proof, ...]:
    """Each partner's balance on a day, as `connector balance` tells it, against a second count."""
    masters, latest = _masters(day), _latest()
    purchases = ledger.read("charge", "subject_type = 'bundle' AND kind = 'charge'").to_dicts()
    told = {one.partner_id: one.left for one in bundle_balances(rulebook, day)}
    counted = {
        partner: _left(master, purchases, latest, rulebook, day)
        for partner, master in sorted(masters.items())
        if master["selling_entity"] in rulebook.entities
    }
    rows = [(partner, told.get(partner), counted.get(partner)) for partner in sorted({*told, *counted})]
    frame = pl.DataFrame(rows, schema={"partner": pl.String, "told": pl.Int64, "counted": pl.Int64}, orient="row")
    parts = (pl.col(name).cast(pl.String).fill_null("no") for name in frame.columns)
    sentence = pl.format("{}: {} places left, counted again {}", *parts)
    return (prove("bundle balances against a second count", frame, pl.col("told") == pl.col("counted"), sentence),)


def _masters(day: date) -> dict[str, Row]:
    """What is true of each partner on a day."""
    found: dict[str, Row] = {}
    for row in ledger.read("partner_version").to_dicts():
        known = found.get(row["partner_id"])
        if row["valid_from"] <= day and (known is None or _order(row) >= _order(known)):
            found[row["partner_id"]] = row
    return found


def _order(version: Row) -> tuple[date, int]:
    return version["valid_from"], version["sequence"]


def _latest() -> list[Row]:
    """The latest version of each client."""
    found: dict[str, Row] = {}
    for row in sorted(ledger.read("client_version").to_dicts(), key=lambda one: int(one["sequence"])):
        found[row["client_id"]] = row
    return list(found.values())


def _left(master: Row, purchases: list[dict[str, Any]], latest: list[Row], rulebook: Rulebook, day: date) -> int:
    """Opening + included + bought − used."""
    partner, since = master["partner_id"], rulebook.entities[master["selling_entity"]].bill_from
    expired = master["included_until"] is not None and master["included_until"] < day
    keeps = rulebook.policies.upgrade == "keeps_bundle_place"
    bought = sum(
        (rulebook.bundle_size(one["selling_entity"], one["currency"], one["event_on"]) or 0) * one["quantity"]
        for one in purchases
        if one["partner_id"] == partner
    )
    used = sum(
        one["plan"] == Plan.ASSESSMENT_ONLY.value or (keeps and one["upgraded_on"] is not None)
        for one in latest
        if one["partner_id"] == partner and one["created_on"] >= since
    )
    included = 0 if expired else master["included_places"] or 0
    return int((master["opening_places"] or 0) + included + bought - used)
