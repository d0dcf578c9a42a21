"""One raw sheet to counted rows, records and problems."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from connector.domain.places import Cell, column_letters
from connector.domain.problems import Kind, Problem, Severity
from connector.domain.words import RecordKind, RowKind
from connector.intake import kinds
from connector.intake.layout import Header, NoHeader, find_header
from connector.intake.mapping import Mappings
from connector.intake.rawsheet import HIDDEN, RawSheet
from connector.intake.records import read_records
from connector.intake.report import problems_of
from connector.intake.rowkinds import classify, clean, cleaned
from connector.intake.words import same
from connector.tables import ROWS, conform

_NAMED = 8


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
        shown: its cells as text, for excerpts.
        namespace: whose client ids its records carry, as its mapping says; "" without a header.
    """

    rows: pl.DataFrame
    kind: RecordKind | None
    records: pl.DataFrame | None
    mapping: str
    problems: tuple[Problem, ...]
    name: str
    columns: Mapping[str, int]
    shown: pl.DataFrame
    namespace: str = ""


def read_sheet(raw: RawSheet, source: str, mappings: Mappings) -> Sheet:
    """Read one sheet with the mapping its headers fit."""
    place = Cell(source, raw.name)
    if any(raw.name and same(raw.name) in mapping.ignored for mapping in mappings.items):
        return Sheet(
            _rows(raw, source, "", _plain(raw.frame, RowKind.TITLE)), None, None, "", (), raw.name, {}, raw.frame
        )
    header = find_header(raw.frame, mappings)
    faults = _no_header(header, place) if isinstance(header, NoHeader) else _header_faults(header, raw, place)
    if isinstance(header, NoHeader) or any(fault.severity is Severity.ERROR for fault in faults):
        blocked = _plain(raw.frame, RowKind.BLOCKED)
        problems = faults if (blocked == RowKind.BLOCKED.value).any() else ()
        return Sheet(_rows(raw, source, "", blocked), None, None, "", problems, raw.name, {}, raw.frame)
    mapped = clean(raw.frame.select(pl.col(f"c{column}").alias(field) for field, column in header.columns.items()))
    constants = {field: text for field, text in header.rules.constants.items() if field not in header.columns}
    texts = mapped.with_columns(pl.lit(text).alias(field) for field, text in constants.items())
    kind = classify(raw.frame, mapped, header)
    numbers = pl.int_range(1, raw.frame.height + 1, dtype=pl.UInt32, eager=True)
    chosen = kind == RowKind.RECORD.value
    read = read_records(raw, texts.filter(chosen), numbers.filter(chosen), header, source)
    blocked_rows = {fault.row for fault in read.faults if fault.kind.severity is Severity.ERROR}
    if blocked_rows:
        kind = kind.scatter([row - 1 for row in blocked_rows], RowKind.BLOCKED.value)
    problems = (*faults, *problems_of(read.faults, raw.frame, source, raw.name))
    rows = _rows(raw, source, header.rules.kind.value, kind)
    return Sheet(
        rows,
        header.rules.kind,
        read.records,
        header.mapping.name,
        problems,
        raw.name,
        header.columns,
        raw.frame,
        header.mapping.namespace,
    )


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


def _no_header(nearest: NoHeader, place: Cell) -> tuple[Problem, ...]:
    where = f"the sheet {place.sheet}" if place.sheet else "the file"
    if nearest.rules is None:
        message = f"no header of {where} is one a mapping knows"
        next_step = (
            "Write headers such as those of the template, or name the sheet under ignore_sheets: in the mapping."
        )
    else:
        titles = nearest.rules.titles
        missing = ", ".join(" or ".join(titles.get(field, field) for field in group) for group in nearest.missing)
        message = f"{where} looks like {nearest.rules.kind}, but has no column for: {missing}"
        next_step = f"Add the columns, or their headers to {nearest.rules.place}."
        near = {
            text: titles[nearest.rules.headers[match[0]]]
            for text in nearest.texts
            if same(text) not in nearest.rules.headers
            and (match := get_close_matches(same(text), nearest.rules.headers, 1))
        }
        if near:
            hints = ", ".join(f"{text!r} ({title})" for text, title in list(near.items())[:_NAMED])
            next_step = f"{next_step} Misspelt perhaps: {hints}."
    excerpt = " | ".join(nearest.texts[:_NAMED]) + (" | …" if len(nearest.texts) > _NAMED else "")
    at = Cell(place.file, place.sheet, nearest.row)
    kind = kinds.SHEET_NO_HEADER
    return (Problem(kind.code, kind.severity, at, message, next_step, excerpt),)


def _header_faults(header: Header, raw: RawSheet, place: Cell) -> tuple[Problem, ...]:
    found = []
    for field, column in header.twice:
        first, second = column_letters(header.columns[field]), column_letters(column)
        message = f"the columns {first} and {second} both mean {field}"
        found.append(_problem(kinds.SHEET_HEADER_TWICE, place, header, message, column))
    if header.rivals:
        own = f"{header.mapping.name}:{header.rules.kind}"
        message = f"the headers fit {' and '.join((own, *header.rivals))} equally well"
        found.append(_problem(kinds.SHEET_TWO_MAPPINGS, place, header, message))
    others = _unread(header, raw)
    if others and not found:
        names = ", ".join(
            f"{column_letters(column)} {title}".strip() for column, title in list(others.items())[:_NAMED]
        )
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        what = "1 column is" if len(others) == 1 else f"{len(others)} columns are"
        found.append(_problem(kinds.SHEET_UNMAPPED, place, header, f"{what} not read: {names}{more}"))
    return tuple(found)


def _unread(header: Header, raw: RawSheet) -> Mapping[int, str]:
    """Columns that hold something and are read by nobody; those without a header are called so."""
    claimed = {*header.columns.values(), *(column for _, column in header.twice)}
    last = raw.fields_of(header.last)  # what stands beyond it in a CSV file is a fault of its line
    found: dict[int, str] = {}
    for name in raw.frame.columns:
        column = int(name[1:])
        if column in claimed or (last and column > last):
            continue
        title = _text(raw.frame[name][header.last - 1]) or _text(raw.frame[name][header.first - 1])
        if title or _holds(raw.frame[name].slice(header.last)):
            found[column] = title or "(without a header)"
    return found


def _holds(values: pl.Series) -> bool:
    return bool(values.drop_nulls().len())


def _text(value: str | None) -> str:
    return " ".join((value or "").split())


def _problem(kind: Kind, place: Cell, header: Header, message: str, column: int = 0) -> Problem:
    at = Cell(place.file, place.sheet, header.last, column)
    return Problem(kind.code, kind.severity, at, message, kind.remedy)
