"""A look into the books while planning: would they take these documents? It only reads.

What the books would refuse blocks its document before anything is written. Books that cannot be asked block nothing:
the plan says so, and the push looks again.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.accounting.connect import Connect
from connector.accounting.port import AccountingSystem, Rejected, RetryLater
from connector.accounting.preflight import check
from connector.billing.invoicing import Draft
from connector.domain.documents import Document
from connector.domain.problems import Kind
from connector.net.errors import SetupError
from connector.runs.config import Config
from connector.runs.sending import Clock

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
    """

    faults: Mapping[str, tuple[str, ...]]
    unasked: Mapping[str, str]


Look = Callable[[Sequence[Draft]], Looked]


def look_nowhere(_drafts: Sequence[Draft]) -> Looked:
    """Ask no books."""
    return Looked({}, {})


def look_into(config: Config, clock: Clock, connect: Connect) -> Look:
    """A look into the books of the working folder's tenants, reached by `connect`."""

    def look(drafts: Sequence[Draft]) -> Looked:
        by_tenant: dict[str, list[Document]] = defaultdict(list)
        for draft in drafts:
            by_tenant[draft.document.tenant].append(replace(draft.document, number=draft.document_id))
        faults: dict[str, tuple[str, ...]] = {}
        unasked: dict[str, str] = {}
        for name, documents in sorted(by_tenant.items()):
            try:
                answer = _refusals(connect(config.tenants[name], clock.now, clock.sleep), documents)
            except SetupError as error:
                unasked[name] = error.message
                continue
            if isinstance(answer, RetryLater):
                unasked[name] = answer.reason
            else:
                faults |= answer
        return Looked(faults, unasked)

    return look


def _refusals(system: AccountingSystem, documents: Sequence[Document]) -> dict[str, tuple[str, ...]] | RetryLater:
    catalogue = system.catalogue()
    if isinstance(catalogue, RetryLater):
        return catalogue
    faults = dict(check(documents, catalogue))
    named = {one.party.partner_id: one.party for one in documents if one.party.contact_id}
    contacts = system.find_contacts(list(named.values())) if named else {}
    if isinstance(contacts, RetryLater):
        return contacts
    for document in documents:
        answer = contacts.get(document.party.partner_id)
        if isinstance(answer, Rejected):
            faults[document.number] = (*faults.get(document.number, ()), str(answer))
    return faults


def refused(drafts: Sequence[Draft], looked: Looked) -> tuple[Draft, ...]:
    """The drafts with the books' refusals added to their faults."""
    told = {one: tuple((REFUSED.code, text) for text in texts) for one, texts in looked.faults.items()}
    return tuple(replace(draft, faults=(*draft.faults, *told.get(draft.document_id, ()))) for draft in drafts)
