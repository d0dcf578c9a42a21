"""Which earlier sources an upload has to do with, known by what stands in them and not by their names. Pure.

All sources of an upload are looked at together, kind of record by kind: a sheet may move to another file, and a list
may be split or joined. A stranger's trap: a file that holds but a few of an earlier one's rows is a part of it, and
does not say of the others that they are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

import polars as pl

from connector.domain.words import RecordKind
from connector.runs.changes import ERASED, MOVED, PART, REPAIRED, SAME, VERSION
from connector.runs.matching import identities, identity_columns, shared
from connector.runs.snapshots import Snapshot, schema

_HALF = 2


@dataclass(frozen=True)
class Head:
    """A last upload of some source that this upload has to do with.

    Attributes:
        snapshot: what it was.
        links: the sources of this upload that hold enough of its rows, or say that they are it; the best first.
        continued: whether they stand for it now, so that a row they lack is gone.
    """

    snapshot: Snapshot
    links: tuple[str, ...]
    continued: bool

    @property
    def weight(self) -> int:
        """How much it says to be compared with it: 2 where this upload continues it, 1 for a part, 0 once erased."""
        return 0 if self.snapshot.is_erased else 1 + self.continued


def linked(parts: Sequence[Snapshot], earlier: Sequence[Snapshot], kind: RecordKind) -> list[Head]:
    """The earlier sources that these have to do with.

    Args:
        parts: the sources of this upload that hold records of this kind.
        earlier: the last uploads that hold such records.
        kind: the kind.
    """
    keys = _Keys(parts, kind)
    heads = (_head(one, parts, keys, kind) for one in earlier)
    return [head for head in heads if head.links]


class _Keys:
    """What the rows of each source are known by, worked out when it is first asked for: for many rows it costs."""

    def __init__(self, parts: Sequence[Snapshot], kind: RecordKind) -> None:
        self._parts, self._kind = {part.source: part for part in parts}, kind
        self._found: dict[str, pl.DataFrame] = {}

    def __getitem__(self, source: str) -> pl.DataFrame:
        if source not in self._found:
            self._found[source] = identities(self._parts[source].rows, self._kind)
        return self._found[source]

    def every(self) -> pl.DataFrame:
        """Those of all sources."""
        return pl.concat([self[source] for source in self._parts])


def _head(one: Snapshot, parts: Sequence[Snapshot], keys: _Keys, kind: RecordKind) -> Head:
    named = {part.source for part in parts if _file(part) == _file(one)}
    declared = {part.source for part in parts if is_same(part, one) or is_repaired(part, one)}
    if one.is_erased:
        return Head(one, tuple(part.source for part in parts if part.source in named | declared), continued=True)
    if declared == {part.source for part in parts} and len(parts) == 1:
        return Head(one, tuple(declared), continued=True)  # what else could it be: its rows need not be looked at
    standing = identities(
        one.columns("missing_since", *identity_columns(kind)).filter(pl.col("missing_since").is_null()), kind
    )
    overlaps = {part.source: shared(keys[part.source], standing, kind).height for part in parts}
    enough = [
        source
        for source, number in overlaps.items()
        if source in declared or (number and number * _HALF >= min(keys[source].height, standing.height))
    ]
    links = sorted(enough, key=lambda source: -overlaps[source])
    continued = bool((named | declared) & {*links}) or _covers(keys, standing, kind)
    return Head(one, tuple(links), continued)


def _covers(keys: _Keys, standing: pl.DataFrame, kind: RecordKind) -> bool:
    """Whether half of the rows stand in this upload, in whatever source."""
    return shared(standing, keys.every(), kind).height * _HALF >= standing.height


def how_of(part: Snapshot, head: Head) -> str:
    """What a source of this upload is to an earlier one."""
    one = head.snapshot
    if one.is_erased:
        return ERASED
    if part.source not in head.links:
        return MOVED
    if is_same(part, one):
        return SAME
    if is_repaired(part, one):
        return REPAIRED
    return VERSION if head.continued else PART


class Contents(Protocol):
    """A file by its contents: its digest, and that of the file it is a repaired copy of, empty for none."""

    @property
    def sha256(self) -> str:
        """Its own digest."""

    @property
    def lineage(self) -> str:
        """The digest of what it repairs."""


def is_same(part: Contents, one: Snapshot) -> bool:
    """Whether they are one file, byte for byte."""
    return part.sha256 == one.sha256 != ""


def is_repaired(part: Contents, one: Snapshot) -> bool:
    """Whether the source is a repaired copy of the earlier one, or both are of one file."""
    return part.lineage in (one.sha256, one.lineage) and part.lineage != ""


def _file(snapshot: Snapshot) -> str:
    return PurePath(snapshot.source).name.casefold()


def earlier_rows(heads: Sequence[Head], kind: RecordKind) -> pl.DataFrame:
    """The rows of the earlier sources, each record as it was uploaded last, with the number of its snapshot as `head`.

    What was missing already counts where the source is continued.
    """
    wanted = {**schema(kind), "head": pl.Int64}
    rows = pl.DataFrame(schema=wanted)
    readable = [head for head in heads if not head.snapshot.is_erased]
    for run in sorted({head.snapshot.run_id for head in readable}, key=lambda run: (len(run), run), reverse=True):
        older = pl.concat([_rows(head) for head in readable if head.snapshot.run_id == run])
        if not rows.is_empty():
            known = shared(identities(older, kind), identities(rows, kind), kind)
            older = older.with_row_index("at").join(known, on="at", how="anti", maintain_order="left").drop("at")
        rows = pl.concat([rows, older.select(list(wanted))])
    return rows


def _rows(head: Head) -> pl.DataFrame:
    rows = head.snapshot.rows.with_columns(head=pl.lit(head.snapshot.snapshot_id, pl.Int64))
    return rows if head.continued else rows.filter(pl.col("missing_since").is_null())
