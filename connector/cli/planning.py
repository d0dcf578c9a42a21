"""check, plan, show, approve."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from connector.cli import mending, opening
from connector.cli.output import console, finish, print_problems, progress_bar, table
from connector.cli.show import show_plan
from connector.intake import Intake, Mappings
from connector.printed import page, workbook
from connector.runs import holds, proposals, workspace
from connector.runs.approve import Approval
from connector.runs.config import Config
from connector.runs.errors import INPUT, REMAINS, StopError
from connector.runs.plan_tables import MOST_ON_A_PAGE, MOST_ON_A_SHEET, plan_about, plan_tables
from connector.runs.proposal_files import Proposal
from connector.runs.runplan import RunPlan, problem_to_plain
from connector.runs.wholefile import refuse_taken, write_whole


def read(config: Config, mappings: Mappings, paths: Sequence[Path], *, as_json: bool) -> Intake:
    """Read the sources, with a progress bar for people."""
    with progress_bar("rows", shown=not as_json) as progress:
        return workspace.read_files(config, mappings, paths, progress)


def check(folder: Path, paths: Sequence[Path], repair_to: Path | None, *, as_json: bool) -> None:
    """Read and validate; write nothing but the marked copy, when one is asked for."""
    if repair_to is not None:
        mending.refuse_early(paths, repair_to)
    config = opening.config(folder)
    intake = read(config, workspace.open_mappings(config), paths, as_json=as_json)
    counted = intake.rows.group_by("source", "record_kind", "kind").len().sort("source", "record_kind", "kind").rows()
    wrong, warnings = workspace.faults_by_severity(intake.problems)
    done = mending.write(intake, paths[0], repair_to, config.limits) if repair_to is not None else None

    def render(to: Console) -> None:
        rows = [(source, records or "-", kind, str(number)) for source, records, kind, number in counted]
        to.print(table("Rows", ["source", "records", "kind", "rows"], rows, ["rows"]))
        print_problems(to, intake.problems)
        nothing = " Nothing was written." if done is None or done.path is None else ""
        to.print(Text(f"{wrong} errors, {warnings} warnings.{nothing}"))
        if done is not None:
            mending.show(to, done)

    plain: dict[str, Any] = {
        "sources": [asdict(source) for source in intake.sources],
        "rows": [dict(zip(("source", "record_kind", "kind", "rows"), row, strict=True)) for row in counted],
        "problems": [problem_to_plain(problem) for problem in intake.problems],
    }
    if done is not None:
        plain["repaired"] = mending.to_plain(done)
    finish(plain, INPUT if wrong else 0, as_json=as_json, render=render)


def plan(folder: Path, paths: Sequence[Path], as_of: str, *, as_json: bool) -> None:
    """Make and show a run plan."""
    day = parse_day(as_of)
    with opening.opened(folder, beside=True) as config:  # reading the sources needs nothing of the ledger
        made = make(config, paths, day, as_json=as_json)
        finish(
            lambda: _whole(made),
            exit_code(made),
            as_json=as_json,
            render=lambda to: _show(to, made, "planned", config),
        )


def _show(to: Console, plan: RunPlan, state: str, config: Config) -> None:
    """A plan, and which of its documents no push will book by itself."""
    show_plan(to, plan, state)
    for name in sorted({draft.document.tenant for draft in plan.drafts}):
        if name in config.tenants and config.tenants[name].files is not None:
            to.print(Text(f"{name}: a push writes these documents to a file, for a person to import."))


def _whole(plan: RunPlan) -> dict[str, Any]:
    """A plan with every row, term and change in it, as JSON values."""
    terms = {**plan.terms, "rows": plan.term_rows}
    return {**plan.to_plain(), "terms": terms, "changes": plan.every_change, "rows": plan.rows}


def make(config: Config, paths: Sequence[Path], day: date | None, *, as_json: bool) -> RunPlan:
    """Read the sources and store the plan made from them. The ledger is open."""
    asked = opening.asked(day)
    files = proposals.files_in_force(config, asked, tell_in_force)
    with progress_bar("rows", shown=not as_json) as progress:
        return workspace.plan_files(config, files, paths, asked, progress)


def tell_in_force(put: Sequence[Proposal]) -> None:
    """Say which proposals were put in force, beside what a command prints."""
    for one in put:
        console(to_stderr=True).print(Text(f"Proposal {one.number} is in force from now on: {one.title}."))


def exit_code(plan: RunPlan) -> int:
    """1 when the input has problems, 3 when something waits for a decision, else 0."""
    wrong, _ = workspace.faults_by_severity(plan.problems)
    if wrong:
        return INPUT
    return REMAINS if plan.held else 0


def show(folder: Path, run: str, html: Path | None, xlsx: Path | None, *, as_json: bool) -> None:
    """Show a stored plan as it stands, or write it as a page or a workbook.

    Raises:
        StopError: a file to write is there already, or cannot be written.
    """
    outs = [out for out in (html, xlsx) if out is not None]
    for out in outs:
        refuse_taken(out)
    with opening.opened(folder) as config:
        found, known = holds.planned(run)
        title, about = f"Run plan {found.run_id}", plan_about(found, known.state)
        if html is not None:
            write_whole(html, page(title, about, plan_tables(found, MOST_ON_A_PAGE)).encode())
        if xlsx is not None:
            with progress_bar("rows", shown=not as_json) as progress:
                made = workbook(title, about, plan_tables(found, MOST_ON_A_SHEET), progress)
            write_whole(xlsx, made)

        def render(to: Console) -> None:
            for out in outs:
                to.print(Text(f"Wrote {out}."))
            if not outs:
                _show(to, found, known.state, config)

        written = {"written": [str(out) for out in outs]} if outs else {}
        finish(
            lambda: {**_whole(found), "state": known.state, **written},
            0,
            as_json=as_json,
            render=render,
        )


def approve(folder: Path, run: str, *, as_json: bool) -> None:
    """Approve a run."""
    with opening.opened(folder) as config:
        files = workspace.open_files(config)
        with progress_bar("steps", shown=not as_json) as progress:
            done = workspace.approve_run(config, files, run, opening.asked(None), progress)
        plain = {
            "run": done.run_id,
            "charges": done.charges,
            "documents": [document.to_plain() for document in done.documents],
            "chain_heads": dict(done.heads),
            "books_not_asked": dict(done.unasked),
        }
        finish(plain, 0, as_json=as_json, render=lambda to: show_approval(to, done))


def show_approval(to: Console, done: Approval) -> None:
    """What an approval wrote, for people."""
    rows = [(one.number, f"{one.party.partner_id} {one.party.name}", str(one.owed)) for one in done.documents]
    if rows:
        to.print(table(f"Approved: {done.run_id}", ["number", "partner", "total"], rows, ["total"]))
    else:
        to.print(Text(f"Approved: {done.run_id}. It has no document: there was nothing new to bill."))
    to.print(Text(f"{done.charges} charges and opening entries written."))
    for tenant, reason in done.unasked.items():
        to.print(Text(f"The books of {tenant} could not be asked for their lock dates: {reason}", style="yellow"))
    for entity, head in done.heads.items():
        to.print(Text(f"chain head of {entity}: {head}"))


def parse_day(text: str, option: str = "--as-of") -> date | None:
    """The day of an option; None for none.

    Raises:
        StopError: it is no day of the calendar.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise StopError(f"{option} {text!r} is no date", "Write it as 2025-06-30.") from error
