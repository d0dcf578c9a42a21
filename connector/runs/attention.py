"""Everything that needs a person: of the ledger, and of the rules that somebody has proposed."""

from collections.abc import Iterator

from connector.runs import proposal_checks, proposals, views
from connector.runs.asking import Asked
from connector.runs.config import Config
from connector.runs.proposal_files import PROPOSED, every
from connector.runs.views import Attention

TO_REVIEW, NOT_IN_FORCE = "rules-to-review", "rules-not-in-force"


def attention(config: Config, asked: Asked) -> tuple[Attention, ...]:
    """One item for each cause, that of the rules first: until it is answered, plans may be refused."""
    return (*_of_rules(config, asked), *views.exceptions())


def _of_rules(config: Config, asked: Asked) -> Iterator[Attention]:
    for one in proposals.waiting(config, asked):
        others = proposal_checks.changed_since(config, one)
        if others:
            step = "Take over what has changed, and propose it again; plans are refused until then."
            yield Attention(NOT_IN_FORCE, f"proposal {one.number}", proposal_checks.told_changed(others), step)
    for one in every(config):
        if one.state == PROPOSED:
            told = f"{one.title}: proposed by {one.events[-1].by}, in force from {one.day}"
            yield Attention(
                TO_REVIEW, f"proposal {one.number}", told, "Look at what it does to the money; then approve it."
            )
