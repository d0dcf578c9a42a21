"""OpenDocument spreadsheets: the value of each cell, what repeats, what is hidden, and what is refused."""

import time
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from books_kit import (
    HIDDEN_STYLE,
    NAMES,
    ODS_TYPE,
    cell,
    cells_of,
    marks_of,
    refusal,
    row,
    sheets_of,
    text,
    write_archive,
    write_ods,
)
from intake_kit import CLIENT, CLIENT_HEADER, codes, read

from connector.intake import Limits

HEADER = row(*map(text, CLIENT_HEADER))


def client(**changed: str) -> str:
    """A client's row with cells changed by the title of their column, spaces as `_`."""
    return row(
        *(changed.get(title.replace(" ", "_"), text(value)) for title, value in zip(CLIENT_HEADER, CLIENT, strict=True))
    )


TWICE = 'table:number-columns-repeated="2"'
FAULTY = f'table:formula="of:=X()" {TWICE}'
NOTE = "<office:annotation><text:p>a note</text:p></office:annotation>"
COVERED = '<table:covered-table-cell office:value-type="string"><text:p>under</text:p></table:covered-table-cell>'


def annotated(shown: str) -> str:
    return f'<table:table-cell office:value-type="string">{NOTE}<text:p>{shown}{NOTE}!</text:p></table:table-cell>'


@pytest.mark.parametrize(
    ("written", "got"),
    [
        (cell("float", "12", "12"), "12"),
        (cell("float", "12.0", "12.00"), "12"),
        (cell("float", "-0.5", "-0.5"), "-0.5"),
        (cell("float", "1234.56", "1,235"), "1234.56"),
        (cell("float", "0.333333333333333", "0.33"), "0.333333333"),
        (cell("float", "1.5E-7", "1.5E-07"), "0.00000015"),
        (cell("float", "123", "00123"), "00123"),
        (cell("float", "0", "000"), "0"),
        (cell("float", "NaN", "NaN"), "NaN"),
        (cell("percentage", "0.25", "25%"), "0.25"),
        (cell("currency", "9.5", "$9.50", 'office:currency="USD"'), "9.5"),
        (cell("boolean", "true", "TRUE"), "true"),
        (cell("boolean", "false", "FALSE"), "false"),
        (cell("date", "2025-03-04", "04/03/25"), "2025-03-04 00:00:00"),
        (cell("date", "2025-03-04T09:30:00", "9:30"), "2025-03-04 09:30:00"),
        (cell("date", "2025-03-04T09:30:15.500000000", ""), "2025-03-04 09:30:15.500"),
        (cell("date", "2025-03-04T23:59:59.9999", ""), "2025-03-05 00:00:00"),
        (cell("date", "2025-02-30T10:00:00.5", ""), "2025-02-30T10:00:00.5"),
        (cell("date", "2025-03-04T09:30:00Z", ""), "2025-03-04T09:30:00Z"),
        (cell("time", "PT09H30M00S", "09:30"), "1899-12-31 09:30:00"),
        (cell("time", "PT36H05M00.25S", "36:05"), "1900-01-01 12:05:00.250"),
        (cell("time", "soon", "soon"), "soon"),
        (text("plain"), "plain"),
        (text("two\nlines"), "two\nlines"),
        (text("a &amp; b &lt;c&gt; &quot;d&quot;"), 'a & b <c> "d"'),
        (text("caf&#233;"), "café"),
        (text("  laid \n out  "), "laid\nout"),
        (text('a<text:s text:c="2"/>b<text:tab/>c<text:line-break/>d<text:s/>'), "a  b\tc\nd "),
        (text("<text:span>bold</text:span> and <text:a>linked</text:a>"), "bold and linked"),
        (cell("string", "the value", "shown otherwise"), "the value"),
        ("<table:table-cell><text:p>untyped</text:p></table:table-cell>", "untyped"),
        ('<table:table-cell office:value-type="string"><text:h>heading</text:h></table:table-cell>', "heading"),
        (annotated("text"), "text!"),
        (COVERED, "under"),
        (text("", 'table:formula="of:=&quot;&quot;"'), None),
    ],
)  # fmt: skip
def test_a_cell_reads_as_its_value(tmp_path: Path, written: str, got: str | None) -> None:
    (sheet,) = sheets_of(write_ods(tmp_path / "c.ods", row(written, text("end"))))
    assert sheet.frame.row(0) == ((got, "end") if got is not None else ("end",))
    assert marks_of(sheet) == []


@pytest.mark.parametrize(
    ("written", "mark"),
    [
        (text("#N/A", 'table:formula="of:=NA()" calcext:value-type="error"'), ("error", "#N/A")),
        (cell("float", "0", "Err:502", 'table:formula="of:=X()"'), ("error", "Err:502")),
        (cell("string", "", "#REF!", 'calcext:value-type="error"'), ("error", "#REF!")),
        ('<table:table-cell table:formula="of:=[.A1]+1"/>', ("no-value", "=[.A1]+1")),
        ('<table:table-cell office:value-type="float" table:formula="of:=1+1"/>', ("no-value", "=1+1")),
        ('<table:table-cell office:value-type="date" table:formula="oddly"/>', ("no-value", "=…")),
        (cell("float", "1.23456789012346E+17", "1.2E+17"), ("digits", "123456789012346000")),
        (cell("float", "1234567890123456", ""), ("digits", "1234567890123456")),
    ],
)
def test_a_cell_whose_text_tells_too_little_is_marked(tmp_path: Path, written: str, mark: tuple[str, str]) -> None:
    (sheet,) = sheets_of(write_ods(tmp_path / "c.ods", row(text("a"), written)))
    assert sheet.frame.row(0) == ("a", mark[1])
    assert marks_of(sheet) == [(1, 2, *mark)]


def test_faults_are_reported_at_their_cells(tmp_path: Path) -> None:
    path = write_ods(
        tmp_path / "clients.ods",
        HEADER
        + client(Client_ID=cell("float", "7", "007"), Created_on=cell("date", "2025-03-04", "4 March"))
        + client(Client_ID=text("C-2"), Employees=text("#N/A", 'table:formula="of:=NA()"'))
        + client(Client_ID=text("C-3"), Created_on='<table:table-cell table:formula="of:=TODAY()"/>')
        + client(Client_ID=text("C-4"), Created_on=cell("date", "1899-12-30", "30/12/99")),
    )
    got = read(path)
    assert codes(got.problems) == [
        ("Clients!G3", "cell-error"),
        ("Clients!F4", "cell-formula-without-value"),
        ("Clients!F5", "record-date"),
    ]
    assert got.clients.select("row", "client_ref", "created_on").rows() == [(2, "007", date(2025, 3, 4))]


def test_what_repeats_is_there_as_often_and_blanks_cost_nothing(tmp_path: Path) -> None:
    blank = '<table:table-cell table:number-columns-repeated="16383"/>'
    path = write_ods(
        tmp_path / "c.ods",
        row(
            '<table:table-cell table:number-columns-repeated="2"/>',
            text("a", 'table:number-columns-repeated="2"'),
            blank,
        )
        + row(blank, told='table:number-rows-repeated="2"')
        + row("<table:table-cell/>", text("b"), text("c"), text("d"), told='table:number-rows-repeated="2"')
        + row(blank, told='table:number-rows-repeated="1048571"')
        + row(blank),
    )
    before = time.process_time()
    (sheet,) = sheets_of(path)
    assert time.process_time() - before < 5
    assert cells_of(sheet) == {
        "c2": [None, None, None, "b", "b"],
        "c3": ["a", None, None, "c", "c"],
        "c4": ["a", None, None, "d", "d"],
    }


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        (row(text("x"), told='table:number-rows-repeated="1048577"'), "Clients!A1048577"),
        (row(told='table:number-rows-repeated="4000000000"') + row(text("x")), "Clients!A4000000001"),
        (row(text("x", 'table:number-columns-repeated="16384"')), "Clients!XFD1"),
        (row(text("x", TWICE), told='table:number-rows-repeated="600000"'), "Clients!B1"),
        (row(cell("float", "0", "Err:502", FAULTY), told='table:number-rows-repeated="600000"'), "Clients!B1"),
        (row('<table:table-cell table:number-columns-repeated="600"/>', text("x")), "Clients!WC1"),
    ],
)  # fmt: skip
def test_content_beyond_the_limits_is_refused_at_once(tmp_path: Path, rows: str, place: str) -> None:
    problem = refusal(write_ods(tmp_path / "c.ods", rows))
    assert (problem.code, str(problem.place)) == ("file-too-costly", f"c.ods:{place}")


def test_a_rectangle_too_large_is_refused_before_it_is_made(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "c.ods", row(text("x")) + row(text("x", 'table:number-columns-repeated="20"')))
    problem = refusal(path, Limits(cells=39))
    assert (problem.code, problem.message) == ("file-too-costly", "the sheet has 2 rows and 20 columns")


def test_hidden_rows_and_sheets_are_flagged(tmp_path: Path) -> None:
    path = write_ods(
        tmp_path / "c.ods",
        row(text("a"))
        + row(text("b"), told='table:visibility="collapse"')
        + row(text("c"), told='table:visibility="filter" table:number-rows-repeated="2"')
        + row("<table:table-cell/>", told='table:visibility="collapse" table:number-rows-repeated="1000000"'),
        f'<table:table table:name="Old" table:style-name="ta2">{row(text("x"))}</table:table>',
        f'<table:table table:name="Other book" table:style-name="ta_extref">{row(text("x"))}</table:table>',
        styles=HIDDEN_STYLE,
    )
    shown, hidden = sheets_of(path)
    assert (shown.name, shown.hidden, hidden.name, hidden.hidden) == ("Clients", False, "Old", True)
    assert marks_of(shown) == [(2, 0, "hidden", ""), (3, 0, "hidden", ""), (4, 0, "hidden", "")]


def test_rows_in_groups_headers_and_beside_drawings_are_read(tmp_path: Path) -> None:
    inner = f'<table:table table:is-sub-table="true">{row(text("inner"))}</table:table>'
    path = write_ods(
        tmp_path / "c.ods",
        f'<table:table table:name="Clients"><table:shapes><text:p>drawn</text:p>{row(text("no"))}</table:shapes>'
        f"<table:table-header-rows>{row(text('head'))}</table:table-header-rows>"
        f"<table:table-row-group><table:table-rows>{row(text('one'))}<table:table-row/></table:table-rows>"
        f"<!-- {row(text('comment'))} -->"
        f"<table:table-row-group>{row(text('two'))}</table:table-row-group></table:table-row-group>"
        f"{row(f'<table:table-cell>{inner}<text:p>outer</text:p></table:table-cell>')}</table:table>",
    )
    (sheet,) = sheets_of(path)
    assert cells_of(sheet) == {"c1": ["head", "one", None, "two", "outer"]}


@pytest.mark.parametrize(
    ("old", "new", "encoding"),
    [
        ("table:", "t:", "utf-8"),
        ("UTF-8", "ISO-8859-1", "latin-1"),
        ("UTF-8", "utf-16", "utf-16"),
        ("<office:body>", "<office:body>\n<!-- unusual -->\n", "utf-8"),
        ("><table:table-cell", ">\n  <table:table-cell", "utf-8"),
        ("<table:table-cell ", "<table:table-cell\n", "utf-8"),
    ],
)
def test_a_document_in_unusual_dress_reads_alike(tmp_path: Path, old: str, new: str, encoding: str) -> None:
    rows = row(text("é &amp; o"), cell("float", "7", "007")) + row(cell("date", "2025-03-04", ""), text("b\nc"))
    table = f'<table:table table:name="Clients">{rows}</table:table>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMES}><office:body>'
        f"<office:spreadsheet>{table}</office:spreadsheet></office:body></office:document-content>"
    ).replace(old, new)
    if new == "t:":
        content = content.replace("xmlns:table=", "xmlns:t=").replace("xmlns:t:1.0", "xmlns:table:1.0")
    path = write_archive(tmp_path / "c.ods", {"mimetype": ODS_TYPE, "content.xml": content.encode(encoding)})
    (sheet,) = sheets_of(path)
    assert cells_of(sheet) == {"c1": ["é & o", "2025-03-04 00:00:00"], "c2": ["007", "b\nc"]}


def test_a_row_longer_than_any_is_read(tmp_path: Path) -> None:
    long = "x" * 9_000_000
    (sheet,) = sheets_of(write_ods(tmp_path / "c.ods", row(text("a")) + row(text(long)) + row(text("b"))))
    assert cells_of(sheet) == {"c1": ["a", long, "b"]}


def test_without_its_mimetype_it_is_known_by_its_content(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "c.ods", row(text("a")))
    content = ZipFile(path).read("content.xml")
    (sheet,) = sheets_of(write_archive(tmp_path / "wrongly named.xlsx", {"content.xml": content}))
    assert cells_of(sheet) == {"c1": ["a"]}


MANIFEST = (
    "<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
)


@pytest.mark.parametrize(
    ("parts", "code", "told"),
    [
        ({"META-INF/manifest.xml": MANIFEST, "content.xml": b"\x01\x02"}, "file-encrypted", "protected by a password"),
        ({"content.xml": b"<office:broken"}, "file-damaged", "content.xml of the document is damaged"),
        ({"content.xml": b"\xff<a/>"}, "file-damaged", "content.xml of the document is damaged"),
        ({}, "file-damaged", "no content.xml"),
        ({"content.xml": "<text/>"}, "file-not-a-workbook", "not a spreadsheet"),
        ({"content.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, "file-unsafe", "DOCTYPE"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, parts: dict[str, str | bytes], code: str, told: str) -> None:
    problem = refusal(write_archive(tmp_path / "c.ods", {"mimetype": ODS_TYPE, **parts}))
    assert problem.code == code
    assert told in problem.message


def test_an_empty_document_has_no_rows(tmp_path: Path) -> None:
    assert refusal(write_ods(tmp_path / "c.ods", row("<table:table-cell/>"))).code == "file-no-rows"
