"""correct: what is billed is credited, and billed again by what is known now; a run plan to be approved."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish
from connector.cli.planning import parse_day
from connector.cli.show import show_plan
from connector.runs import workspace
from connector.runs.correct import Wanted
from connector.runs.workspace import Asked


def correct(folder: Path, words: Sequence[str], reason: str, as_of: str, *, credit_only: bool, as_json: bool) -> None:
    """Plan a correction and show it."""
    day = parse_day(as_of)
    with opening.opened(folder) as config:
        wanted = Wanted(words, reason, bill_again=not credit_only)
        asked = Asked(day, opening.clock(), opening.who())
        made = workspace.correct_run(config, workspace.open_files(config), wanted, asked)

        def render(to: Console) -> None:
            show_plan(to, made)
            to.print(Text(f"'connector approve {made.run_id}' applies it, 'connector push {made.run_id}' sends it."))

        finish(made.to_plain(), 0, as_json=as_json, render=render)
