"""All files of an upload, one after the other: a bad one never stops the others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from connector.domain.places import Cell, Line
from connector.domain.problems import Problem, Severity
from connector.domain.words import RecordKind
from connector.intake.effort import Effort
from connector.intake.guard import Opened, RowProgress, open_source, refusal
from connector.intake.limits import Limits
from connector.intake.mapping import Mappings
from connector.intake.marks import RefusedError
from connector.intake.report import Excerpt
from connector.intake.sheets import Sheet, read_sheet
from connector.tables import RECORDS, ROWS, empty

_NO_LIMITS_GIVEN = Limits()


@dataclass(frozen=True)
class SourceInfo:
    """One file as it was read.

    Attributes:
        name: the file as named by the caller; rows and problems carry it.
        sha256: hex digest of its bytes; "" when they could not be read.
        size_bytes: their number.
        mappings: names of the mappings that read its sheets.
        rows: rows of all its sheets.
        failed: nothing of it was read; a problem says why.
        lineage: sha256 of the first file of which this one is a repaired copy, as it says itself; "" for none.
    """

    name: str
    sha256: str
    size_bytes: int
    mappings: tuple[str, ...]
    rows: int
    failed: bool
    lineage: str = ""


@dataclass(frozen=True)
class Source:
    """One source as it was read: its sheets, and what is wrong with it as a whole."""

    info: SourceInfo
    sheets: tuple[Sheet, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Intake:
    """What an upload holds.

    Attributes:
        sources: its files, in the order given.
        rows: `tables.ROWS`: every row of every sheet read, of one kind each.
        partners, clients, bundles, templates: records without a fault, in the order of the sources.
        problems: all faults and warnings, in the order of their places.
        sheets: the sheets as read, by source and name, for whoever finds a fault later.
    """

    sources: tuple[SourceInfo, ...]
    rows: pl.DataFrame
    partners: pl.DataFrame
    clients: pl.DataFrame
    bundles: pl.DataFrame
    templates: pl.DataFrame
    problems: tuple[Problem, ...]
    sheets: Mapping[tuple[str, str], Sheet]

    def locate(self, source: str, sheet: str, row: int, fields: Sequence[str]) -> tuple[Cell, str, tuple[int, int]]:
        """The cell of the first of the fields that is filled, or that has a column, with its row and the mark in it.

        Args:
            source: the file, as `sources` names it.
            sheet: its sheet, "" for a CSV file.
            row: the row, from 1.
            fields: what a person looks at first; none of them found means the whole row.
        """
        held = self.sheets[source, sheet]
        present = [held.columns[field] for field in fields if field in held.columns]
        texts = held.shown.row(row - 1)
        numbers = [int(name[1:]) for name in held.shown.columns]
        filled = [column for column in present if texts[numbers.index(column)]]
        column = next(iter((*filled, *present)), 0)
        return (Cell(source, sheet, row, column), *Excerpt(texts, numbers).marked(column))


def _to_nobody(_name: str, _done: int, _total: int) -> None:
    """Nobody is told."""


def read_sources(
    paths: Sequence[Path],
    mappings: Mappings,
    *,
    limits: Limits = _NO_LIMITS_GIVEN,
    progress: Callable[[str, int, int], None] = _to_nobody,
) -> Intake:
    """Read files into records and problems. A file named twice is read once.

    Args:
        paths: the files, as the caller names them: rows and problems repeat these names.
        mappings: how sheets become records.
        limits: ceilings for each file.
        progress: told some times a second, and at the end of each file: its name, how many rows are read, about, and
            of how many.
    """
    names = dict.fromkeys(path.as_posix() for path in paths)
    return gathered([_read(name, mappings, limits, partial(progress, name)) for name in names])


def gathered(sources: Sequence[Source]) -> Intake:
    """What sources hold together, however each was read.

    Args:
        sources: each under another name, in the order in which their records follow one another.
    """
    sheets = [(one.info.name, sheet) for one in sources for sheet in one.sheets]
    problems = [problem for one in sources for problem in (*one.problems, *_of_sheets(one.sheets))]
    records = {kind: _records(sheets, kind) for kind in RecordKind}
    return Intake(
        tuple(one.info for one in sources),
        pl.concat([empty(ROWS), *(sheet.rows for _, sheet in sheets)]),
        records[RecordKind.PARTNERS],
        records[RecordKind.CLIENTS],
        records[RecordKind.BUNDLES],
        records[RecordKind.TEMPLATES],
        tuple(sorted(problems, key=_order([one.info.name for one in sources]))),
        {(source, sheet.name): sheet for source, sheet in sheets},
    )


def _of_sheets(sheets: Sequence[Sheet]) -> Iterator[Problem]:
    return (problem for sheet in sheets for problem in sheet.problems)


def _read(name: str, mappings: Mappings, limits: Limits, progress: RowProgress) -> Source:
    """One file, told of when it is read."""
    opened, sheets = _sheets(name, mappings, limits, progress)
    used = tuple(sorted({sheet.mapping for sheet in sheets if sheet.mapping}))
    failed = any(problem.severity is Severity.ERROR for problem in opened.problems)
    height = sum(sheet.rows.height for sheet in sheets)
    progress(height, height)
    info = SourceInfo(name, opened.sha256, opened.size_bytes, used, height, failed, opened.lineage)
    return Source(info, sheets, opened.problems)


def _sheets(name: str, mappings: Mappings, limits: Limits, progress: RowProgress) -> tuple[Opened, tuple[Sheet, ...]]:
    """One file and its sheets; without sheets where it takes more computing than one file may."""
    effort = Effort(limits)
    opened = open_source(Path(name), name, limits, progress)
    try:
        return opened, tuple(read_sheet(raw, name, mappings, effort) for raw in opened.sheets)
    except RefusedError as refused:
        return replace(opened, sheets=(), problems=(refusal(refused, Cell(name)),)), ()


def _records(sheets: Sequence[tuple[str, Sheet]], kind: RecordKind) -> pl.DataFrame:
    found = (sheet.records for _, sheet in sheets if sheet.kind is kind and sheet.records is not None)
    return pl.concat([empty(RECORDS[kind]), *found])


def _order(names: Sequence[str]) -> Callable[[Problem], tuple[int, str, int, int, str]]:
    position: Mapping[str, int] = {name: index for index, name in enumerate(names)}

    def key(problem: Problem) -> tuple[int, str, int, int, str]:
        place = problem.place
        if isinstance(place, Line):
            return (len(names), place.file, place.line, place.column, problem.code)
        return (position[place.file], place.sheet, place.row, place.column, problem.code)

    return key
