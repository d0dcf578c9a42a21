"""Tables as a workbook: what somebody else reads back is what was written, and none of it can start a formula."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from connector.domain.money import Money
from connector.printed import Difference, Percent, Table, Value, workbook

TEXTS = (
    "plain", "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(1)", "{=1+1}", "https://a.example", "00012", "1e5", "TRUE",
    " spaces ", "two\nlines", "tab\tin", "<b>&amp;</b>", '"quoted"', "'single", "É ü 東京 🎈",
    "<r>A & B</r>", "<r><t>x</t></r>", "<r> </r>",
    '<r><t>x</t></r></is></c><c r="Z9"><f>1+41</f></c><c r="AA9" t="inlineStr"><is><r><t>y</t></r>',
)  # fmt: skip


def written(*rows: tuple[Value, ...], notes: tuple[str, ...] = ()) -> bytes:
    """A workbook of one table with these rows."""
    columns = tuple(f"column {number}" for number in range(len(rows[0])))
    return workbook("A title", ["It is about this."], [Table("Of: all/kinds", "=Heading", columns, rows, notes)])


def sheet_of(data: bytes) -> Worksheet:
    """Its sheet as openpyxl reads it."""
    found: Any = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_comes_back_as_it_is_and_is_a_text(text: str) -> None:
    data = written((text,))
    cell = sheet_of(data)["A3"]
    assert (cell.value, cell.data_type, cell.number_format, cell.quotePrefix) == (text, "s", "@", True)
    assert CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()[2] == [text]


def test_what_looks_like_an_escaped_sign_is_escaped_itself() -> None:
    assert sheet_of(written(("_x0041_",)))["A3"].value == "_x005F_x0041_"  # openpyxl shows what is in the file


def test_signs_that_no_workbook_can_hold_are_marked_and_nothing_else_is_lost() -> None:
    cell = sheet_of(written(("a\x00b\x0bc\ud800d\uffffe",)))["A3"]
    assert cell.value == "a\ufffdb\ufffdc\ufffdd\ufffde"


@pytest.mark.parametrize(
    ("text", "length"),
    [("x" * 32_767, 32_767), ("x" * 32_768, 32_767), ("🎈" * 20_000, 16_384), ("ü" * 32_767, 32_767)],
)
def test_a_text_that_is_too_long_for_a_cell_says_so(text: str, length: int) -> None:
    found = str(sheet_of(written((text,)))["A3"].value)
    assert len(found) == length
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))


@pytest.mark.parametrize(
    ("value", "number", "form"),
    [
        (Money(123456, "USD"), 1234.56, "[$USD] #,##0.00"),
        (Money(-5, "USD"), -0.05, "[$USD] #,##0.00"),
        (Money(1234, "JPY"), 1234, "[$JPY] #,##0"),
        (Money(1234567, "KWD"), 1234.567, "[$KWD] #,##0.000"),
        (Money(9_999_999_999_999, "USD"), 99_999_999_999.99, "[$USD] #,##0.00"),
        (Difference(Money(-250, "USD")), -2.5, "+[$USD] #,##0.00;-[$USD] #,##0.00;[$USD] #,##0.00"),
        (Percent(Decimal("-15.5")), -0.155, "+0.0%;-0.0%;0.0%"),
        (1_234_567, 1_234_567, "#,##0"),
    ],
)
def test_money_and_numbers_are_numbers_in_their_format(value: Value, number: float, form: str) -> None:
    cell = sheet_of(written((value,)))["A3"]
    assert (cell.value, cell.data_type, cell.number_format) == (number, "n", form)


def test_a_sheet_has_its_heading_its_head_its_rows_and_its_notes() -> None:
    told: list[tuple[str, int, int]] = []
    rows = tuple((f"row {number}", number) for number in range(4_500))
    table = Table("Of: all/kinds", "=Heading", ("one", "two"), rows, ("and a note",))
    data = workbook("A title", ["It is", "about this."], [table, table], lambda *one: told.append(one))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Of  all kinds", "Of  all kinds 2"]
    assert (book.properties.title, book.properties.description) == ("A title", "It is about this.")
    first = book.worksheets[0]
    assert first.freeze_panes == "B3"
    assert [cell.value for cell in first["A"][:3]] == ["=Heading", "one", "row 0"]
    assert first["A1"].data_type == "s"
    assert first.cell(4_504, 1).value == "and a note"
    assert [(what, total) for what, _, total in told] == [("Writing", 9_000)] * 4
    assert [done for _, done, _ in told] == [2_000, 4_000, 6_500, 8_500]


def test_more_rows_than_a_sheet_takes_are_refused() -> None:
    with pytest.raises(ValueError, match="no sheet takes so many"):
        written(*(("x",),) * 1_048_574)


@pytest.mark.parametrize(
    ("names", "sheets"),
    [
        (["standard of the Joneses' list of it"], ["Standard of the Joneses' list o"]),
        (["standard of the Joneses family' list"], ["Standard of the Joneses family"]),
        (["🎈" * 20, "🎈" * 20], ["🎈" * 15, "🎈" * 14 + " 2"]),
        (["a\ud800b", "'", ":"], ["A\ufffdb", "Table", "Table 2"]),
    ],
)
def test_a_name_is_made_one_that_a_sheet_takes(names: list[str], sheets: list[str]) -> None:
    data = workbook("t", [], [Table(name, "x", ("c",), (("v",),)) for name in names])
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == sheets


def test_what_describes_a_workbook_is_a_text_too() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook("a\ud800", ["b\x00"], [Table("n", "t", ("c",), ())])))
    assert (book.properties.title, book.properties.description) == ("a\ufffd", "b\ufffd")


def test_nothing_of_a_workbook_that_is_not_finished_stays_on_the_disk(tmp_path: Path) -> None:
    def stop(_what: str, _done: int, _total: int) -> None:
        assert list(tmp_path.rglob("*"))
        raise KeyboardInterrupt

    rows = (("a secret",),) * 2_500
    with pytest.raises(KeyboardInterrupt):
        workbook("t", [], [Table("n", "t", ("c",), rows)], stop, tmp_path)
    assert list(tmp_path.rglob("*")) == []
