"""A header that stands again below the first one: the same, as after a page break, or that of a second table.

Such a row is always faulty as a record, so only faulty rows are looked at. What stands below the header of another
table is never read by the columns of the first: it is blocked, with the reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from connector.intake.layout import Header, header_at
from connector.intake.mapping import Mappings
from connector.intake.rawsheet import RawSheet
from connector.intake.tidy import cleaned

_CODES = ("", "ft", "dd", "md", "rt", "dt")
_TELLING = 2
_MOST_KINDS_OF_ROWS = 500  # what lies beyond is blocked, as any faulty row


@dataclass(frozen=True)
class Below:
    """What was found.

    Attributes:
        again: rows that say the header again, spelt or placed a little otherwise.
        second: the header of a second table, None for none.
    """

    again: tuple[int, ...]
    second: Header | None


def look_below(raw: RawSheet, faulty: Iterable[int], header: Header, mappings: Mappings) -> Below:
    """Look for headers among the rows that are faulty as records.

    Args:
        raw: the sheet.
        faulty: their numbers.
        header: the header of the first table.
        mappings: all that is known.
    """
    again: list[int] = []
    known: dict[tuple[str | None, ...], Header | None] = {}
    for row in () if raw.exported else _telling(raw, sorted(set(faulty)), mappings):
        said = raw.frame.row(row - 1)
        if said not in known and len(known) < _MOST_KINDS_OF_ROWS:
            known[said] = header_at(raw, mappings, row)
        found = known.get(said)
        if found is None:
            continue
        if found.rules.kind is not header.rules.kind or found.columns != header.columns:
            return Below(tuple(again), replace(found, first=row, last=row))
        again.append(row)
    return Below(tuple(again), None)


def _telling(raw: RawSheet, rows: Sequence[int], mappings: Mappings) -> list[int]:
    """Those of the rows in which at least two cells are headers that a mapping knows."""
    if not rows:
        return []
    known = {spelling for mapping in mappings.items for rules in mapping.records for spelling in rules.headers}
    spelt = [code + spelling for spelling in known for code in _CODES]
    texts = raw.frame.with_row_index("row", offset=1)[[row - 1 for row in rows]]
    hits = pl.sum_horizontal(
        cleaned(name).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "").is_in(spelt).fill_null(value=False)
        for name in raw.frame.columns
    )
    return texts.filter(hits >= _TELLING)["row"].to_list()
