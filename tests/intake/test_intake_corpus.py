"""Files made by other programs: each ends in rows or in a problem, within time and memory, and no row is lost.

None of them is a list of clients, so those that are read come to rows without a header. The files are not part of the
project; without them one test is left out, and says how many files that are.
"""

from pathlib import Path

import polars as pl
import pytest
from intake_kit import ROOT, shipped

from connector.domain.words import RowKind
from connector.intake import Limits, read_sources

CORPUS = ROOT.parent / "shared" / "corpus"
LIMITS = Limits(wall_seconds=20, memory_bytes=2**30)
READ = "read"

# What each file comes to: READ, or the code of its one problem.

OUTCOMES: dict[str, str] = {
    "apache__54084 - Greek - beyond BMP.xlsx": READ,
    "apache__59746_NoRowNums.xlsx": READ,
    "apache__DateFormatTests.xlsx": READ,
    "apache__Excel_file_with_trash_item.xlsx": READ,
    "apache__clusterfuzz-testcase-minimized-POIXSSFFuzzer-5089447305609216.xlsx": "file-damaged",
    "apache__poc-shared-strings.xlsx": "file-damaged",
    "apache__protected_passtika.xlsx": "file-encrypted",
    "apache__xxe_in_schema.xlsx": READ,
    "closedxml__CellsWithDateTimeWithLocalePrefix.xlsx": READ,
    "closedxml__Date1904System.xlsx": READ,
    "closedxml__TableHeadersWithLineBreaks.xlsx": READ,
    "exceljs__hidden-test__libre-calc-as-office-open-xml-spreadsheet.xlsx": READ,
    "frictionlessdata__multiline-headers.xlsx": READ,
    "frictionlessdata__preserve-formatting-percentage.xlsx": READ,
    "jmcnamara__autofilter05.xlsx": READ,
    "jmcnamara__data_validation08.xlsx": "file-no-rows",
    "jmcnamara__shared_strings01.xlsx": READ,
    "maxogden__escaped_quotes.csv": READ,
    "maxogden__quotes_and_newlines.csv": READ,
    "okfn__mixedGLB.csv": READ,
    "okfn__skip_initials.csv": READ,
    "phpoffice__CSV__NumberFormatTest.de.csv": READ,
    "phpoffice__CSV__premiere.utf16be.csv": READ,
    "phpoffice__CSV__premiere.utf16lebom.csv": READ,
    "phpoffice__Ods__RepeatedCells.ods": READ,
    "phpoffice__Ods__leading0.N2.ods": READ,
    "python-excel__biff4_no_format_no_window2.xls": READ,
    "python-excel__corrupted_error.xls": READ,
    "qax-os__BadWorkbook.xlsx": "file-no-rows",
    "qax-os__OverflowNumericCell.xlsx": READ,
    "qax-os__encryptSHA512.xlsx": "file-encrypted",
    "roo-rb__1904_base.xlsx": READ,
    "roo-rb__encrypted-letmein.ods": "file-encrypted",
    "roo-rb__formula_string_error.xlsx": READ,
    "roo-rb__hidden_sheets.xlsx": READ,
    "sheetjs__ErrorTypes.xlsx": READ,
    "sheetjs__LONumbers-2011.xlsx": READ,
    "sheetjs__password_2002_40_xor.xls": "file-encrypted",
    "sheetjs__sheet_visibility_strict.xlsx": READ,
    "sheetjs__wtf_path.xlsx": READ,
    "tafia__OOM_alloc2.xls": READ,
    "tafia__any_sheets.xlsx": READ,
    "tafia__date.xlsx": READ,
    "tafia__errors.xlsx": READ,
    "tafia__inlineStr_with_value.xlsx": READ,
    "tafia__merged_range.xlsx": READ,
    "tafia__nonstandard-xml-ns-prefix.xlsx": READ,
    "tafia__number_rows_repeated.ods": READ,
    "tafia__pass_protected.ods": "file-encrypted",
    "tafia__strict_iso_paths.xlsx": READ,
    "tafia__too_small.xls": "file-not-a-workbook",
    "tidyverse__big-texty-numbers-xlsx.xlsx": READ,
    "tidyverse__datetime-rounding.xlsx": READ,
    "tidyverse__skipping.xlsx": READ,
    "tidyverse__texty-dates-xlsx.xlsx": READ,
    "tidyverse__whitespace-xlsx.xlsx": READ,
    "toucantoco__fixture-type-errors.xlsx": READ,
    "toucantoco__sheet-with-na.xlsx": READ,
}


def files() -> list[Path]:
    return sorted(path for path in CORPUS.glob("*") if path.suffix != ".json") if CORPUS.exists() else []


def test_every_file_has_an_outcome() -> None:
    if not files():
        pytest.skip(f"corpus not present: {len(OUTCOMES)} files left out")
    assert {path.name for path in files()} == set(OUTCOMES)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_it_ends_in_rows_or_in_a_problem(path: Path) -> None:
    got = read_sources([path], shipped(), limits=LIMITS)
    found = [problem.code for problem in got.problems if problem.code.startswith("file-")]
    assert found == [OUTCOMES[path.name]] * (OUTCOMES[path.name] != READ)
    assert got.sources[0].failed == bool(found)
    for problem in got.problems:
        assert "Traceback" not in str(problem)
        assert "panicked" not in str(problem)
        assert problem.message
        assert problem.next_step
    sheets = {name: sheet.shown.height for (_, name), sheet in got.sheets.items()}
    numbered = {name: list(range(1, height + 1)) for name, height in sheets.items() if height}
    by_sheet = got.rows.group_by("sheet", maintain_order=True).agg(pl.col("row"))
    assert dict(by_sheet.iter_rows()) == numbered
    assert set(got.rows["kind"]) <= set(RowKind)
    assert got.sources[0].rows == sum(sheets.values())
