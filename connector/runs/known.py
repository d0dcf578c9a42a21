"""What the ledger knows, read once at the start of a plan, as the frames that billing works on."""

from dataclasses import dataclass

import polars as pl

from connector import ledger
from connector.billing.charges import latest
from connector.billing.identity import with_digests
from connector.billing.master import CONTACT_DETAILS
from connector.domain.words import ClientStatus
from connector.runs.adjusted import with_adjustments
from connector.tables import CLIENTS, empty


@dataclass(frozen=True)
class Known:
    """The ledger as one plan sees it.

    Attributes:
        key: the key of its digests.
        aliases: every client alias.
        history: every version of every client, `said_on` filled in from the time it was recorded where it is missing.
        versions: the latest version of each client.
        charges: of each subject, metric and term the latest charge or opening entry, with what its adjustments add and
            say, the name of its `source`, and whether it is `credited` and nothing was billed in its place; without
            those between two of `stretches`.
        stretches: lines without a gap of which the first and the latest charge alone are here, see `ledger.stretches`.
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
    stretches: pl.DataFrame
    waiting: pl.DataFrame
    partners: pl.DataFrame
    templates: pl.DataFrame
    labels: pl.DataFrame

    @property
    def standing(self) -> pl.DataFrame:
        """The charges and opening entries that stand: without those that are credited."""
        return self.charges.filter(~pl.col("credited"))


def read_known() -> Known:
    """Read the ledger, every charge of it."""
    return _known(ledger.read("charge"), pl.DataFrame(schema=dict(ledger.STRETCHES)))


def read_telling(clients: pl.DataFrame | None = None) -> Known:
    """Read the ledger without the charges that no plan over these records looks at.

    All charges of clients that are archived, or were, are read: which of theirs were billed too late is asked.

    Args:
        clients: the client records of the upload, `tables.CLIENTS`; None for no upload.
    """
    clients = empty(CLIENTS) if clients is None else clients
    gone = (pl.col("status") == ClientStatus.ARCHIVED.value) | pl.col("archived_on").is_not_null()
    key = ledger.alias_key()
    digested = with_digests(clients.filter(gone), key)
    digests = pl.concat([digested["ref_digest"], digested["pair_digest"]]).drop_nulls()
    aliases = ledger.read("client_alias")
    said = ledger.read("client_version", "status = ?", [ClientStatus.ARCHIVED.value], columns=["client_id"])
    named = aliases.filter(pl.col("digest").is_in(digests.implode()))["client_id"]
    whole = pl.concat([said["client_id"], named]).unique().to_list()
    return _known(ledger.telling_charges(whole), ledger.stretches(whole))


def read_partners() -> pl.DataFrame:
    """Every version of the partner master, with the erasable columns beside it."""
    return _with_personal(ledger.read("partner_version"), ledger.read("personal", "owner_type = ?", ["partner"]))


def _known(every: pl.DataFrame, stretches: pl.DataFrame) -> Known:
    named = ledger.read("source", columns=["source_id", "name"]).rename({"name": "source"})
    every = with_adjustments(every, ledger.read("adjustment"))
    every = every.join(named, on="source_id", how="left", maintain_order="left")
    credited = ledger.read("credit", columns=["charge_id"])["charge_id"]
    charges = latest(every).with_columns(credited=pl.col("charge_id").is_in(credited.implode()))
    history = ledger.read("client_version").join(named, on="source_id", how="left", maintain_order="left")
    history = history.with_columns(said_on=pl.coalesce("said_on", pl.col("recorded_at").dt.date())).sort("sequence")
    waiting = ledger.waiting_charges().join(named, on="source_id", how="left", maintain_order="left")
    names = ledger.read("personal", "owner_type = 'client' AND field = 'name'", columns=["owner_id", "value"])
    return Known(
        key=ledger.alias_key(),
        aliases=ledger.read("client_alias"),
        history=history,
        versions=history.unique("client_id", keep="last", maintain_order=True),
        charges=charges,
        stretches=stretches,
        waiting=waiting.filter(pl.col("kind") == "charge"),
        partners=read_partners(),
        templates=ledger.read("template_version"),
        labels=names.select(client_id="owner_id", name="value"),
    )


def _with_personal(versions: pl.DataFrame, personal: pl.DataFrame) -> pl.DataFrame:
    """The versions with the partner's erasable columns; a later version for one first day supersedes the earlier."""
    latest = versions.sort("sequence").unique(["partner_id", "valid_from"], keep="last", maintain_order=True)
    for field in CONTACT_DETAILS:
        values = personal.filter(pl.col("field") == field).select(partner_id="owner_id", **{field: "value"})
        latest = latest.join(values, on="partner_id", how="left", maintain_order="left")
    return latest
