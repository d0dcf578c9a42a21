"""Exports as JSON and NDJSON. Each list of objects is a sheet, named by its key; of NDJSON, line n is row n + 1.

What stands beside the lists in a page (its cursor, its totals) is told, never dropped; a page that says more follows is
told as such, because a list that was cut short looks like any other.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from connector.intake.flatten import Flat
from connector.intake.kinds import FILE_DAMAGED, FILE_NO_ROWS
from connector.intake.limits import Limits
from connector.intake.marks import BESIDE, MORE_PAGES, Mark, RefusedError
from connector.intake.rawsheet import RawSheet, marks_frame
from connector.intake.words import same
from connector.jsonwalk import ITEM, LEAF, JsonFaultError, exact_decoder, records_of, whole

_DOUBTFUL = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")
_NEXT = {"next", "nextcursor", "nextpage", "nextlink", "nexturl", "nextpagetoken", "nexttoken", "hasmore", "hasnext"}
_TOTAL = {"total", "totalcount", "totalrecords", "totalitems"}
_LINES_LOOKED_AT = 50
_EXPORT_AGAIN = "Export it again: a file that was cut off, or edited by hand, looks like this."
_NAMED = 8
_SHOWN = 200
_LONGEST_TOTAL = 15

Path = tuple[str, ...]


def read_json(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """A document: a list of objects, an object with such lists in it, or one record. NDJSON is known by its lines.

    Raises:
        RefusedError: it is no JSON, holds no record, or is larger than the limits.
    """
    text = _decoded(data)
    try:
        return _document(text, limits)
    except JsonFaultError as fault:
        if _is_by_lines(text):
            return _by_lines(text, limits)
        message = f"the JSON is broken in line {fault.line}, column {fault.column}: {fault}"
        raise RefusedError(FILE_DAMAGED.code, message, _EXPORT_AGAIN) from fault


def read_ndjson(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """One object in each line. A line that is none is a row of its own, with the reason; the others go through.

    Raises:
        RefusedError: no line is a record, or the file is larger than the limits.
    """
    return _by_lines(_decoded(data), limits)


def _decoded(data: bytes) -> str:
    """The text. A byte that is no UTF-8 stays as half a character, so that only its record is blocked."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in data[:4]:
        encoding = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
    else:
        return data.decode("utf-8-sig", "surrogateescape")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"the file is UTF-16 that breaks off at byte {error.start + 1:,}"
        raise RefusedError(FILE_DAMAGED.code, message, _EXPORT_AGAIN) from error


def _by_lines(text: str, limits: Limits) -> tuple[RawSheet, ...]:
    decoder = exact_decoder(strict=False)
    flat = Flat("", limits, doubtful=_DOUBTFUL.search(text) is not None)
    records = 0
    for line in text.rstrip("\n").split("\n"):
        if not line or line.isspace():
            flat.add_blank()
            continue
        try:
            value = whole(line, decoder)
        except JsonFaultError as fault:
            flat.add_broken(line, f"the line is no JSON from column {fault.column} on: {fault}")
        else:
            records += _add(flat, value, line)
    if not records:
        raise RefusedError(FILE_DAMAGED.code, "no line of the file is a JSON object", _EXPORT_AGAIN)
    return (flat.sheet(),)


def _is_by_lines(text: str) -> bool:
    """Whether most of the first lines are objects of their own."""
    lines = [line.strip() for line in text[:1_000_000].split("\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT]]
    shown = [line for line in lines if line]
    alone = sum(line.startswith("{") and line.endswith("}") for line in shown)
    return alone * 2 >= len(shown) > 1


def _document(text: str, limits: Limits) -> tuple[RawSheet, ...]:
    decoder = exact_decoder(strict=False)
    doubtful = _DOUBTFUL.search(text) is not None
    lists: dict[Path, Flat] = {}
    filled: set[Path] = set()
    beside: dict[Path, object] = {}
    for part in records_of(text, decoder):
        if part.what == LEAF:
            beside[part.path] = part.value
            continue
        if part.path not in lists:
            lists[part.path] = Flat(".".join(part.path), limits, doubtful=doubtful)
        if part.what == ITEM:
            is_record = isinstance(part.value, tuple)
            shown = "" if is_record else text[part.start : min(part.end, part.start + _SHOWN)]
            if _add(lists[part.path], part.value, shown):
                filled.add(part.path)
    if not filled:
        return _one_record(
            text, limits, doubtful=doubtful, has_empty_list=any(not flat.rows for flat in lists.values())
        )
    # A list in which no object stands is a value beside the records, such as the warnings of a page.
    beside.update({path: flat.rows for path, flat in lists.items() if flat.rows and path not in filled})
    sheets = _named([path for path, flat in lists.items() if path in filled or not flat.rows], lists)
    told = _beside(beside, sum(lists[path].rows for path in filled))
    first = next(index for index, sheet in enumerate(sheets) if sheet.frame.height)
    marked = replace(sheets[first], marks=pl.concat([sheets[first].marks, told]))
    return (*sheets[:first], marked, *sheets[first + 1 :])


def _one_record(text: str, limits: Limits, *, doubtful: bool, has_empty_list: bool) -> tuple[RawSheet, ...]:
    """A document without a list of objects: a record of its own, or nothing."""
    value = whole(text, exact_decoder(strict=False))
    if has_empty_list or not isinstance(value, tuple) or not value:
        raise RefusedError(FILE_NO_ROWS.code, "the JSON holds no record", FILE_NO_ROWS.remedy)
    flat = Flat("", limits, doubtful=doubtful)
    flat.add(value)
    return (flat.sheet(),)


def _add(flat: Flat, value: object, shown: str) -> bool:
    """Add an item; whether it is a record."""
    if isinstance(value, tuple):
        flat.add(value)
        return True
    what = "nothing (null)" if value is None else "a list" if isinstance(value, list) else "a single value"
    flat.add_broken(shown, f"a record must be an object, and this is {what}")
    return False


def _named(paths: Sequence[Path], lists: Mapping[Path, Flat]) -> list[RawSheet]:
    """The sheets, each named by its key; by all its keys where two lists have the same."""
    short = Counter(path[-1] for path in paths if path)
    for path in paths:
        if path and short[path[-1]] == 1:
            lists[path].name = path[-1]
    return [lists[path].sheet() for path in paths]


def _beside(beside: Mapping[Path, object], rows: int) -> pl.DataFrame:
    """Marks for the values that stand beside the lists."""
    names = [".".join(path) for path in beside]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    what = "1 value beside the records is" if len(names) == 1 else f"{len(names)} values beside the records are"
    marks = [Mark(0, 0, BESIDE, f"{what} not read: {', '.join(names[:_NAMED])}{more}")] if names else []
    for path, value in beside.items():
        name, last, text = ".".join(path), same(path[-1]) if path else "", str(value)
        if last in _NEXT and value not in (None, False, "", "0", "false", ()):
            marks.append(Mark(0, 0, MORE_PAGES, f"{name} is filled, so this is one page of several"))
        elif last in _TOTAL and text.isdecimal() and len(text) < _LONGEST_TOTAL and int(text) > rows:
            marks.append(Mark(0, 0, MORE_PAGES, f"{name} says {text}, but {rows:,} records are here"))
    return marks_frame(marks)
