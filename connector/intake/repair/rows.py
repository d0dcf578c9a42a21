"""The rows of a sheet's XML in one pass: marked cells get another format, missing ones are put in; all else is copied.

Rows are found by their tags, which is safe where no comment, no CDATA section and no second prefix can hide one: a
sheet that has any is unfamiliar, and so is a row whose cells do not follow each other in order.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from connector.domain.places import column_letters
from connector.intake.repair.located import UnfamiliarError

_ATTRIBUTES = rb"""((?:\s+[^\s=<>/"']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)"""
_FIRST_NUMBER = re.compile(rb'\s+r="([0-9]{1,7})"')
_NUMBER = re.compile(rb"""\sr\s*=\s*["']([0-9]{1,7})["']""")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_STYLE = re.compile(rb"""(\ss\s*=\s*)(?:"([0-9]+)"|'([0-9]+)')""")
_OWN_FORMAT = re.compile(rb"""\scustomFormat\s*=\s*["'](?:1|true)["']""")
_SPANS = re.compile(rb"""\sspans\s*=\s*(?:"[^"]*"|'[^']*')""")
_HEAD = re.compile(_ATTRIBUTES + rb"\s*(/?)>")
_OTHER_ROW = re.compile(rb"<(?:[\w.-]+:)?row[\s/>]")
_HIDING = (b"<!", b"<?", b"xmlns")
_LONGEST_ROW = 64 * 2**20
_LETTERS = 26


@dataclass
class Marker:
    """What is to be done to the rows of one sheet, and what was.

    Attributes:
        prefix: of the sheet's elements, with its colon.
        wanted: row → column → whether its mark is an error's.
        marked: the format of a marked cell: its own format, whether an error → the number of the format.
        unmarked: format of an earlier mark → the one before.
        ours: the formats of earlier marks.
        columns: the first and last column a format is declared for, and the format.
    """

    prefix: bytes
    wanted: Mapping[int, Mapping[int, bool]]
    marked: Callable[[int, bool], int]
    unmarked: Callable[[int], int]
    ours: frozenset[int]
    columns: tuple[tuple[int, int, int], ...]
    row: int = 0
    written: list[bytes] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare what every row needs."""
        self.pending = sorted(self.wanted, reverse=True)
        self.tag = b"<" + self.prefix + b"row"
        cell = re.escape(self.prefix) + b"c"
        self.end = b"</" + self.prefix + b"row"
        self.cell_tag = re.compile(b"<" + cell + _ATTRIBUTES + rb"\s*/?>")
        self.cell = re.compile(b"<" + cell + _ATTRIBUTES + rb"\s*(?:/>|>(.*?)</" + cell + rb"\s*>)", re.DOTALL)
        styles = b"|".join(str(number).encode() for number in sorted(self.ours))
        self.stale = re.compile(rb"""\ss\s*=\s*["'](?:""" + styles + rb""")["']""") if self.ours else None


def patched_rows(pieces: Iterable[bytes], marker: Marker) -> Iterator[bytes]:
    """What stands between the tags of the sheet's data, patched.

    Raises:
        UnfamiliarError: the rows cannot be patched safely. What was given until then must be thrown away.
    """
    rest = b""
    for piece in pieces:
        text = rest + piece
        cut = max(0, text.rfind(marker.tag))
        yield from _patched(text[:cut], marker)
        rest = text[cut:]
        if len(rest) > _LONGEST_ROW:
            raise UnfamiliarError("it has an endless row")
    yield from _patched(rest, marker)
    while marker.pending:
        yield _new_row(marker.pending.pop(), marker)


def check_written(marker: Marker, root_tag: bytes) -> None:
    """Read the rows that were written as XML once more: nothing leaves that is not well formed.

    Args:
        root_tag: the start tag of the sheet, for its namespaces.
        marker: what was written.

    Raises:
        UnfamiliarError: something is not.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    name = re.match(rb"<([^\s>]+)", root_tag)
    try:
        parser.Parse(root_tag, False)  # noqa: FBT003  (the library takes no name for it)
        for row in marker.written:
            parser.Parse(row, False)  # noqa: FBT003
        parser.Parse(b"</" + (name[1] if name else b"") + b">", True)  # noqa: FBT003
    except expat.ExpatError as error:
        raise UnfamiliarError("a row of it is not well formed") from error


def _patched(text: bytes, marker: Marker) -> Iterator[bytes]:
    if any(sign in text for sign in _HIDING) or (b":row" if not marker.prefix else b"<row") in text:
        _look_closer(text, marker)
    before, *rows = text.split(marker.tag)
    yield before
    for row in rows:
        if row[:1] not in b" \t\r\n/>" or not row:
            raise UnfamiliarError("it has an unfamiliar element")
        found = _FIRST_NUMBER.match(row) or _NUMBER.search(row.partition(b">")[0])
        number = int(found[1]) if found else marker.row + 1
        if number <= marker.row:
            raise UnfamiliarError("its rows are not in order")
        while marker.pending and marker.pending[-1] < number:
            yield _new_row(marker.pending.pop(), marker)
        marker.row = number
        wanted: Mapping[int, bool] = {}
        if marker.pending and marker.pending[-1] == number:
            wanted = marker.wanted[marker.pending.pop()]
        if wanted or (marker.stale is not None and marker.stale.search(row)):
            yield from _row(row, wanted, marker)
        else:
            yield marker.tag + row


def _look_closer(text: bytes, marker: Marker) -> None:
    """Refuse what could hide a row; a text that only mentions such things is none of it."""
    if any(sign in text for sign in _HIDING):
        raise UnfamiliarError("it has comments or other things between its rows")
    if any(found[0][:-1] != marker.tag for found in _OTHER_ROW.finditer(text)):
        raise UnfamiliarError("its rows have different prefixes")


def _new_row(number: int, marker: Marker) -> bytes:
    cells = b"".join(
        _new_cell(number, column, error, _column_style(column, marker), marker)
        for column, error in sorted(marker.wanted[number].items())
    )
    row = marker.tag + b' r="%d">' % number + cells + b"</" + marker.prefix + b"row>"
    marker.written.append(row)
    return row


def _new_cell(row: int, column: int, error: bool, base: int, marker: Marker) -> bytes:  # noqa: FBT001  (a mark's own)
    address = f"{column_letters(column)}{row}".encode()
    return b'<%bc r="%b" s="%d"/>' % (marker.prefix, address, marker.marked(base, error))


def _column_style(column: int, marker: Marker) -> int:
    return next((style for first, last, style in marker.columns if first <= column <= last), 0)


def _row(row: bytes, wanted: Mapping[int, bool], marker: Marker) -> Iterator[bytes]:
    """One row with its marks. What stands after its end tag (spaces, as a rule) stays."""
    restyled = _restyled(row, wanted, marker)
    if restyled is not None:
        marker.written.append((marker.tag + restyled).partition(marker.end)[0] + marker.end + b">")
        yield marker.tag + restyled
        return
    head = _HEAD.match(row)
    if head is None:
        raise UnfamiliarError("it has an unfamiliar row")
    attributes, end = head[1], marker.end
    base = _STYLE.search(attributes) if _OWN_FORMAT.search(attributes) else None
    own = int(base[2] or base[3]) if base else None
    if head[2]:
        body, after = b"", row[head.end() :]
    else:
        body, _, after = row[head.end() :].partition(end)
        closing, found, after = after.partition(b">")
        if closing.strip() or not found:
            raise UnfamiliarError("it has an unfamiliar row")
    cells, inserted = _cells(body, wanted, own, marker)
    if inserted:
        attributes = _SPANS.sub(b"", attributes)
    new = marker.tag + attributes + b">" + cells + end + b">"
    marker.written.append(new)
    yield new + after


def _restyled(row: bytes, wanted: Mapping[int, bool], marker: Marker) -> bytes | None:
    """The row when all it needs is another format for cells that name their address; else None. Most marks are such."""
    if marker.stale is not None:
        return None
    for column, error in wanted.items():
        at = row.find(b'<%bc r="%b%d"' % (marker.prefix, column_letters(column).encode(), marker.row))
        tag = marker.cell_tag.match(row, at) if at >= 0 else None
        if tag is None:
            return None
        row = row[:at] + _styled(tag, error, marker) + row[tag.end() :]
    return row


def _cells(body: bytes, wanted: Mapping[int, bool], own: int | None, marker: Marker) -> tuple[bytes, bool]:
    """The cells of a row, patched, and whether any was put in."""
    made, position, column, left = [], 0, 0, sorted(wanted, reverse=True)
    number = marker.row

    def put_in(before: float) -> None:
        while left and left[-1] < before:
            at = left.pop()
            base = own if own is not None else _column_style(at, marker)
            made.append(_new_cell(number, at, wanted[at], marker.unmarked(base), marker))

    inserted = len(wanted)
    for cell in marker.cell.finditer(body):
        if body[position : cell.start()].strip():
            raise UnfamiliarError("a row of it has unfamiliar cells")
        made.append(body[position : cell.start()])
        reference = _REFERENCE.search(cell[1])
        if reference is None and b" r=" in cell[1]:
            raise UnfamiliarError("a cell of it has an unfamiliar address")
        if reference is not None and int(reference[2]) != number:
            raise UnfamiliarError("a cell of it names another row than its own")
        at = _column(reference[1]) if reference is not None else column + 1
        if at <= column:
            raise UnfamiliarError("a row of it has its cells out of order")
        put_in(at)
        column, position = at, cell.end()
        inserted -= at in wanted
        made.append(_styled(cell, wanted.get(at), marker))
        if left and left[-1] == at:
            left.pop()
    if re.match(rb"\s*<" + re.escape(marker.prefix) + rb"c[\s/>]", body[position:]):
        raise UnfamiliarError("a row of it has unfamiliar cells")
    put_in(2**30)
    return b"".join((*made, body[position:])), inserted > 0


def _styled(cell: re.Match[bytes], error: bool | None, marker: Marker) -> bytes:  # noqa: FBT001  (a mark's own)
    attributes = cell[1]
    found = _STYLE.search(attributes)
    base = int(found[2] or found[3]) if found else 0
    style = base if error is None else marker.marked(base, error)
    style = marker.unmarked(base) if error is None else style
    if style == base:
        return cell[0]
    if found:
        new = attributes[: found.start()] + found[1] + b'"%d"' % style + attributes[found.end() :]
    else:
        new = attributes + b' s="%d"' % style
    at = len(marker.prefix) + 2
    return bytes(cell[0][:at] + new + cell[0][at + len(attributes) :])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number
