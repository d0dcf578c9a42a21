"""A table for people, whatever it is printed on. Money stays money until it is written: a workbook can add it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.domain.money import Money, round_half_away

NOTHING = "–"


@dataclass(frozen=True)
class Difference:
    """New less old, of one currency."""

    money: Money

    def __str__(self) -> str:
        """With its sign: `+USD 30.00`, `-USD 90.00`; nothing is `USD 0.00`."""
        sign = "" if self.money.minor == 0 else "-" if self.money.minor < 0 else "+"
        return f"{sign}{Money(abs(self.money.minor), self.money.currency)}"


@dataclass(frozen=True)
class Percent:
    """Hundredths, with one decimal."""

    value: Decimal

    def __str__(self) -> str:
        """With its sign: `-15.0 %`."""
        return f"{self.value:+} %" if self.value else f"{self.value} %"


Value = str | int | Money | Difference | Percent


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: a short word for it, unique among the tables shown together.
        title: its heading.
        columns: their headings.
        rows: the values, as many as there are columns; the first says what the row is.
        notes: sentences that belong below it.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that hold numbers, money or percentages: they are aligned right."""
        places = {place for row in self.rows for place, value in enumerate(row) if not isinstance(value, str)}
        return tuple(name for place, name in enumerate(self.columns) if place in places)


def text_of(value: Value) -> str:
    """The value as people read it."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def change_of(old: Money | None, new: Money | None) -> tuple[Value, Value]:
    """The difference between two amounts of one currency, and the same in percent of the old one."""
    if old is None or new is None:
        return NOTHING, NOTHING
    difference = Money(new.minor - old.minor, new.currency)
    if old.minor == 0:
        return Difference(difference), NOTHING
    return Difference(difference), Percent(round_half_away(Decimal(difference.minor * 100) / Decimal(old.minor), 1))


def to_plain(table: Table) -> Mapping[str, Any]:
    """The table as JSON values; money is whole minor units with its currency."""
    return {
        "name": table.name,
        "title": table.title,
        "columns": list(table.columns),
        "rows": [[_plain(value) for value in row] for row in table.rows],
        "notes": list(table.notes),
    }


def _plain(value: Value) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str | int):
        return value
    if isinstance(value, Percent):
        return {"percent": str(value.value)}
    money = value.money if isinstance(value, Difference) else value
    return {"minor": money.minor, "currency": money.currency, "text": str(value)}
