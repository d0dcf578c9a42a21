"""What other rules would do to real events: the ledger's, or those of files, through the code that bills them.

Nothing is written: no run, no snapshot, no entry. A folder without a ledger is looked at with an empty one beside it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from connector import ledger
from connector.billing import replay, sides, simulating
from connector.billing.context import Context
from connector.billing.counts import Check
from connector.domain.problems import Problem
from connector.domain.words import RecordKind, RowKind
from connector.intake import Intake
from connector.rulebook import Rulebook
from connector.rulebook import load as load_rulebook
from connector.runs import kept_uploads, workspace
from connector.runs.config import Config
from connector.runs.events import (
    Basis,
    Records,
    counted,
    events_of_bundles,
    events_of_clients,
    given,
    identified,
    settle,
)
from connector.runs.known import Known, read_known
from connector.runs.ledger_records import known_clients
from connector.runs.plan import refuse_untied
from connector.runs.timed import renewing
from connector.tables import RECORDS, empty

Progress = Callable[[str, int, int], None]
_RUN = "simulation"


@dataclass(frozen=True)
class Question:
    """What is simulated.

    Attributes:
        old: the rulebook in force.
        new: the one asked about.
        start: the day the change takes effect.
        now: the moment, UTC.
        intake: the files whose records are asked about; None for everything the ledger knows.
    """

    old: Rulebook
    new: Rulebook
    start: date
    now: datetime
    intake: Intake | None = None


@dataclass(frozen=True)
class Simulation:
    """What the new rules would do.

    Attributes:
        start: the day the change takes effect.
        lines: what `simulating.simulate` returned.
        totals: per policy and currency.
        partners: per policy, partner and currency.
        subjects: how many clients and purchases were asked about.
        checks: what ties.
        notes: what a reader must know besides.
        problems: the faults and warnings of the files.
    """

    start: date
    lines: pl.DataFrame
    totals: pl.DataFrame
    partners: pl.DataFrame
    subjects: Mapping[str, int]
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def changed(self) -> pl.DataFrame:
        """The lines to which the new rules matter."""
        return self.lines.filter("changed")

    @property
    def asking(self) -> pl.DataFrame:
        """The lines that need a person under some policy."""
        return self.lines.filter(
            pl.any_horizontal(pl.col(f"{one}_state") == simulating.ASKS for one in simulating.POLICIES)
        )


def open_rules(config: Config, folder: Path, label: str) -> tuple[Rulebook | None, tuple[Problem, ...]]:
    """The rulebook of a folder, from the usual cache where it was proved before; or its problems."""
    return load_rulebook(folder, label=label, cache=config.cache)


@contextmanager
def looking(config: Config) -> Iterator[None]:
    """The folder's ledger, open; an empty one elsewhere where the folder has none, so that none is made."""
    with TemporaryDirectory(prefix="connector-simulate-") as elsewhere:
        there = workspace.has_ledger(config)
        workspace.open_ledger(config if there else replace(config, ledger=Path(elsewhere) / "ledger.sqlite3"))
        try:
            yield
        finally:
            ledger.close_store()


def simulate(asked: Question, progress: Progress = workspace.read_silently) -> Simulation:
    """Replay the events under both rulebooks. The ledger is open.

    Raises:
        StopError: something was asked about and has no line, or money is not there once: a defect of the program.
    """
    known = read_known()
    records = _records(known, asked.intake)
    old, new = (_Side(Basis(_RUN, asked.now, None, rules, known), records) for rules in (asked.old, asked.new))
    subjects = old.subjects
    charges = known.standing.drop("credited")
    if asked.intake is not None:
        charges = charges.filter(pl.col("subject_id").is_in(old.current["subject_id"].implode()))
    else:
        of_kind = {name: charges.filter(pl.col("subject_type") == name)["subject_id"] for name in subjects}
        own = {name: old.current.filter(pl.col("subject_type") == name)["subject_id"] for name in subjects}
        subjects = {name: pl.concat([of_kind[name], own[name]]).n_unique() for name in subjects}
    rated = []
    for number, side in enumerate((old, new)):
        progress("Asking the rules", number, 2)
        rated.append(side.rated(charges, asked.start))
    progress("Asking the rules", 2, 2)
    lines = sides.line_up(rated[0], rated[1], charges, _labels(known, old.named, charges))
    simulated = simulating.simulate(lines, renewing(asked.old), renewing(asked.new), asked.start)
    checks = simulating.checks(simulated, subjects, charges)
    refuse_untied(checks)
    return Simulation(
        start=asked.start,
        lines=simulated,
        totals=simulating.totals(simulated),
        partners=simulating.totals(simulated, ["partner_id"]),
        subjects=subjects,
        checks=checks,
        notes=tuple(_notes(simulated, records, asked.intake)),
        problems=() if asked.intake is None else asked.intake.problems,
    )


@dataclass(frozen=True)
class _Records:
    """The records asked about: of partners and the like, clients with their ids, purchases, and facts of purchases."""

    master: Records
    clients: pl.DataFrame | None
    sources: Records
    unknown: int


def _records(known: Known, intake: Intake | None) -> _Records:
    nothing = {kind: empty(schema) for kind, schema in RECORDS.items()}
    if intake is None:
        uploads = kept_uploads.last_uploads()
        clients, unknown = known_clients(known, uploads)
        return _Records(nothing, clients, nothing, unknown)
    sources = {kind: getattr(intake, kind.value) for kind in RecordKind}
    return _Records(sources, None, sources, 0)


class _Side:
    """The events under one rulebook."""

    def __init__(self, basis: Basis, records: _Records) -> None:
        self._basis = basis
        self._context: Context = given(basis, records.master).context
        clients = records.clients
        if clients is None:
            clients = identified(basis, records.sources[RecordKind.CLIENTS])
        found = [
            events_of_clients(basis, clients, self._context),
            events_of_bundles(basis, records.sources[RecordKind.BUNDLES], self._context).with_columns(
                created_on=pl.lit(None, pl.Date), upgraded_on=pl.lit(None, pl.Date)
            ),
        ]
        self.subjects = {
            name: frame["subject_id"].n_unique() for name, frame in zip(("client", "bundle"), found, strict=True)
        }
        name = [pl.col("name"), pl.lit(None, pl.String)]
        self.named = pl.concat(
            frame.select("subject_type", "subject_id", label=label) for frame, label in zip(found, name, strict=True)
        )
        self.current = pl.concat([replay.current_events(frame) for frame in found])
        self._facts = replay.facts_of(self.current)

    def rated(self, charges: pl.DataFrame, start: date) -> pl.DataFrame:
        """Every event in its bucket: those of records beside what is billed, those of charges as if they were not."""
        events = pl.concat(
            [
                self.current,
                replay.charged_events(charges, self._facts, self._context),
                replay.renewal_events(charges, self._facts, renewing(self._basis.rulebook), start, self._context),
            ]
        )
        client = pl.col("subject_type") == "client"
        both = counted(self._basis, events.filter(client), events.filter(~client), self._context)
        every = pl.concat(both)
        own = pl.col("part") == replay.CURRENT
        known, rulebook = self._basis.known.charges, self._basis.rulebook
        asked = [settle(rulebook, every.filter(own), known), settle(rulebook, every.filter(~own), known.clear())]
        return sides.outcomes(pl.concat(asked))


def _labels(known: Known, named: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """What people call each client and purchase: its name as it was last said, and its purchase reference."""
    reference = pl.format("purchase {}", pl.col("subject_id").str.splitn("/", 2).struct.field("field_1"))
    bought = charges.filter(pl.col("subject_type") == "bundle").select("subject_id", label=reference)
    listed = named.filter(pl.col("subject_type") == "bundle").select("subject_id", label=reference)
    said = named.filter(pl.col("label").is_not_null()).select("subject_id", "label")
    stored = known.labels.select(subject_id="client_id", label="name")
    return pl.concat([bought, listed, said, stored]).unique("subject_id", keep="first", maintain_order=True)


def _notes(simulated: pl.DataFrame, records: _Records, intake: Intake | None) -> Iterator[str]:
    charged = simulated.filter(pl.col("billed_kind") == "charge")
    other = charged.filter(pl.col("old_amount").ne_missing(pl.col("billed_amount"))).height
    if other:
        yield f"{other} of {charged.height} charges come to something else under the old rules today than was billed."
    if records.unknown:
        yield (
            f"Of {records.unknown} clients no upload is kept: website, country, tags, advisors and users are unknown "
            "to the rules here."
        )
    if intake is not None:
        unread = intake.rows.filter(pl.col("kind") == RowKind.BLOCKED.value).height
        if unread:
            yield f"{unread} rows could not be read and are not in it."
