"""A simulation as people read it, and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

from connector.billing.simulating import FROM_RENEWAL, POLICIES, SUMS
from connector.cli import opening
from connector.cli.output import finish, print_problems, progress_bar, table
from connector.cli.planning import parse_day, read
from connector.domain.problems import Problem
from connector.rulebook import Rulebook
from connector.runs import workspace
from connector.runs.config import Config
from connector.runs.errors import INPUT, REMAINS, StopError
from connector.runs.runplan import problem_to_plain
from connector.runs.simulate import Question, Simulation, looking, open_rules
from connector.runs.simulate import simulate as replay
from connector.runs.simulation_book import write_book
from connector.runs.simulation_tables import (
    ASKING_COLUMNS,
    LINE_COLUMNS,
    LINE_NUMBERS,
    TOTAL_COLUMNS,
    TOTAL_NUMBERS,
    asking_rows,
    line_rows,
    partner_rows,
    total_rows,
    why_asked,
)
from connector.runs.wholefile import refuse_taken

_MOST_LINES = 200


@dataclass(frozen=True)
class Asked:
    """The command as typed: the folders, the files (none: the ledger), the day, a workbook, whether all is shown."""

    new: Path
    old: Path | None
    files: tuple[Path, ...]
    start: str
    xlsx: Path | None
    every: bool


def simulate(folder: Path, asked: Asked, *, as_json: bool) -> None:
    """Ask both rulebooks about the same events, and show what differs in money."""
    if asked.xlsx is not None:
        refuse_taken(asked.xlsx)
    config = opening.config(folder)
    now = opening.now()
    start = parse_day(asked.start, "--from") or now.date()
    old = _rules_in_force(config, asked)
    label = "rules" if asked.old is None else asked.old.name
    new, problems = open_rules(config, asked.new, _label(asked.new, label))
    if new is None:
        _refused(problems, as_json=as_json)
        return
    mappings = workspace.open_mappings(config) if asked.files else None
    intake = read(config, mappings, asked.files, as_json=as_json) if mappings is not None else None
    if intake is not None and all(info.failed for info in intake.sources):
        raise StopError("none of the files could be read", "Mend what is listed.", INPUT, intake.problems)
    with looking(config), progress_bar("rulebooks", shown=not as_json) as progress:
        found = replay(Question(old, new, start, now, intake), progress)
    if asked.xlsx is not None:
        with progress_bar("rows", shown=not as_json) as progress:
            write_book(asked.xlsx, found, every=asked.every, progress=progress)
    code = INPUT if workspace.faults_by_severity(found.problems)[0] else REMAINS if found.asking.height else 0
    plain = _plain(found, old, new, every=asked.every) if as_json else {}
    finish(plain, code, as_json=as_json, render=lambda to: _show(to, found, every=asked.every))


def _rules_in_force(config: Config, asked: Asked) -> Rulebook:
    folder = asked.old or config.rules
    label = "rules" if asked.old is None else asked.old.name
    rulebook, problems = open_rules(config, folder, label)
    if rulebook is None:
        raise StopError(
            "the rules in force have faults", "Mend them first, or name others with --old.", problems=problems
        )
    return rulebook


def _label(folder: Path, taken: str) -> str:
    """How places name the folder of the new rules: by its name, unless the old ones have it too."""
    name = folder.resolve().name
    return name if name != taken else folder.as_posix()


def _refused(problems: tuple[Problem, ...], *, as_json: bool) -> None:
    def render(to: Console) -> None:
        print_problems(to, problems)
        to.print(Text("The new rules cannot be used. Nothing was simulated."))

    finish({"problems": [problem_to_plain(one) for one in problems]}, INPUT, as_json=as_json, render=render)


def _plain(found: Simulation, old: Rulebook, new: Rulebook, *, every: bool) -> dict[str, Any]:
    lines = found.lines if every else found.changed
    return {
        "from": str(found.start),
        "old_rulebook": old.digest,
        "new_rulebook": new.digest,
        "subjects": dict(found.subjects),
        "lines": [_line(row) for row in lines.iter_rows(named=True)],
        "lines_in_all": found.lines.height,
        "needs_a_person": [_asking(row) for row in found.asking.iter_rows(named=True)],
        "totals": found.totals.to_dicts(),
        "partners": found.partners.to_dicts(),
        "checks": [{**asdict(one), "ties": one.ties} for one in found.checks],
        "notes": list(found.notes),
        "problems": [problem_to_plain(one) for one in found.problems],
    }


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "partner": row["partner_id"],
        "subject_type": row["subject_type"],
        "subject": row["subject_id"],
        "name": row["label"],
        "metric": row["metric"],
        "term": row["line_ordinal"],
        "currency": row["currency"],
        "event": row["event"],
        "event_on": row["event_on"],
        "billed_minor": row["billed_amount"],
        "billed_as": row["billed_kind"],
        "old": _side(row, "old"),
        "new": _side(row, "new"),
        "difference_minor": row["difference"],
        "why": row["why"],
        "asks": row["asks"],
        "changed": row["changed"],
        "policies": {policy: _policy(row, policy) for policy in POLICIES},
    }


def _side(row: Mapping[str, Any], side: str) -> dict[str, Any]:
    return {
        "outcome": row[f"{side}_outcome"],
        "minor": row[f"{side}_amount"],
        "metric": row[f"{side}_metric"],
        "item": row[f"{side}_item"],
        "tier": row[f"{side}_tier"],
        "rule": row[f"{side}_rule"],
        "place": row[f"{side}_place"],
        "price_place": row[f"{side}_priced"],
        "reason": row[f"{side}_reason"],
    }


def _policy(row: Mapping[str, Any], policy: str) -> dict[str, Any]:
    plain = {"state": row[f"{policy}_state"], "why": row[f"{policy}_why"]}
    plain |= {f"{name}_minor": row[f"{policy}_{name}"] for name in SUMS}
    if policy == FROM_RENEWAL:
        plain |= {"renews_on": row["renews_on"], "renews_old_minor": row["old_renewal"]}
        plain |= {"renews_new_minor": row["new_renewal"]}
    return plain


def _asking(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"partner": row["partner_id"], "name": row["label"], "subject": row["subject_id"], "why": why_asked(row)}


def _show(to: Console, found: Simulation, *, every: bool) -> None:
    _show_lines(to, found.lines if every else found.changed)
    _show_asking(to, found.asking)
    title = f"What each policy comes to, from {found.start}"
    to.print(table(title, TOTAL_COLUMNS, total_rows(found.totals), TOTAL_NUMBERS))
    concerned = found.partners.filter(every | pl.col("partner_id").is_in(found.changed["partner_id"].implode()))
    if concerned.height:
        title = "The same for each partner" if every else "The same for each partner with a change"
        to.print(table(title, ["partner", *TOTAL_COLUMNS], partner_rows(concerned), TOTAL_NUMBERS))
    for note in found.notes:
        to.print(Text(note))
    wrong, warnings = workspace.faults_by_severity(found.problems)
    if found.problems:
        to.print(Text(f"The files have {wrong} errors and {warnings} warnings: 'connector check' lists them."))
    counted = ", ".join(f"{number} {_word(name, number)}" for name, number in found.subjects.items())
    lines = f"{found.changed.height} of {found.lines.height} lines change"
    to.print(Text(f"{counted}: all accounted for. {lines}. Nothing was written."))


def _word(subject: str, number: int) -> str:
    word = "purchase" if subject == "bundle" else subject
    return word if number == 1 else f"{word}s"


def _show_lines(to: Console, lines: pl.DataFrame) -> None:
    rows = line_rows(lines.head(_MOST_LINES))
    if not rows:
        to.print(Text("No line changes."))
        return
    to.print(table("What changes", LINE_COLUMNS, rows, LINE_NUMBERS))
    if lines.height > len(rows):
        to.print(Text(f"… and {lines.height - len(rows)} more lines; --json has all."))


def _show_asking(to: Console, asking: pl.DataFrame) -> None:
    if asking.is_empty():
        return
    rows = asking_rows(asking.head(_MOST_LINES))
    to.print(table("Needs a person: no amount is assumed", ASKING_COLUMNS, rows))
    if asking.height > _MOST_LINES:
        to.print(Text(f"… and {asking.height - _MOST_LINES} more; --json has all."))
