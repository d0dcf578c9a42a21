"""A run plan and a tie-out as people read them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

import polars as pl
from rich.console import Console
from rich.text import Text

from connector.billing.balance import Balance
from connector.cli.changed import show_changes
from connector.cli.output import print_problems, table
from connector.cli.timed import show_terms
from connector.domain.money import Money
from connector.domain.places import Cell
from connector.runs.lock_dates import dated_on
from connector.runs.runplan import Correction, RunPlan
from connector.runs.tieout import TieOut
from connector.runs.views import Attention, DocumentState
from connector.runs.words import BUCKETS, READY

_MOST_LINES = 60
_MOST_ROWS = 200


def show_plan(to: Console, plan: RunPlan, state: str = "planned") -> None:
    """The whole run plan: rows, buckets, documents and lines, problems, totals."""
    days = ", ".join(f"{entity} {day}" for entity, day in plan.as_of.items())
    to.print(Text(f"Run {plan.run_id} ({state}), as of {days}; rulebook {plan.pins.rulebook[:12]}", style="bold"))
    if plan.correction is not None:
        _show_correction(to, plan.correction)
    else:
        _show_counts(to, plan)
        _show_rows(to, plan)
        show_terms(to, plan)
        show_changes(to, plan)
    _show_documents(to, plan)
    if plan.problems:
        to.print(Text("Problems", style="bold"))
        print_problems(to, plan.problems)
    _show_summary(to, plan)


def _show_counts(to: Console, plan: RunPlan) -> None:
    """Rows by kind, and records by bucket."""
    rows = ((source, kind, str(number)) for source, kinds in plan.row_kinds.items() for kind, number in kinds.items())
    to.print(table("Rows", ["source", "kind", "rows"], rows, ["rows"]))
    buckets = (
        (kind, BUCKETS.get(bucket, bucket), str(number))
        for kind, numbers in plan.buckets.items()
        for bucket, number in numbers.items()
    )
    to.print(table("Records, each in one bucket", ["records", "bucket", "count"], buckets, ["count"]))


def _show_correction(to: Console, correction: Correction) -> None:
    """What is taken back, and what is billed in its place."""
    to.print(Text(f"Correction: {correction.reason}", style="bold"))
    rows = [
        (one.partner_id, one.place or "waiting for its document", one.charge_id, one.before, one.after)
        for one in correction.lines
    ]
    title = "Billed by the difference" if correction.difference else "Credited, and billed again"
    to.print(table(title, ["partner", "line", "charge", "was", "is now"], rows))


def _show_rows(to: Console, plan: RunPlan) -> None:
    """Every record and every blocked row with its bucket, as long as people can read the list."""
    every = plan.frames["rows"]
    names = _short_names(plan.row_kinds)
    told = every.filter(pl.col("bucket").is_not_null() | pl.col("kind").is_in(["blocked", "template"]))
    if told.height > _MOST_ROWS:
        faulty = pl.col("bucket").is_in(["blocked", "held"]) | (pl.col("kind") == "blocked")
        told = told.sort(faulty, descending=True, maintain_order=True)  # what needs a person first
    rows = [
        (
            str(Cell(names[row["source"]], row["sheet"], row["row"])),
            row["partner_id"] or "",
            row["subject"] or "",
            (row["bucket"] or f"{row['kind']} row").replace("_", " "),
            _why(row),
        )
        for row in told.head(_MOST_ROWS).iter_rows(named=True)
    ]
    if rows:
        columns = ["row", "partner", "what", "bucket", "why"]
        to.print(table("Every row that is not a title, header, blank or total", columns, rows))
    if told.height > len(rows):
        to.print(Text(f"… and {told.height - len(rows)} more rows; 'connector show {plan.run_id} --json' has all."))
    for source, number in plan.hidden.items():
        to.print(Text(f"{source}: {number} hidden rows were read like the others."))


def _short_names(sources: Iterable[str]) -> dict[str, str]:
    """Each source without its folder, where that is still one name for one file; tables are narrow."""
    short = {source: PurePath(source).name for source in sources}
    counted = Counter(short.values())
    return {source: name if counted[name] == 1 else source for source, name in short.items()}


def _why(row: Mapping[str, object]) -> str:
    rule = f"rule {row['rule_id']}:" if row["rule_id"] else ""
    code = f"[{row['code']}]" if row["code"] else ""
    return " ".join(str(part) for part in (rule, row["reason"] or "", code) if part).rstrip(":")


def _show_documents(to: Console, plan: RunPlan) -> None:
    if not plan.drafts:
        to.print(Text("No document: there is nothing new to bill."))
        return
    rows = [
        (
            draft.document.selling_entity,
            f"{draft.document.party.partner_id} {draft.document.party.name}",
            dated_on(draft.document),
            str(draft.document.due),
            str(len(draft.document.lines)),
            str(draft.document.net),
            str(draft.document.tax),
            str(draft.document.owed),
            "blocked: " + "; ".join(text for _, text in draft.faults) if draft.faults else READY[draft.document.kind],
        )
        for draft in plan.drafts
    ]
    columns = ["entity", "partner", "dated", "due", "lines", "net", "tax", "total", "state"]
    to.print(table("Documents", columns, rows, ["lines", "net", "tax", "total"]))
    lines = [
        (
            draft.document.party.partner_id,
            line.description,
            line.account,
            line.tax_code,
            _moneys({draft.document.currency: line.net_minor}),
            line.charge_id,
        )
        for draft in plan.drafts
        for line in draft.document.lines
    ]
    to.print(table("Lines", ["partner", "line", "account", "tax", "net", "charge"], lines[:_MOST_LINES], ["net"]))
    if len(lines) > _MOST_LINES:
        to.print(Text(f"… and {len(lines) - _MOST_LINES} more lines; 'connector show {plan.run_id} --json' has all."))


def _show_summary(to: Console, plan: RunPlan) -> None:
    if plan.on_hold:
        held = [(one.charge_id, one.partner_id, str(one)) for one in plan.on_hold]
        to.print(table("Lines on hold, which this run does not bill", ["charge", "partner", "why"], held))
    for tenant, reason in plan.unasked.items():
        to.print(
            Text(
                f"The books of {tenant} could not be asked whether they take these documents: {reason}", style="yellow"
            )
        )
    for tenant, effort in plan.efforts.items():
        to.print(Text(f"Sending to {tenant}: {effort}", style="yellow" if effort.is_too_much else ""))
    totals = ", ".join(str(total) for total in plan.totals.values()) or "nothing"
    count = len(plan.documents)
    documents = "1 document" if count == 1 else f"{count} documents"
    to.print(Text(f"{documents} to approve, total with tax: {totals}.", style="bold"))
    to.print(Text(f"Counts and money tie ({len(plan.checks)} checks)."))


def show_tie_out(to: Console, tied: TieOut) -> None:
    """The stages and what they amount to, then every equation that does not hold."""
    rows = [(stage.name, str(stage.count), _moneys(stage.minor), stage.note) for stage in tied.stages]
    to.print(table(f"Tie-out of {tied.run_id}", ["stage", "count", "money", "note"], rows, ["count", "money"]))
    wrong = [check for check in tied.checks if not check.ties]
    for check in wrong:
        to.print(Text(f"does not tie: {check}", style="red"))
    if not wrong:
        to.print(Text(f"Everything ties ({len(tied.checks)} checks).", style="green"))


def show_documents(to: Console, documents: Sequence[DocumentState]) -> None:
    """Documents with their state."""
    rows = [
        (
            one.document.number,
            one.run_id,
            f"{one.document.party.partner_id} {one.document.party.name}",
            dated_on(one.document),
            str(one.document.owed),
            one.state,
            one.detail or (f"{one.given} in the books" if one.given else ""),
        )
        for one in documents
    ]
    columns = ["number", "run", "partner", "dated", "total", "state", "detail"]
    to.print(table("Documents", columns, rows, ["total"]) if rows else Text("No documents yet."))


def show_attention(to: Console, found: Sequence[Attention]) -> None:
    """What needs a person."""
    if not found:
        to.print(Text("Nothing needs a person."))
    for one in found:
        to.print(Text(f"{one.where}: {one.what} [{one.kind}]", style="yellow"))
        to.print(Text(f"  {one.next_step}"))


def show_balances(to: Console, found: Sequence[Balance]) -> None:
    """Assessment Only places of each partner."""
    columns = ["partner", "opening", "included", "bought", "used", "left"]
    rows = [
        (one.partner_id, str(one.opening), str(one.included), str(one.bought), str(one.used), str(one.left))
        for one in found
    ]
    to.print(table("Assessment Only places", columns, rows, columns[1:]) if rows else Text("No partners yet."))


def _moneys(minor: Mapping[str, int]) -> str:
    return ", ".join(str(Money(amount, code)) for code, amount in minor.items())
