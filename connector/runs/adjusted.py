"""Charges as they stand: each with the differences that were billed for it later.

A stranger's trap: in the ledger a charge never changes. Plans, renewals and corrections work on what it comes to with
its adjustments, as the last one says.
"""

import polars as pl

from connector.ledger import insert_schema

_OWN = ("adjustment_id", "charge_id", "sequence", "partner_id", "selling_entity", "currency", "amount_minor")
# What an adjustment says of its charge from then on.
SAID = tuple(name for name in insert_schema("adjustment") if name not in (*_OWN, "run_id", "recorded_at"))


def with_adjustments(charges: pl.DataFrame, adjustments: pl.DataFrame) -> pl.DataFrame:
    """The charges, the adjusted ones with their net amount and what the last adjustment says.

    Args:
        charges: rows of the ledger's `charge`.
        adjustments: all rows of its `adjustment`, or those up to a point.
    """
    if adjustments.is_empty():
        return charges
    added = adjustments.group_by("charge_id").agg(added=pl.col("amount_minor").sum())
    last = adjustments.sort("sequence").unique("charge_id", keep="last", maintain_order=True)
    touched = charges.join(added, on="charge_id").with_columns(amount_minor=pl.col("amount_minor") + pl.col("added"))
    touched = touched.drop(SAID).join(last.select("charge_id", *SAID), on="charge_id").select(charges.columns)
    return pl.concat([charges.join(added, on="charge_id", how="anti"), touched])
