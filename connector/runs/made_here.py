"""Clients that are made here by hand: their files, sources like any other, and what each would be billed beforehand.

A stranger's trap: a price is told by the steps of a plan itself. The rows are read by the mappings, the client is
identified and its event rated; so what is told is what a run would bill, and no second reading of a row exists.
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from connector import ledger
from connector.domain.money import Money
from connector.domain.problems import Severity
from connector.domain.words import Bucket, RecordKind
from connector.intake import Intake, Limits, read_sources
from connector.intake import Mapping as Layout
from connector.rulebook import Rulebook
from connector.runs.errors import INPUT, StopError
from connector.runs.events import (
    Basis,
    counted,
    events_of_bundles,
    events_of_clients,
    given,
    identified,
    run_days,
    settle,
)
from connector.runs.known import Known, read_for, read_partners
from connector.runs.standing import each_asked
from connector.runs.workspace import Files

FILE, TEMPLATES_FILE = "made-here.csv", "made-here-templates.csv"
Row = Mapping[str, str]
_DIGITS = 9  # of a number at most: more than there will be, and less than a database refuses


def reference(number: int) -> str:
    """The id of the client of this number: `W-000001`."""
    return f"W-{number:06d}"


@dataclass(frozen=True)
class Quote:
    """What a client would be billed.

    Attributes:
        bucket: where its record would end, a word of `domain.words.Bucket`.
        plan: the plan it has, its own or its template's.
        domain: its website's domain, as it is compared.
        event_on: the day of what is billed.
        tier: its tier and what says so; empty where it is not priced by size.
        near: the tiers beside it, with their prices.
        price: the amount; None where nothing would be billed.
        book: which price book says so, and where.
        why: why nothing would be billed, or not now; empty where it would.
    """

    bucket: str
    plan: str
    domain: str
    event_on: date
    tier: str
    near: str
    price: Money | None
    book: str
    why: str


@dataclass(frozen=True)
class Asking:
    """Who asks for a price.

    Attributes:
        files: the rules and mappings.
        limits: of what is read.
        now: when, UTC.
        only: the one partner that is told of; empty for any.
        templates: the rows of the templates made here.
    """

    files: Files
    limits: Limits
    now: datetime
    only: str = ""
    templates: Sequence[Row] = ()


def number_of(text: str) -> int:
    """The number of an id such as `W-000001`; 0 for what is none."""
    digits = text.upper().removeprefix("W-")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS else 0


def file_text(rows: Iterable[Row], mapping: Layout, kind: RecordKind = RecordKind.CLIENTS) -> str:
    """The file of these rows, under the headers by which the mapping knows it.

    Args:
        rows: clients or templates made here.
        mapping: `Mappings.made_here`.
        kind: which of the two.
    """
    titles = next(one.titles for one in mapping.records if one.kind is kind)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles.values())
    writer.writerows([row.get(one, "") for one in titles] for row in rows)
    return text.getvalue()


def write_files(
    folder: Path, mapping: Layout, clients: Sequence[Row], templates: Sequence[Row] = ()
) -> tuple[Path, ...]:
    """Write the files of what was made here, each whole or not at all: clients last, for they name templates.

    Args:
        folder: where.
        mapping: `Mappings.made_here`.
        clients: the rows of clients; of none there is no file.
        templates: those of templates, likewise.

    Returns:
        the paths of those that were written.

    Raises:
        OSError: a file cannot be written.
    """
    written = []
    parts = ((TEMPLATES_FILE, templates, RecordKind.TEMPLATES), (FILE, clients, RecordKind.CLIENTS))
    for name, rows, kind in parts:
        path, partial = folder / name, folder / f".{name}.{os.getpid()}.partial"
        if rows:
            partial.write_text(file_text(rows, mapping, kind), encoding="utf-8")
            written.append(partial.replace(path))
        else:
            path.unlink(missing_ok=True)
    return tuple(written)


def today(rulebook: Rulebook, partner_id: str, now: datetime) -> date:
    """The day that a partner's selling entity has now.

    Raises:
        StopError: there is no such partner, or its selling entity is not declared any more.
    """
    days = run_days(rulebook.entities, now, None)
    own = read_partners().filter(pl.col("partner_id") == partner_id).sort("valid_from")
    begun = [row for row in own.iter_rows(named=True) if row["valid_from"] <= days.get(row["selling_entity"], date.min)]
    if not begun:
        step = "Give the id of a partner that the partner master knows and that is valid today."
        raise StopError(f"there is no partner {partner_id or 'given'}", step, INPUT)
    return days[begun[-1]["selling_entity"]]


def templates(partner_id: str = "") -> tuple[tuple[str, str, str], ...]:
    """The templates that this partner may use, or all of them.

    Returns:
        the name of each, whose it is (empty: anybody's), and its plan (empty where it has had several).
    """
    known = ledger.read("template_version", columns=["template", "partner_id", "plan"]).with_columns(
        pl.col("partner_id").fill_null("")
    )
    if partner_id:
        known = known.filter(pl.col("partner_id").is_in(["", partner_id]))
    several = pl.col("plan").n_unique() > 1
    plans = pl.when(several).then(pl.lit("")).otherwise(pl.col("plan").first())
    return tuple(known.group_by("template", "partner_id").agg(plan=plans).sort("template", "partner_id").iter_rows())


def quote(asking: Asking, rows: Sequence[Row]) -> Quote:
    """What the last of these clients would be billed by a run from all of them.

    Args:
        asking: who asks.
        rows: the clients made here of its partner, it as the last.

    Raises:
        StopError: its row cannot be read; with each fault in the message.
    """
    files, number = asking.files, len(rows) + 1  # the header is row 1
    read = _read(asking, rows)
    _refuse_faults(read, number)
    records = {kind: getattr(read, kind.value) for kind in RecordKind}
    known = _narrowed(read_for(each_asked(read.clients), files.rulebook), asking.only)
    basis = Basis("", asking.now, None, files.rulebook, known)
    context = given(basis, records).context
    events = events_of_clients(basis, identified(basis, read.clients), context)
    bundles = events_of_bundles(basis, read.bundles, context)
    settled = settle(files.rulebook, counted(basis, events, bundles, context)[0], known.charges)
    return _quote(settled.filter(pl.col("row") == number).to_dicts()[0], context.near_tiers)


def _read(asking: Asking, rows: Sequence[Row]) -> Intake:
    with TemporaryDirectory(prefix="connector-made-") as folder:
        paths = write_files(Path(folder), asking.files.mappings.made_here, rows, asking.templates)
        return read_sources(paths, asking.files.mappings, limits=asking.limits)


def _refuse_faults(read: Intake, number: int) -> None:
    """Refuse a row that is no record."""
    if number in read.clients["row"]:
        return
    wrong = [
        one for one in read.problems if one.severity is Severity.ERROR and getattr(one.place, "row", 0) in (0, number)
    ]
    told = "; ".join(one.message for one in wrong) or "it would not be read as a client"
    step = " ".join(dict.fromkeys(one.next_step for one in wrong)) or "Give it another name."
    raise StopError(told, step, INPUT)


def _narrowed(known: Known, only: str) -> Known:
    """What one partner may be told of: its own clients."""
    if not only:
        return known
    own = pl.col("partner_id") == only
    aliases, versions = known.aliases.filter(own), known.versions.filter(own)
    return replace(
        known,
        aliases=aliases,
        history=known.history.filter(own),
        versions=versions,
        labels=known.labels.filter(pl.col("client_id").is_in(aliases["client_id"].implode())),
    )


def _quote(row: Mapping[str, Any], near: Mapping[str, str]) -> Quote:
    billed = row["bucket"] == Bucket.AWAITING_DOCUMENT.value
    tier = f"{row['tier']} employees, by {row['size_source']}" if row["tier"] and billed else ""
    return Quote(
        bucket=row["bucket"],
        plan=row["plan"] or "",
        domain=row["domain"] or "",
        event_on=row["event_on"],
        tier=tier,
        near=near.get(f"{row['price_place']} {row['tier']}", "") if tier else "",
        price=Money(row["amount_minor"], row["currency"]) if billed else None,
        book=f"{row['price_book']} at {row['price_place']}" if billed else "",
        why="" if billed else row["reason"] or "",
    )
