"""The sheets we add: the Fix list, each line linked to its cell, and a hidden one of words for drop-downs.

All their cells are inline texts in a format with the quote prefix: nothing in them can become a formula.
"""

from collections.abc import Iterator, Sequence

from connector.domain.places import column_letters
from connector.intake.marks import FIX_LIST_TITLE, LISTS_TITLE
from connector.intake.repair.styles import Styles
from connector.intake.repair.task import HEADER, FixLine
from connector.intake.repair.texts import cell_text, escaped

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
MOST_LINES = 1_000_000
_MOST_LINKS = 65_000  # spreadsheet programs take 65,530 in a sheet
_WIDTHS = (10, 28, 18, 9, 60, 40, 60)
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def fix_list(lines: Sequence[FixLine], remarks: Sequence[str], space: str, styles: Styles) -> Iterator[bytes]:
    """The part of the Fix list: a title, remarks, a header, one row for each line.

    Args:
        lines: what is wrong.
        remarks: what could not be marked or kept.
        space: the namespace of the workbook's sheets.
        styles: gives the formats.
    """
    bold, wrapped, link = styles.own(bold=True), styles.own(wrapped=True), styles.own(link=True)
    plain, red, yellow = styles.own(), styles.own_marked(error=True), styles.own_marked(error=False)
    head = len(remarks) + 2
    told = lines[:MOST_LINES]
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(_WIDTHS, 1)
    )
    yield (
        _DECLARATION
        + (
            f'<worksheet xmlns="{space}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="{head}"'
            f' topLeftCell="A{head + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{columns}</cols><sheetData>"
        ).encode()
    )
    for number, text in enumerate((FIX_LIST_TITLE, *remarks), 1):
        yield _row(number, [(text, bold if number == 1 else plain)])
    yield _row(head, [(text, bold) for text in HEADER])
    links: list[bytes] = []
    for number, line in enumerate(told, head + 1):
        address = f"{column_letters(line.column)}{line.row}" if line.row else ""
        linked = bool(address) and len(links) < _MOST_LINKS
        yield _row(
            number,
            [
                (line.severity, red if line.severity == "error" else yellow),
                (line.code, plain),
                (line.sheet, plain),
                (address, link if linked else plain),
                (line.message, wrapped),
                (line.value, wrapped),
                (line.next_step, wrapped),
            ],
        )
        if linked:
            sheet = line.sheet.replace("'", "''")
            links.append(b'<hyperlink ref="D%d" location="%b"/>' % (number, escaped(f"'{sheet}'!{address}")))
    yield b'</sheetData><autoFilter ref="A%d:%b%d"/>' % (head, column_letters(len(HEADER)).encode(), head + len(told))
    if links:
        yield b"<hyperlinks>%b</hyperlinks>" % b"".join(links)
    yield b"</worksheet>"


def lists(columns: Sequence[Sequence[str]], space: str, styles: Styles) -> Iterator[bytes]:
    """The part of the hidden sheet: a title in the first row, below it one column for each list of words."""
    text = styles.own(as_text=True)
    yield _DECLARATION + f'<worksheet xmlns="{space}"><sheetData>'.encode()
    yield _row(1, [(LISTS_TITLE, text)])
    for index in range(max(map(len, columns), default=0)):
        yield _row(index + 2, [(words[index] if index < len(words) else "", text) for words in columns])
    yield b"</sheetData></worksheet>"


def _row(number: int, cells: Sequence[tuple[str, int]]) -> bytes:
    made = [
        b'<c r="%b%d" s="%d" t="inlineStr"><is><t xml:space="preserve">%b</t></is></c>'
        % (column_letters(column).encode(), number, style, cell_text(text))
        for column, (text, style) in enumerate(cells, 1)
        if text
    ]
    return b'<row r="%d">%b</row>' % (number, b"".join(made))
