"""What has changed since the last upload of a source: the figures of one run, and the sentence that people read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

import polars as pl

from connector.domain.money import Money
from connector.domain.places import Cell
from connector.domain.words import RecordKind
from connector.intake.fields import FIELDS

SAME, REPAIRED, VERSION = "same file", "repaired copy", "next version"
PART, MOVED, ERASED = "part", "moved", "erased"


@dataclass(frozen=True)
class Earlier:
    """An earlier source that rows of this one are compared with.

    Attributes:
        source, run_id: its name and the run that planned it.
        how: what this source is to it: the same file, its repaired copy, its next version, a part of it; or that some
            rows moved here from it, or that it was erased.
    """

    source: str
    run_id: str
    how: str

    def __str__(self) -> str:
        """For people: `clients.xlsx (R-0003)`."""
        return f"{PurePath(self.source).name} ({self.run_id})"


@dataclass(frozen=True)
class Comparison:
    """The rows of one kind in one source against what they were.

    Attributes:
        source, records: the source of this upload, and the kind of its records.
        earlier: what it was compared with; empty for a first upload.
        rows: its records and blocked rows.
        matched: how many of them were known.
        cells, money_cells: changed cells, and those of them that change money.
        changed, new, gone, still_gone, back: rows, by what became of them; each in one of these, `otherwise` or
            `unchanged`. The gone ones are no rows of this upload.
        otherwise: rows without a changed cell that come to another amount, or are blocked now, or not any more.
        unchanged: rows with nothing of this.
        mended, broken: rows that were blocked and are not, and the other way round; counted in the above too.
        elsewhere: rows of an earlier source of which this one is a part only; nothing follows from their absence.
        asked: whether the gone ones are asked about: not when a part of the upload could not be read.
        new_fields, gone_fields: columns that came and went, by their titles.
        gone_files: the files in which the gone ones stood last.
        money: by cause (`cells`, `new`, `gone`, `otherwise`) and currency, minor units: what it comes to now less what
            it came to then.
    """

    source: str
    records: str
    earlier: tuple[Earlier, ...]
    rows: int
    matched: int
    cells: int
    money_cells: int
    changed: int
    new: int
    gone: int
    still_gone: int
    back: int
    otherwise: int
    unchanged: int
    mended: int
    broken: int
    elsewhere: int
    asked: bool
    new_fields: tuple[str, ...]
    gone_fields: tuple[str, ...]
    gone_files: tuple[str, ...]
    money: Mapping[str, Mapping[str, int]]

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Comparison":
        """The comparison that `asdict` wrote."""
        lists = {name: tuple(plain[name]) for name in ("new_fields", "gone_fields", "gone_files")}
        return cls(**{**plain, **lists, "earlier": tuple(Earlier(**one) for one in plain["earlier"])})


@dataclass(frozen=True)
class Changes:
    """What has changed since the last upload.

    Attributes:
        comparisons: one for each source and kind of record that stands in it.
        replaced: names of earlier sources that stand in this upload's sources now, whole.
    """

    comparisons: tuple[Comparison, ...] = ()
    replaced: tuple[str, ...] = ()

    @property
    def held(self) -> int:
        """How many rows are gone and asked about."""
        return sum(one.gone + one.still_gone for one in self.comparisons if one.asked)

    @property
    def sentences(self) -> dict[str, str]:
        """Per source, one line for people."""
        names = dict.fromkeys(one.source for one in self.comparisons)
        return {name: _sentence(name, [one for one in self.comparisons if one.source == name]) for name in names}

    def to_plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "sentences": self.sentences,
            "comparisons": [asdict(one) for one in self.comparisons],
            "replaced": list(self.replaced),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Changes":
        """What `to_plain` wrote; runs that were planned before comparisons existed have none."""
        found = tuple(Comparison.from_plain(one) for one in plain.get("comparisons", ()))
        return cls(found, tuple(plain.get("replaced", ())))


def changes_in_full(changes: Changes, frames: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """The figures with every changed cell and every row that is not unchanged, as JSON values.

    Args:
        changes: the figures.
        frames: the plan's, of which `changed_cells` and `changed_rows` are looked at where it has them.
    """
    cells = frames["changed_cells"].to_dicts() if "changed_cells" in frames else []
    rows = frames["changed_rows"].to_dicts() if "changed_rows" in frames else []
    for one in cells:
        one["title"] = FIELDS[RecordKind(one["record_kind"])][one["field"]].title
        one["where"] = str(Cell(one["source"], one["sheet"], one["row"], one["column"]))
    for one in rows:
        one["where"] = str(Cell(one["source"], one["sheet"], one["row"]))
        one["money"] = {part["currency"]: part["minor"] for part in one["money"] or ()}
    return {**changes.to_plain(), "cells": cells, "rows": rows}


def _sentence(source: str, comparisons: Sequence[Comparison]) -> str:
    """`clients.xlsx: the next version of clients.xlsx (R-0003): 3 cells changed, 2 change money: +USD 400.00; …`."""
    groups: dict[str, list[Comparison]] = {}
    for one in comparisons:
        groups.setdefault(_lead(one.earlier), []).append(one)
    parts = []
    for lead, own in groups.items():
        named = f" [{', '.join(one.records for one in own)}]" if len(groups) > 1 else ""
        told = f": {_told(own)}" if own[0].earlier and own[0].earlier[0].how != ERASED else ""
        parts.append(f"{lead}{named}{told}")
    return f"{PurePath(source).name}: {'. '.join(parts)}."


def _lead(earlier: Sequence[Earlier]) -> str:
    if not earlier:
        return "first upload, there is nothing to compare it with"
    named = ", ".join(map(str, earlier))
    how = earlier[0].how
    if how == ERASED:
        return f"what {named} said was erased, so there is nothing to compare it with"
    if how == SAME:
        return f"the same file as {named}"
    if how == PART:
        return f"a part of what stood in {named}"
    return f"some of its rows stood in {named}" if how == MOVED else f"the {how} of {named}"


def _told(own: Sequence[Comparison]) -> str:
    """The figures of some comparisons, those that are not nothing."""
    cells, bearing = sum(one.cells for one in own), sum(one.money_cells for one in own)
    edits = f"{_number(cells, 'cell')} changed"
    if bearing:
        edits += f", {bearing} change{'s' if bearing == 1 else ''} money: {_sum(own, 'cells') or 'nothing in all'}"
    asked = "held" if all(one.asked for one in own) else "not asked about: a part of the upload could not be read"
    columns = [f"column {title} is {word}" for one in own for word, title in _columns(one)]
    counted = (
        (cells, edits, ""),
        (sum(one.new for one in own), "new {}", _sum(own, "new")),
        (sum(one.gone for one in own), f"{{}} gone ({asked})", _sum(own, "gone")),
        (sum(one.still_gone for one in own), f"{{}} still gone ({asked})", ""),
        (sum(one.back for one in own), "{} back", ""),
        (sum(one.mended for one in own), "blocked {} sound now", ""),
        (sum(one.broken for one in own), "{} blocked now", ""),
        (len(_sum(own, "otherwise")), "unedited rows come to another amount", _sum(own, "otherwise")),
        (sum(one.elsewhere for one in own), "{} of the earlier one not here (not asked about)", ""),
    )
    told = []
    for number, words, money in counted:
        if number:
            row = words.replace("{}", "row" if number == 1 else "rows")
            text = row if words is edits or words.startswith("unedited") else f"{number:,} {row}"
            told.append(f"{text}: {money}" if money else text)
    return "; ".join([*told, *columns]) or "nothing changed"


def _columns(one: Comparison) -> Iterable[tuple[str, str]]:
    return (*(("new", title) for title in one.new_fields), *(("gone", title) for title in one.gone_fields))


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _sum(own: Sequence[Comparison], cause: str) -> str:
    """`+USD 400.00, -GBP 80.00`; never added across currencies."""
    sums: dict[str, int] = {}
    for one in own:
        for currency, minor in one.money.get(cause, {}).items():
            sums[currency] = sums.get(currency, 0) + minor
    return ", ".join(signed(minor, code) for code, minor in sorted(sums.items()) if minor)


def signed(minor: int, currency: str) -> str:
    """An amount with its sign before the currency: `+USD 400.00`."""
    return f"{'-' if minor < 0 else '+'}{Money(abs(minor), currency)}"
