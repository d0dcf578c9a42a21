"""Every mistake of one kind in every shipped rule file: told at its line, or proved to change no decision."""

import re
import shutil
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from mutations import Mutant, mutants

from connector.domain.problems import Problem
from connector.rulebook import Examined
from connector.rulebook.bounds import events_at_bounds
from connector.rulebook.events import frame_of
from connector.rulebook.plain import Plain
from connector.runs.rule_checks import check_rules

ROOT = Path(__file__).resolve().parents[2]
RULES, MAPPINGS = ROOT / "rules", ROOT / "mappings"
FILES = sorted(
    path.relative_to(RULES).as_posix() for path in RULES.rglob("*.yaml") if path.relative_to(RULES).parts[0] != "tests"
)
GO_LIVE = date(2025, 3, 1)
_PLACES = ("rule_place", "price_place", "lost", "adjustments", "price_book")


def caught(mutant: Mutant, name: str, problems: tuple[Problem, ...]) -> str:
    """Where the mistake is told: at its `line`, where the other half of it stands (`named`), or `elsewhere`."""
    places = {str(problem.place).rsplit(":", 1)[0] for problem in problems}
    if places & {f"rules/{name}:{line}" for line in mutant.lines}:
        return "line"
    told = " ".join(problem.message for problem in problems)
    if any(re.search(rf"rules/{re.escape(name)}:{line}\b", told) for line in mutant.lines):
        return "named"
    if mutant.written and any(mutant.written in problem.next_step for problem in problems):
        return "named"  # a name that people choose: it is missed where it is used
    return "elsewhere" if problems else ""


def decisions(one: Examined, other: Examined) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What both rulebooks make of every event at a bound of either, places apart."""
    parts = [part for part in (one, other) if part.declared is not None and part.decided is not None]
    events = [
        event
        for part in parts
        if part.declared is not None and part.decided is not None
        for event, _ in events_at_bounds(part.declared, Plain(part.declared), part.decided.combos)
    ]
    billed = [
        event for event in events if event["event_on"] >= GO_LIVE
    ]  # before it nothing is billed, whatever a rule says
    frame = frame_of(billed)
    rated = [part.rulebook.rate(frame).drop(_PLACES) for part in (one, other) if part.rulebook is not None]
    return rated[0], rated[1]


@pytest.mark.parametrize("name", FILES)
def test_every_mutant_is_told_at_its_line_or_changes_no_decision(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    base = check_rules(folder, MAPPINGS)
    assert base.problems == ()
    text = (folder / name).read_text(encoding="utf-8")
    counts: Counter[tuple[str, str]] = Counter()
    wrong = []
    for mutant in mutants(text):
        (folder / name).write_text(mutant.text, encoding="utf-8")
        checked = check_rules(folder, MAPPINGS)
        where = caught(mutant, name, checked.problems)
        if not where:
            ours, theirs = decisions(base.examined, checked.examined)
            where = "changes nothing" if ours.equals(theirs) else "UNSEEN"
        counts[mutant.kind, where] += 1
        if where in ("UNSEEN", "elsewhere"):
            wrong.append((where, mutant.kind, mutant.what, [str(problem) for problem in checked.problems][:2]))
    lines = [f"{name}: {sum(counts.values())} mutants"]
    lines += [f"  {kind:<9} {where:<16} {number}" for (kind, where), number in sorted(counts.items())]
    sys.stdout.write("\n".join(lines) + "\n")
    assert wrong == []
