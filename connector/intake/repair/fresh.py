"""A fresh workbook of what was read from a file that cannot be patched: every value as text, at its own address.

The frame of it is openpyxl's; the rows are laid into it by columns, because openpyxl takes ten times as long for them.
Texts have the text format and the quote prefix: none can become a formula, and none a day when it is edited.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import openpyxl
import polars as pl

from connector.domain.places import column_letters
from connector.intake.door import Intake
from connector.intake.repair.texts import LONGEST_CELL, plain

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
_LONGEST_NAME = 31
_LAST_ROW = 1_048_576
_SLICE = 20_000
_EMPTY_ROWS = re.compile(rb"<dimension[^>]*/>|<sheetData>.*?</sheetData>", re.DOTALL)
_CONTROLS = [chr(code) for code in (*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF)]
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **{sign: f"_x{ord(sign):04X}_" for sign in _CONTROLS}}
_KEPT_BY_KIND = {".csv": "", ".tsv": "", ".txt": "", ".json": "", ".ndjson": "", ".jsonl": "", ".parquet": ""}


@dataclass(frozen=True)
class Fresh:
    """A workbook made of what was read.

    Attributes:
        data: its bytes; empty when a sheet has more rows than a workbook can hold.
        names: sheet as it was read → its name in the workbook.
        not_kept: what the file had and the workbook has not.
    """

    data: bytes
    names: Mapping[str, str]
    not_kept: tuple[str, ...]


def fresh_workbook(intake: Intake, source: str, suffix: str) -> Fresh:
    """Make the workbook.

    Args:
        intake: what was read.
        source: the file, as `intake.sources` names it.
        suffix: of the file's name, for what is said of it.
    """
    frames = {name: read.shown for (file, name), read in intake.sheets.items() if file == source and not read.own}
    names = _names(frames)
    if any(frame.height > _LAST_ROW for frame in frames.values()):
        return Fresh(b"", names, ())
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name in names.values():
        cell = book.create_sheet(name).cell(1, 1)
        cell.number_format, cell.quotePrefix = "@", True
    bare = io.BytesIO()
    book.save(bare)
    whole = io.BytesIO()
    with zipfile.ZipFile(bare) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=2) as new:
        parts = {f"xl/worksheets/sheet{number}.xml": frame for number, frame in enumerate(frames.values(), 1)}
        for part in old.namelist():
            with new.open(part, "w", force_zip64=False) as stream:
                for piece in _sheet(old.read(part), parts[part]) if part in parts else (old.read(part),):
                    stream.write(piece)
    return Fresh(whole.getvalue(), names, tuple(_not_kept(intake, source, suffix, frames.values())))


def _names(frames: Iterable[str]) -> dict[str, str]:
    """Names that a workbook takes: short, without the signs it refuses, each once."""
    made: dict[str, str] = {}
    for name in frames:
        base = _FORBIDDEN.sub(" ", name).strip().strip("'")[:_LONGEST_NAME] or "Data"
        taken = {other.lower() for other in made.values()}
        tries = (base, *(f"{base[: _LONGEST_NAME - 6]} {number}" for number in range(2, 100_000)))
        made[name] = next(free for free in tries if free.lower() not in taken)
    return made


def _sheet(bare: bytes, frame: pl.DataFrame) -> Iterator[bytes]:
    """The part of an empty sheet, with the frame's rows in it."""
    head, _, tail = _EMPTY_ROWS.sub(lambda found: b"" if found[0][1:2] == b"d" else b"<sheetData/>", bare).partition(
        b"<sheetData/>"
    )
    yield head + b"<sheetData>"
    for start in range(0, frame.height, _SLICE):
        yield _rows(frame.slice(start, _SLICE), start)
    yield b"</sheetData>" + tail


def _rows(frame: pl.DataFrame, start: int) -> bytes:
    number = pl.int_range(start + 1, start + 1 + pl.len(), dtype=pl.UInt32).cast(pl.String)
    cells = [
        pl.when(pl.col(name).fill_null("") != "")
        .then(
            pl.concat_str(
                pl.lit(f'<c r="{column_letters(int(name[1:]))}'),
                number,
                pl.lit('" s="1" t="inlineStr"><is><t xml:space="preserve">'),
                _escaped(frame[name]),
                pl.lit("</t></is></c>"),
            )
        )
        .otherwise(pl.lit(""))
        for name in frame.columns
    ]
    rows = frame.select(row=pl.concat_str(pl.lit('<row r="'), number, pl.lit('">'), *cells, pl.lit("</row>")))
    return "".join(rows["row"]).encode() if frame.width else b""


def _escaped(texts: pl.Series) -> pl.Series:
    if (texts.str.len_chars() * 2 > LONGEST_CELL).any():
        texts = pl.Series([plain(text) if text is not None else None for text in texts], dtype=pl.String)
    texts = texts.str.replace_all("_(x[0-9A-Fa-f]{4}_)", "_x005F_$1")
    return texts.to_frame("text").select(pl.col("text").str.replace_many(_ESCAPES)).to_series()


def _not_kept(intake: Intake, source: str, suffix: str, frames: Iterable[pl.DataFrame]) -> Iterator[str]:
    kind = suffix or "file"
    if suffix in _KEPT_BY_KIND:
        yield f"A {kind} file carries no marks, so this is a workbook; every value stands in it as text."
    else:
        yield f"Formatting and formulas of the {kind} are not kept; every value stands as text."
    hidden = intake.rows.filter((pl.col("source") == source) & pl.col("hidden")).height
    if hidden:
        yield f"{hidden:,} hidden rows are shown."
    ragged = sum(problem.code == "row-ragged" and problem.place.file == source for problem in intake.problems)
    if ragged:
        yield f"Rows of a workbook have no number of fields: mend the {ragged:,} marked lines, they are not told again."
    if any((frame[name].str.len_chars() > LONGEST_CELL).any() for frame in frames for name in frame.columns):
        yield f"Texts of more than {LONGEST_CELL:,} characters are cut."
