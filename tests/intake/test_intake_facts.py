"""What value readers hide or get wrong, one trap after the other, each in a workbook written by hand.

The column letters are those of the header: A client id, B partner id, C name, D website, E plan, F created on,
G employees, H status.
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from intake_kit import CLIENT, CLIENT_HEADER, codes, read, write_xlsx
from xlsx_kit import SHEET, STYLES, TEXTS, WORKBOOK, parts, row, text_cell, write_book

from connector.intake import Intake

Found = list[tuple[str, str]]


def line(number: int, cells: Mapping[str, str] | None = None, attributes: str = "") -> str:
    """The row of a good client, some cells of it given as XML: in a reference `#` stands for the row's number."""
    given = cells or {}
    texts = [
        given[letter].replace(f'"{letter}#"', f'"{letter}{number}"') if letter in given else text
        for letter, text in zip("ABCDEFGH", CLIENT, strict=True)
    ]
    return row(number, texts, attributes)


def sheet(*lines: Mapping[str, str]) -> str:
    return row(1, CLIENT_HEADER) + "".join(line(number, cells) for number, cells in enumerate(lines, 2))


def opened(tmp_path: Path, *lines: Mapping[str, str], **how: object) -> Intake:
    return read(write_book(tmp_path / "clients.xlsx", parts({"Clients": sheet(*lines)}, **how)))  # type: ignore[arg-type]


def number_cell(letter: str, value: str, style: int = 0) -> str:
    return f'<c r="{letter}#" s="{style}"><v>{value}</v></c>'


def found(got: Intake) -> Found:
    return codes(got.problems)


def rows_tie(got: Intake) -> bool:
    return [*got.rows["row"]] == list(range(1, got.rows.height + 1))


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#NEVER_SEEN!"])
def test_error_cells(tmp_path: Path, error: str) -> None:
    got = opened(tmp_path, {}, {"G": f'<c r="G#" t="e"><v>{error}</v></c>'}, {"A": text_cell("A#", "C-3")})
    assert found(got) == [("Clients!G3", "cell-error")]
    assert got.problems[0].message == f"the cell shows the error {error}"
    assert got.clients["row"].to_list() == [2, 4]


def test_an_error_cell_with_a_formula_and_without_a_text(tmp_path: Path) -> None:
    got = opened(tmp_path, {"G": '<c r="G#" t="e"><f>NA()</f><v>#N/A</v></c>'}, {"G": '<c r="G#" t="e"><v/></c>'})
    assert found(got) == [("Clients!G2", "cell-error"), ("Clients!G3", "cell-error")]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="G#"><f>A1+1</f></c>',
        '<c r="G#"><f>A1+1</f><v></v></c>',
        '<c r="G#"><f>A1+1</f><v/></c>',
        '<c r="G#"><f t="shared" si="0"/></c>',
        '<c r="G#"><f t="shared" ref="G2:G9" si="0">A1</f></c>',
        '<c r="G#" s="0"><f t="array" ref="G2">A1</f></c>',
    ],
)
def test_a_formula_without_its_value(tmp_path: Path, cell: str) -> None:
    got = opened(tmp_path, {"G": cell}, {})
    assert (found(got), got.clients["row"].to_list()) == ([("Clients!G2", "cell-formula-without-value")], [3])


def test_a_formula_with_an_empty_text_is_blank(tmp_path: Path) -> None:
    got = opened(tmp_path, {"G": '<c r="G#" t="str"><f>IF(1,"","")</f><v></v></c>'})
    assert (found(got), got.clients["employees_text"].to_list()) == ([], [None])


@pytest.mark.parametrize("text", ["12", "12.0", "1.2E1", "1.2E+1", "12.000000000000000"])
def test_twelve_is_twelve(tmp_path: Path, text: str) -> None:
    got = opened(tmp_path, {"A": number_cell("A", text), "G": number_cell("G", text)})
    assert found(got) == []
    assert got.clients.select("client_ref", "count_low", "employees_text").rows() == [("12", 12, "12")]


@pytest.mark.parametrize("digits", ["1234567890123456", "12345678901234567890", "1.2345678901234568E+19"])
def test_more_than_fifteen_digits_are_said_to_be_lost(tmp_path: Path, digits: str) -> None:
    got = opened(tmp_path, {"A": number_cell("A", digits)})
    assert ("Clients!A2", "cell-digits-lost") in found(got)


def test_fifteen_digits_are_not(tmp_path: Path) -> None:
    got = opened(tmp_path, {"A": number_cell("A", "123456789012345")})
    assert (found(got), got.clients["client_ref"].to_list()) == ([], ["123456789012345"])


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("00000", "00123"),
        ("0000000", "0000123"),
        ("0", "123"),
        ("General", "123"),
        ("@", "123"),
    ],
)
def test_identifiers_are_read_as_shown(tmp_path: Path, form: str, shown: str) -> None:
    got = opened(tmp_path, {"A": number_cell("A", "123", 1)}, formats=[form])
    assert (found(got), got.clients["client_ref"].to_list()) == ([], [shown])


def test_counts_are_not_read_as_shown(tmp_path: Path) -> None:
    got = opened(tmp_path, {"G": number_cell("G", "12", 1)}, formats=["00000"])
    assert (found(got), got.clients["count_low"].to_list()) == ([], [12])


@pytest.mark.parametrize("text", ["1.23457E+11", "1,23457E+11", "1.2E+05"])
def test_a_shortened_number_is_no_identifier(tmp_path: Path, text: str) -> None:
    got = opened(tmp_path, {"A": text_cell("A#", text)})
    assert found(got) == [("Clients!A2", "record-identifier")]


@pytest.mark.parametrize(("serial", "form"), [("45567", "d-mmm"), ("36647", "mmm-yy"), ("45567", "yyyy-mm-dd")])
def test_a_size_band_turned_into_a_date(tmp_path: Path, serial: str, form: str) -> None:
    got = opened(tmp_path, {"G": number_cell("G", serial, 1)}, formats=[form])
    assert found(got) == [("Clients!G2", "record-employees-date")]


@pytest.mark.parametrize("text", ["May-2000", "Oct-2", "2-Oct", "11-Nov"])
def test_a_size_band_turned_into_a_month_as_text(tmp_path: Path, text: str) -> None:
    assert found(opened(tmp_path, {"G": text_cell("G#", text)})) == [("Clients!G2", "record-employees-date")]


@pytest.mark.parametrize("serial", ["0", "0.5", "1", "59", "60", "61", "-1", "-3.5", "2958466", "9000000"])
def test_numbers_shown_as_dates_that_are_no_day_of_ours(tmp_path: Path, serial: str) -> None:
    got = opened(tmp_path, {"F": number_cell("F", serial, 1)}, {}, formats=["yyyy-mm-dd"])
    assert (found(got), got.clients["row"].to_list()) == ([("Clients!F2", "record-date")], [3])


@pytest.mark.parametrize(
    ("serial", "form"),
    [
        ("45720", "yyyy-mm-dd"),
        ("45720.9999999", "yyyy-mm-dd hh:mm"),
        ("45720.5", "d/m/yyyy h:mm"),
        ("45720", "[$-409]d-mmm-yy;@"),
        ("45720", "[$-F800]dddd, mmmm dd, yyyy"),
        ("45720", 'd" de "mmmm" de "yyyy'),
    ],
)
def test_days(tmp_path: Path, serial: str, form: str) -> None:
    got = opened(tmp_path, {"F": number_cell("F", serial, 1)}, formats=[form])
    assert (found(got), got.clients["created_on"].to_list()) == ([], [date(2025, 3, 4)])


def test_days_since_1904(tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    contents = parts({"Clients": sheet({"F": number_cell("F", "44258", 1)})}, formats=["yyyy-mm-dd"])
    contents[WORKBOOK] = contents[WORKBOOK].replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    assert read(write_book(path, contents)).clients["created_on"].to_list() == [date(2025, 3, 4)]


@pytest.mark.parametrize("text", ["2025-03-04", "2025-03-04T02:30:00", "2025-03-04T23:59:59.999"])
def test_iso_cells(tmp_path: Path, text: str) -> None:
    got = opened(tmp_path, {"F": f'<c r="F#" t="d"><v>{text}</v></c>'})
    assert (found(got), got.clients["created_on"].to_list()) == ([], [date(2025, 3, 4)])


@pytest.mark.parametrize("text", ["2025-03-04T02:30:00Z", "2025-03-04T02:30:00+01:00"])
def test_iso_cells_with_a_zone_are_asked_about(tmp_path: Path, text: str) -> None:
    assert found(opened(tmp_path, {"F": f'<c r="F#" t="d"><v>{text}</v></c>'})) == [("Clients!F2", "record-date")]


@pytest.mark.parametrize(
    ("text", "name"), [("Ac_x0041_me", "AcAme"), ("_x005F_x0041_", "_x0041_"), ("a_x0041", "a_x0041")]
)
def test_escapes_are_decoded(tmp_path: Path, text: str, name: str) -> None:
    inline = opened(tmp_path, {"C": text_cell("C#", text)})
    shared = opened(tmp_path, {"C": '<c r="C#" t="s"><v>0</v></c>'}, texts=f"<si><t>{text}</t></si>")
    assert [inline.clients["name"].to_list(), shared.clients["name"].to_list()] == [[name], [name]]


def test_an_escaped_line_end_is_one(tmp_path: Path) -> None:
    got = opened(tmp_path, {"C": '<c r="C#" t="s"><v>0</v></c>'}, texts="<si><t>Ac_x000D_\nme</t></si>")
    assert [(problem.code, problem.message) for problem in got.problems] == [
        ("record-text", "the text holds a line break")
    ]


def test_what_nobody_sees_around_a_value(tmp_path: Path) -> None:
    got = opened(
        tmp_path,
        {
            "A": text_cell("A#", "\ufeffC-1\u00a0"),
            "C": text_cell("C#", "\u200bAcme\u00a0 "),
            "E": text_cell("E#", "\u00a0Full\u200b feature Spoke "),
            "H": text_cell("H#", " active\u200d"),
        },
        {"H": text_cell("H#", "\u00a0gone\u200b")},
    )
    assert got.clients.select("client_ref", "name", "plan", "status").rows() == [
        ("C-1", "Acme", "full_spoke", "active")
    ]
    assert found(got) == [("Clients!H3", "record-status")]
    assert "gone\u200b" in got.problems[0].excerpt


def test_leading_empty_rows_and_columns_shift_no_address(tmp_path: Path) -> None:
    cells = "".join(text_cell(f"{chr(ord('C') + at)}5", text) for at, text in enumerate(CLIENT_HEADER))
    values = "".join(text_cell(f"{chr(ord('C') + at)}7", text) for at, text in enumerate((*CLIENT[:-1], "gone")))
    xml = f'<row r="5">{cells}</row><row r="7">{values}</row>'
    got = read(write_book(tmp_path / "clients.xlsx", parts({"Clients": xml})))
    assert found(got) == [("Clients!J7", "record-status")]
    assert got.rows["kind"].to_list() == ["blank"] * 4 + ["header", "blank", "blocked"]


def test_rows_and_cells_without_references(tmp_path: Path) -> None:
    def bare(texts: tuple[str, ...]) -> str:
        return f"<row>{''.join(text_cell('', text).replace(' r=' + chr(34) * 2, '') for text in texts)}</row>"

    path = write_book(tmp_path / "c.xlsx", parts({"Clients": bare(CLIENT_HEADER) + bare((*CLIENT[:-1], "gone"))}))
    assert found(read(path)) == [("Clients!H2", "record-status")]


def test_rows_out_of_order(tmp_path: Path) -> None:
    xml = line(3, {"A": text_cell("A3", "C-3")}) + row(1, CLIENT_HEADER) + line(2)
    got = read(write_book(tmp_path / "clients.xlsx", parts({"Clients": xml})))
    assert got.clients.select("row", "client_ref").rows() == [(2, "C-1"), (3, "C-3")]


def test_a_nought_that_was_never_calculated(tmp_path: Path) -> None:
    header = row(1, (*CLIENT_HEADER, "Users"))
    value = line(2).replace("</row>", '<c r="I2"><f>A1</f><v>0</v></c></row>')
    contents = parts({"Clients": header + value}, book='<calcPr calcId="1" fullCalcOnLoad="1"/>')
    got = read(write_book(tmp_path / "clients.xlsx", contents))
    assert found(got) == [("Clients!I2", "cell-formula-never-calculated")]


def test_a_nought_that_was_calculated(tmp_path: Path) -> None:
    header = row(1, (*CLIENT_HEADER, "Users"))
    value = line(2).replace("</row>", '<c r="I2"><f>A1</f><v>0</v></c></row>')
    got = read(write_book(tmp_path / "clients.xlsx", parts({"Clients": header + value})))
    assert (found(got), got.clients["users"].to_list()) == ([], [0])


def test_a_fraction_of_a_person(tmp_path: Path) -> None:
    got = opened(tmp_path, {"G": number_cell("G", "2.5")}, {"G": number_cell("G", "2.5", 1)}, formats=["0"])
    assert found(got) == [("Clients!G2", "record-employees"), ("Clients!G3", "record-employees")]


def test_strict_office_open_xml(tmp_path: Path) -> None:
    got = opened(tmp_path, {"F": number_cell("F", "45720", 1)}, formats=["yyyy-mm-dd"], strict=True)
    assert (found(got), got.clients["created_on"].to_list()) == ([], [date(2025, 3, 4)])


def test_a_totals_row_of_a_table(tmp_path: Path) -> None:
    total = row(4, ("Total", "", "", "", "", "", '<c r="G4"><f>SUBTOTAL(109,G2:G3)</f><v>100</v></c>', ""))
    got = read(write_book(tmp_path / "clients.xlsx", parts({"Clients": sheet({}, {}) + total})))
    assert (found(got), got.rows["kind"].to_list()) == ([], ["header", "record", "record", "total"])


def test_two_headers_alike_are_both_named(tmp_path: Path) -> None:
    header = row(1, (*CLIENT_HEADER[:6], "Status", "Status"))
    got = read(write_book(tmp_path / "clients.xlsx", parts({"Clients": header + line(2)})))
    (problem,) = got.problems
    assert (problem.code, problem.message) == ("sheet-header-twice", "the columns G and H both mean status")
    assert got.rows["kind"].to_list() == ["blocked", "blocked"]


def test_hidden_sheets_and_rows_are_read_and_flagged(tmp_path: Path) -> None:
    one = row(1, CLIENT_HEADER) + line(2) + line(3, attributes=' hidden="1"') + line(4, attributes=" hidden='true'")
    sheets = {"A": one, "B": sheet({}), "C": sheet({})}
    contents = parts(sheets, states={"B": "hidden", "C": "veryHidden"})
    contents[SHEET] = contents[SHEET].replace("</sheetData>", '</sheetData><autoFilter ref="A1:H4"/>')
    got = read(write_book(tmp_path / "clients.xlsx", contents))
    assert got.rows.filter("hidden").select("sheet", "row").rows() == [
        *(("A", 3), ("A", 4), ("B", 1), ("B", 2), ("C", 1), ("C", 2)),
    ]
    assert got.clients.height == 5


def test_percent_is_a_fraction_and_no_count(tmp_path: Path) -> None:
    got = opened(tmp_path, {"G": number_cell("G", "0.5", 1)}, {"G": text_cell("G#", "50%")}, formats=["0%"])
    assert found(got) == [("Clients!G2", "record-employees"), ("Clients!G3", "record-employees")]


def test_booleans_are_no_numbers(tmp_path: Path) -> None:
    got = opened(tmp_path, {"G": '<c r="G#" t="b"><v>1</v></c>'}, {"C": '<c r="C#" t="b"><v>0</v></c>'})
    assert found(got) == [("Clients!G2", "record-employees")]
    assert got.clients["name"].str.to_lowercase().to_list() == ["false"]


@pytest.mark.parametrize(
    "text",
    [
        "<t>Acme</t>",
        "<r><t>Ac</t></r><r><rPr><b/></rPr><t>me</t></r>",
        '<t>Acme</t><rPh sb="0" eb="2"><t>never</t></rPh><phoneticPr fontId="1"/>',
        '<r><t>Acme</t></r><rPh sb="0" eb="2"><t>never</t></rPh>',
    ],
)
def test_rich_and_phonetic_texts(tmp_path: Path, text: str) -> None:
    inline = opened(tmp_path, {"C": f'<c r="C#" t="inlineStr"><is>{text}</is></c>'})
    shared = opened(tmp_path, {"C": '<c r="C#" t="s"><v>0</v></c>'}, texts=f"<si>{text}</si>")
    assert [inline.clients["name"].to_list(), shared.clients["name"].to_list()] == [["Acme"], ["Acme"]]


@pytest.mark.parametrize("index", ["7", "-1", "x"])
def test_a_shared_text_that_is_not_there_is_no_blank(tmp_path: Path, index: str) -> None:
    got = opened(tmp_path, {"G": f'<c r="G#" t="s"><v>{index}</v></c>'}, texts="<si><t>x</t></si>")
    assert got.problems
    assert got.clients.is_empty()


def test_a_million_formatted_blank_rows_are_not_looked_at(tmp_path: Path) -> None:
    blank = '<row r="{0}" s="1" customFormat="1"><c r="A{0}" s="1"/></row>'
    xml = sheet({}) + "".join(blank.format(number) for number in range(3, 100_000)) + blank.format(1_048_576)
    got = read(write_book(tmp_path / "clients.xlsx", parts({"Clients": xml}, formats=["0"])))
    assert (found(got), got.clients.height, rows_tie(got)) == ([], 1, True)


@pytest.mark.parametrize("text", ["1_000", "NaN", "inf", "1e3", "٣", "²", "½", "0x10", "+50", "--5"])
def test_what_is_no_number_of_people(tmp_path: Path, text: str) -> None:
    assert found(opened(tmp_path, {"G": text_cell("G#", text)})) == [("Clients!G2", "record-employees")]


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("a.xlsx", _OLE + "EncryptedPackage".encode("utf-16-le"), "file-encrypted", "password"),
        ("a.xls", b"<html><table><tr><td>x</td></tr></table></html>", "file-not-a-workbook", "web page"),
        ("a.xlsx", b"\xef\xbb\xbf  <!DOCTYPE html><html></html>", "file-not-a-workbook", "web page"),
        ("~$clients.xlsx", b"\x05owner", "file-lock", "lock file"),
        ("a.xlsx", b"Client ID,Plan\n", "file-not-a-workbook", "no workbook"),
        ("a.csv", b"", "file-empty", "empty"),
        ("a.xlsx", b"PK\x03\x04", "file-damaged", "damaged"),
    ],
)
def test_files_that_are_not_what_their_name_says(
    tmp_path: Path, name: str, content: bytes, code: str, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (problem,) = read(path).problems
    assert problem.code == code
    assert says in problem.message


def test_a_workbook_under_any_name_is_read(tmp_path: Path) -> None:
    made = write_xlsx(tmp_path / "clients.xlsx", {"Clients": [CLIENT_HEADER, CLIENT]}).read_bytes()
    for name in ("a.xls", "b.csv", "c"):
        (tmp_path / name).write_bytes(made)
        assert read(tmp_path / name).clients.height == 1


def test_a_workbook_without_styles_shared_texts_and_content_types(tmp_path: Path) -> None:
    contents = parts({"Clients": sheet({})})
    kept = {name: xml for name, xml in contents.items() if name not in {STYLES, TEXTS, "[Content_Types].xml"}}
    assert read(write_book(tmp_path / "clients.xlsx", kept)).clients.height == 1


def test_sheets_of_the_same_name_but_for_case_and_odd_names(tmp_path: Path) -> None:
    got = read(write_book(tmp_path / "c.xlsx", parts({"Clients": sheet({}), "clients &amp; more": sheet({})})))
    assert got.clients["sheet"].to_list() == ["Clients", "clients & more"]


def test_a_damaged_sheet_is_said_to_be_one(tmp_path: Path) -> None:
    path = write_book(tmp_path / "c.xlsx", parts({"Clients": sheet({})}))
    whole = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as copy:
        for name in archive.namelist():
            text = archive.read(name)
            copy.writestr(name, text[: len(text) // 2] if name == SHEET else text)
    assert [problem.code for problem in read(path).problems] == ["file-damaged"]


def test_text_in_character_data_sections(tmp_path: Path) -> None:
    got = opened(tmp_path, {"C": '<c r="C#" t="inlineStr"><is><t><![CDATA[A & <b>]]></t></is></c>'})
    assert (found(got), got.clients["name"].to_list()) == ([], ["A & <b>"])
