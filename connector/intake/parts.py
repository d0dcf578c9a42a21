"""What a workbook says of itself: its sheets and their parts, telling number formats, whether it was calculated.

Names of parts are found through the relations, never guessed: strict and hand-made workbooks put them anywhere.
"""

import posixpath
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from connector.intake.archive import Archive
from connector.intake.kinds import FILE_DAMAGED, FILE_NOT_A_WORKBOOK
from connector.intake.marks import RefusedError
from connector.intake.numberformats import is_telling

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ$"


@dataclass(frozen=True)
class SheetPart:
    """One sheet of the workbook.

    Attributes:
        name, hidden: as the workbook says.
        part: its part in the archive.
        totals: the rows that are the totals row of a table.
    """

    name: str
    hidden: bool
    part: str
    totals: tuple[int, ...] = ()


@dataclass(frozen=True)
class Book:
    """What the workbook says of itself.

    Attributes:
        sheets: its worksheets in order; charts and macros left out.
        shown: style index → number format, for those that show a whole number otherwise than plainly (`00000`).
        recalculate: the workbook asks to be calculated when it is opened, so a cached 0 proves nothing.
        texts: the part of the shared texts, "" when there is none.
    """

    sheets: tuple[SheetPart, ...]
    shown: dict[int, str]
    recalculate: bool
    texts: str


def read_book(archive: Archive) -> Book:
    """Read the workbook's own parts.

    Raises:
        RefusedError: it is no workbook, or damaged.
    """
    part = workbook_part(archive)
    root = _parse(archive, part)
    relations = relations_of(archive, part)
    sheets = []
    for sheet in _named(root, "sheet"):
        kind, target = relations.get(_attribute(sheet, "id"), ("", ""))
        if kind == "worksheet" and target in archive.parts:
            hidden = sheet.get("state", "visible") != "visible"
            sheets.append(SheetPart(sheet.get("name", ""), hidden, target, _totals(archive, target)))
    by_kind = dict(relations.values())
    calculation = next(iter(_named(root, "calcPr")), None)
    recalculate = calculation is not None and calculation.get("fullCalcOnLoad", "0") in {"1", "true"}
    styles = by_kind.get("styles", "")
    shown = _shown(_parse(archive, styles)) if styles in archive.parts else {}
    return Book(tuple(sheets), shown, recalculate, by_kind.get("sharedStrings", ""))


def workbook_part(archive: Archive) -> str:
    """The part that names the sheets: XML in .xlsx and .xlsm, records (`.bin`) in .xlsb.

    Raises:
        RefusedError: the archive is no workbook.
    """
    for kind, target in relations_of(archive, "").values():
        if kind == "officeDocument" and target in archive.parts and target.endswith((".xml", ".bin")):
            return target
    message = "an archive, but not a workbook"
    raise RefusedError(FILE_NOT_A_WORKBOOK.code, message, FILE_NOT_A_WORKBOOK.remedy)


def relations_of(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Relation id → its kind and the part it leads to; the relations of the archive itself for the part ""."""
    folder, name = posixpath.split(part)
    root = _parse(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    found = {}
    names = {known.lower(): known for known in archive.parts}
    for relation in _named(root, "Relationship"):
        target = relation.get("Target", "").replace("\\", "/")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        kind = relation.get("Type", "").rsplit("/", 1)[-1]
        found[relation.get("Id", "")] = (kind, names.get(path.lower(), path))
    return found


def _shown(root: ET.Element) -> dict[int, str]:
    """Style index → its number format, where that tells more than the number."""
    codes = {form.get("numFmtId", ""): form.get("formatCode", "") for form in _named(root, "numFmt")}
    telling = {form: code for form, code in codes.items() if is_telling(code)}
    cells = next(iter(_named(root, "cellXfs")), None)
    if not telling or cells is None:
        return {}
    styles = (style.get("numFmtId", "") for style in cells)
    return {index: telling[form] for index, form in enumerate(styles) if form in telling}


def _totals(archive: Archive, sheet: str) -> tuple[int, ...]:
    """The totals rows of the sheet's tables."""
    found: list[int] = []
    for kind, target in relations_of(archive, sheet).values():
        if kind == "table" and target in archive.parts:
            table = _parse(archive, target)
            rows, last = table.get("totalsRowCount", "0"), table.get("ref", "").rpartition(":")[2].lstrip(_LETTERS)
            if rows.isdecimal() and last.isdecimal():
                found.extend(range(int(last) - min(int(rows), 1) + 1, int(last) + 1))
    return tuple(found)


def _parse(archive: Archive, part: str) -> ET.Element:
    data = archive.read(part)
    if not data:
        return ET.Element("nothing")
    try:
        return ET.fromstring(data)  # noqa: S314  (document types are refused by Archive.read)
    except ET.ParseError as error:
        message = f"the part {part} of the workbook is damaged ({error})"
        raise RefusedError(FILE_DAMAGED.code, message, FILE_DAMAGED.remedy) from error


def _named(root: ET.Element, name: str) -> list[ET.Element]:
    """All elements of this local name, whatever their namespace."""
    return [element for element in root.iter() if element.tag.rsplit("}", 1)[-1] == name]


def _attribute(element: ET.Element, name: str) -> str:
    """The attribute of this local name in a namespace (`r:id`)."""
    return next((value for key, value in element.items() if key.endswith("}" + name)), "")
