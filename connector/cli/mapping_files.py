"""mapping check, mapping schema."""

import sys
from pathlib import Path

from rich.console import Console

from connector.cli import opening
from connector.cli.output import finish, print_problems, table
from connector.intake import load_mappings, schema_text
from connector.runs.errors import INPUT
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
