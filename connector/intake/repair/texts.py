"""Text as it goes into a workbook's XML: escaped, cut to what a cell holds, in ASCII whatever the part's encoding is.

A stranger's trap: spreadsheet programs read `_x0041_` in a text as the letter A, so such a text needs an escape itself.
"""

import re
from functools import lru_cache

LONGEST_CELL = 32_767  # in units of UTF-16, as spreadsheet programs count
LONGEST_NOTE = 8_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "&#10;"})
_ESCAPES_ALL = {**_ESCAPES, ord("\r"): "&#13;", ord("\t"): "&#9;"}
_BEYOND_BMP = 0xFFFF


def plain(text: str, longest: int = LONGEST_CELL) -> str:
    """The text without control characters and reading marks, cut to so many units with an ellipsis at its end."""
    shown = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(shown) * 2 <= longest:
        return shown
    units = 0
    for position, letter in enumerate(shown):
        units += 2 if ord(letter) > _BEYOND_BMP else 1
        if units >= longest:
            rest = shown[position:]
            return shown if units == longest and len(rest) == 1 else f"{shown[:position]}…"
    return shown


def escaped(text: str) -> bytes:
    """The text as XML, for an element as well as for an attribute."""
    return text.translate(_ESCAPES_ALL).encode("ascii", "xmlcharrefreplace")


@lru_cache(maxsize=4_096)
def cell_text(text: str, longest: int = LONGEST_CELL) -> bytes:
    """The text of a cell or a note, as XML, without control characters."""
    return escaped(_LOOKS_ESCAPED.sub("_x005F_", plain(text, longest)))
