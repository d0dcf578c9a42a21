"""The tables of a run for whoever pages through them: filtered, searched and cut before a row is made into words.

A run may have hundreds of thousands of rows, and a page shows some dozens of them; so each table is a frame until then.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from connector.domain.documents import CREDIT_NOTE
from connector.domain.money import Money
from connector.domain.places import Cell
from connector.ledger import outbox
from connector.printed import Value
from connector.runs.changes import cells_to_plain, rows_to_plain, signed
from connector.runs.drift import in_files
from connector.runs.looked import Looked
from connector.runs.views import state_of
from connector.runs.words import BUCKETS, READY

# The tables of what has changed since the last upload, and the frame of each.
CHANGES: Mapping[str, str] = {"changed-rows": "changed_rows", "changes": "changed_cells"}
_PLACE = ("source", "sheet", "row")
_OF_RATED = ("charge_id", "tier", "rule_id", *_PLACE)


@dataclass(frozen=True)
class Asked:
    """Which rows are wanted.

    Attributes:
        search: a text that one of the searched columns must hold, whatever its case; empty for all.
        choice: one of the table's choices, such as a bucket; empty for all.
        start, most: the first row of the page, from 0, and how many there are at most.
    """

    search: str = ""
    choice: str = ""
    start: int = 0
    most: int = 50


@dataclass(frozen=True)
class Row:
    """One row: what names it (a charge, a document; empty for none), and its values."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Page:
    """A page of a table.

    Attributes:
        columns: their headings.
        rows: those of the page.
        total: how many rows fit what was asked.
        choices: what the rows can be chosen by, with the number of rows of each.
        numbers: the columns that hold numbers or money.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    total: int
    choices: Mapping[str, int]
    numbers: frozenset[int]


@dataclass(frozen=True)
class _Kind:
    """How one table is made.

    Attributes:
        title: its heading.
        columns: its columns' headings.
        frame: all of its rows.
        searched: the columns that a search looks into; those that a table lacks are left out.
        chosen: the column that rows are chosen by; empty for none.
        rows: some rows of the frame in words.
        numbers: the places of the columns that hold numbers or money.
    """

    title: str
    columns: tuple[str, ...]
    frame: Callable[[Looked], pl.DataFrame]
    searched: tuple[str, ...]
    chosen: str
    rows: Callable[[Looked, pl.DataFrame], Iterator[Row]]
    numbers: frozenset[int] = frozenset()


def titles(run: Looked) -> dict[str, tuple[str, int]]:
    """The tables of a run that have rows: by name their heading and how many."""
    counted = {name: (kind.title, kind.frame(run).height) for name, kind in _KINDS.items()}
    return {name: found for name, found in counted.items() if found[1]}


def page(run: Looked, name: str, asked: Asked) -> Page:
    """A page of a table.

    Args:
        run: the run.
        name: of `titles`.
        asked: which rows.

    Raises:
        KeyError: there is no table of this name.
    """
    kind = _KINDS[name]
    return _cut(kind, kind.frame(run), asked, partial(kind.rows, run))


def changes_page(frames: Mapping[str, pl.DataFrame], name: str, asked: Asked) -> Page:
    """A page of a table of what has changed, of whatever was compared.

    Args:
        frames: `changed_cells` and `changed_rows`, as a plan has them.
        name: `changes` or `changed-rows`.
        asked: which rows.

    Raises:
        KeyError: there is no table of this name.
    """
    rows = {"changes": _cells, "changed-rows": _changed_rows}[name]
    return _cut(_KINDS[name], frames[CHANGES[name]], asked, rows)


def _cut(kind: _Kind, frame: pl.DataFrame, asked: Asked, rows: Callable[[pl.DataFrame], Iterator[Row]]) -> Page:
    choices: Mapping[str, int] = {}
    if asked.search:
        own = [one for one in kind.searched if one in frame.columns]
        wanted = asked.search.lower()
        frame = frame.filter(
            pl.any_horizontal(pl.col(one).str.to_lowercase().str.contains(wanted, literal=True) for one in own)
        )
    if kind.chosen and kind.chosen in frame.columns:
        named = frame.filter(pl.col(kind.chosen).is_not_null())
        choices = dict(named.group_by(kind.chosen).len().sort(kind.chosen).iter_rows())
        if asked.choice:
            frame = frame.filter(pl.col(kind.chosen) == asked.choice)
    cut = frame.slice(max(asked.start, 0), asked.most)
    return Page(kind.columns, tuple(rows(cut)), frame.height, choices, kind.numbers)


def _document_frame(run: Looked) -> pl.DataFrame:
    """The documents of a run: those of the plan, and of an approved run where each is."""
    told = [
        {
            "document_id": one["document_id"],
            "partner": one["document"]["party"]["partner_id"],
            "name": one["document"]["party"]["name"],
            "entity": one["document"]["selling_entity"],
            "tenant": one["document"]["tenant"],
            "kind": one["document"]["kind"],
            "currency": one["document"]["currency"],
            "dated": one["document"]["dated"],
            "moved_from": one["document"].get("moved_from"),
            "due": one["document"]["due"],
            "net": one["net_minor"],
            "tax": one["tax_minor"],
            "total": one["total_minor"],
            "planned": "blocked: " + "; ".join(text for _, text in one["faults"]) if one["faults"] else "",
        }
        for one in run.plain["documents"]
    ]
    frame = pl.DataFrame(told, schema=_DOCUMENTS)
    filed = in_files()
    where = [
        (one.document_id, one.number, state_of(one, is_filed=one.document_id in filed), one.detail, one.remote_id)
        for one in outbox.whereabouts(run.run_id)
    ]
    sent = pl.DataFrame(where, schema=_SENT, orient="row")
    counted = run.frame("lines").group_by("document_id").agg(lines=pl.len())
    ready = pl.col("kind").replace_strict(READY, default="ready")
    return (
        frame.join(sent, on="document_id", how="left", maintain_order="left")
        .join(counted, on="document_id", how="left", maintain_order="left")
        .with_columns(
            state=pl.coalesce("state", pl.when(pl.col("planned") != "").then(pl.lit("blocked")).otherwise(ready)),
            detail=pl.coalesce("detail", "planned"),
            lines=pl.col("lines").fill_null(0),
        )
    )


_DOCUMENTS = {
    **dict.fromkeys(
        ("document_id", "partner", "name", "entity", "tenant", "kind", "currency", "dated", "moved_from", "due"),
        pl.String,
    ),
    **dict.fromkeys(("net", "tax", "total"), pl.Int64),
    "planned": pl.String,
}
_SENT = dict.fromkeys(("document_id", "number", "state", "detail", "remote_id"), pl.String)


def _documents(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    for one in frame.iter_rows(named=True):
        sign, code = -1 if one["kind"] == CREDIT_NOTE else 1, one["currency"]
        dated = f"{one['dated']} (for {one['moved_from']}, which is locked)" if one["moved_from"] else one["dated"]
        values: tuple[Value, ...] = (
            one["number"] or "",
            f"{one['partner']} {one['name']}",
            one["entity"],
            dated,
            one["due"],
            one["lines"],
            Money(one["net"], code),
            Money(one["tax"], code),
            Money(sign * one["total"], code),
            one["state"],
            one["detail"] or "",
        )
        yield Row(one["number"] or "", values)


def _line_frame(run: Looked) -> pl.DataFrame:
    """The lines of the documents that are not blocked, with their partner and currency."""
    heads = [
        (one["document_id"], one["document"]["party"]["partner_id"], one["document"]["currency"])
        for one in run.plain["documents"]
        if not one["faults"]
    ]
    own = pl.DataFrame(heads, schema=dict.fromkeys(("document_id", "partner", "currency"), pl.String), orient="row")
    return run.frame("lines").join(own, on="document_id", how="inner", maintain_order="left")


def _lines(run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    why = rated_of(run, frame["charge_id"].to_list(), _OF_RATED)
    for one in frame.iter_rows(named=True):
        own, code = why.get(one["charge_id"], {}), one["currency"]
        values: tuple[Value, ...] = (
            one["partner"],
            one["description"],
            own.get("tier") or "",
            one["quantity"],
            Money(one["net_minor"], code),
            Money(one["tax_minor"], code),
            one["account"],
            one["tax_code"],
            own.get("rule_id") or "",
            str(Cell(own["source"], own["sheet"], own["row"])) if own else "charged by an earlier run",
        )
        yield Row(one["charge_id"], values)


def rated_of(run: Looked, charges: Sequence[str], columns: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """What the run's charges and adjustments of these ids say: rule, tier, price, row; or some columns of that."""
    frames = (run.frame(name, columns) for name in ("charges", "adjustments"))
    return {
        row["charge_id"]: row
        for frame in frames
        if frame.width
        for row in frame.filter(pl.col("charge_id").is_in(charges)).iter_rows(named=True)
    }


def _row_frame(run: Looked) -> pl.DataFrame:
    """Every row; one that is no record is chosen by its kind."""
    return run.frame("rows").with_columns(became=pl.coalesce("bucket", pl.concat_str("kind", pl.lit(" row"))))


def _rows(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    for one in frame.iter_rows(named=True):
        texts = [one[name] or "" for name in ("partner_id", "subject")]
        became = BUCKETS.get(one["bucket"] or "", one["became"].replace("_", " "))
        why = [one[name] or "" for name in ("reason", "rule_id", "code")]
        place = str(Cell(*(one[name] for name in _PLACE)))
        yield Row("", (place, *texts, became, *why, "hidden" if one["hidden"] else ""))


def _problem_frame(run: Looked) -> pl.DataFrame:
    columns = ("where", "severity", "message", "next_step", "code")
    rows = [tuple(one[name] for name in columns) for one in run.plain["problems"]]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _problems(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    return (Row("", values) for values in frame.iter_rows())


def _terms(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    for one in frame.iter_rows(named=True):
        is_charged = one["bucket"] in ("billed", "awaiting_document")
        values: tuple[Value, ...] = (
            one["partner_id"] or "",
            one["name"] or one["subject_id"],
            one["metric"] or "",
            one["ordinal"],
            _day(one["event_on"]),
            BUCKETS.get(one["bucket"], one["bucket"]),
            Money(one["amount_minor"], one["currency"]) if is_charged else "",
            one["reason"] or "",
        )
        yield Row("", values)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _cells(frame: pl.DataFrame) -> Iterator[Row]:
    for one in cells_to_plain(frame):
        money = "yes" if one["changes_money"] else ""
        yield Row("", (one["where"], one["title"], one["before"] or "", one["after"] or "", money))


def _changed_rows(frame: pl.DataFrame) -> Iterator[Row]:
    for one in rows_to_plain(frame):
        buckets = (BUCKETS.get(word, word.replace("_", " ")) for word in (one["bucket_before"] or "", one["bucket"]))
        money = ", ".join(signed(minor, code) for code, minor in one["money"].items())
        yield Row("", (one["where"], one["record_kind"], one["change"], one["cells"] or "", *buckets, money))


def _hold_frame(run: Looked) -> pl.DataFrame:
    columns = ("charge_id", "partner_id", "by", "at", "reason")
    rows = [tuple(one[name] for name in columns) for one in run.plain["on_hold"]]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _holds(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    for charge, partner, by, at, reason in frame.iter_rows():
        yield Row(charge, (charge, partner, by, at[:10], reason))


def _check_frame(run: Looked) -> pl.DataFrame:
    return pl.DataFrame(
        [(one["name"], one["left"], one["right"], one["currency"]) for one in run.plain["checks"]],
        schema={"name": pl.String, "left": pl.Int64, "right": pl.Int64, "currency": pl.String},
        orient="row",
    )


def _checks(_run: Looked, frame: pl.DataFrame) -> Iterator[Row]:
    for name, left, right, code in frame.iter_rows():
        sides: tuple[Value, ...] = (Money(left, code), Money(right, code)) if code else (left, right)
        yield Row("", (name, *sides, "yes" if left == right else "no"))


_KINDS: Mapping[str, _Kind] = {
    "documents": _Kind(
        "Documents",
        ("number", "partner", "entity", "dated", "due", "lines", "net", "tax", "total", "state", "detail"),
        _document_frame,
        ("number", "partner", "name", "state", "detail"),
        "state",
        _documents,
        frozenset({5, 6, 7, 8}),
    ),
    "lines": _Kind(
        "Lines",
        ("partner", "line", "tier", "quantity", "net", "tax", "account", "tax code", "rule", "source"),
        _line_frame,
        ("partner", "description", "charge_id", "account", "tax_code"),
        "partner",
        _lines,
        frozenset({3, 4, 5}),
    ),
    "rows": _Kind(
        "Every row",
        ("row", "partner", "what", "bucket", "why", "rule", "code", "hidden"),
        _row_frame,
        ("source", "partner_id", "subject", "reason", "rule_id", "code"),
        "became",
        _rows,
    ),
    "problems": _Kind(
        "Problems",
        ("where", "severity", "what", "next step", "code"),
        _problem_frame,
        ("where", "message", "next_step", "code"),
        "severity",
        _problems,
    ),
    "terms": _Kind(
        "Terms",
        ("partner", "client", "metric", "term", "begins", "bucket", "amount", "why"),
        lambda run: run.frame("terms"),
        ("partner_id", "name", "metric", "reason"),
        "bucket",
        _terms,
        frozenset({3, 6}),
    ),
    "changes": _Kind(
        "Changed cells",
        ("cell", "what", "before", "now", "changes money"),
        lambda run: run.frame("changed_cells"),
        ("source", "before", "after", "field"),
        "",
        lambda _run, frame: _cells(frame),
    ),
    "changed-rows": _Kind(
        "Changed rows",
        ("row", "records", "change", "changed cells", "bucket before", "bucket now", "money"),
        lambda run: run.frame("changed_rows"),
        ("source", "record_kind", "change", "bucket_before", "bucket"),
        "change",
        lambda _run, frame: _changed_rows(frame),
        frozenset({3, 6}),
    ),
    "holds": _Kind(
        "On hold",
        ("charge", "partner", "by", "on", "reason"),
        _hold_frame,
        ("charge_id", "partner_id", "by", "reason"),
        "",
        _holds,
    ),
    "checks": _Kind(
        "Checks",
        ("equation", "left", "right", "ties"),
        _check_frame,
        ("name",),
        "",
        _checks,
        frozenset({1, 2}),
    ),
}
