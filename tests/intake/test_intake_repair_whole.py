"""Repair of a workbook with everything in it: what is marked is what is wrong, and all else is as it was."""

from pathlib import Path
from typing import Any

import fastexcel
import openpyxl
import pytest
from intake_kit import CLIENT, CLIENT_HEADER, ROOT, read, write_xlsx
from openpyxl.utils import get_column_letter
from repair_kit import (
    DIGEST,
    FORMULAS,
    RED,
    SHEET,
    VALUES,
    YELLOW,
    check,
    fix_list,
    loaded,
    marked,
    parts,
    places,
    repaired,
    rich_workbook,
)

from connector.domain.places import Cell
from connector.intake import Intake, Limits
from connector.intake.guard import open_source, repair_workbook
from connector.intake.repair.door import Repair
from connector.intake.repair.task import CellMark, DropDown, FixLine, SheetTask, Task

ROWS = 10_000
CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Intake, Repair]:
    folder = tmp_path_factory.mktemp("rich")
    path = rich_workbook(folder / "clients.xlsx", ROWS)
    return (path, folder / "marked.xlsx", *repaired(path, folder / "marked.xlsx"))


def style(cell: Any) -> tuple[Any, ...]:
    plain = (cell.font, cell.border, cell.alignment, cell.protection, cell.number_format)
    return (*(repr(part) for part in plain), repr(cell.fill))


def cells_of(intake: Intake) -> set[tuple[str, str]]:
    """The cells of the problems; a whole row is its first used cell, which here is always in column A."""
    found = set()
    for problem in intake.problems:
        assert isinstance(problem.place, Cell)
        place = problem.place
        found.add((place.sheet, f"{get_column_letter(place.column or 1)}{place.row}"))
    return found


def test_marks_equal_the_problem_list(rich: tuple[Path, Path, Intake, Repair]) -> None:
    _, out, intake, done = rich
    wrong = {(problem.code, problem.place.row) for problem in intake.problems if isinstance(problem.place, Cell)}
    assert {code for code, _ in wrong} == {"record-status", "record-missing", "rows-hidden", "sheet-no-header"}
    assert len(intake.problems) == ROWS // 10 + ROWS // 25 + 2
    assert (done.path, done.not_kept) == (out, ())
    assert marked(out) == cells_of(intake)
    assert done.marked_cells == len(cells_of(intake))


def test_every_untouched_cell_keeps_value_and_style(rich: tuple[Path, Path, Intake, Repair]) -> None:
    path, out, _, _ = rich
    touched = marked(out)
    for only_values in (FORMULAS, VALUES):
        before, after = (loaded(one, only_values) for one in (path, out))
        for sheet in before:
            other = after[sheet.title]
            for old, new in zip(sheet.iter_rows(), other.iter_rows(), strict=True):
                for one, two in zip(old, new, strict=True):
                    assert (one.value, one.coordinate) == (two.value, two.coordinate)
                    if only_values:
                        continue
                    if (sheet.title, one.coordinate) in touched:
                        assert style(one)[:-1] == style(two)[:-1]
                    elif one.has_style or two.has_style:  # equal numbers mean equal formats: they were only added
                        assert one._style == two._style  # noqa: SLF001
    assert loaded(out, VALUES)["Clients"]["G9"].value == 79


def test_what_stands_around_the_cells_is_kept(rich: tuple[Path, Path, Intake, Repair]) -> None:
    path, out, _, _ = rich
    before, after = loaded(path, FORMULAS), loaded(out, FORMULAS)
    one, two = before["Clients"], after["Clients"]
    assert two.column_dimensions["C"].width == one.column_dimensions["C"].width == 41
    assert two.row_dimensions[12].hidden
    assert [str(area.sqref) for area in two.conditional_formatting] == ["G2:G50"]
    assert after.defined_names["everyone"].attr_text == "Clients!$A$2:$A$40"
    assert [str(area) for area in after["Figures"].merged_cells.ranges] == ["A4:B5"]
    assert len(after["Figures"]._charts) == 1  # noqa: SLF001  (openpyxl has no public list of charts)
    assert two["B3"].comment is not None
    assert two["B3"].comment.text == "ask Ana"
    merged = two["H10"].comment
    assert merged is not None
    assert merged.author == "Ana"
    assert merged.text.startswith("really gone?\n\nconnector: ")
    assert merged.text.endswith("[record-status]")


def test_all_other_parts_are_the_same_bytes(rich: tuple[Path, Path, Intake, Repair]) -> None:
    path, out, _, _ = rich
    before, after = parts(path), parts(out)
    touched = {name for name in before if before[name] != after[name]}
    assert touched == {
        SHEET, "xl/worksheets/sheet2.xml", "xl/worksheets/_rels/sheet2.xml.rels", "xl/styles.xml", "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels", "xl/comments/comment1.xml", "xl/drawings/commentsDrawing1.vml",
        "[Content_Types].xml", "_rels/.rels",
    }  # fmt: skip
    assert set(after) - set(before) == {
        "docProps/custom.xml", "xl/worksheets/connectorSheet1.xml", "xl/worksheets/connectorSheet2.xml",
        "xl/connectorComments1.xml", "xl/drawings/connectorNotes1.vml",
    }  # fmt: skip


def test_the_fix_list_is_the_problem_list_linked_to_the_cells(rich: tuple[Path, Path, Intake, Repair]) -> None:
    _, out, intake, _ = rich
    lines = fix_list(out)
    told = [(problem.severity, problem.code, problem.message, problem.next_step) for problem in intake.problems]
    assert [(line[0], line[1], line[4], line[6]) for line in lines] == told
    assert {(line[2], line[3]) for line in lines} == cells_of(intake)
    assert all(line[7] == f"'{line[2]}'!{line[3]}" for line in lines)
    assert lines[0][:6] == ("error", "record-status", "Clients", "H10", intake.problems[0].message, "Gone")


def test_drop_downs_stand_beside_those_of_the_person(rich: tuple[Path, Path, Intake, Repair]) -> None:
    _, out, _, _ = rich
    book = loaded(out, FORMULAS)
    rules = {str(rule.sqref): rule.formula1 for rule in book["Clients"].data_validations.dataValidation}
    assert rules == {
        "H2:H40": '"Active,Archived"',
        f"H41:H{ROWS + 1}": '"active,archived"',
        f"E2:E{ROWS + 1}": '"assessment_only,full_spoke"',
        f"I2:I{ROWS + 1}": "'Fix list words'!$A$2:$A$10",
    }
    words = book["Fix list words"]
    assert words.sheet_state == "hidden"
    assert [row[0].value for row in words.iter_rows(min_row=2)][:3] == ["1", "2-10", "11-50"]


def test_reading_the_marked_file_tells_the_same_and_names_its_source(
    rich: tuple[Path, Path, Intake, Repair],
) -> None:
    _, out, intake, _ = rich
    again = check(out)
    assert places(again) == places(intake)
    assert again.clients.drop("source").equals(intake.clients.drop("source"))
    assert [source.lineage for source in (*intake.sources, *again.sources)] == ["", intake.sources[0].sha256]
    own = again.rows.filter(again.rows["sheet"].str.starts_with("Fix list"))
    assert set(own["kind"]) == {"title"}
    assert fastexcel.read_excel(str(out)).sheet_names == ["Clients", "Figures", "Fix list words", "Fix list"]


def test_once_the_cells_are_mended_the_file_is_clean(tmp_path: Path) -> None:
    gone = (*CLIENT[:-1], "Gone")
    path = write_xlsx(tmp_path / "clients.xlsx", {"Clients": [CLIENT_HEADER, CLIENT, gone]})
    intake, _ = repaired(path, tmp_path / "marked.xlsx")
    book = openpyxl.load_workbook(tmp_path / "marked.xlsx")
    book["Clients"]["H3"] = "Active"
    book["Clients"]["A3"] = "C-2"
    book.save(tmp_path / "mended.xlsx")
    got = read(tmp_path / "mended.xlsx")
    assert (got.problems, got.clients["row"].to_list()) == ((), [2, 3])
    assert got.sources[0].lineage == intake.sources[0].sha256


def test_a_second_repair_takes_off_what_was_mended(tmp_path: Path) -> None:
    rows = [CLIENT_HEADER, (*CLIENT[:-1], "Gone"), ("C-2", *CLIENT[1:-1], "Lost"), ("C-3", *CLIENT[1:])]
    path = write_xlsx(tmp_path / "clients.xlsx", {"Clients": rows})
    book = openpyxl.load_workbook(path)
    green = openpyxl.styles.PatternFill("solid", fgColor="FF00FF00")
    for address in ("H2", "H3"):
        book["Clients"][address].fill = green
    book["Clients"]["H2"].comment = openpyxl.comments.Comment("why?", "Ana")
    book.save(path)
    intake, _ = repaired(path, tmp_path / "first.xlsx")
    book = openpyxl.load_workbook(tmp_path / "first.xlsx")
    assert marked(tmp_path / "first.xlsx") == {("Clients", "H2"), ("Clients", "H3")}
    book["Clients"]["H3"] = "Active"
    book["Clients"]["H4"] = "Nowhere"
    book.save(tmp_path / "mended.xlsx")
    second, _ = repaired(tmp_path / "mended.xlsx", tmp_path / "second.xlsx")
    assert [place for place, _, _ in places(second)] == ["Clients!H2", "Clients!H4"]
    assert marked(tmp_path / "second.xlsx") == {("Clients", "H2"), ("Clients", "H4")}
    sheet = openpyxl.load_workbook(tmp_path / "second.xlsx")["Clients"]
    assert (sheet["H2"].fill.fgColor.rgb, sheet["H3"].fill.fgColor.rgb) == (RED, "FF00FF00")
    assert sheet["H3"].comment is None
    assert sheet["H2"].comment.text.count("[record-status]") == 1
    assert check(tmp_path / "second.xlsx").sources[0].lineage == intake.sources[0].sha256
    assert openpyxl.load_workbook(tmp_path / "second.xlsx").sheetnames == ["Clients", "Fix list"]


def test_warnings_are_yellow_and_a_whole_row_is_marked_at_its_first_used_cell(tmp_path: Path) -> None:
    rows = [(), (None, *CLIENT_HEADER, "Note"), (None, *CLIENT, "hello")]
    intake, done = repaired(write_xlsx(tmp_path / "c.xlsx", {"Clients": rows}), tmp_path / "out.xlsx")
    assert [place for place, _, _ in places(intake)] == ["Clients!2"]
    assert (marked(tmp_path / "out.xlsx"), done.marked_cells) == ({("Clients", "B2")}, 1)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx")["Clients"]["B2"].fill.fgColor.rgb == YELLOW


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of other programs' workbooks is not here")
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.xlsx")), ids=lambda path: path.stem)
def test_workbooks_of_other_programs_survive(path: Path, tmp_path: Path) -> None:
    """Cells filled and empty, inside and beyond the table, are marked; values and all that the reader saw stay."""
    before = open_source(path, path.name, Limits())
    if not before.sheets:
        pytest.skip(f"not read: {before.problems[0].message}")
    tasks = []
    for sheet in before.sheets:
        columns = [int(name[1:]) for name in sheet.frame.columns] or [1]
        last = max(1, sheet.frame.height)
        middle = (max(1, last // 2), columns[len(columns) // 2] + 1)
        spots = sorted({(1, columns[0]), middle, (2, columns[-1] + 2), (last, columns[-1]), (last + 3, 2)})
        marks = tuple(CellMark(row, column, column % 2 == 0, "=cmd|x\n[code]") for row, column in spots)
        tasks.append(SheetTask(sheet.name, marks, (DropDown(columns[0], 2, last, ("2-10", "x"), as_text=True),)))
    lines = tuple(FixLine("error", "code", one.name, 1, 1, "=wrong", "value", "step") for one in tasks)
    done = repair_workbook(path.read_bytes(), Task(DIGEST, tuple(tasks), lines).to_json(), path.name, Limits())
    assert (done.problems, done.remarks) == ((), ())
    out = tmp_path / "out.xlsx"
    out.write_bytes(done.data)
    after = open_source(out, path.name, Limits())
    assert (after.problems, after.lineage) == ((), DIGEST)
    assert [sheet.own for sheet in after.sheets] == [False] * len(before.sheets) + [True, True]
    for one, two in zip(before.sheets, after.sheets, strict=False):
        assert one.frame.equals(two.frame.head(one.frame.height).select(one.frame.columns))
        assert sorted(one.marks.rows()) == sorted(two.marks.rows())
