"""Texts of a column that are wrong for certain, found all at once: of many that are alike only the first are looked at.

The stranger's trap: what is found here must never be a value, nor wrong in another way than it says; a text in doubt is
left to be read one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from connector.domain.problems import Kind
from connector.intake import kinds
from connector.intake.effort import STEP, Effort
from connector.intake.faults import MOST_ALIKE
from connector.intake.values import Wrong

# What every text of a sort that can be read has; the others are all wrong in the same way.
_LIKE_A_DATE = (
    r"^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]|^[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{4}"
    r"|^[0-9]{1,2}(?:st|nd|rd|th)?[-/. ]+[A-Za-z]{3,9}\.?,?[-/. ]+[0-9]{4}$"
    r"|^[A-Za-z]{3,9}\.?[-/. ]+[0-9]{1,2}(?:st|nd|rd|th)?,?[-/. ]+[0-9]{4}$"
)
_LIKE_A_WHOLE, _LIKE_DAYS = r"^[0-9]+(?:\.0+)?$", "[0-9]"
_LIKE_A_COUNTRY = r"^[A-Za-z]{2}$|[^\x00-\x7f]"
_NO_HOST = r"""^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?[^/?#\\]*[ !"$%&'()*+,;<=>^`{|}~]"""
_LIKE_AN_IMPORT_CODE = r"(?i)^\s*(?:ft|dd|md|rt|dt)|[^\x00-\x7f]"
# Every word of a size, of a refusal that says more than "no size", and of a date that a spreadsheet made of a band.
_OF_SIZES = (
    r"(?i)\b(?:employees?|people|staff|fte|self|employed|size|to|or|more|true|false"
    r"|(?:jan|feb|m[aä]r|mrz|apr|ma[iy]|mei|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zé]*)\b"
)
_LIKE_A_MOMENT = r"^[+-]?[0-9]{4,}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class Alike:
    """Texts that are wrong for certain: of which kind that is, and which of many texts are."""

    kind: Kind
    certain: Callable[[pl.Series], pl.Series]


def read_once(
    texts: pl.Series, read: Callable[[str], Any | Wrong], alike: Alike | None, effort: Effort
) -> list[Any | Wrong]:
    """Each of the distinct texts, read; of those that are wrong alike only as many as are told singly.

    Raises:
        RefusedError: it takes more computing than one file may.
    """
    told = texts
    untold = None
    if alike is not None and len(texts) > MOST_ALIKE:
        certain = alike.certain(texts)
        untold = certain & (certain.cum_sum() > MOST_ALIKE)
        told = texts.filter(~untold)
    found: list[Any | Wrong] = []
    for start in range(0, len(told), STEP):
        effort.check()
        found.extend([read(text) for text in told.slice(start, STEP)])
    if alike is None or untold is None:
        return found
    wrong, rest = Wrong(alike.kind, ""), iter(found)
    return [wrong if left_out else next(rest) for left_out in untold]


def not_like(pattern: str) -> Callable[[pl.Series], pl.Series]:
    """The texts in which the pattern is not found."""
    return lambda texts: ~texts.str.contains(pattern)


NO_DATE = Alike(kinds.DATE, not_like(_LIKE_A_DATE))
NO_COUNTRY = Alike(kinds.COUNTRY, not_like(_LIKE_A_COUNTRY))
NO_DOMAIN = Alike(kinds.DOMAIN, lambda texts: texts.str.contains(_NO_HOST))
NO_WHOLE, NO_DAYS = (Alike(kinds.WHOLE, not_like(pattern)) for pattern in (_LIKE_A_WHOLE, _LIKE_DAYS))


def _foreign_to_sizes(texts: pl.Series) -> pl.Series:
    words = texts.str.replace_all("[\ufeff\u200b]", "").str.replace_all("_", " ", literal=True)
    return words.str.replace_all(_OF_SIZES, " ").str.contains(r"\p{L}{2,}") & ~texts.str.contains(_LIKE_A_MOMENT)


NO_SIZE = Alike(kinds.EMPLOYEES, _foreign_to_sizes)


def no_word(words: list[str], kind: Kind) -> Alike:
    """Texts that are none of these words, in their bare spelling."""

    def unknown(texts: pl.Series) -> pl.Series:
        spelt = texts.str.to_lowercase().str.replace_all("[^a-z0-9]", "")
        return ~spelt.is_in(words) & ~texts.str.contains(_LIKE_AN_IMPORT_CODE)

    return Alike(kind, unknown)
