"""A run as it stands, to be looked at part by part: what is stored of it is read when it is asked for, and kept awhile.

A stranger's trap: a stored plan is never changed, but what stands of it is: lines are put on hold, names are erased.
What is kept here is kept under all of that, so that nobody sees what was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

import polars as pl

from connector import ledger
from connector.runs import holds, store
from connector.runs.held_lines import Cut
from connector.runs.runplan import Hold

_RUNS_KEPT = 4
_ALWAYS = ("lines", "rows")


@dataclass(frozen=True)
class Looked:
    """A run as it stands.

    Attributes:
        state: how far it is.
        plain: the plan as it is stored, without lines; see `RunPlan.to_stored`.
        mark: one word for how it stands: another one where its state, a line on hold or a name has changed.
        cut: what the lines on hold make of its frames, which are read one by one; None where none is.
        given: its frames, where an earlier version made the plan.
    """

    state: store.RunState
    plain: Mapping[str, Any]
    mark: str
    cut: Cut | None
    given: Mapping[str, pl.DataFrame] | None
    _read: dict[tuple[str, ...], pl.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def run_id(self) -> str:
        """The run."""
        return self.state.run_id

    def frame(self, name: str, columns: Sequence[str] = ()) -> pl.DataFrame:
        """A frame of the plan; empty and without columns where the plan has none of that name.

        Args:
            name: of the frame.
            columns: only these, where all take long to read; of charges and lines `charge_id` is one of them.
        """
        if self.given is not None:
            own = self.given.get(name, pl.DataFrame())
            return own.select(columns) if columns and own.width else own
        key = (name, *columns)
        if key not in self._read:
            stored = store.frame_or_none(self.run_id, name, columns)
            self._read[key] = stored if self.cut is None else self.cut.frame(name, stored)
        return self._read[key]


def look(run_id: str) -> Looked:
    """A run as it stands now.

    Raises:
        StopError: there is no such run.
    """
    state = store.state_of(run_id)
    held = store.holds(store.approved_at(state.run_id))
    erased = ledger.read("erasure", columns=["recorded_at"])["recorded_at"].max()
    return _looked(state, tuple(held[one] for one in sorted(held)), str(erased), which_ledger())


def which_ledger() -> bytes:
    """Which ledger is open: by its key, and by when it was opened, since a copy has the key of the other."""
    return sha256(ledger.alias_key() + str(ledger.opening()).encode()).digest()


@lru_cache(maxsize=_RUNS_KEPT)
def _looked(state: store.RunState, held: tuple[Hold, ...], erased: str, _of: bytes) -> Looked:
    mark = sha256(repr((state, held, erased)).encode()).hexdigest()[:16]
    if store.keeps_lines(state.run_id):
        return _lazily(state, mark, held)
    own, frames = holds.without(store.load_plan(state.run_id), _by_charge(held)).to_stored()
    return Looked(state, own, mark, None, frames)


def _by_charge(held: Sequence[Hold]) -> dict[str, Hold]:
    return {one.charge_id: one for one in held}


def _lazily(state: store.RunState, mark: str, held: Sequence[Hold]) -> Looked:
    """A run whose frames are read one by one; those that every look at it needs are read whole once."""
    kept: dict[str, pl.DataFrame] = {}

    def read(name: str, columns: Sequence[str]) -> pl.DataFrame:
        if name not in _ALWAYS:
            return store.frame_or_none(state.run_id, name, columns)
        kept[name] = store.load_frame(state.run_id, name)
        return kept[name].select(columns or pl.all())

    plain, cut = holds.looked_without(store.plain_plan(state.run_id), read, _by_charge(held))
    own: dict[tuple[str, ...], pl.DataFrame] = {
        (name,): frame if cut is None else cut.frame(name, frame) for name, frame in kept.items()
    }
    return Looked(state, plain, mark, cut, None, own)
