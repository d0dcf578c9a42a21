"""The run plan: what a billing run would do, shown, approved, and applied exactly or refused."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from connector.accounting.effort import Effort
from connector.billing.counts import Check
from connector.billing.invoicing import Draft
from connector.billing.lines import line_frame, with_lines, without_lines
from connector.domain.documents import Document
from connector.domain.money import Money
from connector.domain.places import Cell, Line, Place
from connector.domain.problems import Problem, Severity
from connector.runs.changes import Changes, cells_to_plain, rows_to_plain
from connector.runs.snapshots import Snapshot


@dataclass(frozen=True)
class Pins:
    """What the plan was computed from besides the ledger; a change refuses the approval."""

    rulebook: str
    mappings: str
    books: str
    tenants: str


@dataclass(frozen=True)
class Hold:
    """A line that a person has put on hold: its charge and partner, in which run, why, by whom and when."""

    charge_id: str
    partner_id: str
    run_id: str
    reason: str
    by: str
    at: datetime

    def __str__(self) -> str:
        """What a record's reason says of it."""
        return f"put on hold by {self.by} on {self.at:%Y-%m-%d}: {self.reason}"

    def to_plain(self) -> dict[str, str]:
        """The hold as JSON values."""
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass(frozen=True)
class Corrected:
    """A charge that is credited: where it stands, what it was billed as, and what it is billed as from now on.

    `place` is its document and line, empty while it waits for one; `new_charge` is empty where nothing follows.
    """

    charge_id: str
    place: str
    partner_id: str
    before: str
    after: str
    new_charge: str


@dataclass(frozen=True)
class Correction:
    """What a correcting run takes back, and why a person says so; or to what it bills a difference and no more.

    `reissued` are the ids of documents that the books have no more, so that they need no credit note there.
    """

    reason: str
    lines: tuple[Corrected, ...]
    difference: bool = False
    reissued: tuple[str, ...] = ()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any] | None) -> "Correction | None":
        """The correction that `asdict` wrote; None for none."""
        if plain is None:
            return None
        lines = tuple(Corrected(**one) for one in plain["lines"])
        reissued = tuple(plain.get("reissued", ()))
        return cls(plain["reason"], lines, plain.get("difference", False), reissued)


@dataclass(frozen=True)
class RunPlan:
    """One billing run before approval.

    Attributes:
        run_id: the run.
        created_at: when it was planned, UTC.
        as_of: per selling entity, the day it was planned for.
        sources: name, digest, size and row count of each file.
        problems: every fault and question, sorted by place.
        row_kinds: per source, how many rows of each kind.
        hidden: per source, how many hidden rows were read.
        buckets: per kind of record, how many records are in each bucket.
        terms: what time brought about: `events`, per kind of event its `buckets` and `amounts_minor` per currency; and
            `stopped`, how many terms of archived clients do not begin.
        correction: what a correcting run takes back; None for any other run.
        amounts: per currency, the new charges in minor units.
        drafts: its documents, the blocked ones included.
        checks: the equations that were found to tie.
        unasked: books that could not be asked whether they would take the documents, and why.
        pins: what it was computed from.
        frames: what approval writes, by name; and, for whoever looks at it, every row and every change.
        changes: what has changed since the last upload of its sources.
        snapshots: what is kept of its sources for their next upload; empty once stored, where they are sealed.
        continued: numbers of the snapshots that these replace; empty once stored.
        on_hold: lines that a person has taken out; see `holds`.
        efforts: by tenant that was asked, what the sending of its documents comes to.
        again_of: the run whose files these are, byte for byte; empty for a plan whose files were read. See `again`.
    """

    run_id: str
    created_at: datetime
    as_of: Mapping[str, date]
    sources: tuple[Mapping[str, Any], ...]
    problems: tuple[Problem, ...]
    row_kinds: Mapping[str, Mapping[str, int]]
    hidden: Mapping[str, int]
    buckets: Mapping[str, Mapping[str, int]]
    amounts: Mapping[str, int]
    drafts: tuple[Draft, ...]
    checks: tuple[Check, ...]
    unasked: Mapping[str, str]
    pins: Pins
    frames: Mapping[str, pl.DataFrame]
    changes: Changes = field(default_factory=Changes)
    snapshots: tuple[Snapshot, ...] = ()
    continued: tuple[int, ...] = ()
    on_hold: tuple[Hold, ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)
    correction: Correction | None = None
    again_of: str = ""
    efforts: Mapping[str, Effort] = field(default_factory=dict)

    @property
    def documents(self) -> tuple[Draft, ...]:
        """The drafts that approval turns into documents."""
        return tuple(draft for draft in self.drafts if not draft.faults)

    @property
    def totals(self) -> dict[str, Money]:
        """Per currency, the predicted total of its documents; credit notes count against it."""
        totals: dict[str, Money] = {}
        for draft in self.documents:
            owed = draft.document.owed
            totals[owed.currency] = totals.get(owed.currency, Money(0, owed.currency)) + owed
        return totals

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every row of the sources with its kind, bucket and reason, as JSON values."""
        return self.frames["rows"].to_dicts()

    @property
    def term_rows(self) -> list[dict[str, Any]]:
        """Every term that has begun with its bucket and reason, as JSON values."""
        return self.frames.get("terms", pl.DataFrame()).to_dicts()

    @property
    def held(self) -> int:
        """How many records and terms wait for a person's answer, those that are gone among them."""
        events: list[Mapping[str, int]] = [one["buckets"] for one in self.terms.get("events", {}).values()]
        return sum(buckets.get("held", 0) for buckets in (*self.buckets.values(), *events)) + self.changes.held

    @property
    def every_change(self) -> dict[str, Any]:
        """What has changed, with every changed cell and row, as JSON values."""
        cells, rows = self.changed_cells, self.frames.get("changed_rows", pl.DataFrame())
        return {**self.changes.to_plain(), "cells": cells_to_plain(cells), "rows": rows_to_plain(rows)}

    @property
    def changed_cells(self) -> pl.DataFrame:
        """Every changed cell; none in runs that were planned before uploads were compared."""
        return self.frames.get("changed_cells", pl.DataFrame())

    def to_plain(self) -> dict[str, Any]:
        """The plan without its frames, as JSON values; what `--json` prints and the database stores."""
        return {
            "run": self.run_id,
            "created_at": self.created_at.isoformat(),
            "as_of": {entity: day.isoformat() for entity, day in self.as_of.items()},
            "sources": [dict(source) for source in self.sources],
            "problems": [problem_to_plain(problem) for problem in self.problems],
            "row_kinds": {source: dict(kinds) for source, kinds in self.row_kinds.items()},
            "hidden_rows": dict(self.hidden),
            "buckets": {kind: dict(buckets) for kind, buckets in self.buckets.items()},
            "terms": dict(self.terms),
            "correction": None if self.correction is None else asdict(self.correction),
            "amounts_minor": dict(self.amounts),
            "documents": [draft_to_plain(draft) for draft in self.drafts],
            "checks": [asdict(one) for one in self.checks],
            "books_not_asked": dict(self.unasked),
            "sending": {tenant: one.to_plain() for tenant, one in self.efforts.items()},
            "pins": asdict(self.pins),
            "changes": self.changes.to_plain(),
            "on_hold": [one.to_plain() for one in self.on_hold],
        }

    def to_stored(self) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
        """The plan as it is stored: its JSON values without lines, and its frames, the lines among them.

        The totals of each document stay beside it.
        """
        plain = replace(self, drafts=()).to_plain()
        plain["documents"] = [
            {**draft_to_plain(bare), **totals_of(draft)}
            for draft, bare in zip(self.drafts, without_lines(self.drafts), strict=True)
        ]
        return plain, {**self.frames, "lines": line_frame(self.drafts)}

    @classmethod
    def from_stored(cls, plain: Mapping[str, Any], frames: Mapping[str, pl.DataFrame]) -> "RunPlan":
        """The plan that `to_stored` wrote; in plans of earlier versions the lines stand in the JSON values."""
        own = {name: frame for name, frame in frames.items() if name != "lines"}
        plan = cls.from_plain(plain, own)
        return plan if "lines" not in frames else replace(plan, drafts=with_lines(plan.drafts, frames["lines"]))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], frames: Mapping[str, pl.DataFrame]) -> "RunPlan":
        """The plan that `to_plain` wrote, with its frames."""
        return cls(
            run_id=plain["run"],
            created_at=datetime.fromisoformat(plain["created_at"]),
            as_of={entity: date.fromisoformat(day) for entity, day in plain["as_of"].items()},
            sources=tuple(plain["sources"]),
            problems=tuple(problem_from_plain(one) for one in plain["problems"]),
            row_kinds=plain["row_kinds"],
            hidden=plain["hidden_rows"],
            buckets=plain["buckets"],
            terms=plain.get("terms", {}),
            correction=Correction.from_plain(plain.get("correction")),
            amounts=plain["amounts_minor"],
            drafts=tuple(draft_from_plain(one) for one in plain["documents"]),
            checks=tuple(Check(**one) for one in plain["checks"]),
            unasked=plain["books_not_asked"],
            efforts={tenant: Effort.from_plain(one) for tenant, one in plain.get("sending", {}).items()},
            pins=Pins(**plain["pins"]),
            frames=frames,
            changes=Changes.from_plain(plain.get("changes", {})),
            again_of=plain.get("again_of", ""),
        )


def draft_to_plain(draft: Draft) -> dict[str, Any]:
    """A draft as JSON values, its totals beside it for people and programs that only read."""
    return {
        "document_id": draft.document_id,
        "faults": [list(fault) for fault in draft.faults],
        **totals_of(draft),
        "document": draft.document.to_plain(),
    }


def totals_of(draft: Draft) -> dict[str, Any]:
    """What a draft comes to, as JSON values."""
    net, tax = draft.document.net, draft.document.tax
    total = net + tax
    return {"net_minor": net.minor, "tax_minor": tax.minor, "total_minor": total.minor, "total": str(total)}


def draft_from_plain(plain: Mapping[str, Any]) -> Draft:
    """The draft that `draft_to_plain` wrote."""
    faults = tuple((code, text) for code, text in plain["faults"])
    return Draft(plain["document_id"], Document.from_plain(plain["document"]), faults)


def problem_to_plain(problem: Problem) -> dict[str, Any]:
    """A problem as JSON values; `where` is its place for people, `place` in parts."""
    place = problem.place
    parts: dict[str, Any] = {"file": place.file}
    if isinstance(place, Cell):
        parts |= {"sheet": place.sheet, "row": place.row, "column": place.column}
    else:
        parts |= {"line": place.line, "column": place.column}
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "where": str(place),
        "place": parts,
        "message": problem.message,
        "next_step": problem.next_step,
        "excerpt": problem.excerpt,
        "mark": list(problem.mark),
    }


def problem_from_plain(plain: Mapping[str, Any]) -> Problem:
    """The problem that `problem_to_plain` wrote."""
    parts = plain["place"]
    place: Place = Cell(**parts) if "sheet" in parts else Line(**parts)
    return Problem(
        code=plain["code"],
        severity=Severity(plain["severity"]),
        place=place,
        message=plain["message"],
        next_step=plain["next_step"],
        excerpt=plain["excerpt"],
        mark=(plain["mark"][0], plain["mark"][1]),
    )
