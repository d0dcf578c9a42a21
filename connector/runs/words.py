"""The words of a run for people: the same on the command line, on the page and in what is written."""

from collections.abc import Mapping

BUCKETS: Mapping[str, str] = {
    "blocked": "blocked: a fault must be mended first",
    "blocked_row": "blocked row: it could not be read",
    "held": "held: a question must be answered, or a rule says so",
    "not_billable": "not billable: a rule says so",
    "opening": "opening: before go-live, not billed",
    "unchanged": "unchanged since it was last settled",
    "already_billed": "already billed",
    "inside_bundle": "inside a bundle: Assessment Only",
    "awaiting_document": "charged, awaiting its document",
    "billed": "billed by this run",
    "template_row": "template row: never billed",
    "new": "new",
}
READY: Mapping[str, str] = {"invoice": "ready", "credit_note": "credit note, ready"}
PLANS: Mapping[str, str] = {"assessment_only": "Assessment Only", "full_spoke": "full feature Spoke"}
