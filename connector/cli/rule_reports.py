"""What `rules check` and `rules test` find out, for people and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, print_problems, table
from connector.domain.money import Money
from connector.domain.problems import errors
from connector.rulebook import examine
from connector.rulebook.boundaries import Case
from connector.rulebook.decide import Decided
from connector.rulebook.run_tests import Coverage, Reached, Result
from connector.runs.config import FILE
from connector.runs.errors import INPUT
from connector.runs.rule_checks import Checked, check_rules
from connector.runs.rule_testing import run_rule_tests
from connector.runs.runplan import problem_to_plain

_MOST_MISSED = 5


@dataclass(frozen=True)
class Where:
    """The rules that are meant, how places name them, and the mappings beside them, if there are any."""

    rules: Path
    label: str
    mappings: Path | None


def where(folder: Path, rules: Path | None) -> Where:
    """The rules of a folder, as `opening.rules_of` finds them, with the mappings beside them or of the working folder.

    Raises:
        StopError: no folder is named, and the working folder has neither settings nor rules.
    """
    chosen = folder if rules is None else rules
    if rules is None and not (folder / "rules").is_dir():
        opening.config(folder)  # says that there are no settings
    found, label = opening.rules_of(chosen)
    return Where(found, label, _mappings(chosen, found) or _mappings(folder, found))


def _mappings(folder: Path, rules: Path) -> Path | None:
    """The mappings of a working folder, or those beside a folder of rules; None where there are none."""
    if (folder / FILE).is_file():
        return opening.config(folder).mappings
    beside = folder / "mappings"
    return beside if beside.is_dir() and rules.parent == folder else None


def check(at: Where, *, with_cases: bool, as_json: bool) -> None:
    """Prove the rules and tell every fault."""
    checked = check_rules(at.rules, at.mappings, label=at.label)

    def render(to: Console) -> None:
        print_problems(to, checked.problems)
        if with_cases and checked.cases:
            _show_cases(to, checked.cases)
        _show_proof(to, checked, at)

    code = INPUT if errors(checked.problems) else 0
    finish(_proof(checked), code, as_json=as_json, render=render)


def _proof(checked: Checked) -> dict[str, Any]:
    declared, decided, rulebook = checked.examined.declared, checked.examined.decided, checked.examined.rulebook
    cells = None if decided is None else _cells(decided)
    return {
        "files": list(checked.files),
        "rules": None if declared is None else len(declared.rules),
        "price_versions": None if declared is None else len(declared.versions),
        "cells": cells,
        "boundary_cases": {
            "checked": len(checked.cases),
            "cases": [
                {
                    "event": {name: value for name, value in case.event.items() if value is not None},
                    "about": case.about,
                    "rated": asdict(case.rated),
                    "agrees": case.rated == case.plainly,
                }
                for case in checked.cases
            ],
        },
        "books_checked": checked.with_books,
        "digest": None if rulebook is None else rulebook.digest,
        "problems": [problem_to_plain(problem) for problem in checked.problems],
    }


def _cells(decided: Decided) -> dict[str, int]:
    """How many cells each stratum has; the others of `all` are those of tiers."""
    adjusts = sum(len(cells) for _, cells in decided.adjusts)
    counted = {"gates": len(decided.gates), "charges": len(decided.charges), "adjustments": adjusts}
    return {**counted, "all": decided.cell_count}


def _show_proof(to: Console, checked: Checked, at: Where) -> None:
    declared, decided, rulebook = checked.examined.declared, checked.examined.decided, checked.examined.rulebook
    if declared is None or decided is None or rulebook is None:
        count = len(errors(checked.problems))
        to.print(Text(f"{at.label}/ cannot be used: {count} fault{'' if count == 1 else 's'}.", style="red"))
        return
    files, rules, versions = len(checked.files), len(declared.rules), len(declared.versions)
    to.print(Text(f"{at.label}/: {files} files, {rules} rules, {versions} price versions."))
    cells = _cells(decided)
    of = f"{cells['gates']} of gates, {cells['charges']} of charges, {cells['adjustments']} of adjustments"
    told = f"Proved in {cells['all']} cells ({of}, the others of tiers)"
    to.print(
        Text(f"{told}: each client and bundle that can occur has exactly one outcome, and a price where it is one.")
    )
    if all(case.rated == case.plainly for case in checked.cases):
        to.print(Text(f"{len(checked.cases)} cases at bounds (one below, at, one above) come out as the files say."))
    if not checked.with_books:
        to.print(Text("Accounts and tax codes were not compared: there is no working folder here."))
    to.print(Text(f"Rulebook {rulebook.digest}", style="bold"))


def _show_cases(to: Console, cases: Iterable[Case]) -> None:
    rows = [
        (
            str(case),
            case.rated.rule or "",
            case.rated.tier or "",
            _price(case),
            "" if case.rated == case.plainly else "differs",
        )
        for case in cases
    ]
    to.print(table("Cases at bounds", ["event", "rule", "tier", "price", ""], rows, ["price"]))


def _price(case: Case) -> str:
    if case.rated.amount_minor is None:
        return case.rated.problem or case.rated.outcome
    return str(Money(case.rated.amount_minor, case.event["currency"]))


def test(at: Where, *, as_json: bool) -> None:
    """Run the tests beside the rules."""
    examined = examine(at.rules, label=at.label)
    tested = run_rule_tests(at.rules, examined, label=at.label)
    if tested is None:
        faults = [problem_to_plain(problem) for problem in examined.problems]

        def refuse(to: Console) -> None:
            print_problems(to, examined.problems)
            to.print(Text(f"{at.label}/ cannot be used, so no test was run.", style="red"))

        plain = {"tests": [], "passed": 0, "failed": 0, "coverage": None, "problems": faults}
        finish(plain, INPUT, as_json=as_json, render=refuse)
    results, reached, problems, failed = tested.results, tested.coverage, tested.problems, tested.failed
    plain = {
        "tests": [_result(result) for result in results],
        "passed": len(results) - failed,
        "failed": failed,
        "coverage": asdict(reached),
        "problems": [problem_to_plain(problem) for problem in problems],
    }

    def render(to: Console) -> None:
        print_problems(to, problems)
        _show_coverage(to, reached)
        unread = len(errors(problems)) - failed
        told = f"{_number(len(results), 'test')}, {failed} failed"
        text = f"{told}; {_number(unread, 'fault')} in the test files." if unread else f"{told}."
        to.print(Text(text, style="red" if failed or unread else "bold"))

    finish(plain, INPUT if errors(problems) else 0, as_json=as_json, render=render)


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.test.name,
        "where": str(result.test.place),
        "passed": not result.differences,
        "differences": [asdict(one) for one in result.differences],
        "rule": result.rated["rule_id"],
        "rule_place": result.rated["rule_place"],
    }


def _show_coverage(to: Console, reached: Coverage) -> None:
    rows = [(name, str(number)) for name, number in reached.rules.items()]
    to.print(table("Tests of each rule", ["rule", "tests"], rows, ["tests"]))
    strata = {"gates": reached.gates, "charges": reached.charges}
    strata |= {f"the adjustment {name}": stratum for name, stratum in reached.adjustments.items()}
    for name, stratum in strata.items():
        to.print(Text(f"Cells of {name}: {stratum.reached} of {stratum.cells} reached by a test."))
        _show_missed(to, stratum)
    untested = {
        "rules": _none(reached.rules),
        "price versions": _none(reached.versions),
        **{f"tiers of {name}": _none(tiers) for name, tiers in reached.tiers.items()},
    }
    for what, names in untested.items():
        to.print(Text(f"{what.capitalize()} never tested: {', '.join(names) or 'none'}."))


def _show_missed(to: Console, stratum: Reached) -> None:
    for missed in stratum.missed[:_MOST_MISSED]:
        to.print(Text(f"  not: {missed}"))
    if len(stratum.missed) > _MOST_MISSED:
        to.print(Text(f"  … and {len(stratum.missed) - _MOST_MISSED} more; with --json all of them are listed."))


def _none(counted: Mapping[str, int]) -> Sequence[str]:
    return [name for name, number in counted.items() if not number]
