"""Texts that travel in the cells of a file, which people open in spreadsheets: what would act there is refused.

What a stranger would get wrong: nothing is quoted or put in front of such a text. The importing program would take the
addition for a part of the value, and bill another name or description than was approved.
"""

import unicodedata

# The last four are the wide forms of the first four, which some spreadsheets read alike.
_STARTS = "=+-@\uff1d\uff0b\uff0d\uff20"


def cell_fault(text: str) -> str | None:
    """Why a text cannot stand in a cell, as the end of a sentence; None where it can."""
    if any(unicodedata.category(sign) == "Cc" for sign in text):
        return "has a line break or another control character, which no import can be trusted with"
    first = text.lstrip()[:1]
    return f"begins with {first}, which starts a formula in a spreadsheet" if first and first in _STARTS else None
