"""One sheet's part: its rows by `rows`, and around them the drop-downs, the link to the notes, the extent."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connector.domain.places import column_letters
from connector.intake.archive import Archive
from connector.intake.repair.located import Edit, Node, UnfamiliarError, appended, edited, parse, with_attribute
from connector.intake.repair.rows import Marker, check_written, patched_rows
from connector.intake.repair.styles import Styles
from connector.intake.repair.task import SheetTask
from connector.intake.repair.texts import cell_text, escaped
from connector.intake.repair.zipcopy import Packed, Packer

_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?:\s[^>]*?)?(/?)>")
_LONGEST_HEAD = 64 * 2**20
_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")
_WHOLE_COLUMNS = re.compile(r"\$?([A-Z]{1,3}):\$?([A-Z]{1,3})")
_LAST_ROW = 1_048_576
# The order of a worksheet's elements: `dataValidations` follows the first group, `legacyDrawing` both.
_BEFORE_VALIDATIONS = (
    "sheetData", "sheetCalcPr", "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState",
    "dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting",
)  # fmt: skip
_BEFORE_LEGACY = (
    *_BEFORE_VALIDATIONS, "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter",
    "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing",
)  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """A sheet without its rows.

    Attributes:
        prefix: of its elements, with the colon.
        data: its bytes, with an empty element where the rows are.
        root: its tree.
        rows_at: where that element stands.
        open_tag: what opens the rows in the part itself.
    """

    prefix: bytes
    data: bytes
    root: Node
    rows_at: Node
    open_tag: bytes

    @property
    def root_tag(self) -> bytes:
        """The start tag of the sheet."""
        return self.data[self.root.start : self.root.opened]


@dataclass(frozen=True)
class Choice:
    """A drop-down as it is written: its columns' area in rows, and the formula that lists the words."""

    column: int
    first: int
    last: int
    formula: str


def frame_of(archive: Archive, part: str) -> Frame:
    """The sheet without its rows.

    Raises:
        UnfamiliarError: it has no shape that is known.
    """
    split = _Split(archive.unpack(part))
    for _ in split.rows():
        pass
    if split.tail is None:
        raise UnfamiliarError("its rows have no end")
    data = split.head + b"<%bsheetData/>" % split.prefix + split.tail
    root = parse(data, "it")
    rows_at = root.named("sheetData")
    if root.name != "worksheet" or len(rows_at) != 1 or rows_at[0].start != len(split.head):
        raise UnfamiliarError("it has an unfamiliar shape")
    return Frame(split.prefix, data, root, rows_at[0], split.open_tag)


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
    packer, split = Packer(), _Split(archive.unpack(part))
    edits = [*edits, *_extent(frame, task)]
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
        if number % 512 == 0:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)


def drop_downs(frame: Frame, choices: Sequence[Choice], message: str) -> list[Edit]:
    """The edit that adds the drop-downs; cells that have a rule of the user's keep that one."""
    taken = list(_areas(frame.root))
    rules = []
    prefix = frame.prefix.decode()
    for choice in choices:
        areas = [
            f"{column_letters(choice.column)}{first}:{column_letters(choice.column)}{last}"
            for first, last in _left(choice, taken)
        ]
        if areas:
            rules.append(
                f'<{prefix}dataValidation type="list" errorStyle="warning" allowBlank="1" showErrorMessage="1"'
                f' error="{escaped(message).decode()}" sqref="{" ".join(areas)}">'
                f"<{prefix}formula1>{cell_text(choice.formula).decode()}</{prefix}formula1></{prefix}dataValidation>"
            )
    if not rules:
        return []
    present = frame.root.named("dataValidations")
    if present:
        count = len(present[0].named("dataValidation")) + len(rules)
        return [
            with_attribute(frame.data, present[0], "count", str(count)),
            appended(frame.data, present[0], "".join(rules).encode()),
        ]
    xml = f'<{prefix}dataValidations count="{len(rules)}">{"".join(rules)}</{prefix}dataValidations>'
    return [_after(frame, _BEFORE_VALIDATIONS, xml.encode())]


def link_notes(frame: Frame, xml: bytes) -> Edit:
    """The edit that adds the element leading to the drawing of the notes."""
    return _after(frame, _BEFORE_LEGACY, xml)


def _after(frame: Frame, names: tuple[str, ...], xml: bytes) -> Edit:
    at = frame.root.named(*names)[-1].end
    return Edit(at, at, xml)


def _columns(root: Node) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (int(node.attributes["min"]), int(node.attributes["max"]), int(node.attributes["style"]))
        for holder in root.named("cols")
        for node in holder.named("col")
        if all(node.attributes.get(name, "").isdecimal() for name in ("min", "max", "style"))
    )


def _extent(frame: Frame, task: SheetTask) -> list[Edit]:
    """The sheet's dimension takes in the marks: some programs read no further than it says."""
    nodes = frame.root.named("dimension")
    found = _AREA.fullmatch(nodes[0].attributes.get("ref", "")) if nodes else None
    if found is None or not task.marks:
        return []
    left, top = _number(found[1]), int(found[2])
    right, bottom = _number(found[3] or found[1]), int(found[4] or found[2])
    columns, rows = [mark.column for mark in task.marks], [mark.row for mark in task.marks]
    wide = (min(left, *columns), min(top, *rows), max(right, *columns), max(bottom, *rows))
    if wide == (left, top, right, bottom):
        return []
    area = f"{column_letters(wide[0])}{wide[1]}:{column_letters(wide[2])}{wide[3]}"
    return [with_attribute(frame.data, nodes[0], "ref", area)]


def _areas(root: Node) -> Iterator[tuple[int, int, int, int]]:
    """The areas (columns, rows) that have a rule of validation already, those of the extensions among them."""
    for node in root.all():
        if node.name == "dataValidation":
            texts = [
                node.attributes.get("sqref", ""),
                *(child.text for child in node.children if child.name == "sqref"),
            ]
            for text in " ".join(texts).split():
                if found := _AREA.fullmatch(text):
                    last = found[3] or found[1], found[4] or found[2]
                    yield _number(found[1]), _number(last[0]), int(found[2]), int(last[1])
                elif found := _WHOLE_COLUMNS.fullmatch(text):
                    yield _number(found[1]), _number(found[2]), 1, _LAST_ROW
                else:
                    yield 1, 2**14, 1, _LAST_ROW  # whole rows, or something new: keep off


def _left(choice: Choice, taken: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """The rows of the column that have no rule yet, as first and last of each run."""
    runs = [(choice.first, choice.last)]
    for left, right, top, bottom in taken:
        if left <= choice.column <= right:
            runs = [
                run
                for first, last in runs
                for run in ((first, min(last, top - 1)), (max(first, bottom + 1), last))
                if run[0] <= run[1]
            ]
    return runs


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


class _Split:
    """A part read in pieces: what stands before the rows, the rows, what stands after them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.head, self.prefix, self.open_tag = b"", b"", b""
        self.tail: bytes | None = None

    def rows(self) -> Iterator[bytes]:
        """The bytes between the tags of the rows; once they are through, `tail` is set."""
        text = b""
        opened = None
        for piece in self._pieces:
            text += piece
            opened = _DATA.search(text)
            if opened or len(text) > _LONGEST_HEAD:
                break
        if opened is None:
            raise UnfamiliarError("it has no rows where they belong")
        self.head, self.prefix = text[: opened.start()], opened[1]
        if opened[2]:
            self.open_tag = opened[0][:-2].rstrip() + b">"
            self.tail = b"".join((text[opened.end() :], *self._pieces))
            return
        self.open_tag = opened[0]
        end = b"</" + self.prefix + b"sheetData"
        text = text[opened.end() :]
        while True:
            at = text.find(end)
            if at >= 0:
                close = text.find(b">", at)
                while close < 0:
                    text += next(self._pieces)
                    close = text.find(b">", at)
                yield text[:at]
                self.tail = b"".join((text[close + 1 :], *self._pieces))
                return
            keep = len(end)
            yield text[:-keep] if len(text) > keep else b""
            more = next(self._pieces, None)
            if more is None:
                return
            text = (text[-keep:] if len(text) > keep else text) + more
