"""Which contact each partner is billed to in each tenant's books, how that was matched, and what the books say of it.

A stranger's trap: nothing here decides. A contact is declared by the partners sheet, else it is the one that carries
the partner's id, else the first sending makes one; never is one looked for by its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connector import ledger
from connector.accounting.answers import ContactFound, Rejected, RetryLater
from connector.domain.documents import Party
from connector.net.errors import SetupError
from connector.runs.asking import Asked
from connector.runs.config import Config
from connector.runs.people_views import Asked as Listed
from connector.runs.people_views import Partner, partners
from connector.runs.tenants import system_of

_AT_ONCE = 1_000
DECLARED, NUMBER, CREATED, REFUSED, MAKING, NONE = "declared", "number", "created", "refused", "making", "none"
NAMED, UNNAMED = "named", "unnamed"
TOLD: Mapping[str, str] = {
    DECLARED: "declared: the contact id of the partner, in the partners sheet",
    NUMBER: "found: it carries the partner's id",
    CREATED: "made by a sending, with the partner's id",
    REFUSED: "the books refused to make it; the next sending looks again",
    MAKING: "being made, or interrupted while it was; the next sending looks for it first",
    NAMED: "declared by its name, for files: contacts of the tenant in connector.yaml",
    UNNAMED: "not declared by its name, as files need it: contacts of the tenant in connector.yaml",
    NONE: "none yet: the first sending looks for one that carries the partner's id, else makes it",
}


@dataclass(frozen=True)
class Matched:
    """The contact of a partner in the books of a tenant.

    Attributes:
        partner_id, name: the partner; no name where it is erased.
        tenant: whose books.
        contact_id: the system's own id, or its name where the books are reached by files; empty while not known.
        how: how it was matched, a key of `TOLD`.
        last: number of the newest document that was billed there; empty for none.
        billed_to: the contact that this document was billed to; empty for none.
    """

    partner_id: str
    name: str
    tenant: str
    contact_id: str
    how: str
    last: str = ""
    billed_to: str = ""

    @property
    def told(self) -> str:
        """How it was matched, in words."""
        return TOLD[self.how]


@dataclass(frozen=True)
class Found:
    """What the books say of a partner's contact.

    Attributes:
        contact_id: the contact that they have; empty where they have none, or none that can be billed.
        told: what is the matter with it; empty where it can be billed, or made.
        next_step: what to do about that.
    """

    contact_id: str
    told: str = ""
    next_step: str = ""


def matched(config: Config, asked: Listed, day: date) -> tuple[tuple[Matched, ...], int]:
    """The contacts of a page of the partners, in the order of their ids; and how many partners there are.

    Args:
        config: the settings.
        asked: which partners.
        day: the day whose version of the partner counts.
    """
    shown, total = partners(asked)
    ids = [one.partner_id for one in shown]
    links = {
        (row["partner_id"], row["tenant"]): (row["contact_id"], row["how"])
        for row in ledger.read_among("contact_link", "partner_id", ids).iter_rows(named=True)
    }
    billed = _billed(ids)
    found = []
    for one in shown:
        version = _in_force(one, day)
        home = config.books.get(version["selling_entity"], "")
        elsewhere = {tenant for partner, tenant in (*links, *billed) if partner == one.partner_id}
        for tenant in sorted({home, *elsewhere} - {""}):
            key = (one.partner_id, tenant)
            settings = config.tenants.get(tenant)
            if settings is not None and settings.files is not None:
                own = _named(settings.files.contacts.get(one.partner_id, ""))
            else:
                own = _linked(version["contact_id"] if tenant == home else None, *links.get(key, ("", "")))
            found.append(Matched(one.partner_id, one.name, tenant, *own, *billed.get(key, ("", ""))))
    return tuple(found), total


def everybody(config: Config, day: date, at_once: int = _AT_ONCE) -> tuple[Matched, ...]:
    """The contacts of all partners, so many of them read at a time."""
    found, total = matched(config, Listed(most=at_once), day)
    every = list(found)
    for start in range(at_once, total, at_once):
        every += matched(config, Listed(start=start, most=at_once), day)[0]
    return tuple(every)


def _in_force(one: Partner, day: date) -> Mapping[str, Any]:
    """The version of a partner that counts on a day; before the first, the first."""
    return next((version for version in one.versions if version["valid_from"] <= day), one.versions[-1])


def _linked(declared: str | None, contact_id: str, how: str) -> tuple[str, str]:
    """The contact, and how it was matched, by what is declared and by what a push has stored."""
    if declared:
        return declared, DECLARED
    if contact_id:
        return contact_id, how
    return "", {"": NONE, REFUSED: REFUSED}.get(how, MAKING)


def _named(name: str) -> tuple[str, str]:
    """The contact of a partner whose books are reached by files."""
    return name, NAMED if name else UNNAMED


def _billed(ids: Sequence[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """By partner and tenant, the newest document in the books and the contact that it was billed to."""
    columns = ["document_id", "number", "tenant", "partner_id"]
    documents = ledger.read_among("document", "partner_id", ids, columns=columns)
    columns = ["id", "document_id", "contact_id"]
    receipts = ledger.read_among("receipt", "document_id", documents["document_id"], columns=columns)
    rows = receipts.join(documents, on="document_id").sort("id").iter_rows(named=True)
    return {(row["partner_id"], row["tenant"]): (row["number"], row["contact_id"]) for row in rows}


def look_for(config: Config, tenant: str, wanted: Iterable[Matched], asked: Asked) -> Mapping[str, Found] | str:
    """What the books of a tenant say of these contacts, by partner; or why they cannot be asked now.

    Nothing is made, and nothing is stored of it.
    """
    parties = [Party(one.partner_id, one.name, one.contact_id or None) for one in wanted if one.tenant == tenant]
    if not parties:
        return {}
    try:
        answers = system_of(config, tenant, asked.clock, asked.connect).find_contacts(parties)
    except SetupError as error:
        return f"{error.message}. {error.next_step}"
    if isinstance(answers, RetryLater):
        return answers.reason
    return {partner: _found(answer) for partner, answer in answers.items()}


def _found(answer: object) -> Found:
    if isinstance(answer, Rejected):
        return Found("", answer.reason, answer.next_step)
    return Found(answer.contact_id if isinstance(answer, ContactFound) else "")
