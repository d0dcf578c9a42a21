"""`rebuild --check`, differences: adjustments against their charges, and against the lines that say them."""

from collections.abc import Iterable

import polars as pl

from connector import ledger
from connector.runs.adjusted import with_adjustments
from connector.runs.differences import adjustment_ids
from connector.runs.rebuild import Proof, predicted, prove, text

_CODES = ("item", "item_code", "account", "tax_code", "tax_percent")


def adjustment_proofs() -> tuple[Proof, ...]:
    """What must be so between adjustments, charges and lines."""
    entries, charges = ledger.read("adjustment").sort("charge_id", "sequence"), ledger.read("charge")
    return (*_entries(entries, charges), *_lines(entries, charges))


def _entries(entries: pl.DataFrame, charges: pl.DataFrame) -> Iterable[Proof]:
    named = entries.with_columns(wanted=adjustment_ids(entries, ledger.alias_key()))
    told = pl.format("{}: its charge leads to {}", "adjustment_id", "wanted")
    yield prove("adjustment ids against their charges", named, pl.col("wanted") == pl.col("adjustment_id"), told)
    places = entries.with_columns(place=pl.int_range(1, pl.len() + 1).over("charge_id"))
    told = pl.format("{}: number {} of its charge should be {}", "adjustment_id", "sequence", "place")
    yield prove("adjustments of a charge are 1, 2, …", places, pl.col("place") == pl.col("sequence"), told)
    owner = ("partner_id", "selling_entity", "currency")
    facts = charges.select("charge_id", "kind", was="amount_minor", owner=pl.struct(owner))
    joined = entries.join(facts, on="charge_id", how="left", maintain_order="left")
    same = (pl.struct(owner) == pl.col("owner")) & (pl.col("kind") == "charge")
    yield prove("adjustments against their charges", joined, same, pl.col("adjustment_id"))
    summed = joined.with_columns(net=pl.col("was") + pl.col("amount_minor").cum_sum().over("charge_id"))
    plain = summed.filter(pl.col("basis").is_null() & pl.col("adjustments").is_null())
    product = pl.col("quantity") * pl.col("unit_minor") == pl.col("net")
    told = pl.format("{}: {} × {} is not {}", "adjustment_id", "quantity", "unit_minor", text("net"))
    others = summed.height - plain.height
    note = f"{others} are adjusted by rules, graduated or cut short and say so in their basis" if others else ""
    yield prove("amounts with adjustments against unit × quantity", plain, product, told, note)


def _lines(entries: pl.DataFrame, charges: pl.DataFrame) -> Iterable[Proof]:
    """Each adjustment is on one line, of the right kind of document, coded as its charge was; their taxes add up."""
    heads = ledger.read("document").select(
        "document_id", document="kind", head=pl.struct("partner_id", "selling_entity", "currency")
    )
    first = ledger.read("document_line").select("charge_id", coded=pl.struct(_CODES), taxed="tax_minor")
    lines = ledger.read("adjustment_line").join(heads, on="document_id", how="left")
    sign = pl.when(pl.col("document") == "invoice").then(1).otherwise(-1)
    lines = lines.select(
        "adjustment_id",
        of="charge_id",
        codes=pl.struct(_CODES),
        said=sign * pl.col("net_minor"),
        tax=sign * pl.col("tax_minor"),
        head="head",
    )
    joined = entries.join(lines, on="adjustment_id", how="full", coalesce=True, maintain_order="left")
    joined = joined.join(first, on="charge_id", how="left", maintain_order="left")
    same = (
        (pl.col("said") == pl.col("amount_minor"))
        & (pl.col("of") == pl.col("charge_id"))
        & (pl.col("codes") == pl.col("coded"))
        & (pl.struct("partner_id", "selling_entity", "currency") == pl.col("head"))
    )
    told = pl.format("{}: {}, its line says {}", "adjustment_id", text("amount_minor"), text("said"))
    yield prove("adjustments against lines of documents", joined, same, told)
    added = joined.group_by("charge_id").agg(added=pl.col("tax").sum())
    net = with_adjustments(charges, entries).select("charge_id", "currency", net_minor="amount_minor")
    billed = ledger.read("document_line").select("charge_id", "tax_minor", "tax_percent")
    whole = billed.join(added, on="charge_id").join(net, on="charge_id", how="left")
    whole = whole.with_columns(predicted(whole), has=pl.col("tax_minor") + pl.col("added"))
    told = pl.format("{}: tax {}, by its rate {}", "charge_id", "has", text("predicted"))
    yield prove("tax with adjustments against rates", whole, pl.col("has") == pl.col("predicted"), told)
