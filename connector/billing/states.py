"""What a client was on a day: its facts replayed by the day they took effect, never by the day they arrived.

A stranger's trap: an upload is no fact. It tells of facts, most of them with a day of their own; only where a row has
none is the day of the upload the fact's, the first upload that says so.
"""

import polars as pl

from connector.domain.words import ClientStatus, Plan
from connector.tables.schemas import Schema

UPGRADED, ARCHIVED, REACTIVATED = "upgraded", "archived", "reactivated"
# In this order where several are of one day: what was created and upgraded on a day is upgraded in the end.
ORDER = (Plan.ASSESSMENT_ONLY.value, Plan.FULL_SPOKE.value, UPGRADED, ARCHIVED, REACTIVATED)
FACTS: Schema = {"client_id": pl.String, "on": pl.Date, "fact": pl.String}  # a fact of creation is the plan's name
SPANS: Schema = {"client_id": pl.String, "since": pl.Date, "plan": pl.String, "archived": pl.Boolean}


def facts_of(versions: pl.DataFrame) -> pl.DataFrame:
    """The facts that all versions of some clients tell, under `FACTS`.

    Creation and upgrade are as the latest version says: an edited day supersedes the earlier one. A client is archived
    on the day its row gives, else on the day of the first upload of those that say so one after the other; it is
    reactivated on the day of the first upload that says so, unless the next ones say that it was archived by then.

    Args:
        versions: `client_id`, `sequence`, `plan`, `created_on`, `upgraded_on`, `status`, `archived_on`, `said_on`.
    """
    ordered = versions.sort("client_id", "sequence")
    last = ordered.unique("client_id", keep="last", maintain_order=True)
    upgraded = pl.col("upgraded_on").is_not_null()
    before = pl.when(upgraded).then(pl.lit(Plan.ASSESSMENT_ONLY.value)).otherwise("plan")
    created = last.select("client_id", on="created_on", fact=before)
    raised = last.filter(upgraded).select("client_id", on="upgraded_on", fact=pl.lit(UPGRADED))
    return pl.concat([created, raised, *_turns(ordered)]).select(list(FACTS))


def _turns(ordered: pl.DataFrame) -> list[pl.DataFrame]:
    """The days on which clients were archived and reactivated."""
    gone = pl.col("status") == ClientStatus.ARCHIVED.value
    turned = gone != gone.shift(1, fill_value=False).over("client_id")
    runs = ordered.with_columns(gone=gone, turn=turned.cum_sum().over("client_id"))
    stretches = runs.filter(pl.col("turn") > 0).group_by("client_id", "turn", maintain_order=True).agg(
        gone=pl.col("gone").first(),
        on=pl.coalesce(pl.col("archived_on").drop_nulls().last(), pl.col("said_on").first()),
        back=pl.col("said_on").first(),
    )  # fmt: skip
    archived = stretches.filter("gone").select("client_id", "on", fact=pl.lit(ARCHIVED))
    # Whoever says afterwards that it was archived by that day takes the return back.
    undone = (pl.col("on").shift(-1).over("client_id") <= pl.col("back")).fill_null(value=False)
    back = stretches.filter(~pl.col("gone") & ~undone).select("client_id", on="back", fact=pl.lit(REACTIVATED))
    return [archived, back]


def spans(facts: pl.DataFrame) -> pl.DataFrame:
    """From which day a client was what, under `SPANS`; the order of the rows of `facts` does not matter.

    Args:
        facts: under `FACTS`; the same fact twice is one.
    """
    rank = pl.col("fact").replace_strict(list(ORDER), list(range(len(ORDER))), return_dtype=pl.Int8)
    ordered = facts.sort("client_id", "on", rank)
    fact = pl.col("fact")
    plan = (
        pl.when(fact.is_in([one.value for one in Plan]))
        .then(fact)
        .when(fact == UPGRADED)
        .then(pl.lit(Plan.FULL_SPOKE.value))
    )
    archived = pl.when(fact == ARCHIVED).then(pl.lit(value=True)).when(fact == REACTIVATED).then(pl.lit(value=False))
    states = ordered.select(
        "client_id",
        since="on",
        plan=plan.forward_fill().over("client_id"),
        archived=archived.forward_fill().over("client_id").fill_null(value=False),
    )
    return states.unique(["client_id", "since"], keep="last", maintain_order=True)


def with_state(events: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """The events with `plan` and `archived` as they were on `event_on`; null and false before the first fact."""
    numbered = events.with_row_index("_at").sort("event_on")
    joined = numbered.join_asof(
        states.sort("since"), left_on="event_on", right_on="since", by="client_id", check_sortedness=False
    )
    return joined.sort("_at").drop("_at", "since").with_columns(pl.col("archived").fill_null(value=False))


def as_said(events: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """The events with what was last said of their client by `event_on`, else what was said first after it.

    Args:
        events: with `client_id` and `event_on`.
        versions: `client_id`, `sequence`, `size_as_of` (the day it was said), and what is wanted of them.
    """
    ordered = versions.sort("size_as_of", "sequence")
    asked = events.select("client_id", "event_on").with_row_index("_at").sort("event_on")
    by = asked.join_asof(
        ordered.select("client_id", "size_as_of", by="sequence"),
        left_on="event_on",
        right_on="size_as_of",
        by="client_id",
        check_sortedness=False,
    )
    first = ordered.group_by("client_id").agg(first=pl.col("sequence").first())
    found = by.join(first, on="client_id", how="left").sort("_at").select(sequence=pl.coalesce("by", "first"))
    told = events.with_columns(found["sequence"])
    return told.join(versions, on=["client_id", "sequence"], how="left", maintain_order="left")
