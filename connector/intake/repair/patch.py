"""A workbook, marked: the sheets that have faults, the styles, the notes, the Fix list; all else byte for byte.

It runs in the reading process. A sheet whose XML has an unfamiliar shape is left alone and named, never damaged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from connector.domain.places import column_letters
from connector.intake.archive import open_archive
from connector.intake.kinds import FILE_KIND
from connector.intake.limits import Limits
from connector.intake.lineage import lineage_of
from connector.intake.marks import RefusedError
from connector.intake.repair import fixlist
from connector.intake.repair.around import Choice, anchored, drop_downs
from connector.intake.repair.frame import frame_of
from connector.intake.repair.lineage import write_lineage
from connector.intake.repair.located import Edit, UnfamiliarError
from connector.intake.repair.notes import MOST_NOTES, Noted, add_notes
from connector.intake.repair.package import Package
from connector.intake.repair.sheet import patch_sheet
from connector.intake.repair.styles import Styles, blank_styles
from connector.intake.repair.task import FIX_LIST, LISTS, DropDown, SheetTask, Task
from connector.intake.repair.zipcopy import Packed, packed

_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_NAMED = 8
_LONGEST_FORMULA = 255  # of a list of words within its rule


@dataclass(frozen=True)
class Patched:
    """A marked workbook.

    Attributes:
        data: its bytes.
        suffix: what its name must end in, for the spreadsheet program to open it.
        marked_cells: how many cells are filled.
        remarks: what could not be marked or kept, one sentence each.
    """

    data: bytes
    suffix: str
    marked_cells: int
    remarks: tuple[str, ...]


@dataclass
class _Work:
    """The repair as it goes.

    Attributes:
        again: an earlier repair has marked this file, and those marks are taken off.
        lists: the lists of words for the hidden sheet, and `lists_name` is that sheet's name.
    """

    package: Package
    styles: Styles
    again: bool
    lists_name: str
    marked: int = 0
    remarks: list[str] = field(default_factory=list)
    lists: list[Sequence[str]] = field(default_factory=list)


def patch(data: bytes, task: Task, limits: Limits) -> Patched:
    """Mark a workbook.

    Raises:
        RefusedError: it cannot be patched: it is of another kind, or the parts that tie it together are unfamiliar.
    """
    archive = open_archive(data, limits)
    try:
        return _patch(Package(archive), task)
    except UnfamiliarError as error:
        raise RefusedError(FILE_KIND.code, f"the workbook cannot be patched ({error})", FILE_KIND.remedy) from error


def _patch(package: Package, task: Task) -> Patched:
    parts = {sheet.name: sheet.part for sheet in package.sheets()}
    fix_list, lists = (
        given if given in parts else _free(name, parts)
        for given, name in ((task.fix_list, FIX_LIST), (task.lists, LISTS))
    )
    again = bool(lineage_of(package.archive))
    styles_part = _styles_part(package)
    styles = Styles(package.text(styles_part), styles_part, clean=again)
    work = _Work(package, styles, again, lists)
    for sheet in _sheets(task, parts, again=again):
        before = package.state()
        try:
            _sheet(work, parts.get(sheet.name, ""), sheet)
        except UnfamiliarError as error:
            package.restore(before)
            work.remarks.append(f"The sheet {sheet.name} is not marked: {error}.")
    if any(name.lower().startswith("_xmlsignatures/") for name in package.archive.parts):
        work.remarks.append("The digital signature of the workbook is no longer valid.")
    if work.lists or lists in parts:
        made = packed(fixlist.lists(work.lists, package.main_space, styles))
        _enter(package, lists, parts.get(lists, ""), made, state="hidden")
    if len(task.lines) > fixlist.MOST_LINES:
        work.remarks.append(f"Of {len(task.lines):,} problems, the first {fixlist.MOST_LINES:,} are listed.")
    made = packed(fixlist.fix_list(task.lines, work.remarks, package.main_space, styles))
    _enter(package, fix_list, parts.get(fix_list, ""), made)
    package.put(styles_part, styles.render())
    write_lineage(package, task.lineage)
    return Patched(package.write(), _suffix(package), work.marked, tuple(work.remarks))


def _suffix(package: Package) -> str:
    """What the name must end in: a spreadsheet program opens no workbook whose name says something else."""
    kind = package.type_of(package.workbook).lower()
    return f".xl{'t' if '.template.' in kind else 's'}{'m' if 'macroenabled' in kind else 'x'}"


def _enter(package: Package, name: str, part: str, made: Packed, state: str = "") -> None:
    """Enter a sheet of ours, in the place of an earlier one if there is one."""
    if part:
        package.drop_relations(part)
        package.changed[part] = made
        return
    part = package.free_name("xl/worksheets/connectorSheet{}.xml")
    package.changed[part] = made
    package.declare(part, fixlist.SHEET_TYPE)
    package.add_sheet(name, part, state)


def _sheets(task: Task, parts: Mapping[str, str], *, again: bool) -> list[SheetTask]:
    """The sheets to work on: after an earlier repair also those that have become clean."""
    given = {sheet.name for sheet in task.sheets}
    others = [name for name in parts if name not in given and name not in {task.fix_list, task.lists}] if again else []
    return [*task.sheets, *(SheetTask(name, (), ()) for name in others)]


def _sheet(work: _Work, part: str, task: SheetTask) -> None:
    """Mark one sheet.

    Raises:
        UnfamiliarError: it cannot be marked; the package is to be restored.
    """
    package = work.package
    if not package.has(part):
        raise UnfamiliarError("its part is missing")
    frame = frame_of(package.archive, part)
    task = SheetTask(task.name, anchored(frame, task.marks), task.drop_downs)
    edits: list[Edit] = []
    before = package.state()
    try:
        noted = add_notes(package, part, frame, task.marks, clean=work.again)
        edits += noted.edits
        _tell(work, task.name, noted)
    except UnfamiliarError as error:
        package.restore(before)
        work.remarks.append(f"The marked cells of the sheet {task.name} carry no notes: {error}.")
    edits += drop_downs(frame, _choices(work, task.drop_downs), "Choose one of the list.")
    made = patch_sheet(package.archive, part, frame, task, work.styles, edits)
    if made is not None:
        package.changed[part] = made
    work.marked += len(task.marks)


def _tell(work: _Work, sheet: str, noted: Noted) -> None:
    if noted.left_out:
        cells = ", ".join(noted.left_out[:_NAMED]) + (" …" if len(noted.left_out) > _NAMED else "")
        work.remarks.append(f"{sheet}: the conversation on {cells} is kept, so the note stands in the Fix list only.")
    if noted.beyond:
        rest = f"{noted.beyond:,} more are filled only"
        work.remarks.append(f"{sheet}: the first {MOST_NOTES:,} marked cells carry a note; {rest}.")


def _choices(work: _Work, wanted: Sequence[DropDown]) -> list[Choice]:
    """The drop-downs with the formulas that list their words.

    Words that a spreadsheet program would change when they are chosen (2-10 becomes a day) stand as text in the hidden
    sheet, as do lists too long for a rule.
    """
    made = []
    for one in wanted:
        formula = f'"{",".join(one.words)}"'
        if one.as_text or len(formula) > _LONGEST_FORMULA:
            if one.words not in work.lists:
                work.lists.append(one.words)
            letters = column_letters(work.lists.index(one.words) + 1)
            formula = f"'{work.lists_name}'!${letters}$2:${letters}${len(one.words) + 1}"
        made.append(Choice(one.column, one.first, one.last, formula))
    return made


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, with a number when another sheet has it already."""
    lower = {sheet.lower() for sheet in taken}
    names = chain([name], (f"{name} {number}" for number in count(2)))
    return next(free for free in names if free.lower() not in lower)


def _styles_part(package: Package) -> str:
    found = [relation.target for relation in package.relations(package.workbook) if relation.kind == "styles"]
    if found and package.has(found[0]):
        root = package.tree(found[0])
        if not root.children:
            package.put(found[0], blank_styles(root.uri))
        return found[0]
    name = package.free_name("xl/connectorStyles{}.xml")
    package.put(name, blank_styles(package.main_space))
    package.declare(name, _STYLES_TYPE)
    package.relate(package.workbook, f"{package.space}/styles", name)
    return name
