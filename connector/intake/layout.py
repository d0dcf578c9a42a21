"""Where a sheet's header stands, and which column is which field, found by evidence and not by position.

A header of one row is preferred to a stacked one of two; a title above it or an empty first column changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connector.intake.mapping import Mapping as MappingFile
from connector.intake.mapping import Mappings, RecordRules
from connector.intake.words import INVISIBLE, same

_ROWS_LOOKED_AT = 20
Labels = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Header:
    """A header that was found.

    Attributes:
        mapping, rules: what reads the sheet.
        first, last: its rows, counted from 1 (two rows when it is stacked).
        columns: field → column number.
        twice: field and the further column that claims it too.
        others: column numbers that have a header nothing reads.
        rivals: names of other rules that fit as well.
    """

    mapping: MappingFile
    rules: RecordRules
    first: int
    last: int
    columns: Mapping[str, int]
    twice: tuple[tuple[str, int], ...]
    others: tuple[int, ...]
    rivals: tuple[str, ...]


@dataclass(frozen=True)
class NoHeader:
    """What came nearest to a header.

    Attributes:
        row: the row it stands in; 0 when the sheet is empty.
        texts: the texts found there.
        rules: the nearest rules, None when nothing matched at all.
        missing: the needed groups of fields that have no column there.
    """

    row: int
    texts: tuple[str, ...]
    rules: RecordRules | None
    missing: tuple[tuple[str, ...], ...]


def find_header(frame: pl.DataFrame, mappings: Mappings) -> Header | NoHeader:
    """The header among the first rows of a sheet's text columns."""
    numbers = [int(name[1:]) for name in frame.columns]
    top = [_texts(row, numbers) for row in frame.head(_ROWS_LOOKED_AT + 1).iter_rows()]
    single: list[tuple[Labels, int, int]] = [
        ({number: (text,) for number, text in row.items()}, index, index) for index, row in enumerate(top)
    ]
    stacked: list[tuple[Labels, int, int]] = [
        (_stack(top[i], top[i + 1], numbers), i, i + 1) for i in range(len(top) - 1) if top[i] and top[i + 1]
    ]
    nearest = NoHeader(0, (), None, ())
    best = -1
    for labels, first, last in [*single[:_ROWS_LOOKED_AT], *stacked]:
        fits = []
        for mapping in mappings.items:
            for rules in mapping.records:
                columns, twice = _match(labels, rules)
                missing = tuple(
                    group for group in rules.needed if not any(f in columns or f in rules.constants for f in group)
                )
                if not missing:
                    fits.append((len(columns), mapping, rules, columns, twice))
                elif first == last and (len(columns), -len(missing)) > (best, -len(nearest.missing)) and labels:
                    best = len(columns)
                    texts = tuple(texts[0] for texts in labels.values())
                    nearest = NoHeader(first + 1, texts, rules if columns else None, missing)
        if fits:
            return _chosen(fits, labels, first + 1, last + 1)
    return nearest


def _chosen(
    fits: Sequence[tuple[int, MappingFile, RecordRules, dict[str, int], tuple[tuple[str, int], ...]]],
    labels: Labels,
    first: int,
    last: int,
) -> Header:
    most = max(fit[0] for fit in fits)
    _, mapping, rules, columns, twice = next(fit for fit in fits if fit[0] == most)
    rivals = tuple(f"{fit[1].name}:{fit[2].kind}" for fit in fits if fit[0] == most and fit[2] is not rules)
    claimed = {*columns.values(), *(column for _, column in twice)}
    others = tuple(number for number in labels if number not in claimed)
    return Header(mapping, rules, first, last, columns, twice, others, rivals)


def _match(labels: Labels, rules: RecordRules) -> tuple[dict[str, int], tuple[tuple[str, int], ...]]:
    """Field → column, and the further columns that claim a field; a weak header gives way to a better one."""
    claims: dict[str, list[tuple[bool, int]]] = {}
    for number, texts in labels.items():
        spelling = next((same(text) for text in texts if same(text) in rules.headers), None)
        if spelling is not None:
            claims.setdefault(rules.headers[spelling], []).append((spelling in rules.weak, number))
    columns: dict[str, int] = {}
    twice: list[tuple[str, int]] = []
    for field, claimed in claims.items():
        best = [number for weak, number in claimed if weak == min(claimed)[0]]
        columns[field] = best[0]
        twice.extend((field, number) for number in best[1:])
    return columns, tuple(twice)


def _texts(row: Iterable[str | None], numbers: Sequence[int]) -> dict[int, str]:
    """Column number → text, of the cells that show something."""
    shown = ((number, (text or "").strip(INVISIBLE)) for number, text in zip(numbers, row, strict=True))
    return {number: text for number, text in shown if text}


def _stack(top: Mapping[int, str], bottom: Mapping[int, str], numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """What each column of two stacked rows may be called; a merged cell above reaches over the columns to its right."""
    labels = {}
    above = ""
    for number in numbers:
        above = top.get(number, above)
        under = bottom.get(number, "")
        own = f"{top.get(number, '')} {under}".strip()
        if under or number in top:
            labels[number] = tuple(text for text in (f"{above} {under}".strip(), own, under) if text)
    return labels
