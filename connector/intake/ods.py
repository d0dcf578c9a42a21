"""OpenDocument spreadsheets (.ods): content.xml in one pass, each cell with its value and what it shows.

Rows and columns that repeat are the trap: programs write a million blank rows as one. Blanks are skipped however often
they repeat; content that repeats beyond the limits is refused where it is met.
"""

from collections.abc import Iterable, Mapping
from xml.parsers import expat

from connector.intake.archive import Archive
from connector.intake.cells import Cells, with_content
from connector.intake.kinds import FILE_DAMAGED, FILE_ENCRYPTED, FILE_NOT_A_WORKBOOK
from connector.intake.limits import Limits
from connector.intake.marks import RefusedError
from connector.intake.odscell import MEANT_BREAK, MEANT_SPACE, MEANT_TAB, cell_text, paragraph
from connector.intake.odsnames import (
    COLUMNS_REPEATED,
    FORMULA,
    OFFICE,
    ROWS_REPEATED,
    STYLE,
    TABLE,
    TEXT,
    VALUE_TYPE,
    VISIBILITY,
)
from connector.intake.odsrows import PLAIN_TEXT, FamiliarRows
from connector.intake.rawsheet import RawSheet

_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_SPREADSHEET = OFFICE + "spreadsheet"
_ROW = TABLE + "table-row"
_CELLS = {TABLE + "table-cell", TABLE + "covered-table-cell"}
_PARAGRAPHS = {TEXT + "p", TEXT + "h"}
_UNREAD = {OFFICE + "annotation", TABLE + "shapes"}
_EXTERNAL = "ta_extref"  # the style by which LibreOffice marks its copies of other workbooks' sheets
_MEANT = {TEXT + "s": MEANT_SPACE, TEXT + "tab": MEANT_TAB, TEXT + "line-break": MEANT_BREAK}
_LONGEST_COUNT = 10  # digits
_LONGEST_BLANK = 100_000


def read_ods(archive: Archive, limits: Limits) -> tuple[RawSheet, ...]:
    """Every sheet, in order.

    Raises:
        RefusedError: the file is encrypted, damaged, no spreadsheet, or has no sheet with anything in it.
    """
    _refuse_encrypted(archive)
    if _CONTENT not in archive.parts:
        raise RefusedError(FILE_DAMAGED.code, "the document has no content.xml", FILE_DAMAGED.remedy)
    content = _Content(limits)
    rows = FamiliarRows(content)
    try:
        for chunk in archive.unpack(_CONTENT):
            rows.feed(chunk)
        rows.close()
        content.close()
    except expat.ExpatError as error:
        message = f"the part {_CONTENT} of the document is damaged ({error})"
        raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy) from error
    if not content.is_spreadsheet:
        message = "an OpenDocument file, but not a spreadsheet"
        raise RefusedError(FILE_NOT_A_WORKBOOK.code, message, FILE_NOT_A_WORKBOOK.remedy)
    return with_content(content.sheets)


def _refuse_encrypted(archive: Archive) -> None:
    manifest = b"".join(archive.unpack(_MANIFEST)) if _MANIFEST in archive.parts else b""
    if b"encryption-data" in manifest:
        raise RefusedError(FILE_ENCRYPTED.code, "the workbook is protected by a password", FILE_ENCRYPTED.remedy)


class _Content:
    """The sheets met so far. expat calls `_start` and `_end`; depths in the tree tell what belongs to what."""

    def __init__(self, limits: Limits) -> None:
        self.sheets: list[RawSheet] = []
        self.is_spreadsheet = False
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._limits = limits
        self._depth = self._book_depth = 0
        self._unread_depth = self._sheet_depth = self._cell_depth = self._text_depth = 0  # of the open one; 0 for none
        self._style, self._hidden_styles, self._hidden = "", set[str](), False
        self._cells = Cells("", limits)
        self._rows, self._column = range(1, 1), 1
        self._attributes: Mapping[str, str] = {}
        self._paragraphs: list[str] = []
        self._pieces: list[str] = []

    @property
    def expect_row(self) -> bool:
        """Whether a sheet is open, and no cell or other element in it."""
        return bool(self._sheet_depth) and not self._cell_depth and not self._unread_depth

    def parse(self, piece: bytes) -> None:
        """Take this with the XML parser."""
        self._parser.Parse(piece)

    def close(self) -> None:
        """The document has ended."""
        self._parser.Parse(b"", True)  # noqa: FBT003  (expat knows it by its position only)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._unread_depth:
            return
        if self._text_depth:
            self._start_in_text(name, attributes)
        elif self._cell_depth:
            if name in _PARAGRAPHS and self._depth == self._cell_depth + 1:  # deeper lie notes and drawings
                self._text_depth = self._depth
                self._parser.CharacterDataHandler = self._pieces.append
        elif self._sheet_depth:
            self._start_in_sheet(name, attributes)
        else:
            self._start_in_book(name, attributes)

    def _start_in_text(self, name: str, attributes: dict[str, str]) -> None:
        if name in _MEANT:
            self._pieces.append(_MEANT[name] * min(_times(attributes.get(TEXT + "c")), _LONGEST_BLANK))
        elif name in _UNREAD:
            self._unread_depth = self._depth
            self._parser.CharacterDataHandler = None

    def _start_in_sheet(self, name: str, attributes: dict[str, str]) -> None:
        if name in _CELLS:
            self._cell_depth = self._depth
            self._attributes = attributes
        elif name == _ROW:
            self.start_row(attributes)
        elif name in _UNREAD:
            self._unread_depth = self._depth

    def _start_in_book(self, name: str, attributes: dict[str, str]) -> None:
        if name == TABLE + "table" and self._depth == self._book_depth + 1:
            style = attributes.get(TABLE + "style-name", "")
            if style == _EXTERNAL:
                self._unread_depth = self._depth
                return
            self._sheet_depth = self._depth
            self._cells = Cells(attributes.get(TABLE + "name", ""), self._limits)
            self._hidden = style in self._hidden_styles
            self._rows = range(1, 1)
        elif name == _SPREADSHEET:
            self.is_spreadsheet, self._book_depth = True, self._depth
        elif name == STYLE + "style":
            self._style = attributes.get(STYLE + "name", "")
        elif name == STYLE + "table-properties" and attributes.get(TABLE + "display") == "false":
            self._hidden_styles.add(self._style)

    def _end(self, _: str) -> None:
        depth = self._depth
        self._depth -= 1
        if depth == self._unread_depth:
            self._unread_depth = 0
            if self._text_depth:
                self._parser.CharacterDataHandler = self._pieces.append
        elif depth == self._text_depth:
            self._text_depth = 0
            self._parser.CharacterDataHandler = None
            self._paragraphs.append("".join(self._pieces))
            self._pieces.clear()
        elif depth == self._cell_depth:
            self._cell_depth = 0
            shown = "\n".join(map(paragraph, self._paragraphs)) if self._paragraphs else None
            self.cells([(self._attributes, shown)])
            self._paragraphs.clear()
        elif depth == self._sheet_depth:
            self._sheet_depth = 0
            self.sheets.append(self._cells.sheet(hidden=self._hidden))

    def start_row(self, attributes: Mapping[str, str]) -> None:
        """A row begins, of which there may be many."""
        first = self._rows.stop
        self._rows = range(first, first + _times(attributes.get(ROWS_REPEATED)))
        self._column = 1
        if attributes.get(VISIBILITY, "visible") != "visible":
            self._cells.hide(self._rows)

    def cells(self, cells: Iterable[tuple[Mapping[str, str], str | None]]) -> None:
        """The row's next cells: what each says of itself and the text it shows, None without a paragraph."""
        column, rows = self._column, self._rows
        texts: list[tuple[int, str]] = []
        marked: list[tuple[int, str, str]] = []
        for attributes, shown in cells:
            first, column = column, column + 1
            if attributes is PLAIN_TEXT:
                texts.append((first, shown or ""))
                continue
            if COLUMNS_REPEATED in attributes:
                column = first + _times(attributes[COLUMNS_REPEATED])
            if shown is None and VALUE_TYPE not in attributes and FORMULA not in attributes:
                continue
            text, mark = cell_text(attributes, shown or "")
            if text:
                self._cells.check(rows.stop - 1, column - 1)
                texts.extend((number, text) for number in range(first, column))
                marked.extend((number, mark, text) for number in range(first, column) if mark)
        self._cells.put_rows(rows, texts)
        for number, mark, text in marked:
            for row in rows:
                self._cells.mark(row, number, mark, text)
        self._column = column


def _times(repeated: str | None) -> int:
    """How often something repeats; once where nothing sensible is said."""
    if repeated is None or not repeated.isdecimal() or len(repeated) > _LONGEST_COUNT:
        return 1
    return max(1, int(repeated))
