"""Workbooks of the other kinds, written by hand: .ods from its XML, .xlsb from its records, and what they read as."""

import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from connector.domain.problems import Problem
from connector.intake import Limits
from connector.intake.guard import open_source
from connector.intake.rawsheet import RawSheet

OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
NAMES = " ".join(
    (
        *(f'xmlns:{name}="{OASIS}{name}:1.0"' for name in ("office", "table", "text", "style")),
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"',
    )
)
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
HIDDEN_STYLE = (
    '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
)


def sheets_of(path: Path, limits: Limits | None = None) -> tuple[RawSheet, ...]:
    opened = open_source(path, path.name, limits or Limits())
    assert opened.problems == ()
    return opened.sheets


def refusal(path: Path, limits: Limits | None = None) -> Problem:
    (problem,) = open_source(path, path.name, limits or Limits()).problems
    return problem


def cells_of(sheet: RawSheet) -> dict[str, list[str | None]]:
    return sheet.frame.to_dict(as_series=False)


def marks_of(sheet: RawSheet) -> list[tuple[int, int, str, str]]:
    return sheet.marks.rows()


def write_archive(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def write_ods(path: Path, *tables: str, styles: str = "", names: str = NAMES) -> Path:
    """Tables are `<table:table>` elements, or the rows of one that is named `Clients`."""
    whole = "".join(
        table if table.startswith("<table:table ") else f'<table:table table:name="Clients">{table}</table:table>'
        for table in tables
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{whole}</office:spreadsheet></office:body></office:document-content>"
    )
    return write_archive(path, {"mimetype": ODS_TYPE, "content.xml": content})


def row(*cells: str, told: str = "") -> str:
    return f"<table:table-row {told}>{''.join(cells)}</table:table-row>"


def cell(kind: str, value: str | None = None, shown: str = "", told: str = "") -> str:
    """One cell as LibreOffice writes it."""
    attribute = {"date": "date-value", "time": "time-value", "boolean": "boolean-value", "string": "string-value"}
    said = "" if value is None else f' office:{attribute.get(kind, "value")}="{value}"'
    paragraphs = "".join(f"<text:p>{line}</text:p>" for line in shown.split("\n")) if shown else ""
    return f'<table:table-cell {told} office:value-type="{kind}"{said}>{paragraphs}</table:table-cell>'


def text(shown: str, told: str = "") -> str:
    return cell("string", None, shown, told)


def record(number: int, data: bytes = b"") -> bytes:
    """One record of a binary part: seven bits a byte for number and length."""
    head = bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80, number >> 7])
    size = len(data)
    while size > 0x7F:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return head + bytes([size]) + data


def wide(shown: str) -> bytes:
    units = shown.encode("utf-16-le")
    return struct.pack("<I", len(units) // 2) + units


def at(column: int, style: int = 0) -> bytes:
    return struct.pack("<II", column - 1, style)


def row_of(number: int, *, hidden: bool = False) -> bytes:
    return record(0, struct.pack("<IIHBBBI", number - 1, 0, 320, 0, 0x10 if hidden else 0, 0, 0))


def value_of(value: Any, column: int, shared: list[str]) -> bytes:
    """The record Excel writes for a value; whole numbers packed, texts shared."""
    if isinstance(value, bool):
        return record(4, at(column) + bytes([value]))
    if isinstance(value, int) and abs(value) < 2**29:
        return record(2, at(column) + struct.pack("<i", value << 2 | 2))
    if isinstance(value, int | float):
        return record(5, at(column) + struct.pack("<d", value))
    shared.append(value)
    return record(7, at(column) + struct.pack("<I", len(shared) - 1))


def write_xlsb(
    path: Path,
    sheets: Mapping[str, Iterable[bytes] | Sequence[Sequence[Any]]],
    *,
    states: Mapping[str, int] | None = None,
    formats: Sequence[tuple[int, str]] = (),
    from_1904: bool = False,
    recalculate: bool = False,
) -> Path:
    """A binary workbook; a sheet is its records, or rows of plain values. Style n + 1 has the format n."""
    shared: list[str] = []
    parts: dict[str, str | bytes] = {}
    bundle = b""
    relations = [("rIdStyles", "styles", "styles.bin"), ("rIdTexts", "sharedStrings", "sharedStrings.bin")]
    for index, (name, content) in enumerate(sheets.items(), 1):
        body: list[bytes] = []
        for number, line in enumerate(content, 1):
            if isinstance(line, bytes):
                body.append(line)
                continue
            cells = (value_of(value, column, shared) for column, value in enumerate(line, 1) if value is not None)
            body += [row_of(number), *cells]
        sheet = record(129) + record(148, bytes(16)) + record(145) + b"".join(body) + record(146) + record(130)
        parts[f"xl/worksheets/sheet{index}.bin"] = sheet
        relations.append((f"rId{index}", "worksheet", f"worksheets/sheet{index}.bin"))
        state = (states or {}).get(name, 0)
        bundle += record(156, struct.pack("<II", state, index) + wide(f"rId{index}") + wide(name))
    known = [(164 + index, code) for index, (number, code) in enumerate(formats) if code]
    numbers = [0, *(164 + index if code else number for index, (number, code) in enumerate(formats))]
    parts["xl/styles.bin"] = (
        record(278)
        + record(615, struct.pack("<I", len(known)))
        + b"".join(record(44, struct.pack("<H", number) + wide(code)) for number, code in known)
        + record(616)
        + record(626, struct.pack("<I", 1))
        + record(47, struct.pack("<HHHHHBBHH", 0xFFFF, 14, 0, 0, 0, 0, 0, 0, 0))
        + record(627)
        + record(617, struct.pack("<I", len(numbers)))
        + b"".join(record(47, struct.pack("<HHHHHBBHH", 0, number, 0, 0, 0, 0, 0, 0, 0)) for number in numbers)
        + record(618)
        + record(279)
    )
    items = b"".join(record(19, b"\0" + wide(item)) for item in shared)
    parts["xl/sharedStrings.bin"] = record(159, struct.pack("<II", len(shared), len(shared))) + items + record(160)
    calculation = struct.pack("<IIIdIH", 191029, 1, 100, 0.001, 1, int(recalculate))
    parts["xl/workbook.bin"] = (
        record(131)
        + record(153, struct.pack("<III", int(from_1904), 0, 0))
        + record(143)
        + bundle
        + record(144)
        + record(157, calculation)
        + record(132)
    )
    return write_archive(path, {**_package(relations), **parts})


def _package(relations: Iterable[tuple[str, str, str]]) -> dict[str, str | bytes]:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def listed(items: Iterable[tuple[str, str, str]]) -> str:
        inner = "".join(f'<Relationship Id="{id_}" Type="{office}/{kind}" Target="{to}"/>' for id_, kind, to in items)
        return f'<Relationships xmlns="{package}/relationships">{inner}</Relationships>'

    types = f'<Types xmlns="{package}/content-types"><Default Extension="bin" ContentType="application/bin"/></Types>'
    return {
        "[Content_Types].xml": types,
        "_rels/.rels": listed([("rId1", "officeDocument", "xl/workbook.bin")]),
        "xl/_rels/workbook.bin.rels": listed(relations),
    }
