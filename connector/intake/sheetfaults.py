"""What is said of a whole sheet: no header, fields claimed twice, columns nobody reads, a second table, hidden rows."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import polars as pl

from connector.domain.places import Cell, column_letters
from connector.domain.problems import Kind, Problem
from connector.domain.words import RowKind
from connector.intake import kinds
from connector.intake.layout import Header, NoHeader
from connector.intake.marks import HIDDEN
from connector.intake.merges import Merge, among
from connector.intake.rawsheet import RawSheet
from connector.intake.words import same

_NAMED = 8


def no_header(nearest: NoHeader, raw: RawSheet, place: Cell) -> tuple[Problem, ...]:
    """Why no header was found: what came nearest, and what it lacks."""
    hidden = "hidden " if raw.hidden else ""
    where = f"the {hidden}sheet {place.sheet}" if place.sheet else "the file"
    if nearest.rules is None:
        message = f"no header of {where} is one a mapping knows"
        next_step = (
            "Write headers such as those of the template, or name the sheet under ignore_sheets: in the mapping."
        )
    else:
        titles = nearest.rules.titles
        missing = ", ".join(" or ".join(titles.get(field, field) for field in group) for group in nearest.missing)
        message = f"{where} looks like {nearest.rules.kind}, but has no column for: {missing}"
        next_step = f"Add the columns, or their headers to {nearest.rules.place}."
        near = {
            text: titles[nearest.rules.headers[match[0]]]
            for text in nearest.texts
            if same(text) not in nearest.rules.headers
            and (match := get_close_matches(same(text), nearest.rules.headers, 1))
        }
        if near:
            hints = ", ".join(f"{text!r} ({title})" for text, title in list(near.items())[:_NAMED])
            next_step = f"{next_step} Misspelt perhaps: {hints}."
    excerpt = " | ".join(nearest.texts[:_NAMED]) + (" | …" if len(nearest.texts) > _NAMED else "")
    at = Cell(place.file, place.sheet, nearest.row)
    kind = kinds.SHEET_NO_HEADER
    return (Problem(kind.code, kind.severity, at, message, next_step, excerpt),)


def header_faults(header: Header, raw: RawSheet, merges: Sequence[Merge], place: Cell) -> tuple[Problem, ...]:
    """What is wrong with a header that was found: fields claimed twice, rival mappings, columns nobody reads."""
    found = []
    for field, column in header.twice:
        first, second = column_letters(header.columns[field]), column_letters(column)
        message = f"the columns {first} and {second} both mean {field}"
        found.append(_problem(kinds.SHEET_HEADER_TWICE, place, header, message, column))
    if header.rivals:
        own = f"{header.mapping.name}:{header.rules.kind}"
        message = f"the headers fit {' and '.join((own, *header.rivals))} equally well"
        found.append(_problem(kinds.SHEET_TWO_MAPPINGS, place, header, message))
    others = _unread(header, raw, merges)
    if others and not found:
        names = ", ".join(
            f"{column_letters(column)} {title}".strip() for column, title in list(others.items())[:_NAMED]
        )
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        what = "1 column is" if len(others) == 1 else f"{len(others)} columns are"
        found.append(_problem(kinds.SHEET_UNMAPPED, place, header, f"{what} not read: {names}{more}"))
    return tuple(found)


def second_table(second: Header, raw: RawSheet, place: Cell) -> Problem:
    """That another table begins below the first one, and is not read."""
    message = f"a second table begins here ({second.rules.kind}); a sheet is read as one table, so none of it is read"
    texts = [_text(text) for text in raw.frame.row(second.first - 1)]
    excerpt = " | ".join(filter(None, texts[:_NAMED]))
    kind = kinds.SHEET_SECOND_TABLE
    return Problem(kind.code, kind.severity, Cell(place.file, place.sheet, second.first), message, kind.remedy, excerpt)


def hidden_faults(raw: RawSheet, kind: pl.Series, place: Cell) -> tuple[Problem, ...]:
    """That what people do not see was read all the same: a hidden sheet, or hidden and filtered rows."""
    read = kind.is_in([RowKind.RECORD.value, RowKind.TEMPLATE.value, RowKind.BLOCKED.value])
    if raw.hidden:
        message = "the sheet is hidden, and was read like the others"
        told = kinds.SHEET_HIDDEN
        return (Problem(told.code, told.severity, place, message, told.remedy),) if read.any() else ()
    marked = raw.marks.filter((pl.col("what") == HIDDEN) & (pl.col("row") <= len(kind)))["row"].unique().sort()
    rows = marked.filter(read.gather(marked - 1)).to_list() if len(marked) else []
    if not rows:
        return ()
    one = len(rows) == 1
    what, were = ("1 row is", "was") if one else (f"{len(rows):,} rows are", "were")
    message = f"{what} hidden or filtered away and {were} read like the others: {_spans(rows)}"
    told = kinds.ROWS_HIDDEN
    return (Problem(told.code, told.severity, Cell(place.file, place.sheet, rows[0]), message, told.remedy),)


def _spans(rows: Sequence[int]) -> str:
    """`row 5`, `rows 5–9, 14 …`: rows in order, the first few spans of them."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    shown = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans[:_NAMED])
    more = " …" if len(spans) > _NAMED else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {shown}{more}"


def _unread(header: Header, raw: RawSheet, merges: Sequence[Merge]) -> Mapping[int, str]:
    """Columns that hold something and are read by nobody; those without a header are called so."""
    claimed = {*header.columns.values(), *(column for _, column in header.twice)}
    last = raw.fields_of(header.last)  # what stands beyond it in a CSV file is a fault of its line
    found: dict[int, str] = {}
    for name in raw.frame.columns:
        column = int(name[1:])
        if column in claimed or (last and column > last):
            continue
        title = _text(header.titles.get(column))
        if title or _holds(raw.frame[name].slice(header.last)):
            found[column] = title or _above(column, header, merges)
    return found


def _above(column: int, header: Header, merges: Sequence[Merge]) -> str:
    """What a column without a header of its own is called: perhaps it stands under the merged header of another."""
    for merge in among(merges, header.last, header.last):
        if merge.covers(header.last, column) and _text(header.titles.get(merge.column)):
            return f"(under the merged header {_text(header.titles[merge.column])})"
    return "(without a header)"


def _holds(values: pl.Series) -> bool:
    return bool(values.drop_nulls().len())


def _text(value: str | None) -> str:
    return " ".join((value or "").split())


def _problem(kind: Kind, place: Cell, header: Header, message: str, column: int = 0) -> Problem:
    at = Cell(place.file, place.sheet, header.last, column)
    return Problem(kind.code, kind.severity, at, message, kind.remedy)
