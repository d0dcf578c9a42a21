"""What the reading process is asked to mark: plain values that travel as JSON. It knows no problem, only marks."""

import json
from dataclasses import asdict, dataclass
from typing import Any

FIX_LIST = "Fix list"
LISTS = "Fix list words"
HEADER = ("Severity", "Code", "Sheet", "Cell", "What is wrong", "Value", "Next step")


@dataclass(frozen=True)
class CellMark:
    """A cell to fill and to comment: row and column from 1."""

    row: int
    column: int
    error: bool
    note: str


@dataclass(frozen=True)
class DropDown:
    """A column of data rows, and the values it allows; as text when a spreadsheet program would change them."""

    column: int
    first: int
    last: int
    words: tuple[str, ...]
    as_text: bool = False


@dataclass(frozen=True)
class SheetTask:
    """What is done to one sheet, in the order of its rows."""

    name: str
    marks: tuple[CellMark, ...]
    drop_downs: tuple[DropDown, ...]


@dataclass(frozen=True)
class FixLine:
    """One line of the Fix list; row and column of the cell it leads to are 0 for the file as a whole."""

    severity: str
    code: str
    sheet: str
    row: int
    column: int
    message: str
    value: str
    next_step: str


@dataclass(frozen=True)
class Task:
    """A repair.

    Attributes:
        lineage: sha256 of the file repaired; a file that names an earlier one keeps that.
        sheets: those with something to mark.
        lines: the Fix list.
        fix_list, lists: the sheets that an earlier repair has written, to be written anew; "" for none.
    """

    lineage: str
    sheets: tuple[SheetTask, ...]
    lines: tuple[FixLine, ...]
    fix_list: str = ""
    lists: str = ""

    def to_json(self) -> str:
        """The task as text."""
        return json.dumps(asdict(self), ensure_ascii=True)


def task_from(text: str) -> Task:
    """The task that `Task.to_json` has written."""
    told: dict[str, Any] = json.loads(text)
    sheets = tuple(
        SheetTask(
            sheet["name"],
            tuple(CellMark(**mark) for mark in sheet["marks"]),
            tuple(DropDown(**{**one, "words": tuple(one["words"])}) for one in sheet["drop_downs"]),
        )
        for sheet in told["sheets"]
    )
    return Task(
        told["lineage"], sheets, tuple(FixLine(**line) for line in told["lines"]), told["fix_list"], told["lists"]
    )
