"""Two ids of one client: a person says that one made here and one of an export are the same, so none is billed twice.

What is written is an alias, an entry like those that a run writes: from then on both ids lead to one client. A
stranger's trap: two clients that both have entries stay two. What each was billed stands, and nobody can merge it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

import polars as pl

from connector import ledger
from connector.billing.digests import alike
from connector.billing.identity import new_client_id, reference_digest
from connector.domain.words import RecordKind
from connector.intake import Mappings
from connector.runs import kept_uploads, serial
from connector.runs.errors import INPUT, StopError
from connector.runs.made_here import FILE, Row
from connector.runs.writing import append

DOMAIN, NAME = "the same website domain", "the same name"
_CELLS = ("client_ref", "name", "domain", "partner_id", "plan", "created_on")


@dataclass(frozen=True)
class Match:
    """A client of an upload that may be one made here.

    Attributes:
        namespace, client_ref: its id, and whose ids these are.
        name, domain, plan, created_on: as its row says; empty where it does not.
        source, row: its file, and where in it.
        evidence: what the two have in common; empty where a person looked for it by its id alone.
        client_id: the client that it is in the ledger; empty where it is none yet.
    """

    namespace: str
    client_ref: str
    name: str
    domain: str
    plan: str
    created_on: str
    source: str
    row: int
    evidence: tuple[str, ...]
    client_id: str


def matches(made: Row, mappings: Mappings, client_ref: str = "") -> tuple[Match, ...]:
    """Clients of the last uploads that may be one made here: of its partner, the best evidence first.

    Args:
        made: the row of the client made here.
        mappings: they say which ids are those of clients made here.
        client_ref: the id that a person looks for; empty for those that have its domain or its name.
    """
    uploads = [one for one in kept_uploads.last_uploads() if one.kind is RecordKind.CLIENTS and not one.is_erased]
    columns = ("namespace", "source", "row", "missing_since", *(f"value_{name}" for name in _CELLS))
    found = [_alike(one.columns(*columns), made, mappings.made_here.namespace, client_ref) for one in uploads]
    rows = [row for frame in found for row in frame.iter_rows(named=True)]
    latest = {(row["namespace"], row["value_client_ref"]): row for row in rows}
    told = [_match(row) for row in latest.values()]
    return tuple(sorted(told, key=lambda one: (-len(one.evidence), DOMAIN not in one.evidence, one.client_ref)))


def join(made: Row, match: Match, mappings: Mappings, *, now: datetime, by: str) -> str:
    """Make a client made here and one of an upload one client, whichever of them the ledger knows.

    Args:
        made: the row of the client made here.
        match: the other.
        mappings: as `matches`.
        now: the moment, UTC.
        by: who says so.

    Returns:
        the client; empty where the ledger knows neither yet.

    Raises:
        StopError: the ledger knows both, as two clients.
    """
    key = ledger.alias_key()
    own = reference_digest(mappings.made_here.namespace, made["client_ref"], key)
    other = reference_digest(match.namespace, match.client_ref, key)
    with ledger.transaction():
        serial.hold_clients(_clients([own, other]).values(), [own, other])
        known = _clients([own, other])
        here, there = known.get(own, ""), known.get(other, "")
        if here and there and here != there:
            message = f"{made['client_ref']} is client {here} in the ledger, and {match.client_ref} is {there}"
            step = "Each has entries of its own. Archive the one made here, and credit what is billed twice."
            raise StopError(message, f"{step} See 'connector correct'.", INPUT)
        client = here or there
        if client and here != there:
            _lead([(other if here else own, client)], now, by)
    return client


def ids_of(references: Iterable[str], mappings: Mappings) -> Mapping[str, str]:
    """The clients that those made here are in the ledger, or will be once a run has brought them; by their references.

    Args:
        references: the ids of clients made here.
        mappings: they say whose ids a file carries.
    """
    key, space = ledger.alias_key(), mappings.made_here.namespace
    digests = {one: reference_digest(space, one, key) for one in references}
    known = _clients(digests.values())
    return {one: known.get(digest) or new_client_id(digest, key) for one, digest in digests.items()}


def take_over(references: Iterable[str], mappings: Mappings, *, now: datetime, by: str) -> int:
    """Have clients made here, whose ids were once read as those of a platform, known by ids of their own.

    Only what came from the file of what was made here counts: a client of the platform with such an id stays what it
    is. What is known already is left alone.

    Args:
        references: the ids of all clients made here.
        mappings: they say whose ids a file carries.
        now: the moment, UTC.
        by: in whose name.

    Returns:
        how many clients were taken over.
    """
    sources = ledger.read("source", columns=["source_id", "name"])
    ours = [one for one, name in sources.iter_rows() if PurePath(name).name == FILE]
    clients = set(ledger.read_among("client_version", "source_id", ours, columns=["client_id"])["client_id"])
    if not clients:
        return 0
    key, own = ledger.alias_key(), mappings.made_here.namespace
    others = {one.namespace for one in mappings.items} - {own}
    was = {reference_digest(space, one, key): one for one in references for space in others}
    now_called = {one: reference_digest(own, one, key) for one in was.values()}
    with ledger.transaction():
        serial.hold_clients(clients, now_called.values())
        known = _clients([*was, *now_called.values()])
        rows = {
            now_called[one]: known[digest]
            for digest, one in was.items()
            if known.get(digest) in clients and now_called[one] not in known
        }
        if rows:
            _lead(rows.items(), now, by)
    return len(rows)


def _clients(digests: Iterable[str]) -> Mapping[str, str]:
    """The clients that ids lead to, by the digest of the id."""
    return dict(ledger.aliases_of(digests).select("digest", "client_id").iter_rows())


def _lead(rows: Iterable[tuple[str, str]], now: datetime, by: str) -> None:
    """Enter that these ids lead to these clients, with the run by which each client came."""
    frame = pl.DataFrame(list(rows), schema={"digest": pl.String, "client_id": pl.String}, orient="row")
    versions = ledger.read_among("client_version", "client_id", frame["client_id"], columns=["client_id", "partner_id"])
    partners = versions.unique("client_id", keep="last", maintain_order=True)
    runs = ledger.read_among("client", "client_id", frame["client_id"], columns=["client_id", "run_id"])
    frame = frame.join(partners, on="client_id", maintain_order="left").join(runs, on="client_id")
    named = frame.with_columns(kind=pl.lit("ref"), domain_digest=pl.lit(None, pl.String))
    append("client_alias", named.with_columns(recorded_at=pl.lit(now, pl.Datetime("us", "UTC"))))
    ledger.seal(now, by)


def _alike(rows: pl.DataFrame, made: Row, own: str, client_ref: str) -> pl.DataFrame:
    """The rows of the same partner that have that id, or else something in common, with what that is."""
    wanted = pl.DataFrame({name: [made[name]] for name in ("partner_id", "name")} | {"client_ref": [client_ref]})
    told = wanted.select(alike(name) for name in wanted.columns).row(0, named=True)
    said = rows.filter(
        pl.col("missing_since").is_null()
        & (pl.col("namespace") != own)
        & pl.col("value_client_ref").is_not_null()
        & (alike("value_partner_id") == told["partner_id"])
    ).with_columns(
        is_domain=(pl.col("value_domain") == made["domain"]).fill_null(value=False),
        is_name=(alike("value_name") == told["name"]).fill_null(value=False),
    )
    return said.filter(
        alike("value_client_ref") == told["client_ref"] if client_ref else pl.col("is_domain") | pl.col("is_name")
    )


def _match(row: Mapping[str, object]) -> Match:
    evidence = [word for word, has in ((DOMAIN, row["is_domain"]), (NAME, row["is_name"])) if has]
    ref = str(row["value_client_ref"])
    digest = reference_digest(str(row["namespace"]), ref, ledger.alias_key())
    texts = {name: str(row[f"value_{name}"] or "") for name in ("name", "domain", "plan", "created_on")}
    source, at = PurePath(str(row["source"])).name, int(str(row["row"]))
    known = _clients([digest]).get(digest, "")
    return Match(str(row["namespace"]), ref, **texts, source=source, row=at, evidence=tuple(evidence), client_id=known)
