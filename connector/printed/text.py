"""Tables as plain text: for a mail, a log, or whoever reads a report in a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from connector.printed.tables import Table, text_of

_GAP = "  "


def text(title: str, about: Iterable[str], tables: Iterable[Table]) -> str:
    """The text.

    Args:
        title: its heading.
        about: sentences below it.
        tables: one section for each.
    """
    return "\n".join(_lines(title, about, tables)) + "\n"


def _lines(title: str, about: Iterable[str], tables: Iterable[Table]) -> Iterator[str]:
    yield title
    yield "=" * len(title)
    yield from (_one_line(sentence) for sentence in about)
    for table in tables:
        yield ""
        yield table.title
        yield from _table(table)
        yield from (f"- {_one_line(note)}" for note in table.notes)


def _table(table: Table) -> Iterator[str]:
    rows = [table.columns, *(tuple(_one_line(text_of(value)) for value in row) for row in table.rows)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.columns))]
    right = [name in table.numbers for name in table.columns]
    for number, row in enumerate(rows):
        yield _row(row, widths, right)
        if number == 0:
            yield _GAP.join("-" * width for width in widths)


def _row(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = (
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(row, widths, right, strict=True)
    )
    return _GAP.join(cells).rstrip()


def _one_line(value: str) -> str:
    """A text without line ends and control characters, which a name may hold."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
