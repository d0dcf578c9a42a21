"""Any table of valid records comes back equal; one spoilt cell is reported where it stands and changes nothing else."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_kit import shipped
from openpyxl.styles import Alignment, Font, PatternFill
from table_kit import BAD, CODES, Table, tables

from connector.domain.places import Cell
from connector.domain.problems import Severity
from connector.domain.words import RowKind
from connector.intake.archived import read_archived
from connector.intake.csvfile import read_csv
from connector.intake.effort import free
from connector.intake.fields import FIELDS, Sort
from connector.intake.handover import take_up
from connector.intake.limits import Limits
from connector.intake.rawsheet import RawSheet
from connector.intake.sheets import Sheet, read_sheet

MAPPINGS = shipped()
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
STYLES = (
    {},
    {"font": Font(bold=True, color="FF0000")},
    {"fill": PatternFill("solid", fgColor="FFFF00")},
    {"alignment": Alignment(wrap_text=True)},
)
Spoilt = tuple[int, int, str]  # row, column, text


def check(table: Table, raw: RawSheet, spoilt: Spoilt | None = None) -> None:
    """The sheet says what the table does, but for the row of the spoilt cell."""
    got = read_sheet(raw, "file", MAPPINGS, free())
    row, column, text = spoilt or (0, 0, "")
    assert got.kind is table.kind
    assert got.records is not None
    expected = table.expected(without=row)
    names = sorted({name for one in expected for name in one})
    assert got.records.select(names).to_dicts() == [{name: one.get(name) for name in names} for one in expected]
    kinds = [RowKind.BLOCKED.value if number == row else kind for number, kind in enumerate(table.kinds(), 1)]
    assert rows_of(got, len(kinds)) == [(number, kind) for number, kind in enumerate(kinds, 1)]
    errors = [problem for problem in got.problems if problem.severity is Severity.ERROR]
    assert [problem.place for problem in errors] == ([Cell("file", raw.name, row, column)] if spoilt else [])
    if spoilt:
        sort = FIELDS[table.kind][table.columns[column - 1]].sort
        codes = {"cell-error"} if text.startswith("#") else CODES[sort]
        assert {problem.code for problem in errors} <= codes


def rows_of(got: Sheet, height: int) -> list[tuple[int, str]]:
    """Every row once, of one kind; the sum of the kinds is the number of rows."""
    assert got.rows["kind"].value_counts()["count"].sum() == got.rows.height == height
    return got.rows.select("row", "kind").rows()


def cells_of(table: Table) -> list[tuple[int, int]]:
    """Row and column of the filled cells of records."""
    return [
        (row, column)
        for row, (kind, line) in enumerate(table.lines, 1)
        for column, one in enumerate(line, 1)
        if kind is RowKind.RECORD and one is not None and table.columns[column - 1]
    ]


@st.composite
def spoilt_cells(draw: st.DrawFn, table: Table) -> Spoilt:
    row, column = draw(st.sampled_from(cells_of(table)))
    sort = FIELDS[table.kind][table.columns[column - 1]].sort
    return row, column, draw(st.sampled_from((*BAD[sort], "#REF!")))


def workbook(written: Sequence[tuple[Table, Spoilt | None]], style: int) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for number, (table, spoilt) in enumerate(written):
        sheet = book.create_sheet(f"Sheet {number}")
        for row, (_, line) in enumerate(table.lines, 1):
            for column, one in enumerate(line, 1):
                text = spoilt[2] if spoilt and spoilt[:2] == (row, column) else one and one.cell
                cell = sheet.cell(row, column, text)
                for name, value in STYLES[(row * style + column) % len(STYLES)].items():
                    setattr(cell, name, value)
                if one and one.form != "General":
                    cell.number_format = one.form
        for row in table.hidden:
            sheet.row_dimensions[row].hidden = True
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def sheets_of(data: bytes) -> list[RawSheet]:
    """The sheets as the guarded process hands them over, read in this one: a process for each would take too long."""
    sheets, lineage = read_archived(data, Limits())
    with TemporaryDirectory() as name:
        told = [sheet.write(Path(name), number) for number, sheet in enumerate(sheets)]
        return [take_up(Path(name), number, one, lineage) for number, one in enumerate(told)]


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(data=st.data(), several=st.lists(tables(), min_size=1, max_size=3), style=st.integers(0, 3))
def test_tables_in_workbooks(data: st.DataObject, several: list[Table], style: int) -> None:
    sheets = sheets_of(workbook([(table, None) for table in several], style))
    spoilt = [data.draw(spoilt_cells(table)) for table in several]
    others = sheets_of(workbook(list(zip(several, spoilt, strict=True)), style))
    for table, raw, other, bad in zip(several, sheets, others, spoilt, strict=True):
        check(table, raw)
        check(table, other, bad)
        flagged = read_sheet(raw, "file", MAPPINGS, free()).rows.filter("hidden")["row"].to_list()
        assert flagged == sorted(table.hidden)


ENCODINGS = {
    "utf-8": "aZ09 äé߀漢𝄞,;'",
    "utf-8-sig": "aZ09 äé߀漢𝄞,;'",
    "utf-16": "aZ09 äé߀漢𝄞,;'",
    "utf-16-le": "aZ09 äé߀漢𝄞,;'",
    "utf-16-be": "aZ09 äé߀漢𝄞,;'",
    "cp1252": "aZ09 éüßñ,;'",
}


def csv_text(table: Table, how: dict[str, Any], spoilt: Spoilt | None = None) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, **how)
    for row, (_, line) in enumerate(table.lines, 1):
        cells: list[str] = []
        for column, one in enumerate(line, 1):
            cells.append(spoilt[2] if spoilt and spoilt[:2] == (row, column) else str((one and one.cell) or ""))
        writer.writerow(cells + [""] * (len(table.columns) - len(cells)))
    return out.getvalue()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@settings(max_examples=6, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_tables_in_csv_files(encoding: str, delimiter: str, data: st.DataObject) -> None:
    table = data.draw(tables(texts=True, letters=ENCODINGS[encoding], most=6))
    how = {
        "delimiter": delimiter,
        "lineterminator": data.draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "quoting": data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
    }
    head = data.draw(st.sampled_from(["", ""] if encoding != "utf-8" else ["", f"sep={delimiter}"]))
    for spoilt in (None, data.draw(spoilt_cells(table))):
        text = csv_text(table, how, spoilt)
        if head:
            return check_below(table, f"{head}{how['lineterminator']}{text}".encode(encoding), spoilt)
        check(table, read_csv(text.encode(encoding), Limits()), spoilt)
    return None


def check_below(table: Table, data: bytes, spoilt: Spoilt | None) -> None:
    """The same below a line that declares the delimiter: it is a blank row."""
    lines = [(RowKind.BLANK, []), *table.lines]
    moved = Table(table.kind, table.columns, table.headers, lines, frozenset())
    below = (spoilt[0] + 1, *spoilt[1:]) if spoilt else None
    check(moved, read_csv(data, Limits()), below)


def test_every_sort_of_field_can_be_spoilt() -> None:
    assert set(BAD) == set(CODES) == set(Sort)
    assert pl.Series([len(texts) for texts in BAD.values()]).min() == 1
