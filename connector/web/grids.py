"""A table of texts as a template shows it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """One table.

    Attributes:
        title: what it is, for its heading and for screen readers.
        columns: their headings.
        rows: the texts; the first of each says what the row is.
        numbers: the columns that are aligned right.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[str] = ()

    @property
    def heads(self) -> list[tuple[str, str]]:
        """The headings with how each column is aligned."""
        return [(name, "number" if name in self.numbers else "") for name in self.columns]

    @property
    def cells(self) -> list[list[tuple[str, str]]]:
        """The texts with how they are aligned."""
        aligned = [align for _, align in self.heads]
        return [list(zip(row, aligned, strict=True)) for row in self.rows]
