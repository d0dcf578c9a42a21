"""One sheet's part with its marks, written while it is read: it never stands in memory as a whole."""

from collections.abc import Iterable, Iterator

from connector.intake.archive import Archive
from connector.intake.repair.around import widened
from connector.intake.repair.frame import Frame, Split
from connector.intake.repair.located import Edit, Node, edited
from connector.intake.repair.rows import Marker, check_written, patched_rows
from connector.intake.repair.styles import Styles
from connector.intake.repair.task import SheetTask
from connector.intake.repair.zipcopy import Packed, Packer

_ROWS_AT_ONCE = 512


def patch_sheet(
    archive: Archive, part: str, frame: Frame, task: SheetTask, styles: Styles, edits: list[Edit]
) -> Packed | None:
    """The part with its marks; None when nothing of it has changed.

    Args:
        archive: where the part is.
        part: its name.
        frame: the same part without its rows.
        task: the marks.
        styles: gives the formats of marked cells.
        edits: what else is changed in the frame.

    Raises:
        UnfamiliarError: its rows cannot be patched safely.
    """
    wanted: dict[int, dict[int, bool]] = {}
    for mark in task.marks:
        wanted.setdefault(mark.row, {})[mark.column] = mark.error
    marker = Marker(
        frame.prefix, wanted, lambda base, error: styles.marked(base, error=error), styles.unmarked, styles.ours,
        _columns(frame.root),
    )  # fmt: skip
    at, prefix = frame.rows_at, frame.prefix
    packer, split = Packer(), Split(archive.unpack(part))
    edits = [*edits, *widened(frame, task)]
    packer.add(edited(frame.data[: at.start], [edit for edit in edits if edit.end <= at.start]))
    packer.add(frame.open_tag)
    for piece in _joined(patched_rows(split.rows(), marker)):
        packer.add(piece)
    packer.add(b"</%bsheetData>" % prefix)
    moved = [Edit(edit.start - at.end, edit.end - at.end, edit.new) for edit in edits if edit.start >= at.end]
    packer.add(edited(frame.data[at.end :], moved))
    check_written(marker, frame.root_tag)
    return packer.done() if marker.written or edits else None


def _joined(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Rows in larger pieces: to pack each alone costs more than all the rest."""
    held: list[bytes] = []
    for number, row in enumerate(rows, 1):
        held.append(row)
        if number % _ROWS_AT_ONCE == 0:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)


def _columns(root: Node) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (int(node.attributes["min"]), int(node.attributes["max"]), int(node.attributes["style"]))
        for holder in root.named("cols")
        for node in holder.named("col")
        if all(node.attributes.get(name, "").isdecimal() for name in ("min", "max", "style"))
    )
