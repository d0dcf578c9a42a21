"""How headers, words and cells are compared: what two spellings have in common."""

import re
import unicodedata
from functools import cache

# Outer characters that people do not see: spaces of all kinds, zero-width characters, byte order marks.
INVISIBLE = (
    " \t\r\n\f\v\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u200c\u200d\u202f\u205f\u2060\u3000\ufeff"
)

_IMPORT_CODE = re.compile(r"^\s*(?:FT|DD|MD|RT|DT)\s*[-–]\s*", re.IGNORECASE)


@cache
def same(text: str) -> str:
    """The spelling by which headers and words are matched: letters and digits only, without case.

    The bulk-import prefixes (`FT - `, `DD - ` …) are not part of a header.
    """
    plain = unicodedata.normalize("NFKC", _IMPORT_CODE.sub("", text)).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
