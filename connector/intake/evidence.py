"""What the values of an unknown column look like: the share of them that each field could read, in per cent.

A share says what could be, never what is: numbers are headcounts and user counts alike, so each sort has its weight.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import polars as pl

from connector.domain.currency import is_currency
from connector.domain.employees import Size
from connector.intake import values
from connector.intake.dates import DAY_FIRST, MONTH_FIRST, Order, read_date
from connector.intake.fields import Field, Sort
from connector.intake.values import Wrong
from connector.intake.words import same

LOOKED_AT = 2_000
_DISTINCT = 60
_LONGEST_ID = 40
_UNIQUE, _REPEATED = 98, 90
_EXAMPLES = 3
# How much a share says by itself, in per cent.
_WEIGHTS = {
    Sort.DOMAIN: 100, Sort.EMAIL: 100, Sort.CONTACT: 100, Sort.DATE: 95, Sort.WORD: 100, Sort.CURRENCY: 90,
    Sort.BAND: 80, Sort.SIZE: 85, Sort.COUNTRY: 55, Sort.COUNT: 35, Sort.WHOLE: 25, Sort.IDENTIFIER: 60, Sort.TEXT: 60,
}  # fmt: skip
_OWN_ID = {"client_ref", "reference", "template"}


@dataclass(frozen=True)
class Evidence:
    """The values of one column: their distinct texts (the first 60), and how many rows were looked at.

    Attributes:
        texts: distinct texts, in the order of the sheet.
        rows: filled rows among those looked at.
        distinct: how many distinct texts these have.
    """

    texts: tuple[str, ...]
    rows: int
    distinct: int

    @property
    def examples(self) -> tuple[str, ...]:
        """A few of the texts."""
        return self.texts[:_EXAMPLES]

    @cached_property
    def unique(self) -> int:
        """The share of distinct texts, in per cent."""
        return 100 * self.distinct // self.rows if self.rows else 0

    def share(self, passes: Callable[[str], bool]) -> int:
        """The share of the texts that pass, in per cent."""
        return 100 * sum(map(passes, self.texts)) // len(self.texts) if self.texts else 0


def evidence_of(column: pl.Series) -> Evidence:
    """The evidence of one column, its texts cleaned."""
    filled = column.head(LOOKED_AT).drop_nulls()
    distinct = filled.unique(maintain_order=True)
    return Evidence(tuple(distinct.head(_DISTINCT)), len(filled), len(distinct))


def readable(found: Evidence, field: Field, words: Mapping[str, str]) -> int:
    """The share of the texts that the field could read, in per cent.

    Args:
        found: the column.
        field: the field.
        words: matching spelling → value, for fields with words.
    """
    sort = field.sort
    if sort is Sort.IDENTIFIER:
        return found.share(lambda text: len(text) <= _LONGEST_ID and (_has_digit(text) or " " not in text))
    if sort is Sort.DOMAIN:
        return found.share(_is_domain)
    if sort is Sort.TEXT:
        return found.share(lambda text: any(letter.isalpha() for letter in text) and not _is_typed(text))
    return found.share(lambda text: _reads(text, field, words))


def weight(found: Evidence, field: Field) -> int:
    """How much a share of this field says by itself, in per cent."""
    base = _WEIGHTS[field.sort]
    if field.sort is Sort.IDENTIFIER:
        own = field.name in _OWN_ID and found.unique >= _UNIQUE and all(map(_has_digit, found.texts))
        owner = field.name == "partner_id"
        return base if own or (owner and found.unique < _REPEATED) else base // 3
    if field.sort is Sort.TEXT:
        return base if found.unique >= _REPEATED and any(" " in text for text in found.texts) else base // 3
    if field.sort is Sort.SIZE and all(text.isdigit() for text in found.texts):
        return _WEIGHTS[Sort.COUNT]
    return base


def telling(text: str) -> bool:
    """Whether a text looks like a value and not like a header: a number, a date, a domain, an address."""
    return _has_digit(text) or "@" in text or _is_domain(text)


def _reads(text: str, field: Field, words: Mapping[str, str]) -> bool:
    if same(text) in words:
        return True
    if field.sort is Sort.DATE:
        orders = (Order(DAY_FIRST), Order(MONTH_FIRST))
        return any(not isinstance(read_date(text, order, "", ""), Wrong) for order in orders)
    if field.sort in {Sort.SIZE, Sort.COUNT, Sort.BAND}:
        return isinstance(values.read_size(text, field.sort), Size)
    if field.sort is Sort.WHOLE:
        return not isinstance(values.read_whole(text, field), Wrong)
    if field.sort is Sort.CURRENCY:
        return is_currency(text.upper())
    return field.sort in _READ and not isinstance(_READ[field.sort](text), Wrong)


_READ: Mapping[Sort, Callable[[str], object]] = {
    Sort.COUNTRY: values.read_country,
    Sort.EMAIL: values.read_email,
    Sort.CONTACT: values.read_contact,
}


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _is_typed(text: str) -> bool:
    return "@" in text or _is_domain(text)


@lru_cache(4_096)
def _is_domain(text: str) -> bool:
    return "." in text and isinstance(values.read_domain(text), str)
