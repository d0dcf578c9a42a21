"""Which row of an upload is which row of an earlier one, whatever the order, the sheet or the file it stands in.

Round by round, the strictest first: equal contents, then the identity, then what most of its cells say. Each round is
one join over the rows that are left, and a row is given away once, so no number of equal rows can make it slow.
"""

from collections.abc import Mapping, Sequence

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
# After the identity: an edited id or domain leaves the other cells as they were. A name and a partner alone tell enough
# only of a row that was blocked, where several cells may be mended at once.
_LIKENESS: Mapping[RecordKind, tuple[tuple[str, ...], ...]] = {
    RecordKind.PARTNERS: (("k_name",),),
    RecordKind.CLIENTS: (
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
    RecordKind.BUNDLES: (("k_partner", "k_on", "k_quantity"), ("k_reference",)),
    RecordKind.TEMPLATES: (("k_template",), ("k_partner", "k_plan", "k_from")),
}
_FIRST: Mapping[RecordKind, tuple[tuple[str, ...], ...]] = {
    RecordKind.PARTNERS: (("k_id", "k_from"),),
    RecordKind.CLIENTS: (),
    RecordKind.BUNDLES: (),
    RecordKind.TEMPLATES: (("k_id", "k_from"),),
}


def keyed(rows: pl.DataFrame, kind: RecordKind, *, earlier: bool) -> pl.DataFrame:
    """The keys of snapshot rows, one row each in their order, with their number as `at`.

    Args:
        rows: rows under `snapshots.schema(kind)`.
        kind: what they are.
        earlier: whether they are the earlier version's.
    """
    values = [name for name in rows.columns if name.startswith("value_")]
    shown = [name for name in rows.columns if name.startswith("shown_")]
    contents = rows.select(
        "sound",
        "subject",
        "namespace",
        k_value=pl.when("sound").then(pl.struct(values).hash()),
        k_shown=pl.struct(shown).hash(),
        **{name.removeprefix("value_"): pl.coalesce(name, f"shown_{name.removeprefix('value_')}") for name in values},
    )
    keys = _KEYS[kind](contents)
    if "k_rescue" in keys.columns and earlier:
        keys = keys.with_columns(k_rescue=pl.when(~rows["sound"]).then("k_rescue"))
    return keys.with_row_index("at")


def _partner_keys(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select("k_value", "k_shown", k_id=alike("partner_id"), k_from=_day("valid_from"), k_name=alike("name"))


def _client_keys(cells: pl.DataFrame) -> pl.DataFrame:
    site = pl.col("domain").str.to_lowercase().str.replace(r"^[a-z][a-z0-9+.-]*://", "").str.replace(r"^www\.", "")
    cells = cells.with_columns(domain=site.str.replace(r"[/?#:].*$", ""))
    return cells.select(
        "k_value",
        "k_shown",
        k_subject="subject",
        k_ref=pl.concat_str("namespace", alike("client_ref"), separator=_PART),
        k_pair=pl.concat_str(alike("partner_id"), "domain", separator=_PART),
        k_name=alike("name"),
        k_domain="domain",
        k_partner=alike("partner_id"),
        k_created=_day("created_on"),
        k_rescue=pl.concat_str(alike("name"), alike("partner_id"), separator=_PART),
    )


def _bundle_keys(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select(
        "k_value",
        "k_shown",
        k_id=pl.concat_str(alike("partner_id"), alike("reference"), separator=_PART),
        k_partner=alike("partner_id"),
        k_reference=alike("reference"),
        k_on=_day("purchased_on"),
        k_quantity="quantity",
    )


def _template_keys(cells: pl.DataFrame) -> pl.DataFrame:
    owner = alike("partner_id").fill_null("")  # no partner: a template of every partner
    return cells.select(
        "k_value",
        "k_shown",
        k_id=pl.concat_str(alike("template"), owner, separator=_PART),
        k_from=_day("valid_from"),
        k_template=alike("template"),
        k_partner=owner,
        k_plan="plan",
    )


_KEYS = {
    RecordKind.PARTNERS: _partner_keys,
    RecordKind.CLIENTS: _client_keys,
    RecordKind.BUNDLES: _bundle_keys,
    RecordKind.TEMPLATES: _template_keys,
}


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.slice(0, 10)


def paired(now: pl.DataFrame, before: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """The rows that are one record: `now` and `before`, their numbers, each at most once.

    Args:
        now: what `keyed` returned for the upload's rows.
        before: what it returned for the earlier ones.
        kind: what the rows are.
    """
    rounds = (*_CONTENTS, *_FIRST[kind], *((one,) for one in IDENTITIES[kind]), *_LIKENESS[kind])
    found = [pl.DataFrame(schema={"now": pl.UInt32, "before": pl.UInt32})]
    for keys in rounds:
        pairs = _ranked(now, keys).join(_ranked(before, keys), on=[*keys, "rank"], suffix="_before")
        found.append(pairs.select(now="at", before="at_before"))
        now = now.join(found[-1], left_on="at", right_on="now", how="anti", maintain_order="left")
        before = before.join(found[-1], left_on="at", right_on="before", how="anti", maintain_order="left")
    return pl.concat(found)


def _ranked(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Rows that have all of the keys, numbered within equal ones."""
    whole = rows.drop_nulls(keys).select("at", *keys)
    return whole.with_columns(rank=pl.int_range(pl.len()).over(keys))


def shared(one: pl.DataFrame, other: pl.DataFrame, kind: RecordKind) -> pl.DataFrame:
    """The rows of `one` whose record stands in `other` too, by their identity alone."""
    columns = one.columns
    found = [
        one.join(other.select(key).drop_nulls().unique(), on=key, how="semi").select("at") for key in IDENTITIES[kind]
    ]
    return one.join(pl.concat(found).unique(), on="at", how="semi", maintain_order="left").select(columns)


def once(rows: pl.DataFrame, kind: RecordKind) -> pl.Series:
    """What makes a row a repetition of another: the id, or without one the partner and domain; null for neither."""
    keys = keyed(rows, kind, earlier=False)
    return keys.select(pl.coalesce(name for name in IDENTITIES[kind] if name != "k_subject")).to_series()
