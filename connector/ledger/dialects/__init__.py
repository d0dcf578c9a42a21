"""What the two databases do differently, each in a file of its own; the rest of the ledger is the same on both.

A stranger's trap: these files hold texts and small steps on a given cursor. They never open a connection and know no
transaction; `connector.ledger.database` does.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import polars as pl

from connector.ledger.errors import RefusedError, StoreError

Cursor = Any  # Django's; its types do not know COPY


class Dialect(Protocol):
    """One database."""

    @property
    def GUARDS(self) -> str:  # noqa: N802 - a constant of each file
        """A query for the guards that are there: name, definition, and the statement that drops it."""

    @property
    def VERSION(self) -> str:  # noqa: N802 - as above
        """A query for the mark that `mark` made; one number."""

    @property
    def STILL(self) -> str:  # noqa: N802 - as above
        """The statement that begins a transaction which only reads, and sees one moment only."""

    @property
    def DESCRIPTION(self) -> str:  # noqa: N802 - as above
        """A query for what the database is; one text."""

    @property
    def ALIKE(self) -> str:  # noqa: N802 - as above
        """LIKE for which ASCII letters of either case are the same."""

    @property
    def LISTED(self) -> str:  # noqa: N802 - as above
        """A query for the texts of a JSON list, which is its one parameter, in a column `value`."""

    def named(self, cause: BaseException) -> StoreError | RefusedError | None:
        """What an error of the database's library means; None when it is about the statement."""

    def gone(self, cause: BaseException) -> bool:
        """Whether the connection is of no use any more."""

    def moment(self, column: str) -> str:
        """SQL for a time as its stored text (`times.time_text`)."""

    def day(self, column: str) -> str:
        """SQL for a day as year-month-day."""

    def bytewise(self, column: str) -> str:
        """SQL that sorts a text by its bytes, whatever language the database was made for."""

    def json(self, column: str) -> str:
        """SQL for a JSON value as text."""

    def write(self, cursor: Cursor, table: str, frame: pl.DataFrame, conflict: str) -> None:
        """Add all rows of a frame, as `frames.stored` makes them; `conflict` is for those that are there."""

    def hold(self, cursor: Cursor, group: str, names: Iterable[str]) -> None:
        """Keep other transactions from holding one of these names of a group until this one ends."""

    def guards(self) -> Mapping[str, str]:
        """Every guard's name and its definition, as `GUARDS` finds it once it is made."""

    def completion(self, name: str) -> Sequence[str]:
        """What belongs to a guard beyond its definition."""

    def rights(self) -> Sequence[str]:
        """What else keeps rows from being changed, installed with the guards."""

    def mark(self, version: int) -> str:
        """The statement that notes the version of the guards in the database."""

    def after_erasure(self) -> Sequence[str]:
        """What overwrites erased rows where they lay."""

    def row_key(self, column: str) -> str:
        """SQL for the order in which a table has its rows, whatever its indexes say; else for this key column."""

    def damaged_text(self, raw: Any) -> AbstractContextManager[None]:  # noqa: ANN401 - the library's own connection
        """Let the library's connection read text that is none any more, with marks in its place."""

    def integrity(self) -> Sequence[str]:
        """What asks the database whether its own tables and indexes are sound; it answers with texts."""

    def before_guards(self) -> Sequence[str]:
        """What must be settled between writing rows and making guards in one transaction."""

    def numbering(self, tables: Sequence[str]) -> Sequence[str]:
        """What makes automatic ids go on after those that were put in."""
