"""Run plans in the database: written once, then only events are added. Only this file knows the models."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import polars as pl

from connector import __version__, ledger
from connector.runs import kept_uploads
from connector.runs.crashpoints import reached
from connector.runs.doubts import DOUBTS
from connector.runs.errors import INPUT, StopError
from connector.runs.runplan import Hold, RunPlan
from connector.tables import empty

if TYPE_CHECKING:
    pass


PLANNED, APPROVED, ERASED = "planned", "approved", "erased"
NOT_APPROVED = (PLANNED, ERASED)
HELD, RELEASED = "held", "released"
_SEEN = "last_approval"


@dataclass(frozen=True)
class RunState:
    """One run as lists show it."""

    run_id: str
    created_at: datetime
    created_by: str
    state: str
    state_at: datetime


def next_run_id() -> str:
    """The id of the next run: `R-0001`, `R-0002` … Taken only once the plan is stored under it."""
    from connector.runs.models import Run

    return f"R-{Run.objects.count() + 1:04}"


def nothing_more(_run_id: str) -> None:
    """Nothing else is written with a plan."""


def save_plan(plan: RunPlan, by: str, seen: int, also: Callable[[str], None] = nothing_more) -> None:
    """Store a plan with its frames, and what its sources said, in one transaction.

    Args:
        plan: the plan.
        by: who made it.
        seen: `last_approval` before the ledger was read for it.
        also: what else is written of the plan with this id: it stands if the plan does.
    """
    from connector.runs.models import Run, RunEvent, RunFrame

    plain, frames = plan.to_stored()
    with ledger.transaction():
        run = Run.objects.create(
            run_id=plan.run_id,
            created_at=plan.created_at,
            created_by=by,
            as_of=max(plan.as_of.values()),
            plan={**plain, _SEEN: seen, "program": __version__, "again_of": plan.again_of},
        )
        reached("plan:run-written")
        RunFrame.objects.bulk_create(
            RunFrame(run=run, name=name, data=_to_bytes(frame)) for name, frame in frames.items()
        )
        RunEvent.objects.create(run=run, state=PLANNED, at=plan.created_at, by=by)
        kept_uploads.keep(run, plan.snapshots, plan.continued)
        also(plan.run_id)
        reached("plan:before-commit")


def latest_day() -> date:
    """The latest day that a run was made for; the first of all days before there is one."""
    from connector.runs.models import Run

    last = Run.objects.order_by("-as_of").values_list("as_of", flat=True).first()
    return date.min if last is None else last


def last_doubts() -> pl.DataFrame:
    """The questions about clients that stood after the last plan; none where there is no plan that kept them."""
    from connector.runs.models import RunFrame

    kept = RunFrame.objects.filter(name="doubts").order_by("-run__created_at", "-run_id").first()
    return empty(DOUBTS) if kept is None else pl.read_ipc(BytesIO(bytes(kept.data)))


def load_plan(run_id: str) -> RunPlan:
    """The plan of a run.

    Raises:
        StopError: there is no such run.
    """
    return RunPlan.from_stored(*stored_plan(resolve(run_id)))


def last_plan() -> Mapping[str, Any] | None:
    """What is stored of the run planned last, without its frames; None before the first."""
    from connector.runs.models import Run

    last = Run.objects.order_by("-created_at", "-run_id").first()
    return None if last is None else last.plan


def without_documents(plain: Mapping[str, Any]) -> RunPlan:
    """A plan without its documents, as `plain_plan` told it; of its frames those alone have rows that tell of rows."""
    from connector.runs.models import RunFrame

    kept = ("rows", "standing", "clients")
    frames = {}
    for name, data in RunFrame.objects.filter(run_id=plain["run"]).values_list("name", "data"):
        buffer = BytesIO(bytes(data))
        frames[name] = pl.read_ipc(buffer) if name in kept else pl.DataFrame(schema=pl.read_ipc_schema(buffer))
    frames.pop("lines", None)
    return RunPlan.from_plain({**plain, "documents": []}, frames)


def stored_plan(run_id: str) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """A plan as it is stored, and its frames, nothing applied to it."""
    from connector.runs.models import Run

    run = Run.objects.filter(run_id=run_id).prefetch_related("frames").get()
    return run.plan, {frame.name: pl.read_ipc(BytesIO(bytes(frame.data))) for frame in run.frames.all()}


def rewrite_plan(run_id: str, plain: Mapping[str, Any], frames: Mapping[str, pl.DataFrame]) -> None:
    """Store a plan without the names that were erased, in the open transaction."""
    from connector.runs.models import Run, RunFrame

    Run.objects.filter(run_id=run_id).update(plan=plain)
    for name, frame in frames.items():
        # Made anew text by text: a buffer keeps those of rows that were filtered out, and of cells that are null now.
        texts = [pl.Series(one.name, one.to_list(), dtype=pl.String) for one in frame.select(pl.col(pl.String))]
        data = _to_bytes(frame.with_columns(texts))
        RunFrame.objects.filter(run_id=run_id, name=name).update(data=data)


def load_frame(run_id: str, name: str, columns: Sequence[str] = ()) -> pl.DataFrame:
    """One frame of a plan, without the others; or some of its columns."""
    from connector.runs.models import RunFrame

    data = RunFrame.objects.values_list("data", flat=True).get(run_id=run_id, name=name)
    return pl.read_ipc(BytesIO(bytes(data)), columns=list(columns) or None)


def frame_or_none(run_id: str, name: str, columns: Sequence[str] = ()) -> pl.DataFrame:
    """One frame of a plan, or some of its columns; an empty one without any where the plan has none of that name."""
    from connector.runs.models import RunFrame

    data = RunFrame.objects.filter(run_id=run_id, name=name).values_list("data", flat=True).first()
    return pl.DataFrame() if data is None else pl.read_ipc(BytesIO(bytes(data)), columns=list(columns) or None)


def keeps_lines(run_id: str) -> bool:
    """Whether a plan has its lines in a frame; those of earlier versions have them in their documents."""
    from connector.runs.models import RunFrame

    return RunFrame.objects.filter(run_id=run_id, name="lines").exists()


def resolve(run_id: str) -> str:
    """The full id of a run; `latest` is the last one planned.

    Raises:
        StopError: there is no such run.
    """
    from connector.runs.models import Run

    known = list(Run.objects.values_list("run_id", flat=True))
    wanted = known[-1] if run_id == "latest" and known else run_id
    if not known:
        raise StopError("there are no runs yet", "'connector plan FILE' makes one.")
    if wanted not in known:
        raise StopError(
            f"there is no run {run_id}", "'connector runs' lists the runs; 'connector plan FILE' makes one."
        )
    return wanted


def plain_plan(run_id: str) -> Mapping[str, Any]:
    """What is stored of a run that is known to exist, without its frames; see `RunPlan.to_stored`."""
    from connector.runs.models import Run

    plan: Mapping[str, Any] = Run.objects.values_list("plan", flat=True).get(run_id=run_id)
    return plan


def corrections() -> frozenset[str]:
    """The runs that correct what is billed."""
    from connector.runs.models import Run

    told = Run.objects.values_list("run_id", "plan__correction")
    return frozenset(run for run, correction in told if correction)


def run_states(run_id: str = "") -> tuple[RunState, ...]:
    """Every run with its latest state, in the order they were planned; or one of them."""
    from connector.runs.models import Run

    wanted = Run.objects.filter(run_id=run_id) if run_id else Run.objects.all()
    states = []
    for run in wanted.defer("plan").prefetch_related("events"):
        last = list(run.events.all())[-1]
        states.append(RunState(run.run_id, run.created_at, run.created_by, last.state, last.at))
    return tuple(states)


def state_of(run_id: str) -> RunState:
    """One run with its latest state.

    Raises:
        StopError: there is no such run.
    """
    return run_states(resolve(run_id))[0]


def refuse_erased(state: RunState) -> None:
    """Refuse to go on with a plan that waited for approval and lost a name.

    Raises:
        StopError: it did.
    """
    if state.state == ERASED:
        message = f"names were erased from {state.run_id} while it waited for approval"
        raise StopError(message, "Plan again with the same files, without whom was erased.", INPUT)


def add_event(run_id: str, state: str, at: datetime, by: str, detail: str = "") -> None:
    """Add to the history of a run. The database allows one approval."""
    from connector.runs.models import RunEvent

    RunEvent.objects.create(run_id=run_id, state=state, at=at, by=by, detail=detail)


def last_approval() -> int:
    """The number of the last approval there is, 0 before the first. Approvals are numbered as they are committed."""
    from connector.runs.models import RunEvent

    found = RunEvent.objects.filter(state=APPROVED).order_by("-id").values_list("id", flat=True).first()
    return found or 0


def approval_mark() -> str:
    """What tells the last approval from any other, of this ledger or of a copy of it that went on otherwise."""
    from connector.runs.models import RunEvent

    found = RunEvent.objects.filter(state=APPROVED).order_by("-id").values_list("id", "run_id", "at").first()
    return " ".join(map(str, found or ()))


def approved_since(run_id: str) -> list[str] | None:
    """The other runs approved after this one was planned; None for plans that do not tell what they had seen."""
    from connector.runs.models import RunEvent

    seen = plain_plan(run_id).get(_SEEN)
    if seen is None:
        return None
    later = RunEvent.objects.filter(state=APPROVED, id__gt=seen).exclude(run_id=run_id)
    return list(later.values_list("run_id", flat=True))


def is_applied_whole(run_id: str) -> bool:
    """Whether a run was approved and none of its charges was ever on hold, in this run or in another."""
    from connector.runs.models import LineHold

    if approved_at(run_id) is None:
        return False
    held = {*LineHold.objects.values_list("charge_id", flat=True)}
    return not held or held.isdisjoint(load_frame(run_id, "charges")["charge_id"])


def approved_at(run_id: str) -> datetime | None:
    """When a run was approved; None while it was not."""
    from connector.runs.models import RunEvent

    return RunEvent.objects.filter(run_id=run_id, state=APPROVED).values_list("at", flat=True).first()


def add_holds(holds: Iterable[Hold], state: str) -> None:
    """Record that lines were held or released, in the open transaction."""
    from connector.runs.models import LineHold

    LineHold.objects.bulk_create(LineHold(**asdict(one), state=state) for one in holds)


def holds(until: datetime | None = None) -> dict[str, Hold]:
    """The lines on hold, by charge; with `until`, those that were on hold at that moment."""
    from connector.runs.models import LineHold

    said = LineHold.objects.all() if until is None else LineHold.objects.filter(at__lte=until)
    latest = {one.charge_id: one for one in said}
    return {
        charge: Hold(charge, one.partner_id, one.run_id, one.reason, one.by, one.at)
        for charge, one in latest.items()
        if one.state == HELD
    }


def _to_bytes(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_ipc(buffer, compression="zstd")
    return buffer.getvalue()
