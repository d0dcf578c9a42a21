"""This upload as a comparison takes it: what stands in each source, and what each client or purchase comes to."""

from collections.abc import Mapping

import polars as pl

from connector.domain.words import Bucket, RecordKind, RowKind
from connector.intake import Intake
from connector.runs.billed import Billed
from connector.runs.snapshots import Snapshot, fields_present, rows_said
from connector.runs.versions import SUBJECT_TYPES, Upload


def upload_of(
    run_id: str,
    intake: Intake,
    every: pl.DataFrame,
    judged: Mapping[RecordKind, pl.DataFrame],
    billed: Billed,
    planned: pl.DataFrame,
) -> Upload:
    """Put together what is compared.

    Args:
        run_id: the run.
        intake: the sources as read.
        every: `rows.every_row`.
        judged: the records of each kind after billing.
        billed: what rows were billed so far.
        planned: those that this plan adds.
    """
    return Upload(
        run_id,
        tuple(part for kind, frame in judged.items() for part in _parts(run_id, intake, kind, every, frame)),
        billed,
        {kind: _amounts(planned, kind) for kind in RecordKind},
        _columns(intake),
        whole=is_whole(intake),
        standing=judged[RecordKind.CLIENTS].filter(pl.col("bucket") == Bucket.UNCHANGED.value)["client_id"],
    )


def _parts(
    run_id: str, intake: Intake, kind: RecordKind, every: pl.DataFrame, judged: pl.DataFrame
) -> tuple[Snapshot, ...]:
    if not any(sheet.kind is kind for sheet in intake.sheets.values()):
        return ()
    said = rows_said(intake, kind, every, judged, run_id)
    return tuple(
        Snapshot(
            run_id=run_id,
            source=info.name,
            kind=kind,
            sha256=info.sha256,
            lineage=info.lineage,
            fields=fields_present(intake, info.name, kind),
            records=own,
        )
        for info in intake.sources
        if (own := said.filter(pl.col("source") == info.name)).height
    )


def _amounts(charges: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    own = charges.filter((pl.col("subject_type") == SUBJECT_TYPES.get(kind, "")) & (pl.col("kind") == "charge"))
    return own.select("currency", subject="subject_id", minor="amount_minor").select("subject", "currency", "minor")


def _columns(intake: Intake) -> pl.DataFrame:
    columns = [
        (source, name, field, column)
        for (source, name), sheet in intake.sheets.items()
        for field, column in sheet.columns.items()
    ]
    kinds = {"source": pl.String, "sheet": pl.String, "field": pl.String, "column": pl.UInt32}
    return pl.DataFrame(columns, schema=kinds, orient="row")


def is_whole(intake: Intake) -> bool:
    """Whether every file and every sheet could be read."""
    unread = intake.rows.filter((pl.col("kind") == RowKind.BLOCKED.value) & (pl.col("record_kind") == ""))
    return unread.is_empty() and not any(info.failed for info in intake.sources)
