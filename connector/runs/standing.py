"""Client rows that say what the ledger settled last of their client: they leave before anything is asked of them.

Most rows of a nightly export are like this, and reading all that is known of their clients would cost more than the
rest of the run. A stranger's trap: a row leaves only if no other row of the upload, no open question and no rule could
make more of it than `unchanged`. Where terms or months begin by themselves, or a rule counts clients, none leaves: what
a row says of its client then decides prices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from connector import ledger
from connector.billing.identity import with_digests, with_row_digests
from connector.billing.lifecycle import UPLOAD_DAY
from connector.domain.words import REMEMBERED, Bucket, RecordKind
from connector.rulebook import Rulebook
from connector.runs import store
from connector.runs.snapshots import SIZES, Snapshot, values
from connector.tables.schemas import Schema

STANDING: Schema = {
    "source": pl.String,
    "sheet": pl.String,
    "row": pl.UInt32,
    "client_id": pl.String,
    "partner_id": pl.String,
    "name": pl.String,
}
_AGAIN = [
    "sheet",
    "row",
    "value_client_ref",
    "value_domain",
]  # where a row may stand again, whatever its file is called


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


@dataclass(frozen=True)
class Past:
    """What runs before left.

    Attributes:
        uploads: the last uploads of every source.
        doubts: the questions that stand, `doubts.DOUBTS`.
        latest_day: the latest day that a run was made for.
    """

    uploads: tuple[Snapshot, ...]
    doubts: pl.DataFrame
    latest_day: date


def begins_by_time(rulebook: Rulebook) -> bool:
    """Whether terms or months begin without a row that says so."""
    return bool(rulebook.monthly_plans) or any(term.renewal is not None for term in rulebook.terms.values())


def parted(clients: pl.DataFrame, rulebook: Rulebook, days: Mapping[str, date], past: Past) -> Uploaded:
    """The client records of an upload, those apart that stand as they were settled.

    Args:
        clients: the records, `tables.CLIENTS`.
        rulebook: what rates them.
        days: the day of the run in each selling entity.
        past: what runs before left.
    """
    key = ledger.alias_key()
    if begins_by_time(rulebook) or rulebook.counted:
        return each_asked(clients)
    numbered = clients.with_row_index("at")
    left = _standing(numbered, rulebook, min(days.values()), past)
    left = left.join(past.doubts.select("client_id"), on="client_id", how="anti", maintain_order="left")
    asked = with_digests(numbered.join(left.select("at"), on="at", how="anti", maintain_order="left"), key)
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


def _standing(numbered: pl.DataFrame, rulebook: Rulebook, today: date, past: Past) -> pl.DataFrame:
    """The records of which the ledger has just that as its latest version of a client, with the `client_id`."""
    begun = pl.coalesce("upgraded_on", "created_on") <= today  # a later one is a question of its own
    if rulebook.policies.undated_upgrade == UPLOAD_DAY and today < past.latest_day:
        begun = pl.lit(value=False)  # what was upgraded on the day of an upload may be after this one
    sound = numbered.filter(begun)
    again = _as_uploaded(sound, past.uploads)
    others = with_row_digests(sound.join(again, on="at", how="anti", maintain_order="left"), ledger.alias_key())
    others = others.filter(~pl.col("row_digest").is_duplicated())
    known = others.join(ledger.standing_as(others["row_digest"]), on="row_digest").select("at", "client_id")
    found = pl.concat([again, known])
    found = found.filter(pl.col("client_id").is_unique())
    return sound.join(found, on="at", maintain_order="left")


def _as_uploaded(records: pl.DataFrame, uploads: Sequence[Snapshot]) -> pl.DataFrame:
    """The records that stand where they stood and say what they said when they were settled: `at` and `client_id`.

    That spares their digests. Whoever else was approved since may have said something else of the client.
    """
    now = values(records, RecordKind.CLIENTS).with_columns(at=records["at"], spelled=records["employees_text"])
    kept = [pl.DataFrame(schema={"at": pl.UInt32, "client_id": pl.String})]
    rows = [one.rows for one in uploads if one.kind is RecordKind.CLIENTS and _has_again(one, now)]
    settled = pl.col("bucket").is_in(REMEMBERED)
    for (run_id,), before in pl.concat(rows).filter(settled).group_by("run_id") if rows else ():
        there = before.filter(pl.col("sound") & pl.col("missing_since").is_null() & pl.col("subject").is_not_null())
        both = now.join(there, on=_AGAIN, suffix="_before", nulls_equal=True, maintain_order="left")
        said = [name for name in now.columns if name.startswith("value_") or name == "namespace"]
        same = (pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in said if name not in _AGAIN)
        sizes = pl.concat_str([f"shown_{name}" for name in SIZES], separator=" / ", ignore_nulls=True).replace("", None)
        both = both.filter(pl.all_horizontal(same) & pl.col("spelled").eq_missing(sizes))  # its digest has it so
        kept.append(_still(both.select("at", "bucket", client_id="subject"), str(run_id)))
    return pl.concat(kept).unique("at", keep="none", maintain_order=True)


def _has_again(one: Snapshot, now: pl.DataFrame) -> bool:
    """Whether a row of an upload before may stand there again; if none does, the rest of it need not be read."""
    return not one.columns(*_AGAIN).join(now, on=_AGAIN, how="semi", nulls_equal=True).is_empty()


def _still(rows: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """Those of the rows of a run whose clients the ledger knows just so since: by that run, or from before it."""
    others = store.approved_since(run_id)
    if others is None:
        return rows.clear().drop("bucket")
    if not store.is_applied_whole(run_id):
        rows = rows.filter(pl.col("bucket") == Bucket.UNCHANGED.value)
    retold = ledger.read_among("client_version", "run_id", others, columns=["client_id"])
    return rows.join(retold, on="client_id", how="anti", maintain_order="left").drop("bucket")


def each_asked(clients: pl.DataFrame) -> Uploaded:
    """The same where none leaves, with the aliases that these records name."""
    asked = with_digests(clients, ledger.alias_key())
    return Uploaded(_told(clients.clear()), asked, _aliases(asked))


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
    own = pl.concat([asked["ref_digest"], asked["pair_digest"]]).drop_nulls().unique()
    domains = ledger.read_among("client_alias", "domain_digest", asked["domain_digest"].drop_nulls().unique())
    return pl.concat([ledger.aliases_of(own), domains]).unique("id", maintain_order=True)
