"""The lines of drafts as one frame: what many lines are looked at through, and what is kept of them in a run plan."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from decimal import Decimal

import polars as pl

from connector.billing.invoicing import Draft
from connector.domain.documents import Line
from connector.tables.schemas import Schema

LINES: Schema = {
    "document_id": pl.String,
    "charge_id": pl.String,
    "description": pl.String,
    "item": pl.String,
    "item_code": pl.String,
    "account": pl.String,
    "tax_code": pl.String,
    "tax_percent": pl.String,  # exact decimal
    "quantity": pl.Int64,
    "unit_minor": pl.Int64,
    "net_minor": pl.Int64,
    "tax_minor": pl.Int64,
    "adjustment_id": pl.String,  # null but where the line bills a difference
}
_OF_LINE = tuple(field.name for field in fields(Line))


def line_frame(drafts: Iterable[Draft]) -> pl.DataFrame:
    """Every line of the drafts in their order, under `LINES`."""
    own = [(draft.document_id, line) for draft in drafts for line in draft.document.lines]
    columns: dict[str, list[object]] = {name: [getattr(line, name) for _, line in own] for name in _OF_LINE}
    columns["document_id"] = [document for document, _ in own]
    columns["tax_percent"] = [str(percent) for percent in columns["tax_percent"]]
    return pl.DataFrame({name: pl.Series(name, columns[name], dtype=kind) for name, kind in LINES.items()})


def without_lines(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """The drafts as their lines are kept apart."""
    return (replace(draft, document=replace(draft.document, lines=())) for draft in drafts)


def with_lines(drafts: Sequence[Draft], lines: pl.DataFrame) -> tuple[Draft, ...]:
    """The drafts with their lines of a frame under `LINES`."""
    found: dict[str, list[Line]] = {draft.document_id: [] for draft in drafts}
    percents = {text: Decimal(text) for text in lines["tax_percent"].unique()}
    at = _OF_LINE.index("tax_percent")
    for document, *values in lines.select("document_id", *_OF_LINE).iter_rows():
        values[at] = percents[values[at]]
        found[document].append(Line(*values))
    return tuple(
        replace(draft, document=replace(draft.document, lines=tuple(found[draft.document_id]))) for draft in drafts
    )
