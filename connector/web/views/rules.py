"""Rules: the tables that accountants know, the files with their faults at the line, and the tests beside them.

The files on disk are the truth: they are read and proved when they are asked for, so that an edit counts at once.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.http import Http404, HttpResponse
from django.shortcuts import render

from connector.domain.problems import Problem, errors
from connector.rulebook.views import tables_of
from connector.runs.rule_checks import Checked, check_rules
from connector.runs.rule_testing import Tested, run_rule_tests
from connector.web.asked import PageRequest
from connector.web.site import site
from connector.web.uploading import day_of

LABEL = "rules"


@dataclass(frozen=True)
class CodeLine:
    """A line of a file: its number, its text, and the faults that are told of it."""

    number: int
    text: str
    faults: tuple[Problem, ...]


def listing(request: PageRequest) -> HttpResponse:
    """The rulebook as tables, of a day or whenever it is valid; its faults where it has some."""
    config = site().config()
    checked = check_rules(config.rules, config.mappings, label=LABEL)
    day = day_of(request.GET.get("on", ""))
    declared, rulebook = checked.examined.declared, checked.examined.rulebook
    usable = declared is not None and rulebook is not None
    told = {
        "checked": checked,
        "wrong": len(errors(checked.problems)),
        "digest": rulebook.digest if rulebook is not None else "",
        "day": day,
        "tables": tables_of(declared, date.fromisoformat(day) if day else None) if declared and usable else (),
        "tested": _tested(config.rules, checked),
    }
    return render(request, "web/rules.html", told)


def file(request: PageRequest, name: str) -> HttpResponse:
    """A file of the rules with its faults at their lines."""
    config = site().config()
    checked = check_rules(config.rules, config.mappings, label=LABEL)
    if name not in checked.files:  # the names that were found, and nothing that an address could say besides
        raise Http404(name)
    own: dict[int, list[Problem]] = {}
    for one in checked.problems:
        if one.place.file == f"{LABEL}/{name}":
            own.setdefault(getattr(one.place, "line", 0), []).append(one)
    texts = (config.rules / name).read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [CodeLine(number, text, tuple(own.get(number, ()))) for number, text in enumerate(texts, 1)]
    return render(request, "web/rule_file.html", {"name": name, "lines": lines, "whole": own.get(0, ())})


def _tested(rules: Path, checked: Checked) -> Tested | None:
    """What the tests beside the rules say; None while the rules cannot be used."""
    return run_rule_tests(rules, checked.examined, label=LABEL)
