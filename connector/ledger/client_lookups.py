"""Clients by what an upload says of them, without reading those it does not name."""

import json
from collections.abc import Iterable

import polars as pl

from connector.ledger import database
from connector.ledger.frames import framed, read
from connector.ledger.schemas import TABLES
from connector.tables.schemas import Schema, empty

_SAID: Schema = {"client_id": pl.String, "row_digest": pl.String, "sequence": pl.Int64}
_EDITED = "SELECT client_id, max(sequence) FROM client_version WHERE sequence > 1 GROUP BY client_id"
_WITHOUT_ID = "SELECT 1 FROM client_alias WHERE client_alias.client_id = client.client_id AND kind = 'ref'"


def standing_as(row_digests: Iterable[str]) -> pl.DataFrame:
    """The clients whose latest version says just that: `client_id` and `row_digest`.

    Args:
        row_digests: digests of contents, see `billing.identity.with_row_digests`.
    """
    # One look-up for each digest, in the order given: a join the other way round would sort them first.
    listed = f"({database.dialect().LISTED}) AS listed"
    sql = f"SELECT client_id, row_digest, sequence FROM {listed} CROSS JOIN client_version WHERE row_digest = value"  # noqa: S608 - constants only
    found = framed(database.fetch(sql, [json.dumps(list(row_digests))]), _SAID)
    if found.is_empty():
        return found.drop("sequence")
    edited = framed(database.fetch(_EDITED), {"client_id": pl.String, "latest": pl.Int64})
    now = found.join(edited, on="client_id", how="left", maintain_order="left")
    return now.filter(pl.col("sequence") == pl.col("latest").fill_null(1)).drop("sequence", "latest")


def aliases_of(digests: Iterable[str]) -> pl.DataFrame:
    """The aliases that have one of these digests, in the order they were written.

    Args:
        digests: of ids and of partners with domains, see `billing.identity.with_digests`.
    """
    listed = list(digests)
    if not listed:
        return empty(TABLES["client_alias"])
    # Their index begins with the kind: unnamed, every alias there is would be read.
    where = f"kind IN ('domain', 'ref') AND digest IN ({database.dialect().LISTED})"
    return read("client_alias", where, [json.dumps(listed)])


def without_id() -> list[str]:
    """The clients that no id of a source leads to: they are known by their partner and domain alone."""
    return [row[0] for row in database.fetch(f"SELECT client_id FROM client WHERE NOT EXISTS ({_WITHOUT_ID})")]  # noqa: S608 - constants only
