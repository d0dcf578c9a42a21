"""Rows below the header that are headings of sections or notes: never billed, and counted as titles.

Only what shows it plainly is one. A single cell that could be the beginning of a record stays one, and is blocked with
its reason: a heading taken for a record costs a look, a record taken for a heading costs an invoice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from connector.intake.fields import FIELDS, Sort
from connector.intake.layout import Header

_NOTE = re.compile(
    r"(?:prepared|generated|printed|exported|edited|updated|erstellt)\s+(?:by|on|at|from|von|am)\b|"
    r"page\s+[0-9]+(?:\s*(?:of|/)\s*[0-9]+)?$|seite\s+[0-9]+(?:\s*(?:von|/)\s*[0-9]+)?$|"
    r"(?:notes?|remarks?|sources?|legend|as\s+of|stand|hinweis|opmerking|remarque)\s*:|"
    r"end\s+of\s+(?:report|list|file|data)\b|confidential$|all\s+(?:amounts|prices|figures|dates)\b|[*†‡©]\s*\S",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-=_*.·—–~+|\s]{2,}")
_NUMBER = re.compile(r"[-+(]?[$€£]?\s*[0-9][0-9.,\s']*%?\)?")
_MANY_WORDS = 4
_NOTE_CELLS = 2


@dataclass(frozen=True)
class Shape:
    """What the sheet itself tells: the fields of its header (0 for a workbook), and its rows merged across columns."""

    fields: int
    wide: Mapping[int, int]


@dataclass(frozen=True)
class _Known:
    """What the complete records of the sheet look like.

    Attributes:
        numbered: fields all of whose identifiers hold a digit.
        rows: their row numbers, in order.
        partners: the partner id of each.
    """

    numbered: frozenset[str]
    rows: pl.Series
    partners: pl.Series


def heading_rows(lacking: pl.DataFrame, complete: pl.DataFrame, header: Header, shape: Shape) -> list[int]:
    """The numbers of the rows that are headings or notes.

    Args:
        lacking: the rows that lack something a record needs: their number as `row`, and all cells, cleaned.
        complete: the rows that lack nothing: their number as `row`, and the mapped fields, cleaned.
        header: where the fields stand.
        shape: what the sheet itself tells.
    """
    columns = [name for name in lacking.columns if name != "row"]
    filled = pl.sum_horizontal(pl.col(name).is_not_null() for name in columns)
    ruled = pl.all_horizontal(
        pl.col(name).is_null() | pl.col(name).str.contains(rf"^{_RULE.pattern}$") for name in columns
    )
    few = lacking.filter((filled <= _NOTE_CELLS) | ruled)
    if few.is_empty():
        return []
    partners = complete["partner_id"] if "partner_id" in complete.columns else pl.Series([], dtype=pl.String)
    known = _Known(frozenset(_numbered(complete, header)), complete["row"], partners)
    found = []
    for row, *cells in few.iter_rows():
        said = {int(name[1:]): text for name, text in zip(columns, cells, strict=True) if text is not None}
        if _is_heading(row, said, known, header, shape):
            found.append(row)
    return found


def _numbered(complete: pl.DataFrame, header: Header) -> Iterator[str]:
    for name, field in FIELDS[header.rules.kind].items():
        if field.sort is Sort.IDENTIFIER and name in complete.columns:
            values = complete[name].drop_nulls()
            if values.n_unique() > 1 and values.str.contains("[0-9]").all():
                yield name


def _is_heading(row: int, said: Mapping[int, str], known: _Known, header: Header, shape: Shape) -> bool:
    if all(_RULE.fullmatch(text) for text in said.values()):
        return True
    column, text = next(iter(said.items()))
    if _NOTE.match(text) and (len(said) == 1 or header.columns.get("name") not in said):
        return True
    return len(said) == 1 and not _NUMBER.fullmatch(text) and any(_signs(row, column, text, known, header, shape))


def _signs(row: int, column: int, text: str, known: _Known, header: Header, shape: Shape) -> Iterator[bool]:
    """What shows that a text that stands alone in its row heads a section, or is a note."""
    yield shape.wide.get(row) == column
    field = next((field for field, number in header.columns.items() if number == column), "")
    if not field:
        yield not shape.fields or column <= shape.fields
        return
    yield field in known.numbered and not any(letter.isdigit() for letter in text)
    yield FIELDS[header.rules.kind][field].sort is not Sort.TEXT and len(text.split()) >= _MANY_WORDS
    if len(known.partners):
        after = int(known.rows.search_sorted(row))
        begins = after < len(known.rows) and known.partners[after] == text
        yield begins and (field != "partner_id" or after == 0 or known.partners[after - 1] != text)
