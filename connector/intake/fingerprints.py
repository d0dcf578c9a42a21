"""The fingerprint of a sheet: what its header says, whatever the order of the columns and the spelling of its words.

It is made of the set of header texts, so that a sheet sorted otherwise is known again. One column more, less or renamed
is another fingerprint: such a sheet is then read by the mapping that its headers fit best, as any other.
"""

import hashlib
import re
from collections.abc import Iterable

from connector.intake.words import same

_LENGTH = 16
FINGERPRINT = re.compile(f"[0-9a-f]{{{_LENGTH}}}")


def fingerprint(headers: Iterable[str]) -> str:
    """16 hex digits for the texts of a header; those without a letter or digit do not count."""
    spellings = sorted({same(text) for text in headers} - {""})
    return hashlib.sha256("\n".join(spellings).encode()).hexdigest()[:_LENGTH]
