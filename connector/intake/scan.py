"""A bounded scan of a sheet's XML for what the value reader hides; values are not its business.

It finds error cells, formulas without a value, hidden rows, numbers of too many digits, and cells far outside. Most
sheets hide nothing: one fast pass finds that out (`has_signs`), and only the others are gone through row by row, as is
a sheet that has ended the reading process: a far cell makes the value reader ask for all the space before it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from connector.intake.archive import Archive
from connector.intake.kinds import FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.rawsheet import DIGITS, ERROR, HIDDEN, NEVER, NO_VALUE, SHOWN, Mark, RefusedError

_LONGEST_ROW = 64 * 2**20
_LONG_NUMBER = re.compile(rb"<(?:\w+:)?v>-?(?:\d{16}|\d(?:\.\d+)?[eE]\+?(?:1[5-9]|[2-9]\d))")
_REFERENCE = re.compile(rb'\br="([A-Z]*)(\d+)"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)<")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_LETTERS = 26


@dataclass(frozen=True)
class Task:
    """What one sheet is scanned for.

    Attributes:
        sheet: its name, for places.
        padded: style index → digits shown at least.
        recalculate: whether a cached 0 of a formula proves nothing.
    """

    sheet: str
    padded: Mapping[int, int]
    recalculate: bool
    limits: Limits


@dataclass
class _State:
    row: int = 0
    marks: list[Mark] = field(default_factory=list)


def has_signs(archive: Archive, part: str, task: Task) -> bool:
    """Whether anything in the sheet asks for a closer look: one fast pass, with the regular expressions of polars.

    Raises:
        RefusedError: the part is damaged, or declares a document type.
    """
    pattern = ""
    for piece in _text_pieces(archive, part):
        if not pattern:
            pattern = _signs(_prefix(piece), task)
        if pl.Series([piece], dtype=pl.Binary).cast(pl.String, strict=False).str.contains(pattern)[0] is not False:
            return True
    return False


def scan(archive: Archive, part: str, task: Task) -> list[Mark]:
    """The marks of one sheet, row by row: for sheets in which something asks for it.

    Raises:
        RefusedError: the part is damaged, or has content outside the limits.
    """
    state = _State()
    row_tag = b"<" + _prefix(next(archive.unpack(part), b"")) + b"row"
    for piece in _row_pieces(archive, part, row_tag):
        plain = piece.replace(b"'", b'"') if b"='" in piece else piece
        for text in plain.split(row_tag)[1:]:
            _row(text, task, state)
    return state.marks


def _prefix(piece: bytes) -> bytes:
    """The namespace prefix of the sheet's elements, with its colon; usually none."""
    found = re.search(rb"<(\w+:)?worksheet\b", piece)
    return found[1] if found and found[1] else b""


def _signs(prefix: bytes, task: Task) -> str:
    """What a sheet that needs a closer look contains. Quotes of the other kind are rare enough to be looked at too."""
    styles = "".join(f'|\\bs="{style}"' for style in task.padded)
    return f"""<{prefix.decode()}f|hidden="|t="e"|='{styles}"""


def _text_pieces(archive: Archive, part: str) -> Iterator[bytes]:
    """Pieces that end before a tag, so that no character and no tag is cut."""
    rest = b""
    for chunk in archive.unpack(part):
        end = chunk.rfind(b"<")
        if end < 0:
            rest += chunk
            continue
        yield rest + chunk[:end]
        rest = chunk[end:]
    yield rest


def _row_pieces(archive: Archive, part: str, row_tag: bytes) -> Iterator[bytes]:
    """Pieces that end before a row."""
    rest = b""
    for chunk in archive.unpack(part):
        text = rest + chunk
        end = max(0, text.rfind(row_tag))
        if end:
            yield text[:end]
        rest = text[end:]
        if len(rest) > _LONGEST_ROW:
            message = "one row of the workbook is endless"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
    yield rest


def _row(text: bytes, task: Task, state: _State) -> None:
    head, _, body = text.partition(b">")
    reference = _REFERENCE.search(head)
    state.row = int(reference[2]) if reference else state.row + 1
    if state.row > task.limits.rows:
        raise _too_large(task, 0, 0, f"the sheet has a row {state.row:,}; the last one read is {task.limits.rows:,}")
    if _HIDDEN.search(head):
        state.marks.append(Mark(state.row, 0, HIDDEN))
    column = 0
    for cell in _CELL.split(body)[1:]:
        attributes, _, inner = cell.partition(b">")
        found = _REFERENCE.search(attributes)
        column = _number(found[1]) if found and found[1] else column + 1
        if attributes.endswith(b"/"):
            continue
        row = int(found[2]) if found else state.row
        if column > task.limits.columns or row > task.limits.rows:
            message = f"the sheet has content beyond column {task.limits.columns} or row {task.limits.rows:,}"
            raise _too_large(task, row, column, message)
        state.marks.extend(_cell(attributes, inner, column, task, state.row))


def _cell(attributes: bytes, inner: bytes, column: int, task: Task, row: int) -> Iterator[Mark]:
    value = _VALUE.search(inner)
    shown = value[1].decode("utf-8", "replace") if value else ""
    formula = _FORMULA.search(inner)
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
    if _LONG_NUMBER.search(inner):
        yield Mark(row, column, DIGITS, shown)
    style = _STYLE.search(attributes)
    digits = task.padded.get(int(style[1]), 0) if style else 0
    if digits and re.fullmatch("[0-9]+", shown):
        yield Mark(row, column, SHOWN, shown.zfill(digits))


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number


def _too_large(task: Task, row: int, column: int, message: str) -> RefusedError:
    next_step = "Delete the rows and columns outside the table, and save it again."
    return RefusedError(FILE_TOO_COSTLY.code, message, next_step, sheet=task.sheet, row=row, column=column)
