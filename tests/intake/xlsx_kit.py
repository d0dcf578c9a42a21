"""Workbooks from hand-written XML: what no library would write. The texts of a sheet are what tests put into them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from zip_kit import Member, archive, member

_OPEN = "http://schemas.openxmlformats.org/"
_STRICT = "http://purl.oclc.org/ooxml/"
MAIN = f"{_OPEN}spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
STYLES = "xl/styles.xml"
WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
TYPES = "[Content_Types].xml"
HEAD = f'<worksheet xmlns="{MAIN}"><sheetData>'
TAIL = "</sheetData></worksheet>"


def text_cell(reference: str, text: str) -> str:
    """A cell that holds its own text."""
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def row(number: int, texts: Sequence[str], attributes: str = "") -> str:
    """A row of texts; one that begins with `<` is a cell already."""
    cells = (
        text if text.startswith("<") else text_cell(f"{chr(ord('A') + column)}{number}", text)
        for column, text in enumerate(texts)
    )
    return f'<row r="{number}"{attributes}>{"".join(cells)}</row>'


def rows(*lines: Sequence[str]) -> str:
    """Rows from row 1."""
    return "".join(row(number, texts) for number, texts in enumerate(lines, 1))


def parts(
    sheets: Mapping[str, str],
    *,
    texts: str | None = None,
    formats: Sequence[str] = (),
    book: str = "",
    states: Mapping[str, str] | None = None,
    strict: bool = False,
) -> dict[str, str]:
    """The parts of a workbook by name.

    Args:
        sheets: name → the XML of its rows, or a whole `<worksheet>`.
        texts: the shared texts' `<si>` elements.
        formats: number formats; style n + 1 is the format n.
        book: more XML for the workbook, behind its sheets.
        states: sheet → `hidden` or `veryHidden`.
        strict: whether the names are those of strict Office Open XML.
    """
    main = f"{_STRICT}spreadsheetml/main" if strict else MAIN
    kinds = f"{_STRICT if strict else _OPEN}officeDocument/{'' if strict else '2006/'}relationships"
    numbers = range(1, len(sheets) + 1)
    relations = [(f"worksheets/sheet{number}.xml", "worksheet") for number in numbers]
    relations += [("styles.xml", "styles")] + ([("sharedStrings.xml", "sharedStrings")] if texts is not None else [])
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"'
        + (f' state="{(states or {})[name]}"' if name in (states or {}) else "")
        + "/>"
        for number, name in zip(numbers, sheets, strict=True)
    )
    packages = f"{_OPEN}package/2006/"
    found = {
        TYPES: f'<Types xmlns="{packages}content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}relationships"><Relationship Id="rId1" '
        f'Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        WORKBOOK: f'<workbook xmlns="{main}" xmlns:r="{kinds}"><sheets>{listed}</sheets>{book}</workbook>',
        RELATIONS: f'<Relationships xmlns="{packages}relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{kinds}/{kind}" Target="{target}"/>'
            for number, (target, kind) in enumerate(relations, 1)
        )
        + "</Relationships>",
        STYLES: _styles(main, formats),
    }
    for number, xml in zip(numbers, sheets.values(), strict=True):
        whole = xml.lstrip().startswith("<worksheet")
        head = f'<worksheet xmlns="{main}"><sheetData>'
        found[f"xl/worksheets/sheet{number}.xml"] = xml if whole else f"{head}{xml}{TAIL}"
    if texts is not None:
        found[TEXTS] = f'<sst xmlns="{main}">{texts}</sst>'
    return found


def _styles(main: str, formats: Sequence[str]) -> str:
    codes = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
        for number, code in enumerate(formats, 164)
    )
    styles = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number, _ in enumerate(formats, 164))
    return (
        f'<styleSheet xmlns="{main}"><numFmts count="{len(formats)}">{codes}</numFmts>'
        f'<cellXfs count="{len(formats) + 1}"><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>'
    )


def packed(contents: Mapping[str, str | bytes | Member]) -> bytes:
    """The archive of a workbook's parts; a `Member` goes in as it is."""
    members = (each if isinstance(each, Member) else member(name, each) for name, each in contents.items())
    return archive(list(members))


def write_book(path: Path, contents: Mapping[str, str | bytes | Member]) -> Path:
    """The same as a file."""
    path.write_bytes(packed(contents))
    return path
