"""From the problems of one file to what is to be marked in it: cells, drop-downs, the lines of the Fix list.

A stranger's trap: a problem can stand on a row, a sheet or the file; a mark always stands on a cell.
"""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from connector.domain.employees import BANDS, band_label
from connector.domain.places import Cell
from connector.domain.problems import Problem, Severity
from connector.domain.words import RowKind
from connector.intake.door import Intake
from connector.intake.fields import FIELDS, Sort
from connector.intake.marks import FIX_LIST_TITLE, LISTS_TITLE
from connector.intake.repair.task import CellMark, DropDown, FixLine, SheetTask, Task
from connector.intake.sheets import Sheet

_DATA = [kind.value for kind in (RowKind.RECORD, RowKind.BLOCKED, RowKind.TEMPLATE)]
_BANDS = tuple(band_label(low, high) for low, high in BANDS)


def plan_repair(intake: Intake, source: str, names: Mapping[str, str] | None = None) -> Task:
    """What to mark in one file.

    Args:
        intake: what was read.
        source: the file, as `intake.sources` names it.
        names: what its sheets are called in the file that is marked, where that differs.
    """
    info = next(info for info in intake.sources if info.name == source)
    sheets = {sheet: read for (file, sheet), read in intake.sheets.items() if file == source}
    called = {sheet: (names or {}).get(sheet, sheet) for sheet in sheets}
    problems = [problem for problem in intake.problems if problem.place.file == source]
    placed = [_placed(problem, sheets) for problem in problems]
    values = {
        name: _values(read, [cell for cell in placed if cell and cell.sheet == name]) for name, read in sheets.items()
    }
    notes: dict[str, dict[tuple[int, int], list[Problem]]] = {}
    lines = []
    for problem, cell in zip(problems, placed, strict=True):
        if cell is None:
            lines.append(_line(problem, "", 0, 0, ""))
            continue
        value = values[cell.sheet].get((cell.row, cell.column), "")
        notes.setdefault(cell.sheet, {}).setdefault((cell.row, cell.column), []).append(problem)
        lines.append(_line(problem, called[cell.sheet], cell.row, cell.column, value))
    tasks = tuple(
        SheetTask(
            called[name],
            tuple(_mark(row, column, found) for (row, column), found in sorted(notes[name].items())),
            tuple(_drop_downs(read)),
        )
        for name, read in sheets.items()
        if name in notes
    )
    own = {_title(read): called[name] for name, read in sheets.items() if read.own}
    lineage = info.lineage or info.sha256
    return Task(lineage, tasks, tuple(lines), own.get(FIX_LIST_TITLE, ""), own.get(LISTS_TITLE, ""))


def _placed(problem: Problem, sheets: Mapping[str, Sheet]) -> Cell | None:
    """The cell to mark: of a row its first used one, of a sheet the first of its header; none for the whole file."""
    place = problem.place
    if not isinstance(place, Cell) or place.sheet not in sheets or not (place.row or place.sheet):
        return None
    row = place.row or 1
    column = place.column or _first_used(sheets[place.sheet].shown, row)
    return Cell(place.file, place.sheet, row, column)


def _first_used(shown: pl.DataFrame, row: int) -> int:
    texts = shown.row(row - 1) if 0 < row <= shown.height else ()
    return next((int(name[1:]) for name, text in zip(shown.columns, texts, strict=False) if text), 1)


def _values(read: Sheet, cells: Iterable[Cell]) -> Mapping[tuple[int, int], str]:
    """The texts of the cells, row by row at once."""
    wanted = {(cell.row, cell.column) for cell in cells if cell.row <= read.shown.height}
    rows = sorted({row for row, _ in wanted})
    position = {int(name[1:]): index for index, name in enumerate(read.shown.columns)}
    texts = dict(zip(rows, read.shown[[row - 1 for row in rows]].rows(), strict=True)) if rows else {}
    return {(row, column): texts[row][position[column]] or "" for row, column in wanted if column in position}


def _mark(row: int, column: int, problems: Sequence[Problem]) -> CellMark:
    told = [f"{problem.message}\n{problem.next_step}\n[{problem.code}]" for problem in problems]
    wrong = any(problem.severity is Severity.ERROR for problem in problems)
    return CellMark(row, column, wrong, "\n\n".join(dict.fromkeys(told)))


def _line(problem: Problem, sheet: str, row: int, column: int, value: str) -> FixLine:
    return FixLine(problem.severity.value, problem.code, sheet, row, column, problem.message, value, problem.next_step)


def _drop_downs(read: Sheet) -> Iterable[DropDown]:
    """For each column with a closed list of words, over the data rows."""
    if read.kind is None:
        return
    rows = read.rows.filter(pl.col("kind").is_in(_DATA))["row"]
    if rows.is_empty():
        return
    first, last = int(rows.to_list()[0]), int(rows.to_list()[-1])
    for name, column in sorted(read.columns.items(), key=lambda item: item[1]):
        field = FIELDS[read.kind][name]
        if field.sort is Sort.BAND:
            yield DropDown(column, first, last, _BANDS, as_text=True)
        elif field.words:
            yield DropDown(column, first, last, tuple(str(word) for word in field.words))


def _title(read: Sheet) -> str:
    return str(read.shown.row(0)[0]) if read.shown.height and read.shown.width else ""
