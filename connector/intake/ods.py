"""OpenDocument spreadsheets (.ods): content.xml in one pass, each cell with its value and what it shows.

Rows and columns that repeat are the trap: programs write a million blank rows as one. Blanks are skipped however often
they repeat; content that repeats beyond the limits is refused where it is met.
"""

import re
from collections.abc import Mapping
from xml.parsers import expat

from connector.intake.archive import Archive
from connector.intake.cells import Cells, with_content
from connector.intake.kinds import FILE_DAMAGED, FILE_ENCRYPTED, FILE_NOT_A_WORKBOOK
from connector.intake.limits import Limits
from connector.intake.odscell import FORMULA, TYPE, cell_text
from connector.intake.rawsheet import RawSheet, RefusedError

_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_SPREADSHEET = _OFFICE + "spreadsheet"
_ROW = _TABLE + "table-row"
_CELLS = {_TABLE + "table-cell", _TABLE + "covered-table-cell"}
_PARAGRAPHS = {_TEXT + "p", _TEXT + "h"}
_COLUMNS_REPEATED, _ROWS_REPEATED = _TABLE + "number-columns-repeated", _TABLE + "number-rows-repeated"
_SPACES = _TEXT + "c"
_UNREAD = {_OFFICE + "annotation", _TABLE + "shapes"}
_EXTERNAL = "ta_extref"  # the style by which LibreOffice marks its copies of other workbooks' sheets
# Signs that no XML can hold stand for the white space that was meant, while the other runs of it shrink.
_MEANT = {_TEXT + "s": "\x00", _TEXT + "tab": "\x01", _TEXT + "line-break": "\x02"}
_AS_MEANT = str.maketrans({"\x00": " ", "\x01": "\t", "\x02": "\n"})
_LAYOUT = re.compile("[ \t\r\n]+")
_PLAIN = re.compile("[^\x00-\x20]+(?: [^\x00-\x20]+)*").fullmatch
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
    try:
        for chunk in archive.unpack(_CONTENT):
            content.parser.Parse(chunk)
        content.parser.Parse(b"", True)  # noqa: FBT003  (expat knows it by its position only)
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
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._limits = limits
        self._depth = self._book_depth = 0
        self._unread_depth = self._sheet_depth = self._cell_depth = self._text_depth = 0  # of the open one; 0 for none
        self._style, self._hidden_styles, self._hidden = "", set[str](), False
        self._cells = Cells("", limits)
        self._rows, self._column = range(1, 1), 1
        self._attributes: Mapping[str, str] = {}
        self._paragraphs: list[str] = []
        self._pieces: list[str] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._unread_depth:
            return
        if self._text_depth:
            self._start_in_text(name, attributes)
        elif self._cell_depth:
            if name in _PARAGRAPHS and self._depth == self._cell_depth + 1:  # deeper lie notes and drawings
                self._text_depth = self._depth
                self.parser.CharacterDataHandler = self._pieces.append
        elif self._sheet_depth:
            self._start_in_sheet(name, attributes)
        else:
            self._start_in_book(name, attributes)

    def _start_in_text(self, name: str, attributes: dict[str, str]) -> None:
        if name in _MEANT:
            self._pieces.append(_MEANT[name] * min(_times(attributes.get(_SPACES)), _LONGEST_BLANK))
        elif name in _UNREAD:
            self._unread_depth = self._depth
            self.parser.CharacterDataHandler = None

    def _start_in_sheet(self, name: str, attributes: dict[str, str]) -> None:
        if name in _CELLS:
            self._cell_depth = self._depth
            self._attributes = attributes
        elif name == _ROW:
            first = self._rows.stop
            self._rows = range(first, first + _times(attributes.get(_ROWS_REPEATED)))
            self._column = 1
            if attributes.get(_TABLE + "visibility", "visible") != "visible":
                self._cells.hide(self._rows)
        elif name in _UNREAD:
            self._unread_depth = self._depth

    def _start_in_book(self, name: str, attributes: dict[str, str]) -> None:
        if name == _TABLE + "table" and self._depth == self._book_depth + 1:
            style = attributes.get(_TABLE + "style-name", "")
            if style == _EXTERNAL:
                self._unread_depth = self._depth
                return
            self._sheet_depth = self._depth
            self._cells = Cells(attributes.get(_TABLE + "name", ""), self._limits)
            self._hidden = style in self._hidden_styles
            self._rows = range(1, 1)
        elif name == _SPREADSHEET:
            self.is_spreadsheet, self._book_depth = True, self._depth
        elif name == _STYLE + "style":
            self._style = attributes.get(_STYLE + "name", "")
        elif name == _STYLE + "table-properties" and attributes.get(_TABLE + "display") == "false":
            self._hidden_styles.add(self._style)

    def _end(self, _: str) -> None:
        depth = self._depth
        self._depth -= 1
        if depth == self._unread_depth:
            self._unread_depth = 0
            if self._text_depth:
                self.parser.CharacterDataHandler = self._pieces.append
        elif depth == self._text_depth:
            self._text_depth = 0
            self.parser.CharacterDataHandler = None
            self._paragraphs.append(_shown(self._pieces))
            self._pieces.clear()
        elif depth == self._cell_depth:
            self._cell_depth = 0
            self._end_cell()
        elif depth == self._sheet_depth:
            self._sheet_depth = 0
            self.sheets.append(self._cells.sheet(hidden=self._hidden))

    def _end_cell(self) -> None:
        attributes, first = self._attributes, self._column
        self._column += _times(attributes.get(_COLUMNS_REPEATED))
        if not self._paragraphs and TYPE not in attributes and FORMULA not in attributes:
            return
        text, mark = cell_text(attributes, "\n".join(self._paragraphs))
        self._paragraphs.clear()
        if not text:
            return
        for column in range(first, self._column):
            self._cells.put_rows(self._rows, column, text)
            for row in self._rows if mark else ():
                self._cells.mark(row, column, mark, text)


def _shown(pieces: list[str]) -> str:
    """The text of a paragraph: runs of white space count as one space, and as nothing at its ends."""
    text = pieces[0] if len(pieces) == 1 else "".join(pieces)
    if not _PLAIN(text):
        text = _LAYOUT.sub(" ", text).strip(" ").translate(_AS_MEANT)
    return text


def _times(repeated: str | None) -> int:
    """How often something repeats; once where nothing sensible is said."""
    if repeated is None or not repeated.isdecimal() or len(repeated) > _LONGEST_COUNT:
        return 1
    return int(repeated)
