"""How headers, words and cells are compared: what two spellings have in common."""

import re
import unicodedata
from functools import lru_cache

# Outer characters that people do not see: spaces of all kinds, zero-width characters, byte order marks.
INVISIBLE = (
    " \t\r\n\f\v\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u200c\u200d\u202f\u205f\u2060\u3000\ufeff"
)

_DASH = "[-\u2010-\u2015\u2212]"
# A code and its dash have a space between or behind them ("DT - Created"), or a colon: "RT-1" is a word like others.
_IMPORT_CODE = re.compile(rf"^\s*(FT|DD|MD|RT|DT)(?:\s+{_DASH}\s*|{_DASH}\s+|\s*:\s*)", re.IGNORECASE)


@lru_cache(16_384)
def same(text: str) -> str:
    """The spelling by which headers and words are matched: letters and digits only, without case.

    The bulk-import prefixes (`FT - `, `DD - ` …) are not part of a header.
    """
    plain = unicodedata.normalize("NFKC", _IMPORT_CODE.sub("", text)).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def closely(text: str) -> str:
    """The spelling by which sizes and identifiers are matched: every sign counts, but case and kinds of dash do not."""
    return " ".join(re.sub(_DASH, "-", unicodedata.normalize("NFKC", text)).casefold().split())


def import_code(header: str) -> str:
    """The bulk-import code before a header, in capitals: FT free text, DD dropdown, MD multiselect, RT, DT date."""
    found = _IMPORT_CODE.match(header)
    return found[1].upper() if found else ""
