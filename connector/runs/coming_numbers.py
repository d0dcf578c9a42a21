"""Numbers that a run would give next, looked up in the books before it is approved. It only reads.

What is met so is a series that another program has begun, or a ledger that was put back from a backup: numbers given
after it are in the books already. A stranger's trap: only as many are looked up as one question takes. A document under
a later number is found when it is sent, and left to a person.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from connector import ledger
from connector.accounting.answers import RetryLater
from connector.accounting.port import AccountingSystem
from connector.domain.documents import INVOICE, Document
from connector.domain.entities import SellingEntity

_AT_ONCE = 40


def prefix_of(entity: SellingEntity, kind: str) -> str:
    """What the numbers of a kind start with; a correction is not planned where none is declared for credit notes."""
    return entity.number_prefix if kind == INVOICE else str(entity.credit_note_prefix)


def in_use(
    system: AccountingSystem, documents: Sequence[Document], entities: Mapping[str, SellingEntity]
) -> Mapping[str, str] | RetryLater:
    """Why documents cannot get the numbers that come next, by their own ids; those of one kind share their fate.

    Args:
        system: the books that they go to.
        documents: each with its id as its number.
        entities: the selling entities, for the prefixes of their numbers.
    """
    counted = Counter((one.selling_entity, one.kind) for one in documents)
    taken: dict[tuple[str, str], str] = {}
    for (entity, kind), count in counted.items():
        budget = system.budget()
        most = _AT_ONCE if budget is None else budget.numbers_at_once[kind]
        coming = ledger.coming_numbers(entity, kind, prefix_of(entities[entity], kind), min(count, most))
        found = system.read_back(coming, kind)
        if isinstance(found, RetryLater):
            return found
        if found:
            taken[entity, kind] = _told(entity, kind, [one for one in coming if one in found])
    own = {one.number: (one.selling_entity, one.kind) for one in documents}
    return {number: taken[of] for number, of in own.items() if of in taken}


def _told(entity: str, kind: str, numbers: Sequence[str]) -> str:
    key = "number_prefix" if kind == INVOICE else "credit_note_prefix"
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    return (
        f"The books have a document {numbers[0]}{more} already, a number that this run would give. Find out what made"
        f" it; then change its number there, or give {entity} another {key} in the rules."
    )
