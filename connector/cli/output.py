"""How the command line speaks: results on standard output, everything else on standard error, or one JSON document.

Colours and boxes appear on a terminal only; rich sees to that.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from connector.domain.problems import Problem

_WIDE = 160
_MOST_OF_ONE_CAUSE = 20
_SILENT_SECONDS = 1.0


def console(*, to_stderr: bool = False) -> Console:
    """A console on standard output, or on standard error for messages."""
    stream = sys.stderr if to_stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())


def stderr_is_terminal() -> bool:
    """Whether a person watches: only then a bar is shown."""
    return sys.stderr.isatty()


def say(message: str) -> None:
    """One message to the person, on standard error. A word longer than a line, such as an address, is not broken."""
    to = console(to_stderr=True)
    is_too_long = any(len(word) > to.width for word in message.split())
    to.print(Text(message), soft_wrap=True if is_too_long else None)


Plain = Mapping[str, Any]


def finish(
    plain: Plain | Callable[[], Plain], exit_code: int, *, as_json: bool, render: Callable[[Console], None]
) -> NoReturn:
    """End a command: its result as JSON or for people, then its exit code.

    Args:
        plain: the result as JSON values; a function where to make them costs, and people do not see them.
        exit_code: 0, or what is left to do.
        as_json: whether it is for programs.
        render: shows it to people.
    """
    if as_json:
        print_json({**(plain() if callable(plain) else plain), "exit_code": exit_code})
    else:
        render(console())
    raise typer.Exit(exit_code)


def print_json(plain: Mapping[str, Any]) -> None:
    """The one JSON document of a command, on standard output."""
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=2, default=str) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> Table:
    """A table for people; the columns named in `numbers` are aligned right. Cell texts are shown as they are."""
    made = Table(title=Text(title, style="bold"), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in columns:
        right = name in numbers
        made.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def print_problems(to: Console, problems: Sequence[Problem]) -> None:
    """Every problem in the house form, with an empty line after each; of one cause only the first few."""
    seen: Counter[tuple[str, str]] = Counter()
    for problem in problems:
        cause = (problem.code, problem.next_step)
        seen[cause] += 1
        if seen[cause] > _MOST_OF_ONE_CAUSE:
            continue
        style = "red" if problem.severity == "error" else "yellow"
        first, _, rest = str(problem).partition("\n")
        to.print(Text(first, style=style))
        to.print(Text(rest))
        to.print()
    for (code, _), number in seen.items():
        if number > _MOST_OF_ONE_CAUSE:
            more = number - _MOST_OF_ONE_CAUSE
            to.print(Text(f"… and {more} more of [{code}]; with --json all of them are listed."))


@contextmanager
def progress_bar(unit: str, *, shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on standard error, fed with what is done, how much, and of how much; silent off a terminal.

    It appears once the work has taken a second. `unit` names what is counted.
    """
    if not shown or not stderr_is_terminal():
        yield lambda _what, _done, _total: None
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} " + unit),
        TimeRemainingColumn(),
        console=console(to_stderr=True),
        transient=True,
    )
    tasks: dict[str, TaskID] = {}
    begun = time.monotonic()
    with ExitStack() as stack:

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)
            if not bar.live.is_started and time.monotonic() - begun > _SILENT_SECONDS:
                stack.enter_context(bar)

        yield report
