"""What stands around a sheet's rows: drop-downs, the link to the notes, merged areas, the extent; small edits all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from connector.domain.places import column_letters
from connector.intake.repair.frame import Frame
from connector.intake.repair.located import Edit, Node, appended, with_attribute
from connector.intake.repair.task import CellMark, SheetTask
from connector.intake.repair.texts import cell_text, escaped

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
class Choice:
    """A drop-down as it is written: its columns' area in rows, and the formula that lists the words."""

    column: int
    first: int
    last: int
    formula: str


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


def anchored(frame: Frame, marks: Sequence[CellMark]) -> tuple[CellMark, ...]:
    """The marks, those on a merged cell moved to its first: no other cell of it is seen. The note says which it was."""
    by_cell = {(mark.row, mark.column): mark for mark in marks}
    if not by_cell:
        return ()
    for node in (node for holder in frame.root.named("mergeCells") for node in holder.named("mergeCell")):
        found = _AREA.fullmatch(node.attributes.get("ref", ""))
        if found is None or not found[3]:
            continue
        left, top, right, bottom = _number(found[1]), int(found[2]), _number(found[3]), int(found[4])
        small = (right - left + 1) * (bottom - top + 1) <= len(by_cell)
        cells = product(range(top, bottom + 1), range(left, right + 1)) if small else list(by_cell)
        for row, column in cells:
            if (
                (row, column) in by_cell
                and top <= row <= bottom
                and left <= column <= right
                and (row, column) != (top, left)
            ):
                moved, first = by_cell.pop((row, column)), by_cell.get((top, left))
                note = f"{column_letters(column)}{row}: {moved.note}"
                notes = note if first is None else f"{first.note}\n\n{note}"
                by_cell[top, left] = CellMark(top, left, moved.error or (first is not None and first.error), notes)
    return tuple(by_cell[place] for place in sorted(by_cell))


def link_notes(frame: Frame, xml: bytes) -> Edit:
    """The edit that adds the element leading to the drawing of the notes."""
    return _after(frame, _BEFORE_LEGACY, xml)


def widened(frame: Frame, task: SheetTask) -> list[Edit]:
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


def _after(frame: Frame, names: tuple[str, ...], xml: bytes) -> Edit:
    at = frame.root.named(*names)[-1].end
    return Edit(at, at, xml)


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
