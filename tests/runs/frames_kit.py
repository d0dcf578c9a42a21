"""Record frames as an upload, without files; and a folder whose plans, approvals and pushes run in this process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

import polars as pl
from memory_books import MemoryBooks
from push_kit import StopError as CrashError
from push_kit import stop

from connector.accounting.connect import TenantSettings
from connector.domain.documents import CREDIT_NOTE
from connector.domain.words import RecordKind, RowKind
from connector.intake import Source, SourceInfo, gathered
from connector.intake.rawsheet import RawSheet
from connector.intake.sheets import Sheet
from connector.runs import workspace
from connector.runs.approve import Approval
from connector.runs.asking import Asked, Clock
from connector.runs.config import Config
from connector.runs.correct import Wanted
from connector.runs.crashpoints import arm, disarm
from connector.runs.rebuild import Proof, register_proofs
from connector.runs.rebuild_balances import balance_proofs
from connector.runs.rebuild_sending import sending_proofs
from connector.runs.rebuild_sources import source_proofs
from connector.runs.runplan import RunPlan
from connector.runs.sending import Sent, Wish, send
from connector.tables import RECORDS, ROWS

Row = Mapping[str, Any]
_NO_COLUMN = ("source", "sheet", "row", "namespace", "employees_text", "count_low", "band_low", "band_high")


def source(name: str, kind: RecordKind, rows: Sequence[Row]) -> Source:
    """A list of records as intake hands it over: a header, then a row for each; what a row does not say is null.

    Args:
        name: as a file would be named.
        kind: what the records are.
        rows: the columns of `tables.RECORDS` but their place. The digest of the source follows from what they say.
    """
    schema = RECORDS[kind]
    places = [{"source": name, "sheet": "", "row": number} for number in range(2, len(rows) + 2)]
    records = pl.DataFrame(
        [[{**row, **place}.get(column) for column in schema] for row, place in zip(rows, places, strict=True)],
        schema=dict(schema),
        orient="row",
    )
    fields = [column for column in schema if column not in _NO_COLUMN]
    if kind is RecordKind.CLIENTS:
        fields.append("employee_band")
        rows = [{**row, "employee_band": row.get("employees_text")} for row in rows]
    columns = {field: number for number, field in enumerate(fields, 1)}
    shown = pl.DataFrame(
        {f"c{number}": [field, *(_text(row.get(field)) for row in rows)] for field, number in columns.items()},
        schema={f"c{number}": pl.String for number in columns.values()},
    )
    kinds = [RowKind.HEADER.value, *(RowKind.RECORD.value for _ in rows)]
    every = pl.DataFrame(
        [[name, "", number, kind.value, one, False] for number, one in enumerate(kinds, 1)],
        schema=dict(ROWS),
        orient="row",
    )
    sheet = Sheet(
        every, kind, records, "frames", (), "", columns, RawSheet("", hidden=False, frame=shown), namespace="platform"
    )
    digest = sha256(repr(rows).encode()).hexdigest()
    return Source(SourceInfo(name, digest, shown.height, ("frames",), shown.height, failed=False), (sheet,))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


Step = TypeVar("Step")


@dataclass
class Office:
    """A working folder with its ledger open, where a day passes when somebody says so.

    Attributes:
        config: the folder's settings.
        files: its rules, mappings and books.
        today: the day.
        books: of each tenant, in memory.
    """

    config: Config
    files: workspace.Files
    today: date
    books: dict[str, MemoryBooks] = field(default_factory=dict)
    _slept: timedelta = timedelta()

    def plan(self, *sources: Source) -> RunPlan:
        return workspace.plan_run(self.config, self.files, gathered(sources), self._asked())

    def correct(self, word: str, *, bill_again: bool) -> RunPlan:
        return workspace.correct_run(self.config, self.files, Wanted([word], "it was wrong", bill_again), self._asked())

    def approve(self, run_id: str) -> Approval:
        return workspace.approve_run(self.config, self.files, run_id, self._asked("approver"))

    def push(self, run_id: str = "") -> Sent:
        return send(self.config, Wish(run_id, "pusher"), self._clock(), lambda _progress: None, self._connect)

    def stopped_at(self, point: str | None, step: Callable[[], Step]) -> Step | None:
        """What a step gives; None where it was stopped at the point, and the ledger opened anew."""
        if point is not None:
            arm(point, action=stop)
        try:
            return step()
        except CrashError:
            workspace.open_ledger(self.config)
            return None
        finally:
            disarm()

    def applied_credits(self) -> dict[str, int]:
        """By credit note in the books, what of it they have applied to the invoice that it takes back."""
        found = {}
        for books in self.books.values():
            by_note = {pair.credit_id: minor for pair, minor in books.applied.items()}
            notes = [one for (kind, _), one in books.documents.items() if kind == CREDIT_NOTE]
            found.update({one.number: by_note.get(one.id, 0) for one in notes})
        return found

    def proofs(self) -> list[Proof]:
        """What `connector rebuild --check` derives again."""
        balances = balance_proofs(self.files.rulebook, self.today)
        quiet = source_proofs(lambda *_progress: None)
        return [*register_proofs(), *sending_proofs(), *balances, *quiet]

    def _asked(self, by: str = "planner") -> Asked:
        return Asked(None, self._clock(), by, self._connect)

    def _clock(self) -> Clock:
        return Clock(self._now, self._sleep)

    def _now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC) + self._slept

    def _sleep(self, seconds: float) -> None:
        self._slept += timedelta(seconds=seconds)

    def _connect(self, settings: TenantSettings, _clock: object, _sleep: object) -> MemoryBooks:
        return self.books.setdefault(settings.name, MemoryBooks(settings.name))
