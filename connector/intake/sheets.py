"""One raw sheet to counted rows, records and problems."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from connector.domain.places import Cell
from connector.domain.problems import Problem, Severity
from connector.domain.words import RecordKind, RowKind
from connector.intake.below import look_below
from connector.intake.effort import Effort
from connector.intake.exported import problems_beside
from connector.intake.faults import blocked_rows
from connector.intake.layout import NoHeader, find_header
from connector.intake.mapping import Mappings
from connector.intake.marks import HIDDEN
from connector.intake.merged_values import spread
from connector.intake.merges import merges_of
from connector.intake.rawsheet import RawSheet
from connector.intake.records import read_records
from connector.intake.report import problems_of
from connector.intake.rowkinds import classify
from connector.intake.sheetfaults import header_faults, hidden_faults, no_header, second_table
from connector.intake.tidy import clean, cleaned
from connector.intake.words import same
from connector.tables import ROWS, conform


@dataclass(frozen=True)
class Sheet:
    """What one sheet gave.

    Attributes:
        rows: `tables.ROWS`.
        kind: what its records are; None without a header.
        records: its records; None without a header.
        mapping: the name of the mapping that read it; "" without a header.
        problems: its faults and warnings.
        name: its own name.
        columns: the column of each field that has one.
        raw: itself, as it was handed over.
        namespace: whose client ids its records carry, as its mapping says; "" without a header.
    """

    rows: pl.DataFrame
    kind: RecordKind | None
    records: pl.DataFrame | None
    mapping: str
    problems: tuple[Problem, ...]
    name: str
    columns: Mapping[str, int]
    raw: RawSheet
    namespace: str = ""

    @property
    def shown(self) -> pl.DataFrame:
        """Its cells as text, for excerpts."""
        return self.raw.frame

    @property
    def own(self) -> bool:
        """See `RawSheet.own`."""
        return self.raw.own


def read_sheet(raw: RawSheet, source: str, mappings: Mappings, effort: Effort) -> Sheet:
    """Read one sheet with the mapping its headers fit.

    Raises:
        RefusedError: its file takes more computing than one may.
    """
    place = Cell(source, raw.name)
    if raw.own or any(raw.name and same(raw.name) in mapping.ignored for mapping in mappings.items):
        return _unread_sheet(raw, source, RowKind.TITLE, ())
    beside = problems_beside(raw, place)
    merges = merges_of(raw)
    header = find_header(raw, mappings, merges)
    faults = (
        no_header(header, raw, place) if isinstance(header, NoHeader) else header_faults(header, raw, merges, place)
    )
    faults = (*beside, *faults)
    if isinstance(header, NoHeader) or any(fault.severity is Severity.ERROR for fault in faults):
        return _unread_sheet(raw, source, RowKind.BLOCKED, faults)
    mapped = raw.frame.select(pl.col(f"c{column}").alias(field) for field, column in header.columns.items())
    mapped, merged = spread(mapped if raw.plain else clean(mapped), header.columns, merges, header.last)
    constants = {field: text for field, text in header.rules.constants.items() if field not in header.columns}
    texts = mapped.with_columns(pl.lit(text).alias(field) for field, text in constants.items())
    kind = classify(raw, mapped, header, merges)
    numbers = pl.int_range(1, raw.frame.height + 1, dtype=pl.UInt32, eager=True)
    chosen = kind == RowKind.RECORD.value
    read = read_records(raw, texts.filter(chosen), numbers.filter(chosen), header, source, effort)
    wrong = blocked_rows(read.faults)
    kind = kind.scatter([row - 1 for row in wrong], RowKind.BLOCKED.value) if wrong else kind
    below = look_below(raw, wrong, header, mappings)
    kind = kind.scatter([row - 1 for row in below.again], RowKind.HEADER.value) if below.again else kind
    end = below.second.first if below.second else raw.frame.height + 1
    again = set(below.again)
    kept = [fault for fault in (*merged, *read.faults) if fault.row < end and fault.row not in again]
    records = read.records.filter(pl.col("row") < end) if below.second else read.records
    if below.second:
        kind = kind.zip_with((numbers < end) | (kind == RowKind.BLANK.value), _plain(raw.frame, RowKind.BLOCKED))
        faults = (*faults, second_table(below.second, raw, place))
    faults = (*faults, *hidden_faults(raw, kind, place))
    problems = (*faults, *problems_of(kept, raw.frame, source, raw.name))
    rows = _rows(raw, source, header.rules.kind.value, kind)
    return Sheet(
        rows,
        header.rules.kind,
        records,
        header.mapping.name,
        problems,
        raw.name,
        header.columns,
        raw,
        namespace=header.mapping.namespace,
    )


def _unread_sheet(raw: RawSheet, source: str, kind: RowKind, faults: tuple[Problem, ...]) -> Sheet:
    """A sheet of which no row is a record: notes, or one that is blocked whole."""
    found = _plain(raw.frame, kind)
    problems = faults if (found == RowKind.BLOCKED.value).any() else ()
    return Sheet(_rows(raw, source, "", found), None, None, "", problems, raw.name, {}, raw)


def _plain(frame: pl.DataFrame, kind: RowKind) -> pl.Series:
    """Every row that shows something is of this kind."""
    if not frame.width:
        return pl.Series([], dtype=pl.String)
    shown = pl.any_horizontal(cleaned(name).is_not_null() for name in frame.columns)
    return frame.select(pl.when(shown).then(pl.lit(kind.value)).otherwise(pl.lit(RowKind.BLANK.value))).to_series()


def _rows(raw: RawSheet, source: str, record_kind: str, kinds_of_rows: pl.Series) -> pl.DataFrame:
    height = len(kinds_of_rows)
    hidden = raw.marks.filter(pl.col("what") == HIDDEN)["row"]
    number = pl.int_range(1, height + 1, dtype=pl.UInt32)
    frame = pl.select(
        source=pl.repeat(source, height, dtype=pl.String),
        sheet=pl.repeat(raw.name, height, dtype=pl.String),
        row=number,
        record_kind=pl.repeat(record_kind, height, dtype=pl.String),
        kind=pl.lit(kinds_of_rows),
        hidden=pl.repeat(raw.hidden, height, dtype=pl.Boolean) | number.is_in(hidden.implode()),
    )
    return conform(frame, ROWS)
