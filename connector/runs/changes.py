"""What has changed since the last upload of a source: the figures of one run, and the sentence that people read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
HELD, LISTED, UNREAD = "held", "listed", "not asked about, for a part of the upload could not be read"


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
        gone_is: what is done about the gone ones: `HELD`, `LISTED` for records nobody is billed for, or `UNREAD`.
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
    gone_is: str
    new_fields: tuple[str, ...]
    gone_fields: tuple[str, ...]
    gone_files: tuple[str, ...]
    money: Mapping[str, Mapping[str, int]]

    @property
    def is_first(self) -> bool:
        """Whether there was nothing to compare it with."""
        return all(one.how == ERASED for one in self.earlier)

    @classmethod
    def unchanged_from(
        cls, source: str, records: str, earlier: tuple[Earlier, ...], rows: int, gone_is: str
    ) -> "Comparison":
        """The comparison of a source with that many rows, of which nothing changed."""
        counted = ("cells", "money_cells", "changed", "new", "gone", "still_gone", "back", "otherwise")
        flags = ("mended", "broken", "elsewhere")
        return cls(
            source=source,
            records=records,
            earlier=earlier,
            rows=rows,
            matched=rows,
            unchanged=rows,
            gone_is=gone_is,
            new_fields=(),
            gone_fields=(),
            gone_files=(),
            money={},
            **dict.fromkeys((*counted, *flags), 0),
        )

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
        return sum(one.gone + one.still_gone for one in self.comparisons if one.gone_is == HELD)

    @property
    def sentences(self) -> dict[str, str]:
        """Per source, one line for people."""
        return {name: _sentence(name, own) for name, own in _grouped(self.comparisons, lambda one: one.source).items()}

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


def cells_to_plain(cells: pl.DataFrame) -> list[dict[str, Any]]:
    """Changed cells (`diff.CELLS` with `column`) as JSON values: `where` it stands, the `title` of its field."""
    return [
        {
            **one,
            "title": FIELDS[RecordKind(one["record_kind"])][one["field"]].title,
            "where": str(Cell(one["source"], one["sheet"], one["row"], one["column"])),
        }
        for one in cells.iter_rows(named=True)
    ]


def rows_to_plain(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows that are not unchanged (`diff.ROWS`) as JSON values: `where` each stands, its `money` by currency."""
    return [
        {
            **one,
            "where": str(Cell(one["source"], one["sheet"], one["row"])),
            "money": {part["currency"]: part["minor"] for part in one["money"] or ()},
        }
        for one in rows.iter_rows(named=True)
    ]


def _sentence(source: str, comparisons: Sequence[Comparison]) -> str:
    """`clients.xlsx: the next version of clients.xlsx (R-0003): 3 cells changed, 2 change money: +USD 400.00; …`."""
    groups = _grouped(comparisons, lambda one: _lead(one.earlier))
    parts = []
    for lead, own in groups.items():
        named = f" [{', '.join(one.records for one in own)}]" if len(groups) > 1 else ""
        told = "" if own[0].is_first else f": {_told(own)}"
        parts.append(f"{lead}{named}{told}")
    return f"{PurePath(source).name}: {'. '.join(parts)}."


def _grouped(comparisons: Iterable[Comparison], by: Callable[[Comparison], str]) -> dict[str, list[Comparison]]:
    groups: dict[str, list[Comparison]] = {}
    for one in comparisons:
        groups.setdefault(by(one), []).append(one)
    return groups


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
    told = [
        _edits(own),
        _rows(own, "new", "new {}", "new"),
        *(text for word in (HELD, LISTED, UNREAD) for text in _gone([one for one in own if one.gone_is == word], word)),
        _rows(own, "back", "{} back"),
        _rows(own, "mended", "blocked {} sound now"),
        _rows(own, "broken", "{} blocked now"),
        f"other rows come to another amount: {_sum(own, 'otherwise')}" if _sum(own, "otherwise") else "",
        _rows(own, "elsewhere", "{} of the earlier one not here (not asked about)"),
        *(f"column {title} is new" for one in own for title in one.new_fields),
        *(f"column {title} is gone" for one in own for title in one.gone_fields),
    ]
    return "; ".join(text for text in told if text) or "nothing changed"


def _edits(own: Sequence[Comparison]) -> str:
    cells, bearing = sum(one.cells for one in own), sum(one.money_cells for one in own)
    if not cells:
        return ""
    verb = "changes" if bearing == 1 else "change"
    money = f", {bearing:,} {verb} money: {_sum(own, 'cells')}" if bearing else ""
    return f"{cells:,} cell{'' if cells == 1 else 's'} changed{money}"


def _gone(own: Sequence[Comparison], word: str) -> tuple[str, str]:
    return _rows(own, "gone", f"{{}} gone ({word})", "gone"), _rows(own, "still_gone", f"{{}} still gone ({word})")


def _rows(own: Sequence[Comparison], figure: str, words: str, cause: str = "") -> str:
    """`2 new rows: +USD 900.00`; nothing for none."""
    number, money = sum(getattr(one, figure) for one in own), _sum(own, cause)
    text = f"{number:,} {words.format('row' if number == 1 else 'rows')}{f': {money}' if money else ''}"
    return text if number else ""


def _sum(own: Sequence[Comparison], cause: str) -> str:
    """`+USD 400.00, -GBP 80.00`; never added across currencies."""
    sums: dict[str, int] = {}
    for one in own:
        for currency, minor in one.money.get(cause, {}).items():
            sums[currency] = sums.get(currency, 0) + minor
    return ", ".join(signed(minor, code) for code, minor in sorted(sums.items()))


def signed(minor: int, currency: str) -> str:
    """An amount with its sign before the currency: `+USD 400.00`."""
    sign = "+" if minor > 0 else "-" if minor else ""
    return f"{sign}{Money(abs(minor), currency)}"
