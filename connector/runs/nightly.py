"""The nightly run: fetch, plan, decide by the declared policy, push, read back, report.

Every stage is safe to be done again, so that a night that was stopped is gone on with by the next start. One stage's
trouble does not stop the others: what was approved before is sent even where nothing could be fetched. A stranger's
trap: files given by hand are read at every start, those that were fetched are not fetched again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from connector import ledger
from connector.export import Fetched
from connector.ledger import StoreError
from connector.net.errors import SetupError
from connector.runs import holds, nights, policy, proposals, store, workspace
from connector.runs.approve import Approval
from connector.runs.asking import Asked
from connector.runs.attention import attention
from connector.runs.config import Config
from connector.runs.crashpoints import reached
from connector.runs.errors import StopError
from connector.runs.fetching import Outcome as Fetching
from connector.runs.fetching import fetch_exports
from connector.runs.nights import Night, Outcome, Stage
from connector.runs.proposal_files import Proposal
from connector.runs.push_result import Progress
from connector.runs.reading_back import ToImport
from connector.runs.reconcile import Reconciled, reconcile
from connector.runs.runplan import RunPlan
from connector.runs.sending import Sent, Wish, send
from connector.runs.views import Attention

Done = TypeVar("Done")


@dataclass(frozen=True)
class Trouble:
    """What a stage could not do: a sentence, and the next step."""

    stage: str
    message: str
    next_step: str


@dataclass
class Told:
    """What a night did, while it is being done and afterwards.

    Attributes:
        night: the night; of a rehearsal, one that is not stored.
        resumed: whether it had been stopped, and was gone on with.
        rehearsed: whether nothing was written, sent or approved.
        in_force: the proposals of rules that were put in force before the plan.
        fetched: by export, how fetching it went.
        plan: the plan; None where there is none.
        waits: why the plan waits for a person; empty where it was approved.
        approval: what approval wrote, of a plan that was approved this time.
        sent: what was sent.
        reconciled: what reading the books back found.
        troubles: what could not be done.
        attention: everything that needs a person now, one for each cause.
        heads: the heads of the chains.
    """

    night: Night
    resumed: bool = False
    rehearsed: bool = False
    in_force: tuple[Proposal, ...] = ()
    fetched: Mapping[str, Fetching] = field(default_factory=dict)
    plan: RunPlan | None = None
    waits: tuple[str, ...] = ()
    approval: Approval | None = None
    sent: Sent | None = None
    reconciled: Reconciled | None = None
    troubles: list[Trouble] = field(default_factory=list)
    attention: tuple[Attention, ...] = ()
    heads: Mapping[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> dict[str, tuple[str, str]]:
        """By tenant, why nothing can work there before a person acts, and the next step."""
        sent = self.sent.setup_faults if self.sent else {}
        return {**(self.reconciled.faults if self.reconciled else {}), **sent}

    @property
    def unread(self) -> dict[str, str]:
        """By tenant, why its books could not be read back."""
        return {**(self.reconciled.unread if self.reconciled else {}), **(self.sent.unread if self.sent else {})}

    @property
    def files(self) -> tuple[ToImport, ...]:
        """The files that a person has to import."""
        return self.reconciled.files if self.reconciled else ()

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        if self.troubles or self.faults:
            return Outcome.FAILED
        fetched = all(isinstance(one, Fetched) for one in self.fetched.values())
        remains = self.unread or self.files or (self.sent is not None and self.sent.remains)
        return Outcome.WAITS if self.waits or self.attention or remains or not fetched else Outcome.DONE


@dataclass(frozen=True)
class Wanted:
    """What a night is started with.

    Attributes:
        paths: files to read besides what is fetched.
        environment: holds the keys of exports.
        asked: who asks, for which day, by which clock, and how the books are reached.
        report: told what happens.
        made: writes the files of what was made here afresh, of this working folder and into that one; their paths.
    """

    paths: Sequence[Path]
    environment: Mapping[str, str]
    asked: Asked
    report: Callable[[Progress], None]
    made: Callable[[Config, Path], Sequence[Path]]


def run_night(config: Config, wanted: Wanted) -> Told:
    """Do a night's work, or what is left of it. The ledger is open.

    Raises:
        StoreError: another nightly run is under way.
    """
    with ledger.process_lock(config.ledger, "sync"):
        clock, by = wanted.asked.clock, wanted.asked.by
        night, resumed = nights.begin(clock.now(), by)
        told = Told(night, resumed)

        def come_to(stage: Stage, **said: object) -> Night:
            return nights.step(told.night, stage, clock.now(), by, **said)

        # Written in the plan's own transaction: a night stopped between the two would plan again, and leave that plan.
        def planned(run_id: str) -> None:
            with_plan.append(come_to(Stage.PLANNED, run_id=run_id))

        with_plan: list[Night] = []
        if not told.night.run_id:
            files = _fetch(config, config.folder, wanted, told)
            told.night = come_to(Stage.FETCHED, files=files)
            reached("sync:fetched")
            made = _try(told, "plan", lambda: _planned(config, files, wanted, told, planned))
            told.night = with_plan.pop() if made else come_to(Stage.PLANNED)
            reached("sync:planned")
        _decide(config, wanted, told)
        told.night = come_to(Stage.DECIDED)
        reached("sync:decided")
        wish = Wish("", by, until_done=True)
        told.sent = _try(told, "push", lambda: send(config, wish, clock, wanted.report, wanted.asked.connect))
        told.night = come_to(Stage.PUSHED)
        reached("sync:pushed")
        told.reconciled = _try(told, "reconcile", lambda: _reconciled(config, wanted))
        told.night = come_to(Stage.RECONCILED)
        reached("sync:reconciled")
        told.attention, told.heads = attention(config, wanted.asked), ledger.chain_heads()
        return told


def end_night(told: Told, asked: Asked) -> None:
    """Record that a night is over, once its report is written."""
    reached("sync:reported")
    told.night = nights.step(told.night, Stage.ENDED, asked.clock.now(), asked.by, outcome=told.outcome.value)


def rehearse(config: Config, wanted: Wanted) -> Told:
    """What a night would fetch, plan and decide. Nothing is written, approved or sent. The ledger is open."""
    now = wanted.asked.clock.now()
    told = Told(Night("", now, Stage.STARTED, now), rehearsed=True)
    with TemporaryDirectory(prefix="connector-rehearsal-") as place:
        files = _fetch(config, Path(place), wanted, told)
        made = _try(told, "plan", lambda: _rehearsed(config, files, wanted))
    if made is not None:
        told.plan = made
        told.waits = _reasons(config, made) if _keeps_waiting(config, made) else ()
    told.attention, told.heads = attention(config, wanted.asked), ledger.chain_heads()
    return told


def _try(told: Told, stage: str, step: Callable[[], Done]) -> Done | None:
    """Do a stage; what stops it is trouble of this stage alone."""
    try:
        return step()
    except (StopError, StoreError, SetupError) as error:
        problems = getattr(error, "problems", ())
        more = f" ({len(problems)} faults, the first: {str(problems[0]).partition(chr(10))[0]})" if problems else ""
        told.troubles.append(Trouble(stage, f"{error.message}{more}", error.next_step))
        return None


def _fetch(config: Config, to: Path, wanted: Wanted, told: Told) -> tuple[str, ...]:
    """Fetch what is declared and write what was made here, both into that folder; the files to plan with, by name."""
    if config.exports:
        names = config.sync.exports
        got = _try(told, "fetch", lambda: _fetched(replace(config, folder=to), names, wanted))
        told.fetched = got or {}
    there = [str(one.path) for one in told.fetched.values() if isinstance(one, Fetched)]
    made = _try(told, "made here", lambda: wanted.made(config, to)) or ()
    own = {one.name for one in made}
    given = [one for one in wanted.paths if one.name not in own or one.resolve().parent != config.folder.resolve()]
    return (*there, *map(str, made), *map(str, given))


def _fetched(config: Config, names: Sequence[str], wanted: Wanted) -> Mapping[str, Fetching]:
    def report(name: str, records: int, _size: int) -> None:
        wanted.report(Progress(f"Fetching {name}: {records} records", 0, 1))

    return fetch_exports(config, names, wanted.environment, wanted.asked.clock, report, restart=False)


def _planned(config: Config, files: Sequence[str], wanted: Wanted, told: Told, also: workspace.Also) -> RunPlan:
    def in_force(put: tuple[Proposal, ...]) -> None:
        told.in_force = put

    rules = proposals.files_in_force(config, wanted.asked, in_force)
    return workspace.plan_files(config, rules, [Path(one) for one in files], wanted.asked, also=also)


def _rehearsed(config: Config, files: Sequence[str], wanted: Wanted) -> RunPlan:
    due = proposals.waiting(config, wanted.asked)
    if due:
        numbers = ", ".join(str(one.number) for one in due)
        message = f"the rules in force are those of before: proposal {numbers} is due, and a rehearsal changes nothing"
        raise StopError(message, "'connector rules activate' puts it in force.")
    rules = workspace.open_files(config, cache=False)
    intake = workspace.read_files(config, rules.mappings, [Path(one) for one in files])
    return workspace.plan_run(config, rules, intake, wanted.asked, keep=False)


def _decide(config: Config, wanted: Wanted, told: Told) -> None:
    """Approve the plan of this night where the policy allows it; one that was decided about before stays so."""
    if not told.night.run_id:
        return
    told.plan, state = holds.planned(told.night.run_id)
    if state.state != store.PLANNED:
        return
    reasons = _reasons(config, told.plan)
    if reasons:
        told.waits = reasons if _keeps_waiting(config, told.plan) else ()
        return
    told.approval = _try(told, "approve", lambda: _approved(config, told.night.run_id, wanted))


def _keeps_waiting(config: Config, plan: RunPlan) -> bool:
    """Whether a plan that is not approved waits for somebody: not one that bills nothing and that no policy judges."""
    is_judged = config.sync.policy is not None and not config.two_persons
    return is_judged or bool(plan.documents) or not plan.frames["charges"].is_empty()


def _reasons(config: Config, plan: RunPlan) -> tuple[str, ...]:
    return policy.reasons(plan, config.sync.policy, two_persons=config.two_persons)


def _approved(config: Config, run_id: str, wanted: Wanted) -> Approval:
    return workspace.approve_run(config, workspace.open_files(config), run_id, wanted.asked)


def _reconciled(config: Config, wanted: Wanted) -> Reconciled:
    entities = workspace.open_files(config).rulebook.entities
    return reconcile(config, entities, None, wanted.asked)
