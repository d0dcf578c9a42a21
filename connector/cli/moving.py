"""backup, dump, restore: a ledger kept safe, and moved between databases."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector import ledger
from connector.cli import opening
from connector.cli.output import finish, progress_bar
from connector.runs.errors import INPUT

_ALTERED = "'connector verify' names every altered entry: the dump was made of a ledger that was altered before."


def backup(folder: Path, out: Path, *, as_json: bool) -> None:
    """Copy the ledger's file while others work with it."""
    with opening.opened(folder) as config:
        size = ledger.backup(config.ledger, out)
    told = f"{out} is a whole copy of the ledger, {size:,} bytes. Keep it on another disk."
    finish({"file": str(out), "bytes": size}, 0, as_json=as_json, render=lambda to: to.print(Text(told)))


def dump(folder: Path, out: Path, *, as_json: bool) -> None:
    """Write the whole ledger into one file that any database takes."""
    with opening.opened(folder), progress_bar("tables", shown=not as_json) as progress:
        rows = ledger.write_dump(out, progress)
    told = f"{out} holds the whole ledger: {sum(rows.values()):,} rows of {len(rows)} tables, its secrets included."
    finish({"file": str(out), "rows": rows}, 0, as_json=as_json, render=lambda to: to.print(Text(told)))


def restore(folder: Path, dumped: Path, *, as_json: bool) -> None:
    """Put a dump into the working folder's ledger, which is empty, and prove it; exit 1 when an entry was altered."""
    with opening.opened(folder) as config:
        with progress_bar("tables", shown=not as_json) as progress:
            rows = ledger.restore_dump(dumped, config.ledger, progress)
        with progress_bar("rows", shown=not as_json) as progress:
            found = ledger.verify(progress=progress)
    sound = not found.faults
    plain = {
        "ledger": str(config.ledger),
        "rows": rows,
        "sound": sound,
        "heads": {chain.entity: chain.head for chain in found.chains},
        "next_step": "" if sound else _ALTERED,
    }

    def render(to: Console) -> None:
        proved = "every entry is as it was written" if sound else f"{len(found.faults)} entries are not as written"
        told = f"{sum(rows.values()):,} rows of {len(rows)} tables are in {config.ledger}; {proved}."
        to.print(Text(told, style="" if sound else "red"))
        if not sound:
            to.print(Text(_ALTERED))

    finish(plain, 0 if sound else INPUT, as_json=as_json, render=render)
