"""A run plan as tables, for the page and the workbook: what it bills, and every row with what became of it.

A stranger's trap: the page is for reading and stops after so many rows of a table, saying so; the workbook has them
all, up to what a sheet holds.
"""

from collections.abc import Iterable, Iterator, Sequence

from connector.domain.documents import CREDIT_NOTE
from connector.domain.money import Money
from connector.domain.places import Cell
from connector.domain.words import Bucket
from connector.printed import Table, Value
from connector.runs.changes import cells_to_plain
from connector.runs.lock_dates import dated_on
from connector.runs.runplan import RunPlan

MOST_ON_A_PAGE = 2_000
MOST_ON_A_SHEET = 1_000_000

Row = tuple[Value, ...]


def plan_about(plan: RunPlan, state: str) -> list[str]:
    """Sentences for the top: which run, of which day, by which rules, what it comes to."""
    days = ", ".join(f"{entity} {day}" for entity, day in plan.as_of.items())
    totals = ", ".join(str(total) for total in plan.totals.values()) or "nothing"
    return [
        f"Run {plan.run_id} ({state}), planned {plan.created_at:%Y-%m-%d %H:%M} UTC, as of {days}.",
        f"{len(plan.documents)} documents to approve, total with tax: {totals}.",
        f"Rulebook {plan.pins.rulebook}. Counts and money tie ({len(plan.checks)} checks).",
        *plan.changes.sentences.values(),
        *(f"The books of {tenant} could not be asked: {reason}" for tenant, reason in plan.unasked.items()),
        *(f"Sending to {tenant}: {effort}" for tenant, effort in plan.efforts.items()),
    ]


def plan_tables(plan: RunPlan, most: int) -> tuple[Table, ...]:
    """The tables of a plan; those that would be empty are left out.

    Args:
        plan: as it stands, lines on hold taken out.
        most: rows of a table at most.
    """
    tables = [
        _table(
            "Documents",
            ("partner", "entity", "dated", "due", "lines", "net", "tax", "total", "state"),
            _documents(plan),
        ),
        _table(
            "Lines",
            (
                "partner",
                "line",
                "account",
                "tax code",
                "quantity",
                "net",
                "tax",
                "day",
                "tier",
                "rule",
                "price",
                "source",
                "charge",
            ),
            _lines(plan),
        ),
        _table(
            "Terms",
            ("partner", "client", "metric", "term", "begins", "bucket", "amount", "why", "source"),
            _terms(plan),
        ),
        _table("Correction", ("partner", "line", "charge", "was", "is now"), _corrected(plan)),
        _table("On hold", ("charge", "partner", "by", "on", "reason"), _on_hold(plan)),
        _table("Opening entries", ("subject", "partner", "metric", "day", "source"), _openings(plan)),
        _table("Problems", ("where", "severity", "what", "next step", "code"), _problems(plan)),
        _table("Records by bucket", ("records", "bucket", "count"), _buckets(plan)),
        _table("Rows by kind", ("source", "kind", "rows"), _row_kinds(plan)),
        _table("Changed cells", ("cell", "what", "before", "now", "changes money"), _cells(plan)),
        _table("Every row", ("row", "kind", "hidden", "partner", "what", "bucket", "why", "rule", "code"), _rows(plan)),
        _table("Checks", ("equation", "left", "right", "ties"), _checks(plan)),
    ]
    return tuple(_cut(table, most) for table in tables if table.rows)


def _table(title: str, columns: tuple[str, ...], rows: Iterable[Row]) -> Table:
    return Table(title, title, columns, tuple(rows))


def _cut(table: Table, most: int) -> Table:
    more = len(table.rows) - most
    if more <= 0:
        return table
    note = f"… and {more:,} more rows; the workbook ('connector show --xlsx') and 'connector show --json' have all."
    return Table(table.name, table.title, table.columns, table.rows[:most], (note,))


def _documents(plan: RunPlan) -> Iterator[Row]:
    for draft in plan.drafts:
        one = draft.document
        who = f"{one.party.partner_id} {one.party.name}"
        ready = "credit note, ready" if one.kind == CREDIT_NOTE else "ready"
        state = "blocked: " + "; ".join(text for _, text in draft.faults) if draft.faults else ready
        days = (dated_on(one), one.due.isoformat())
        yield who, one.selling_entity, *days, len(one.lines), one.net, one.tax, one.owed, state


def _lines(plan: RunPlan) -> Iterator[Row]:
    rated = [plan.frames[name] for name in ("charges", "adjustments") if name in plan.frames]
    why = {row["charge_id"]: row for frame in rated for row in frame.iter_rows(named=True)}
    for draft in plan.documents:
        code = draft.document.currency
        for line in draft.document.lines:
            own = why.get(line.charge_id, {})
            yield (
                draft.document.party.partner_id,
                line.description,
                line.account,
                line.tax_code,
                line.quantity,
                Money(line.net_minor, code),
                Money(line.tax_minor, code),
                _text(own.get("event_on")),
                _text(own.get("tier")),
                " ".join(filter(None, (own.get("rule_id"), own.get("rule_place")))),
                " ".join(filter(None, (own.get("price_book"), own.get("price_place")))),
                str(Cell(own["source"], own["sheet"], own["row"])) if own else "charged by an earlier run",
                line.charge_id,
            )


def _terms(plan: RunPlan) -> Iterator[Row]:
    for row in plan.term_rows:
        charged = row["bucket"] in (Bucket.BILLED.value, Bucket.AWAITING_DOCUMENT.value)
        yield (
            _text(row["partner_id"]),
            _text(row["name"] or row["subject_id"]),
            _text(row["metric"]),
            row["ordinal"],
            _text(row["event_on"]),
            row["bucket"].replace("_", " "),
            Money(row["amount_minor"], row["currency"]) if charged else "",
            _text(row["reason"]),
            str(Cell(row["source"], row["sheet"], row["row"])),
        )


def _corrected(plan: RunPlan) -> Iterator[Row]:
    for one in plan.correction.lines if plan.correction is not None else ():
        yield one.partner_id, one.place or "waiting for its document", one.charge_id, one.before, one.after


def _on_hold(plan: RunPlan) -> Iterator[Row]:
    for one in plan.on_hold:
        yield one.charge_id, one.partner_id, one.by, f"{one.at:%Y-%m-%d}", one.reason


def _openings(plan: RunPlan) -> Iterator[Row]:
    for row in plan.frames["charges"].iter_rows(named=True):
        if row["kind"] == "opening":
            place = str(Cell(row["source"], row["sheet"], row["row"]))
            yield row["subject_id"], row["partner_id"], row["metric"], row["event_on"].isoformat(), place


def _problems(plan: RunPlan) -> Iterator[Row]:
    for one in plan.problems:
        yield str(one.place), one.severity.value, one.message, one.next_step, one.code


def _buckets(plan: RunPlan) -> Iterator[Row]:
    for kind, numbers in plan.buckets.items():
        for bucket, number in numbers.items():
            yield kind, bucket.replace("_", " "), number


def _row_kinds(plan: RunPlan) -> Iterator[Row]:
    for source, numbers in plan.row_kinds.items():
        for kind, number in numbers.items():
            yield source, kind, number


def _cells(plan: RunPlan) -> Iterator[Row]:
    for one in cells_to_plain(plan.changed_cells):
        money = "yes" if one["changes_money"] else ""
        yield one["where"], one["title"], one["before"] or "", one["after"] or "", money


def _rows(plan: RunPlan) -> Iterator[Row]:
    for row in plan.frames["rows"].iter_rows(named=True):
        yield (
            str(Cell(row["source"], row["sheet"], row["row"])),
            row["kind"],
            "yes" if row["hidden"] else "",
            *(_text(row[name]) for name in ("partner_id", "subject")),
            _text(row["bucket"]).replace("_", " "),
            *(_text(row[name]) for name in ("reason", "rule_id", "code")),
        )


def _checks(plan: RunPlan) -> Iterator[Row]:
    for one in plan.checks:
        sides: Sequence[Value] = (one.left, one.right)
        if one.currency:
            sides = (Money(one.left, one.currency), Money(one.right, one.currency))
        yield one.name, *sides, "yes" if one.ties else "no"


def _text(value: object) -> str:
    return "" if value is None else str(value)
