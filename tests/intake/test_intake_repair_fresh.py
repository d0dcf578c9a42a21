"""Files that are no .xlsx come back as a workbook: the same texts at the same addresses, the same problems, marked."""

import json
from pathlib import Path

import polars as pl
import pytest
from intake_kit import CLIENT, CLIENT_HEADER, ROOT
from repair_kit import check, marked, repaired

CORPUS = ROOT.parent / "shared" / "corpus"
GONE = (*CLIENT[:-1], "Gone")
OTHERS = [path for suffix in ("ods", "xls", "xlsb", "csv") for path in sorted(CORPUS.glob(f"*.{suffix}"))]


def export(folder: Path, suffix: str) -> Path:
    rows = [dict(zip(CLIENT_HEADER, row, strict=True)) for row in (CLIENT, GONE)]
    path = folder / f"export.{suffix}"
    if suffix == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif suffix == "json":
        path.write_text(json.dumps(rows), "utf-8")
    else:
        lines = (
            [*map(json.dumps, rows)]
            if suffix == "ndjson"
            else ["\t".join(row) for row in (CLIENT_HEADER, CLIENT, GONE)]
        )
        path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def shown_by(path: Path) -> list[list[tuple[str | None, ...]]]:
    """The texts of each sheet that is a person's, blank cells and blank rows at the ends left out."""
    sheets = []
    for read in check(path).sheets.values():
        if not read.own:
            rows = [tuple(text or None for text in row) for row in read.shown.rows()]
            while rows and not any(rows[-1]):
                rows.pop()
            sheets.append(rows)
    return [rows for rows in sheets if rows]


@pytest.mark.parametrize("suffix", ["tsv", "json", "ndjson", "parquet"])
def test_exports_come_back_as_a_workbook(tmp_path: Path, suffix: str) -> None:
    path, out = export(tmp_path, suffix), tmp_path / "out.xlsx"
    intake, done = repaired(path, out)
    wrong = [(problem.place, problem.code) for problem in intake.problems]
    assert [code for _, code in wrong] == ["record-status"]
    assert done.not_kept == (
        f"A .{suffix} file carries no marks, so this is a workbook; every value stands in it as text.",
    )
    again = check(out)
    assert [(one.place.row, one.place.column, one.code) for one in again.problems] == [  # type: ignore[union-attr]
        (place.row, place.column, code)
        for place, code in wrong  # type: ignore[union-attr]
    ]
    assert len(marked(out)) == done.marked_cells == 1
    assert shown_by(out) == shown_by(path)
    assert again.sources[0].lineage == intake.sources[0].sha256


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of other programs' files is not here")
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_files_of_other_programs_come_back_as_a_workbook(path: Path, tmp_path: Path) -> None:
    intake, done = repaired(path, tmp_path / "out.xlsx")
    if intake.sources[0].failed:
        assert done.message == "the file could not be read, so there is nothing to mark"
        return
    assert done.path is not None, done
    assert done.not_kept
    cells = marked(tmp_path / "out.xlsx")
    assert len(cells) == done.marked_cells
    assert shown_by(tmp_path / "out.xlsx") == shown_by(path)
