"""Issuing documents again that the books have no more: what they billed is credited here, and billed on new ones.

A stranger's trap: a document that was voided there is taken back already. A credit note besides would give the partner
twice what was billed once.
"""

from collections.abc import Sequence

import polars as pl

from connector.runs import drift
from connector.runs.asking import Asked
from connector.runs.config import Config
from connector.runs.errors import INPUT, StopError
from connector.runs.rebilling import Wanted
from connector.runs.reconcile import look_now
from connector.runs.runplan import RunPlan
from connector.runs.workspace import Files, correct_run


def reissue_run(config: Config, files: Files, numbers: Sequence[str], reason: str, asked: Asked) -> RunPlan:
    """Make and store the run plan that bills again what documents billed, which the books have no more.

    Args:
        config: the settings.
        files: the accountants' files, by which it is billed now.
        numbers: the documents.
        reason: why; it is kept with the run.
        asked: who asks, for which day, and how the books are reached.

    Raises:
        StopError: one of them stands in the books or in a file, or cannot be billed again; see
            `correct.make_correction`.
    """
    books = look_now(config, numbers, asked)
    there = sorted({*numbers} - books.gone)
    filed = drift.booked_documents().filter(pl.col("number").is_in(there) & pl.col("booked_as").is_in(drift.IN_FILES))
    if not filed.is_empty():
        message = f"still in a file for import: {', '.join(filed['number'].sort())}"
        raise StopError(message, "Take the file away first, if it was never imported and never will be.", INPUT)
    if there:
        message = f"still in the books: {', '.join(there)}"
        raise StopError(message, "Void it there first; or take it as it is: 'connector reconcile --accept'.", INPUT)
    return correct_run(config, files, Wanted(numbers, reason, reissue=True), asked)
