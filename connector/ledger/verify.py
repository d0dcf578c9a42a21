"""Proving the ledger: every row says what its digest says, every link covers exactly its rows, every chain holds.

A stranger's trap: whoever cuts off the last links of a chain and sets its head back leaves a sound, shorter chain. Only
a head that was written down elsewhere shows that: give it to `verify`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from connector.ledger import billed_lines, billed_sums, database
from connector.ledger.chain import GENESIS, Link, chain_entities, chain_faults, chain_heads, chain_links
from connector.ledger.entries import contents_of, entry_digests
from connector.ledger.errors import StoreError
from connector.ledger.frames import as_stored, raw_pages
from connector.ledger.schemas import SEALED, SEALS, TABLES, UNIQUE, insert_schema
from connector.tables.schemas import Schema

Progress = Callable[[str, int, int], None]

_CHANGED = "it was changed after it was written"
_STRAY = "it stands under no link: it was put in behind the program's back, or its batch was changed"
_MISCOUNTED = "it is counted otherwise than its charges say"
_MISSUMMED = "it is summed otherwise than the lines of its documents say"
_LAST = 2**62  # after every link


@dataclass(frozen=True)
class Fault:
    """One entry or link that is not as it was written.

    Attributes:
        entity: whose chain; empty where no link is known.
        link: the link's sequence in it; 0 where none is known.
        at, by: when and by whom the link's entries were made; empty where no link is known.
        table: where.
        key: which row; empty where rows are missing.
        what: what is wrong.
    """

    entity: str
    link: int
    at: str
    by: str
    table: str
    key: str
    what: str

    def __str__(self) -> str:
        """The entry, what is wrong, and the link it was written with."""
        under = f" (link {self.link} of {self.entity}, {self.at} by {self.by or 'nobody named'})" if self.link else ""
        return f"{self.table} {self.key}".strip() + f": {self.what}{under}"


@dataclass(frozen=True)
class Chain:
    """One chain: how many links it has, how many of them earlier versions wrote (they cover no rows), and its head."""

    entity: str
    links: int
    earlier: int
    head: str


@dataclass(frozen=True)
class Verified:
    """What `verify` found.

    Attributes:
        chains: every chain.
        rows: per table, how many rows were looked at.
        faults: what is altered, the first entry first.
    """

    chains: tuple[Chain, ...]
    rows: Mapping[str, int]
    faults: tuple[Fault, ...]


def _unseen(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def verify(heads: Mapping[str, str] | None = None, progress: Progress = _unseen) -> Verified:
    """Compute every digest of the ledger again.

    Args:
        heads: heads that were written down earlier, by entity; each must be on its chain.
        progress: told what is looked at, how many rows are done, and of how many.

    Raises:
        StoreError: the file cannot be read.
    """
    with database.still():
        with database.damaged_text():
            links = {entity: chain_links(entity) for entity in chain_entities()}
        total = sum(database.fetch(f'SELECT count(*) FROM "{table}"')[0][0] for table in SEALED)  # noqa: S608 - our names
        look = _Look(sorted((link for own in links.values() for link, _ in own), key=_in_time), progress, total)
        for table in SEALED:
            look.at(table)
        faults = [*_of_chains(links, heads or {}, look), *look.found]
        faults += [(_LAST, 1, Fault("", 0, "", "", "the file", "", line)) for line in database.integrity()]
        altered = {fault.table for _, _, fault in faults}
        faults += [(_LAST, 1, fault) for fault in _of_counts(altered)]
    chains = tuple(_chain(entity, own) for entity, own in links.items())
    ordered = sorted(faults, key=lambda one: one[:2])
    return Verified(chains, look.rows, tuple(fault for _, _, fault in ordered))


def _of_counts(altered: set[str]) -> Iterator[Fault]:
    """What is kept counted and summed otherwise than it follows; what was altered is told already as the cause."""
    if "charge" in altered:
        return
    for line in billed_lines.otherwise():
        yield Fault("", 0, "", "", billed_lines.TABLE, line, _MISCOUNTED)
    if altered.isdisjoint(("document", *billed_sums.LINES)):
        for run_id in billed_sums.otherwise():
            yield Fault("", 0, "", "", billed_sums.TABLE, run_id, _MISSUMMED)


def _in_time(link: Link) -> tuple[str, str, int]:
    return link.at, link.entity, link.sequence


def _chain(entity: str, links: Sequence[tuple[Link, str]]) -> Chain:
    earlier = sum(link.batch is None for link, _ in links)
    return Chain(entity, len(links), earlier, chain_heads().get(entity, GENESIS))


def _of_chains(
    links: Mapping[str, Sequence[tuple[Link, str]]], heads: Mapping[str, str], look: "_Look"
) -> Iterator[tuple[int, int, Fault]]:
    for entity, own in links.items():
        by_sequence = {link.sequence: link for link, _ in own}
        for sequence, what in chain_faults(entity):
            order, fault = look.fault(by_sequence.get(sequence), "chain_link", f"{entity} {sequence}", what)
            yield order, 0, fault
    for entity, head in heads.items():
        if head not in {digest for _, digest in links.get(entity, ())}:
            what = f"the head {head} is not on it: it was cut off or rewritten since that was written down"
            yield _LAST, 0, Fault(entity, 0, "", "", "the chain of", entity, what)


class _Look:
    """The rows of every table beside their links."""

    def __init__(self, links: Sequence[Link], progress: Progress, total: int) -> None:
        self.order = {id(link): place for place, link in enumerate(links)}
        self.links = {link.batch: link for link in links if link.batch is not None}
        self.progress, self.total = progress, total
        self.rows: dict[str, int] = {}
        self.found: list[tuple[int, int, Fault]] = []

    def fault(self, link: Link | None, table: str, key: str, what: str) -> tuple[int, Fault]:
        """A fault and where its link stands in time."""
        if link is None:
            return _LAST, Fault("", 0, "", "", table, key, what)
        fault = Fault(link.entity, link.sequence, link.at[:19], link.by or "", table, key, what)
        return self.order[id(link)], fault

    def at(self, table: str) -> None:
        """Look at every row of a table, and whether each link has exactly its rows."""
        try:
            self._at(table)
        except StoreError:  # a text that is no UTF-8 any more; reading that leniently takes half as long again
            self.rows.pop(table, None)
            with database.damaged_text():
                self._at(table)

    def _at(self, table: str) -> None:
        schema = {**TABLES[table], **SEALS}
        digests: list[pl.DataFrame] = []
        odd: list[tuple[str | None, str, str]] = []
        for rows in raw_pages(table, schema):
            done = sum(self.rows.values())
            self.rows[table] = self.rows.get(table, 0) + len(rows)
            self.progress("rows", done + len(rows), self.total)
            frame, broken = _readable(rows, schema)
            odd += [(_batch_of(row, schema), _key_of(table, row, schema), _CHANGED) for row in broken]
            odd += self._odd(table, frame)
            digests.append(frame.select("batch", "entry_digest"))
        self.rows.setdefault(table, 0)
        missing = self._uncovered(table, digests, {batch for batch, _, what in odd if what == _CHANGED})
        first = min((order for order, _ in missing), default=_LAST)
        for batch, key, what in odd:
            order, fault = self.fault(self.links.get(batch or ""), table, key, what)
            self.found.append((min(order, first) if order == _LAST else order, 1, fault))
        self.found += [(order, 2, fault) for order, fault in missing]

    def _odd(self, table: str, frame: pl.DataFrame) -> list[tuple[str | None, str, str]]:
        """Rows that are not as written, or under no link."""
        again = entry_digests(table, frame.select(list(insert_schema(table))))
        changed = frame["entry_digest"].ne_missing(again)
        stray = ~frame["batch"].is_in(list(self.links)).fill_null(value=False)
        wrong = frame.with_columns(changed=changed).filter(changed | stray)
        return [
            (row["batch"], _key(table, row), _CHANGED if row["changed"] else _STRAY)
            for row in wrong.iter_rows(named=True)
        ]

    def _uncovered(
        self, table: str, digests: Sequence[pl.DataFrame], altered: set[str | None]
    ) -> list[tuple[int, Fault]]:
        """Links that have other rows of the table than they were written with."""
        empty = pl.DataFrame(schema=dict(SEALS))
        every = pl.concat([empty, *digests]).group_by("batch", maintain_order=True).agg("entry_digest")
        there = {batch: own.drop_nulls() for batch, own in zip(every["batch"], every["entry_digest"], strict=True)}
        faults = []
        for batch, link in self.links.items():
            told = _told(link).get(table)
            own = there.get(batch)
            if not link.sound or (told is None and own is None):
                continue
            rows, wanted = (0, "") if told is None else (told["rows"], told["digest"])
            found = 0 if own is None else own.len()
            if found != rows and not (found < rows and batch in altered):
                what = f"{found} rows are there, not the {rows} that were written"
                faults.append(self.fault(link, table, "", what))
            elif found == rows and batch not in altered and _digest(table, own) != wanted:
                what = f"one of its {rows} rows was changed, with its digest, or their order was"
                faults.append(self.fault(link, table, "", what))
        return faults


def _told(link: Link) -> Mapping[str, Mapping[str, Any]]:
    told: Mapping[str, Mapping[str, Any]] = json.loads(link.contents or "{}") if link.sound else {}
    return told


def _digest(table: str, digests: pl.Series | None) -> str:
    if digests is None:
        return ""
    found: str = json.loads(contents_of({table: [digests]}))[table]["digest"]
    return found


def _readable(rows: list[tuple[Any, ...]], schema: Schema) -> tuple[pl.DataFrame, list[tuple[Any, ...]]]:
    """The rows as a frame, and those that are none any more, found by halving."""
    try:
        return as_stored(rows, schema), []
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        if len(rows) == 1:
            return as_stored([], schema), rows
        half = len(rows) // 2
        parts = [_readable(rows[:half], schema), _readable(rows[half:], schema)]
        return pl.concat(frame for frame, _ in parts), [row for _, broken in parts for row in broken]


def _key(table: str, row: Mapping[str, Any]) -> str:
    columns = UNIQUE[table][0] if UNIQUE[table] else ("id",)
    return " ".join(str(row[name]) for name in columns)


def _key_of(table: str, row: tuple[Any, ...], schema: Schema) -> str:
    return _key(table, dict(zip(schema, row, strict=True)))


def _batch_of(row: tuple[Any, ...], schema: Schema) -> str | None:
    batch = dict(zip(schema, row, strict=True))["batch"]
    return batch if isinstance(batch, str) else None
