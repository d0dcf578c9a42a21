"""A column of texts to a column of values, with what is wrong by distinct text. Here sorts of fields meet frames."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from connector.domain.employees import Size
from connector.intake import values
from connector.intake.alike import (
    NO_COUNTRY,
    NO_DATE,
    NO_DAYS,
    NO_DOMAIN,
    NO_SIZE,
    NO_WHOLE,
    Alike,
    no_word,
    read_once,
)
from connector.intake.dates import order_of, read_date
from connector.intake.effort import Effort, free
from connector.intake.fields import CLOSE, Field, Sort
from connector.intake.values import LONGEST_TEXT, Wrong, read_size
from connector.intake.words import closely, same

# A plain domain, after lower case: read without Python. What does not match is looked at one by one.
_PLAIN_DOMAIN = r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
_PASTED_DOMAIN = r"^(?:https?://)?(?:www\.)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})/?$"
_PLAIN_COUNT = re.compile("[1-9][0-9]{0,6}")
_PUNYCODE = "xn--"
_TOLD_ELSEHOW = r"^www\.|xn--"
_DOUBTFUL_TEXT = r"[\x00-\x1f\x7f-\x9f]"
_MANGLED = r"^[0-9](?:[.,][0-9]+)?[eE]|^[+-]?[0-9]{4,}-[0-9]{2}-[0-9]{2} "
_DOUBTFUL_IDENTIFIER = rf"[\x00-\x1f\x7f-\x9f\u202d\u202e]|{_MANGLED}"
_FEW = 100_000  # distinct texts up to which they are numbered before anything is looked up
_LIKE_DAY_AND_MONTH = r"^[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{4}"
_UNSEEN = r"\p{Default_Ignorable_Code_Point}+"  # zero-width characters, soft hyphens, reading marks


@dataclass(frozen=True)
class Told:
    """What is known of one field beforehand.

    Attributes:
        words, order, place, letters, zone: from the mapping: its words, its date order, where to change it, its letter
            map, its time zone.
        plain: every text is known to be printable ASCII.
        every: each wrong text is told of, however many there are.
        effort: how much computing the file has taken.
    """

    words: Mapping[str, str]
    order: str | None
    place: str
    letters: str = ""
    zone: str = ""
    plain: bool = False
    every: bool = True
    effort: Effort = field(default_factory=free)


@dataclass(frozen=True)
class Reading:
    """A column that was read.

    Attributes:
        columns: name of a table column → its values, as long as the texts.
        wrong: text → what is wrong with it; without words where so many are alike that it is told of the first alone.
        texts: the texts `wrong` speaks of: those read, after the mapping's words.
    """

    columns: Mapping[str, pl.Series]
    wrong: Mapping[str, Wrong]
    texts: pl.Series


def read_column(texts: pl.Series, field: Field, told: Told) -> Reading:
    """Read the texts of one field; blanks are null and stay null."""
    if told.words and field.sort is not Sort.WORD:
        texts = _through_words(texts, told.words, closely if field.sort in CLOSE else same)
    return _READERS[field.sort](texts, field, told)


def _dates(texts: pl.Series, field: Field, told: Told) -> Reading:
    distinct = texts.drop_nulls().unique()
    order = order_of(distinct.filter(distinct.str.contains(_LIKE_DAY_AND_MONTH)), told.order)
    read = partial(read_date, order=order, field=field.name, place=told.place, zone=told.zone)
    return _each(texts, field.name, read, pl.Date, told, NO_DATE)


def _wholes(texts: pl.Series, field: Field, told: Told) -> Reading:
    read = partial(values.read_whole, field=field)
    return _each(texts, field.name, read, pl.Int64, told, NO_DAYS if field.days else NO_WHOLE)


def _words(texts: pl.Series, field: Field, told: Told) -> Reading:
    read = partial(values.read_word, field=field, values=told.words, place=told.place)
    alike = no_word(list(told.words), values.kind_of_word(field))
    return _each(texts, field.name, read, pl.String, told, alike)


def _countries(texts: pl.Series, field: Field, told: Told) -> Reading:
    return _each(texts, field.name, values.read_country, pl.String, told, NO_COUNTRY)


def _coded(read: Callable[[str], str | Wrong]) -> Callable[[pl.Series, Field, Told], Reading]:
    return lambda texts, field, told: _each(texts, field.name, read, pl.String, told)


def _texts(texts: pl.Series, field: Field, told: Told) -> Reading:
    return _checked(texts, field, "" if told.plain else _DOUBTFUL_TEXT, values.check_text)


def _each(
    texts: pl.Series,
    name: str,
    read: Callable[[str], Any | Wrong],
    dtype: type[pl.DataType],
    told: Told,
    alike: Alike | None = None,
) -> Reading:
    """Read every distinct text once."""
    distinct = _Distinct(texts)
    once = read_once(distinct.texts, read, None if told.every else alike, told.effort)
    wrong = {text: value for text, value in zip(distinct.texts, once, strict=True) if isinstance(value, Wrong)}
    found = [None if isinstance(value, Wrong) else value for value in once]
    return Reading({name: distinct.spread(found, dtype).alias(name)}, wrong, texts)


class _Distinct:
    """The distinct texts of a column, and what was found for each of them laid out over the column again."""

    def __init__(self, texts: pl.Series) -> None:
        self.texts = texts.drop_nulls().unique(maintain_order=True)
        self._column = texts
        # A column of few texts is numbered once; of many, the numbering costs more than each look-up.
        self._codes = texts.cast(pl.Enum(self.texts)).to_physical() if len(self.texts) <= _FEW else None

    def spread(self, found: Sequence[Any], dtype: type[pl.DataType]) -> pl.Series:
        """A column of `found`, which speaks of `texts` in their order."""
        values_found = pl.Series(found, dtype=dtype)
        if not len(values_found):
            return pl.Series([None], dtype=dtype).new_from_index(0, len(self._column))
        if self._codes is not None:
            return values_found.gather(self._codes)
        return self._column.replace_strict(self.texts, values_found, default=None, return_dtype=dtype)


def _through_words(texts: pl.Series, words: Mapping[str, str], spelling: Callable[[str], str]) -> pl.Series:
    mapped = {text: words[spelling(text)] for text in texts.drop_nulls().unique() if spelling(text) in words}
    return texts.replace(mapped) if mapped else texts


def _checked(texts: pl.Series, field: Field, doubtful: str, check: Callable[[str], Wrong | None]) -> Reading:
    """Texts that stay as they are; only doubtful ones are looked at one by one."""
    doubt = texts.str.len_chars() > LONGEST_TEXT
    if doubtful:
        doubt = doubt | texts.str.contains(doubtful)
    looked = texts.filter(doubt).unique() if doubt.any() else ()
    wrong = {text: fault for text in looked if (fault := check(text)) is not None}
    return Reading({field.name: texts.alias(field.name)}, wrong, texts)


def _identifiers(texts: pl.Series, field: Field, told: Told) -> Reading:
    """Identifiers in one spelling each: what looks the same is the same, and upper and lower case stay as they are."""
    doubtful = _MANGLED if told.plain else _DOUBTFUL_IDENTIFIER
    reading = _checked(texts, field, doubtful, values.check_identifier)
    plain = told.plain or texts.str.len_bytes().sum() == texts.str.len_chars().sum()
    if plain and not texts.str.contains("  ", literal=True).any():
        return reading
    seen = texts.str.replace_all(_UNSEEN, "").str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars(" ")
    unseen = dict.fromkeys(texts.filter(seen == "").unique(), values.NOTHING_SHOWN)
    return Reading({field.name: seen.alias(field.name)}, {**unseen, **reading.wrong}, texts)


def _domains(texts: pl.Series, field: Field, told: Told) -> Reading:
    """Plain domains as they stand, pasted addresses by one expression, all else (IDN, ports, paths) by Python."""
    if (texts.str.contains(_PLAIN_DOMAIN) & ~texts.str.contains(_TOLD_ELSEHOW)).all():
        return Reading({field.name: texts.alias(field.name)}, {}, texts)
    lower = texts.str.to_lowercase()
    plain = lower.str.contains(_PLAIN_DOMAIN) & ~lower.str.starts_with("www.")
    if not plain.all():
        pasted = pl.when(plain).then(lower).otherwise(lower.str.extract(_PASTED_DOMAIN))
        lower = pl.select(pasted).to_series()
    doubt = texts.filter(texts.is_not_null() & (lower.is_null() | lower.str.contains(_PUNYCODE, literal=True)))
    doubt = doubt.unique(maintain_order=True)
    alike = None if told.every else NO_DOMAIN
    read = dict(zip(doubt, read_once(doubt, values.read_domain, alike, told.effort), strict=True))
    wrong = {text: value for text, value in read.items() if isinstance(value, Wrong)}
    found = {text: value for text, value in read.items() if isinstance(value, str)}
    if found:
        own = texts.replace_strict(found, default=None, return_dtype=pl.String)
        lower = pl.select(pl.coalesce(own, lower)).to_series()
    return Reading({field.name: lower.alias(field.name)}, wrong, texts)


def _sizes(texts: pl.Series, field: Field, told: Told) -> Reading:
    """Counts and bands of one column: `count_low`, `band_low`, `band_high`."""
    distinct = _Distinct(texts)
    counts = field.sort is not Sort.BAND

    def read_one(text: str) -> Size | Wrong:
        plain = counts and _PLAIN_COUNT.fullmatch(text)
        return Size(int(text), int(text), "count") if plain else read_size(text, field.sort, told.letters)

    read = read_once(distinct.texts, read_one, None if told.every else NO_SIZE, told.effort)
    sizes = [size if isinstance(size, Size) else None for size in read]
    wrong = {text: size for text, size in zip(distinct.texts, read, strict=True) if isinstance(size, Wrong)}
    bands = [size if size is not None and size.source == "band" else None for size in sizes]
    columns = {
        "count_low": [size.low if size is not None and size.source == "count" else None for size in sizes],
        "band_low": [size.low if size is not None else None for size in bands],
        "band_high": [size.high if size is not None else None for size in bands],
    }
    return Reading({name: distinct.spread(found, pl.Int64) for name, found in columns.items()}, wrong, texts)


_READERS: Mapping[Sort, Callable[[pl.Series, Field, Told], Reading]] = {
    Sort.TEXT: _texts,
    Sort.IDENTIFIER: _identifiers,
    Sort.DOMAIN: _domains,
    Sort.SIZE: _sizes,
    Sort.COUNT: _sizes,
    Sort.BAND: _sizes,
    Sort.DATE: _dates,
    Sort.WHOLE: _wholes,
    Sort.WORD: _words,
    Sort.CURRENCY: _coded(values.read_currency),
    Sort.COUNTRY: _countries,
    Sort.EMAIL: _coded(values.read_email),
    Sort.CONTACT: _coded(values.read_contact),
}
