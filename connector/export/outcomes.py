"""What came of fetching an export. A failure says what may be done next, and never holds a secret or a query."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Fetched:
    """The whole export is in a file.

    Attributes:
        path: the file.
        records: its records; None where they were not counted, because the body was written as it came.
        pages: pages it was fetched in.
        size_bytes: its size.
        notes: what a person should know, such as that an older part was thrown away.
    """

    path: Path
    records: int | None
    pages: int
    size_bytes: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """It will not come before a person acts."""

    reason: str
    next_step: str


@dataclass(frozen=True)
class RetryLater:
    """It may come later: the next fetch goes on where this one has stopped.

    Attributes:
        not_before: when, UTC.
        reason: why not now.
        pages, records: what is there already.
    """

    not_before: datetime
    reason: str
    pages: int = 0
    records: int = 0
