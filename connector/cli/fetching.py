"""fetch: download the declared exports."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from connector.cli import opening
from connector.cli.output import console, finish, stderr_is_terminal
from connector.export import Fetched, RetryLater
from connector.runs.errors import REMAINS, USAGE
from connector.runs.fetching import Outcome, Report, fetch_exports

_MEGABYTE = 1_000_000


def fetch(folder: Path, names: Sequence[str], *, restart: bool, as_json: bool) -> None:
    """Fetch; end with 0, 2 when a person must act, or 3 when it must be continued later."""
    config = opening.config(folder)
    with _bar(shown=not as_json) as report:
        done = fetch_exports(config, names, os.environ, opening.clock(), report, restart=restart)
    files = [str(one.path) for one in done.values() if isinstance(one, Fetched)]
    later = any(isinstance(one, RetryLater) for one in done.values())
    wrong = any(not isinstance(one, Fetched | RetryLater) for one in done.values())

    def render(to: Console) -> None:
        for name, one in done.items():
            for line in _told(name, one):
                to.print(Text(line))
        if files:
            to.print(Text(f"Next: connector plan {' '.join(files)}"))

    plain = {"exports": {name: _to_plain(one) for name, one in done.items()}}
    finish(plain, USAGE if wrong else REMAINS if later else 0, as_json=as_json, render=render)


def _told(name: str, one: Outcome) -> Iterator[str]:
    """The lines for people."""
    if isinstance(one, Fetched):
        counted = "" if one.records is None else f"{one.records:,} records, "
        pages = "1 page" if one.pages == 1 else f"{one.pages:,} pages"
        yield f"{name}: {counted}{one.size_bytes:,} bytes in {pages}: {one.path}"
        yield from (f"  Note: {note}." for note in one.notes)
    elif isinstance(one, RetryLater):
        yield f"{name}: not whole yet: {one.reason}."
        kept = f"{one.records:,} records of {one.pages:,} pages are kept. " if one.pages else ""
        yield f"  {kept}Run 'connector fetch {name}' again after {one.not_before:%Y-%m-%d %H:%M:%S} UTC."
    else:
        yield f"{name}: not fetched: {one.reason}."
        yield f"  {one.next_step}"


def _to_plain(one: Outcome) -> dict[str, Any]:
    if isinstance(one, Fetched):
        counts = {"records": one.records, "pages": one.pages, "bytes": one.size_bytes}
        return {"state": "fetched", "file": str(one.path), **counts, "notes": list(one.notes)}
    if isinstance(one, RetryLater):
        kept = {"pages": one.pages, "records": one.records}
        return {"state": "later", "reason": one.reason, "not_before": one.not_before.isoformat(), **kept}
    return {"state": "rejected", "reason": one.reason, "next_step": one.next_step}


@contextmanager
def _bar(*, shown: bool) -> Iterator[Report]:
    """Records and bytes so far, on standard error; how many there will be nobody knows. Silent off a terminal."""
    if not shown or not stderr_is_terminal():
        yield lambda _name, _records, _size: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=console(to_stderr=True), transient=True) as bar:

        def report(name: str, records: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=None, told="")
            bar.update(tasks[name], told=f"{records:,} records, {size / _MEGABYTE:.1f} MB")

        yield report
