"""The tie-out of a run: rows, records, charges, documents, receipts and what the books say, in counts and in money."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from connector import ledger
from connector.accounting.answers import RemoteDocument
from connector.billing.counts import Check
from connector.domain.documents import CREDIT_NOTE
from connector.domain.words import Bucket
from connector.runs.looked import look, which_ledger
from connector.runs.store import RunState

_TALLIES_KEPT = 64


@dataclass(frozen=True)
class Stage:
    """One stage of the way from rows to books.

    Attributes:
        name: what is counted.
        count: how many.
        minor: the money at this stage, per currency, in minor units; empty where there is none.
        note: what the money is (net, total), and what is left out.
    """

    name: str
    count: int
    minor: Mapping[str, int]
    note: str = ""


@dataclass(frozen=True)
class TieOut:
    """The stages of one run and the equations between them.

    Attributes:
        run_id: the run.
        stages: from rows to books.
        checks: what must be equal.
        was_read: whether the books' own figures are in it.
    """

    run_id: str
    stages: tuple[Stage, ...]
    checks: tuple[Check, ...]
    was_read: bool

    @property
    def complete(self) -> bool:
        """Whether everything of the run is in the books, was read back, and ties."""
        return self.was_read and self.ties

    @property
    def ties(self) -> bool:
        """Whether every equation holds."""
        return all(check.ties for check in self.checks)

    def to_plain(self) -> dict[str, Any]:
        """The tie-out as JSON values."""
        stages = [
            {"name": one.name, "count": one.count, "minor": dict(one.minor), "note": one.note} for one in self.stages
        ]
        return {"run": self.run_id, "ties": self.ties, "stages": stages, "checks": [asdict(one) for one in self.checks]}


def tie_out(
    run_id: str,
    remote: Mapping[str, RemoteDocument] | None = None,
    accepted: Mapping[str, Mapping[str, int]] | None = None,
) -> TieOut:
    """Tie a run out.

    Args:
        run_id: the run.
        remote: its documents as read back from the books, by number; None when they were not read.
        accepted: by number, what the books have more than was booked, per currency, where a person has accepted that.
    """
    run = look(run_id)
    documents = ledger.read("document", "run_id = ?", [run.run_id])
    heads = documents.select("document_id", "currency")
    tally = _tally(run.state, which_ledger())
    back = _own("credit_line", documents, ["document_id", "charge_id", "net_minor"]).join(heads, on="document_id")
    credits_made = ledger.read("credit", "run_id = ?", [run.run_id])
    adjusted = ledger.read("adjustment", "run_id = ?", [run.run_id])
    differences = _signed(documents)
    receipts = _own("receipt", documents).join(documents.select("document_id", "number"), on="document_id")
    added = _own_taxes(documents, receipts)
    made, put_off, joined, net = map(_money_of, (tally.charges, tally.waiting, tally.earlier, tally.lines))
    charges, waiting, earlier, lines = map(_count_of, (tally.charges, tally.waiting, tally.earlier, tally.lines))
    total, booked = _sum(documents, "total_minor"), _sum(receipts, "total_minor")
    unbilled = credits_made.join(back.select("charge_id"), on="charge_id", how="anti")
    taken, never, returned = _sum(credits_made, "amount_minor"), _sum(unbilled, "amount_minor"), _sum(back, "net_minor")
    stages = [
        *_row_stages(run.plain),
        Stage("opening entries", tally.openings, {}, "before go-live, amount 0"),
        Stage("charges of this run", charges, made, "net"),
        Stage("charges put off to their month's end", waiting, put_off, "net"),
        Stage("charges of earlier runs, billed now", earlier, joined, "net"),
        Stage("lines", lines, net, "net"),
        *_credit_stages(credits_made, taken, unbilled),
        *_difference_stages(adjusted),
        Stage("documents", documents.height, total, "total with tax"),
        *_tax_stages(added),
        Stage("receipts", receipts.height, booked, "total with tax"),
    ]
    checks = [
        Check("charges and lines", charges + earlier, waiting + lines),
        *_money("net of charges and lines", _plus(made, joined), _plus(put_off, net)),
        Check("credits and lines of credit notes", credits_made.height, unbilled.height + back.height),
        *_money("net of credits and lines of credit notes", taken, _plus(never, returned)),
        Check("adjustments and lines of differences", adjusted.height, differences.height),
        *_money(
            "net of adjustments and lines of differences", _sum(adjusted, "amount_minor"), _sum(differences, "owed")
        ),
        *_money(
            "net of lines and documents",
            _plus(_plus(net, returned), _sum(differences, "net_minor")),
            _sum(documents, "net_minor"),
        ),
        Check("documents and receipts", documents.height, receipts.height),
        *_money("total of documents and receipts", _plus(total, _sum(added, "more_minor")), booked),
    ]
    if remote is not None:
        read, more = _remote_sum(remote), accepted or {}
        gone = sum(number not in remote for number in more)
        stages += _accepted_stages(more, gone)
        stages += _read_stages(remote)
        checks.append(Check("receipts and documents read back", receipts.height, len(remote) + gone))
        checks += _money("total of receipts and of the books", _plus(booked, _more_sum(more)), read)
    return TieOut(run.run_id, tuple(stages), tuple(checks), was_read=remote is not None)


def _own(table: str, documents: pl.DataFrame, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of a table that belong to these documents."""
    return ledger.read_among(table, "document_id", documents["document_id"], columns=columns)


def _read_stages(remote: Mapping[str, RemoteDocument]) -> list[Stage]:
    """What the books have; and apart from it what stands in files, of which nobody knows whether they were imported."""
    filed = {number: one for number, one in remote.items() if one.file}
    there = {number: one for number, one in remote.items() if not one.file}
    stages = [Stage("documents read back from the books", len(there), _remote_sum(there), "total with tax")]
    if not filed:
        return stages
    note = "total with tax; whether the books have them is not known"
    return [*(stages if there else ()), Stage("documents in files for import", len(filed), _remote_sum(filed), note)]


def _credit_stages(made: pl.DataFrame, taken: Mapping[str, int], unbilled: pl.DataFrame) -> list[Stage]:
    """What a correction takes back; a run that is none has no such stage."""
    if made.is_empty():
        return []
    told = f"; {unbilled.height} of them on no document" if unbilled.height else ""
    return [Stage("charges credited", made.height, taken, f"net{told}")]


def _signed(documents: pl.DataFrame) -> pl.DataFrame:
    """The lines of differences, with what is `owed` by them: below zero on a credit note."""
    heads = documents.select("document_id", "currency", "kind")
    lines = _own("adjustment_line", documents).join(heads, on="document_id")
    less = pl.col("kind") == CREDIT_NOTE
    return lines.with_columns(owed=pl.when(less).then(-pl.col("net_minor")).otherwise("net_minor"))


def _difference_stages(adjusted: pl.DataFrame) -> list[Stage]:
    """What is owed more or less for charges that stay; a run without such has no such stage."""
    return [Stage("differences", adjusted.height, _sum(adjusted, "amount_minor"), "net")] if adjusted.height else []


def _own_taxes(documents: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """Documents whose tax the books computed themselves, with what that makes `more_minor` than was predicted.

    Whose net is another than the approved one is none of them: that is drift.
    """
    events = _own("document_event", documents).filter(pl.col("state") == "tax")
    predicted = documents.join(events, on="document_id", how="semi").select(
        "document_id", "currency", "net_minor", predicted="total_minor"
    )
    own = predicted.join(receipts.select("document_id", "net_minor", "total_minor"), on=["document_id", "net_minor"])
    return own.with_columns(more_minor=pl.col("total_minor") - pl.col("predicted"))


def _tax_stages(added: pl.DataFrame) -> list[Stage]:
    """The tax that the books computed; a run without such has no such stage."""
    if added.is_empty():
        return []
    note = "what it is more than the predicted tax"
    return [Stage("tax computed by the books", added.height, _sum(added, "more_minor"), note)]


def _accepted_stages(accepted: Mapping[str, Mapping[str, int]], gone: int) -> list[Stage]:
    """What a person has accepted of the books; a run without such has no such stage."""
    if not accepted:
        return []
    note = f"what the books have more or less; {gone} of them are there no more"
    return [Stage("accepted as the books have them", len(accepted), _more_sum(accepted), note)]


def _row_stages(plan: Mapping[str, Any]) -> list[Stage]:
    kinds_of = plan["row_kinds"].items()
    rows = [Stage(f"rows of {name}", sum(kinds.values()), {}, _listed(kinds)) for name, kinds in kinds_of]
    records = [Stage(kind, *_of_records(buckets)) for kind, buckets in plan["buckets"].items() if buckets]
    timed = [
        Stage(f"by time alone: {kind}", sum(one["buckets"].values()), {}, _listed(one["buckets"]))
        for kind, one in plan.get("terms", {}).get("events", {}).items()
    ]
    return [*rows, *records, *timed]


def _of_records(buckets: Mapping[str, int]) -> tuple[int, Mapping[str, int], str]:
    """How many records of a kind there are and in which buckets; rows that never became a record are told after it."""
    rows = {name: number for name, number in buckets.items() if name in ("blocked_row", "template_row")}
    inside = {name: number for name, number in buckets.items() if name not in rows}
    note = "; besides ".join(part for part in (_listed(inside), _listed(rows)) if part)
    return sum(inside.values()), {}, note


def _listed(counted: Mapping[str, int]) -> str:
    order = [bucket.value for bucket in Bucket]
    names = sorted(counted, key=lambda name: (order.index(name) if name in order else len(order), name))
    return ", ".join(f"{counted[name]} {name.replace('_', ' ')}" for name in names)


@lru_cache(maxsize=_TALLIES_KEPT)
def _tally(state: RunState, _of: bytes) -> ledger.RunTally:
    """The charges and lines of a run in this state: all come with its approval, and none is changed afterwards."""
    return ledger.tally_run(state.run_id)


def _count_of(tallies: Sequence[ledger.Tally]) -> int:
    return sum(one.count for one in tallies)


def _money_of(tallies: Sequence[ledger.Tally]) -> dict[str, int]:
    return {one.currency: one.minor for one in tallies}


def _sum(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(frame.group_by("currency").agg(pl.col(column).sum()).sort("currency").iter_rows())


def _money(name: str, left: Mapping[str, int], right: Mapping[str, int]) -> list[Check]:
    return [Check(name, left.get(code, 0), right.get(code, 0), code) for code in sorted({*left, *right})]


def _plus(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {code: one.get(code, 0) + other.get(code, 0) for code in {*one, *other}}


def _more_sum(accepted: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for more in accepted.values():
        total = _plus(total, more)
    return dict(sorted(total.items()))


def _remote_sum(remote: Mapping[str, RemoteDocument]) -> dict[str, int]:
    total: dict[str, int] = {}
    for document in remote.values():
        total[document.currency] = total.get(document.currency, 0) + document.total_minor
    return dict(sorted(total.items()))
