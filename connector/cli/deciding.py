"""hold, release, correct: what a person decides about lines that would be billed, or are."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, table
from connector.cli.planning import parse_day, tell_in_force
from connector.cli.show import show_plan
from connector.runs import holds, proposals, workspace
from connector.runs.errors import USAGE, StopError
from connector.runs.rebilling import Wanted
from connector.runs.runplan import Hold, RunPlan


def hold(folder: Path, run: str, words: Sequence[str], reason: str, *, as_json: bool) -> None:
    """Put lines of a plan on hold."""
    with opening.opened(folder):
        made = holds.hold(run, words, reason, now=opening.now(), by=opening.who())
        left, _ = holds.planned(made[0].run_id)
        totals = ", ".join(str(total) for total in left.totals.values()) or "nothing"
        left_over = f"{left.run_id} has {len(left.documents)} documents left to approve, total with tax: {totals}."
        plain = {
            "run": left.run_id,
            "held": [one.to_plain() for one in made],
            "documents": len(left.documents),
            "totals_minor": {code: total.minor for code, total in left.totals.items()},
        }
        finish(plain, 0, as_json=as_json, render=lambda to: _show(to, "Put on hold", made, left_over))


def release(folder: Path, words: Sequence[str], reason: str, *, as_json: bool) -> None:
    """Release lines that are on hold."""
    with opening.opened(folder):
        freed = holds.release(words, reason, now=opening.now(), by=opening.who())
        last = "The plan that waits for approval bills them again, or the next plan does."
        plain = {"released": [one.to_plain() for one in freed]}
        finish(plain, 0, as_json=as_json, render=lambda to: _show(to, "Released", freed, last))


def correct(folder: Path, wanted: Wanted, as_of: str, *, as_json: bool) -> None:
    """Plan a correction and show it.

    Raises:
        StopError: it should be credited alone and adjusted by a difference at once.
    """
    if wanted.difference and not wanted.bill_again:
        raise StopError("--credit-only and --difference exclude each other", "Leave one of them out.", USAGE)
    day = parse_day(as_of)
    with opening.opened(folder) as config:
        asked = opening.asked(day)
        made = workspace.correct_run(config, proposals.files_in_force(config, asked, tell_in_force), wanted, asked)
        finish(made.to_plain(), 0, as_json=as_json, render=lambda to: show_correction(to, made))


def show_correction(to: Console, made: RunPlan) -> None:
    """The plan of a correction, and what to do with it."""
    show_plan(to, made)
    to.print(Text(f"'connector approve {made.run_id}' applies it, 'connector push {made.run_id}' sends it."))


def _show(to: Console, title: str, lines: Sequence[Hold], last: str) -> None:
    rows = [(one.charge_id, one.partner_id, one.run_id, one.reason) for one in lines]
    to.print(table(title, ["charge", "partner", "run", "reason"], rows))
    to.print(Text(last))
