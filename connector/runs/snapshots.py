"""What a source said, kept so that its next version can be compared with it: every row of one kind, read or blocked.

A stranger's trap: a cell is here twice, as shown and as understood. Two spellings of one value are no change, and a
blocked row has nothing understood, so the two are needed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from connector.domain.words import RecordKind, RowKind
from connector.intake import Intake
from connector.intake.fields import FIELDS, RECORD_TYPE
from connector.intake.sheets import Sheet
from connector.intake.tidy import clean
from connector.tables.schemas import Schema

PLACE = ("source", "sheet", "row")
BLOCKED_ROW = "blocked_row"
MONEY = pl.List(pl.Struct({"currency": pl.String, "minor": pl.Int64}))
_SUBJECT_ID = {RecordKind.CLIENTS: "client_id", RecordKind.BUNDLES: "subject_id"}

# The three readings of a size share the typed columns, so each is understood from those it can fill.
SIZES: Mapping[str, tuple[str, ...]] = {
    "employees": ("count_low", "band_low", "band_high"),
    "employee_count": ("count_low",),
    "employee_band": ("band_low", "band_high"),
}


@dataclass(frozen=True)
class Snapshot:
    """One source's rows of one kind, as a run planned them.

    Attributes:
        run_id: the run.
        source: the file, as it was named.
        kind: what the rows are.
        sha256: digest of the file.
        lineage: digest of the file it is a repaired copy of, "" for none.
        fields: the fields that had a column.
        records: its rows under `schema(kind)`, and those missing since earlier versions; None where they are in the
            store, or erased.
        snapshot_id: its number in the store; 0 before it is there.
        read: reads these columns of its rows from the store, all where none is named; None once erased.
    """

    run_id: str
    source: str
    kind: RecordKind
    sha256: str
    lineage: str
    fields: tuple[str, ...]
    records: pl.DataFrame | None
    snapshot_id: int = 0
    read: Callable[[Sequence[str]], pl.DataFrame] | None = field(default=None, repr=False, compare=False)

    @property
    def is_erased(self) -> bool:
        """Whether nobody can tell any more what it said."""
        return self.records is None and self.read is None

    @property
    def rows(self) -> pl.DataFrame:
        """Its rows; none once erased."""
        if self.records is not None:
            return self.records
        return pl.DataFrame(schema=dict(schema(self.kind))) if self.read is None else self.read(())

    def columns(self, *names: str) -> pl.DataFrame:
        """These columns of its rows: of many rows in the store, far less than all of them."""
        return self.rows.select(names) if self.read is None or self.records is not None else self.read(names)


def compared_fields(kind: RecordKind) -> tuple[str, ...]:
    """The fields whose cells are compared. A changed record type makes a row come or go instead."""
    return tuple(name for name in FIELDS[kind] if name != RECORD_TYPE)


def schema(kind: RecordKind) -> Schema:
    """The columns of a snapshot's rows.

    `source`, `sheet`, `row` and `run_id` say where the row was last seen; `missing_since` is the run that first did not
    find it, null while it stands there. `subject` is the client or purchase it leads to, `money` what that came to
    (charged before, and by the run's plan). Each field is there as `shown_…` and as `value_…`.
    """
    return {
        "source": pl.String,
        "sheet": pl.String,
        "row": pl.UInt32,
        "run_id": pl.String,
        "missing_since": pl.String,
        "sound": pl.Boolean,
        "bucket": pl.String,
        "namespace": pl.String,
        "subject": pl.String,
        "money": MONEY,
        **{f"shown_{name}": pl.String for name in compared_fields(kind)},
        **{f"value_{name}": pl.String for name in compared_fields(kind)},
    }


def conformed(records: pl.DataFrame, kind: RecordKind, names: Sequence[str] = ()) -> pl.DataFrame:
    """Rows under the schema of this version of the program; a field that was not known then is null.

    Args:
        records: the rows.
        kind: what they are.
        names: only these columns, where named.
    """
    every = schema(kind)
    wanted = {name: every[name] for name in names or every}
    return pl.concat([pl.DataFrame(schema=dict(wanted)), records], how="diagonal").select(list(wanted))


def fields_present(intake: Intake, source: str, kind: RecordKind) -> tuple[str, ...]:
    """The fields that have a column in a source's sheets of this kind."""
    found = {name for sheet in _sheets(intake, kind, source) for name in sheet.columns}
    return tuple(name for name in FIELDS[kind] if name in found)


def rows_said(intake: Intake, kind: RecordKind, every: pl.DataFrame, judged: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """Every record and blocked row of one kind in an upload, under `schema(kind)`; the money is not known yet.

    Args:
        intake: the upload.
        kind: which rows.
        every: `rows.every_row`, for their buckets.
        judged: the records of that kind after billing, for the subjects they lead to.
        run_id: the run that planned them.
    """
    empty = pl.DataFrame(schema=dict(schema(kind)))
    shown = [_shown(name, sheet, kind) for name, sheet in _named_sheets(intake, kind)]
    said = pl.concat([empty.select(*PLACE, "sound", "namespace", pl.selectors.starts_with("shown_")), *shown])
    subject = _SUBJECT_ID.get(kind)
    subjects = judged.select(*PLACE, subject=pl.col(subject) if subject else pl.lit(None, pl.String))
    records: pl.DataFrame = getattr(intake, kind.value)
    understood = values(records, kind).drop("namespace", strict=False)
    buckets = every.select(*PLACE, "bucket")
    for more in (buckets, subjects, understood):
        said = said.join(more, on=list(PLACE), how="left", maintain_order="left")
    return conformed(said.with_columns(pl.col("bucket").fill_null(BLOCKED_ROW), run_id=pl.lit(run_id)), kind)


def values(records: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """What was understood of each record, as `value_…`, with its place, and its namespace where it has one."""
    named = [name for name in ("namespace",) if name in records.columns]
    return records.select(*PLACE, *named, *(_value(name).alias(f"value_{name}") for name in compared_fields(kind)))


def _sheets(intake: Intake, kind: RecordKind, source: str) -> Iterator[Sheet]:
    return (sheet for name, sheet in _named_sheets(intake, kind) if name == source)


def _named_sheets(intake: Intake, kind: RecordKind) -> Iterator[tuple[str, Sheet]]:
    return ((source, sheet) for (source, _), sheet in intake.sheets.items() if sheet.kind is kind)


def _shown(source: str, sheet: Sheet, kind: RecordKind) -> pl.DataFrame:
    kinds = sheet.rows["kind"]
    chosen = kinds.is_in([RowKind.RECORD.value, RowKind.BLOCKED.value])
    texts = clean(sheet.shown.filter(chosen).select(pl.col(f"c{n}").alias(name) for name, n in sheet.columns.items()))
    cells = (
        pl.col(name).str.strip_suffix(" 00:00:00") if name in texts.columns else pl.lit(None, pl.String)
        for name in compared_fields(kind)
    )
    rows = sheet.rows.filter(chosen)
    shown = texts.select(cell.alias(f"shown_{name}") for name, cell in zip(compared_fields(kind), cells, strict=True))
    place = rows.select(
        source=pl.lit(source),
        sheet="sheet",
        row="row",
        sound=pl.col("kind") == RowKind.RECORD.value,
        namespace=pl.lit(sheet.namespace),
    )
    return pl.concat([place, shown], how="horizontal")


def _value(name: str) -> pl.Expr:
    if name in SIZES:
        parts = [pl.col(column).cast(pl.String).fill_null("") for column in SIZES[name]]
        return pl.concat_str(parts, separator="|")
    return pl.col(name).cast(pl.String)
