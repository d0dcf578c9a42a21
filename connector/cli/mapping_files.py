"""mapping check, mapping schema, check --suggest-mapping."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, print_problems, say, table
from connector.domain.places import column_letters
from connector.intake import Suggestion, load_mappings, schema_text, suggest_mapping
from connector.runs import suggested, workspace
from connector.runs.errors import INPUT, REMAINS, USAGE, StopError
from connector.runs.runplan import problem_to_plain


def check(folder: Path, *, as_json: bool) -> None:
    """Read the mappings and tell every fault."""
    found, problems = load_mappings(opening.config(folder).mappings)
    items = found.items if found else ()
    kinds = [", ".join(rules.kind.value for rules in item.records) for item in items]
    known = [sum(len(rules.fingerprints) for rules in item.records) for item in items]

    def render(to: Console) -> None:
        print_problems(to, problems)
        rows = [
            (item.name, item.place.file, kind, str(count))
            for item, kind, count in zip(items, kinds, known, strict=True)
        ]
        if rows:
            to.print(table("Mappings", ["mapping", "file", "records", "sheets known"], rows, ["sheets known"]))

    mappings = [
        {"mapping": item.name, "file": item.place.file, "namespace": item.namespace, "records": kind, "sheets_known": n}
        for item, kind, n in zip(items, kinds, known, strict=True)
    ]
    plain = {"mappings": mappings, "problems": [problem_to_plain(problem) for problem in problems]}
    finish(plain, INPUT if problems else 0, as_json=as_json, render=render)


def schema() -> None:
    """The schema, on standard output."""
    sys.stdout.write(schema_text())


def suggest(folder: Path, files: Sequence[Path], *, save: str, sheet: str | None, as_json: bool) -> None:
    """Propose a mapping for one file, and save it when asked.

    Raises:
        StopError: more than one file is named, or the proposal cannot be saved.
    """
    if len(files) != 1:
        raise StopError("a mapping is proposed for one file at a time", "Name one file.", USAGE)
    settings = opening.config(folder)
    mappings = workspace.open_mappings(settings)
    if save:
        suggested.check_name(save)
    made = suggest_mapping(files[0], mappings, name=save, sheet=sheet, limits=settings.limits)
    saved = suggested.save(settings.mappings, made, mappings) if save and made.text else None
    code = INPUT if not made.text else REMAINS if made.open else 0
    finish(_plain(made, saved), code, as_json=as_json, render=lambda to: _show(to, made, saved))


def _plain(made: Suggestion, saved: Path | None) -> dict[str, Any]:
    return {
        "mapping": made.name,
        "yaml": made.text,
        "complete": bool(made.text) and not made.open,
        "saved": str(saved) if saved else None,
        "sheets": [
            {
                "sheet": guess.sheet,
                "records": guess.kind.value,
                "fingerprint": guess.fingerprint,
                "header": asdict(guess.header),
                "less_likely": [asdict(one) for one in guess.rejected],
                "columns": [
                    {
                        "column": column_letters(one.column),
                        "title": one.title,
                        "field": one.field or None,
                        "score": one.score,
                        "reason": one.reason,
                        "examples": list(one.evidence.examples),
                    }
                    for one in guess.columns
                ],
                "missing": [list(group) for group in guess.missing],
            }
            for guess in made.sheets
        ],
        "left_out": list(made.left_out),
        "problems": [problem_to_plain(problem) for problem in made.problems],
        "open": [problem_to_plain(problem) for problem in made.open],
    }


def _show(to: Console, made: Suggestion, saved: Path | None) -> None:
    """The YAML on standard output, so that it can be piped into a file; what is said about it goes beside it."""
    print_problems(to, made.problems)
    if not made.text:
        if not made.problems:
            to.print(Text("No row could be a header: there is nothing to propose."))
        return
    sys.stdout.write(made.text)
    if made.left_out:
        say(f"Not in it: {', '.join(made.left_out)}. Name one with --sheet to see it.")
    for problem in made.open:
        say(f"Open: {problem.message}.")
    if saved is not None and made.open:
        say(f"Saved as {saved}. Answer what is open, then rename it to {made.name}.yaml.")
    elif saved is not None:
        say(f"Saved as {saved}. From now on it reads sheets with these headers.")
