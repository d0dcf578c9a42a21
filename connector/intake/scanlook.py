"""The places of a sheet's XML that bear a sign: which row or cell each stands in, and what there is to say of it.

A piece is gone through from its beginning to its end, and nothing is searched through twice: a sheet made to be looked
back through from each of a million signs costs no more than another one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from connector.intake.kinds import FILE_DAMAGED, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import DIGITS, ERROR, HIDDEN, MERGED, NEVER, NO_VALUE, SHOWN, Mark, RefusedError
from connector.intake.numberformats import shown_as

LONG_NUMBER = r"-?(?:[0-9]{16}|[0-9](?:\.[0-9]+)?[eE]\+?(?:1[5-9]|[2-9][0-9]))"
_REFERENCE = re.compile(rb'\br="([A-Z]*)(\d{1,19})\d*"')  # a number of more digits is large enough without them
_STYLE = re.compile(rb'\bs="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_RANGE = re.compile(rb'\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_LETTERS = 26
_LONGEST_TAG = 64 * 2**10
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
class Tags:
    """How the elements of one sheet are written; they may carry a namespace prefix.

    Attributes:
        row, cell, end, merge: the beginning of a row, of a cell, the end of a cell, and the beginning of a merge.
        behind: the end of all rows.
        value, formula, long: parts of a cell. None of them reads on beyond the next tag.
    """

    row: bytes
    cell: bytes
    end: bytes
    merge: bytes
    behind: bytes
    value: re.Pattern[bytes]
    formula: re.Pattern[bytes]
    long: re.Pattern[bytes]

    @classmethod
    def of(cls, prefix: str) -> Self:
        """Those of a sheet whose elements have this prefix."""
        return cls(
            row=f"<{prefix}row".encode(),
            cell=f"<{prefix}c".encode(),
            end=f"</{prefix}c>".encode(),
            merge=f"<{prefix}mergeCell ".encode(),
            behind=f"</{prefix}sheetData>".encode(),
            value=re.compile(f"<{prefix}v(?:\\s[^<>]*)?>([^<]*)<".encode()),
            formula=re.compile(f"<{prefix}f(?:\\s[^<>]*)?(?:/>|>([^<]*)<)".encode()),
            long=re.compile(f"<{prefix}v>{LONG_NUMBER}".encode()),
        )


@dataclass
class State:
    """How far the scan has come: the last row's number, rows and cells counted, whether all rows are passed, marks."""

    row: int = 0
    rows: int = 0
    cells: int = 0
    behind: bool = False
    marks: list[Mark] = field(default_factory=list)


class Look:
    """One piece of a sheet, gone through from its beginning to its end.

    Args:
        piece: whole rows.
        tags, task: see there.
        state: what is known from the pieces before; it is carried on.
    """

    def __init__(self, piece: bytes, tags: Tags, task: Task, state: State) -> None:
        self._piece, self._tags, self._task, self._state = piece, tags, task, state
        self._rows = _Rows(piece, tags.row, task, state.row)
        self._tag = self._tag_seen = 0  # the last tag met, and how far tags were looked for
        self._cell, self._cell_seen = -1, 0  # the same for cells
        self._end = 0  # where the last cell looked at ends
        self._placed = (-1, 0)  # the last cell of the row whose column is known, and its column

    def at_all(self, signs: Sequence[int]) -> None:
        """Look at what stands at each sign; signs are given in order."""
        piece, tags, state = self._piece, self._tags, self._state
        before = -1
        for sign in signs:
            start = self._tag_before(sign)
            if start == before:
                continue  # it was looked at for another sign
            before = start
            if piece.startswith(tags.behind, start):
                state.behind = True
            elif piece.startswith(tags.merge, start):
                state.marks.extend(_merge(_tag_at(piece, start, self._task), self._task))
            elif state.behind:
                continue  # what stands behind the rows is no cell
            elif piece.startswith(tags.row, start):
                row = self._rows.at(start)
                _check_row(row, self._task)
                if _HIDDEN.search(_tag_at(piece, start, self._task)):
                    state.marks.append(Mark(row, 0, HIDDEN))
            else:
                self._at_cell(start)
        state.row = self._rows.at(len(piece))

    def _at_cell(self, position: int) -> None:
        """Look at the cell that a position stands in, if it stands in one that was not looked at before."""
        row = self._rows.at(position)
        cell = self._cell_before(position)
        if cell < max(self._rows.begin, self._end):
            return
        head = _tag_at(self._piece, cell, self._task)
        row, column = self._place(cell, head, row)
        inside = cell + len(head) + 1
        if head.endswith(b"/"):
            self._end = inside
            return
        end = self._piece.find(self._tags.end, inside)
        if end < 0:
            message = f"the sheet {self._task.sheet} has a cell without an end"
            raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy, sheet=self._task.sheet)
        self._end = end
        _check_row(row, self._task)
        if column > self._task.limits.columns:
            limits = self._task.limits
            message = f"the sheet has content beyond column {limits.columns} or row {limits.rows:,}"
            raise too_large(self._task, row, column, message)
        marks = _marks(head, self._piece[inside:end], self._tags, self._task)
        self._state.marks.extend(Mark(row, column, what, text) for what, text in marks)

    def _tag_before(self, sign: int) -> int:
        """Where the tag begins that a sign stands in or behind."""
        found = self._piece.rfind(b"<", self._tag_seen, sign + 1)
        self._tag, self._tag_seen = found if found >= 0 else self._tag, sign + 1
        return self._tag

    def _cell_before(self, position: int) -> int:
        """Where the cell begins that a position stands in or behind; -1 when there is none."""
        found = _cell_start(self._piece, position, self._tags.cell, self._cell_seen)
        self._cell, self._cell_seen = found if found >= 0 else self._cell, position + 1
        return self._cell

    def _place(self, cell: int, head: bytes, row: int) -> tuple[int, int]:
        """Row and column of a cell: as it says, or right of the one before it; beyond the limit it is not counted."""
        found = _REFERENCE.search(head)
        if found and found[1]:
            self._placed = (cell, _number(found[1]))
            return int(found[2]), self._placed[1]
        back, column, at = 1, 0, cell
        begin = max(self._rows.begin, self._placed[0])
        while back <= self._task.limits.columns:
            at = _cell_start(self._piece, at - 1 - len(self._tags.cell), self._tags.cell, begin)
            if at < 0 or at == self._placed[0]:
                column = self._placed[1] if at >= 0 else 0
                break
            found = _REFERENCE.search(_tag_at(self._piece, at, self._task))
            if found and found[1]:
                column = _number(found[1])
                break
            back += 1
        self._placed = (cell, column + back)
        return row, column + back


class _Rows:
    """The numbers of a piece's rows: as each says, or one more than the row before.

    `begin` is where the row begins that was asked for last.
    """

    def __init__(self, piece: bytes, tag: bytes, task: Task, before: int) -> None:
        self._piece, self._tag, self._task, self._row = piece, tag, task, before
        self._next = piece.find(tag)
        self.begin = 0

    def at(self, position: int) -> int:
        """The row that a position stands in; positions are asked for in order."""
        last = self._piece.rfind(self._tag, max(0, self._next), position + len(self._tag)) if self._next >= 0 else -1
        if last < 0 or last > position:
            return self._row
        reference = _REFERENCE.search(_tag_at(self._piece, last, self._task))
        self._row = int(reference[2]) if reference else self._counted(last)
        self.begin, self._next = last, self._piece.find(self._tag, last + 1)
        return self._row

    def _counted(self, last: int) -> int:
        row, start = self._row, self._next
        while 0 <= start <= last:
            reference = _REFERENCE.search(_tag_at(self._piece, start, self._task))
            row = int(reference[2]) if reference else row + 1
            start = self._piece.find(self._tag, start + 1)
        return row


def too_large(task: Task, row: int, column: int, message: str) -> RefusedError:
    """That a sheet holds more than is read."""
    next_step = "Delete the rows and columns outside the table, and save it again."
    return RefusedError(FILE_TOO_COSTLY.code, message, next_step, sheet=task.sheet, row=row, column=column)


def _check_row(row: int, task: Task) -> None:
    if row < 1:
        message = f"the sheet {task.sheet} has a row {row}"
        raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy, sheet=task.sheet)
    if row > task.limits.rows:
        raise too_large(task, 0, 0, f"the sheet has a row {row:,}; the last one read is {task.limits.rows:,}")


def _tag_at(piece: bytes, start: int, task: Task) -> bytes:
    """The tag that begins here, without its last sign."""
    end = piece.find(b">", start, start + _LONGEST_TAG)
    if end < 0:
        message = f"the sheet {task.sheet} has a tag without an end"
        raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy, sheet=task.sheet)
    return piece[start:end]


def _cell_start(piece: bytes, position: int, tag: bytes, begin: int) -> int:
    """The last beginning of a cell from `begin` up to a position; -1 when there is none."""
    start = piece.rfind(tag, begin, max(0, position + len(tag)))
    while start >= 0 and piece[start + len(tag) : start + len(tag) + 1] not in _TAG_ENDS:
        start = piece.rfind(tag, begin, start)
    return start


def _marks(head: bytes, inner: bytes, tags: Tags, task: Task) -> Iterator[tuple[str, str]]:
    """What there is to say of a cell, and the text of each mark."""
    value = tags.value.search(inner)
    shown = value[1].decode("utf-8", "replace") if value else ""
    formula = tags.formula.search(inner)
    if b't="e"' in head:
        yield ERROR, shown or "#ERROR"
        return
    if formula and not shown and b't="str"' not in head and b"<is" not in inner:
        text = (formula[1] or b"").decode("utf-8", "replace")
        yield NO_VALUE, f"={text or '…'}"
    elif formula and shown == "0" and task.recalculate:
        yield NEVER, ""
    if b't="' in head and b't="n"' not in head:
        return
    if tags.long.search(inner):
        yield DIGITS, shown
    style = _STYLE.search(head)
    text_shown = shown_as(task.shown.get(int(style[1]), ""), shown) if style else None
    if text_shown is not None:
        yield SHOWN, text_shown


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
