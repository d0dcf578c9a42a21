"""Every row of every sheet is in the table of rows once, with one kind: nothing is dropped, whatever the file is.

Files made by other programs are asked the same in `test_intake_corpus`.
"""

import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import polars as pl
import pytest
from intake_kit import ROOT, read

from connector.domain.words import RowKind
from connector.intake import Intake

SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".json", ".ndjson", ".parquet"}
SAMPLES = sorted(path for path in (ROOT / "samples").rglob("*") if path.suffix in SUFFIXES)
EXAMPLES = sorted(
    {path.parent for name in ("input.csv", "make.py") for path in (ROOT / "tests/problems").glob(f"*/{name}")}
)


@pytest.mark.parametrize("path", SAMPLES, ids=[path.relative_to(ROOT).as_posix() for path in SAMPLES])
def test_a_sample_ties(path: Path) -> None:
    assert untied(read(path)) == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=[folder.name for folder in EXAMPLES])
def test_an_example_ties(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _made(folder, tmp_path, monkeypatch)
    if path is None:
        pytest.skip("the example is no file of the intake")
    assert untied(read(path)) == []


def untied(intake: Intake) -> list[str]:
    """What does not tie, sheet by sheet and file by file."""
    return [*_sheets(intake), *_sources(intake)]


def _sheets(intake: Intake) -> Iterator[str]:
    kinds = {kind.value for kind in RowKind}
    for (source, sheet), held in intake.sheets.items():
        rows = intake.rows.filter((pl.col("source") == source) & (pl.col("sheet") == sheet))
        height = held.shown.height
        if rows["row"].to_list() != list(range(1, height + 1)):
            yield f"{source}:{sheet}: rows are not 1 to {height}, each once"
        counts = rows["kind"].value_counts(name="times")
        if counts["times"].sum() != height or not set(counts["kind"]) <= kinds:
            yield f"{source}:{sheet}: {counts.rows()} are not {height} rows of known kinds"


def _sources(intake: Intake) -> Iterator[str]:
    for source in intake.sources:
        rows = intake.rows.filter(pl.col("source") == source.name).height
        if rows != source.rows or (source.failed and rows):
            yield f"{source.name}: {rows} rows in the table, {source.rows} told"
        if source.failed and not intake.problems:
            yield f"{source.name}: failed without a problem"
    records = sum(frame.height for frame in (intake.partners, intake.clients, intake.bundles, intake.templates))
    told = intake.rows.filter(pl.col("kind").is_in([RowKind.RECORD.value, RowKind.TEMPLATE.value])).height
    if records > told:
        yield f"{records} records of {told} rows"


def _made(folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    """The example's file; None when it makes another thing."""
    if (folder / "input.csv").exists():
        return folder / "input.csv"
    monkeypatch.chdir(target)
    spec = spec_from_file_location(f"make_{folder.name.replace('-', '_')}", folder / "make.py")
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.setattr(sys, "path", [str(folder.parent), *sys.path])
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    path = Path(module.make())
    return path if path.suffix in SUFFIXES and path.is_file() else None
