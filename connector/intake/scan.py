"""A bounded scan of a sheet's XML for what the value reader hides; values are not its business.

It finds error cells, formulas without a value, hidden rows, merged cells, numbers of too many digits or shown with
leading zeros, and cells far outside: a far cell makes the value reader ask for all the space before it. One fast pass
finds the signs of these; only the cells that bear one are looked at. Only this file knows re2, whose expressions never
go back, so that no sheet can make them slow.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import re2

from connector.intake.archive import Archive
from connector.intake.kinds import FILE_DAMAGED, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import DIGITS, ERROR, HIDDEN, MERGED, NEVER, NO_VALUE, SHOWN, Mark, RefusedError
from connector.intake.numberformats import shown_as
from connector.intake.steps import STEPS

_LONGEST_ROW = 64 * 2**20
_LONG_NUMBER = r"-?(?:[0-9]{16}|[0-9](?:\.[0-9]+)?[eE]\+?(?:1[5-9]|[2-9][0-9]))"
_REFERENCE = re.compile(rb'\br="([A-Z]*)(\d{1,19})\d*"')  # a number of more digits is large enough without them
_STYLE = re.compile(rb'\bs="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_FOREIGN = (b"='", b"<!--")  # ways to write XML that no spreadsheet program uses in a sheet
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_RANGE = re.compile(rb'\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_LETTERS = 26
_COUNTED_FROM = 100 * 2**20  # a smaller sheet is read in time, whatever it holds
_TAG_ENDS = {b" ", b"\t", b"\r", b"\n", b">", b"/"}


@dataclass(frozen=True)
class Task:
    """What one sheet is scanned for.

    Attributes:
        sheet: its name, for places.
        shown: style index → number format, for those that show a whole number otherwise than plainly.
        recalculate: whether a cached 0 of a formula proves nothing.
        limits: where a sheet ends at the latest.
        rows_before: rows of the sheets before it, for whoever waits.
    """

    sheet: str
    shown: Mapping[int, str]
    recalculate: bool
    limits: Limits
    rows_before: int = 0


@dataclass(frozen=True)
class _Patterns:
    """The expressions of one sheet; its elements may carry a namespace prefix.

    Attributes:
        signs: what asks for a look.
        row, cell, end, merge: the beginning of a row, of a cell, the end of a cell, and the beginning of a merge.
        behind: the end of all rows.
        value, formula, long: parts of a cell.
    """

    signs: Any
    row: bytes
    cell: bytes
    end: bytes
    merge: bytes
    behind: bytes
    value: re.Pattern[bytes]
    formula: re.Pattern[bytes]
    long: re.Pattern[bytes]


@dataclass
class _State:
    """How far the scan has come: the last row's number, rows and cells counted, whether all rows are passed, marks."""

    row: int = 0
    rows: int = 0
    cells: int = 0
    behind: bool = False
    marks: list[Mark] = field(default_factory=list)


def scan(archive: Archive, part: str, task: Task) -> list[Mark]:
    """The marks of one sheet.

    Raises:
        RefusedError: the part is damaged, declares a document type, or has content outside the limits.
    """
    state = _State()
    patterns: _Patterns | None = None
    counted = archive.parts[part].file_size > _COUNTED_FROM
    for piece in _row_pieces(archive, part):
        patterns = patterns or _patterns(_prefix(piece), task)
        if counted:
            _count(piece, task, patterns, state)
        signs = _signs(piece, patterns)
        if any(piece.startswith(_FOREIGN, at) for at in signs):
            piece = _COMMENT.sub(b"", piece).replace(b"'", b'"')  # noqa: PLW2901  (the same piece, as others write it)
            signs = _signs(piece, patterns)
        _look(piece, signs, task, patterns, state)
        STEPS.advance(len(piece), task.rows_before + state.row)
    return state.marks


def _count(piece: bytes, task: Task, patterns: _Patterns, state: _State) -> None:
    """Refuse a sheet that says the same rows again and again: its numbers alone would not give it away."""
    state.rows += piece.count(patterns.row)
    state.cells += piece.count(patterns.end) + piece.count(b"/>")
    if state.rows > task.limits.rows or state.cells > task.limits.cells:
        message = f"the sheet holds more than {task.limits.rows:,} rows or {task.limits.cells:,} cells"
        raise _too_large(task, 0, 0, message)


def _prefix(piece: bytes) -> str:
    """The namespace prefix of the sheet's elements, with its colon; usually none."""
    found = re.search(rb"<(\w+:)?worksheet\b", piece)
    return found[1].decode() if found and found[1] else ""


def _patterns(prefix: str, task: Task) -> _Patterns:
    empty = f"(?:<{prefix}v ?/>|<{prefix}v></{prefix}v>)?\\s*</{prefix}c>"
    zero = f"|<{prefix}v>0</{prefix}v>" if task.recalculate else ""
    formula = f"</{prefix}f>\\s*(?:{empty}{zero})|<{prefix}f[^>]*/>\\s*(?:{empty}{zero})"
    styles = "".join(f'|\\bs="{style}"' for style in task.shown)
    far = '\\br="(?:[A-Z]{3}[0-9]|[A-Z]*[0-9]{7}|[A-Z]*0)'
    others = f"<{prefix}row[^>]*hidden=\"|<{prefix}mergeCell |</{prefix}sheetData>|='|<!--"
    signs = f't="e"|{formula}|<{prefix}v>{_LONG_NUMBER}{styles}|{far}|{others}'
    return _Patterns(
        signs=re2.compile(signs.encode(), _options()),
        row=f"<{prefix}row".encode(),
        cell=f"<{prefix}c".encode(),
        end=f"</{prefix}c>".encode(),
        merge=f"<{prefix}mergeCell ".encode(),
        behind=f"</{prefix}sheetData>".encode(),
        value=re.compile(f"<{prefix}v(?:\\s[^>]*)?>([^<]*)<".encode()),
        formula=re.compile(f"<{prefix}f(?:\\s[^>]*)?(?:/>|>([^<]*)<)".encode()),
        long=re.compile(f"<{prefix}v>{_LONG_NUMBER}".encode()),
    )


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    options.never_capture = True
    return options


def _row_pieces(archive: Archive, part: str) -> Iterator[bytes]:
    """Pieces that end before a row, so that no row is cut; behind the last row they end before any tag."""
    rest, tag, end_tag = b"", b"", b""
    behind = False
    for chunk in archive.unpack(part):
        text = rest + chunk if rest else chunk
        tag = tag or b"<" + _prefix(text).encode() + b"row"
        end_tag = end_tag or b"</" + _prefix(text).encode() + b"sheetData>"
        end = 0 if behind else max(0, text.rfind(tag))
        if behind or text.find(end_tag, end) >= 0:
            behind, end = True, max(0, text.rfind(b"<"))
        if end:
            yield text[:end]
        rest = text[end:]
        if len(rest) > _LONGEST_ROW:
            message = "one row of the workbook is endless"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
    yield rest


def _signs(piece: bytes, patterns: _Patterns) -> list[int]:
    return [sign.start() for sign in patterns.signs.finditer(piece)]


def _look(piece: bytes, signs: Sequence[int], task: Task, patterns: _Patterns, state: _State) -> None:
    """Look at what stands at each sign."""
    rows = _Rows(piece, patterns.row, state.row)
    last = -1
    for sign in signs:
        start = piece.rfind(b"<", 0, sign + 1)
        if piece.startswith(patterns.behind, start):
            state.behind = True
        elif piece.startswith(patterns.merge, start):
            state.marks.extend(_merge(piece[start : piece.find(b">", start)], task))
        elif state.behind:
            continue  # what stands behind the rows is no cell
        elif piece.startswith(patterns.row, start):
            tag = piece[start : piece.find(b">", start)]
            row = rows.at(start)
            _check_row(row, task)
            if _HIDDEN.search(tag):
                state.marks.append(Mark(row, 0, HIDDEN))
        elif (cell := _cell_start(piece, start, patterns.cell)) > last:
            last = cell
            state.marks.extend(_cell(piece, cell, rows.at(cell), patterns, task))
    state.row = rows.at(len(piece))


class _Rows:
    """The numbers of a piece's rows: as each says, or one more than the row before."""

    def __init__(self, piece: bytes, tag: bytes, before: int) -> None:
        self._piece, self._tag, self._row = piece, tag, before
        self._next = piece.find(tag)

    def at(self, position: int) -> int:
        """The row that a position stands in; positions are asked for in order."""
        last = self._piece.rfind(self._tag, max(0, self._next), position + len(self._tag)) if self._next >= 0 else -1
        if last < 0 or last > position:
            return self._row
        reference = _REFERENCE.search(self._piece[last : self._piece.find(b">", last)])
        if reference:
            self._row = int(reference[2])
        else:
            self._row = self._counted(last)
        self._next = self._piece.find(self._tag, last + 1)
        return self._row

    def _counted(self, last: int) -> int:
        row, start = self._row, self._next
        while 0 <= start <= last:
            reference = _REFERENCE.search(self._piece[start : self._piece.find(b">", start)])
            row = int(reference[2]) if reference else row + 1
            start = self._piece.find(self._tag, start + 1)
        return row


def _check_row(row: int, task: Task) -> None:
    if row < 1:
        message = f"the sheet {task.sheet} has a row {row}"
        raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy, sheet=task.sheet)
    if row > task.limits.rows:
        raise _too_large(task, 0, 0, f"the sheet has a row {row:,}; the last one read is {task.limits.rows:,}")


def _cell_start(piece: bytes, position: int, tag: bytes) -> int:
    """Where the cell begins that a position stands in; -1 when it stands in none."""
    start = piece.rfind(tag, 0, position + len(tag))
    while start >= 0 and piece[start + len(tag) : start + len(tag) + 1] not in _TAG_ENDS:
        start = piece.rfind(tag, 0, start)
    return start


def _place(piece: bytes, start: int, row: int, patterns: _Patterns, most: int) -> tuple[int, int]:
    """Row and column of a cell: as it says, or right of the one before it; beyond `most` it is not counted on."""
    back = 0
    begin = piece.rfind(patterns.row, 0, start)
    while start > begin and back <= most:
        found = _REFERENCE.search(piece[start : piece.find(b">", start)])
        if found and found[1]:
            return (int(found[2]) if back == 0 else row), _number(found[1]) + back
        back += 1
        start = _cell_start(piece, start - 1 - len(patterns.cell), patterns.cell)
    return row, back


def _cell(piece: bytes, start: int, row: int, patterns: _Patterns, task: Task) -> Iterator[Mark]:
    head = piece.find(b">", start)
    attributes, inner = piece[start:head], piece[head + 1 : piece.find(patterns.end, head)]
    row, column = _place(piece, start, row, patterns, task.limits.columns)
    if attributes.endswith(b"/"):
        return
    _check_row(row, task)
    if column > task.limits.columns:
        message = f"the sheet has content beyond column {task.limits.columns} or row {task.limits.rows:,}"
        raise _too_large(task, row, column, message)
    value = patterns.value.search(inner)
    shown = value[1].decode("utf-8", "replace") if value else ""
    formula = patterns.formula.search(inner)
    if b't="e"' in attributes:
        yield Mark(row, column, ERROR, shown or "#ERROR")
        return
    if formula and not shown and b't="str"' not in attributes and b"<is" not in inner:
        text = (formula[1] or b"").decode("utf-8", "replace")
        yield Mark(row, column, NO_VALUE, f"={text or '…'}")
    elif formula and shown == "0" and task.recalculate:
        yield Mark(row, column, NEVER)
    if b't="' in attributes and b't="n"' not in attributes:
        return
    if patterns.long.search(inner):
        yield Mark(row, column, DIGITS, shown)
    style = _STYLE.search(attributes)
    text_shown = shown_as(task.shown.get(int(style[1]), ""), shown) if style else None
    if text_shown is not None:
        yield Mark(row, column, SHOWN, text_shown)


def _merge(tag: bytes, task: Task) -> Iterator[Mark]:
    """A merged range, at its first cell; one that goes on beyond the limits ends there."""
    if found := _RANGE.search(tag):
        last_row, last_column = min(int(found[4]), task.limits.rows), min(_number(found[3]), task.limits.columns)
        yield Mark(int(found[2]), _number(found[1]), MERGED, f"{last_row}:{last_column}")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number


def _too_large(task: Task, row: int, column: int, message: str) -> RefusedError:
    next_step = "Delete the rows and columns outside the table, and save it again."
    return RefusedError(FILE_TOO_COSTLY.code, message, next_step, sheet=task.sheet, row=row, column=column)
