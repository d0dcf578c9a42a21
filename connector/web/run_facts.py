"""What the head of a run's page says, and why a line is billed: sentences from what is stored, in people's order."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from connector.domain.documents import CREDIT_NOTE
from connector.domain.money import Money
from connector.domain.places import Cell
from connector.runs.changes import Changes
from connector.runs.looked import Looked
from connector.runs.run_rows import rated_of


@dataclass(frozen=True)
class Facts:
    """The head of a run's page.

    Attributes:
        planned_at: when it was planned.
        days: the day of the run in each selling entity.
        sources: its files.
        documents, blocked: how many documents approval makes, and how many the books would not take.
        totals: per currency, what the documents come to, in minor units.
        buckets: kind of record, bucket, count.
        changes: a sentence for each source.
        problems, warnings, held: how many there are.
        sending: a sentence for each tenant.
        unasked: a sentence for each tenant whose books could not be asked.
        correction: what it takes back and why; empty for any other run.
    """

    planned_at: datetime
    days: Mapping[str, date]
    sources: tuple[str, ...]
    documents: int
    blocked: int
    totals: Mapping[str, int]
    buckets: tuple[tuple[str, str, int], ...]
    changes: tuple[str, ...]
    problems: int
    warnings: int
    held: int
    sending: tuple[str, ...]
    unasked: tuple[str, ...]
    correction: str


def facts(run: Looked) -> Facts:
    """The head of a run's page."""
    plain = run.plain
    good = [one for one in plain["documents"] if not one["faults"]]
    totals: dict[str, int] = {}
    for one in good:
        code = one["document"]["currency"]
        sign = -1 if one["document"]["kind"] == CREDIT_NOTE else 1
        totals[code] = totals.get(code, 0) + sign * one["total_minor"]
    wrong = sum(one["severity"] == "error" for one in plain["problems"])
    buckets = tuple((kind, name, count) for kind, own in plain["buckets"].items() for name, count in own.items())
    return Facts(
        planned_at=datetime.fromisoformat(plain["created_at"]),
        days={entity: date.fromisoformat(day) for entity, day in plain["as_of"].items()},
        sources=tuple(str(one["name"]) for one in plain["sources"]),
        documents=len(good),
        blocked=len(plain["documents"]) - len(good),
        totals=totals,
        buckets=buckets,
        changes=tuple(Changes.from_plain(plain.get("changes", {})).sentences.values()),
        problems=wrong,
        warnings=len(plain["problems"]) - wrong,
        held=sum(count for _, name, count in buckets if name == "held"),
        sending=tuple(f"{tenant}: {_effort(one)}" for tenant, one in plain.get("sending", {}).items()),
        unasked=tuple(f"{tenant}: {reason}" for tenant, reason in plain["books_not_asked"].items()),
        correction=(plain.get("correction") or {}).get("reason", ""),
    )


def _effort(plain: dict[str, Any]) -> str:
    from connector.accounting.effort import Effort  # noqa: PLC0415 - only runs with documents need it

    return str(Effort.from_plain(plain))


def why(run: Looked, charge_id: str) -> tuple[tuple[str, str], ...] | None:
    """Why a line of a run is billed as it is, as labels and texts; None where the run has no such line."""
    lines = run.frame("lines")
    own = lines.filter(lines["charge_id"] == charge_id)
    if own.is_empty():
        return None
    line = own.to_dicts()[0]
    document = next(one for one in run.plain["documents"] if one["document_id"] == line["document_id"])["document"]
    rated = rated_of(run, [charge_id]).get(charge_id, {})
    return tuple((label, text) for label, text in _why(line, document, rated) if text)


def _why(line: Mapping[str, Any], document: Mapping[str, Any], rated: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    code = document["currency"]
    unit, net = Money(line["unit_minor"], code), Money(line["net_minor"], code)
    yield "line", line["description"]
    yield "partner", f"{document['party']['partner_id']} {document['party']['name']}"
    yield "amount", f"{line['quantity']} × {unit} = {net}" if line["quantity"] != 1 else str(net)
    yield "tax", f"{line['tax_percent']} % as {line['tax_code']}: {Money(line['tax_minor'], code)}"
    if rated:
        yield "source", str(Cell(rated["source"], rated["sheet"], rated["row"]))
        yield "event", f"{rated['event']} on {rated['event_on']}"
        yield "tier", f"{rated['tier']}, by {rated['size_source']}" if rated.get("tier") else ""
        yield "neighbouring tiers", rated.get("near_tiers") or ""
        yield "rule", f"{rated['rule_id']} at {rated['rule_place']}"
        yield "other rules that fit", rated.get("lost") or ""
        yield "price", f"{rated['price_book']} at {rated['price_place']}"
        yield "list price", str(Money(rated["list_minor"], code)) if rated.get("list_minor") is not None else ""
        for one in json.loads(rated.get("adjustments") or "[]"):
            yield "adjustment", ", ".join(str(part) for part in one.values())
        yield "how the amount came about", rated.get("basis") or ""
    else:
        yield "source", "charged by an earlier run"
    yield "account", line["account"]
    yield "item", line["item"]
    yield "charge", line["charge_id"]
