"""What sources said, kept sealed in the database, each under a key of its own: erasing the key erases it for good."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from connector import ledger
from connector.domain.words import RecordKind
from connector.runs.snapshots import Snapshot, conformed, schema
from connector.sealed import new_key, seal, unseal

if TYPE_CHECKING:
    from connector.runs.models import Run, SourceSnapshot


def keep(run: "Run", snapshots: Iterable[Snapshot], continued: Iterable[int]) -> None:
    """Keep what the sources of a run said, in the open transaction.

    Args:
        run: the run.
        snapshots: what they said.
        continued: numbers of the snapshots that these replace.
    """
    from connector.runs.models import SnapshotKey, SourceSnapshot

    for snapshot in snapshots:
        key = new_key()
        kept = SourceSnapshot.objects.create(
            run=run,
            source=snapshot.source,
            record_kind=snapshot.kind.value,
            sha256=snapshot.sha256,
            lineage=snapshot.lineage,
            fields=list(snapshot.fields),
            sealed=seal(_sealed_name(snapshot), key, _to_parquet(snapshot.rows)),
        )
        SnapshotKey.objects.create(snapshot=kept, key=key)
    SourceSnapshot.objects.filter(id__in=list(continued)).update(superseded_by=run)


def last_uploads() -> tuple[Snapshot, ...]:
    """The snapshots that no later one replaces, in the order they were planned; one that was erased has no records.

    Their rows are read from the database whenever they are asked for, and not before: an upload has to do with few.
    """
    from connector.runs.models import SourceSnapshot

    found = SourceSnapshot.objects.filter(superseded_by=None).select_related("key").defer("sealed")
    return tuple(_opened(one) for one in found)


def are_last(run_id: str) -> bool:
    """Whether all that the sources of a run said is kept, and no later upload replaces any of it."""
    from connector.runs.models import SourceSnapshot

    own = SourceSnapshot.objects.filter(run_id=run_id)
    return own.exists() and not own.exclude(superseded_by=None).exists() and not own.filter(key=None).exists()


def snapshots_of(run_id: str) -> tuple[Snapshot, ...]:
    """What every source of a run said; one that was erased has no records."""
    from connector.runs.models import SourceSnapshot

    found = SourceSnapshot.objects.filter(run_id=run_id).select_related("key").defer("sealed")
    return tuple(_whole(one) for one in found)


def every_snapshot() -> tuple[Snapshot, ...]:
    """What every source of every run said; one that was erased has no records."""
    from connector.runs.models import SourceSnapshot

    found = SourceSnapshot.objects.select_related("key").defer("sealed")
    return tuple(_whole(one) for one in found)


def forget_snapshots(run_id: str, source: str = "") -> int:
    """Erase what the sources of a run said, for good: their keys. The plan, its documents and the ledger stay.

    A step of its own. On SQLite a key is overwritten in the file and in the write-ahead log when this returns, unless
    another process is reading at that moment; on PostgreSQL the server's clean-up does that later.

    Args:
        run_id: the run.
        source: only this source, as it was named; all without it.

    Returns:
        how many snapshots were erased.
    """
    with ledger.transaction():
        erased = drop_keys(run_id, source)
    ledger.overwrite_erased()
    return erased


def drop_keys(run_id: str, source: str = "") -> int:
    """The same in the open transaction, which `ledger.overwrite_erased` follows."""
    from connector.runs.models import SnapshotKey

    wanted = {"snapshot__run_id": run_id} | ({"snapshot__source": source} if source else {})
    erased, _ = SnapshotKey.objects.filter(**wanted).delete()
    return int(erased)


def reseal(snapshot: Snapshot) -> None:
    """Keep a snapshot with other rows than before, under a new key, in the open transaction."""
    from connector.runs.models import SnapshotKey, SourceSnapshot

    key = new_key()
    sealed = seal(_sealed_name(snapshot), key, _to_parquet(snapshot.rows))
    SourceSnapshot.objects.filter(id=snapshot.snapshot_id).update(sealed=sealed)
    SnapshotKey.objects.filter(snapshot_id=snapshot.snapshot_id).update(key=key)


def _opened(stored: "SourceSnapshot") -> Snapshot:
    """A snapshot whose rows are read from the database whenever they are asked for, and not before."""
    one = Snapshot(
        run_id=stored.run_id,
        source=stored.source,
        kind=RecordKind(stored.record_kind),
        sha256=stored.sha256,
        lineage=stored.lineage,
        fields=tuple(stored.fields),
        records=None,
        snapshot_id=stored.id,
    )
    return replace(one, read=partial(_read, one)) if hasattr(stored, "key") else one


def _whole(stored: "SourceSnapshot") -> Snapshot:
    """A snapshot with its rows as they are now, whatever becomes of them in the store."""
    one = _opened(stored)
    return one if one.is_erased else replace(one, records=one.rows)


def _read(one: Snapshot, names: Sequence[str]) -> pl.DataFrame:
    """Rows and key are read together: an erasure replaces both, or takes the key; then there are none any more."""
    from connector.runs.models import SnapshotKey

    found = SnapshotKey.objects.filter(snapshot_id=one.snapshot_id).values_list("key", "snapshot__sealed").first()
    if found is None:
        return conformed(pl.DataFrame(), one.kind, names)
    key, sealed = found
    plain = BytesIO(unseal(_sealed_name(one), bytes(key), bytes(sealed)))
    there = set(pl.read_parquet_schema(plain))
    wanted = [name for name in names or schema(one.kind) if name in there]
    return conformed(pl.read_parquet(plain, columns=wanted), one.kind, names)


def _sealed_name(snapshot: Snapshot) -> str:
    return f"{snapshot.run_id}\x1f{snapshot.source}\x1f{snapshot.kind}"


def _to_parquet(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
