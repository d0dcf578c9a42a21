"""Uploads one after the other over a ledger in memory: what is billed in the end, however the facts arrived.

It writes what an approval writes, and asserts what the database asserts: no charge key and no alias twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
from billing_frames import KEY, TODAY, context, ledger

from connector.billing.bundles import bundle_events
from connector.billing.charges import KEY as CHARGE_KEY
from connector.billing.charges import new_charges, rateable, settled
from connector.billing.context import Context
from connector.billing.counts import charge_checks
from connector.billing.identity import identify, with_digests
from connector.billing.lifecycle import client_events
from connector.domain.words import Bucket
from connector.tables import RATED, conform

SETTLED = [
    one.value for one in Bucket if one not in (Bucket.BLOCKED, Bucket.HELD, Bucket.NOT_BILLABLE, Bucket.UNCHANGED)
]
_NOTHING = pl.lit(None, pl.String)

METRICS = ("full-spoke", "assessment-bundle")  # what the rules of these tests bill


def rate(events: pl.DataFrame) -> pl.DataFrame:
    """What a rulebook would say: 100.00 for each head of a full Spoke, 1,500.00 for a bundle.

    A domain that starts with `own` is not billable, one that starts with `ask` is held; a client without a count is
    blocked under its metric; an upgrade that is not to a full Spoke cannot be rated.
    """
    bundle = pl.col("event") == "bundle"
    full = (pl.col("plan") == "full_spoke").fill_null(value=False)
    priced = bundle | full
    impossible = ~priced & (pl.col("event") == "upgraded")
    unsized = full & pl.col("count_low").is_null()
    start = pl.col("domain").str.slice(0, 3).fill_null("")
    outcome = (
        pl.when(start == "own")
        .then(pl.lit("not_billable"))
        .when(start == "ask")
        .then(pl.lit("held"))
        .when(impossible | unsized)
        .then(pl.lit("blocked"))
        .when(priced)
        .then(pl.lit("charge"))
        .otherwise(pl.lit("inside_bundle"))
    )
    charged = outcome.is_in(["charge", "blocked"]) & priced
    unit = pl.when(bundle).then(150_000).otherwise(pl.col("count_low") * 10_000)
    problem = pl.when(unsized).then(pl.lit("rate-size-unknown")).when(impossible).then(pl.lit("rate-event"))
    said = events.select(
        "event_id",
        outcome=outcome,
        reason=pl.when(outcome != "charge").then(pl.lit("the rule says so")),
        problem=pl.when(outcome == "blocked").then(problem),
        rule_id=pl.when(charged).then(pl.lit("rule")),
        rule_place=pl.when(charged).then(pl.lit("rules/billing.yaml:9")),
        metric=pl.when(charged).then(pl.when(bundle).then(pl.lit("assessment-bundle")).otherwise(pl.lit("full-spoke"))),
        item=pl.when(charged).then(pl.when(bundle).then(pl.lit("BUNDLE")).otherwise(pl.lit("SPOKE"))),
        term=pl.when(charged).then(pl.lit("once")),
        tier=pl.when((outcome == "charge") & full).then(pl.col("count_low").cast(pl.String)),
        size_source=pl.when((outcome == "charge") & full).then(pl.lit("count")),
        price_book=pl.when(outcome == "charge").then(pl.lit("standard")),
        price_place=pl.when(outcome == "charge").then(pl.lit("rules/prices.yaml:7")),
        currency="currency",
        quantity=pl.when(outcome == "charge").then("quantity"),
        unit_minor=pl.when(outcome == "charge").then(unit.cast(pl.Int64)),
        amount_minor=pl.when(outcome == "charge").then((unit * pl.col("quantity")).cast(pl.Int64)),
        list_minor=pl.when(outcome == "charge").then((unit * pl.col("quantity")).cast(pl.Int64)),
        **dict.fromkeys(("basis", "adjustments", "lost"), pl.lit(None, pl.String)),
    )
    return conform(said, RATED)


def numbered(events: pl.DataFrame, subject_type: str) -> pl.DataFrame:
    """Events with the columns that rating and charging need beside them."""
    if subject_type == "client":
        events = events.with_columns(subject_id="client_id", quantity=pl.lit(1, pl.Int64))
    else:
        whole = {name: pl.lit(None, pl.Int64) for name in ("count_low", "band_low", "band_high")}
        events = events.with_columns(plan=_NOTHING, domain=_NOTHING, **whole)
    return events.with_row_index("event_id").with_columns(
        subject_type=pl.lit(subject_type), size_as_of=pl.lit(None, pl.Date)
    )


@dataclass(frozen=True)
class Run:
    """What one upload came to; frames of what was not uploaded are absent."""

    settled: Mapping[str, pl.DataFrame]
    charges: pl.DataFrame

    @property
    def clients(self) -> pl.DataFrame:
        """The settled client records."""
        return self.settled["client"]

    @property
    def bundles(self) -> pl.DataFrame:
        """The settled bundle purchases."""
        return self.settled["bundle"]


class Story:
    """A ledger in memory, and the uploads it has seen."""

    def __init__(self) -> None:
        self.aliases = ledger("client_alias")
        self.versions = ledger("client_version")
        self.charges = ledger("charge")
        self.runs = 0

    def upload(
        self,
        records: pl.DataFrame | None = None,
        purchases: pl.DataFrame | None = None,
        given: Context | None = None,
        as_of: date = TODAY,
    ) -> Run:
        """Plan and approve one upload."""
        self.runs += 1
        given = given or context(as_of=as_of, run_id=f"R-{self.runs}")
        run = self._run(records, purchases, given)
        count = sum(frame.height for frame in (records, purchases) if frame is not None)
        for check in charge_checks(list(run.settled.values()), count, run.charges):
            assert check.ties, check
        self._remember(run)
        return run

    def billed(self) -> list[tuple[str, str, int]]:
        """What stands in the ledger: kind, metric and amount of every charge and opening entry."""
        return sorted(self.charges.select("kind", "metric", "amount_minor").iter_rows())

    def _bundle_charges(self) -> pl.DataFrame:
        return self.charges.filter(pl.col("subject_type") == "bundle")

    def _run(self, records: pl.DataFrame | None, purchases: pl.DataFrame | None, given: Context) -> Run:
        done = {}
        if records is not None:
            known = self.versions.sort("sequence").unique("client_id", keep="last", maintain_order=True)
            owners = identify(with_digests(records, KEY), self.aliases, KEY)
            done["client"] = self._settle(client_events(owners, known, given), "client")
        if purchases is not None:
            done["bundle"] = self._settle(bundle_events(purchases, self._bundle_charges(), given), "bundle")
        return Run(done, pl.concat([new_charges(frame, given) for frame in done.values()]))

    def _settle(self, found: pl.DataFrame, subject_type: str) -> pl.DataFrame:
        found = numbered(found, subject_type)
        return settled(found, rate(rateable(found)), self.charges, METRICS)

    def _remember(self, run: Run) -> None:
        self.charges = pl.concat([self.charges, run.charges.drop("source")], how="diagonal")
        assert self.charges.select(CHARGE_KEY).is_unique().all(), "a charge key twice"
        if "client" not in run.settled:
            return
        kept = run.clients.filter(pl.col("bucket").is_in(SETTLED))
        refs = kept.filter("new_ref").select("client_id", "partner_id", kind=pl.lit("ref"), digest="ref_digest")
        pairs = kept.filter("new_pair").select(
            "client_id", "partner_id", "domain_digest", kind=pl.lit("domain"), digest="pair_digest"
        )
        versions = kept.with_columns(sequence=pl.col("known_sequence").fill_null(0) + 1)
        columns = [name for name in self.versions.columns if name in versions.columns]
        self.aliases = pl.concat([self.aliases, refs, pairs], how="diagonal")
        self.versions = pl.concat([self.versions, versions.select(columns)], how="diagonal_relaxed")
        assert self.aliases.select("kind", "digest").is_unique().all(), "an alias twice"
        assert self.versions.select("client_id", "sequence").is_unique().all(), "a version twice"
