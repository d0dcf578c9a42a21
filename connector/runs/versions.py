"""What has changed since the last uploads of an upload's sources: figures, cells, rows, and questions. Pure.

A stranger's trap: what is gone is no row of this upload. It has counters of its own, and is carried from snapshot to
snapshot until it is back, so that uploading the same file once more does not answer the question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import polars as pl

from connector.billing.counts import Check
from connector.domain.places import Cell
from connector.domain.problems import Problem
from connector.domain.words import RecordKind
from connector.intake.fields import FIELDS
from connector.intake.report import Excerpt
from connector.runs.billed import Billed
from connector.runs.changes import HELD, LISTED, UNREAD, Changes, Comparison, Earlier
from connector.runs.diff import CELLS, ROWS, Difference, difference
from connector.runs.gone import GONE
from connector.runs.heads import Head, earlier_rows, how_of, linked
from connector.runs.matching import once
from connector.runs.quiet import quiet
from connector.runs.snapshots import Snapshot, compared_fields

SUBJECT_TYPES = {RecordKind.CLIENTS: "client", RecordKind.BUNDLES: "bundle"}  # what the ledger bills
_ASKED = (RecordKind.CLIENTS, RecordKind.BUNDLES)  # a missing partner or template is told, and means nothing
_SHOWN_CELLS = 8
_NOTHING = pl.lit(None, pl.String)


@dataclass(frozen=True)
class Upload:
    """The sources of this upload, and what a comparison takes besides.

    Attributes:
        run_id: the run.
        parts: per source and kind of record, what stands in it; the money is not known yet.
        billed: asked what clients and purchases were billed so far.
        planned: the same of what this plan charges, for every kind.
        columns: the `column` of each `field` in each `source` and `sheet`.
        whole: whether everything in it could be read.
        standing: the clients whose rows stand as they were settled.
    """

    run_id: str
    parts: tuple[Snapshot, ...]
    billed: Billed
    planned: Mapping[RecordKind, pl.DataFrame]
    columns: pl.DataFrame
    whole: bool
    standing: pl.Series


@dataclass(frozen=True)
class Compared:
    """The outcome.

    Attributes:
        changes: its figures.
        cells, rows: every changed cell (`diff.CELLS`) with its `column`, every row not unchanged (`diff.ROWS`).
        problems: one for each client or purchase that is gone.
        checks: what must tie.
        snapshots: what is kept of this upload.
        continued: numbers of the snapshots that these replace.
    """

    changes: Changes
    cells: pl.DataFrame
    rows: pl.DataFrame
    problems: tuple[Problem, ...]
    checks: tuple[Check, ...]
    snapshots: tuple[Snapshot, ...]
    continued: tuple[int, ...]


def compare(upload: Upload, earlier: Sequence[Snapshot]) -> Compared:
    """Compare an upload with the last uploads of its sources.

    Args:
        upload: what stands in it.
        earlier: the snapshots that no later one replaces.
    """
    found = [
        _compare_kind(kind, upload, [one for one in earlier if one.kind is kind])
        for kind in RecordKind
        if any(part.kind is kind for part in upload.parts)
    ]
    continued = [number for one in found for number in one.continued]
    comparisons = tuple(comparison for one in found for comparison in one.changes.comparisons)
    return Compared(
        Changes(comparisons, _replaced(earlier, continued)),
        _with_columns(pl.concat([pl.DataFrame(schema=CELLS), *(one.cells for one in found)]), upload.columns),
        pl.concat([pl.DataFrame(schema=ROWS), *(one.rows for one in found)]),
        tuple(problem for one in found for problem in one.problems),
        tuple(check for one in found for check in one.checks),
        tuple(snapshot for one in found for snapshot in one.snapshots),
        tuple(continued),
    )


def _with_columns(cells: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """The cells with the column of each; 0 where the field has none any more."""
    joined = cells.join(columns, on=["source", "sheet", "field"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("column").fill_null(0))


def _compare_kind(kind: RecordKind, upload: Upload, earlier: Sequence[Snapshot]) -> Compared:
    parts = [part for part in upload.parts if part.kind is kind]
    heads = linked(parts, earlier, kind)
    now, before = pl.concat([part.rows for part in parts]), earlier_rows(heads, kind)
    same = quiet(upload.standing, upload.billed, now, before)
    found = same.among(_difference(upload, same.others(now), same.others(before), kind))
    missing = _missing(found, heads, upload.run_id, kind)
    carried = missing.filter(pl.col("change").is_in(["gone", "still gone"]))
    snapshots = [
        replace(part, records=pl.concat([_of(part, found.now), _of(part, carried, "upload").select(found.now.columns)]))
        for part in parts
    ]
    gone_is = UNREAD if not upload.whole else HELD if kind in _ASKED else LISTED
    standing = sum(one.rows.filter(pl.col("missing_since").is_null()).height for one in snapshots)
    checks = compared_checks(kind, before.height, found.again + missing.height, now.height, standing)
    comparisons = tuple(_comparison(part, heads, found, missing, gone_is) for part in parts)
    first = [one.source for one in comparisons if one.is_first]  # all of its rows are new: nothing to list
    rows = pl.concat([found.rows, _missing_rows(missing)])
    return Compared(
        Changes(comparisons),
        found.cells,
        rows.filter(~pl.col("upload").is_in(first)),
        tuple(_problem(row, kind) for row in carried.iter_rows(named=True)) if gone_is == HELD else (),
        checks,
        tuple(snapshots),
        tuple(head.snapshot.snapshot_id for head in heads if head.continued),
    )


def _of(part: Snapshot, rows: pl.DataFrame, column: str = "source") -> pl.DataFrame:
    return rows.filter(pl.col(column) == part.source)


def _missing(found: Difference, heads: Sequence[Head], run_id: str, kind: RecordKind) -> pl.DataFrame:
    """The earlier rows that are not there: whose business that is (`upload`), and what it means (`change`)."""
    if found.missing.is_empty():
        return found.missing.with_columns(upload=_NOTHING, change=_NOTHING, record_kind=_NOTHING)
    facts = pl.DataFrame(
        [(head.snapshot.snapshot_id, head.links[0], head.continued) for head in heads],
        schema={"head": pl.Int64, "upload": pl.String, "continued": pl.Boolean},
        orient="row",
    )
    # Of a record that stood there twice, one row may go without a question.
    repeated = once(found.missing, kind).is_in(once(found.now, kind).drop_nulls().implode()).fill_null(value=False)
    change = (
        pl.when(~pl.col("continued"))
        .then(pl.lit("elsewhere"))
        .when(repeated)
        .then(pl.lit("repetition gone"))
        .when(pl.col("missing_since").is_null())
        .then(pl.lit("gone"))
        .otherwise(pl.lit("still gone"))
    )
    rows = found.missing.join(facts, on="head", how="left", maintain_order="left").with_columns(change=change)
    return rows.with_columns(pl.col("missing_since").fill_null(run_id), record_kind=pl.lit(kind.value))


def _difference(upload: Upload, now: pl.DataFrame, before: pl.DataFrame, kind: RecordKind) -> Difference:
    subjects = pl.concat([now["subject"], before["subject"]]).drop_nulls().unique()
    planned = upload.planned[kind]
    billed = upload.billed.amounts(SUBJECT_TYPES[kind], subjects) if kind in SUBJECT_TYPES else planned.clear()
    return difference(now, before, billed, planned, kind)


def compared_checks(kind: RecordKind, before: int, found: int, now: int, kept: int) -> tuple[Check, ...]:
    """The equations of a comparison, in rows.

    Args:
        kind: what the rows are.
        before: those of the last upload.
        found: those of them that were found again, or are missing.
        now: those of the upload.
        kept: those of it that are kept for the next.
    """
    return (
        Check(f"{kind} of the last upload against those found again or missing", before, found),
        Check(f"{kind} of the upload against those kept for the next", now, kept),
    )


def _missing_rows(missing: pl.DataFrame) -> pl.DataFrame:
    """What `diff.ROWS` tells of the missing rows that somebody may ask about."""
    told = missing.filter(pl.col("change") != "elsewhere").with_columns(
        cells=pl.lit(0, pl.Int64),
        was_source="source",
        was_sheet="sheet",
        was_row="row",
        was_run="run_id",
        bucket_before="bucket",
        mended=pl.lit(value=False),
        broken=pl.lit(value=False),
        money="money_between",
    )
    return told.select(list(ROWS))


def _comparison(
    part: Snapshot, heads: Sequence[Head], found: Difference, missing: pl.DataFrame, gone_is: str
) -> Comparison:
    own = _of(part, found.rows, "upload")
    gone = _of(part, missing, "upload")
    cells = _of(part, found.cells, "upload")
    counted = dict(pl.concat([own["change"], gone["change"]]).value_counts().iter_rows())
    again = _of(part, found.matched)
    matched = int(again["rows"].sum())
    answered = [head for head in heads if part.source in head.links]
    moved = [head for head in heads if head.snapshot.snapshot_id in again["head"]]
    earlier = _earlier(part, answered or moved)
    fields = {field for head in answered if head.continued for field in head.snapshot.fields}
    titles = {name: field.title for name, field in FIELDS[part.kind].items()}
    return Comparison(
        source=part.source,
        records=part.kind.value,
        earlier=earlier,
        rows=part.rows.height,
        matched=matched,
        cells=cells.height,
        money_cells=int(cells["changes_money"].sum()),
        changed=counted.get("changed", 0),
        new=counted.get("new", 0),
        gone=counted.get("gone", 0),
        still_gone=counted.get("still gone", 0),
        back=counted.get("back", 0),
        otherwise=counted.get("otherwise", 0),
        unchanged=part.rows.height - own.height,
        mended=int(own["mended"].sum()),
        broken=int(own["broken"].sum()),
        elsewhere=counted.get("elsewhere", 0),
        gone_is=gone_is,
        new_fields=tuple(titles[name] for name in part.fields if fields and name not in fields),
        gone_fields=tuple(titles[name] for name in titles if name in fields and name not in part.fields),
        gone_files=tuple(gone.filter(pl.col("change").str.ends_with("gone"))["source"].unique().sort()),
        money=_money(own, gone, cells),
    )


def _earlier(part: Snapshot, heads: Sequence[Head]) -> tuple[Earlier, ...]:
    """What the source is compared with: what it continues, else what it is a part of, else what is erased."""
    told = [
        Earlier(head.snapshot.source, head.snapshot.run_id, how_of(part, head))
        for head in sorted(heads, key=lambda head: (-head.weight, head.snapshot.run_id))
        if head.weight == max(one.weight for one in heads)
    ]
    return tuple(dict.fromkeys(told))


def _money(own: pl.DataFrame, gone: pl.DataFrame, cells: pl.DataFrame) -> dict[str, dict[str, int]]:
    """By cause and currency, what the rows come to now less what they came to then."""
    bearing = cells.filter("changes_money").select("source", "sheet", "row").unique().with_columns(bears=True)
    causes = own.join(bearing, on=["source", "sheet", "row"], how="left").select(
        "money",
        cause=pl.when("bears")
        .then(pl.lit("cells"))
        .when(pl.col("change") == "new")
        .then(pl.lit("new"))
        .otherwise(pl.lit("otherwise")),
    )
    left = gone.filter(pl.col("change") != "elsewhere").select("money_between", cause=pl.lit("gone"))
    moneys = pl.concat([causes, left.rename({"money_between": "money"})]).explode("money").drop_nulls("money")
    sums = moneys.unnest("money").group_by("cause", "currency").agg(pl.col("minor").sum()).sort("cause", "currency")
    found: dict[str, dict[str, int]] = {}
    for cause, currency, minor in sums.iter_rows():
        found.setdefault(cause, {})[currency] = minor
    return found


def _problem(row: Mapping[str, Any], kind: RecordKind) -> Problem:
    place = Cell(row["source"], row["sheet"], row["row"])
    cells = [row[f"shown_{name}"] for name in compared_fields(kind)]
    excerpt, _ = Excerpt([cell for cell in cells if cell is not None][:_SHOWN_CELLS], ()).marked(0)
    message = f"it stood here in {row['run_id']} and is not in {PurePath(row['upload']).name} any more"
    return Problem(GONE.code, GONE.severity, place, message, GONE.remedy, excerpt)


def _replaced(earlier: Sequence[Snapshot], continued: Sequence[int]) -> tuple[str, ...]:
    """Names of the earlier sources of which nothing is left that this upload does not continue."""
    left = {(one.run_id, one.source) for one in earlier if one.snapshot_id not in continued}
    return tuple(sorted({one.source for one in earlier if (one.run_id, one.source) not in left}))
