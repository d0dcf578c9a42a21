"""`rebuild --check`: every number, total, amount, state and receipt is derived again from entries, and compared.

A stranger's trap: no balance and no status is stored, they are derived at each look; what is compared here are entries
with the entries and plans they follow from. That no entry itself was altered is for `verify`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from connector import ledger
from connector.accounting.totals import predict_tax_minor
from connector.billing.charges import KEY, charge_ids
from connector.runs.adjusted import with_adjustments
from connector.runs.drift import Said
from connector.runs.errors import USAGE, StopError

NAMED = 20
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Proof:
    """One thing that was derived again.

    Attributes:
        name: what must be so.
        looked: how many were compared.
        wrong: how many are not so.
        first: the first of those, each told.
        note: what could not be compared, and why; empty for nothing.
    """

    name: str
    looked: int
    wrong: int
    first: tuple[str, ...]
    note: str = ""


def prove(name: str, looked: pl.DataFrame, holds: pl.Expr, told: pl.Expr, note: str = "") -> Proof:
    """Look at every row of a frame.

    Args:
        name: what must be so.
        looked: the rows.
        holds: whether a row is right; what cannot be told is wrong.
        told: what is said of one that is wrong.
        note: as in `Proof`.
    """
    wrong = looked.filter(~holds.fill_null(value=False)).select(told).to_series().cast(pl.String)
    return Proof(name, looked.height, wrong.len(), tuple(wrong.head(NAMED)), note)


def refuse_without_check(*, check: bool) -> None:
    """Refuse `rebuild` alone.

    Raises:
        StopError: always, without `--check`.
    """
    if not check:
        raise StopError(
            "nothing is rebuilt: entries are append-only, and balances and states are derived from them at each look",
            "'connector rebuild --check' derives everything again and compares.",
            USAGE,
        )


def register_proofs() -> tuple[Proof, ...]:
    """What must be so among the entries of the ledger."""
    documents, charges = ledger.read("document"), ledger.read("charge")
    lines, credited = ledger.read("document_line"), ledger.read("credit_line")
    every = pl.concat([lines, credited, ledger.read("adjustment_line").select(lines.columns)])
    return (
        *_numbers(documents),
        *_documents(documents, every),
        *_lines(documents, every, lines, charges),
        *_credits(lines, credited, charges),
        *_charges(charges, lines),
        *_versions(),
    )


def _numbers(documents: pl.DataFrame) -> Iterable[Proof]:
    """Each selling entity's numbers of a kind are 1, 2, … to what its counter says."""
    keys = ["selling_entity", "kind"]
    numbers = documents.with_columns(place=pl.col("number").str.extract(r"([0-9]+)$").cast(pl.Int64))
    numbers = numbers.sort(*keys, "place").with_columns(wanted=pl.int_range(1, pl.len() + 1).over(keys))
    yield prove(
        "numbers without a gap",
        numbers,
        pl.col("place") == pl.col("wanted"),
        pl.format("{}: number {} of its selling entity should be {}", "number", "place", "wanted"),
    )
    counters = ledger.read("counter").rename({"entity": "selling_entity"})
    counted = numbers.group_by(keys).agg(there=pl.len().cast(pl.Int64))
    counters = counters.join(counted, on=keys, how="full", coalesce=True).sort(keys)
    told = pl.format("{} {}: the counter says {}, and there are {}", *keys, text("last"), text("there"))
    yield prove("counters against documents", counters, pl.col("last") == pl.col("there"), told)


def _documents(documents: pl.DataFrame, lines: pl.DataFrame) -> Iterable[Proof]:
    sums = lines.group_by("document_id").agg(
        lines=pl.len().cast(pl.Int64),
        last=pl.col("position").max(),
        net=pl.col("net_minor").sum(),
        tax=pl.col("tax_minor").sum(),
    )
    joined = documents.join(sums, on="document_id", how="left", maintain_order="left")
    right = (
        (pl.col("net") == pl.col("net_minor"))
        & (pl.col("tax") == pl.col("tax_minor"))
        & (pl.col("net") + pl.col("tax") == pl.col("total_minor"))
        & (pl.col("lines") == pl.col("line_count"))
        & (pl.col("last") == pl.col("line_count"))
    )
    told = pl.format(
        "{}: net {} and tax {}, by its lines {} and {}", "number", "net_minor", "tax_minor", text("net"), text("tax")
    )
    yield prove("documents against the sums of their lines", joined, right, told)


def _lines(documents: pl.DataFrame, every: pl.DataFrame, lines: pl.DataFrame, charges: pl.DataFrame) -> Iterable[Proof]:
    """Each line is taxed as its rate says, and one that bills a charge says what the charge says."""
    heads = documents.select("document_id", "number", "kind", "currency", partner="partner_id", entity="selling_entity")
    facts = charges.select(
        "charge_id", "amount_minor", "selling_entity", "partner_id", of="kind", charged_in="currency"
    )
    joined = every.join(heads, on="document_id", how="left", maintain_order="left")
    taxed = joined.with_columns(predicted(joined))
    place = pl.format("{}/{}", "number", "position")
    told = pl.format("{}: tax {}, by its rate {}", place, "tax_minor", "predicted")
    yield prove("tax of lines against their rates", taxed, pl.col("predicted") == pl.col("tax_minor"), told)
    product = pl.col("quantity") * pl.col("unit_minor") == pl.col("net_minor")
    told = pl.format("{}: {} × {} is not {}", place, "quantity", "unit_minor", "net_minor")
    yield prove("lines against quantity × unit", joined, product, told)
    billed = lines.join(heads, on="document_id", how="left", maintain_order="left")
    billed = billed.join(facts, on="charge_id", how="left", maintain_order="left")
    same = (
        (pl.col("amount_minor") == pl.col("net_minor"))
        & (pl.col("charged_in") == pl.col("currency"))
        & (pl.col("partner_id") == pl.col("partner"))
        & (pl.col("selling_entity") == pl.col("entity"))
        & (pl.col("of") == "charge")
        & (pl.col("kind") == "invoice")
    )
    told = pl.format("{}: it says {}, its charge {} {}", place, "net_minor", "charge_id", text("amount_minor"))
    yield prove("lines of invoices against their charges", billed, same, told)


def _credits(lines: pl.DataFrame, credited: pl.DataFrame, charges: pl.DataFrame) -> Iterable[Proof]:
    """A credit takes back what is left of a charge, and a revision stands on the credit before it."""
    entries, adjustments = ledger.read("credit"), ledger.read("adjustment")
    billed = with_adjustments(charges, adjustments).select("charge_id", was="amount_minor")
    joined = entries.join(billed, on="charge_id", how="left", maintain_order="left")
    told = pl.format("{}: {} is credited of {}", "charge_id", "amount_minor", text("was"))
    yield prove("credits against their charges", joined, pl.col("amount_minor") == pl.col("was"), told)
    same = ("net_minor", "tax_minor", "account", "tax_code", "tax_percent", "quantity", "unit_minor")
    there = _as_left(lines, adjustments, charges).select("charge_id", there=pl.struct(same))
    placed = credited.join(there, on="charge_id", how="left", maintain_order="left")
    told = pl.format("{}: not as it was billed", "charge_id")
    yield prove("lines of credit notes against lines of invoices", placed, pl.struct(same) == pl.col("there"), told)
    void = ledger.read("document_event", "state = ?", [Said.REISSUED])  # the books have those no more: no note is due
    noted = (
        lines.join(void, on="document_id", how="anti")
        .join(entries, on="charge_id", how="semi")
        .with_columns(noted=pl.col("charge_id").is_in(credited["charge_id"].implode()))
    )
    yield prove("credited lines stand on a credit note", noted, pl.col("noted"), pl.col("charge_id"))
    owed = credited.with_columns(entered=pl.col("charge_id").is_in(entries["charge_id"].implode()))
    yield prove("lines of credit notes stand on a credit", owed, pl.col("entered"), pl.col("charge_id"))
    later = charges.filter(pl.col("revision") > 1)
    key = [name for name in KEY if name != "revision"]
    before = charges.join(entries.select("charge_id"), on="charge_id").select(*key, revision=pl.col("revision") + 1)
    stands = later.join(before.with_columns(stands=True), on=list(KEY), how="left", maintain_order="left")
    yield prove("revisions stand on a credit", stands, pl.col("stands"), pl.col("charge_id"))


def _as_left(lines: pl.DataFrame, adjustments: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """The lines of charges, those of adjusted ones with what is left as one amount, taxed as one."""
    net = with_adjustments(charges, adjustments).join(adjustments, on="charge_id", how="semi")
    left = lines.join(net.select("charge_id", "currency", left="amount_minor"), on="charge_id")
    left = left.with_columns(net_minor="left", unit_minor="left", quantity=pl.lit(1, pl.Int64))
    left = left.with_columns(tax_minor=predicted(left)).select(lines.columns)
    return pl.concat([lines.join(left, on="charge_id", how="anti"), left])


def predicted(lines: pl.DataFrame) -> pl.Series:
    """The tax of each line, worked out once for each distinct case.

    Args:
        lines: their `net_minor`, `tax_percent` and `currency`.
    """
    keys = ["net_minor", "tax_percent", "currency"]
    cases = lines.select(keys).unique()
    taxes = [predict_tax_minor(net, Decimal(percent), currency) for net, percent, currency in cases.iter_rows()]
    worked = cases.with_columns(predicted=pl.Series(taxes, dtype=pl.Int64))
    return lines.select(keys).join(worked, on=keys, how="left", maintain_order="left")["predicted"]


def _charges(charges: pl.DataFrame, lines: pl.DataFrame) -> Iterable[Proof]:
    key = ledger.alias_key()
    named = charges.with_columns(wanted=charge_ids(charges, key))
    told = pl.format("{}: its key leads to {}", "charge_id", "wanted")
    yield prove("charge ids against their keys", named, pl.col("wanted") == pl.col("charge_id"), told)
    plain = charges.filter((pl.col("kind") == "charge") & pl.col("basis").is_null() & pl.col("adjustments").is_null())
    product = pl.col("quantity") * pl.col("unit_minor") == pl.col("amount_minor")
    told = pl.format("{}: {} × {} is not {}", "charge_id", "quantity", "unit_minor", "amount_minor")
    others = charges.height - plain.height - charges.filter(pl.col("kind") == "opening").height
    note = f"{others} are adjusted, graduated or cut short and say so in their basis" if others else ""
    yield prove("amounts against unit × quantity", plain, product, told, note)
    opening = charges.filter(pl.col("kind") == "opening").join(
        lines.select("charge_id", "position"), on="charge_id", how="left"
    )
    free = (pl.col("amount_minor") == 0) & (pl.col("unit_minor") == 0) & pl.col("position").is_null()
    yield prove("opening entries are zero and on no document", opening, free, pl.col("charge_id"))
    revisions = charges.sort("revision").with_columns(place=pl.int_range(1, pl.len() + 1).over(KEY[:-1]))
    yield prove("revisions of a key are 1, 2, …", revisions, pl.col("place") == pl.col("revision"), pl.col("charge_id"))


def _versions() -> Iterable[Proof]:
    """Every client has its versions 1, 2, …, and whoever has a version or an alias is a client."""
    versions = ledger.read("client_version").with_columns(
        wanted=pl.int_range(1, pl.len() + 1).over("client_id", order_by="sequence")
    )
    told = pl.format("{}: version {} should be {}", "client_id", "sequence", "wanted")
    yield prove("versions of clients without a gap", versions, pl.col("wanted") == pl.col("sequence"), told)
    latest = (
        ledger.read("client")
        .select("client_id")
        .with_columns(has=pl.col("client_id").is_in(versions["client_id"].unique().implode()))
    )
    yield prove("every client has a latest version", latest, pl.col("has"), pl.col("client_id"))


def text(column: str) -> pl.Expr:
    """A column as it is told; `nothing` where there is none."""
    return pl.col(column).cast(pl.String).fill_null("nothing")
