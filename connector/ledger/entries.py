"""Entry digests and batches: what each row of an append-only table says, in one digest, under one link of a chain.

A stranger's trap: `append` comes here by itself, so no row can be written past it. The digest is over the columns that
are not null, by name, so that a column added later, null in older rows, changes no digest. The automatic `id` is not in
it; the order of arrival is, because a link's digest is over the rows in that order.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import polars as pl

from connector.ledger import database
from connector.ledger.chain import chain_append
from connector.ledger.errors import RefusedError
from connector.ledger.schemas import APPEND_ONLY, LEDGER_CHAIN, SEALED, insert_schema
from connector.ledger.times import time_of

_TOKEN_BYTES = 8
_PAGE_ROWS = 50_000
_MOST_ASKED = 500  # documents in one question, below every database's limit of parameters
_TIMES = ("recorded_at", "at", "received_at")
_acting: ContextVar[str] = ContextVar("acting", default="")


@contextmanager
def acting(by: str) -> Iterator[None]:
    """Name the person whose entries are made inside; an inner name counts before an outer one."""
    token = _acting.set(by)
    try:
        yield
    finally:
        _acting.reset(token)


def acting_person() -> str:
    """Who makes entries now; empty where nobody is named."""
    return _acting.get()


def entry_digests(table: str, stored: pl.DataFrame) -> pl.Series:
    """The digest of every row.

    Args:
        table: a table of `SEALED`.
        stored: its rows as the database holds them: texts, whole numbers, days and times as text.
    """
    texts = stored.select(_canonical(table)).to_series()
    return pl.Series([sha256(one.encode()).hexdigest() for one in texts], dtype=pl.String)


def _canonical(table: str) -> pl.Expr:
    """`table;name=length:text;name=number;…`: lengths in bytes, so that no text can pass for another."""
    parts = [
        pl.format("{}={}:{};", pl.lit(name), pl.col(name).str.len_bytes(), pl.col(name))
        if kind in (pl.String, pl.Date, pl.Datetime)
        else pl.format("{}={};", pl.lit(name), pl.col(name))
        for name, kind in sorted(insert_schema(table).items())
    ]
    return pl.concat_str([pl.lit(f"{table};"), *(part.fill_null("") for part in parts)])


def stamped(table: str, stored: pl.DataFrame) -> pl.DataFrame:
    """The rows with `batch` and `entry_digest`, noted for the links that the open transaction ends with.

    Raises:
        RefusedError: a row belongs to a document that is not there.
    """
    transaction = database.of_transaction(_Batches)
    chains = _chains(stored, transaction)
    digests = pl.concat(entry_digests(table, page) for page in stored.iter_slices(_PAGE_ROWS))
    sealed = stored.with_columns(batch=transaction.token + "/" + chains, entry_digest=digests)
    transaction.note(table, sealed.with_columns(chain=chains))
    return sealed


def seal(at: datetime, by: str) -> dict[str, str]:
    """End the batch: one link for each chain that the open transaction has appended to, the head rows locked last.

    Without it the transaction seals itself when it ends, in the name of `acting` and at the latest time of its rows.

    Args:
        at: the time of the entries, with a time zone.
        by: who makes them.

    Returns:
        per chain, its new head.
    """
    return database.of_transaction(_Batches).seal(at, by)


def contents_of(tables: Mapping[str, Iterable[pl.Series]]) -> str:
    """What a link says of its rows: per table, their number and the digest of their entry digests.

    Args:
        tables: per table, the entry digests in the order in which they were appended.
    """
    told = {}
    for table, parts in sorted(tables.items()):
        digests = pl.concat(parts)
        # Rows of a table without a number of their own have no order of arrival.
        ordered = digests if "id" in APPEND_ONLY[table] else digests.sort()
        told[table] = {"rows": ordered.len(), "digest": sha256("\n".join(ordered).encode()).hexdigest()}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


@dataclass
class _Batches:
    """What the open transaction has appended since its last links."""

    token: str = field(default_factory=lambda: secrets.token_hex(_TOKEN_BYTES))
    written: dict[str, dict[str, list[pl.Series]]] = field(default_factory=dict)
    documents: dict[str, tuple[str, str]] = field(default_factory=dict)
    latest: str = ""

    def note(self, table: str, rows: pl.DataFrame) -> None:
        for (chain,), own in rows.group_by("chain", maintain_order=True):
            self.written.setdefault(str(chain), {}).setdefault(table, []).append(own["entry_digest"])
        if table == "document":
            told = rows.select("document_id", "selling_entity", "recorded_at").iter_rows()
            self.documents.update({document: (entity, moment) for document, entity, moment in told})
        moments = [str(rows[name].max()) for name in _TIMES if name in rows.columns]
        self.latest = max([self.latest, *moments])

    def seal(self, at: datetime, by: str) -> dict[str, str]:
        heads = {}
        for chain, tables in sorted(self.written.items()):
            contents = contents_of(tables)
            heads[chain] = chain_append(chain, contents, at, by=by, batch=f"{self.token}/{chain}")
        self.token = secrets.token_hex(_TOKEN_BYTES)
        self.written = {}
        return heads

    def finish(self) -> None:
        if self.written:
            self.seal(time_of(self.latest), acting_person())


def _chains(stored: pl.DataFrame, transaction: _Batches) -> pl.Series:
    """The chain of each row: its selling entity's, its document's, else the ledger's own."""
    if "selling_entity" in stored.columns:
        return stored["selling_entity"]
    if "document_id" not in stored.columns:
        return pl.repeat(LEDGER_CHAIN, stored.height, dtype=pl.String, eager=True)
    known = _documents(stored["document_id"].unique().to_list(), transaction)
    transaction.latest = max([transaction.latest, *(moment for _, moment in known.values())])
    entities = {document: entity for document, (entity, _) in known.items()}
    return stored["document_id"].replace_strict(entities, return_dtype=pl.String)


def _documents(wanted: list[str], transaction: _Batches) -> dict[str, tuple[str, str]]:
    """The selling entity of each document and when it was recorded; those of the transaction need no question."""
    found = {one: transaction.documents[one] for one in wanted if one in transaction.documents}
    others = [one for one in wanted if one not in found]
    for start in range(0, len(others), _MOST_ASKED):
        some = others[start : start + _MOST_ASKED]
        marks = ", ".join("?" * len(some))
        columns = f"document_id, selling_entity, {database.moment('recorded_at')}"
        sql = f"SELECT {columns} FROM document WHERE document_id IN ({marks})"  # noqa: S608 - columns and marks only
        found.update({document: (entity, moment) for document, entity, moment in database.fetch(sql, some)})
    missing = sorted({*wanted} - {*found})
    if missing:
        raise RefusedError(f"the ledger refuses the entry: there is no document {missing[0]}")
    return found


def seal_earlier() -> None:
    """Digest every row that an earlier version of the program wrote, and put them under one link per chain.

    For the migration that brought entry digests alone: guards are off, and what is there is taken as it stands.
    """
    from connector.ledger.frames import pages, stored  # noqa: PLC0415 - frames appends by way of this module

    transaction = database.of_transaction(_Batches)
    for table in SEALED:
        key = "id" if "id" in APPEND_ONLY[table] else next(iter(APPEND_ONLY[table]))
        columns = list(insert_schema(table))
        for page in pages(table):
            rows = stamped(table, stored(page.select(columns)))
            sealed = rows.select("batch", "entry_digest").with_columns(key=page[key])
            database.execute_many(f'UPDATE "{table}" SET batch = ?, entry_digest = ? WHERE "{key}" = ?', sealed.rows())  # noqa: S608 - names from the schemas
    if transaction.written:
        transaction.seal(time_of(transaction.latest), "migration")
