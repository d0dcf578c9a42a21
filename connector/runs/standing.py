"""Client rows that say what the ledger settled last of their client: they leave before anything is asked of them.

Most rows of a nightly export are like this, and reading all that is known of their clients would cost more than the
rest of the run. A stranger's trap: a row leaves only if no other row of the upload, no open question and no rule could
make more of it than `unchanged`. Where terms or months begin by themselves none leaves, for what a row says of its
client then decides prices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from connector import ledger
from connector.billing.identity import with_digests, with_row_digests
from connector.billing.lifecycle import UPLOAD_DAY
from connector.domain.words import Bucket
from connector.rulebook import Rulebook
from connector.tables.schemas import Schema

STANDING: Schema = {
    "source": pl.String,
    "sheet": pl.String,
    "row": pl.UInt32,
    "client_id": pl.String,
    "partner_id": pl.String,
    "name": pl.String,
}
_LOOKED_UP = {"digest": ("ref_digest", "pair_digest"), "domain_digest": ("domain_digest",)}


@dataclass(frozen=True)
class Uploaded:
    """The client records of an upload.

    Attributes:
        standing: those that left, under `STANDING`.
        asked: the others in the order of the upload, with their digests.
        aliases: every alias that one of their digests names.
    """

    standing: pl.DataFrame
    asked: pl.DataFrame
    aliases: pl.DataFrame


def begins_by_time(rulebook: Rulebook) -> bool:
    """Whether terms or months begin without a row that says so."""
    return bool(rulebook.monthly_plans) or any(term.renewal is not None for term in rulebook.terms.values())


def parted(
    clients: pl.DataFrame, rulebook: Rulebook, days: Mapping[str, date], doubts: pl.DataFrame, latest: date
) -> Uploaded:
    """The client records of an upload, those apart that stand as they were settled.

    Args:
        clients: the records, `tables.CLIENTS`.
        rulebook: what rates them.
        days: the day of the run in each selling entity.
        doubts: the questions that stand, `doubts.DOUBTS`.
        latest: the latest day that a run was made for.
    """
    key = ledger.alias_key()
    if begins_by_time(rulebook):
        asked = with_digests(clients, key)
        return Uploaded(_told(clients.clear()), asked, _aliases(asked))
    digested = with_row_digests(clients, key).with_row_index("at")
    today = min(days.values())
    begun = pl.coalesce("upgraded_on", "created_on") <= today  # a later one is a question of its own
    once = digested.filter(~pl.col("row_digest").is_duplicated() & begun)
    if rulebook.policies.undated_upgrade == UPLOAD_DAY and today < latest:
        once = once.clear()  # what was upgraded on the day of an upload may be after this one
    known = ledger.standing_as(once["row_digest"])
    left = once.join(known, on="row_digest", maintain_order="left")
    left = left.join(doubts.select("client_id"), on="client_id", how="anti", maintain_order="left")
    asked = with_digests(digested.join(left.select("at"), on="at", how="anti", maintain_order="left"), key)
    aliases = _aliases(asked)
    while True:
        named = pl.col("client_id").is_in(aliases["client_id"].implode())
        called = left.filter(named | pl.col("domain").is_in(asked["domain"].drop_nulls().implode()))
        if called.is_empty():
            break
        left = left.join(called.select("at"), on="at", how="anti", maintain_order="left")
        called = with_digests(called.drop("client_id"), key)
        asked = pl.concat([asked, called.select(asked.columns)])
        aliases = pl.concat([aliases, _aliases(called)]).unique("id", maintain_order=True)
    return Uploaded(_told(left), asked.sort("at").drop("at"), aliases)


def everybody_asked(clients: pl.DataFrame, key: bytes) -> Uploaded:
    """The same where none leaves and the whole ledger was read.

    Args:
        clients: the records, `tables.CLIENTS`.
        key: the ledger's digest key.
    """
    return Uploaded(_told(clients.clear()), with_digests(clients, key), pl.DataFrame())


def left_alone(standing: pl.DataFrame) -> pl.DataFrame:
    """The records that left, in their bucket, as `charges.settled` puts the others."""
    none = {name: pl.lit(None, pl.String) for name in ("metric", "rule_id", "code", "reason")}
    return standing.with_columns(bucket=pl.lit(Bucket.UNCHANGED.value), **none)


def _told(left: pl.DataFrame) -> pl.DataFrame:
    columns = [pl.col(name) if name in left.columns else pl.lit(None, pl.String).alias(name) for name in STANDING]
    return left.select(columns)


def _aliases(asked: pl.DataFrame) -> pl.DataFrame:
    """The aliases that these records name, of whatever client."""
    parts = [
        ledger.read_among("client_alias", column, pl.concat([asked[name] for name in names]).drop_nulls().unique())
        for column, names in _LOOKED_UP.items()
    ]
    return pl.concat(parts).unique("id", maintain_order=True)
