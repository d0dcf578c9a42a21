"""`rebuild --check`, bundle balances: counted a second time, entry by entry, without a frame.

A stranger's trap: this shares no code with `billing.balance`, on purpose. What both say must be the same.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
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
    bought = ledger.read("charge", "subject_type = 'bundle' AND kind = 'charge'")
    purchases = bought.join(ledger.read("credit").select("charge_id"), on="charge_id", how="anti").to_dicts()
    changed = {one["charge_id"]: one["quantity"] for one in ledger.read("adjustment").sort("sequence").to_dicts()}
    purchases = [{**one, "quantity": changed.get(one["charge_id"], one["quantity"])} for one in purchases]
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
    keeps = rulebook.policies.upgrade == "keeps_bundle_place"
    bought = sum(
        (rulebook.bundle_size(one["selling_entity"], one["currency"], one["event_on"]) or 0) * one["quantity"]
        for one in purchases
        if one["partner_id"] == partner
    )
    used = [
        one["created_on"]
        for one in latest
        if one["partner_id"] == partner
        and one["created_on"] >= since
        and (one["plan"] == Plan.ASSESSMENT_ONLY.value or (keeps and one["upgraded_on"] is not None))
    ]
    return int((master["opening_places"] or 0) + _included(partner, day, used) + bought - len(used))


def _included(partner: str, day: date, used: Sequence[date]) -> int:
    """The places of the licence that lasts, and those of earlier ones that were used in their time."""
    versions: dict[date, Row] = {}
    for row in ledger.read("partner_version", "partner_id = ?", [partner]).to_dicts():
        known = versions.get(row["valid_from"])
        if row["valid_from"] <= day and (known is None or row["sequence"] >= known["sequence"]):
            versions[row["valid_from"]] = row
    licences: list[tuple[date, date | None, int]] = []
    for first in sorted(versions):
        until, places = versions[first]["included_until"], versions[first]["included_places"] or 0
        if licences and licences[-1][1] == until:
            first = licences.pop()[0]  # noqa: PLW2901 - the same licence in another version
        licences.append((first, until, places))
    following: list[date | None] = [*(first - timedelta(days=1) for first, _, _ in licences[1:]), None]
    counted = 0
    for (first, until, places), before_next in zip(licences, following, strict=True):
        last = min((one for one in (until, before_next) if one is not None), default=day)
        counted += places if last >= day else min(places, sum(first <= one <= last for one in used))
    return counted
