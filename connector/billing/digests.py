"""Keyed digests of identities and row contents.

Keyed, so that a stolen ledger does not tell which domains it holds and erasing the key erases the link. The text that
is digested parts its fields with a control character that intake refuses in cells, so two rows cannot collide by
shifting text between columns.
"""

from collections.abc import Sequence
from hashlib import blake2b

import polars as pl

_PART = "\x1f"
_BYTES = 16


def keyed_digest(text: str, key: bytes) -> str:
    """Hexadecimal keyed digest of one text."""
    return blake2b(text.encode(), key=key, digest_size=_BYTES).hexdigest()


def digest_columns(frame: pl.DataFrame, columns: Sequence[str | pl.Expr], label: str, key: bytes) -> pl.Series:
    """One digest per row over the columns; null where any of them is null."""
    texts = frame.select(pl.concat_str([pl.lit(label), *columns], separator=_PART)).to_series()
    return _digested(texts, key)


def digest_contents(frame: pl.DataFrame, columns: Sequence[str], key: bytes) -> pl.Series:
    """One digest per row over the columns, a null counting as a value of its own."""
    shown = [pl.col(name).cast(pl.String).fill_null("\x00") for name in columns]
    return _digested(frame.select(pl.concat_str(shown, separator=_PART)).to_series(), key)


def alike(column: str) -> pl.Expr:
    """An identifier as people compare it: spellings that differ in letter case, width or composition are one.

    Two ids that differ in nothing else are then one identity, which asks a question instead of billing twice.
    """
    return pl.col(column).str.normalize("NFKC").str.to_uppercase().str.replace_all(r"\s+", " ")


def _digested(texts: pl.Series, key: bytes) -> pl.Series:
    keyed = blake2b(key=key, digest_size=_BYTES).copy  # the key is worked in once for all rows

    def digest(text: str) -> str:
        begun = keyed()
        begun.update(text.encode())
        return begun.hexdigest()

    return pl.Series([None if text is None else digest(text) for text in texts.to_list()], dtype=pl.String)
