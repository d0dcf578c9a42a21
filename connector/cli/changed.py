"""What has changed since the last upload, as people read it."""

from pathlib import PurePath

from rich.console import Console
from rich.text import Text

from connector.cli.output import table
from connector.runs.runplan import RunPlan

_MOST_CELLS = 20


def show_changes(to: Console, plan: RunPlan) -> None:
    """One line for each source, then the first changed cells."""
    for sentence in plan.changes.sentences.values():
        to.print(Text(sentence, style="bold"))
    cells = plan.every_change["cells"]
    if not cells:
        return
    rows = [
        (
            one["where"].removeprefix(str(PurePath(one["source"]).parent) + "/"),
            one["title"],
            one["before"] or "",
            one["after"] or "",
            "yes" if one["changes_money"] else "",
        )
        for one in cells[:_MOST_CELLS]
    ]
    to.print(table("Changed cells", ["cell", "what", "before", "now", "money"], rows))
    if len(cells) > len(rows):
        more = len(cells) - len(rows)
        to.print(Text(f"… and {more} more cells; 'connector show {plan.run_id} --json' has all."))
