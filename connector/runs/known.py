"""What the ledger knows, read once at the start of a plan, as the frames that billing works on."""

from dataclasses import dataclass

import polars as pl

from connector import ledger
from connector.billing.charges import KEY, latest
from connector.billing.master import CONTACT_DETAILS


@dataclass(frozen=True)
class Known:
    """The ledger as one plan sees it.

    Attributes:
        key: the key of its digests.
        aliases: every client alias.
        history: every version of every client, `said_on` filled in from the time it was recorded where it is missing.
        versions: the latest version of each client.
        charges: of each subject, metric and term the latest charge or opening entry, with the name of its `source`, and
            whether it is `credited` and nothing was billed in its place.
        keys: every charge key that is taken, earlier revisions among them.
        waiting: the charges that stand on no document yet.
        partners: every version of the partner master, with the erasable columns beside it.
        templates: every template version.
        labels: what a document calls each client: its name, by client id.
    """

    key: bytes
    aliases: pl.DataFrame
    history: pl.DataFrame
    versions: pl.DataFrame
    charges: pl.DataFrame
    keys: pl.DataFrame
    waiting: pl.DataFrame
    partners: pl.DataFrame
    templates: pl.DataFrame
    labels: pl.DataFrame

    @property
    def standing(self) -> pl.DataFrame:
        """The charges and opening entries that stand: without those that are credited."""
        return self.charges.filter(~pl.col("credited"))


def read_known() -> Known:
    """Read the ledger."""
    named = ledger.read("source").select("source_id", source="name")
    every = ledger.read("charge").join(named, on="source_id", how="left", maintain_order="left")
    credited = ledger.read("credit")["charge_id"]
    charges = latest(every).with_columns(credited=pl.col("charge_id").is_in(credited.implode()))
    history = ledger.read("client_version").join(named, on="source_id", how="left", maintain_order="left")
    history = history.with_columns(said_on=pl.coalesce("said_on", pl.col("recorded_at").dt.date())).sort("sequence")
    lines = ledger.read("document_line").select("charge_id")
    personal = ledger.read("personal")
    open_charges = charges.filter((pl.col("kind") == "charge") & ~pl.col("credited")).drop("credited")
    waiting = open_charges.join(lines, on="charge_id", how="anti")
    partners = _with_personal(ledger.read("partner_version"), personal)
    return Known(
        key=ledger.alias_key(),
        aliases=ledger.read("client_alias"),
        history=history,
        versions=history.unique("client_id", keep="last", maintain_order=True),
        charges=charges,
        keys=every.select(KEY),
        waiting=waiting,
        partners=partners,
        templates=ledger.read("template_version"),
        labels=personal.filter((pl.col("owner_type") == "client") & (pl.col("field") == "name")).select(
            client_id="owner_id", name="value"
        ),
    )


def _with_personal(versions: pl.DataFrame, personal: pl.DataFrame) -> pl.DataFrame:
    """The versions with the partner's erasable columns; a later version for one first day supersedes the earlier."""
    own = personal.filter(pl.col("owner_type") == "partner")
    latest = versions.sort("sequence").unique(["partner_id", "valid_from"], keep="last", maintain_order=True)
    for field in CONTACT_DETAILS:
        values = own.filter(pl.col("field") == field).select(partner_id="owner_id", **{field: "value"})
        latest = latest.join(values, on="partner_id", how="left", maintain_order="left")
    return latest
