"""Frames on their way into the ledger: who and when on each row, and the columns that the table has."""

from datetime import datetime

import polars as pl

from connector import ledger
from connector.runs.runplan import RunPlan


def stamped(frame: pl.DataFrame, plan: RunPlan, now: datetime) -> pl.DataFrame:
    """The rows with the run and the moment that write them."""
    return frame.with_columns(run_id=pl.lit(plan.run_id), recorded_at=pl.lit(now, pl.Datetime("us", "UTC")))


def append(table: str, frame: pl.DataFrame) -> None:
    """Append the columns that the table has, in its order."""
    if not frame.is_empty():
        schema = ledger.insert_schema(table)
        ledger.append(table, frame.select(pl.col(name).cast(kind) for name, kind in schema.items()))
