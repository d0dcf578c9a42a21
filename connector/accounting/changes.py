"""What has changed in some books, answer after answer, whichever system keeps them.

What a stranger would get wrong: a document that changes while one reads moves to the last page, and all behind it move
up by one. So no second page is asked for: the next question begins where the last answer ended.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.accounting.answers import Change, Changes, RetryLater

MOST_PAGES = 60  # a minute of calls; whoever has more to tell is asked by number


@dataclass(frozen=True)
class Page:
    """One answer: the documents it tells of, whether it holds as many as it can, and when its last one changed."""

    documents: tuple[Change, ...]
    is_full: bool
    last: datetime | None


def since(moment: datetime, ask: Callable[[datetime], Page | RetryLater]) -> Changes | RetryLater:
    """All that has changed since a moment, UTC, by a question that tells the earliest changes first."""
    found: list[Change] = []
    for _ in range(MOST_PAGES):
        page = ask(moment)
        if isinstance(page, RetryLater):
            return page
        found += page.documents
        if not page.is_full:
            return Changes(tuple(found))
        if page.last is None or page.last < moment + timedelta(seconds=1):
            break  # more than a page within one second, and no way past it
        moment = page.last
    return Changes(tuple(found), whole=False)


def together(parts: Iterable[Changes | RetryLater]) -> Changes | RetryLater:
    """Changes of several kinds as one; the first that cannot be told now makes it all wait."""
    found: list[Change] = []
    whole = True
    for part in parts:
        if isinstance(part, RetryLater):
            return part
        found += part.documents
        whole &= part.whole
    return Changes(tuple(found), whole)
