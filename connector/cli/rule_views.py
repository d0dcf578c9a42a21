"""What `rules show` and `rules diff` print and write."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import console, finish, print_problems, table
from connector.cli.planning import parse_day
from connector.domain.problems import Problem
from connector.printed import Table, page, text_of, to_plain, workbook
from connector.rulebook import Examined, Rulebook, examine
from connector.rulebook.spec import Declared
from connector.rulebook.views import Comparison, compare, difference_tables, tables_of, verdict
from connector.runs.errors import INPUT
from connector.runs.runplan import problem_to_plain
from connector.runs.wholefile import refuse_taken, write_whole

_TITLE = "Rulebook"
_WHOLE = ("rule", "days", "valid", "place")  # columns that are not broken inside a word where there is room
_WIDE_TABLE, _WIDE_CONSOLE, _SHORT = 6, 120, 48


@dataclass(frozen=True)
class Wanted:
    """How a rulebook is to be shown.

    Attributes:
        html, xlsx: files to write.
        on: a day in ISO form; empty for all days.
    """

    html: Path | None
    xlsx: Path | None
    on: str


def show(folder: Path, wanted: Wanted, *, as_json: bool) -> None:
    """Show the rulebook of a folder.

    Raises:
        StopError: a file to write is there already, or cannot be written.
    """
    on = parse_day(wanted.on, "--on")
    outs = [out for out in (wanted.html, wanted.xlsx) if out is not None]
    for out in outs:
        refuse_taken(out)
    rules, label = opening.rules_of(folder)
    found = examine(rules, label=label)
    declared, rulebook = _sound((found,), as_json=as_json)[0]
    tables = tables_of(declared, on)
    about = [f"Valid on {on}." if on else "Everything, whenever it is valid.", f"Digest {rulebook.digest}."]
    if wanted.html is not None:
        write_whole(wanted.html, page(_TITLE, about, tables).encode())
    if wanted.xlsx is not None:
        write_whole(wanted.xlsx, workbook(_TITLE, about, tables))

    def render(to: Console) -> None:
        for out in outs:
            to.print(Text(f"Wrote {out}."))
        if not outs:
            print_tables(to, tables)

    plain = {
        "digest": rulebook.digest,
        "on": on.isoformat() if on else None,
        "written": [str(out) for out in outs],
        "tables": [to_plain(one) for one in tables],
    }
    finish(plain, 0, as_json=as_json, render=render)


def diff(old: Path, new: Path, *, as_json: bool) -> None:
    """Show what differs between the rulebooks of two folders."""
    folders = [opening.rules_of(folder)[0] for folder in (old, new)]
    examined = tuple(examine(folder, label=folder.as_posix()) for folder in folders)
    (before, first), (after, second) = _sound(examined, as_json=as_json)
    found = compare(before, after)
    same_text = first.digest == second.digest
    said = verdict(found, same_text=same_text)

    def render(to: Console) -> None:
        print_tables(to, difference_tables(found))
        to.print(Text(said, style="bold"))

    finish(_to_plain(found, first, second, said), 0, as_json=as_json, render=render)


def print_tables(to: Console, tables: tuple[Table, ...]) -> None:
    """Tables for people; where a terminal is too narrow for one, each of its rows becomes a few lines."""
    for one in tables:
        rows = [[text_of(value) for value in row] for row in one.rows]
        if len(one.columns) > _WIDE_TABLE and to.width < _WIDE_CONSOLE:
            to.print(Text(one.title, style="bold"))
            for row in rows:
                to.print(Text(f"\n{row[0]}", style="bold"))
                width = max(len(name) for name in one.columns)
                for name, value in zip(one.columns[1:], row[1:], strict=True):
                    if value:
                        to.print(Text(f"  {name:<{width}}  {value}"))
            to.print()
        else:
            made = table(one.title, one.columns, rows, one.numbers)
            for place, column in enumerate(made.columns):
                short = max((len(row[place]) for row in rows), default=0) <= _SHORT
                column.no_wrap = column.no_wrap or (column.header in _WHOLE and short and to.width >= _WIDE_CONSOLE)
            to.print(made)
        for note in one.notes:
            to.print(Text(note))
        if one.notes:
            to.print()


def _sound(examined: tuple[Examined, ...], *, as_json: bool) -> list[tuple[Declared, Rulebook]]:
    """The rulebooks; where one does not load, the command ends with the problems of all."""
    problems: list[Problem] = [problem for one in examined for problem in one.problems]
    sound = [(one.declared, one.rulebook) for one in examined]
    whole = [(declared, rulebook) for declared, rulebook in sound if declared is not None and rulebook is not None]
    if len(whole) < len(examined):
        plain = {"problems": [problem_to_plain(problem) for problem in problems]}
        finish(plain, INPUT, as_json=as_json, render=lambda to: print_problems(to, problems))
    print_problems(console(to_stderr=True), problems)  # warnings
    return whole


def _to_plain(found: Comparison, old: Rulebook, new: Rulebook, said: str) -> dict[str, Any]:
    return {
        "old": old.digest,
        "new": new.digest,
        "same_text": old.digest == new.digest,
        "same_meaning": found.alike,
        "verdict": said,
        "changes": [asdict(one) for one in found.changes],
        "prices": [asdict(one) for one in found.prices],
        "decisions": asdict(found.decisions),
    }
