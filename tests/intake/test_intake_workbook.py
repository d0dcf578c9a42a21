"""Workbooks: what the value reader hides, true addresses, hostile archives. Each trap has its right outcome."""

import itertools
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from intake_kit import CLIENT, CLIENT_HEADER, codes, read, write_xlsx

from connector.intake import Limits
from connector.intake.guard import open_source

SHEET = "xl/worksheets/sheet1.xml"


def patched(path: Path, *changes: tuple[str, bytes, bytes]) -> Path:
    """The workbook with parts changed by regular expressions."""
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    for name, old, new in changes:
        assert re.search(old, parts[name]), (name, old)
        parts[name] = re.sub(old, new, parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        for name, content in parts.items():
            copy.writestr(name, content)
    return path


def clients(tmp_path: Path, *rows: tuple[object, ...]) -> Path:
    return write_xlsx(tmp_path / "clients.xlsx", {"Clients": [CLIENT_HEADER, *rows]})


def with_cell(column: str, value: object) -> tuple[object, ...]:
    at = CLIENT_HEADER.index(column)
    return (*CLIENT[:at], value, *CLIENT[at + 1 :])


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#SPILL!", "#GETTING_DATA", "#WHATEVER!"])
def test_an_error_cell_is_a_problem_and_never_loses_the_sheet(tmp_path: Path, error: str) -> None:
    path = clients(tmp_path, CLIENT, with_cell("Employees", "#N/A"))
    got = read(patched(path, (SHEET, b"<v>#N/A</v>", f"<v>{error}</v>".encode())))
    assert codes(got.problems) == [("Clients!G3", "cell-error")]
    assert f"the error {error}" in got.problems[0].message
    assert got.clients["row"].to_list() == [2]


def test_faults_in_columns_nobody_reads_do_not_block(tmp_path: Path) -> None:
    rows = [(*CLIENT_HEADER, "Note", "Sum"), (*CLIENT, "#N/A", "=1+1")]
    got = read(write_xlsx(tmp_path / "clients.xlsx", {"Clients": rows}))
    assert codes(got.problems) == [("Clients!1", "sheet-unmapped-columns")]
    assert got.clients["row"].to_list() == [2]


def test_a_formula_with_an_empty_text_is_blank(tmp_path: Path) -> None:
    path = clients(tmp_path, with_cell("Employees", "=A1"))
    got = read(patched(path, (SHEET, rb'<c r="G2"[^>]*>.*?</c>', b'<c r="G2" t="str"><f>A1</f><v></v></c>')))
    assert (got.problems, got.clients["employees_text"].to_list()) == ((), [None])


def test_whole_numbers_dates_and_padded_identifiers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(CLIENT_HEADER)
    sheet.append([123, 7, "Acme", "acme.com", "Full", datetime(2025, 3, 4, 9, 30), 12.0, "Active"])  # noqa: DTZ001
    sheet["A2"].number_format = "00000"
    book.save(tmp_path / "clients.xlsx")
    got = read(tmp_path / "clients.xlsx")
    assert got.clients.select("client_ref", "partner_id", "created_on", "count_low").rows() == [
        ("00123", "7", date(2025, 3, 4), 12)
    ]


def test_an_identifier_turned_into_a_date(tmp_path: Path) -> None:
    got = read(clients(tmp_path, with_cell("Client ID", date(2025, 3, 1))))
    assert codes(got.problems) == [("Clients!A2", "record-identifier")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2025-03-04T02:30:00", []),
        ("2025-03-04T02:30:00Z", [("Clients!F2", "record-date")]),
        ("2025-03-04T02:30:00+01:00", [("Clients!F2", "record-date")]),
    ],
)
def test_iso_cells_keep_their_day_unless_they_have_a_zone(
    tmp_path: Path, text: str, found: list[tuple[str, str]]
) -> None:
    cell = f'<c r="F2" t="d"><v>{text}</v></c>'.encode()
    path = patched(clients(tmp_path, CLIENT), (SHEET, rb'<c r="F2"[^>]*>.*?</c>', cell))
    got = read(path)
    assert (codes(got.problems), got.clients["created_on"].to_list()) == (found, [] if found else [date(2025, 3, 4)])


@pytest.mark.parametrize("serial", [0, 60, -3, 9_000_000])
def test_numbers_shown_as_dates_that_are_none(tmp_path: Path, serial: int) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(CLIENT_HEADER)
    sheet.append(with_cell("Created on", serial))
    sheet["F2"].number_format = "yyyy-mm-dd"
    book.save(tmp_path / "clients.xlsx")
    assert codes(read(tmp_path / "clients.xlsx").problems) == [("Sheet!F2", "record-date")]


def test_a_header_below_titles_and_beside_an_empty_column(tmp_path: Path) -> None:
    rows = [(), ("", "Clients of March"), (), ("", *CLIENT_HEADER), ("", *with_cell("Status", "Gone"))]
    got = read(write_xlsx(tmp_path / "clients.xlsx", {"Clients": rows}))
    assert codes(got.problems) == [("Clients!I5", "record-status")]
    assert got.rows["kind"].to_list() == ["blank", "title", "blank", "header", "blocked"]


def test_hidden_rows_and_sheets_are_read_and_flagged(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "c.xlsx", {"Clients": [CLIENT_HEADER, CLIENT, CLIENT], "More": [CLIENT_HEADER, CLIENT]}
    )
    book = openpyxl.load_workbook(path)
    book["Clients"].row_dimensions[3].hidden = True
    book["More"].sheet_state = "veryHidden"
    book.save(path)
    got = read(path)
    assert got.rows.select("sheet", "row", "hidden").rows() == [
        ("Clients", 1, False),
        ("Clients", 2, False),
        ("Clients", 3, True),
        ("More", 1, True),
        ("More", 2, True),
    ]
    assert got.clients.height == 3


def test_single_quotes_and_prefixed_tags_hide_nothing(tmp_path: Path) -> None:
    path = clients(tmp_path, CLIENT, with_cell("Employees", "#N/A"))
    assert codes(read(patched(path, (SHEET, b't="e"', b"t='e'"))).problems) == [("Clients!G3", "cell-error")]
    path = clients(tmp_path, CLIENT, with_cell("Employees", "#N/A"))
    names = b"(</?)(worksheet|sheetData|row|c|v|is|t|f)\\b"
    prefixed = patched(path, (SHEET, names, rb"\1x:\2"), (SHEET, b"xmlns=", b"xmlns:x="))
    assert codes(read(prefixed).problems) == [("Clients!G3", "cell-error")]


@pytest.mark.parametrize(
    ("part", "old", "new", "code"),
    [
        ("xl/workbook.xml", b"<workbook", b"<!DOCTYPE x []><workbook", "file-unsafe"),
        (SHEET, b"<worksheet", b"<!DOCTYPE x []><worksheet", "file-unsafe"),
        ("xl/workbook.xml", b"</workbook>", b"", "file-damaged"),
        ("_rels/.rels", b'Target="[^"]*workbook.xml"', b'Target="nothing.xml"', "file-not-a-workbook"),
        (SHEET, b'r="([A-Z]?)2"', rb'r="\g<1>4000000000"', "file-too-costly"),
    ],
)
def test_broken_and_hostile_parts(tmp_path: Path, part: str, old: bytes, new: bytes, code: str) -> None:
    path = patched(clients(tmp_path, CLIENT), (part, old, new))
    assert [problem.code for problem in read(path).problems] == [code]


_ENTITIES = (
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in itertools.pairwise("abcdefghij"))
    + "]>"
)
PARTS = ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/sharedStrings.xml", SHEET]


def with_shared_texts(path: Path, *, related: bool) -> Path:
    """The workbook with its client's name among the shared texts."""
    space = "http://schemas.openxmlformats.org/"
    with zipfile.ZipFile(path, "a") as archive:
        main = f"{space}spreadsheetml/2006/main"
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}" count="1"><si><t>Acme</t></si></sst>')
    kind = f"{space}officeDocument/2006/relationships/sharedStrings"
    relation = f'<Relationship Type="{kind}" Target="sharedStrings.xml" Id="rId99"/>' if related else ""
    return patched(
        path,
        ("xl/_rels/workbook.xml.rels", b"</Relationships>", f"{relation}</Relationships>".encode()),
        (SHEET, rb'<c r="C2"[^>]*>.*?</c>', b'<c r="C2" t="s"><v>0</v></c>'),
    )


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "shape", ["utf-8", "utf-8 after a long comment", "utf-8 after a comment like an element", "utf-16-le", "utf-16-be"]
)
def test_entities_in_a_part_of_a_workbook_are_refused(tmp_path: Path, part: str, shape: str) -> None:
    path = with_shared_texts(clients(tmp_path, CLIENT), related=True)
    assert read(path).clients["name"].to_list() == ["Acme"]
    with zipfile.ZipFile(path) as whole:
        body = re.sub(r"^<\?xml.*?\?>\s*", "", whole.read(part).decode("utf-8"))
    encoding = shape.partition(" ")[0]
    start = {"utf-8 after a long comment": "<!--", "utf-8 after a comment like an element": "<?a?><!-- ?><x> "}
    comment = f"{start[shape]}{'x' * 600_000}-->" if shape in start else ""
    head = f'\ufeff<?xml version="1.0" encoding="{encoding[:6].rstrip("-")}"?>'
    data = f"{head}{comment}{_ENTITIES}{body.replace('Acme', '&j;')}".encode(encoding)
    (problem,) = read(patched(path, (part, b"(?s)^.*$", data.replace(b"\\", b"\\\\")))).problems
    assert (problem.code, problem.message) == ("file-unsafe", f"the part {part} declares a document type (DOCTYPE)")


def test_entities_in_shared_texts_that_no_relation_names_are_refused(tmp_path: Path) -> None:
    path = with_shared_texts(clients(tmp_path, CLIENT), related=False)
    doctype = ("xl/sharedStrings.xml", b"<sst", b"<!DOCTYPE x []><sst")
    assert [problem.code for problem in read(patched(path, doctype)).problems] == ["file-unsafe"]


def test_archives_that_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bad.xlsx"

    def code_of(limits: Limits = Limits()) -> list[str]:  # noqa: B008  (frozen)
        return [problem.code for problem in open_source(path, "bad.xlsx", limits).problems]

    with zipfile.ZipFile(path, "w") as archive:
        for number in range(11):
            archive.writestr(f"{number}.xml", "x")
    assert code_of(Limits(members=10)) == ["file-unsafe"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", "1")
        archive.writestr("A.xml", "2")
    assert code_of() == ["file-unsafe"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", bytes(12_000_000))
    assert code_of() == ["file-unsafe"]
    assert code_of(Limits(part_bytes=1_000_000)) == ["file-too-costly"]


def test_a_part_that_is_longer_than_it_says(tmp_path: Path) -> None:
    path = clients(tmp_path, *[CLIENT] * 50)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size
    entry = data.rfind(SHEET.encode()) - 46  # the directory's entry of the part
    assert int.from_bytes(data[entry + 24 : entry + 28], "little") == size
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    assert codes(read(path).problems) == [(path.as_posix(), "file-damaged")]


def test_memory_time_and_work_are_limited(tmp_path: Path) -> None:
    path = clients(tmp_path, CLIENT)
    for limits, told in (
        (Limits(wall_seconds=0.01), "longer than 0.01 seconds"),
        (Limits(columns=3), "8 columns"),
        (Limits(file_bytes=10), "at most 10"),
    ):
        (problem,) = open_source(path, "clients.xlsx", limits).problems
        assert problem.code in {"file-too-costly", "file-too-large"}
        assert told in problem.message


def test_computing_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b'"a","b","c","d","e","f","g","h","i","j","k","l"\n' * 1_000_000)
    (problem,) = open_source(path, "long.csv", Limits(cpu_seconds=1)).problems
    assert (problem.code, problem.message) == (
        "file-too-costly",
        "reading the file takes more than 1 seconds of computing",
    )


def test_a_rectangle_that_no_memory_holds(tmp_path: Path) -> None:
    path = clients(tmp_path, CLIENT)
    book = openpyxl.load_workbook(path)
    book["Clients"]["SR1048576"] = "far, but inside the limits"
    book.save(path)
    (problem,) = open_source(path, "clients.xlsx", Limits()).problems
    assert str(problem).splitlines()[0] == (
        "clients.xlsx: error: reading the file needs more than 3,072 MiB of memory [file-too-costly]"
    )
