"""Employee sizes: a whole number, or one of LinkedIn's company-size bands, in the spellings people use.

Bare letters are refused unless the caller names the map (two incompatible ones are in public use), and so is `10,000+`,
where 10,000 itself is disputed. `10 000+` with a space is how LinkedIn's own pages abbreviate the last band in some
languages, and is read.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

LARGEST_COUNT = 10_000_000

BANDS: tuple[tuple[int, int | None], ...] = (
    (1, 1),
    (2, 10),
    (11, 50),
    (51, 200),
    (201, 500),
    (501, 1_000),
    (1_001, 5_000),
    (5_001, 10_000),
    (10_001, None),
)

# A number with thousands separators, all the same. `0,500` and `1234,567` are none: they are decimal fractions.
_GROUPED = re.compile(r"(?<![0-9.,'])[1-9][0-9]{0,2}([,' ])[0-9]{3}(?:\1[0-9]{3})*(?![0-9])")
_DASHES = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")
_WORDS = re.compile(r"\s*\b(employees?|people|staff|fte)\b\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Size:
    """An employee count, or the closed band of counts a company declared.

    Attributes:
        low: the smallest count it can mean, at least 1.
        high: the largest, or None for "or more".
        source: `count` or `band`.
    """

    low: int
    high: int | None
    source: str


@dataclass(frozen=True)
class Refusal:
    """Why a text is no employee size, and what to write instead."""

    reason: str
    next_step: str


def band_label(low: int, high: int | None) -> str:
    """The band as people write it: `1`, `2-10`, `10001+`."""
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


_BY_LABEL = {band_label(low, high): Size(low, high, "band") for low, high in BANDS}
_BY_ENUM = {
    f"SIZE_{low}" + ("_OR_MORE" if high is None else "" if low == high else f"_TO_{high}"): Size(low, high, "band")
    for low, high in BANDS
}
_LETTERS = "ABCDEFGHI"
LETTER_MAPS = ("b_is_2_to_10", "b_is_1_to_10")  # the two in public use; they differ in B alone
_REASONS = (
    (re.compile(r"-\s*[0-9]+([.,][0-9]+)?"), "a negative number"),
    (re.compile(r"[0-9]+[.,][0-9]+"), "not a whole number"),
    (re.compile(r".*%", re.DOTALL), "a percentage"),
    (re.compile(r"true|false", re.IGNORECASE), "a truth value"),
)
_HELP = "Write a whole number such as 50, or a band such as 11-50."
_NO_SIZE = "not a whole number or a size band"
# Every word that a size, or a refusal with a reason of its own, can hold. A column of other texts is refused at once.
_LETTERED = re.compile(r"[^\W\d_]{2,}")
_OF_SIZES = frozenset({"employee", "employees", "people", "staff", "fte", "self", "employed"}) | frozenset(
    {"size", "to", "or", "more", "true", "false"}
)


@lru_cache(16_384)
def parse_size(text: str, letters: str = "") -> Size | Refusal:  # noqa: PLR0911 - one return for each form of a size
    """Read one employee size as it stands in a cell.

    Accepts whole numbers (`1,200` too), the band labels with any dash and any thousands separator, and the
    platform's enum names (`SIZE_11_TO_50`). Everything else is refused with its reason.

    Args:
        text: the cell.
        letters: which of `LETTER_MAPS` bare letters are read by; "" refuses them.
    """
    plain = " ".join(text.replace("\ufeff", "").replace("\u200b", "").split())
    if "%" not in plain and not _OF_SIZES.issuperset(_LETTERED.findall(plain.lower())):
        return Refusal(_NO_SIZE, _HELP)
    enum = _BY_ENUM.get(plain.upper())
    if enum is not None:
        return enum
    if re.fullmatch(r"[A-Ia-i]", plain):
        return _letter(plain.upper(), letters)
    plain = _WORDS.sub("", plain)
    if re.fullmatch(r"10 000 ?\+", plain):
        return _BY_LABEL["10001+"]
    plain = _DASHES.sub("-", _GROUPED.sub(lambda number: re.sub(r"[^0-9]", "", number[0]), plain))
    plain = re.sub(r"\s*\+\s*$", "+", plain)
    if re.fullmatch(r"1 ?\(self[- ]?employed\)|self[- ]?employed", plain, re.IGNORECASE):
        return _BY_LABEL["1"]
    if re.fullmatch(r"[0-9]+", plain):
        return _count(plain)
    band = _BY_LABEL.get(plain)
    return band if band is not None else _refuse(plain)


def _letter(letter: str, letters: str) -> Size | Refusal:
    if not letters:
        return Refusal("a bare letter: two different letter maps are in use", _HELP)
    if letter == "B" and letters == "b_is_1_to_10":
        return Refusal("B means 1-10 in this letter map, which is two tiers: 1 and 2-10", "Write 1, or 2-10.")
    low, high = BANDS[_LETTERS.index(letter)]
    return Size(low, high, "band")


def _count(digits: str) -> Size | Refusal:
    significant = digits.lstrip("0")
    if not significant:
        return Refusal("zero employees", _HELP)
    # The length goes first: Python refuses to convert a text of thousands of digits.
    if len(significant) > len(str(LARGEST_COUNT)) or (number := int(significant)) > LARGEST_COUNT:
        return Refusal(f"more than {LARGEST_COUNT:,} employees", _HELP)
    return Size(number, number, "count")


def _refuse(plain: str) -> Refusal:
    if plain == "10000+":
        return Refusal("10,000+ leaves 10,000 itself open", "Write 5001-10000 or 10001+.")
    if re.fullmatch(r"[0-9]+-[0-9]+|[0-9]+\+", plain):
        labels = ", ".join(band_label(low, high) for low, high in BANDS)
        return Refusal("not one of the size bands", f"Write the number, or one of {labels}.")
    known = (reason for pattern, reason in _REASONS if pattern.fullmatch(plain))
    return Refusal(next(known, _NO_SIZE), _HELP)
