"""Why a line, a document or a client is billed as it is: rule, tier, price, source cell, and what the books said."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import polars as pl

from connector import ledger
from connector.billing.identity import reference_digest
from connector.domain.documents import Line
from connector.domain.employees import band_label
from connector.domain.money import Money
from connector.runs.adjusted import with_adjustments
from connector.runs.errors import INPUT, StopError
from connector.runs.lock_dates import dated_on
from connector.runs.views import DocumentState, document


@dataclass(frozen=True)
class Reason:
    """One charge explained: a title, and facts as label and text, in the order people ask for them."""

    title: str
    facts: tuple[tuple[str, str], ...]


def explain(subject: str, namespaces: Iterable[str] = ()) -> tuple[Reason, ...]:
    """Explain a document (`US-000001`), one line of it (`US-000001/2`), or a client.

    Args:
        subject: a number, or a client: our id, its id in a workbook, or its name.
        namespaces: whose ids the workbooks carry.

    Raises:
        StopError: nothing of that name is known.
    """
    number, _, line = subject.partition("/")
    known = set(ledger.read("document")["number"].to_list())
    if number in known:
        return _document_reasons(document(number), line)
    charges = _client_charges(subject, namespaces)
    if charges.is_empty():
        raise StopError(
            f"nothing is known of {subject}",
            "Name a document (US-000001), a line (US-000001/2), or a billed client by its id or name.",
            INPUT,
        )
    return _of_charges(charges)


def of_client(client_id: str, partner_id: str = "") -> tuple[Reason, ...]:
    """Explain the charges of a client that is known by our own id, the earliest event first.

    Args:
        client_id: our id; no name and no id in a workbook is looked for.
        partner_id: of those charges only what this partner is billed; empty for all.
    """
    charges = ledger.read("charge", "subject_type = ? AND subject_id = ?", ["client", client_id]).sort("event_on")
    rows = charges.filter((pl.col("partner_id") == partner_id) | (partner_id == ""))
    return _of_charges(rows)


def told_outside(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The same for somebody who is not of the house: a source by the name of its file, without its folders."""
    return tuple(Reason(one.title, tuple(_outside(label, text) for label, text in one.facts)) for one in reasons)


def _outside(label: str, text: str) -> tuple[str, str]:
    return label, PurePath(text).name if label == "source" else text


def of_document(found: DocumentState, start: int = 0, most: int | None = None) -> tuple[Reason, ...]:
    """Explain the lines of a document.

    Args:
        found: the document.
        start: the first line explained, from 0.
        most: how many at most; None: all that follow.
    """
    count = len(found.document.lines)
    return _of_lines(found, range(start + 1, count + 1 if most is None else min(start + most, count) + 1))


def _document_reasons(found: DocumentState, line: str) -> tuple[Reason, ...]:
    lines = found.document.lines
    if line and not (line.isdecimal() and 1 <= int(line) <= len(lines)):
        raise StopError(f"{found.document.number} has lines 1 to {len(lines)}, not {line}", "Mend the line.", INPUT)
    return _of_lines(found, [int(line)] if line else range(1, len(lines) + 1))


def _of_lines(found: DocumentState, positions: Sequence[int]) -> tuple[Reason, ...]:
    """Explain the lines at these positions, counted from 1."""
    items = {position: found.document.lines[position - 1] for position in positions}
    own = ledger.read_among("charge", "charge_id", {item.charge_id for item in items.values()})
    charges = {row["charge_id"]: row for row in own.iter_rows(named=True)}
    around = _Around.of(own)
    reasons = []
    for position, item in items.items():
        row = charges[item.charge_id] if item.adjustment_id is None else _with(charges[item.charge_id], item, around)
        tax = f"{item.tax_percent} % as {item.tax_code}: {Money(item.tax_minor, found.document.currency)}"
        title = f"{found.document.number}/{position} ({found.state}): {item.description}"
        reason = _reason(row, title, around)
        facts = (*reason.facts, ("tax", tax), ("account", item.account), ("document dated", dated_on(found.document)))
        reasons.append(Reason(title, facts))
    return tuple(reasons)


def _of_charges(charges: pl.DataFrame) -> tuple[Reason, ...]:
    around = _Around.of(charges)
    return tuple(_reason(row, "", around) for row in charges.iter_rows(named=True))


@dataclass(frozen=True)
class _Around:
    """What the ledger has of some charges besides themselves, read once for all of them.

    Attributes:
        sources: the names of their sources.
        erased: the kinds and ids of their subjects that are erased.
        credited: the run that credited a charge.
        adjustments: the differences of a charge, the first one first.
        lines, credit_lines, adjustment_lines: number and position of the line of a charge, of its credit, and of a
            difference.
    """

    sources: Mapping[str, str]
    erased: frozenset[tuple[str, str]]
    credited: Mapping[str, str]
    adjustments: Mapping[str, pl.DataFrame]
    lines: Mapping[str, str]
    credit_lines: Mapping[str, str]
    adjustment_lines: Mapping[str, str]

    @classmethod
    def of(cls, charges: pl.DataFrame) -> "_Around":
        """Read it; as many questions however many charges there are."""
        ids = charges["charge_id"].unique().to_list()
        adjustments = ledger.read_among("adjustment", "charge_id", ids).sort("sequence")
        erased = ledger.read_among("erasure", "owner_id", charges["subject_id"].unique().to_list())
        origins = pl.concat([charges["source_id"], adjustments["source_id"]]).drop_nulls().unique()
        sources = ledger.read_among("source", "source_id", origins.to_list())
        return cls(
            dict(sources.select("source_id", "name").iter_rows()),
            frozenset(erased.select("owner_type", "owner_id").iter_rows()),
            dict(ledger.read_among("credit", "charge_id", ids).select("charge_id", "run_id").iter_rows()),
            {str(charge): own for (charge,), own in adjustments.group_by("charge_id", maintain_order=True)},
            _places("document_line", "charge_id", ids),
            _places("credit_line", "charge_id", ids),
            _places("adjustment_line", "adjustment_id", adjustments["adjustment_id"].to_list()),
        )


def _places(table: str, key: str, ids: Sequence[str]) -> dict[str, str]:
    """Where lines stand, such as `US-000001/2`, by what they are of; the first line of each counts."""
    lines = ledger.read_among(table, key, ids)
    heads = ledger.read_among("document", "document_id", lines["document_id"].unique().to_list())
    placed = lines.join(heads.select("document_id", "number"), on="document_id", maintain_order="left")
    placed = placed.unique(key, keep="first", maintain_order=True)
    return dict(placed.select(key, pl.format("{}/{}", "number", "position")).iter_rows())


def _client_charges(subject: str, namespaces: Iterable[str]) -> pl.DataFrame:
    personal = ledger.read("personal")
    own = (pl.col("owner_type") == "client") & (pl.col("field") == "name")
    named = personal.filter(own & (pl.col("value").str.to_lowercase() == subject.lower()))["owner_id"].to_list()
    digests = [reference_digest(namespace, subject, ledger.alias_key()) for namespace in namespaces]
    aliases = ledger.read("client_alias")
    listed = aliases.filter(pl.col("digest").is_in(digests))["client_id"].to_list()
    charges = ledger.read("charge")
    return charges.filter(pl.col("subject_id").is_in([subject, *named, *listed])).sort("event_on")


def _reason(row: Mapping[str, Any], title: str, around: _Around) -> Reason:
    sheet = f"{row['sheet']}!" if row["sheet"] else ""
    amount = Money(row["amount_minor"], row["currency"])
    unit = Money(row["unit_minor"], row["currency"])
    facts = [
        ("charge", f"{row['charge_id']}, revision {row['revision']}"),
        ("bills", f"{_subject(row, around)}: {row['metric']}, term {row['ordinal']}"),
        ("event", f"{row['event']} on {row['event_on']}"),
        ("source", f"{around.sources[row['source_id']]}:{sheet}{row['row']} ({row['run_id']})"),
        ("rule", f"{row['rule_id']} at {row['rule_place']}"),
    ]
    facts += [*row.get("differs", ()), *_credit(row["charge_id"], around), *_differences(row, around)]
    if row["kind"] == "opening":
        facts.append(("amount", f"{amount}: an opening entry, before go-live"))
    else:
        facts += [
            ("tier", f"{row['tier']}, by {_size(row)}") if row["tier"] else ("tier", "none: not priced by size"),
            *([("neighbouring tiers", row["near_tiers"])] if row["near_tiers"] else []),
            ("price", f"{unit} by {row['price_book']} at {row['price_place']}"),
            *_changes(row),
            ("amount", f"{row['quantity']} × {unit} = {amount}" if _plain(row) else f"{amount} altogether"),
        ]
    facts.append(("rulebook", row["rulebook_digest"]))
    where = _document_of(row, around)
    return Reason(title or f"{where}: {row['metric']}, {row['event']} on {row['event_on']}", tuple(facts))


def _subject(row: Mapping[str, Any], around: _Around) -> str:
    own = (row["subject_type"], row["subject_id"])
    return " ".join(own) + (" (erased)" if own in around.erased else "")


def _credit(charge_id: str, around: _Around) -> list[tuple[str, str]]:
    """That the charge is credited, by which run and where; nothing where it stands."""
    if charge_id not in around.credited:
        return []
    where = f" on {around.credit_lines[charge_id]}" if charge_id in around.credit_lines else ""
    return [("credited", f"whole, by {around.credited[charge_id]}{where}")]


def _with(charge: Mapping[str, Any], line: Line, around: _Around) -> dict[str, Any]:
    """A charge as one of its adjustments left it, and as `differs` what it was before and where it stands."""
    entries = around.adjustments[charge["charge_id"]]
    sequence = entries.filter(pl.col("adjustment_id") == line.adjustment_id)["sequence"][0]
    before, after = (
        with_adjustments(pl.DataFrame([charge], schema=ledger.TABLES["charge"]), entries.filter(until)).to_dicts()[0]
        for until in (pl.col("sequence") < sequence, pl.col("sequence") <= sequence)
    )
    was = Money(before["amount_minor"], charge["currency"])
    return {**after, "differs": [("difference to", f"{_document_of(charge, around)}, {was} before")]}


def _differences(row: Mapping[str, Any], around: _Around) -> list[tuple[str, str]]:
    """What was billed more or less for the charge later, by which run and where."""
    if "differs" in row or row["charge_id"] not in around.adjustments:
        return []
    entries = around.adjustments[row["charge_id"]].to_dicts()
    where = around.adjustment_lines
    told = [
        (
            f"difference {one['sequence']}",
            f"{Money(one['amount_minor'], one['currency'])}, by {one['run_id']} on {where[one['adjustment_id']]}",
        )
        for one in entries
    ]
    net = row["amount_minor"] + sum(one["amount_minor"] for one in entries)
    return [*told, ("with its differences", str(Money(net, row["currency"])))]


def _plain(row: Mapping[str, Any]) -> bool:
    return bool(row["quantity"] * row["unit_minor"] == row["amount_minor"])


def _changes(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How a charge that is no plain unit × quantity came to its amount, and which rules lost against its own."""
    facts = []
    if row["basis"] is not None:
        facts.append(("counted", row["basis"]))
    if row["adjustments"] is not None:
        facts.append(("list price", str(Money(row["list_minor"], row["currency"]))))
        facts += [
            (f"adjusted by {one['rule']}", f"{one['what']}: {one['reason']}, at {one['place']}")
            for one in json.loads(row["adjustments"])
        ]
    if row["lost"] is not None:
        facts.append(("lost against it", row["lost"]))
    return facts


def _document_of(row: Mapping[str, Any], around: _Around) -> str:
    """Where a client's charge stands: its document and line, or why there is none."""
    none = "opening entry" if row["kind"] == "opening" else "waiting for its document"
    return around.lines.get(row["charge_id"], none)


def _size(row: Mapping[str, Any]) -> str:
    stated = []
    if row["count_low"] is not None:
        stated.append(f"count {row['count_low']}")
    if row["band_low"] is not None:
        stated.append(f"band {band_label(row['band_low'], row['band_high'])}")
    return f"{row['size_source']} ({' and '.join(stated)}, as of {row['size_as_of']})"
