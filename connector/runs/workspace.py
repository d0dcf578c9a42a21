"""A working folder, opened: its settings, rules, mappings, books and ledger, wired together for the doors.

The one place that turns paths into parts. Everything it calls takes what it needs as arguments.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connector import ledger
from connector.billing.books import BookSet, load_books
from connector.domain.problems import Problem
from connector.intake import Intake, Mappings, load_mappings, read_sources
from connector.rulebook import Rulebook
from connector.rulebook import load as load_rulebook
from connector.runs import again, holds, kept_uploads, store
from connector.runs.approve import Approval, Within
from connector.runs.approve import approve as apply_plan
from connector.runs.asking import Asked
from connector.runs.billed import Billed, Ledger
from connector.runs.config import Config
from connector.runs.correct import make_correction
from connector.runs.crashpoints import reached
from connector.runs.differences import make_difference
from connector.runs.errors import INPUT, USAGE, StopError
from connector.runs.events import run_days
from connector.runs.known import Known, read_for, read_known
from connector.runs.lock_dates import ask_locks
from connector.runs.look_ahead import look_into
from connector.runs.plan import Inputs, make_plan
from connector.runs.rebilling import Wanted
from connector.runs.runplan import Pins, RunPlan
from connector.runs.standing import Past, Uploaded, parted

_PLAN_WAIT_SECONDS = 300

ReadProgress = Callable[[str, int, int], None]
Also = Callable[[str], None]  # what else is written of a plan, with its id: it stands if the plan does
Read = tuple[Known, Uploaded | None, Billed | None]  # what of the ledger a plan follows from


@dataclass(frozen=True)
class Files:
    """The accountants' files, read and checked."""

    rulebook: Rulebook
    mappings: Mappings
    books: BookSet

    def pins(self, config: Config) -> Pins:
        """What a plan is pinned to: the digests of the files, and which tenant keeps whose books."""
        bound = ", ".join(f"{entity} in {tenant}" for entity, tenant in sorted(config.books.items()))
        return Pins(self.rulebook.digest, self.mappings.digest, self.books.digest, bound)


def open_files(config: Config, *, cache: bool = True) -> Files:
    """Read the rulebook, the mappings and the books.

    Args:
        config: the settings.
        cache: whether the proof of a rulebook is kept for the next time.

    Raises:
        StopError: with every fault of all of them.
    """
    rulebook, rule_faults = load_rulebook(config.rules, cache=config.cache if cache else None)
    mappings, mapping_faults = load_mappings(config.mappings)
    books, book_faults = load_books(config.mappings)
    faults = tuple(dict.fromkeys((*rule_faults, *mapping_faults, *book_faults)))  # two readers may tell of one file
    if rulebook is None or mappings is None or books is None:
        raise StopError(
            f"the rules and mappings have {len(faults)} fault{'s' if len(faults) > 1 else ''}",
            "Mend each at the place named; nothing is billed until then.",
            USAGE,
            faults,
        )
    return Files(rulebook, mappings, books)


def open_mappings(config: Config) -> Mappings:
    """Read the mappings alone: whoever only reads workbooks does not depend on the rules.

    Raises:
        StopError: with every fault of them.
    """
    mappings, faults = load_mappings(config.mappings)
    if mappings is None:
        raise StopError("the mappings have faults", "Mend each at the place named.", USAGE, faults)
    return mappings


def open_ledger(config: Config, *, beside: bool = False) -> None:
    """Open the ledger of the working folder, making it when it is not there.

    Args:
        config: the settings.
        beside: let its file be checked beside what comes next; `plan_run` waits for it.

    Raises:
        StopError: it cannot be used.
    """
    try:
        ledger.open_store(config.ledger, beside=beside)
    except ledger.StoreError as error:
        raise StopError(error.message, error.next_step) from error


def has_ledger(config: Config) -> bool:
    """Whether the working folder's ledger has been made.

    Raises:
        StopError: its server cannot be asked.
    """
    try:
        return config.ledger.exists()
    except ledger.StoreError as error:
        raise StopError(error.message, error.next_step) from error


def read_silently(_name: str, _done: int, _total: int) -> None:
    """Nobody is told how far the reading has come."""


def read_files(
    config: Config, mappings: Mappings, paths: Sequence[Path], progress: ReadProgress = read_silently
) -> Intake:
    """Read the sources named, within the limits; faults of rows and files are values in what comes back."""
    return read_sources(paths, mappings, limits=config.limits, progress=progress)


def plan_run(
    config: Config,
    files: Files,
    intake: Intake,
    asked: Asked,
    *,
    also: Also = store.nothing_more,
    keep: bool = True,
) -> RunPlan:
    """Make and store a run plan, asking the books whether they would take it. The ledger is open.

    Without a source it is of what time alone brings about: terms that begin. With `keep` false it is not stored.
    `also` is written with the plan, as in `store.save_plan`.

    Raises:
        StopError: no source could be read, a selling entity has no tenant, or the counts do not tie.
        StoreError: another plan was being made all the while.
    """
    if intake.sources and all(info.failed for info in intake.sources):
        raise StopError(
            "none of the files could be read", "Mend what is listed and plan again.", INPUT, intake.problems
        )
    reached("plan:read")

    def read(days: Mapping[str, date], past: Past) -> Read:
        uploaded = parted(intake.clients, files.rulebook, days, past)
        return read_for(uploaded, files.rulebook), uploaded, Ledger()

    if not keep:
        return _made(config, files, intake, asked, make_plan, read)
    return _stored(config, files, intake, asked, make_plan, read, also=also)


def plan_files(
    config: Config,
    files: Files,
    paths: Sequence[Path],
    asked: Asked,
    progress: ReadProgress = read_silently,
    *,
    also: Also = store.nothing_more,
) -> RunPlan:
    """Read files, and make and store their run plan. The ledger is open.

    Files that are those of the last run, byte for byte, are not read again where nothing can be new; see `again`.
    `also` is written with the plan, as in `store.save_plan`.

    Raises:
        StopError, StoreError: as `plan_run`.
    """
    with ledger.process_lock(config.ledger, "plan", wait_seconds=_PLAN_WAIT_SECONDS):
        moment, seen = asked.clock.now(), store.last_approval()
        days = run_days(files.rulebook.entities, moment, asked.as_of)
        now = again.Now(files.rulebook, files.pins(config), days, moment)
        found = again.last_run(paths, config.limits, now)
        if found is not None:
            plan = again.plan_again(*found, store.next_run_id(), now)
            ledger.checked()
            store.save_plan(plan, asked.by, seen, also)
            return plan
    return plan_run(config, files, read_files(config, files.mappings, paths, progress), asked, also=also)


def correct_run(config: Config, files: Files, wanted: Wanted, asked: Asked) -> RunPlan:
    """Make and store the run plan of a correction. The ledger is open.

    Raises:
        StopError: what is wanted cannot be corrected; see `correct.make_correction`, `differences.make_difference`.
        StoreError: another plan was being made all the while.
    """
    nothing = read_sources([], files.mappings, limits=config.limits)
    make = make_difference if wanted.difference else make_correction
    return _stored(
        config, files, nothing, asked, lambda inputs: make(inputs, wanted), lambda *_: (read_known(), None, None)
    )


def _stored(
    config: Config,
    files: Files,
    intake: Intake,
    asked: Asked,
    make: Callable[[Inputs], RunPlan],
    read: Callable[[Mapping[str, date], Past], Read],
    *,
    also: Also = store.nothing_more,
) -> RunPlan:
    """A plan made and stored, one at a time, so that two of them cannot take one run id."""
    ledger.checked()
    with ledger.process_lock(config.ledger, "plan", wait_seconds=_PLAN_WAIT_SECONDS):
        reached("plan:locked")
        seen = store.last_approval()
        plan = _made(config, files, intake, asked, make, read)
        reached("plan:made")
        store.save_plan(plan, asked.by, seen, also)
    reached("plan:stored")
    return holds.without(plan, store.holds())


def _made(
    config: Config,
    files: Files,
    intake: Intake,
    asked: Asked,
    make: Callable[[Inputs], RunPlan],
    read: Callable[[Mapping[str, date], Past], Read],
) -> RunPlan:
    """A plan made of what is stored and known at this moment."""
    now = asked.clock.now()
    past = Past(kept_uploads.last_uploads(), store.last_doubts(), store.latest_day())
    known, uploaded, billed = read(run_days(files.rulebook.entities, now, asked.as_of), past)
    return make(
        Inputs(
            run_id=store.next_run_id(),
            now=now,
            as_of=asked.as_of,
            intake=intake,
            rulebook=files.rulebook,
            books=files.books,
            pins=files.pins(config),
            tenants=config.books,
            known=known,
            look=look_into(config, asked.clock, files.rulebook.entities, asked.connect),
            earlier=past.uploads,
            doubts=past.doubts,
            uploaded=uploaded,
            billed=billed,
        )
    )


def approve_run(
    config: Config, files: Files, run_id: str, asked: Asked, progress: ReadProgress = read_silently
) -> Approval:
    """Approve a run, asking the books for their lock dates again. The ledger is open.

    Args:
        config: the settings.
        files: the rules and mappings as they are now.
        run_id: the run.
        asked: who approves, and when.
        progress: told what is done, how many steps, and of how many.

    Raises:
        StopError: it was approved before, what it rests on has changed, or another person must approve it.
    """
    require_another(config, run_id, asked.by)
    ask, entities = ask_locks(config, asked.clock, asked.connect), files.rulebook.entities
    within = Within(files.pins(config), entities, ask, progress)
    return apply_plan(run_id, within, now=asked.clock.now(), by=asked.by)


def require_another(config: Config, run_id: str, by: str) -> None:
    """Refuse that a person approves what is theirs, where two are required.

    Raises:
        StopError: it is theirs, or there is no such run.
    """
    planned_by = store.state_of(run_id).created_by
    if config.two_persons and planned_by == by:
        message = f"{store.resolve(run_id)} was planned by {by}, and two persons are required"
        raise StopError(message, "Let another person approve it (approval: two_persons in connector.yaml).", INPUT)


def faults_by_severity(problems: Sequence[Problem]) -> tuple[int, int]:
    """How many errors and how many warnings there are."""
    wrong = sum(problem.severity == "error" for problem in problems)
    return wrong, len(problems) - wrong
