"""Issuing documents again that the books have no more: what they billed is credited here, and billed on new ones.

A stranger's trap: a document that was voided there is taken back already. A credit note besides would give the partner
twice what was billed once.
"""

from collections.abc import Sequence

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
        StopError: one of them stands in the books, or cannot be billed again; see `correct.make_correction`.
    """
    books = look_now(config, numbers, asked)
    there = sorted({*numbers} - books.gone)
    if there:
        message = f"still in the books: {', '.join(there)}"
        raise StopError(message, "Void it there first; or take it as it is: 'connector reconcile --accept'.", INPUT)
    return correct_run(config, files, Wanted(numbers, reason, reissue=True), asked)
