"""Repair of workbooks that other programs write oddly, of texts that want to be formulas, and of files beside .xlsx."""

import os
import re
from pathlib import Path

import openpyxl
import pytest
from intake_kit import CLIENT, CLIENT_HEADER, codes, read, shipped, write_csv, write_xlsx
from repair_kit import (
    DIGEST,
    RED,
    SHEET,
    changed,
    check,
    fix_list,
    mark,
    marked,
    packed,
    parts,
    places,
    repaired,
)

from connector.intake import Limits, read_sources
from connector.intake.guard import open_source, repair_workbook
from connector.intake.repair.door import repair
from connector.intake.repair.task import FixLine, Task

GONE = (*CLIENT[:-1], "Gone")
THREAD = b"""<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">\
<threadedComment ref="H2" dT="2025-03-01T00:00:00" personId="{1}" id="{2}"><text>Gone?</text></threadedComment>\
</ThreadedComments>"""


def clients(tmp_path: Path, *rows: tuple[object, ...]) -> Path:
    return write_xlsx(tmp_path / "clients.xlsx", {"Clients": [CLIENT_HEADER, *rows]})


def cells(data: bytes, part: str = SHEET) -> list[str]:
    """The tags of all cells of a sheet, without what stands in them."""
    return [found.decode() for found in re.findall(rb"<(?:\w+:)?c[ />][^>]*>|<(?:\w+:)?c>", parts(data)[part])]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb' r="[A-Z]*\d+"', b""),  # rows and cells without their addresses
        (rb"(</?)(worksheet|sheetData|row|c|v|is|t|f|dimension)\b", rb"\1x:\2"),  # a prefix
        (rb'"', b"'"),  # other quotes
        (rb"<row", b"\n  <row"),  # laid out for people
    ],
)
def test_odd_ways_to_write_a_sheet(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = clients(tmp_path, CLIENT, GONE)
    changes = [(SHEET, old, new)]
    if b"x:" in new:
        others = rb"(</?)(sheet(?:Pr|Views|View|FormatPr)|outlinePr|pageSetUpPr|selection|pageMargins)\b"
        changes += [(SHEET, rb"xmlns=", b"xmlns:x="), (SHEET, others, rb"\1x:\2")]
    changed(path, *changes)
    intake, done = repaired(path, tmp_path / "out.xlsx")
    assert (codes(intake.problems), done.not_kept) == ([("Clients!H3", "record-status")], ())
    assert marked(tmp_path / "out.xlsx") == {("Clients", "H3")}
    assert places(check(tmp_path / "out.xlsx")) == places(intake)


def test_cells_and_rows_that_are_missing_are_put_in_order(tmp_path: Path) -> None:
    path = clients(tmp_path, ("a", None, "c"), ("gone",), ("a",))
    missing = (SHEET, rb'<row r="3".*?(<row r="4")', rb"\1")
    changed(path, missing, (SHEET, rb"<row r=", b'<row spans="1:8" r='))
    done = mark(path.read_bytes(), (2, 2), (2, 4), (3, 3), (7, 1))
    assert (done.problems, done.marked_cells, done.remarks) == ((), 4, ())
    found = re.findall(rb'<c r="([A-Z]+[2-9])"( s="\d+")?', parts(done.data)[SHEET])
    assert [(name.decode(), bool(style)) for name, style in found] == [
        ("A2", False), ("B2", True), ("C2", False), ("D2", True), ("C3", True), ("A4", False), ("A7", True),
    ]  # fmt: skip
    assert b"spans" not in re.findall(rb'<row[^>]*r="2"[^>]*>', parts(done.data)[SHEET])[0]
    assert b'ref="A1:H7"' in parts(done.data)[SHEET]


def test_a_sheet_without_rows_gets_some(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "c.xlsx", {"Clients": [], "Other": [("x",)]})
    changed(path, (SHEET, rb"<sheetData></sheetData>", b"<sheetData/>"))
    done = mark(path.read_bytes(), (2, 2))
    (tmp_path / "out.xlsx").write_bytes(done.data)
    assert marked(tmp_path / "out.xlsx") == {("Clients", "B2")}


def test_inserted_cells_take_the_format_of_their_row_or_column(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Clients"
    sheet["A1"] = "x"
    sheet["A2"] = "x"
    sheet.column_dimensions["C"].number_format = "yyyy-mm-dd"
    sheet.row_dimensions[2].number_format = "0.00"
    book.save(tmp_path / "c.xlsx")
    (tmp_path / "out.xlsx").write_bytes(mark((tmp_path / "c.xlsx").read_bytes(), (1, 3), (2, 3)).data)
    made = openpyxl.load_workbook(tmp_path / "out.xlsx")["Clients"]
    assert (made["C1"].number_format, made["C2"].number_format) == ("yyyy-mm-dd", "0.00")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (rb"(<row r=.3)", rb"<!-- <row r='3'> -->\1", "it has comments or other things between its rows"),
        (rb'<row r="3"', b'<row r="2"', "its rows are not in order"),
        (rb'(<c r=")B3', rb"\1A3", "a row of it has its cells out of order"),
        (rb'(<c r=")B3', rb"\1B9", "a cell of it names another row than its own"),
    ],
)
def test_what_is_unfamiliar_is_left_alone_and_said(tmp_path: Path, old: bytes, new: bytes, why: str) -> None:
    path = changed(clients(tmp_path, CLIENT, (*CLIENT[:-1], None)), (SHEET, old, new))
    done = mark(path.read_bytes(), (3, 8), (3, 9))
    assert (done.problems, done.marked_cells) == ((), 0)
    assert done.remarks == (f"The sheet Clients is not marked: {why}.",)
    before, after = parts(path), parts(done.data)
    assert before[SHEET] == after[SHEET]
    (tmp_path / "out.xlsx").write_bytes(done.data)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx")["Fix list"]["A2"].value == done.remarks[0]


def test_a_workbook_whose_styles_are_unfamiliar_is_written_anew(tmp_path: Path) -> None:
    path = changed(clients(tmp_path, CLIENT, GONE), ("xl/styles.xml", rb"cellXfs", b"otherXfs"))
    intake, done = repaired(path, tmp_path / "out.xlsx")
    assert done.not_kept[0] == (
        "The file is written anew: the workbook cannot be patched (xl/styles.xml has an unfamiliar shape)."
    )
    assert marked(tmp_path / "out.xlsx") == {("Clients", "H3")}
    assert places(check(tmp_path / "out.xlsx")) == places(intake)


def test_a_conversation_stays_as_it_is(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(clients(tmp_path, GONE, GONE))
    book["Clients"]["H2"].comment = openpyxl.comments.Comment("[Threaded comment] Gone?", "tc={2}")
    book.save(tmp_path / "clients.xlsx")
    content = parts(tmp_path / "clients.xlsx")
    content["xl/threadedComments/threadedComment1.xml"] = THREAD
    rels = "xl/worksheets/_rels/sheet1.xml.rels"
    content[rels] = content[rels].replace(
        b"</Relationships>",
        b'<Relationship Id="t" Type="http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"'
        b' Target="../threadedComments/threadedComment1.xml"/></Relationships>',
    )
    (tmp_path / "clients.xlsx").write_bytes(packed(content))
    _, done = repaired(tmp_path / "clients.xlsx", tmp_path / "out.xlsx")
    assert done.not_kept == ("Clients: the conversation on H2 is kept, so the note stands in the Fix list only.",)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Clients"]
    assert sheet["H2"].comment is not None
    assert sheet["H2"].comment.text == "[Threaded comment] Gone?"
    assert [sheet[name].fill.fgColor.rgb for name in ("H2", "H3")] == [RED, RED]
    assert parts(tmp_path / "out.xlsx")["xl/threadedComments/threadedComment1.xml"] == THREAD


def test_marks_on_merged_cells_stand_on_the_first(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(clients(tmp_path, CLIENT, (*CLIENT[:1], None, *CLIENT[2:])))
    book["Clients"].merge_cells("B2:B3")
    book.save(tmp_path / "clients.xlsx")
    done = mark((tmp_path / "clients.xlsx").read_bytes(), (3, 2))
    (tmp_path / "out.xlsx").write_bytes(done.data)
    note = openpyxl.load_workbook(tmp_path / "out.xlsx")["Clients"]["B2"].comment
    assert note is not None
    assert (done.marked_cells, note.text) == (1, "B3: wrong\n[code]")


def test_a_signature_that_is_no_longer_valid_is_said(tmp_path: Path) -> None:
    content = {**parts(clients(tmp_path, GONE)), "_xmlsignatures/sig1.xml": b"<Signature/>"}
    done = mark(packed(content), (2, 8))
    assert done.remarks == ("The digital signature of the workbook is no longer valid.",)
    assert parts(done.data)["_xmlsignatures/sig1.xml"] == b"<Signature/>"


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", '<a b="&\'">', "_x003D_1"]
)
def test_no_text_of_ours_becomes_a_formula(tmp_path: Path, text: str) -> None:
    line = FixLine("error", text, text, 1, 1, text, text, text)
    path = write_xlsx(tmp_path / "c.xlsx", {"Clients": [("x",)]})
    done = repair_workbook(path.read_bytes(), Task(DIGEST, (), (line,)).to_json(), "c.xlsx", Limits())
    (tmp_path / "out.xlsx").write_bytes(done.data)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    ours = [cell for row in book["Fix list"].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in ours} == {"s"}
    assert all(cell.quotePrefix for cell in ours)
    assert b"<f" not in parts(tmp_path / "out.xlsx")["xl/worksheets/connectorSheet1.xml"]
    read_back = next(sheet for sheet in open_source(tmp_path / "out.xlsx", "o", Limits()).sheets if sheet.own)
    assert read_back.frame.row(2)[4].strip() == text.strip()
    place = text.replace("'", "''").replace("\r", "\n")
    assert fix_list(tmp_path / "out.xlsx")[0][7] in {f"'{place}'!A1", f"'{text}'!A1"}


def test_long_texts_and_control_characters_are_cut_and_stripped(tmp_path: Path) -> None:
    long = "\U0001f600" * 40_000 + "\x07"
    path = clients(tmp_path, GONE)
    done = mark(path.read_bytes(), (2, 8), note=f"a\x00\x0b\ud800b\u202e {long}")
    (tmp_path / "out.xlsx").write_bytes(done.data)
    note = openpyxl.load_workbook(tmp_path / "out.xlsx")["Clients"]["H2"].comment
    assert note is not None
    assert note.text.startswith("ab \U0001f600")
    assert len(note.text.encode("utf-16-le")) // 2 <= 8_000


def test_a_lineage_that_is_there_stays_and_other_properties_too(tmp_path: Path) -> None:
    path = clients(tmp_path, GONE)
    _, done = repaired(path, tmp_path / "first.xlsx")
    assert done.path is not None
    digest = check(tmp_path / "first.xlsx").sources[0].lineage
    book = openpyxl.load_workbook(tmp_path / "first.xlsx")
    book.custom_doc_props.append(openpyxl.packaging.custom.StringProperty(name="owner", value="Ana"))
    book.save(tmp_path / "second.xlsx")
    repaired(tmp_path / "second.xlsx", tmp_path / "third.xlsx")
    assert check(tmp_path / "third.xlsx").sources[0].lineage == digest
    kept = openpyxl.load_workbook(tmp_path / "third.xlsx").custom_doc_props
    assert {one.name: one.value for one in kept.props} == {"connector-source": digest, "owner": "Ana"}


def test_a_property_that_is_no_digest_is_nothing(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(clients(tmp_path, CLIENT))
    book.custom_doc_props.append(openpyxl.packaging.custom.StringProperty(name="connector-source", value="../x"))
    book.save(tmp_path / "c.xlsx")
    assert check(tmp_path / "c.xlsx").sources[0].lineage == ""


def test_a_sheet_of_our_name_without_lineage_is_a_persons_own(tmp_path: Path) -> None:
    rows = [CLIENT_HEADER, GONE]
    path = write_xlsx(tmp_path / "c.xlsx", {"Clients": rows, "Fix list": [("Fix list, written by connector check",)]})
    assert codes(check(path).problems) == [("Clients!H2", "record-status"), ("Fix list!1", "sheet-no-header")]
    repaired(path, tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames == ["Clients", "Fix list", "Fix list 2"]


def test_a_csv_comes_back_as_a_workbook_of_texts(tmp_path: Path) -> None:
    odd = ("=1+1", "P-1", "Ac\u00e9 <&> _x0041_", "acme.com", "Full", "2025-03-01", "007", "Gone")
    intake, done = repaired(write_csv(tmp_path / "c.csv", [CLIENT_HEADER, odd, CLIENT]), tmp_path / "out.xlsx")
    assert done.not_kept == ("A .csv file carries no marks, so this is a workbook; every value stands in it as text.",)
    again = check(tmp_path / "out.xlsx")
    assert [(place.rpartition("!")[2], *rest) for place, *rest in places(again)] == places(intake)
    assert (
        again.sheets[str(tmp_path / "out.xlsx"), "Data"].shown.rows()
        == intake.sheets[str(tmp_path / "c.csv"), ""].shown.rows()
    )
    assert again.sources[0].lineage == intake.sources[0].sha256
    cell = openpyxl.load_workbook(tmp_path / "out.xlsx")["Data"]["A2"]
    assert (cell.value, cell.data_type, cell.number_format, cell.quotePrefix) == ("=1+1", "s", "@", True)


def test_macros_need_their_own_name(tmp_path: Path) -> None:
    path = clients(tmp_path, GONE)
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    changed(path, ("[Content_Types].xml", re.escape(plain), b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"))
    _, done = repaired(path, tmp_path / "out.xlsx")
    assert (done.path, done.next_step) == (None, "Name it out.xlsm.")
    assert repair(check(path), path, tmp_path / "out.xlsm").path == tmp_path / "out.xlsm"


def test_nothing_is_overwritten_and_nothing_written_for_nothing(tmp_path: Path) -> None:
    path = clients(tmp_path, GONE)
    (tmp_path / "out.xlsx").write_bytes(b"mine")
    intake, done = repaired(path, tmp_path / "out.xlsx")
    assert (done.path, (tmp_path / "out.xlsx").read_bytes()) == (None, b"mine")
    assert repair(intake, path, path).path is None
    os.utime(path)
    path.write_bytes(path.read_bytes() + b" ")
    assert repair(intake, path, tmp_path / "new.xlsx").message == f"{path} has changed since it was read"
    clean = write_xlsx(tmp_path / "clean.xlsx", {"Clients": [CLIENT_HEADER, CLIENT]})
    assert repair(read(clean), clean, tmp_path / "new.xlsx").message == "no faults: nothing to repair"
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and no more")
    told = repair(read(broken), broken, tmp_path / "new.xlsx")
    assert (told.path, told.message) == (None, "the file could not be read, so there is nothing to mark")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["broken.xlsx", "clean.xlsx", "clients.xlsx", "out.xlsx"]


def test_a_repair_that_takes_too_much_ends_in_a_sentence(tmp_path: Path) -> None:
    path = clients(tmp_path, GONE)
    intake = read_sources([path], shipped())
    told = repair(intake, path, tmp_path / "out.xlsx", limits=Limits(wall_seconds=0.001))
    assert told.path is None
    assert "longer than 0.001 seconds" in told.message
