r"""The questions that are asked of QuickBooks, in its query language.

A text is quoted with ``'``; inside it ``'`` and ``\`` have a ``\`` before them. What a stranger would get wrong: both
must be escaped, or a name that ends in a backslash swallows the closing quote and the rest of the query.
"""

from collections.abc import Iterable, Iterator, Sequence

MOST_RESULTS = 1000
NUMBERS_AT_ONCE = 40


def text(value: str) -> str:
    """The value as a quoted text."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def documents(entity: str, numbers: Sequence[str]) -> str:
    """All documents of these numbers; a number may be borne by several, so the most that can be told is asked for."""
    listed = ", ".join(text(number) for number in numbers)
    return f"select * from {entity} where DocNumber in ({listed}) maxresults {MOST_RESULTS}"  # noqa: S608  # not SQL


def customers(names: Sequence[str]) -> str:
    """The customers of these names, inactive ones too."""
    listed = ", ".join(text(name) for name in names)
    active = "Active in (true, false)"
    return f"select * from Customer where DisplayName in ({listed}) and {active} maxresults {MOST_RESULTS}"  # noqa: S608  # not SQL


def customers_of_ids(ids: Sequence[str]) -> str:
    """The customers of these ids, inactive ones too."""
    listed = ", ".join(text(one) for one in ids)
    active = "Active in (true, false)"
    return f"select * from Customer where Id in ({listed}) and {active} maxresults {MOST_RESULTS}"  # noqa: S608  # not SQL


def changed(entity: str, since: str, most: int) -> str:
    """The documents that have changed since a moment, the earliest first: ids, numbers and when that was."""
    columns = "Id, DocNumber, MetaData.LastUpdatedTime"
    where = f"MetaData.LastUpdatedTime >= {text(since)} orderby MetaData.LastUpdatedTime maxresults {most}"
    return f"select {columns} from {entity} where {where}"  # noqa: S608  # not SQL


def the_one(entity: str) -> str:
    """What a company has one of: its information, its preferences."""
    return f"select * from {entity}"  # noqa: S608  # not SQL


def everything(entity: str, start: int = 1) -> str:
    """One page of a list, active and inactive; the next page starts after as many as were told."""
    where = "where Active in (true, false)"
    return f"select * from {entity} {where} startposition {start} maxresults {MOST_RESULTS}"  # noqa: S608  # not SQL


def chunks(numbers: Iterable[str], size: int = NUMBERS_AT_ONCE) -> Iterator[tuple[str, ...]]:
    """The numbers in the pieces that one question takes, in order and each once."""
    left = tuple(dict.fromkeys(numbers))
    for place in range(0, len(left), size):
        yield left[place : place + size]
