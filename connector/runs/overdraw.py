"""Assessment Only clients for which no place is left: held, or their partner is charged a bundle, as the rules declare.

A stranger's trap: a bundle that is charged by itself is a purchase like any other, under a reference of its own,
`auto-1`, `auto-2` … in small letters, which no row can have: references of rows are compared, and kept, in capitals.
What is in the ledger counts as bought, so planning again charges none twice.
"""

import polars as pl

from connector.billing import kinds
from connector.billing.balance import balances
from connector.billing.context import Context
from connector.billing.places import HOLDER, holders, in_order
from connector.domain.words import Bucket, Plan
from connector.runs.events import Basis, counted_bundles, events_of_bundles, settle
from connector.runs.known import Known
from connector.tables import BUNDLES

HOLD, CHARGE = "hold", "charge_bundle"
AUTO = "auto-"
_UNTIL_THEN = "\x1f"  # before its number until it has its subject id; intake refuses it in cells
_PLACE = ("source_id", "source", "sheet", "row")


def without_overdraw(basis: Basis, context: Context, clients: pl.DataFrame, bundles: pl.DataFrame) -> pl.DataFrame:
    """The settled clients, those held for which no place is left; only where the rules say so.

    Args:
        basis: the ledger and the rulebook.
        context: the givens of the run.
        clients: settled records of clients.
        bundles: settled purchases, which count as bought.
    """
    if context.policies.overdraw != HOLD:
        return clients
    new = clients.filter(_takes_place() & pl.col("is_new")).select(*HOLDER, "selling_entity")
    known = _now(basis, clients.filter(~pl.col("is_new")))
    owners = _owners(context)
    found = balances(_bought(basis, bundles), known, basis.rulebook.bundle_size, context)
    left = pl.DataFrame(
        [(one.partner_id, one.left) for one in found], schema={"partner_id": pl.String, "left": pl.Int64}, orient="row"
    )
    ranked = in_order(new, holders(known.select(HOLDER), owners, context), left, context)
    short = ranked.filter(pl.col("left_after") < 0).select("client_id", _short=-pl.col("left_after"))
    joined = clients.join(short, on="client_id", how="left", maintain_order="left")
    held = pl.col("_short").is_not_null() & _takes_place()
    detail = pl.format("with it partner {} uses {} more than it has", "partner_id", "_short")
    return joined.with_columns(
        bucket=pl.when(held).then(pl.lit(Bucket.HELD.value)).otherwise("bucket"),
        code=pl.when(held).then(pl.lit(kinds.NO_PLACE.code)).otherwise("code"),
        reason=pl.when(held).then(detail).otherwise("reason"),
    ).drop("_short")


def automatic(basis: Basis, context: Context, clients: pl.DataFrame, bundles: pl.DataFrame) -> pl.DataFrame:
    """The purchases that make up for places used beyond those there are, under `tables.BUNDLES` and `source_id`.

    Each is of the day of the first client that needs it, and stands in that client's row. None where the rules do not
    charge bundles for places.

    Args:
        basis: the ledger and the rulebook.
        context: the givens of the run.
        clients: settled records of clients.
        bundles: settled purchases, which count as bought.
    """
    schema = {**BUNDLES, "source_id": pl.String}
    if context.policies.overdraw != CHARGE:
        return pl.DataFrame(schema=schema)
    now = _now(basis, clients)
    taken = holders(now, _owners(context), context).sort("created_on", "client_id")
    made = []
    for one in balances(_bought(basis, bundles), now, basis.rulebook.bundle_size, context):
        if one.left >= 0:
            continue
        own = taken.filter(pl.col("partner_id") == one.partner_id).tail(-one.left)
        made += _purchases(basis, context, one.partner_id, own)
    return pl.DataFrame(made, schema=schema, orient="row")


def charged(basis: Basis, context: Context, purchases: pl.DataFrame) -> pl.DataFrame:
    """The automatic purchases, each rated and in its bucket."""
    events = events_of_bundles(basis, purchases, context)
    events = events.with_columns(pl.col("subject_id").str.replace(_UNTIL_THEN, AUTO, literal=True))
    return settle(basis.rulebook, counted_bundles(basis, events, context), basis.known.charges)


def places_read(known: Known, partners: pl.DataFrame) -> pl.DataFrame:
    """What the places of these partners rest on: how many records of clients and purchases the ledger has of each."""
    versions = known.history.group_by("partner_id").agg(clients=pl.len().cast(pl.Int64))
    bought = known.charges.filter(pl.col("subject_type") == "bundle").group_by("partner_id")
    counted = partners.select("partner_id").unique().join(versions, on="partner_id", how="left")
    return counted.join(bought.agg(purchases=pl.len().cast(pl.Int64)), on="partner_id", how="left").sort("partner_id")


def _purchases(basis: Basis, context: Context, partner: str, short: pl.DataFrame) -> list[dict[str, object]]:
    """One purchase after the other until every client that is short has a place."""
    sold = {row["partner_id"]: row for row in _owners(context).iter_rows(named=True)}[partner]
    known = basis.known.charges.filter((pl.col("subject_type") == "bundle") & (pl.col("partner_id") == partner))
    numbers = known["subject_id"].str.extract(rf"/{AUTO}([0-9]+)$").drop_nulls().to_list()
    number, made, at = max((int(one) for one in numbers), default=0), [], 0
    rows = short.to_dicts()
    while at < len(rows):
        first, number = rows[at], number + 1
        size = basis.rulebook.bundle_size(sold["selling_entity"], sold["currency"], first["created_on"])
        place = {name: first[name] for name in _PLACE}
        bought = {"reference": f"{_UNTIL_THEN}{number}", "purchased_on": first["created_on"], "quantity": 1}
        made.append({**place, "partner_id": partner, **bought})
        at += size or len(rows)  # where the rules sell none, they say what becomes of the one purchase
    return made


def _takes_place() -> pl.Expr:
    """Whether a record is an Assessment Only client that is taken over with this run."""
    assessment = pl.col("plan") == Plan.ASSESSMENT_ONLY.value
    return assessment & (pl.col("bucket") == Bucket.INSIDE_BUNDLE.value)


def _now(basis: Basis, clients: pl.DataFrame) -> pl.DataFrame:
    """Every client as it is with this run: `HOLDER` and its place."""
    unsettled = [Bucket.BLOCKED.value, Bucket.HELD.value, Bucket.NOT_BILLABLE.value, Bucket.UNCHANGED.value]
    sound = clients.filter(~pl.col("bucket").is_in(unsettled)).with_columns(source_id=pl.lit(None, pl.String))
    columns = [*HOLDER, *_PLACE]
    stored = basis.known.versions.select(columns).join(sound, on="client_id", how="anti")
    return pl.concat([stored, sound.select(columns)])


def _owners(context: Context) -> pl.DataFrame:
    """The partners with the company that bills each on the run's day, and in what."""
    today = max(context.as_of.values())
    begun = context.partners.filter(pl.col("valid_from") <= today).sort("valid_from")
    last = begun.unique("partner_id", keep="last", maintain_order=True)
    return last.select("partner_id", "selling_entity", "currency")


def _bought(basis: Basis, bundles: pl.DataFrame) -> pl.DataFrame:
    """The purchases of the ledger and of this run."""
    known = basis.known.charges.filter(pl.col("subject_type") == "bundle")
    billed = bundles.filter(pl.col("bucket") == Bucket.AWAITING_DOCUMENT.value)
    columns = ["partner_id", "selling_entity", "currency", "event_on", "quantity", "kind"]
    return pl.concat([known.select(columns), billed.with_columns(kind=pl.lit("charge")).select(columns)])
