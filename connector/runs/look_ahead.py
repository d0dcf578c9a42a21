"""A look into the books while planning: would they take these documents, and on which day? It only reads.

What the books would refuse blocks its document before anything is written. Books that cannot be asked block nothing:
the plan says so, and the push looks again.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from connector.accounting.answers import Rejected, RetryLater
from connector.accounting.connect import Connect
from connector.accounting.effort import Effort, effort
from connector.accounting.port import AccountingSystem
from connector.accounting.preflight import check
from connector.billing.invoicing import Draft
from connector.domain.documents import Document
from connector.domain.entities import SellingEntity
from connector.domain.problems import Kind
from connector.net.errors import SetupError
from connector.runs.asking import Clock
from connector.runs.coming_numbers import in_use
from connector.runs.config import Config
from connector.runs.lock_dates import last_locked, placed

REFUSED = Kind(
    "document-refused-by-books",
    "The accounting system would refuse the document",
    "Mend the cause in the books, or in mappings/ or the partners sheet, and plan again.",
    scope="document",
)


@dataclass(frozen=True)
class Looked:
    """What the books say of the documents.

    Attributes:
        faults: by document id: why the books would refuse it.
        unasked: tenants that could not be asked, and why.
        locked: by tenant, the last locked day of the books that were asked and have one.
        efforts: by tenant that was asked, what the sending of the documents that it would take comes to.
    """

    faults: Mapping[str, tuple[str, ...]]
    unasked: Mapping[str, str]
    locked: Mapping[str, date] = field(default_factory=dict)
    efforts: Mapping[str, Effort] = field(default_factory=dict)


Look = Callable[[Sequence[Draft]], Looked]


def look_nowhere(_drafts: Sequence[Draft]) -> Looked:
    """Ask no books."""
    return Looked({}, {})


def look_into(config: Config, clock: Clock, entities: Mapping[str, SellingEntity], connect: Connect) -> Look:
    """A look into the books of the working folder's tenants.

    Args:
        config: where they are.
        clock: the time, and waiting.
        entities: whose documents they take, for what each declares about locked periods.
        connect: how they are reached.
    """

    def look(drafts: Sequence[Draft]) -> Looked:
        by_tenant: dict[str, list[Document]] = defaultdict(list)
        for draft in drafts:
            by_tenant[draft.document.tenant].append(replace(draft.document, number=draft.document_id))
        faults: dict[str, tuple[str, ...]] = {}
        unasked: dict[str, str] = {}
        locked: dict[str, date] = {}
        efforts: dict[str, Effort] = {}
        for name, documents in sorted(by_tenant.items()):
            try:
                system = connect(config.tenants[name], clock.now, clock.sleep)
                answer = _answer(system, documents, entities)
            except SetupError as error:
                unasked[name] = error.message
                continue
            if isinstance(answer, RetryLater):
                unasked[name] = answer.reason
            else:
                faults |= answer[0]
                locked |= {name: answer[1]} if answer[1] else {}
                taken = [one for one in documents if one.number not in answer[0]]
                budget = system.budget()
                if taken and budget is not None:
                    efforts[name] = effort(taken, system.capabilities, budget)
        return Looked(faults, unasked, locked, efforts)

    return look


def _answer(
    system: AccountingSystem, documents: Sequence[Document], entities: Mapping[str, SellingEntity]
) -> tuple[dict[str, tuple[str, ...]], date | None] | RetryLater:
    """The refusals by number, and the last locked day."""
    catalogue = system.catalogue()
    if isinstance(catalogue, RetryLater):
        return catalogue
    locked = last_locked(catalogue)
    faults = dict(check([placed(one, entities[one.selling_entity], locked) for one in documents], catalogue))
    by_file = bool(system.capabilities.upload)  # where no contact can be made, each must be known before
    numbers = in_use(system, [one for one in documents if one.number not in faults], entities)
    if isinstance(numbers, RetryLater):
        return numbers
    faults |= {document: (told,) for document, told in numbers.items()}
    named = {one.party.partner_id: one.party for one in documents if one.party.contact_id or by_file}
    contacts = system.find_contacts(list(named.values())) if named else {}
    if isinstance(contacts, RetryLater):
        return contacts
    for document in documents:
        answer = contacts.get(document.party.partner_id)
        if isinstance(answer, Rejected):
            faults[document.number] = (*faults.get(document.number, ()), str(answer))
    return faults, locked


def answered(drafts: Sequence[Draft], looked: Looked, entities: Mapping[str, SellingEntity]) -> tuple[Draft, ...]:
    """The drafts on the days that their books have open, with the books' refusals added to their faults."""
    told = {one: tuple((REFUSED.code, text) for text in texts) for one, texts in looked.faults.items()}
    return tuple(
        Draft(
            draft.document_id,
            placed(draft.document, entities[draft.document.selling_entity], looked.locked.get(draft.document.tenant)),
            (*draft.faults, *told.get(draft.document_id, ())),
        )
        for draft in drafts
    )
