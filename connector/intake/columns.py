"""A column of texts to a column of values, with what is wrong by distinct text. Here sorts of fields meet frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from connector.domain.employees import Size
from connector.intake import values
from connector.intake.dates import order_of, read_date
from connector.intake.fields import CLOSE, Field, Sort
from connector.intake.values import LONGEST_TEXT, Wrong
from connector.intake.words import closely, same

# A plain domain, after lower case: read without Python. What does not match is looked at one by one.
_PLAIN_DOMAIN = r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
_PASTED_DOMAIN = r"^(?:https?://)?(?:www\.)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})/?$"
_PUNYCODE = "xn--"
_PLAIN_COUNT = r"^[1-9][0-9]{0,6}$"
_DOUBTFUL_TEXT = r"[\x00-\x1f\x7f-\x9f]"
_DOUBTFUL_IDENTIFIER = r"[\x00-\x1f\x7f-\x9f\u202d\u202e]|^[0-9](?:[.,][0-9]+)?[eE]|^[+-]?[0-9]{4,}-[0-9]{2}-[0-9]{2} "
_UNSEEN = r"\p{Default_Ignorable_Code_Point}+"  # zero-width characters, soft hyphens, reading marks


@dataclass(frozen=True)
class Told:
    """What the mapping tells about one field: its words, its date order, where to change it, and its letter map."""

    words: Mapping[str, str]
    order: str | None
    place: str
    letters: str = ""


@dataclass(frozen=True)
class Reading:
    """A column that was read.

    Attributes:
        columns: name of a table column → its values, as long as the texts.
        wrong: text → what is wrong with it.
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
    order = order_of(texts.drop_nulls().unique(), told.order)
    return _each(texts, field.name, partial(read_date, order=order, field=field.name, place=told.place), pl.Date)


def _wholes(texts: pl.Series, field: Field, _: Told) -> Reading:
    return _each(texts, field.name, partial(values.read_whole, field=field), pl.Int64)


def _words(texts: pl.Series, field: Field, told: Told) -> Reading:
    read = partial(values.read_word, field=field, values=told.words, place=told.place)
    return _each(texts, field.name, read, pl.String)


def _coded(read: Callable[[str], str | Wrong]) -> Callable[[pl.Series, Field, Told], Reading]:
    return lambda texts, field, _: _each(texts, field.name, read, pl.String)


def _text(doubtful: str, check: Callable[[str], Wrong | None]) -> Callable[[pl.Series, Field, Told], Reading]:
    return lambda texts, field, _: _checked(texts, field, doubtful, check)


def _each(texts: pl.Series, name: str, read: Callable[[str], Any | Wrong], dtype: type[pl.DataType]) -> Reading:
    """Read every distinct text once."""
    found: dict[str, Any] = {}
    wrong: dict[str, Wrong] = {}
    for text in texts.drop_nulls().unique():
        value = read(text)
        if isinstance(value, Wrong):
            wrong[text] = value
        else:
            found[text] = value
    return Reading({name: _replaced(texts, found, dtype).alias(name)}, wrong, texts)


def _replaced(texts: pl.Series, found: Mapping[str, Any], dtype: type[pl.DataType]) -> pl.Series:
    if not found:
        return pl.Series([None], dtype=dtype).new_from_index(0, len(texts))
    new = pl.Series(list(found.values()), dtype=dtype)
    return texts.replace_strict(pl.Series(list(found)), new, default=None, return_dtype=dtype)


def _through_words(texts: pl.Series, words: Mapping[str, str], spelling: Callable[[str], str]) -> pl.Series:
    mapped = {text: words[spelling(text)] for text in texts.drop_nulls().unique() if spelling(text) in words}
    return texts.replace(mapped) if mapped else texts


def _checked(texts: pl.Series, field: Field, doubtful: str, check: Callable[[str], Wrong | None]) -> Reading:
    """Texts that stay as they are; only doubtful ones are looked at one by one."""
    doubt = texts.filter(texts.str.contains(doubtful) | (texts.str.len_chars() > LONGEST_TEXT)).unique()
    wrong = {text: fault for text in doubt if (fault := check(text)) is not None}
    return Reading({field.name: texts.alias(field.name)}, wrong, texts)


def _identifiers(texts: pl.Series, field: Field, _: Told) -> Reading:
    """Identifiers in one spelling each: what looks the same is the same, and upper and lower case stay as they are."""
    reading = _checked(texts, field, _DOUBTFUL_IDENTIFIER, values.check_identifier)
    plain = texts.str.len_bytes().sum() == texts.str.len_chars().sum()
    if plain and not texts.str.contains("  ", literal=True).any():
        return reading
    seen = texts.str.replace_all(_UNSEEN, "").str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars(" ")
    unseen = dict.fromkeys(texts.filter(seen == "").unique(), values.NOTHING_SHOWN)
    return Reading({field.name: seen.alias(field.name)}, {**unseen, **reading.wrong}, texts)


def _domains(texts: pl.Series, field: Field, _: Told) -> Reading:
    """Plain domains as they stand, pasted addresses by one expression, all else (IDN, ports, paths) by Python."""
    lower = texts.str.to_lowercase()
    plain = lower.str.contains(_PLAIN_DOMAIN) & ~lower.str.starts_with("www.")
    if not plain.all():
        pasted = pl.when(plain).then(lower).otherwise(lower.str.extract(_PASTED_DOMAIN))
        lower = pl.select(pasted).to_series()
    doubt = texts.filter(texts.is_not_null() & (lower.is_null() | lower.str.contains(_PUNYCODE, literal=True)))
    read = {text: values.read_domain(text) for text in doubt.unique()}
    wrong = {text: value for text, value in read.items() if isinstance(value, Wrong)}
    found = {text: value for text, value in read.items() if isinstance(value, str)}
    if found:
        lower = pl.select(pl.coalesce(_replaced(texts, found, pl.String), lower)).to_series()
    return Reading({field.name: lower.alias(field.name)}, wrong, texts)


def _sizes(texts: pl.Series, field: Field, told: Told) -> Reading:
    """Counts and bands of one column: `count_low`, `band_low`, `band_high`. Plain numbers are read without Python."""
    plain = texts.str.contains(_PLAIN_COUNT) if field.sort is not Sort.BAND else texts.is_null()
    counts = texts.set(~plain, None).str.to_integer(strict=False)
    rest = texts.filter(~plain).drop_nulls()
    read = {text: values.read_size(text, field.sort, told.letters) for text in rest.unique()}
    wrong = {text: size for text, size in read.items() if isinstance(size, Wrong)}
    sizes = {text: size for text, size in read.items() if isinstance(size, Size)}
    odd = {text: size.low for text, size in sizes.items() if size.source == "count"}
    bands = {text: size for text, size in sizes.items() if size.source == "band"}
    columns = {
        "count_low": pl.select(pl.coalesce(counts, _replaced(texts, odd, pl.Int64))).to_series() if odd else counts,
        "band_low": _replaced(texts, {text: size.low for text, size in bands.items()}, pl.Int64),
        "band_high": _replaced(texts, {text: size.high for text, size in bands.items()}, pl.Int64),
    }
    return Reading(columns, wrong, texts)


_READERS: Mapping[Sort, Callable[[pl.Series, Field, Told], Reading]] = {
    Sort.TEXT: _text(_DOUBTFUL_TEXT, values.check_text),
    Sort.IDENTIFIER: _identifiers,
    Sort.DOMAIN: _domains,
    Sort.SIZE: _sizes,
    Sort.COUNT: _sizes,
    Sort.BAND: _sizes,
    Sort.DATE: _dates,
    Sort.WHOLE: _wholes,
    Sort.WORD: _words,
    Sort.CURRENCY: _coded(values.read_currency),
    Sort.COUNTRY: _coded(values.read_country),
    Sort.EMAIL: _coded(values.read_email),
    Sort.CONTACT: _coded(values.read_contact),
}
