"""Where something stands in a person's file: a cell of a sheet, or a line of a text file.

Rows and lines count from 1, as the programs people use show them; columns of text files too.
"""

from dataclasses import dataclass

_LETTERS = 26


def column_letters(column: int) -> str:
    """The letters of a spreadsheet column (1 → A, 27 → AA)."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters


@dataclass(frozen=True, order=True, slots=True)
class Cell:
    """A cell, or a whole row when `column` is 0, or a whole sheet when `row` is 0 as well.

    `sheet` is empty for a file that has no sheets (CSV): `clients.csv:D7`.
    """

    file: str
    sheet: str = ""
    row: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`clients.xlsx:Clients!D7`; a whole row is `clients.xlsx:Clients!7`."""
        address = f"{column_letters(self.column)}{self.row or ''}"
        where = "!".join(part for part in (self.sheet, address) if part)
        return ":".join(part for part in (self.file, where) if part)


@dataclass(frozen=True, order=True, slots=True)
class Line:
    """A place in a text file: `rules/billing.yaml:12:5`. A line of 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """The place as editors and terminals link it."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


Place = Cell | Line
