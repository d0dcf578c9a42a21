"""A bounded scan of a sheet's XML for what the value reader hides; values are not its business.

It finds error cells, formulas without a value, hidden rows, merged cells, numbers of too many digits or shown with
leading zeros, and cells far outside: a far cell makes the value reader ask for all the space before it. Most of a
sheet hides nothing: one fast pass over each piece finds that out, and only the cells that ask for it are looked at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from connector.intake.archive import Archive
from connector.intake.kinds import FILE_DAMAGED, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.numberformats import shown_as
from connector.intake.rawsheet import DIGITS, ERROR, HIDDEN, MERGED, NEVER, NO_VALUE, SHOWN, Mark, RefusedError

_LONGEST_ROW = 64 * 2**20
_LONG_NUMBER = r"-?(?:[0-9]{16}|[0-9](?:\.[0-9]+)?[eE]\+?(?:1[5-9]|[2-9][0-9]))"
_REFERENCE = re.compile(rb'\br="([A-Z]*)(\d+)"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_RANGE = re.compile(rb'\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_LETTERS = 26
_CellText = tuple[int, Sequence[bytes], int]  # the row, the texts of its cells, and which of them


@dataclass(frozen=True)
class Task:
    """What one sheet is scanned for.

    Attributes:
        sheet: its name, for places.
        shown: style index → number format, for those that show a whole number otherwise than plainly.
        recalculate: whether a cached 0 of a formula proves nothing.
        limits: where a sheet ends at the latest.
    """

    sheet: str
    shown: Mapping[int, str]
    recalculate: bool
    limits: Limits


@dataclass(frozen=True)
class _Patterns:
    """The expressions of one sheet; its elements may carry a namespace prefix.

    Attributes:
        signs: what a piece that asks for a look holds, for the regular expressions of polars.
        cell: what a cell that does holds, for the same.
        row, first: the beginning of a row, and of a cell.
        value, formula, long, merge: parts of a cell, and a merged range.
    """

    signs: str
    cell: str
    row: bytes
    first: re.Pattern[bytes]
    value: re.Pattern[bytes]
    formula: re.Pattern[bytes]
    long: re.Pattern[bytes]
    merge: re.Pattern[bytes]


@dataclass
class _State:
    """How far the scan has come: the last row's number, and what was found."""

    row: int = 0
    marks: list[Mark] = field(default_factory=list)


def scan(archive: Archive, part: str, task: Task) -> list[Mark]:
    """The marks of one sheet.

    Raises:
        RefusedError: the part is damaged, declares a document type, or has content outside the limits.
    """
    state = _State()
    patterns: _Patterns | None = None
    for piece in _row_pieces(archive, part):
        if patterns is None:
            patterns = _patterns(_prefix(piece), task)
        if _holding([piece], patterns.signs):
            _look(piece.replace(b"'", b'"') if b"='" in piece else piece, task, patterns, state)
        else:
            _pass_over(piece, patterns, state)
    return state.marks


def _prefix(piece: bytes) -> str:
    """The namespace prefix of the sheet's elements, with its colon; usually none."""
    found = re.search(rb"<(\w+:)?worksheet\b", piece)
    return found[1].decode() if found and found[1] else ""


def _patterns(prefix: str, task: Task) -> _Patterns:
    empty = f"(?:<{prefix}v ?/>|<{prefix}v></{prefix}v>)?\\s*</{prefix}c>"
    zero = f"|<{prefix}v>0</{prefix}v>" if task.recalculate else ""
    formula = f"</{prefix}f>\\s*(?:{empty}{zero})|<{prefix}f[^>]*/>\\s*(?:{empty}{zero})"
    styles = "".join(f"|\\bs=[\"']{style}[\"']" for style in task.shown)
    cell = f"t=[\"']e[\"']|{formula}|<{prefix}v>{_LONG_NUMBER}{styles}"
    far = "\\br=[\"'](?:[A-Z]{3}[0-9]|[A-Z]*[0-9]{7})"
    head = f"<{prefix}row[^>]*hidden=[\"']|<{prefix}mergeCell "
    return _Patterns(
        signs=f"{cell}|{far}|{head}",
        cell=f"{cell}|{far}",
        row=f"<{prefix}row".encode(),
        first=re.compile(f"<{prefix}c(?=[\\s/>])".encode()),
        value=re.compile(f"<{prefix}v(?:\\s[^>]*)?>([^<]*)<".encode()),
        formula=re.compile(f"<{prefix}f(?:\\s[^>]*)?(?:/>|>([^<]*)<)".encode()),
        long=re.compile(f"<{prefix}v>{_LONG_NUMBER}".encode()),
        merge=re.compile(f"<{prefix}mergeCell (?:[^>]*)>".encode()),
    )


def _holding(texts: Sequence[bytes], pattern: str) -> list[int]:
    """Indexes of the texts that hold the pattern; a text that is no UTF-8 is taken to hold it."""
    known = pl.Series(texts, dtype=pl.Binary).cast(pl.String, strict=False)
    return known.str.contains(pattern).fill_null(value=True).arg_true().to_list()


def _row_pieces(archive: Archive, part: str) -> Iterator[bytes]:
    """Pieces that end before a row, so that no row is cut; behind the last row they end before any tag."""
    rest, tag, end_tag = b"", b"", b""
    behind = False
    for chunk in archive.unpack(part):
        text = rest + chunk
        tag = tag or b"<" + _prefix(text).encode() + b"row"
        end_tag = end_tag or b"</" + _prefix(text).encode() + b"sheetData>"
        behind = behind or end_tag in text
        end = max(0, text.rfind(b"<" if behind else tag))
        if end:
            yield text[:end]
        rest = text[end:]
        if len(rest) > _LONGEST_ROW:
            message = "one row of the workbook is endless"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
    yield rest


def _pass_over(piece: bytes, patterns: _Patterns, state: _State) -> None:
    """Keep count of the rows of a piece that hides nothing."""
    last = piece.rfind(patterns.row)
    if last < 0:
        return
    reference = _REFERENCE.search(piece[last : piece.find(b">", last)].replace(b"'", b'"'))
    state.row = int(reference[2]) if reference else state.row + piece.count(patterns.row)


def _look(piece: bytes, task: Task, patterns: _Patterns, state: _State) -> None:
    rows = piece.split(patterns.row)[1:]
    telling = set(_holding(rows, patterns.cell))
    cells: list[_CellText] = []
    for index, text in enumerate(rows):
        head, _, body = text.partition(b">")
        reference = _REFERENCE.search(head)
        state.row = int(reference[2]) if reference else state.row + 1
        _check_row(state.row, task)
        if _HIDDEN.search(head):
            state.marks.append(Mark(state.row, 0, HIDDEN))
        if index in telling:
            own = patterns.first.split(body)[1:]
            cells.extend((state.row, own, position) for position in range(len(own)))
    for index in _holding([own[position] for _, own, position in cells], patterns.cell):
        state.marks.extend(_cell(cells[index], patterns, task))
    if b"mergeCell " in piece:
        state.marks.extend(_merges(piece, patterns, task))


def _check_row(row: int, task: Task) -> None:
    if row < 1:
        message = f"the sheet {task.sheet} has a row {row}"
        raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy, sheet=task.sheet)
    if row > task.limits.rows:
        raise _too_large(task, 0, 0, f"the sheet has a row {row:,}; the last one read is {task.limits.rows:,}")


def _place(row: int, cells: Sequence[bytes], index: int) -> tuple[int, int]:
    """Row and column of a cell: as it says, or right of the one before it."""
    for back in range(index + 1):
        found = _REFERENCE.search(cells[index - back].partition(b">")[0])
        if found and found[1]:
            return int(found[2]), _number(found[1]) + back
    return row, index + 1


def _cell(cell: _CellText, patterns: _Patterns, task: Task) -> Iterator[Mark]:
    row, cells, index = cell
    attributes, _, inner = cells[index].partition(b">")
    row, column = _place(row, cells, index)
    if attributes.endswith(b"/"):
        return
    if column > task.limits.columns or row > task.limits.rows:
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


def _merges(piece: bytes, patterns: _Patterns, task: Task) -> Iterator[Mark]:
    """The merged ranges, each at its first cell; one that goes on beyond the limits ends there."""
    for merge in patterns.merge.finditer(piece):
        if found := _RANGE.search(merge[0]):
            row, column = int(found[2]), _number(found[1])
            last_row, last_column = min(int(found[4]), task.limits.rows), min(_number(found[3]), task.limits.columns)
            yield Mark(row, column, MERGED, f"{last_row}:{last_column}")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number


def _too_large(task: Task, row: int, column: int, message: str) -> RefusedError:
    next_step = "Delete the rows and columns outside the table, and save it again."
    return RefusedError(FILE_TOO_COSTLY.code, message, next_step, sheet=task.sheet, row=row, column=column)
