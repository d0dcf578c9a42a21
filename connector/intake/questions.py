"""What a proposed mapping leaves to a person: words without a meaning, and dates that can be read both ways."""

from collections.abc import Iterator, Mapping

from connector.intake.dates import order_of
from connector.intake.fields import CLOSE, FIELDS, MAPPED, SIZES, Field, Sort
from connector.intake.guess import ColumnGuess, SheetGuess
from connector.intake.values import Wrong, read_country, read_currency, read_size
from connector.intake.words import closely, same


def dates_of(guess: SheetGuess) -> Iterator[ColumnGuess]:
    """The columns that are taken for dates."""
    return (one for one in guess.columns if one.field and FIELDS[guess.kind][one.field].sort is Sort.DATE)


def proved_order(column: ColumnGuess) -> str | None:
    """What comes first in the dates of a column, where its values prove it."""
    return order_of(column.evidence.texts, None).first


def ambiguous(column: ColumnGuess) -> bool:
    """Whether any date of the column can be read both ways."""
    both = (order_of((text,), None).first is None for text in column.evidence.texts if text[:1].isdigit())
    slashed = any(text[2:3] in set("/. -") or text[1:2] in set("/. -") for text in column.evidence.texts)
    return slashed and any(both)


def worded(guess: SheetGuess) -> Iterator[tuple[ColumnGuess, Field]]:
    """The columns whose words a mapping can give a value."""
    for column in guess.columns:
        field = FIELDS[guess.kind].get(column.field)
        if field is not None and field.sort in MAPPED and field.sort is not Sort.IDENTIFIER:
            yield column, field


def sorted_out(column: ColumnGuess, field: Field, words: Mapping[str, str]) -> tuple[dict[str, list[str]], list[str]]:
    """The words of a column by their meaning, and those without one. Values that need no mapping are neither."""
    spelling = closely if field.sort in CLOSE else same
    meant: dict[str, list[str]] = {}
    unknown = []
    for text in column.evidence.texts:
        value = words.get(spelling(text))
        if value is not None:
            meant.setdefault(value, []).append(text)
        elif not _needs_none(text, field):
            unknown.append(text)
    return meant, unknown


def _needs_none(text: str, field: Field) -> bool:
    if field.sort in SIZES:
        return not isinstance(read_size(text, field.sort), Wrong)
    read = {Sort.COUNTRY: read_country, Sort.CURRENCY: read_currency}.get(field.sort)
    return read is not None and not isinstance(read(text), Wrong)
