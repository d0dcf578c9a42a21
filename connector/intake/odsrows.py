"""Rows of a shape that nearly all have, read by regular expressions: twice as fast as by the XML parser.

A row is familiar when it holds cells of one plain paragraph, and blank ones, and nothing else, in a document that binds
the usual prefixes. Whatever is not goes to the XML parser, as does everything between the rows, so the shape decides
about speed and never about what is read.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol
from xml.sax.saxutils import unescape

from connector.intake.odscell import paragraph as as_shown
from connector.intake.odsnames import AS_WRITTEN, OFFICE, SHOWN_TYPE, TABLE, TEXT, VALUE_TYPE

_ROW_END = b"</table:table-row>"
_ROW_END_TEXT = _ROW_END.decode()
_ROW_BEGIN = re.compile(r"<table:table-row(?: ([^<>]*))?(?<!/)>")
_CELL = re.compile(r"<table:table-cell([^<>\n\r\t]*)>(?:(<text:p>[^<]*)</text:p></table:table-cell>)?")
_PARAGRAPH = len("<text:p>")
_SIGNS_OF_A_CELL = 4  # how many `<` one with a paragraph has
_ATTRIBUTE = re.compile(r'([\w:.-]+)="([^"]*)"')
_USUAL = {"office": OFFICE, "table": TABLE, "text": TEXT}
_PLAIN = re.compile(r"[^\x00-\x20&]+(?: [^\x00-\x20&]+)*").fullmatch
PLAIN_TEXT: Mapping[str, str] = {VALUE_TYPE: "string"}
_PLAIN_TEXTS = (PLAIN_TEXT, {**PLAIN_TEXT, SHOWN_TYPE: "string"})
_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding=["'](?!utf-8["'])""", re.IGNORECASE)
_ENTITIES = {"&quot;": '"', "&apos;": "'"}
_LONGEST_ROW = 8 * 2**20
_REMEMBERED = 10_000


class Sheets(Protocol):
    """Who makes sheets of what is cut."""

    @property
    def expect_row(self) -> bool:
        """Whether a sheet is open, and no cell or other element in it."""

    def parse(self, piece: bytes) -> None:
        """Take this with the XML parser."""

    def start_row(self, attributes: Mapping[str, str]) -> None:
        """A row begins."""

    def cells(self, cells: Iterable[tuple[Mapping[str, str], str | None]]) -> None:
        """The row's cells: what each says of itself and the text it shows, None for no paragraph."""


class FamiliarRows:
    """Cuts a document into familiar rows and the rest.

    Args:
        sheets: told of each familiar row, and given everything else to parse.
    """

    def __init__(self, sheets: Sheets) -> None:
        self._sheets = sheets
        self._rest = b""
        self._familiar: bool | None = None
        self._remembered: dict[str, Mapping[str, str]] = {}

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the document."""
        self._rest += chunk
        if self._familiar is None:
            self._familiar = _binds_usual_prefixes(self._rest)
        end = self._rest.rfind(_ROW_END) + len(_ROW_END)
        if not self._familiar or len(self._rest) > _LONGEST_ROW:
            end = len(self._rest)
        if end >= len(_ROW_END):
            piece, self._rest = self._rest[:end], self._rest[end:]
            self._piece(piece)

    def close(self) -> None:
        """There are no more bytes."""
        self._piece(self._rest)

    def _piece(self, piece: bytes) -> None:
        if b"<!" in piece:  # what looks like a row may stand in a comment, from here on
            self._familiar = False
        try:
            text = piece.decode() if self._familiar else ""
        except UnicodeDecodeError:
            text = ""
        if not text:
            self._sheets.parse(piece)
            return
        *rows, rest = text.split(_ROW_END_TEXT)
        for row in rows:
            self._row(row)
        if rest:
            self._sheets.parse(rest.encode())

    def _row(self, text: str) -> None:
        """What stands before the end of a row: the row, and perhaps other elements before it."""
        begin = _ROW_BEGIN.search(text)
        at = begin.start() if begin else 0
        if at:
            self._sheets.parse(text[:at].encode())
        cells = self._cells(text, begin) if begin and self._sheets.expect_row else None
        if begin is None or cells is None:
            self._sheets.parse((text[at:] + _ROW_END_TEXT).encode())
            return
        self._sheets.start_row(self._known(begin[1] or ""))
        self._sheets.cells(cells)

    def _cells(self, row: str, begin: re.Match[str]) -> list[tuple[Mapping[str, str], str | None]] | None:
        """Attributes and paragraph (None where there is none) of each cell; None for an unfamiliar row."""
        if "&#" in row:
            return None
        cells: list[tuple[Mapping[str, str], str | None]] = []
        signs, remembered = 1, self._remembered
        for told, paragraph in _CELL.findall(row, begin.end()):
            known = remembered.get(told) or self._known(told)
            if paragraph:
                signs += _SIGNS_OF_A_CELL
                shown = paragraph[_PARAGRAPH:]
                cells.append((known, shown if _PLAIN(shown) else as_shown(unescape(shown, _ENTITIES))))
            elif told[-1:] == "/":
                signs += 1
                cells.append((known, None))
            else:
                return None
        return cells if signs == row.count("<", begin.start()) else None

    def _known(self, told: str) -> Mapping[str, str]:
        """The attributes; most cells say the same of themselves as one before."""
        known = self._remembered.get(told)
        if known is None:
            known = _attributes(told)
            if len(self._remembered) < _REMEMBERED:
                self._remembered[told] = known
        return known


def _binds_usual_prefixes(head: bytes) -> bool:
    return not _ENCODING.match(head) and all(
        f'xmlns:{prefix}="{namespace[:-1]}"'.encode() in head for prefix, namespace in _USUAL.items()
    )


def _attributes(told: str) -> Mapping[str, str]:
    """The attributes that are read, their names with the namespace before a `}`."""
    found = {AS_WRITTEN[name]: value for name, value in _ATTRIBUTE.findall(told) if name in AS_WRITTEN}
    if "&" in told:
        found = {name: unescape(value, _ENTITIES) for name, value in found.items()}
    return PLAIN_TEXT if found in _PLAIN_TEXTS else found
