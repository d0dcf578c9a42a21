"""The clients and purchases that the ledger knows, as records again.

The ledger keeps what decides a charge and nothing more. Website, country, tags, advisors, users and what a purchase
counted come from the last uploads, as long as these are kept.
"""

from collections.abc import Sequence

import polars as pl

from connector.billing.verdicts import unjudged
from connector.domain.words import RecordKind
from connector.runs.known import Known
from connector.runs.snapshots import Snapshot
from connector.tables import RECORDS
from connector.tables.schemas import Schema

_SAID: Schema = {"domain": pl.String, "country": pl.String, "tags": pl.String, "advisors": pl.Int64, "users": pl.Int64}
_VERSION = (
    "client_id",
    "partner_id",
    "row_digest",
    "plan",
    "created_on",
    "upgraded_on",
    "status",
    "count_low",
    "band_low",
    "band_high",
    "template",
    "sheet",
    "row",
)


def known_clients(
    known: Known, uploads: Sequence[Snapshot], clients: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, int]:
    """The latest record of every client, as `identity.identify` returns records; and of how many no upload is kept.

    Their digests are those of the ledger, so that they are records without an edit.

    Args:
        known: the ledger.
        uploads: what the sources last said.
        clients: only those whose `client_id` is among these; all without it.
    """
    schema = RECORDS[RecordKind.CLIENTS]
    said = _said(uploads, RecordKind.CLIENTS, clients).select(
        client_id="subject",
        kept=pl.lit(value=True),
        **{name: pl.col(f"value_{name}").cast(dtype) for name, dtype in _SAID.items()},
    )
    versions = known.versions if clients is None else known.versions.join(clients, on="client_id", how="semi")
    joined = versions.select(_VERSION).join(said, on="client_id", how="left", maintain_order="left")
    names = known.labels.select("client_id", "name")
    joined = joined.join(names, on="client_id", how="left", maintain_order="left")
    absent = {name: pl.lit(None, dtype) for name, dtype in schema.items() if name not in joined.columns}
    records = joined.with_columns(**absent).select(
        "client_id", "row_digest", *(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )
    return unjudged(records).with_columns(other_domain=pl.lit(value=False)), joined["kept"].null_count()


def known_purchases(charges: pl.DataFrame, uploads: Sequence[Snapshot]) -> pl.DataFrame:
    """The purchases of these charges as they were last said, or as they were billed where no upload is kept.

    Args:
        charges: of the ledger; those of clients are left out.
        uploads: what the sources last said.

    Returns:
        `tables.BUNDLES` with `source_id`.
    """
    said = _said(uploads, RecordKind.BUNDLES).select(
        subject_id="subject",
        said_partner="value_partner_id",
        said_reference="value_reference",
        said_on=pl.col("value_purchased_on").str.to_date("%Y-%m-%d"),
        said_quantity=pl.col("value_quantity").cast(pl.Int64),
    )
    bought = charges.filter(pl.col("subject_type") == "bundle")
    joined = bought.join(said, on="subject_id", how="left", maintain_order="left")
    reference = pl.col("subject_id").str.splitn("/", 2).struct.field("field_1")
    return joined.select(
        "source",
        "sheet",
        "row",
        partner_id=pl.coalesce("said_partner", "partner_id"),
        reference=pl.coalesce("said_reference", reference),
        purchased_on=pl.coalesce("said_on", "event_on"),
        quantity=pl.coalesce("said_quantity", "quantity"),
        source_id="source_id",
    )


def _said(uploads: Sequence[Snapshot], kind: RecordKind, clients: pl.DataFrame | None = None) -> pl.DataFrame:
    """The sound rows of the last uploads, the latest one of each subject; of these clients alone where given."""
    empty = Snapshot("", "", kind, "", "", (), None).rows
    parts = [one.rows for one in uploads if one.kind is kind]
    if clients is not None:
        wanted = clients.select(subject="client_id")
        parts = [rows.join(wanted, on="subject", how="semi", maintain_order="left") for rows in parts]
    sound = pl.concat([empty, *parts]).filter(pl.col("sound") & pl.col("subject").is_not_null())
    return sound.unique("subject", keep="last", maintain_order=True)
