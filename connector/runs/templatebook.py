"""The empty workbook that people fill in: the columns that are read, drop-downs of the allowed values, a note sheet.

It is made from the mapping, so what it asks for is what is read.
"""

from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from connector.domain.employees import BANDS, band_label
from connector.domain.words import (
    ClientStatus,
    Grouping,
    PartnerKind,
    PaymentMethod,
    Plan,
    RecordKind,
    TaxStatus,
)
from connector.intake import Mapping
from connector.runs.wholefile import refuse_taken, write_whole

_ROWS = 5_000
_WIDTH = 22
_DATES = ("created_on", "upgraded_on", "archived_on", "employees_as_of", "purchased_on", "valid_from", "included_until")
_SHEETS = {
    RecordKind.PARTNERS: "Partners",
    RecordKind.CLIENTS: "Clients",
    RecordKind.BUNDLES: "Bundles",
    RecordKind.TEMPLATES: "Templates",
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "plan": tuple(plan.value for plan in Plan),
    "status": tuple(status.value for status in ClientStatus),
    "kind": tuple(kind.value for kind in PartnerKind),
    "tax_status": tuple(status.value for status in TaxStatus),
    "grouping": tuple(grouping.value for grouping in Grouping),
    "payment_method": tuple(method.value for method in PaymentMethod),
    "employee_band": tuple(band_label(low, high) for low, high in BANDS),
    "record_type": ("client", "template"),
}
_NOTES = (
    "Fill in the sheets Partners, Clients, Bundles and Templates; leave a sheet empty if you have nothing for it.",
    "Coloured columns must be filled. Dates are real dates, or text such as 2025-03-31.",
    "Employees: a whole number such as 50, or a band such as 11-50. Give one, or both.",
    "A client needs a client id or a website domain: that is how it is recognised next time.",
    "Check it: connector check FILE. Plan: connector plan FILE.",
)


def write_template(out: Path, mapping: Mapping) -> None:
    """Write the workbook.

    Args:
        out: where; nothing is overwritten.
        mapping: whose first header of each field becomes the column's title.

    Raises:
        StopError: the file exists, or cannot be written.
    """
    refuse_taken(out)
    book = Workbook()
    notes = book.worksheets[0]
    notes.title = "Read me"
    for number, text in enumerate(_NOTES, 1):
        notes.cell(number, 1, text)
    notes.column_dimensions["A"].width = 110
    lists = book.create_sheet("Lists")
    lists.sheet_state = "hidden"
    for rules in mapping.records:
        sheet = book.create_sheet(_SHEETS[rules.kind])
        needed = {field for group in rules.needed for field in group}
        _columns(sheet, lists, dict(rules.titles), needed)
    whole = BytesIO()  # first in memory: a workbook cut short by a full disk must not appear
    book.save(whole)
    write_whole(out, whole.getvalue())


def _columns(sheet: Worksheet, lists: Worksheet, titles: dict[str, str], needed: set[str]) -> None:
    for number, (field, title) in enumerate(titles.items(), 1):
        letter = get_column_letter(number)
        cell = sheet.cell(1, number, title)
        cell.data_type = "s"  # a title is never a formula, whatever it begins with
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True)
        if field in needed:
            cell.fill = PatternFill("solid", fgColor="FFF2CC")
        sheet.column_dimensions[letter].width = _WIDTH
        if field in _DATES:
            for row in range(2, 202):
                sheet.cell(row, number).number_format = "yyyy-mm-dd"
        if field in _CHOICES:
            _drop_down(sheet, lists, f"{letter}2:{letter}{_ROWS}", _CHOICES[field])
    sheet.freeze_panes = "A2"


def _drop_down(sheet: Worksheet, lists: Worksheet, cells: str, choices: tuple[str, ...]) -> None:
    column = lists.max_column + (lists.max_row > 1 or lists.cell(1, 1).value is not None)
    for row, choice in enumerate(choices, 1):
        lists.cell(row, column, choice).data_type = "s"
    letter = get_column_letter(column)
    source = f"Lists!${letter}$1:${letter}${len(choices)}"
    rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
    rule.error = f"Choose one of: {', '.join(choices)}"
    sheet.add_data_validation(rule)
    rule.add(cells)
