"""An upload compared with the last one before anybody plans it: what differs, and what that would do to the money.

It is the plan itself, made and thrown away, so that it says what the plan will say. The books are not asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import polars as pl

from connector.accounting.connect import TenantSettings
from connector.domain.money import Money
from connector.intake import Intake
from connector.net.errors import SetupError
from connector.runs import workspace
from connector.runs.asking import Asked, Clock
from connector.runs.changes import Changes
from connector.runs.config import Config
from connector.runs.errors import StopError

FRAMES = ("changed_cells", "changed_rows")


@dataclass(frozen=True)
class Compared:
    """What planning an upload today would say.

    Attributes:
        changes: what differs from the last upload of each source.
        frames: the changed cells and rows, by the names they have in a plan.
        documents: how many documents it would make.
        totals: per currency, what they come to with tax.
    """

    changes: Changes
    frames: Mapping[str, pl.DataFrame]
    documents: int
    totals: Mapping[str, Money]


def compare_upload(config: Config, intake: Intake, clock: Clock, by: str) -> Compared | StopError:
    """Compare what was read with the last upload; or say why that cannot be done yet. The ledger is open.

    Args:
        config: the settings.
        intake: what was read.
        clock: the time.
        by: who asks.
    """
    try:
        files = workspace.open_files(config)
        plan = workspace.plan_run(config, files, intake, Asked(None, clock, by, _nobody), keep=False)
    except StopError as stop:
        return stop
    frames = {name: plan.frames[name] for name in FRAMES}
    return Compared(plan.changes, frames, len(plan.documents), plan.totals)


def _nobody(_tenant: TenantSettings, _now: Callable[[], datetime], _sleep: Callable[[float], None]) -> NoReturn:
    """The books are not asked for what is thrown away."""
    raise SetupError("not asked", "Plan the upload.")
