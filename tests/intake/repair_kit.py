"""What the tests of repair share: a workbook with everything in it, and the marked copy taken apart."""

import io
import re
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
from intake_kit import CLIENT_HEADER, shipped
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from connector.intake import Intake, Limits, read_sources
from connector.intake.guard import Repaired, repair_workbook
from connector.intake.repair.door import Repair, repair
from connector.intake.repair.task import CellMark, SheetTask, Task

SHEET = "xl/worksheets/sheet1.xml"
RED, YELLOW = "FFFFC4C4", "FFFFEDA6"
DIGEST = "0" * 64
FORMULAS, VALUES = False, True


def check(path: Path) -> Intake:
    return read_sources([path], shipped())


def repaired(path: Path, out: Path) -> tuple[Intake, Repair]:
    intake = check(path)
    return intake, repair(intake, path, out)


def parts(path: Path | bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(path) if isinstance(path, bytes) else path) as whole:
        assert whole.testzip() is None
        return {name: whole.read(name) for name in whole.namelist()}


def packed(content: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, data in content.items():
            whole.writestr(name, data)
    return made.getvalue()


def changed(path: Path, *changes: tuple[str, bytes, bytes]) -> Path:
    content = parts(path)
    for name, old, new in changes:
        assert re.search(old, content[name], re.DOTALL), (name, old)
        content[name] = re.sub(old, new, content[name], flags=re.DOTALL)
    path.write_bytes(packed(content))
    return path


def places(intake: Intake) -> list[tuple[str, str, str]]:
    return [(str(one.place).partition(":")[2], one.code, one.message) for one in intake.problems]


@lru_cache(maxsize=4)
def loaded(path: Path, only_values: bool) -> openpyxl.Workbook:  # noqa: FBT001  (FORMULAS or VALUES)
    """A workbook that nobody writes to; openpyxl takes seconds for a large one."""
    return openpyxl.load_workbook(path, data_only=only_values, rich_text=True)


def marked(path: Path) -> set[tuple[str, str]]:
    """Sheet and address of every cell that is filled by us and commented by us; asserts that these are the same."""
    book = loaded(path, FORMULAS)
    cells = [
        (sheet.title, cell)
        for sheet in book
        if not sheet.title.startswith("Fix list")
        for row in sheet.iter_rows()
        for cell in row
    ]
    filled = {(title, cell.coordinate) for title, cell in cells if cell.fill.fgColor.rgb in {RED, YELLOW}}
    noted = {(title, cell.coordinate) for title, cell in cells if cell.comment is not None and "[" in cell.comment.text}
    assert filled == noted
    return filled


def fix_list(path: Path) -> list[tuple[Any, ...]]:
    """The lines of the Fix list: its texts, and where its link leads."""
    sheet = loaded(path, FORMULAS)["Fix list"]
    rows = list(sheet.iter_rows())
    head = next(index for index, row in enumerate(rows) if row[0].value == "Severity")
    return [
        (*(cell.value for cell in row), row[3].hyperlink.location if row[3].hyperlink else None)
        for row in rows[head + 1 :]
    ]


def mark(data: bytes, *cells: tuple[int, int], sheet: str = "Clients", note: str = "wrong\n[code]") -> Repaired:
    """A workbook with marks of our own choice."""
    marks = tuple(CellMark(row, column, error=True, note=note) for row, column in cells)
    return repair_workbook(data, Task(DIGEST, (SheetTask(sheet, marks, ()),), ()).to_json(), "x.xlsx", Limits())


def rich_workbook(path: Path, rows: int) -> Path:
    """Clients with every tenth one at fault, and around them all that a person can put into a workbook."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Clients"
    sheet.append((*CLIENT_HEADER, "Employee band"))
    looks = book.create_sheet("Looks")
    for number in range(12):
        cell = looks.cell(1, number + 1)
        cell.font = Font(bold=number % 2 == 0, color=f"FF{number * 20:02X}0000")
        cell.border = Border(left=Side(style="thin", color="FF0000FF"))
        cell.number_format = "00000" if number % 3 == 0 else "General"
        if number % 4 == 0:
            cell.fill = PatternFill("solid", fgColor="FFCCE5FF")
    for number in range(2, rows + 2):
        status = "Gone" if number % 10 == 0 else "Active"
        name = None if number % 25 == 0 else f"Client {number}"
        row = (number, "P-1", name, f"c{number}.example", "Full", "2025-03-01", f"={number}+1", status, "11-50")
        for column, value in enumerate(row, 1):
            # An array of numbers is copied; to set fonts one by one takes a minute.
            sheet.cell(number, column, value)._style = looks.cell(1, (number + column) % 12 + 1)._style  # noqa: SLF001
    book.remove(looks)
    sheet.column_dimensions["C"].width = 41
    sheet.row_dimensions[12].hidden = True
    sheet.conditional_formatting.add(
        "G2:G50", CellIsRule(operator="greaterThan", formula=["9"], font=Font(italic=True))
    )
    own = DataValidation(type="list", formula1='"Active,Archived"', allow_blank=True)
    own.add("H2:H40")
    sheet.add_data_validation(own)
    sheet["B3"].comment = Comment("ask Ana", "Ana")
    sheet["H10"].comment = Comment("really gone?", "Ana")
    book.defined_names["everyone"] = DefinedName("everyone", attr_text="Clients!$A$2:$A$40")
    notes = book.create_sheet("Figures")
    notes.append(("quarter", "amount"))
    notes.append(("Q1", 3))
    notes.merge_cells("A4:B5")
    chart = BarChart()
    chart.add_data(Reference(notes, min_col=2, min_row=1, max_row=2), titles_from_data=True)
    notes.add_chart(chart, "D2")
    book.save(path)
    rich = b'<is><r><rPr><b/></rPr><t>Full</t></r><r><t xml:space="preserve"> feature</t></r></is>'
    changed(
        path,
        (SHEET, rb"<f>(\d+)\+1</f><v ?(?:/>|></v>)", rb"<f>\1+1</f><v>7\1</v>"),
        (SHEET, rb'(<c r="E5"[^>]*>)<is>.*?</is>', rb"\1" + rich),
    )
    content = parts(path)
    content["xl/media/picture1.png"] = bytes(range(256)) * 9
    content["[Content_Types].xml"] = content["[Content_Types].xml"].replace(
        b"<Override", b'<Default Extension="png" ContentType="image/png"/><Override', 1
    )
    path.write_bytes(packed(content))
    return path
