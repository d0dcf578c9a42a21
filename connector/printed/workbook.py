"""Tables as a workbook, one sheet each."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from connector.printed.sheets import Progress, Sheet, unseen, write
from connector.printed.tables import Table, text_of

_NARROWEST, _WIDEST = 8, 60


def workbook(
    title: str,
    about: Iterable[str],
    tables: Sequence[Table],
    progress: Progress = unseen,
    scratch: Path | None = None,
) -> bytes:
    """The workbook's bytes.

    Args:
        title: of the document, in its properties.
        about: sentences for its description.
        tables: each becomes a sheet: its title, then the head, which stays in sight, the rows, the notes.
        progress: told what is done, how many rows, and of how many.
        scratch: as `sheets.write` takes it.

    Raises:
        ValueError: a table has more rows than a sheet takes, a defect of the program.
    """
    return write(title, " ".join(about), [_sheet(table) for table in tables], progress, scratch)


def _sheet(table: Table) -> Sheet:
    texts = ([text_of(row[column]) for row in (table.columns, *table.rows)] for column in range(len(table.columns)))
    widths = [min(max(max(map(len, own)) + 2, _NARROWEST), _WIDEST) for own in texts]
    return Sheet(table.name, table.columns, widths, table.rows, len(table.rows), table.title, table.notes, still=1)
