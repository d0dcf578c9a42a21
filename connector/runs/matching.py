"""Which row of an upload is which row of an earlier one, whatever the order, the sheet or the file it stands in.

Round by round, the strictest first: equal contents, then the identity, then what most of its cells say. Each round is
one join over the rows that are left, and a row is given away once, so no number of equal rows can make it slow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connector.billing.digests import alike
from connector.domain.words import RecordKind

_PART = "\x1f"

# What makes two rows the same record for sure; overlaps are counted by these alone.
IDENTITIES: Mapping[RecordKind, tuple[str, ...]] = {
    RecordKind.PARTNERS: ("k_id",),
    RecordKind.CLIENTS: ("k_subject", "k_ref", "k_pair"),
    RecordKind.BUNDLES: ("k_id",),
    RecordKind.TEMPLATES: ("k_id",),
}
_CONTENTS = (("k_value",), ("k_shown",))
# The identity, then what an edited id or domain leaves as it was.
_ROUNDS: Mapping[RecordKind, tuple[tuple[str, ...], ...]] = {
    RecordKind.PARTNERS: (("k_id", "k_from"), ("k_id",), ("k_name",)),
    RecordKind.CLIENTS: (
        ("k_subject",),
        ("k_ref",),
        ("k_pair",),
        ("k_name", "k_domain", "k_partner", "k_created"),
        ("k_name", "k_domain", "k_partner"),
        ("k_name", "k_domain", "k_created"),
        ("k_name", "k_partner", "k_created"),
        ("k_domain", "k_partner", "k_created"),
        ("k_name", "k_domain"),
        ("k_domain", "k_created"),
        ("k_name", "k_created"),
        ("k_rescue",),
    ),
    RecordKind.BUNDLES: (("k_id",), ("k_partner", "k_on", "k_quantity"), ("k_reference",)),
    RecordKind.TEMPLATES: (("k_id", "k_from"), ("k_id",), ("k_template",), ("k_partner", "k_plan", "k_from")),
}


@dataclass(frozen=True)
class _Keys:
    """How keys are made of cells.

    Attributes:
        alike: the fields whose spelling does not matter.
        plain: the fields taken as they are.
        made: each key, over these fields, `subject`, `namespace` and `sound`.
    """

    alike: tuple[str, ...]
    plain: tuple[str, ...]
    made: Mapping[str, pl.Expr]


def _joined(*parts: str | pl.Expr) -> pl.Expr:
    """The parts as one text; null where one of them is."""
    return pl.concat_str(*parts, separator=_PART)


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.slice(0, 10)


def _site() -> pl.Expr:
    """A website as records have it, also where the row was blocked and nobody has read it."""
    text = pl.col("domain").str.to_lowercase().str.replace(r"^[a-z][a-z0-9+.-]*://", "").str.replace(r"^www\.", "")
    return text.str.replace(r"[/?#:].*$", "")


_ANYBODY = pl.col("partner_id").fill_null("")  # a template of every partner
_NEVER = pl.lit(None, pl.String)
_IDENTITY: Mapping[RecordKind, _Keys] = {
    RecordKind.PARTNERS: _Keys(("partner_id",), (), {"k_id": pl.col("partner_id")}),
    RecordKind.CLIENTS: _Keys(
        ("client_ref", "partner_id"),
        ("domain",),
        {
            "k_subject": pl.col("subject"),
            "k_ref": _joined("namespace", "client_ref"),
            "k_pair": _joined("partner_id", _site()),
        },
    ),
    RecordKind.BUNDLES: _Keys(("partner_id", "reference"), (), {"k_id": _joined("partner_id", "reference")}),
    RecordKind.TEMPLATES: _Keys(("partner_id", "template"), (), {"k_id": _joined("template", _ANYBODY)}),
}
_LIKENESS: Mapping[RecordKind, _Keys] = {
    RecordKind.PARTNERS: _Keys(
        ("partner_id", "name"),
        ("valid_from",),
        {
            **_IDENTITY[RecordKind.PARTNERS].made,
            "k_from": _day("valid_from"),
            "k_name": pl.col("name"),
            "k_rescue": _NEVER,
        },
    ),
    RecordKind.CLIENTS: _Keys(
        ("client_ref", "partner_id", "name"),
        ("domain", "created_on"),
        {
            **_IDENTITY[RecordKind.CLIENTS].made,
            "k_name": pl.col("name"),
            "k_domain": _site(),
            "k_partner": pl.col("partner_id"),
            "k_created": _day("created_on"),
            "k_rescue": _joined("name", "partner_id"),
        },
    ),
    RecordKind.BUNDLES: _Keys(
        ("partner_id", "reference"),
        ("purchased_on", "quantity"),
        {
            **_IDENTITY[RecordKind.BUNDLES].made,
            "k_partner": pl.col("partner_id"),
            "k_reference": pl.col("reference"),
            "k_on": _day("purchased_on"),
            "k_quantity": pl.col("quantity"),
            "k_rescue": _NEVER,
        },
    ),
    RecordKind.TEMPLATES: _Keys(
        ("partner_id", "template"),
        ("plan", "valid_from"),
        {
            **_IDENTITY[RecordKind.TEMPLATES].made,
            "k_from": _day("valid_from"),
            "k_template": pl.col("template"),
            "k_partner": _ANYBODY,
            "k_plan": pl.col("plan"),
            "k_rescue": _NEVER,
        },
    ),
}


def identities(rows: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """What the rows are known by for sure: the keys of `IDENTITIES`, and their number as `at`.

    Args:
        rows: rows under `snapshots.schema(kind)`.
        kind: what they are.
    """
    return _keys(rows, _IDENTITY[kind])


def identity_columns(kind: RecordKind) -> tuple[str, ...]:
    """The columns of rows that `identities` looks at."""
    of = _IDENTITY[kind]
    cells = (f"{way}_{name}" for name in (*of.alike, *of.plain) for way in ("value", "shown"))
    return ("subject", "namespace", "sound", *cells)


def _keys(rows: pl.DataFrame, of: _Keys) -> pl.DataFrame:
    """Keys from cells: a cell as understood, else as shown. Each is made comparable once, for it costs."""
    cells = rows.select(
        "subject",
        "namespace",
        "sound",
        **{name: pl.coalesce(f"value_{name}", f"shown_{name}") for name in (*of.alike, *of.plain)},
    )
    return cells.with_columns(alike(name) for name in of.alike).select(**of.made).with_row_index("at")


def _contents(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        k_value=pl.when("sound").then(pl.struct(pl.selectors.starts_with("value_")).hash()),
        k_shown=pl.struct(pl.selectors.starts_with("shown_")).hash(),
    ).with_row_index("at")


def paired(now: pl.DataFrame, before: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """The rows that are one record: `now` and `before`, their numbers, each at most once.

    Args:
        now: the upload's rows, under `snapshots.schema(kind)`.
        before: the earlier ones.
        kind: what the rows are.
    """
    equal = _rounds(_contents(now), _contents(before), _CONTENTS)
    left = [
        rows.with_row_index("number").join(equal, left_on="number", right_on=side, how="anti", maintain_order="left")
        for rows, side in ((now, "now"), (before, "before"))
    ]
    if any(rows.is_empty() for rows in left):
        return equal
    # A name and a partner alone tell enough only of a row that was blocked: several of its cells may be mended at once.
    keys = [_keys(rows, _LIKENESS[kind]) for rows in left]
    keys[1] = keys[1].with_columns(pl.when(~left[1]["sound"]).then("k_rescue").alias("k_rescue"))
    found = _rounds(keys[0], keys[1], _ROUNDS[kind])
    numbers = [rows["number"].gather(found[side]) for rows, side in zip(left, ("now", "before"), strict=True)]
    return pl.concat([equal, pl.DataFrame({"now": numbers[0], "before": numbers[1]})])


def _rounds(now: pl.DataFrame, before: pl.DataFrame, rounds: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    found = [pl.DataFrame(schema={"now": pl.UInt32, "before": pl.UInt32})]
    for keys in rounds:
        if now.is_empty() or before.is_empty():
            break
        pairs = _ranked(now, keys).join(_ranked(before, keys), on=[*keys, "rank"], suffix="_before")
        found.append(pairs.select(now="at", before="at_before"))
        now = now.join(found[-1], left_on="at", right_on="now", how="anti", maintain_order="left")
        before = before.join(found[-1], left_on="at", right_on="before", how="anti", maintain_order="left")
    return pl.concat(found)


def _ranked(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Rows that have all of the keys, numbered within equal ones; numbering costs, so those alone are spared it."""
    whole = rows.drop_nulls(keys).select("at", *keys)
    several = whole.select(keys).is_duplicated()
    rank = pl.int_range(pl.len()).over(keys)
    return pl.concat(
        [
            whole.filter(~several).with_columns(rank=pl.lit(0, pl.Int64)),
            whole.filter(several).with_columns(rank=rank.cast(pl.Int64)),
        ]
    )


def shared(one: pl.DataFrame, other: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """The rows of `one` whose record stands in `other` too, by their identity alone."""
    columns = one.columns
    found = [
        one.join(other.select(key).drop_nulls().unique(), on=key, how="semi").select("at") for key in IDENTITIES[kind]
    ]
    return one.join(pl.concat(found).unique(), on="at", how="semi", maintain_order="left").select(columns)


def once(rows: pl.DataFrame, kind: RecordKind) -> pl.Series:
    """What makes a row a repetition of another: the id, or without one the partner and domain; null for neither."""
    keys = identities(rows, kind)
    return keys.select(pl.coalesce(name for name in IDENTITIES[kind] if name != "k_subject")).to_series()
