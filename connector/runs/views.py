"""What people ask of the ledger: documents with their state, what needs a person, bundle balances."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from connector import ledger
from connector.billing.balance import Balance, balances
from connector.billing.context import Context
from connector.billing.kinds import TERMS
from connector.domain.documents import CREDIT_NOTE, Document
from connector.domain.money import Money
from connector.domain.places import Cell, Line
from connector.domain.words import Bucket
from connector.ledger import allocations, outbox
from connector.rulebook import Rulebook
from connector.runs import store
from connector.runs.changes import Changes
from connector.runs.drift import in_files
from connector.runs.gone import GONE
from connector.runs.known import Known, read_places
from connector.runs.reconcile import standing
from connector.runs.runplan import problem_from_plain

BOOKED, IN_FILE = "booked", "written to a file"
_TOLD = {
    outbox.State.READY: "approved, not sent yet",
    outbox.State.SENDING: "being sent, or interrupted while being sent",
    outbox.State.RETRY: "to be sent again",
    outbox.State.REJECTED: "refused by the accounting system",
    outbox.State.QUARANTINED: "in doubt: a person must look into the books",
}


@dataclass(frozen=True)
class DocumentState:
    """A document and where it is.

    Attributes:
        document: as approved.
        run_id: the run that made it.
        state: the latest state: approved, booked, rejected …; `written to a file` where a person has to import it.
        detail: what the accounting system said, or what is waited for.
        remote_id: its id in the books, or the name of its file; empty before that.
        given: the number that the books gave it, where they give their own; else empty.
    """

    document: Document
    run_id: str
    state: str
    detail: str
    remote_id: str
    given: str = ""


@dataclass(frozen=True)
class Attention:
    """One thing that needs a person: where, what, and the next step."""

    kind: str
    where: str
    what: str
    next_step: str


@dataclass(frozen=True)
class Listed:
    """A document as lists show it, without its lines: its partner under its name of now, and where it is.

    `owed` is what the partner owes by it, with tax: below zero on a credit note.
    """

    number: str
    run_id: str
    partner_id: str
    partner: str
    dated: date
    due: date
    owed: Money
    state: str
    detail: str


def listed(partner_id: str = "") -> list[Listed]:
    """Every document, or those of one partner, the newest number first."""
    where, given = ("partner_id = ?", [partner_id]) if partner_id else ("", [])
    columns = ["document_id", "kind", "partner_id", "currency", "dated", "due", "total_minor"]
    heads = {row[0]: row[1:] for row in ledger.read("document", where, given, columns=columns).iter_rows()}
    named = ledger.read("personal", "owner_type = ? AND field = ?", ["partner", "name"], columns=["owner_id", "value"])
    names, filed = dict(named.iter_rows()), in_files()
    found = []
    for one in reversed(outbox.whereabouts()):
        if one.document_id in heads:
            kind, partner, currency, dated, due, minor = heads[one.document_id]
            owed = Money(-minor if kind == CREDIT_NOTE else minor, currency)
            state = state_of(one, is_filed=one.document_id in filed)
            partner_name = names.get(partner, "")
            found.append(Listed(one.number, one.run_id, partner, partner_name, dated, due, owed, state, one.detail))
    return found


def state_of(one: outbox.Whereabouts, *, is_filed: bool) -> str:
    """Where a document is, in the word that people read."""
    if one.state is outbox.State.DONE:
        return IN_FILE if is_filed else BOOKED
    return one.state.value


def documents(run_id: str | None = None, number: str | None = None) -> tuple[DocumentState, ...]:
    """Every document with its lines, those of one run, or that of one number, in the order of their numbers."""
    if number is not None and not number.isprintable():
        return ()
    heads = ledger.read("document").select("document_id", "run_id")
    if run_id is not None:
        heads = heads.filter(pl.col("run_id") == store.resolve(run_id))
    runs = dict(heads.iter_rows())
    names = ledger.read("receipt").select("document_id", "remote_id", "remote_number")
    receipts = {document: (remote_id, theirs) for document, remote_id, theirs in names.iter_rows()}
    filed = in_files()
    done = {one: IN_FILE if one in filed else BOOKED for one in receipts}
    found = []
    for item in sorted(outbox.items(number=number), key=lambda item: item.number):
        if item.document_id in runs:
            remote_id, theirs = receipts.get(item.document_id, ("", item.number))
            state = done[item.document_id] if item.state is outbox.State.DONE else item.state.value
            told = Document.from_plain(json.loads(item.request))
            given = theirs if theirs != item.number else ""
            found.append(DocumentState(told, runs[item.document_id], state, item.detail, remote_id, given))
    return tuple(found)


def document(number: str) -> DocumentState:
    """The document of this number, which is known to exist."""
    return documents(number=number)[0]


def exceptions() -> tuple[Attention, ...]:
    """What needs a person: problems and held records as last uploaded, unsent documents, the plan not approved."""
    return tuple(_by_cause([*_questions(store.run_states()), *_on_hold(), *_unsent(), *_unapplied(), *_drifted()]))


def _unsent() -> Iterator[Attention]:
    """The documents that are neither in the books nor in a file for a person to import."""
    for one in outbox.whereabouts(states=list(_TOLD)):
        told = _TOLD[one.state] + (f": {one.detail}" if one.detail else "")
        yield Attention(f"document-{one.state.value}", one.number, told, _next_step(one))


def _unapplied() -> Iterator[Attention]:
    """The credit notes in the books that are not applied to the invoices they refer to, as far as these owe."""
    runs = dict(ledger.read("document", columns=["document_id", "run_id"]).iter_rows())
    for one in allocations.items(states=(*outbox.OPEN, outbox.State.REJECTED)):
        push, why = f"'connector push {runs[one.document_id]}", f": {one.detail}" if one.detail else ""
        if one.state is outbox.State.REJECTED:
            step = f"Mend the cause or apply it in the books yourself, then {push} --retry-rejected'."
            yield Attention("credit-rejected", one.number, f"not applied to its invoice{why}", step)
        else:
            yield Attention("credit-open", one.number, f"not applied to its invoice yet{why}", f"{push}'.")


def _drifted() -> Iterator[Attention]:
    """The documents that the books have otherwise than approved, and nobody has answered."""
    for one in standing():
        kind = "document-foreign" if one.is_foreign else "document-drift"
        yield Attention(kind, one.number, one.told, one.next_step)


def _on_hold() -> Iterator[Attention]:
    """The lines that persons have put on hold."""
    for one in sorted(store.holds().values(), key=lambda held: (held.partner_id, held.charge_id)):
        step = f"Decide, then 'connector release {one.charge_id} --reason …'."
        yield Attention("line-on-hold", f"{one.charge_id} of {one.partner_id}", str(one), step)


def _by_cause(questions: Iterable[Attention]) -> list[Attention]:
    """One item for each cause: the first place, and how many more there are."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for one in questions:
        places.setdefault((one.kind, one.what, one.next_step), []).append(one.where)
    return [
        Attention(kind, where[0] + (f" and {len(where) - 1} more" if len(where) > 1 else ""), what, step)
        for (kind, what, step), where in places.items()
    ]


def _questions(states: Sequence[store.RunState]) -> Iterator[Attention]:
    """Problems and holds of each source as it was last uploaded, and the last plan when it is not approved.

    An older plan that nobody approved asks nothing any more, nor does a source whose next version has another name. A
    correction has no sources and replaces no plan of them.
    """
    seen: set[str] = set()
    correcting = store.corrections()
    if states and states[-1].run_id in correcting and states[-1].state == store.PLANNED:
        yield _waiting(states[-1].run_id)
    states = [state for state in states if state.run_id not in correcting]
    standing = [*(state for state in states[:-1] if state.state not in store.NOT_APPROVED), *states[-1:]]
    for position, state in enumerate(reversed(standing)):
        plan = store.plain_plan(state.run_id)
        sources = {str(source["name"]) for source in plan["sources"]} - seen
        changes = Changes.from_plain(plan.get("changes", {}))
        seen |= {*sources, *changes.replaced}
        left = {file for one in changes.comparisons if one.source in sources for file in one.gone_files}
        for plain in plan["problems"]:
            problem = problem_from_plain(plain)
            if position and problem.code in TERMS:
                continue  # every plan asks about all terms anew
            own = left if problem.code == GONE.code else sources  # what is gone is named by where it stood
            anywhere = isinstance(problem.place, Line) or problem.code in TERMS
            if problem.place.file in own or (position == 0 and anywhere):
                where = f"{state.run_id} {problem.place}"
                yield Attention(problem.code, where, problem.message, problem.next_step)
        if position == 0 and plan.get("terms", {}).get("events"):
            yield from _held_terms(state.run_id)
        rows = store.load_frame(state.run_id, "rows")
        ruled = (
            (pl.col("bucket") == Bucket.HELD.value) & pl.col("code").is_null() & pl.col("source").is_in(list(sources))
        )
        for row in rows.filter(ruled).iter_rows(named=True):
            where = f"{state.run_id} {Cell(row['source'], row['sheet'], row['row'])}"
            step = f"Decide, then change the rule {row['rule_id']} or the row."
            yield Attention("held-by-rule", where, f"{row['subject']}: {row['reason']}", step)
        if position == 0 and state.state == "planned" and any(not one["faults"] for one in plan["documents"]):
            yield _waiting(state.run_id)


def _waiting(run_id: str) -> Attention:
    step = f"'connector show {run_id}', then 'connector approve {run_id}'."
    return Attention("run-not-approved", run_id, "the run plan waits for approval", step)


def _held_terms(run_id: str) -> Iterator[Attention]:
    """The terms that a rule holds."""
    terms = store.load_frame(run_id, "terms")
    for row in terms.filter((pl.col("bucket") == Bucket.HELD.value) & pl.col("code").is_null()).iter_rows(named=True):
        where = f"{run_id} {Cell(row['source'], row['sheet'], row['row'])}"
        whose = f"{row['metric'] or 'a month'} of {row['name'] or row['subject_id']}"
        what = f"{whose}, {row['event']} {row['event_on']}: {row['reason']}"
        yield Attention("held-by-rule", where, what, f"Decide, then change the rule {row['rule_id']}.")


def _next_step(one: outbox.Whereabouts) -> str:
    if one.state == outbox.State.REJECTED:
        return f"Mend the cause, then 'connector push {one.run_id} --retry-rejected'."
    if one.state == outbox.State.QUARANTINED:
        return f"Look {one.number} up in the books and compare it with 'connector explain {one.number}'."
    return f"'connector push {one.run_id}'."


def bundle_balances(rulebook: Rulebook, day: date, partner_id: str = "") -> tuple[Balance, ...]:
    """The bundle balance of every partner, from what is approved in the ledger.

    Args:
        rulebook: for the size of a bundle, go-live and what an upgrade does to a place.
        day: the day asked about.
        partner_id: that of this partner alone; empty for all.
    """
    known = read_places(partner_id)
    return balances(
        known.standing.filter(pl.col("subject_type") == "bundle"),
        known.versions,
        rulebook.bundle_size,
        _looking(rulebook, known, day),
    )


def _looking(rulebook: Rulebook, known: Known, day: date) -> Context:
    """The givens of a look at the ledger without an upload."""
    return Context(
        run_id="",
        key=known.key,
        entities=rulebook.entities,
        policies=rulebook.policies,
        as_of=dict.fromkeys(rulebook.entities, day),
        partners=known.partners,
        templates=known.templates,
        rulebook_digest=rulebook.digest,
    )


def document_to_plain(one: DocumentState) -> dict[str, Any]:
    """A document and its state as JSON values."""
    total: Money = one.document.total
    return {
        "number": one.document.number,
        "run": one.run_id,
        "state": one.state,
        "detail": one.detail,
        "remote_id": one.remote_id,
        "number_in_the_books": one.given or (one.document.number if one.remote_id else ""),
        "total_minor": total.minor,
        "total": str(total),
        "document": one.document.to_plain(),
    }
