"""What has changed since the last upload, as people read it."""

from pathlib import PurePath

from rich.console import Console
from rich.text import Text

from connector.cli.output import table
from connector.runs.changes import cells_to_plain
from connector.runs.runplan import RunPlan

_MOST_CELLS = 20


def show_changes(to: Console, plan: RunPlan) -> None:
    """One line for each source, then the first changed cells."""
    for sentence in plan.changes.sentences.values():
        to.print(Text(sentence, style="bold"))
    cells = plan.changed_cells
    if cells.is_empty():
        return
    rows = [
        (
            one["where"].removeprefix(str(PurePath(one["source"]).parent) + "/"),
            one["title"],
            one["before"] or "",
            one["after"] or "",
            "yes" if one["changes_money"] else "",
        )
        for one in cells_to_plain(cells.head(_MOST_CELLS))
    ]
    to.print(table("Changed cells", ["cell", "what", "before", "now", "money"], rows))
    more = cells.height - len(rows)
    if more:
        to.print(Text(f"… and {more} more cells; 'connector show {plan.run_id} --json' has all."))
