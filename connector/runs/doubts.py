"""Clients about whom a question is open: their terms wait for the answer. Kept from plan to plan. Pure.

A stranger's trap: what is held is not remembered by the ledger, so a plan without files would know nothing of it. The
questions of each plan are kept with it, and a client's is answered by a later upload in which its row has none.
"""

from collections.abc import Iterable, Sequence
from pathlib import PurePath

import polars as pl

from connector.domain.words import RecordKind
from connector.intake import SourceInfo
from connector.runs.gone import GONE
from connector.runs.heads import is_repaired, is_same
from connector.runs.snapshots import Snapshot
from connector.tables import empty
from connector.tables.schemas import Schema

DOUBTS: Schema = {"client_id": pl.String, "code": pl.String, "run_id": pl.String}
_HALF = 2


def open_doubts(clients: pl.DataFrame, earlier: pl.DataFrame, gone: Iterable[str], run_id: str) -> pl.DataFrame:
    """The questions that stand after this upload, one for each client, under `DOUBTS`.

    Args:
        clients: the settled records of clients.
        earlier: those that stood after the last plan.
        gone: clients that earlier uploads had and this one should have.
        run_id: this run.
    """
    known = clients.filter(~pl.col("is_new"))
    sound = known.filter(pl.col("code").is_null()).select("client_id")
    asked = known.filter(pl.col("code").is_not_null()).select("client_id", "code")
    missing = pl.DataFrame({"client_id": list(gone)}, schema={"client_id": pl.String}).with_columns(
        code=pl.lit(GONE.code)
    )
    fresh = pl.concat([asked, missing]).join(sound, on="client_id", how="anti").with_columns(run_id=pl.lit(run_id))
    standing = earlier.join(known, on="client_id", how="anti").select(list(DOUBTS))
    return pl.concat([empty(DOUBTS), standing, fresh]).unique("client_id", keep="first", maintain_order=True)


def gone_clients(clients: pl.DataFrame, sources: Sequence[SourceInfo], earlier: Iterable[Snapshot]) -> list[str]:
    """Clients of the last version of a list that this upload continues and that it does not have, in order.

    It continues a list whose name or contents one of its files has, with half of the clients of either, or half of
    whose clients stand in it; see `heads`.

    Args:
        clients: the identified records of this upload.
        sources: its files.
        earlier: the last uploads of every source.
    """
    own = clients.select("source", subject="client_id").unique()
    here = own.select("subject").unique()
    sizes = dict(own.group_by("source").len().iter_rows())
    missing, elsewhere = [empty({"subject": pl.String})], [here]
    for one in earlier:
        if one.kind is not RecordKind.CLIENTS:
            continue
        there = one.columns("missing_since", "subject").filter(pl.col("missing_since").is_null())
        standing = there.select("subject").drop_nulls().unique()
        again = standing.join(here, on="subject", how="semi").height
        shared = dict(own.join(standing, on="subject", how="semi").group_by("source").len().iter_rows())
        linked = (
            is_same(info, one)
            or is_repaired(info, one)
            or (_is_named(info, one) and number * _HALF >= min(sizes[info.name], standing.height))
            for info in sources
            if (number := shared.get(info.name, 0))
        )
        continued = again > 0 and (any(linked) or again * _HALF >= standing.height)
        (missing if continued else elsewhere).append(standing)
    left = pl.concat(missing).unique().join(pl.concat(elsewhere), on="subject", how="anti")
    return left["subject"].sort().to_list()


def _is_named(info: SourceInfo, one: Snapshot) -> bool:
    return PurePath(info.name).name.casefold() == PurePath(one.source).name.casefold()
