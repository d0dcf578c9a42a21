"""What is billed of one subject under one metric, term after term, counted as it is billed.

It follows from the charges, and is kept beside them so that a run does not have to go through the years before it. A
stranger's trap: it is written by `append` alone, in the transaction of the charges; `verify` compares the two.
"""

from collections.abc import Iterator

import polars as pl

from connector.ledger import database

TABLE = "billed_line"
KEY = ("subject_type", "subject_id", "metric")
_JOINED = {"first": database.LEAST, "latest": database.GREATEST, "charges": database.SUM, "revision": database.GREATEST}
_SAME = " AND ".join(f"billed_line.{name} = found.{name}" for name in KEY)
_FOUND = (
    f"SELECT {', '.join(KEY)}, min(ordinal) AS first, max(ordinal) AS latest, count(*) AS charges,"  # noqa: S608 - constants only
    f" max(revision) AS revision FROM charge GROUP BY {', '.join(KEY)}"
)
_OTHERWISE = (
    f"SELECT {', '.join(f'found.{name}' for name in KEY)} FROM ({_FOUND}) AS found"  # noqa: S608 - as above
    f" LEFT JOIN billed_line ON {_SAME} WHERE billed_line.first IS NULL OR billed_line.first <> found.first"
    " OR billed_line.latest <> found.latest OR billed_line.charges <> found.charges"
    " OR billed_line.revision <> found.revision"
    f" UNION ALL SELECT {', '.join(KEY)} FROM billed_line WHERE NOT EXISTS (SELECT 1 FROM charge WHERE"
    f" {' AND '.join(f'charge.{name} = billed_line.{name}' for name in KEY)}) ORDER BY 1, 2, 3"
)


def count(charges: pl.DataFrame) -> None:
    """Count charges in, in the open transaction that has just written them."""
    own = charges.group_by(KEY, maintain_order=True).agg(
        first=pl.col("ordinal").min(),
        latest=pl.col("ordinal").max(),
        charges=pl.len().cast(pl.Int64),
        revision=pl.col("revision").max(),
    )
    database.write(TABLE, own, KEY, _JOINED)


def otherwise() -> Iterator[str]:
    """The lines that are counted otherwise than their charges say."""
    return (" ".join(row) for row in database.fetch(_OTHERWISE))
