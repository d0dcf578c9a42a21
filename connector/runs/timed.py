"""What time alone brings about in a run: terms and months that begin. They come from the ledger, not from rows.

A stranger's trap: a client of this very upload counts with what its row says now, and one that is asked about waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from connector.billing.charges import new_charges, rateable
from connector.billing.context import Context
from connector.billing.counted import CLIENT, CLIENTS_THIS_YEAR, PLACES_LEFT
from connector.billing.kinds import TERM_LATE
from connector.billing.lifecycle import tag_list
from connector.billing.months import months_begun, within
from connector.billing.states import as_said, facts_of, spans, with_state
from connector.billing.terms import begun, sized
from connector.billing.timed import judged_terms, settled_terms
from connector.domain.words import BY_TIME, Bucket, EventKind, Plan
from connector.rulebook import Rulebook
from connector.runs.events import Basis, asked, counted
from connector.runs.known import Known
from connector.runs.ledger_records import known_clients
from connector.runs.snapshots import Snapshot
from connector.tables import kept_for_nothing

_STATED = ("client_id", "sequence", "plan", "created_on", "upgraded_on", "status", "archived_on", "said_on")
_SAID = ("count_low", "band_low", "band_high", "advisors", "users")
_RECORD = ("client_id", "country", "domain", "template", "tags", "created_on", "upgraded_on")
_MONTHLY = ("client_id", "partner_id", "plan", "created_on", "upgraded_on", "source_id", "source", "sheet", "row")
_REMEMBERED = [
    one.value for one in (Bucket.OPENING, Bucket.ALREADY_BILLED, Bucket.INSIDE_BUNDLE, Bucket.AWAITING_DOCUMENT)
]
STOP, BILL = "stop", "bill"


@dataclass(frozen=True)
class Timed:
    """What time brought about.

    Attributes:
        events: each in its bucket.
        begun: how many there are, counted before they were judged.
        stopped: how many did not begin, because the rules stop those of archived clients.
        charges: what they add.
    """

    events: pl.DataFrame
    begun: int
    stopped: int
    charges: pl.DataFrame


@dataclass(frozen=True)
class Present:
    """What this run knows besides the ledger.

    Attributes:
        clients, bundles: the settled records of the upload.
        charges: what they add.
        doubts: clients about whom a question is open, see `doubts.open_doubts`.
        uploads: what the sources said last.
    """

    clients: pl.DataFrame
    bundles: pl.DataFrame
    charges: pl.DataFrame
    doubts: pl.DataFrame
    uploads: Sequence[Snapshot]


def billed_too_late(basis: Basis, context: Context, present: Present) -> pl.DataFrame:
    """What is billed by time alone although this upload tells that the client was archived by then: for a correction.

    Only clients whose rows say something new are looked at. Under the columns of `problems.term_problems`.
    """
    fresh = present.clients.filter(pl.col("code").is_null() & ~pl.col("unchanged") & ~pl.col("is_new"))
    by_time = pl.col("event").is_in(BY_TIME) & (pl.col("kind") == "charge")
    billed = basis.known.charges.filter(by_time).with_columns(client_id="subject_id", line_metric="metric")
    billed = billed.join(fresh.select("client_id"), on="client_id", how="semi")
    if context.policies.archived_renewal == BILL:
        billed = billed.clear()
    versions = _versions(basis, context, present, billed.select("client_id").unique())
    return _late(billed, versions)


@kept_for_nothing(0)
def _late(billed: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    late = with_state(billed, spans(facts_of(versions.select(_STATED)))).filter("archived")
    return late.with_columns(
        code=pl.lit(TERM_LATE.code), reason=pl.lit("it was billed, and by then the client was archived")
    )


def with_purchases(timed: Timed, purchases: pl.DataFrame, context: Context) -> Timed:
    """With the purchases that no row states, which are counted in the same way."""
    if purchases.is_empty():
        return timed
    return Timed(
        pl.concat([timed.events, purchases], how="diagonal"),
        timed.begun + purchases.height,
        timed.stopped,
        pl.concat([timed.charges, new_charges(purchases, context)]),
    )


def renewing(rulebook: Rulebook) -> pl.DataFrame:
    """What follows a charge of each metric that renews: `metric`, `length`, `renewal_price`, `renewal_tier`."""
    found = [
        (metric, term.length, term.renewal.price, term.renewal.tier)
        for metric, term in rulebook.terms.items()
        if term.renewal is not None
    ]
    names = dict.fromkeys(("metric", "length", "renewal_price", "renewal_tier"), pl.String)
    return pl.DataFrame(found, schema=names, orient="row")


def terms_of(basis: Basis, context: Context, present: Present) -> Timed:
    """Every term and every month that has begun by the run's day and is not billed, rated and in its bucket."""
    known = basis.known
    columns = [name for name in known.charges.columns if name in present.charges.columns]
    charges = pl.concat([_anchored(known).select(columns), present.charges.select(columns)])
    found = begun(charges, renewing(basis.rulebook), context.days, known.stretches)
    found = found.rename({"subject_id": "client_id", "metric": "line_metric"})
    months = _months(basis, context, present)
    wanted = pl.concat([found.select("client_id"), months.select("client_id")]).unique()
    versions = _versions(basis, context, present, wanted)
    states = spans(facts_of(versions.select(_STATED)))
    if context.policies.archived_renewal == STOP:
        months = within(months, states)
    events = with_state(pl.concat([found, months], how="diagonal"), states)
    billed = pl.col("plan").is_in(list(basis.rulebook.monthly_plans))
    events = events.filter((pl.col("event") != EventKind.MONTH.value) | billed)
    return _settled(basis, context, present, events, versions)


def _anchored(known: Known) -> pl.DataFrame:
    """The charges whose first term stands: where it is credited and not billed again, no further term begins."""
    over = known.charges.filter(pl.col("credited") & (pl.col("ordinal") == 1)).select("subject_id", "metric")
    return known.charges.join(over, on=["subject_id", "metric"], how="anti", maintain_order="left")


def _months(basis: Basis, context: Context, present: Present) -> pl.DataFrame:
    """The months that have begun of the clients that are known, or are remembered with this run."""
    plans = basis.rulebook.monthly_plans
    remembered = ~pl.col("is_new") | pl.col("bucket").is_in(_REMEMBERED)
    sound = present.clients.filter(pl.col("code").is_null() & remembered)
    sound = sound.with_columns(source_id=pl.lit(None, pl.String)).select(_MONTHLY)
    stored = basis.known.versions.select(_MONTHLY).join(sound, on="client_id", how="anti")
    clients = pl.concat([stored, sound]) if plans else sound.clear()
    full = pl.when(pl.col("plan") == Plan.FULL_SPOKE.value).then(pl.coalesce("upgraded_on", "created_on"))
    start = pl.col("created_on") if Plan.ASSESSMENT_ONLY.value in plans else full
    sellers = context.partners.sort("valid_from").unique("partner_id", keep="last", maintain_order=True)
    days = sellers.select("partner_id", "selling_entity").join(context.days, on="selling_entity")
    owned = clients.with_columns(start=start).join(days, on="partner_id", how="left", maintain_order="left")
    billed = basis.known.charges.filter(pl.col("event") == EventKind.MONTH.value)
    stretches = basis.known.stretches.join(billed, on=["subject_id", "metric"], how="semi")
    return months_begun(
        owned,
        billed.select("ordinal", client_id="subject_id").unique(),
        stretches.select("first", "latest", client_id="subject_id"),
    )


def _settled(basis: Basis, context: Context, present: Present, events: pl.DataFrame, versions: pl.DataFrame) -> Timed:
    events = _with_record(events, basis, present, versions)
    stopped = 0
    policy = context.policies.archived_renewal
    if policy == STOP:
        stopped = int(events["archived"].sum())
        events = events.filter(~pl.col("archived"))
    elif policy == BILL:
        events = events.with_columns(archived=pl.lit(value=False))
    settled = _rated(events, basis, context, present)
    return Timed(settled, events.height, stopped, new_charges(settled, context))


@kept_for_nothing(0)
def _with_record(events: pl.DataFrame, basis: Basis, present: Present, versions: pl.DataFrame) -> pl.DataFrame:
    """The events with what was last said of their clients by then, and what their latest records say."""
    wanted = versions.select("client_id").unique()
    said = versions.select("client_id", "sequence", size_as_of="said_on", **{f"now_{name}": name for name in _SAID})
    events = as_said(events, said)
    for more in (_records(basis, present, wanted), versions.group_by("client_id").agg(pl.col("known_sequence").max())):
        events = events.join(more, on="client_id", how="left", maintain_order="left")
    return events


def _versions(basis: Basis, context: Context, present: Present, wanted: pl.DataFrame) -> pl.DataFrame:
    """Every version of the clients wanted, that of this upload the last one."""
    columns = [*_STATED, *_SAID, "known_sequence"]
    stored = basis.known.history.with_columns(known_sequence="sequence").select(columns)
    sound = present.clients.filter(pl.col("code").is_null() & ~pl.col("unchanged"))
    days = context.days.select("selling_entity", said_on="as_of")
    now = sound.join(days, on="selling_entity", how="left", maintain_order="left").with_columns(
        sequence=pl.col("known_sequence").fill_null(0) + 1
    )
    return pl.concat([stored, now.select(columns)]).join(wanted, on="client_id", how="semi", maintain_order="left")


def _records(basis: Basis, present: Present, wanted: pl.DataFrame) -> pl.DataFrame:
    """What the latest record of each client says that has no day: this upload's, else the last upload's."""
    sound = present.clients.filter(pl.col("code").is_null()).select(_RECORD)
    stored, _ = known_clients(basis.known, present.uploads, wanted.join(sound, on="client_id", how="anti"))
    return pl.concat([sound, stored.with_columns(tags=tag_list()).select(_RECORD)])


@kept_for_nothing(0)
def _rated(events: pl.DataFrame, basis: Basis, context: Context, present: Present) -> pl.DataFrame:
    doubts = present.doubts.select("client_id", doubt=pl.format("its row asks a question: {} ({})", "code", "run_id"))
    frame = judged_terms(sized(events, "was_tier"), doubts, context)
    frame = frame.with_columns(subject_id="client_id", advisors="now_advisors", users="now_users")
    frame = _counted(basis, context, present, frame)
    numbered = frame.with_row_index("event_id").with_columns(pl.col("event_id").cast(pl.UInt32))
    return settled_terms(numbered, basis.rulebook.rate(asked(rateable(numbered))))


def _counted(basis: Basis, context: Context, present: Present, frame: pl.DataFrame) -> pl.DataFrame:
    """The terms with the counts that some rule looks at, this upload's clients and purchases among what is counted."""
    sound = present.clients.filter(pl.col("code").is_null()).select(CLIENT)
    stored = basis.known.versions.select(CLIENT).join(sound, on="client_id", how="anti")
    known = replace(basis.known, versions=pl.concat([stored, sound]))
    bought = present.bundles.drop(CLIENTS_THIS_YEAR, PLACES_LEFT)
    return counted(replace(basis, known=known), frame, bought, context)[0]
