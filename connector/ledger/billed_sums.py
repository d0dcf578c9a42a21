"""What the documents of each run bill, summed as they are written: by day, currency, and tier of what is billed.

It follows from lines, their documents and their charges, and is kept beside them because joining a run of 100,000 lines
with its charges took a page a quarter of a second. A stranger's trap: it is written by `append` alone, in the
transaction of the lines; `verify` compares the two.
"""

import json
from collections.abc import Iterator, Sequence

from connector.ledger import database

TABLE = "billed_sum"
# What is billed, taken back and differed by: tables of lines, each belonging to a charge.
LINES = ("document_line", "credit_line", "adjustment_line")
KEY = ("run_id", "dated", "currency", "kind", "lines_of", "subject_type", "tier", "own")
NO_TIER = ""
_SUMS = ("line_count", "charged_minor", "net_minor")
_COLUMNS = ", ".join((*KEY, *_SUMS))
_FOUND = (
    f"SELECT d.run_id, d.dated, d.currency, d.kind, '{{lines}}' AS lines_of, c.subject_type,"  # noqa: S608 - constants only
    f" coalesce(c.tier, '{NO_TIER}') AS tier, c.run_id = d.run_id AS own, count(*) AS line_count,"
    " CAST(sum(c.amount_minor) AS BIGINT) AS charged_minor, CAST(sum(l.net_minor) AS BIGINT) AS net_minor"
    " FROM document d JOIN {lines} l ON l.document_id = d.document_id JOIN charge c ON c.charge_id = l.charge_id"
    " {which} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
)
_OF_RUNS = "WHERE d.run_id IN (SELECT run_id FROM document WHERE document_id IN ({listed}))"
_EVERY = " UNION ALL ".join(_FOUND.format(lines=lines, which="") for lines in LINES)
_KEPT = f"SELECT {_COLUMNS} FROM {TABLE}"  # noqa: S608 - constants only
_OTHERWISE = (
    f"SELECT run_id FROM (SELECT * FROM ({_EVERY}) AS found EXCEPT {_KEPT}) AS more"  # noqa: S608 - as above
    f" UNION SELECT run_id FROM ({_KEPT} EXCEPT SELECT * FROM ({_EVERY}) AS found) AS less ORDER BY 1"
)


def add(lines: str, document_ids: Sequence[str]) -> None:
    """Sum the runs of these documents again, in the open transaction that has just written lines of theirs.

    Args:
        lines: the table that was written.
        document_ids: the documents that the lines belong to.
    """
    found = _FOUND.format(lines=lines, which=_OF_RUNS.format(listed=database.dialect().LISTED))
    anew = database.conflict(TABLE, (*KEY, *_SUMS), KEY, database.NOTHING_JOINED)
    database.execute(f"INSERT INTO {TABLE} ({_COLUMNS}) {found}{anew}", [json.dumps(list(document_ids))])


def otherwise() -> Iterator[str]:
    """The runs that are summed otherwise than their lines say."""
    return (run_id for (run_id,) in database.fetch(_OTHERWISE))
