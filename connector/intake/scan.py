"""A bounded scan of a sheet's XML for what the value reader hides; values are not its business.

It finds error cells, formulas without a value, hidden rows, merged cells, numbers of too many digits or shown with
leading zeros, and cells far outside: a far cell makes the value reader ask for all the space before it. One fast pass
finds the signs of these; only the cells that bear one are looked at, by `scanlook`. Only this file knows re2, whose
expressions never go back, so that no sheet can make them slow.
"""

import re
from collections.abc import Iterator
from typing import Any

import re2

from connector.intake.archive import Archive
from connector.intake.kinds import FILE_TOO_COSTLY
from connector.intake.marks import Mark, RefusedError
from connector.intake.scanlook import LONG_NUMBER, Look, State, Tags, Task, too_large
from connector.intake.steps import STEPS

_LONGEST_ROW = 64 * 2**20
# The sheet's own element, its prefix and name, behind all that may stand before it.
_ROOT = re.compile(rb"(?>(?s:<\?.*?\?>|<!--.*?-->)|[^<]+)*+<(?:(\w+):)?(\w+)[\s/>]")
_FOREIGN = (b"='", b"<!--")  # ways to write XML that no spreadsheet program uses in a sheet
_COUNTED_FROM = 100 * 2**20  # a smaller sheet is read in time, whatever it holds


def scan(archive: Archive, part: str, task: Task) -> list[Mark]:
    """The marks of one sheet.

    Raises:
        RefusedError: the part is damaged, declares a document type, or has content outside the limits.
    """
    state = State()
    found: tuple[Tags, Any] | None = None
    counted = archive.parts[part].file_size > _COUNTED_FROM
    for piece in _row_pieces(archive, part):
        if found is None:
            prefix = _prefix(_ROOT.match(piece)).decode()
            found = Tags.of(prefix), _signs_of(prefix, task)
        tags, signs = found
        if counted:
            _count(piece, task, tags, state)
        places = [sign.start() for sign in signs.finditer(piece)]
        if any(piece.startswith(_FOREIGN, at) for at in places):
            piece = _without_comments(piece).replace(b"'", b'"')  # noqa: PLW2901  (the same piece, as others write it)
            places = [sign.start() for sign in signs.finditer(piece)]
        Look(piece, tags, task, state).at_all(places)
        STEPS.advance(len(piece), task.rows_before + state.row)
    return state.marks


def _count(piece: bytes, task: Task, tags: Tags, state: State) -> None:
    """Refuse a sheet that says the same rows again and again: its numbers alone would not give it away."""
    state.rows += piece.count(tags.row)
    state.cells += piece.count(tags.end) + piece.count(b"/>")
    if state.rows > task.limits.rows or state.cells > task.limits.cells:
        message = f"the sheet holds more than {task.limits.rows:,} rows or {task.limits.cells:,} cells"
        raise too_large(task, 0, 0, message)


def _prefix(root: re.Match[bytes] | None) -> bytes:
    """The namespace prefix of the sheet's elements, with its colon; usually none."""
    return root[1] + b":" if root is not None and root[1] and root[2] == b"worksheet" else b""


def _signs_of(prefix: str, task: Task) -> Any:  # noqa: ANN401  (re2 has no types)
    """The expression of all that asks for a look."""
    empty = f"(?:<{prefix}v ?/>|<{prefix}v></{prefix}v>)?\\s*</{prefix}c>"
    zero = f"|<{prefix}v>0</{prefix}v>" if task.recalculate else ""
    formula = f"</{prefix}f>\\s*(?:{empty}{zero})|<{prefix}f[^<>]*/>\\s*(?:{empty}{zero})"
    styles = "".join(f'|\\bs="{style}"' for style in task.shown)
    far = '\\br="(?:[A-Z]{3,}[0-9]|[A-Z]*[0-9]{7}|[A-Z]*0)'
    others = f"<{prefix}row[^<>]*hidden=\"|<{prefix}mergeCell |</{prefix}sheetData>|='|<!--"
    signs = f't="e"|{formula}|<{prefix}v>{LONG_NUMBER}{styles}|{far}|{others}'
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    options.never_capture = True
    return re2.compile(signs.encode(), options)


def _row_pieces(archive: Archive, part: str) -> Iterator[bytes]:
    """Pieces that end before a row, so that no row is cut; behind the last row they end before any tag."""
    rest, tag, end_tag = b"", b"", b""
    further: list[bytes] = []
    size, behind = 0, False
    for chunk in archive.unpack(part):
        further.append(chunk)
        size += len(chunk)
        if size < len(rest):
            continue  # a row of many chunks is looked through again only when twice as much of it is there
        text = b"".join((rest, *further)) if rest else chunk
        further, size = [], 0
        if not tag and (root := _ROOT.match(text)):
            tag, end_tag = b"<" + _prefix(root) + b"row", b"</" + _prefix(root) + b"sheetData>"
        end = max(0, text.rfind(tag)) if tag and not behind else 0
        if behind or (tag and text.find(end_tag, end) >= 0):
            behind, end = True, max(0, text.rfind(b"<"))
        if end:
            yield text[:end]
        rest = text[end:]
        if len(rest) > _LONGEST_ROW:
            message = "one row of the workbook is endless"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
    yield b"".join((rest, *further))


def _without_comments(piece: bytes) -> bytes:
    """The piece without its comments; one that does not end takes the rest with it."""
    kept, *parts = piece.split(b"<!--")
    ends = ((part, part.find(b"-->")) for part in parts)
    return b"".join((kept, *(part[end + len(b"-->") :] for part, end in ends if end >= 0)))
