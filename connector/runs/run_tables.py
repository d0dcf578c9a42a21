"""The tables of a run for whoever pages through them: filtered, searched and cut before a row is made into words.

A run may have hundreds of thousands of rows, and a page shows some dozens of them; so each table is a frame until then.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from connector.runs import run_rows
from connector.runs.looked import Looked
from connector.runs.run_rows import Row

# The tables of what has changed since the last upload, and the frame of each.
CHANGES: Mapping[str, str] = {"changed-rows": "changed_rows", "changes": "changed_cells"}


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
    rows = {"changes": run_rows.cells, "changed-rows": run_rows.changed_rows}[name]
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


_KINDS: Mapping[str, _Kind] = {
    "documents": _Kind(
        "Documents",
        ("number", "partner", "entity", "dated", "due", "lines", "net", "tax", "total", "state", "detail"),
        run_rows.document_frame,
        ("number", "partner", "name", "state", "detail"),
        "state",
        run_rows.documents,
        frozenset({5, 6, 7, 8}),
    ),
    "lines": _Kind(
        "Lines",
        ("partner", "line", "tier", "quantity", "net", "tax", "account", "tax code", "rule", "source"),
        run_rows.line_frame,
        ("partner", "description", "charge_id", "account", "tax_code"),
        "partner",
        run_rows.lines,
        frozenset({3, 4, 5}),
    ),
    "rows": _Kind(
        "Every row",
        ("row", "partner", "what", "bucket", "why", "rule", "code", "hidden"),
        run_rows.row_frame,
        ("source", "partner_id", "subject", "reason", "rule_id", "code"),
        "became",
        run_rows.rows,
    ),
    "problems": _Kind(
        "Problems",
        ("where", "severity", "what", "next step", "code"),
        run_rows.problem_frame,
        ("where", "message", "next_step", "code"),
        "severity",
        run_rows.problems,
    ),
    "terms": _Kind(
        "Terms",
        ("partner", "client", "metric", "term", "begins", "bucket", "amount", "why"),
        lambda run: run.frame("terms"),
        ("partner_id", "name", "metric", "reason"),
        "bucket",
        run_rows.terms,
        frozenset({3, 6}),
    ),
    "changes": _Kind(
        "Changed cells",
        ("cell", "what", "before", "now", "changes money"),
        lambda run: run.frame("changed_cells"),
        ("source", "before", "after", "field"),
        "",
        lambda _run, frame: run_rows.cells(frame),
    ),
    "changed-rows": _Kind(
        "Changed rows",
        ("row", "records", "change", "changed cells", "bucket before", "bucket now", "money"),
        lambda run: run.frame("changed_rows"),
        ("source", "record_kind", "change", "bucket_before", "bucket"),
        "change",
        lambda _run, frame: run_rows.changed_rows(frame),
        frozenset({3, 6}),
    ),
    "holds": _Kind(
        "On hold",
        ("charge", "partner", "by", "on", "reason"),
        run_rows.hold_frame,
        ("charge_id", "partner_id", "by", "reason"),
        "",
        run_rows.holds,
    ),
    "checks": _Kind(
        "Checks",
        ("equation", "left", "right", "ties"),
        run_rows.check_frame,
        ("name",),
        "",
        run_rows.checks,
        frozenset({1, 2}),
    ),
}
