"""What the tests of intake share: the shipped mappings, files made on the spot, a problem folder run to its text."""

import importlib.util
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connector.domain.problems import Problem
from connector.intake import Intake, Mappings, load_mappings, read_sources

ROOT = Path(__file__).resolve().parent.parent.parent
PROBLEMS = ROOT / "tests" / "problems"
CLIENT_HEADER = ("Client ID", "Partner ID", "Client name", "Website", "Plan", "Created on", "Employees", "Status")
CLIENT = ("C-1", "P-1", "Acme", "acme.com", "Full feature Spoke", "2025-03-01", "50", "Active")


def shipped() -> Mappings:
    mappings, problems = load_mappings(ROOT / "mappings")
    assert mappings is not None, problems
    return mappings


def write_xlsx(path: Path, sheets: dict[str, Iterable[Sequence[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def write_csv(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
    return path


def read(*paths: Path) -> Intake:
    return read_sources(paths, shipped())


def codes(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    """Address and code of each problem, the file left out."""
    return [(str(problem.place).split(":")[-1], problem.code) for problem in problems]


def printed(folder: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the user sees for a problem folder: its `make.py` makes the input, or `input.csv` is it."""
    work = into / "work"
    shutil.copytree(folder, work)
    monkeypatch.chdir(work)
    own = work / "mappings"
    mappings, faults = load_mappings(own if own.is_dir() else ROOT / "mappings")
    if mappings is None:
        return "\n".join(map(str, faults)) + "\n"
    if (folder / "make.py").exists():
        spec = importlib.util.spec_from_file_location(f"make_{folder.name.replace('-', '_')}", folder / "make.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        name = module.make()
    else:
        name = "input.csv"
    return "\n".join(map(str, read_sources([Path(name)], mappings).problems)) + "\n"
