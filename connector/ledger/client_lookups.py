"""Clients by what an upload says of them, without reading those it does not name."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from connector.ledger import database
from connector.ledger.frames import framed, read
from connector.ledger.schemas import TABLES
from connector.tables.schemas import Schema, empty

_SAID: Schema = {"client_id": pl.String, "row_digest": pl.String, "sequence": pl.Int64}
_EDITED = "SELECT client_id, max(sequence) FROM client_version WHERE sequence > 1 GROUP BY client_id"
_WITHOUT_ID = "SELECT 1 FROM client_alias WHERE client_alias.client_id = client.client_id AND kind = 'ref'"
_LATEST = (
    "NOT EXISTS (SELECT 1 FROM client_version AS later"
    " WHERE later.client_id = client_version.client_id AND later.sequence > client_version.sequence)"
)
_HOLDS = "{column} {like} ? ESCAPE '!'"
_NAMED = "SELECT owner_id FROM personal WHERE owner_type = 'client' AND field = 'name' AND {holds}"
_EVERYBODY = "(SELECT count(*) FROM client_version WHERE sequence = 1)"  # of every client there is one
_SO_MANY = "count(*) OVER ()"  # counted in the same pass as they are looked for
_NO_LIMIT = 2**62
_ESCAPED = str.maketrans({sign: f"!{sign}" for sign in "!%_"})


@dataclass(frozen=True)
class Looked:
    """Which clients are looked for.

    Attributes:
        partner_id: whose clients by their latest version; empty for everybody's.
        text: what the id, the partner's id or the name of each holds, in whatever case; empty for anything. Databases
            differ in the case of letters beyond ASCII, so that each of those fits any text.
        also: ids of clients that fit whatever they hold.
    """

    partner_id: str = ""
    text: str = ""
    also: Sequence[str] = ()


def clients_like(looked: Looked, start: int = 0, most: int | None = None) -> tuple[list[str], int]:
    """The ids of clients, the one whose latest version came last first, and how many there are.

    Args:
        looked: which.
        start: the first one, from 0.
        most: how many at most; None for all.
    """
    parts, values = [_LATEST], []
    if looked.partner_id:
        parts.append("partner_id = ?")
        values.append(looked.partner_id)
    if looked.text:
        by_id, by_partner, by_name = (
            _HOLDS.format(column=one, like=database.dialect().ALIKE) for one in ("client_id", "partner_id", "value")
        )
        named, listed = _NAMED.format(holds=by_name), database.dialect().LISTED
        parts.append(f"({by_id} OR {by_partner} OR client_id IN ({named}) OR client_id IN ({listed}))")
        values += [_pattern(looked.text)] * 3 + [json.dumps(list(looked.also))]
    counted = _SO_MANY if len(parts) > 1 else _EVERYBODY
    sql = (
        f"SELECT client_id, {counted} FROM client_version WHERE {' AND '.join(parts)}"  # noqa: S608 - constants only
        " ORDER BY id DESC LIMIT ? OFFSET ?"
    )
    found = database.fetch(sql, [*values, _NO_LIMIT if most is None else most, start])
    if not found and start:  # beyond the last one: nothing tells how many there are
        return [], clients_like(looked, most=1)[1]
    return [client_id for client_id, _ in found], found[0][1] if found else 0


def _pattern(text: str) -> str:
    """The text as LIKE takes it, anything in the place of each letter beyond ASCII."""
    plain = "".join(one if one.isascii() else "\0" for one in text.lower())
    return f"%{plain.translate(_ESCAPED)}%".replace("\0", "%")


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
